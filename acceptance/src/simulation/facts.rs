//! What really happened to each job: every recorded outcome and every written state.
//!
//! These facts judge the fleet. They use the types of the protocol, but on purpose not its fold: no tally, no rollup,
//! and no rule by which outcomes settle or verdicts follow. The same rules are written here a second time, in the
//! simplest form.

use std::collections::{BTreeMap, BTreeSet};

use concord_protocol::ports::Delivery;
use concord_protocol::{
    Announcement, Cause, CopyId, Digest, Job, JobId, JobSpec, JobState, Outcome, Timestamp, Verdict,
};

/// The facts of every job.
#[derive(Default)]
pub(super) struct SimulatedFacts(BTreeMap<JobId, JobFacts>);

/// The facts of one job.
pub(super) struct JobFacts {
    /// The number of copies that are wanted now.
    pub(super) copies: u32,
    /// The number of copies that the job may want at most.
    copies_most: u32,
    attempts: u32,
    fail_fast: bool,
    expect: Option<Digest>,
    accepts_empty: bool,
    pub(super) sandboxes_min: u32,
    /// The sandboxes that gave the recorded digests.
    pub(super) sandboxes: BTreeSet<String>,
    /// The digests that each copy gave, the first one first.
    pub(super) digests: BTreeMap<u32, Vec<Digest>>,
    /// The rounds in which a copy failed before it gave any digest, each with its reason.
    pub(super) failures: BTreeMap<u32, BTreeMap<u32, String>>,
    /// The digests that the calculation gave for each copy.
    given: BTreeMap<u32, BTreeSet<Digest>>,
    pub(super) state: JobState,
    /// When the state was written.
    written_at: Timestamp,
    /// Every verdict that the job had, by revision.
    pub(super) decided: BTreeMap<u64, Verdict>,
    pub(super) announced: BTreeSet<(u64, Verdict)>,
    /// Whether a message of the job was lost for good.
    pub(super) lost: bool,
}

/// The number of outcomes with a digest that explain the divergence of a simulated job.
const SEPARATED_OUTCOMES: usize = 14;

/// Whether the outcomes explain a divergence, for the aggregators of a simulation. Once true, it stays true when more
/// copies are added.
pub(super) fn is_separated(_job: &Job, outcomes: &[Outcome]) -> bool {
    outcomes.iter().filter(|outcome| outcome.result.is_ok()).count() >= SEPARATED_OUTCOMES
}

/// `Err` says which promise was broken, and how.
pub(super) type PromiseResult = Result<(), String>;

pub(super) fn promise(kept: bool, broken: impl FnOnce() -> String) -> PromiseResult {
    if kept { Ok(()) } else { Err(broken()) }
}

impl SimulatedFacts {
    pub(super) fn add_job(&mut self, spec: &JobSpec) {
        let facts = JobFacts {
            copies: spec.copies,
            copies_most: spec.copies.max(spec.policy.copies_max),
            attempts: spec.policy.attempts,
            fail_fast: spec.policy.fail_fast,
            expect: spec.policy.expect,
            accepts_empty: spec.policy.allow_empty || spec.policy.expect == Some(Digest::EMPTY),
            sandboxes_min: spec.policy.sandboxes_min,
            sandboxes: BTreeSet::new(),
            digests: BTreeMap::new(),
            failures: BTreeMap::new(),
            given: BTreeMap::new(),
            state: spec.first_state(),
            written_at: spec.submitted_at,
            decided: BTreeMap::new(),
            announced: BTreeSet::new(),
            lost: false,
        };
        self.0.insert(spec.job.clone(), facts);
    }

    pub(super) fn job(&mut self, job: &JobId) -> &mut JobFacts {
        self.0.get_mut(job).expect("every job of the fleet was submitted")
    }

    pub(super) fn jobs(&self) -> impl Iterator<Item = (&JobId, &JobFacts)> {
        self.0.iter()
    }

    /// The calculation gave this digest for a copy.
    pub(super) fn given(&mut self, copy: &CopyId, digest: Digest) {
        self.job(&copy.job).given.entry(copy.index).or_default().insert(digest);
    }

