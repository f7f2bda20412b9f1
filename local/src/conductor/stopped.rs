use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use event_listener::{Event, Listener};

/// Set once, and waited for.
#[derive(Default)]
pub(super) struct Stopped {
    set: AtomicBool,
    event: Event,
}

impl Stopped {
    pub(super) fn set(&self) {
        self.set.store(true, Ordering::SeqCst);
        self.event.notify(usize::MAX);
    }

    pub(super) fn is_set(&self) -> bool {
        self.set.load(Ordering::SeqCst)
    }

    /// Waits until it is set or `timeout` has passed, and says whether it is set.
    pub(super) fn wait(&self, timeout: Duration) -> bool {
        let listener = self.event.listen();
        self.is_set() || {
            listener.wait_timeout(timeout);
            self.is_set()
        }
    }
}
