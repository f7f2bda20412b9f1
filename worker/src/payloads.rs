use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use concord_protocol::Digest;

use crate::calc::command;

/// Payloads that a worker keeps between copies, at most: copies of one job come mostly together.
const PAYLOADS_KEPT_MAX: usize = 4;

/// The bytes of a payload, and the file from which commands read them.
#[derive(Debug)]
pub struct Payload {
    bytes: Arc<[u8]>,
    stdin: OnceLock<command::Payload>,
}

impl Payload {
    /// A payload with these bytes.
    #[must_use]
    pub fn new(bytes: Arc<[u8]>) -> Self {
        Self { bytes, stdin: OnceLock::new() }
    }

    /// The bytes as they were submitted.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, shared.
    pub(crate) fn shared(&self) -> Arc<[u8]> {
        Arc::clone(&self.bytes)
    }

    /// The payload as standard input, made when the first command asks for it.
    pub(crate) fn stdin(&self) -> io::Result<&command::Payload> {
        if let Some(stdin) = self.stdin.get() {
            return Ok(stdin);
        }
        let made = command::Payload::new(&self.bytes)?;
        Ok(self.stdin.get_or_init(|| made))
    }
}

/// The payloads used last, by digest.
#[derive(Debug, Default)]
pub(crate) struct Payloads(Mutex<Vec<(Digest, Arc<Payload>)>>);

impl Payloads {
    pub(crate) fn get(&self, digest: &Digest) -> Option<Arc<Payload>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(of, _)| of == digest).map(|(_, payload)| Arc::clone(payload))
    }

    pub(crate) fn keep(&self, digest: Digest, bytes: Arc<[u8]>) -> Arc<Payload> {
        let payload = Arc::new(Payload::new(bytes));
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= PAYLOADS_KEPT_MAX {
            kept.remove(0);
        }
        kept.push((digest, Arc::clone(&payload)));
        payload
    }
}