    /// A worker wants a copy to be attempted again.
    pub(super) fn retried(&mut self, delivery: &Delivery) -> PromiseResult {
        let CopyId { job, index } = &delivery.copy;
        let again = delivery.receive_count < self.job(job).attempts;
        promise(again, || format!("{job}/{index} is attempted more often than its job allows"))
    }

    /// An outcome was recorded.
    pub(super) fn recorded(&mut self, outcome: &Outcome) -> PromiseResult {
        let CopyId { job, index } = &outcome.copy;
        let facts = self.job(job);
        // Nobody ran a copy whose environment is unknown: it was given up.
        let early =
            outcome.result.is_err() && outcome.environment.is_some() && outcome.attempt < facts.attempts;
        promise(!early, || format!("{job}/{index} failed before its last attempt"))?;
        match &outcome.result {
            Ok(produced) => {
                let digests = facts.digests.entry(*index).or_default();
                if !digests.contains(&produced.digest) {
                    digests.push(produced.digest);
                    let environment = outcome.environment.as_ref();
                    facts.sandboxes.extend(environment.map(|environment| environment.sandbox.clone()));
                }
                let given = facts.given.get(index).is_some_and(|given| given.contains(&produced.digest));
                promise(given, || format!("{job}/{index} has a recorded digest that it never gave"))
            }
            Err(failure) if !facts.digests.contains_key(index) => {
                let failures = facts.failures.entry(*index).or_default();
                if failures.last_key_value().is_none_or(|(latest, _)| *latest < outcome.round) {
                    failures.insert(outcome.round, failure.reason().to_owned());
                }
                Ok(())
            }
            Err(_) => Ok(()),
        }
    }

    /// A state was written. `by_user` says whether the user wrote it, and `was_set` whether the clock of the user was set.
    pub(super) fn replaced(
        &mut self,
        job: &JobId,
        state: &JobState,
        now: Timestamp,
        (by_user, was_set): (bool, bool),
    ) -> PromiseResult {
        let facts = self.job(job);
        let judged = facts
            .follows(state, by_user)
            .and_then(|()| if by_user && was_set { Ok(()) } else { facts.is_dated(state, now) })
            .and_then(|()| facts.justifies(state, now, by_user));
        if facts.state.verdict() != state.verdict() && state.verdict() != Verdict::Running {
            facts.decided.insert(state.revision(), state.verdict());
        }
        facts.state = state.clone();
        facts.written_at = now;
        facts.copies = state.copies();
        judged.map_err(|broken| format!("{job} {broken}"))
    }

    /// A verdict was announced.
    pub(super) fn announced(&mut self, announcement: &Announcement) -> PromiseResult {
        let Announcement { job, verdict, revision, .. } = announcement;
        let facts = self.job(job);
        facts.announced.insert((*revision, *verdict));
        promise(facts.decided.get(revision) == Some(verdict), || {
            format!("{job} was announced as {verdict}, but had another verdict at revision {revision}")
        })
    }
}

impl JobFacts {
    pub(super) fn copies_most(&self) -> u32 {
        self.copies_most
    }

    pub(super) fn distinct(&self) -> BTreeSet<Digest> {
        self.digests.values().flatten().copied().collect()
    }

    /// Whether every copy gave a digest.
    pub(super) fn all_produced(&self) -> bool {
        self.digests.len() == self.copies as usize
    }

    /// The copies of the job that failed in a round and never gave a digest, each with its reason.
    pub(super) fn failed_in(&self, round: u32) -> impl Iterator<Item = (u32, &str)> {
        let of_the_job = self.failures.range(..self.copies);
        let without_digest = of_the_job.filter(|(copy, _)| !self.digests.contains_key(copy));
        without_digest.filter_map(move |(copy, failures)| Some((*copy, failures.get(&round)?.as_str())))
    }

    /// Whether every copy gave a digest, or failed in the given round.
    pub(super) fn all_accounted(&self, round: u32) -> bool {
        (0..self.copies).all(|copy| self.is_accounted(copy, round))
    }

