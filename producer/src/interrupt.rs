//! Signals. The first asks the program to stop in good order, the second ends it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::error::CliError;
use crate::exit::Exit;

/// Whether a signal asked the program to stop.
#[derive(Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Starts to listen for interrupt, termination, hang-up and quit. The first signal calls `stop` at once.
    pub(crate) fn listen(stop: impl FnOnce() + Send + 'static) -> Result<Self, CliError> {
        let asked = Arc::new(AtomicBool::new(false));
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT]).map_err(CliError::failed)?;
        let listens = Arc::clone(&asked);
        let listen = move || {
            let mut stop = Some(stop);
            for _ in signals.forever() {
                match stop.take() {
                    Some(stop) => {
                        listens.store(true, Ordering::SeqCst);
                        stop();
                    }
                    None => std::process::exit(i32::from(Exit::Interrupted.code())),
                }
            }
        };
        std::thread::Builder::new()
            .name("concord-signals".to_owned())
            .spawn(listen)
            .map_err(CliError::failed)?;
        Ok(Self(asked))
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
