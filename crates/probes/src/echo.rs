/// `echo`: no arithmetic; the output is the payload. It measures the cost of everything but the calculation.
///
/// Payload `{"probe":"echo", …}`: any further fields, of any kind, so that payloads can differ in content and length.
/// They only need to be JSON.
///
/// Output: the bytes of the payload, white space included.
///
/// Bound: linear in the payload, less than a microsecond for a short one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Echo<'a> {
    payload: &'a [u8],
}

impl<'a> Echo<'a> {
    pub(crate) fn new(payload: &'a [u8]) -> Self {
        Self { payload }
    }

    pub(crate) fn run(&self) -> Vec<u8> {
        self.payload.to_vec()
    }
}