    /// Whether a copy gave a digest, or failed in the given round.
    pub(super) fn is_accounted(&self, copy: u32, round: u32) -> bool {
        let failed = || self.failures.get(&copy).is_some_and(|failures| failures.contains_key(&round));
        self.digests.contains_key(&copy) || failed()
    }

    /// Whether `new` may follow the current state.
    fn follows(&self, new: &JobState, by_user: bool) -> PromiseResult {
        use Verdict::{Cancelled, Divergent, Inconclusive, Reproducible, Running};
        let old = &self.state;
        let again =
            by_user && new.round() == old.round() + 1 && old.ended_at().is_some() && new.ended_at().is_none();
        let same_round =
            new.round() == old.round() && (old.ended_at().is_none() || new.ended_at() == old.ended_at());
        let legal = match (old.verdict(), new.verdict()) {
            (Running, _)
            | (Inconclusive, Inconclusive | Reproducible | Divergent)
            | (Reproducible, Divergent) => same_round,
            (Inconclusive, Running) => again,
            (Divergent, Divergent) => same_round || again,
            (Reproducible | Divergent | Cancelled | Inconclusive, _) => false,
        };
        let in_order = new.revision() == old.revision() + 1;
        // Once every copy has ended, the deadline cannot become the cause. Copies that differ never agree again.
        let backwards = match (old.cause(), new.cause()) {
            (Some(Cause::Failures), Some(Cause::Deadline))
            | (Some(Cause::Coverage | Cause::Empty), Some(Cause::Deadline | Cause::Failures)) => true,
            (None, Some(_)) => old.verdict() == Divergent,
            _ => false,
        };
        let extended = new.copies() == self.copies_most.min(old.copies() * 2)
            && new.copies() > old.copies()
            && matches!((new.verdict(), new.ended_at()), (Running | Divergent, None));
        promise(new.copies() == old.copies() || extended, || {
            format!("wants {} copies after {}, of {} at most", new.copies(), old.copies(), self.copies_most)
        })?;
        promise(!backwards, || format!("turned from the cause {:?} back to {:?}", old.cause(), new.cause()))?;
        promise(legal && in_order, || format!("turned from {old:?} into {new:?}"))
    }

    /// Whether the new state says when the job got its verdict, and that does not change while the verdict stays.
    fn is_dated(&self, new: &JobState, now: Timestamp) -> PromiseResult {
        // The time is read some calls before the write, but not before the state that is replaced was written.
        let is_new = |at: Option<Timestamp>| at.is_some_and(|at| (self.written_at..=now).contains(&at));
        let old = &self.state;
        let decided = match new.verdict() {
            Verdict::Running => new.decided_at().is_none(),
            same if same == old.verdict() => new.decided_at() == old.decided_at(),
            _ => is_new(new.decided_at()),
        };
        promise(decided, || format!("has another time of its verdict: {old:?}, then {new:?}"))?;
        let ended = old.ended_at().is_some() || new.ended_at().is_none() || is_new(new.ended_at());
        promise(ended, || format!("ended at another time: {new:?}"))
    }

