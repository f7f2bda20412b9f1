use std::path::Path;
use std::sync::Arc;

use concord_protocol::ports::Clock;

use super::lock_wait::{LockPatience, LockWait, PatientConnection, TellWait};
use super::open::{self, OpenError};
use super::transaction_gate::TransactionGate;

/// What a store is given by the process that opens it.
#[derive(Clone)]
pub struct Opening {
    pub(super) clock: Arc<dyn Clock>,
    gate: TransactionGate,
    tell: TellWait,
}

impl Opening {
    /// With this clock, with a gate of its own, and with nobody to tell of waits.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, gate: TransactionGate::default(), tell: Arc::new(|_| ()) }
    }

    /// The clock of the process.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The same with another clock.
    pub(super) fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Uses the file of the store only inside `gate`.
    #[must_use]
    pub fn with_gate(self, gate: TransactionGate) -> Self {
        Self { gate, ..self }
    }

    /// Calls `tell` when a write has waited for another process for a second, and again when it waits for another one, or
    /// for the same in another state.
    #[must_use]
    pub fn telling(self, tell: impl Fn(&LockWait) + Send + Sync + 'static) -> Self {
        Self { tell: Arc::new(tell), ..self }
    }

    /// The connection that writes to the store at `path`, which is created if there is none, and the one that reads it.
    pub(super) fn both(&self, path: &Path) -> Result<(PatientConnection, PatientConnection), OpenError> {
        let writer = open::writer(path, &self.patience(path))?;
        let patience = self.patience(path);
        let reader = open::reader(path, &patience)?;
        Ok((PatientConnection::new(writer, patience.clone()), PatientConnection::new(reader, patience)))
    }

    /// How the locks of the store at `path` are waited for.
    pub(super) fn patience(&self, path: &Path) -> LockPatience {
        // A store that is not there yet has no other name.
        let store = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        LockPatience { store, gate: self.gate.clone(), tell: Arc::clone(&self.tell) }
    }
}
