//! Signals. The first interrupt asks the program to stop in good order, the second ends it at once. A request to stop for a
//! while (Ctrl-Z) is met between two transactions of the store.
//!
//! A signal that the program was started with as ignored stays ignored: this is what `nohup` and a shell's background jobs
//! count on.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use concord_local::TransactionGate;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::flag::register_usize;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::error::CliError;
use crate::exit::Exit;

/// Whether a signal asked the program to stop.
#[derive(Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Starts to listen for interrupt, termination, hang-up and quit. The first signal calls `stop` at once.
    pub(crate) fn listen(stop: impl FnOnce() + Send + 'static) -> Result<Self, CliError> {
        let asked = Arc::new(AtomicBool::new(false));
        let listens = Arc::clone(&asked);
        let mut stop = Some(stop);
        let each = move || match stop.take() {
            Some(stop) => {
                listens.store(true, Ordering::SeqCst);
                stop();
            }
            None => std::process::exit(i32::from(Exit::Interrupted.code())),
        };
        on_each(&[SIGINT, SIGTERM, SIGHUP, SIGQUIT], "concord-signals", each).map_err(CliError::failed)?;
        Ok(Self(asked))
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// The signal that stops came last.
const STOP: usize = 1;

/// The signal that continues came last.
const GO_ON: usize = 2;

/// Starts to listen for the stop signal of a terminal (Ctrl-Z). The process stops itself when it is inside no transaction of
/// the store, so that no other process waits for it.
pub(crate) fn stop_between_transactions(gate: TransactionGate) -> Result<(), CliError> {
    // The one that came last. A process that is told to go on before it has stopped does not stop, as without a handler.
    let last = Arc::new(AtomicUsize::new(0));
    for (signal, number) in [(SIGTSTP, STOP), (SIGCONT, GO_ON)] {
        if ignored() & bit(signal) == 0 {
            register_usize(signal, Arc::clone(&last), number).map_err(CliError::failed)?;
        }
    }
    let stop = move || {
        gate.closed(|| {
            if last.load(Ordering::SeqCst) == STOP {
                // Returns when the process is continued. The signal is one that the system knows, so there is no error.
                let _ = emulate_default_handler(SIGTSTP);
            }
        });
    };
    on_each(&[SIGTSTP], "concord-stops", stop).map_err(CliError::failed)
}

/// Calls `each` on a thread of its own for every one of these signals that comes, except those that are ignored.
fn on_each(signals: &[i32], thread: &'static str, mut each: impl FnMut() + Send + 'static) -> io::Result<()> {
    let ignored = ignored();
    let mut signals = Signals::new(signals.iter().filter(|signal| ignored & bit(**signal) == 0))?;
    let listen = move || {
        for _ in signals.forever() {
            each();
        }
    };
    std::thread::Builder::new().name(thread.to_owned()).spawn(listen).map(|_| ())
}

/// The signals that this process ignores, one bit each (`SigIgn` in `proc_pid_status(5)`). Zero where the system does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let bits = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    bits.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0)
}

fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}