    /// Whether the outcomes justify the new state.
    fn justifies(&self, new: &JobState, now: Timestamp, by_user: bool) -> PromiseResult {
        let accounted = || self.all_accounted(new.round());
        let overdue = now >= new.deadline_at();
        let reason = match (new.verdict(), new.cause()) {
            (Verdict::Running, None) => true,
            (Verdict::Cancelled, None) => by_user,
            (Verdict::Reproducible, None) => {
                self.agree() && (self.accepts_empty || !self.all_empty()) && self.enough_sandboxes()
            }
            (Verdict::Divergent, None) => self.distinct().len() > 1,
            (Verdict::Divergent, Some(Cause::Drift)) => self.drifted(),
            (Verdict::Inconclusive, Some(Cause::Failures)) => accounted() && new.ended_at().is_some(),
            (Verdict::Inconclusive, Some(Cause::Coverage)) => {
                self.agree() && self.may_be_short() && new.ended_at().is_some()
            }
            (Verdict::Inconclusive, Some(Cause::Empty)) => {
                self.agree() && !self.accepts_empty && new.ended_at().is_some()
            }
            (Verdict::Inconclusive, Some(Cause::Deadline)) => overdue && new.ended_at().is_some(),
            _ => false,
        };
        promise(reason, || format!("became {:?} {:?} without a reason", new.verdict(), new.cause()))?;
        let ends = new.ended_at().is_some() && self.state.ended_at().is_none();
        let divergent = self.distinct().len() > 1 || self.drifted();
        let may_end = accounted() || overdue || by_user || (divergent && self.fail_fast);
        promise(!ends || may_end, || format!("ended as {:?} without a reason", new.verdict()))?;
        let says_enough = match (new.verdict(), new.cause()) {
            (Verdict::Inconclusive, Some(Cause::Coverage)) => false,
            (Verdict::Divergent, None) if !self.fail_fast => self.is_separated(),
            _ => true,
        };
        let may_grow = new.copies() < self.copies_most && !overdue && !by_user;
        promise(!ends || says_enough || !may_grow, || "ended with copies that say too little".to_owned())?;
        let grows = new.copies() > self.state.copies();
        promise(!grows || self.may_grow(), || "wants more copies without a reason".to_owned())
    }

    /// Whether every copy is accounted for, and the copies may be too few.
    fn may_grow(&self) -> bool {
        let short = self.agree() && self.may_be_short();
        let divergent = self.distinct().len() > 1 && !self.fail_fast;
        self.all_accounted(self.state.round()) && (short || divergent)
    }

    fn is_separated(&self) -> bool {
        self.digests.values().map(Vec::len).sum::<usize>() >= SEPARATED_OUTCOMES
    }

    /// Whether every copy gave a common digest, which is the expected one if there is one.
    fn agree(&self) -> bool {
        let mut copies = self.digests.values();
        let first = copies.next().map(Vec::as_slice).unwrap_or_default();
        let copies = copies.collect::<Vec<_>>();
        self.all_produced()
            && first.iter().any(|digest| {
                self.expect.is_none_or(|expected| expected == *digest)
                    && copies.iter().all(|given| given.contains(digest))
            })
    }

    /// Whether every digest is the digest of an empty output.
    fn all_empty(&self) -> bool {
        self.distinct().iter().all(|digest| *digest == Digest::EMPTY)
    }

    /// Whether a copy gave a digest that is not the expected one.
    fn drifted(&self) -> bool {
        self.expect.is_some_and(|expected| self.distinct().iter().any(|digest| *digest != expected))
    }

    /// Whether the digests came from as many sandboxes as the job asks for.
    fn enough_sandboxes(&self) -> bool {
        self.sandboxes.len() >= self.sandboxes_min as usize
    }

    /// Whether the sandboxes are too few, or were too few before the second outcome of a copy. That outcome may not
    /// have been folded yet.
    fn may_be_short(&self) -> bool {
        !self.enough_sandboxes() || self.digests.values().any(|given| given.len() > 1)
    }

    /// The verdict and cause of the job once nothing is left to do.
    pub(super) fn calls_for(&self) -> (Verdict, Option<Cause>) {
        let cancelled = self.decided.values().any(|verdict| *verdict == Verdict::Cancelled);
        if cancelled {
            (Verdict::Cancelled, None)
        } else if self.distinct().len() > 1 {
            (Verdict::Divergent, None)
        } else if self.drifted() {
            (Verdict::Divergent, Some(Cause::Drift))
        } else if self.all_produced() && self.all_empty() && !self.accepts_empty {
            (Verdict::Inconclusive, Some(Cause::Empty))
        } else if self.all_produced() && !self.enough_sandboxes() {
            (Verdict::Inconclusive, Some(Cause::Coverage))
        } else if self.all_produced() {
            (Verdict::Reproducible, None)
        } else if self.all_accounted(self.state.round()) {
            (Verdict::Inconclusive, Some(Cause::Failures))
        } else {
            (Verdict::Inconclusive, Some(Cause::Deadline))
        }
    }
}
