//! What really happened to each job: every outcome that was recorded, and every state that was written.
//!
//! Judges what the fleet says. Knows the words, and on purpose not the fold: no tally, no roll, no rule by which
//! outcomes settle or verdicts follow. All of that stands here a second time, in the plainest form.

use std::collections::{BTreeMap, BTreeSet};

use concord_protocol::{
    Announcement, CopyId, Digest, InconclusiveCause, JobId, JobSpec, JobState, Outcome, Timestamp, Verdict,
};

/// The facts of every job.
#[derive(Default)]
pub(super) struct Facts(BTreeMap<JobId, JobFacts>);

/// The facts of one job.
pub(super) struct JobFacts {
    pub(super) copies: u32,
    fail_fast: bool,
    /// The digests that each copy gave, the first one first.
    pub(super) digests: BTreeMap<u32, Vec<Digest>>,
    /// The rounds in which a copy failed before it ever gave a digest, each with its reason.
    pub(super) failures: BTreeMap<u32, BTreeMap<u32, String>>,
    /// What its calculation gave for each copy.
    given: BTreeMap<u32, BTreeSet<Digest>>,
    pub(super) state: JobState,
    /// The verdicts that it ever had, by revision.
    pub(super) decided: BTreeMap<u64, Verdict>,
    pub(super) announced: BTreeSet<(u64, Verdict)>,
    /// Whether a message of it was lost for good.
    pub(super) lost: bool,
}

type Kept = Result<(), String>;

fn keep(kept: bool, broken: impl FnOnce() -> String) -> Kept {
    if kept { Ok(()) } else { Err(broken()) }
}

impl Facts {
    pub(super) fn add_job(&mut self, spec: &JobSpec) {
        let facts = JobFacts {
            copies: spec.copies,
            fail_fast: spec.policy.fail_fast,
            digests: BTreeMap::new(),
            failures: BTreeMap::new(),
            given: BTreeMap::new(),
            state: spec.first_state(),
            decided: BTreeMap::new(),
            announced: BTreeSet::new(),
            lost: false,
        };
        self.0.insert(spec.job.clone(), facts);
    }

    pub(super) fn job(&mut self, job: &JobId) -> &mut JobFacts {
        self.0.get_mut(job).expect("only submitted jobs are heard of")
    }

    pub(super) fn jobs(&self) -> impl Iterator<Item = (&JobId, &JobFacts)> {
        self.0.iter()
    }

    /// A calculation gave this for a copy.
    pub(super) fn given(&mut self, copy: &CopyId, digest: Digest) {
        self.job(&copy.job).given.entry(copy.index).or_default().insert(digest);
    }

