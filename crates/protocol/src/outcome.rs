use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::delivery::Delivery;
use crate::limits::REASON_BYTES_MAX;
use crate::text::without_hidden;
use crate::{CopyId, Digest, Facts, SandboxHash, Timestamp};

/// The facts about the machine and the sandbox that ran a copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Environment {
    /// The id of the worker process, unique to one start of one process (a Lambda sandbox, or this producer).
    pub sandbox: String,
    /// The facts that belong to this sandbox and its machine alone, such as `host.boot_id`. They are few and short,
    /// and are stored with each outcome.
    pub identity: Facts,
    /// The facts that other sandboxes may share, from the processor to the variables. Each set is stored once, by its
    /// digest.
    pub facts: Facts,
}

impl Environment {
    /// The name of the fact that holds [`Environment::sandbox`].
    pub const SANDBOX: &str = "sandbox.id";

    /// Every fact, the sandbox included, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        [(Self::SANDBOX, self.sandbox.as_str())]
            .into_iter()
            .chain(self.identity.iter())
            .chain(self.facts.iter())
    }
}

/// The digest and the length of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Produced {
    /// The SHA-256 of the output, or of the part that the job's policy selects.
    pub digest: Digest,
    /// The number of bytes that were digested.
    pub bytes: u64,
}

/// Why a run gave no digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    reason: String,
}

impl Failure {
    /// A failure with this reason. The reason is in lower case, without values that differ from copy to copy, so that
    /// failures can be grouped by it. Hidden characters become spaces, and the reason is cut at
    /// [`REASON_BYTES_MAX`].
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        let mut reason = without_hidden(&reason.into());
        reason.truncate(reason.floor_char_boundary(REASON_BYTES_MAX));
        Self { reason }
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// The result of one run of a copy, with its circumstances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The copy that ran.
    pub copy: CopyId,
    /// The round of the job in which it ran.
    pub round: u32,
    /// The number of the attempt in that round, from 1.
    pub attempt: u32,
    /// A digest, or a failure.
    pub result: Result<Produced, Failure>,
    /// When the run started.
    pub started_at: Timestamp,
    /// The duration of the run, in microseconds.
    pub run_us: u64,
    /// The end of the run's standard error, at most [`crate::limits::STDERR_TAIL_BYTES`].
    pub stderr_tail: String,
    /// The machine and the sandbox that ran the copy; absent when they are unknown, because the copy was given up.
    pub environment: Option<Arc<Environment>>,
    /// The facts about this run alone. A fact here overrides the fact of the environment with the same name.
    pub facts: Facts,
}

impl Outcome {
    /// The sandbox that ran the copy; absent when it is unknown.
    #[must_use]
    pub fn sandbox(&self) -> Option<SandboxHash> {
        let of_run = self.facts.get(Environment::SANDBOX);
        let of_worker = || self.environment.as_ref().map(|environment| environment.sandbox.as_str());
        of_run.or_else(of_worker).map(SandboxHash::of)
    }

    /// The failure of a copy that was delivered but cannot be run. Its environment is unknown.
    #[must_use]
    pub fn not_run(delivery: &Delivery, reason: &str, now: Timestamp) -> Self {
        Self {
            copy: delivery.copy.clone(),
            round: delivery.round,
            attempt: delivery.receive_count,
            result: Err(Failure::new(reason)),
            started_at: now,
            run_us: 0,
            stderr_tail: String::new(),
            environment: None,
            facts: Facts::default(),
        }
    }
}

/// What happens to a new outcome, given the stored outcome of the same copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It is written: no outcome was stored, or the stored failure says less.
    Written,
    /// It is kept in addition to the stored one. A differing second digest is a divergence, and is never lost.
    KeptBeside,
    /// It says nothing new, and is dropped.
    Dropped,
}

/// Settles a new outcome with the stored one. The first outcome wins, and a second one is evidence. A digest wins
/// over a failure, whichever came first. A failure of a later round wins over a failure of an earlier one.
#[must_use]
pub fn settle(stored: Option<&Outcome>, new: &Outcome) -> Settlement {
    let Some(stored) = stored else { return Settlement::Written };
    match (&stored.result, &new.result) {
        (Ok(first), Ok(second)) if first.digest != second.digest => Settlement::KeptBeside,
        (Err(_), Ok(_)) => Settlement::Written,
        (Err(_), Err(_)) if new.round > stored.round => Settlement::Written,
        (Ok(_) | Err(_), _) => Settlement::Dropped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(round: u32, result: Result<&str, &str>) -> Outcome {
        Outcome {
            copy: CopyId { job: "j".parse().unwrap(), index: 0 },
            round,
            attempt: 1,
            result: result
                .map(|output| Produced { digest: Digest::of(output.as_bytes()), bytes: output.len() as u64 })
                .map_err(Failure::new),
            started_at: Timestamp::from_unix_ms(0),
            run_us: 0,
            stderr_tail: String::new(),
            environment: None,
            facts: Facts::default(),
        }
    }

    #[test]
    fn the_first_digest_wins_and_a_differing_one_is_kept() {
        let check = |stored: Option<(u32, Result<&str, &str>)>, new: (u32, Result<&str, &str>), expect| {
            let stored = stored.map(|(round, result)| outcome(round, result));
            assert_eq!(settle(stored.as_ref(), &outcome(new.0, new.1)), expect, "{stored:?} then {new:?}");
        };
        check(None, (0, Ok("a")), Settlement::Written);
        check(None, (0, Err("exit code 1")), Settlement::Written);
        check(Some((0, Ok("a"))), (0, Ok("a")), Settlement::Dropped);
        check(Some((0, Ok("a"))), (0, Ok("b")), Settlement::KeptBeside);
        check(Some((0, Ok("a"))), (1, Err("exit code 1")), Settlement::Dropped);
        check(Some((0, Err("exit code 1"))), (0, Ok("a")), Settlement::Written);
        check(Some((1, Err("exit code 1"))), (0, Ok("a")), Settlement::Written);
        check(Some((0, Err("exit code 1"))), (0, Err("timed out")), Settlement::Dropped);
        check(Some((0, Err("exit code 1"))), (1, Err("timed out")), Settlement::Written);
        check(Some((1, Err("exit code 1"))), (0, Err("timed out")), Settlement::Dropped);
    }

    #[test]
    fn a_long_reason_is_cut_at_a_character() {
        let reason = "ä".repeat(REASON_BYTES_MAX);
        assert_eq!(Failure::new(reason).reason(), "ä".repeat(REASON_BYTES_MAX / 2));
    }
}
