use std::num::NonZeroUsize;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use concord_protocol::limits::{OUTPUT_BYTES_MAX, RETRY_DELAY_MS_MAX, STDERR_TAIL_BYTES};
use concord_protocol::ports::{
    Clock, Delivery, PortError, PortResult, ReadJob, ReadPayload, RecordOutcome, WriteOutput,
};
use concord_protocol::{
    CopyId, Digest, Environment, Facts, Failure, Job, JobId, JobSpec, Outcome, Produced, Timestamp,
};
use futures::FutureExt;
use lru::LruCache;

use crate::calc::RunFolder;
use crate::digested::Digested;
use crate::environment::{FloatMode, is_unseen, unseen};
use crate::kept::{KeptClass, KeptFolder, KeptFolders};
use crate::payloads::Payloads;
use crate::run::{self, FailedAttempts};
use crate::{Calculate, CalculationError, Output, Payload, Task};

/// Milliseconds before the second attempt of a failed copy; each further attempt waits twice as long.
const RETRY_DELAY_MS: u64 = 100;

/// Outputs that this worker remembers to have written, at most: the ones given last.
const KNOWN_OUTPUTS_MAX: NonZeroUsize = NonZeroUsize::new(1_024).expect("not zero");

/// Copies whose failed attempts this worker remembers until their outcome, at most: the ones that failed last.
const RETRIED_MAX: NonZeroUsize = NonZeroUsize::new(4_096).expect("not zero");

/// What the caller does with the message after the worker has handled it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Delete it: the copy is accounted for, or no longer wanted.
    Ack,
    /// Put it back for another attempt.
    RetryAfter {
        /// Milliseconds until it should be delivered.
        delay_ms: u64,
    },
    /// Leave it on the queue: the run was stopped, and the message will be delivered again.
    Release,
}

/// Turns deliveries into outcomes. Shared by all threads of a process.
pub struct Worker<L, C, K> {
    ledger: L,
    calculation: C,
    clock: K,
    environment: Arc<Environment>,
    /// The environment that is recorded when the calculation runs on another machine.
    unseen: Arc<Environment>,
    float_mode: FloatMode,
    /// Runs that this process has begun.
    runs: AtomicU64,
    payloads: Payloads,
    known_outputs: Mutex<LruCache<(JobId, Digest), ()>>,
    /// The copies that are to be attempted again.
    retried: Mutex<LruCache<CopyId, FailedAttempts>>,
    /// Held while a folder is kept, so that not too many are.
    keeping: Mutex<()>,
}

