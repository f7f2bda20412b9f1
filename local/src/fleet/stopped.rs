use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use event_listener::{Event, Listener};

/// How often each thread checks deadlines, messages that become visible, and what other processes have done.
pub(super) const TICK: Duration = Duration::from_millis(20);

/// A flag that is set once, and that threads can wait for.
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

    /// Waits until the flag is set or `timeout` has passed.
    pub(super) fn wait(&self, timeout: Duration) {
        let listener = self.event.listen();
        if !self.is_set() {
            listener.wait_timeout(timeout);
        }
    }
}
