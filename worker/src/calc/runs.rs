use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use concord_protocol::JobId;
use futures::FutureExt;
use futures::channel::oneshot::{self, Receiver, Sender};
use futures::future::Shared;

use super::command::Running;

/// The runs of this process, by job, so that they can be stopped from outside.
#[derive(Debug, Default)]
pub struct Runs(Mutex<RunsState>);

#[derive(Debug, Default)]
struct RunsState {
    stopped: bool,
    jobs: HashMap<JobId, Arc<JobRuns>>,
}

/// The runs of one job: commands, which are killed, and waits for functions, which end.
#[derive(Debug)]
pub(super) struct JobRuns {
    pub(super) commands: Running,
    /// Dropped to stop the job.
    not_stopped: Mutex<Option<Sender<()>>>,
    stopped: Shared<Receiver<()>>,
}

impl Default for JobRuns {
    fn default() -> Self {
        let (sender, receiver) = oneshot::channel();
        Self {
            commands: Running::default(),
            not_stopped: Mutex::new(Some(sender)),
            stopped: receiver.shared(),
        }
    }
}

impl JobRuns {
    pub(super) fn is_stopped(&self) -> bool {
        self.not_stopped.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Ends once the job was stopped.
    pub(super) async fn stopped(&self) {
        // Nothing is ever sent: the receiver ends when the sender is dropped.
        let _ = self.stopped.clone().await;
    }

    fn stop(&self) {
        self.commands.stop();
        self.not_stopped.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Runs {
    /// Ends the runs of a job, and refuses to start others until [`Runs::forget`].
    pub fn stop(&self, job: &JobId) {
        if let Some(runs) = self.lock().jobs.get(job) {
            runs.stop();
        }
    }

    /// Ends all runs, and refuses to start others.
    pub fn stop_all(&self) {
        let mut state = self.lock();
        state.stopped = true;
        state.jobs.values().for_each(|runs| runs.stop());
    }

    /// The jobs that have run a command or called a function, and were not forgotten.
    #[must_use]
    pub fn jobs(&self) -> Vec<JobId> {
        self.lock().jobs.keys().cloned().collect()
    }

    /// Forgets a job that has ended. If it is retried, its runs may start again.
    pub fn forget(&self, job: &JobId) {
        self.lock().jobs.remove(job);
    }

    pub(super) fn of(&self, job: &JobId) -> Option<Arc<JobRuns>> {
        let mut state = self.lock();
        if state.stopped {
            return None;
        }
        if let Some(runs) = state.jobs.get(job) {
            return Some(Arc::clone(runs));
        }
        let runs = Arc::new(JobRuns::default());
        state.jobs.insert(job.clone(), Arc::clone(&runs));
        Some(runs)
    }

    fn lock(&self) -> MutexGuard<'_, RunsState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