impl<L, C, K> Worker<L, C, K>
where
    L: ReadJob + ReadPayload + WriteOutput + RecordOutcome + Sync,
    C: Calculate,
    K: Clock,
{
    /// A worker which records in `ledger` what `calculation` gives. `environment` is that of this process.
    pub fn new(ledger: L, calculation: C, clock: K, environment: Environment) -> Self {
        Self {
            ledger,
            calculation,
            clock,
            unseen: Arc::new(unseen(environment.sandbox.clone())),
            environment: Arc::new(environment),
            float_mode: FloatMode::measure(),
            runs: AtomicU64::new(0),
            payloads: Payloads::default(),
            known_outputs: Mutex::new(LruCache::new(KNOWN_OUTPUTS_MAX)),
            retried: Mutex::new(LruCache::new(RETRIED_MAX)),
            keeping: Mutex::default(),
        }
    }

    /// Runs the copy that was delivered, until `ends_at` and the job's own limit at most, and records the outcome. When less
    /// than a second is left, nothing is run.
    ///
    /// # Errors
    /// When a port fails. Nothing is lost: the message stays on the queue and is delivered again.
    pub async fn handle(&self, delivery: &Delivery, ends_at: Timestamp) -> PortResult<Disposition> {
        let job = self.ledger.read_job(&delivery.copy.job).await?;
        let job = job.ok_or(PortError::Invalid("a message names a job that is not in the ledger"))?;
        if delivery.copy.index >= job.state.copies() {
            return Err(PortError::Invalid("a message names a copy that its job does not have"));
        }
        if !job.wants(delivery.round, self.clock.now()) {
            return Ok(Disposition::Ack);
        }
        let payload = self.payload(&job).await?;
        // Whole seconds, so that copies whose time ran out fail with the same reason.
        let left = Duration::from_secs(ends_at.ms_since(self.clock.now()) / 1_000);
        if left.is_zero() {
            return Ok(Disposition::Release);
        }
        let time_limit = left.min(Duration::from_millis(job.spec.policy.copy_timeout_ms));
        let task = Task::new(Arc::clone(&job.spec), delivery.copy.index, payload, time_limit);
        let left = task.left.clone();
        let started_at = self.clock.now();
        let (environment, mut facts) = self.known_before(&job, delivery, started_at);
        let started_us = self.clock.ticks_us();
        let output = self.run(task).await;
        let run_us = self.clock.ticks_us().saturating_sub(started_us);
        if let Some(folder) = left.take() {
            self.keep_folder(folder, &job.spec, &delivery.copy, &output, &mut facts);
        }
        let (result, stderr_tail) = match output {
            Ok(output) => {
                facts.record_all(&output.facts);
                (Ok(self.keep(&job, output.result).await?), output.stderr_tail)
            }
            Err(CalculationError::Stopped) => return Ok(Disposition::Release),
            Err(CalculationError::Failed { reason, stderr_tail, facts: of_run })
                if delivery.receive_count < job.spec.policy.attempts =>
            {
                self.remember_failure(&delivery.copy, reason, &stderr_tail, of_run);
                return Ok(Disposition::RetryAfter { delay_ms: retry_delay_ms(delivery.receive_count) });
            }
            Err(CalculationError::Failed { reason, stderr_tail, facts: of_run }) => {
                facts.record_all(&of_run);
                (Err(Failure::new(reason)), stderr_tail)
            }
        };
        let stderr_tail = tail(&stderr_tail);
        run::record_reported(&stderr_tail, &mut facts);
        if delivery.receive_count > 1
            && let Some(failed) = locked(&self.retried).pop(&delivery.copy)
        {
            failed.record(&mut facts);
        }
        let outcome = Outcome {
            copy: delivery.copy.clone(),
            round: delivery.round,
            attempt: delivery.receive_count,
            result,
            started_at,
            run_us,
            stderr_tail,
            environment: Some(environment),
            facts,
        };
        self.ledger.record_outcome(outcome).await?;
        Ok(Disposition::Ack)
    }

    /// The environment in which a copy will run, and the facts that are known before the run.
    fn known_before(&self, job: &Job, delivery: &Delivery, now: Timestamp) -> (Arc<Environment>, Facts) {
        let mut facts = run::of_delivery(delivery, now);
        if let Some(plan) = &job.spec.policy.variation {
            run::record_settings(plan, delivery.copy.index, &mut facts);
        }
        if job.spec.calculation.hides_its_machine() || is_unseen(&self.environment) {
            return (Arc::clone(&self.unseen), facts);
        }
        run::record_call(self.runs.fetch_add(1, Ordering::Relaxed) + 1, &mut facts);
        (Arc::clone(&self.environment), facts)
    }

    /// Runs the calculation. A panic in it fails only this copy.
    async fn run(&self, task: Task) -> Result<Given, CalculationError> {
        let spec = Arc::clone(&task.spec);
        let before = FloatMode::measure();
        let run = AssertUnwindSafe(self.calculation.calculate(task)).catch_unwind().await;
        let mut output =
            run.unwrap_or_else(|_| Err(CalculationError::failed("the calculation panicked", Vec::new())))?;
        before.record(self.float_mode, &mut output.facts);
        if output.bytes.len() > OUTPUT_BYTES_MAX {
            return Err(CalculationError::failed(
                format!("output over {OUTPUT_BYTES_MAX} bytes"),
                output.stderr_tail,
            ));
        }
        let Output { bytes, artifacts, stderr_tail, facts } = output;
        match Digested::new(bytes, artifacts, &spec.policy) {
            Ok(result) => Ok(Given { result, stderr_tail, facts }),
            Err(reason) => Err(CalculationError::failed(reason, stderr_tail)),
        }
    }

    async fn payload(&self, job: &Job) -> PortResult<Arc<Payload>> {
        if let Some(payload) = self.payloads.get(&job.spec.payload_digest) {
            return Ok(payload);
        }
        let bytes = self.ledger.read_payload(&job.spec.job).await?;
        let bytes = bytes.ok_or(PortError::Invalid("the payload of a job is not in the ledger"))?;
        if Digest::of(&bytes) != job.spec.payload_digest {
            return Err(PortError::Invalid(
                "the payload of a job does not have the digest that it was submitted with",
            ));
        }
        Ok(self.payloads.keep(job.spec.payload_digest, bytes))
    }

    /// Stores the output and its artifacts before the digest is recorded, so that a recorded digest can be explained.
    async fn keep(&self, job: &Job, digested: Digested) -> PortResult<Produced> {
        for (digest, bytes) in digested.parts {
            let key = (job.spec.job.clone(), digest);
            if locked(&self.known_outputs).get(&key).is_none() {
                self.ledger.write_output(&job.spec.job, digest, bytes).await?;
                locked(&self.known_outputs).put(key, ());
            }
        }
        Ok(digested.produced)
    }

    /// Keeps the folder of a run if the job asks for it, and there is room. That it cannot be kept is a fact of the run.
    fn keep_folder(
        &self,
        folder: RunFolder,
        spec: &JobSpec,
        copy: &CopyId,
        output: &Result<Given, CalculationError>,
        facts: &mut Facts,
    ) {
        let Some(place) = &spec.policy.keep_folders else { return };
        let class = match output {
            Ok(given) => KeptClass::produced(&given.result.produced.digest),
            Err(CalculationError::Failed { reason, .. }) => KeptClass::failed(Failure::new(reason).reason()),
            Err(CalculationError::Stopped) => return,
        };
        let _one_at_a_time = locked(&self.keeping);
        let wanted = KeptFolder { copy: copy.index, class };
        if let Err(error) = KeptFolders::new(place, &copy.job).keep(folder, &wanted) {
            facts.record(run::FOLDER_NOT_KEPT, error.to_string());
        }
    }

    /// Remembers that an attempt of a copy failed, so that the outcome of a later attempt can say so.
    fn remember_failure(&self, copy: &CopyId, reason: String, stderr_tail: &[u8], mut facts: Facts) {
        run::record_reported(&tail(stderr_tail), &mut facts);
        let mut retried = locked(&self.retried);
        retried.get_or_insert_mut(copy.clone(), || FailedAttempts { reason, facts, attempts: 0 }).attempts +=
            1;
    }
}

/// What a run gave, ready to be recorded.
struct Given {
    result: Digested,
    stderr_tail: Vec<u8>,
    facts: Facts,
}

/// A panic cannot leave a cache half changed, so a poisoned lock is usable.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn retry_delay_ms(attempts_failed: u32) -> u64 {
    let doublings = attempts_failed.saturating_sub(1).min(20);
    (RETRY_DELAY_MS << doublings).min(RETRY_DELAY_MS_MAX)
}

fn tail(stderr: &[u8]) -> String {
    let from = stderr.len().saturating_sub(STDERR_TAIL_BYTES);
    String::from_utf8_lossy(&stderr[from..]).into_owned()
}

#[cfg(test)]
mod tests;
