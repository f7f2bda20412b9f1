use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::locked::locked;

/// Every use of the store's file passes this gate. A process that is about to stop closes the gate first: then it is
/// stopped within no transaction, and holds no lock of the store for which others would wait. Clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct TransactionGate(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Uses of the file that go on.
    inside: usize,
    is_closed: bool,
}

/// A use of the file. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Inside(TransactionGate);

impl TransactionGate {
    /// Lets no use of the file begin, waits until those that go on have ended, and runs `stop` while there is none.
    pub fn closed(&self, stop: impl FnOnce()) {
        let mut state = locked(&self.0.state);
        state.is_closed = true;
        while state.inside > 0 {
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        stop();
        locked(&self.0.state).is_closed = false;
        self.0.changed.notify_all();
    }

    /// Begins a use of the file; waits while the gate is closed. A thread that is inside must not enter again: it would wait
    /// for itself.
    pub(super) fn enter(&self) -> Inside {
        let mut state = locked(&self.0.state);
        while state.is_closed {
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.inside += 1;
        Inside(self.clone())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        locked(&self.0.0.state).inside -= 1;
        self.0.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn who_stops_waits_for_those_inside_and_lets_nobody_in() {
        let gate = TransactionGate::default();
        let (events, happened) = channel();
        let inside = gate.enter();
        std::thread::scope(|scope| {
            scope.spawn(|| gate.closed(|| events.send("stopped").unwrap()));
            while !locked(&gate.0.state).is_closed {
                std::thread::yield_now();
            }
            assert!(happened.try_recv().is_err(), "it stopped within a transaction");
            let entered = scope.spawn(|| {
                let _inside = gate.enter();
                events.send("entered").unwrap();
            });
            assert!(happened.try_recv().is_err(), "a transaction began at a closed gate");
            drop(inside);
            entered.join().unwrap();
        });
        assert_eq!(happened.try_iter().collect::<Vec<_>>(), ["stopped", "entered"]);
    }
}
