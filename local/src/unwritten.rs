//! Outputs on their way to the disk: how many bytes they have, so that no more copies are started while there are
//! many, and memory does not grow with the size of outputs.

use std::sync::atomic::{AtomicUsize, Ordering};

use event_listener::Event;

/// Bytes of outputs on their way to the disk beyond which no copy is started.
const UNWRITTEN_BYTES_MAX: usize = 32 * 1024 * 1024;

#[derive(Default)]
pub(crate) struct Unwritten {
    bytes: AtomicUsize,
    fewer: Event,
}

/// An output that is on its way, until this is dropped.
pub(crate) struct Held<'a> {
    unwritten: &'a Unwritten,
    bytes: usize,
}

impl Unwritten {
    pub(crate) fn hold(&self, bytes: usize) -> Held<'_> {
        self.bytes.fetch_add(bytes, Ordering::SeqCst);
        Held { unwritten: self, bytes }
    }

    /// Waits until another copy may be started.
    pub(crate) async fn room(&self) {
        while self.bytes.load(Ordering::SeqCst) > UNWRITTEN_BYTES_MAX {
            let fewer = self.fewer.listen();
            if self.bytes.load(Ordering::SeqCst) > UNWRITTEN_BYTES_MAX {
                fewer.await;
            }
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.unwritten.bytes.fetch_sub(self.bytes, Ordering::SeqCst);
        self.unwritten.fewer.notify(usize::MAX);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn nothing_is_started_while_much_is_unwritten() {
        let unwritten = Unwritten::default();
        assert!(unwritten.room().now_or_never().is_some());
        let much = unwritten.hold(UNWRITTEN_BYTES_MAX);
        let more = unwritten.hold(1);
        let mut room = Box::pin(unwritten.room());
        assert!(room.as_mut().now_or_never().is_none());
        drop(much);
        assert!(room.now_or_never().is_some());
        drop(more);
    }
}
