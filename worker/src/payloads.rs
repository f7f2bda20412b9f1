use std::io;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use concord_protocol::Digest;
use lru::LruCache;

use crate::calc::command::StdinFile;

/// Payloads that a worker keeps between copies, at most: copies of one job usually come together.
const PAYLOADS_KEPT_MAX: NonZeroUsize = NonZeroUsize::new(4).expect("not zero");

/// The bytes of a payload, and the file from which commands read them.
#[derive(Debug)]
pub struct Payload {
    bytes: Arc<[u8]>,
    stdin: OnceLock<StdinFile>,
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
    pub(crate) fn stdin(&self) -> io::Result<&StdinFile> {
        if let Some(stdin) = self.stdin.get() {
            return Ok(stdin);
        }
        let made = StdinFile::new(&self.bytes)?;
        Ok(self.stdin.get_or_init(|| made))
    }
}

/// The payloads used last, by digest.
#[derive(Debug)]
pub(crate) struct Payloads(Mutex<LruCache<Digest, Arc<Payload>>>);

impl Default for Payloads {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(PAYLOADS_KEPT_MAX)))
    }
}

impl Payloads {
    pub(crate) fn get(&self, digest: &Digest) -> Option<Arc<Payload>> {
        self.lock().get(digest).map(Arc::clone)
    }

    pub(crate) fn keep(&self, digest: Digest, bytes: Arc<[u8]>) -> Arc<Payload> {
        let payload = Arc::new(Payload::new(bytes));
        self.lock().put(digest, Arc::clone(&payload));
        payload
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Digest, Arc<Payload>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
