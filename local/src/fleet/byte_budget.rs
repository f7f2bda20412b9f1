//! Limits the bytes of outputs that are not on the disk yet: no copy is started while there are too many, so that
//! memory does not grow with the size of outputs.

use std::sync::atomic::{AtomicUsize, Ordering};

use event_listener::Event;

/// No copy is started while more bytes of outputs than this are held.
const HELD_BYTES_MAX: usize = 32 * 1024 * 1024;

#[derive(Default)]
pub(super) struct ByteBudget {
    held: AtomicUsize,
    released: Event,
}

/// Bytes of an output that is being written. Dropping it releases them.
pub(super) struct HeldBytes<'a> {
    budget: &'a ByteBudget,
    bytes: usize,
}

impl ByteBudget {
    pub(super) fn hold(&self, bytes: usize) -> HeldBytes<'_> {
        self.held.fetch_add(bytes, Ordering::SeqCst);
        HeldBytes { budget: self, bytes }
    }

    /// Waits until another copy may be started.
    pub(super) async fn room(&self) {
        while self.held.load(Ordering::SeqCst) > HELD_BYTES_MAX {
            let released = self.released.listen();
            if self.held.load(Ordering::SeqCst) > HELD_BYTES_MAX {
                released.await;
            }
        }
    }
}

impl Drop for HeldBytes<'_> {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::SeqCst);
        self.budget.released.notify(usize::MAX);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn no_copy_starts_while_too_many_bytes_are_held() {
        let budget = ByteBudget::default();
        assert!(budget.room().now_or_never().is_some());
        let most = budget.hold(HELD_BYTES_MAX);
        let one_more = budget.hold(1);
        let mut room = Box::pin(budget.room());
        assert!(room.as_mut().now_or_never().is_none());
        drop(most);
        assert!(room.now_or_never().is_some());
        drop(one_more);
    }
}
