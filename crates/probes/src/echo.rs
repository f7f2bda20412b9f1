/// `echo`: no arithmetic; the output is the payload. It measures what everything around a calculation costs.
///
/// Payload `{"probe":"echo", …}`: any further fields, of any kind, so that payloads can differ in content and length.
/// They need only be JSON.
///
/// Output: the bytes of the payload as they came, white space included.
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
