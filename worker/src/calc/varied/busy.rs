//! Other work on all cores, while a copy runs.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The cores of this machine, which copies may ask to be busy.
#[derive(Debug, Default)]
pub(in super::super) struct Cores {
    work: Mutex<Work>,
}

#[derive(Debug, Default)]
struct Work {
    /// The copies that ask for it now.
    copies: usize,
    is_over: Arc<AtomicBool>,
}

/// Keeps the cores busy until it is dropped.
pub(in super::super) struct Busy<'a>(&'a Cores);

impl Cores {
    /// Starts a thread on each core that does nothing but use it, unless they run.
    pub(in super::super) fn keep_busy(&self) -> Busy<'_> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        work.copies += 1;
        if work.copies == 1 {
            work.is_over = Arc::default();
            let cores = thread::available_parallelism().map_or(1, usize::from);
            for _ in 0..cores {
                let is_over = Arc::clone(&work.is_over);
                // Without a thread there is less other work; the copy runs all the same.
                let _ = thread::Builder::new().name("concord-busy".to_owned()).spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        spin_loop();
                    }
                });
            }
        }
        Busy(self)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let mut work = self.0.work.lock().unwrap_or_else(PoisonError::into_inner);
        work.copies -= 1;
        if work.copies == 0 {
            work.is_over.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cores_are_busy_as_long_as_a_copy_asks_for_it() {
        let cores = Cores::default();
        let first = cores.keep_busy();
        let second = cores.keep_busy();
        let is_over = Arc::clone(&cores.work.lock().unwrap().is_over);
        drop(first);
        assert!(!is_over.load(Ordering::Relaxed));
        drop(second);
        assert!(is_over.load(Ordering::Relaxed));
        // A thread that has ended holds nothing.
        while Arc::strong_count(&is_over) > 2 {
            thread::yield_now();
        }
        let _again = cores.keep_busy();
        assert!(!cores.work.lock().unwrap().is_over.load(Ordering::Relaxed));
    }
}