    /// An outcome was recorded.
    pub(super) fn recorded(&mut self, outcome: &Outcome) -> Kept {
        let CopyId { job, index } = &outcome.copy;
        let facts = self.job(job);
        match &outcome.result {
            Ok(produced) => {
                let digests = facts.digests.entry(*index).or_default();
                if !digests.contains(&produced.digest) {
                    digests.push(produced.digest);
                }
                let given = facts.given.get(index).is_some_and(|given| given.contains(&produced.digest));
                keep(given, || format!("{job}/{index} is recorded with a digest that it never gave"))
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

    /// A state was written.
    pub(super) fn replaced(&mut self, job: &JobId, state: &JobState, now: Timestamp, by_user: bool) -> Kept {
        let facts = self.job(job);
        let judged = facts.follows(state, by_user).and_then(|()| facts.justifies(state, now, by_user));
        if facts.state.verdict != state.verdict && state.verdict != Verdict::Running {
            facts.decided.insert(state.revision, state.verdict);
        }
        facts.state = state.clone();
        judged.map_err(|broken| format!("{job} {broken}"))
    }

    /// A verdict was announced.
    pub(super) fn announced(&mut self, announcement: &Announcement) -> Kept {
        let Announcement { job, verdict, revision, .. } = announcement;
        let facts = self.job(job);
        facts.announced.insert((*revision, *verdict));
        keep(facts.decided.get(revision) == Some(verdict), || {
            format!("{job} is announced as {verdict}, which it was not at revision {revision}")
        })
    }
}

impl JobFacts {
    pub(super) fn distinct(&self) -> BTreeSet<Digest> {
        self.digests.values().flatten().copied().collect()
    }

    /// Whether every copy gave a digest.
    pub(super) fn all_produced(&self) -> bool {
        self.digests.len() == self.copies as usize
    }

    /// Whether every copy gave a digest, or failed in the given round.
    pub(super) fn all_accounted(&self, round: u32) -> bool {
        (0..self.copies).all(|copy| {
            let failed = || self.failures.get(&copy).is_some_and(|failures| failures.contains_key(&round));
            self.digests.contains_key(&copy) || failed()
        })
    }

    /// Whether the state may follow the one before it.
    fn follows(&self, new: &JobState, by_user: bool) -> Kept {
        use Verdict::{Cancelled, Divergent, Inconclusive, Reproducible, Running};
        let old = &self.state;
        let again = by_user && new.round == old.round + 1 && old.ended_at.is_some() && new.ended_at.is_none();
        let same_round = new.round == old.round && (old.ended_at.is_none() || new.ended_at == old.ended_at);
        let legal = match (old.verdict, new.verdict) {
            (Running, _)
            | (Inconclusive, Inconclusive | Reproducible | Divergent)
            | (Reproducible, Divergent) => same_round,
            (Inconclusive, Running) => again,
            (Divergent, Divergent) => same_round || again,
            (Reproducible | Divergent | Cancelled | Inconclusive, _) => false,
        };
        let in_order = new.revision == old.revision + 1;
        // That every copy ended stays true: no deadline can be the cause after that.
        let failures = |state: &JobState| state.cause == Some(InconclusiveCause::Failures);
        let deadline = new.cause == Some(InconclusiveCause::Deadline);
        keep(!(failures(old) && deadline), || "became inconclusive for another cause".to_owned())?;
        keep(legal && in_order, || format!("turned from {old:?} into {new:?}"))
    }

    /// Whether what happened is reason enough for the state.
    fn justifies(&self, new: &JobState, now: Timestamp, by_user: bool) -> Kept {
        let accounted = || self.all_accounted(new.round);
        let overdue = now >= new.deadline_at;
        let reason = match (new.verdict, new.cause) {
            (Verdict::Running, None) => true,
            (Verdict::Cancelled, None) => by_user,
            (Verdict::Reproducible, None) => self.agree(),
            (Verdict::Divergent, None) => self.distinct().len() > 1,
            (Verdict::Inconclusive, Some(InconclusiveCause::Failures)) => {
                accounted() && new.ended_at.is_some()
            }
            (Verdict::Inconclusive, Some(InconclusiveCause::Deadline)) => overdue && new.ended_at.is_some(),
            _ => false,
        };
        keep(reason, || format!("became {:?} {:?} without reason", new.verdict, new.cause))?;
        let ends = new.ended_at.is_some() && self.state.ended_at.is_none();
        let divergent = self.distinct().len() > 1;
        let may_end = accounted() || overdue || by_user || (divergent && self.fail_fast);
        keep(!ends || may_end, || format!("ended as {:?} without reason", new.verdict))
    }

    /// Whether there is a digest that every copy gave.
    fn agree(&self) -> bool {
        let mut copies = self.digests.values();
        let first = copies.next().map(Vec::as_slice).unwrap_or_default();
        let copies = copies.collect::<Vec<_>>();
        self.all_produced() && first.iter().any(|digest| copies.iter().all(|given| given.contains(digest)))
    }

    /// How the job has to stand once nothing is left to do.
    pub(super) fn calls_for(&self) -> (Verdict, Option<InconclusiveCause>) {
        let cancelled = self.decided.values().any(|verdict| *verdict == Verdict::Cancelled);
        if cancelled {
            (Verdict::Cancelled, None)
        } else if self.distinct().len() > 1 {
            (Verdict::Divergent, None)
        } else if self.all_produced() {
            (Verdict::Reproducible, None)
        } else if self.all_accounted(self.state.round) {
            (Verdict::Inconclusive, Some(InconclusiveCause::Failures))
        } else {
            (Verdict::Inconclusive, Some(InconclusiveCause::Deadline))
        }
    }
}
