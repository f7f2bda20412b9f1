use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::Verdict::{Cancelled, Divergent, Inconclusive, Reproducible, Running};
use crate::{Calculation, CopySet, Digest, JobSpec, Policy, SandboxHash, Sandboxes, StateRecord};

const DEADLINE: Timestamp = Timestamp { unix_ms: 2_000 };

fn running_job(fail_fast: bool) -> Job {
    let spec = JobSpec {
        job: "j".parse().unwrap(),
        submission: "j".parse().unwrap(),
        submitted_at: Timestamp::from_unix_ms(1_000),
        payload_digest: Digest::of(b""),
        payload_bytes: 0,
        copies: 1_500,
        calculation: Calculation::Probe { name: "echo".to_owned() },
        policy: Policy { fail_fast, ..Policy::bounds(2, 1_000, 1) },
    };
    Job { state: spec.first_state(), spec: spec.into() }
}

/// Changes the state of `job`.
fn change(job: &mut Job, change: impl FnOnce(&mut StateRecord)) {
    let mut record = StateRecord::from(job.state.clone());
    change(&mut record);
    job.state = record.try_into().unwrap();
}

/// A job with this verdict, decided at [`DEADLINE`].
fn decided_job(verdict: Verdict, cause: Option<Cause>, ended: bool) -> Job {
    let mut job = running_job(false);
    change(&mut job, |record| {
        (record.verdict, record.cause) = (verdict, cause);
        record.decided_at = Some(DEADLINE);
        record.ended_at = ended.then_some(DEADLINE);
    });
    job
}

fn rollup(witnesses: &[&[u8]], produced: u32, accounted: u32) -> Rollup {
    Rollup {
        witnesses: witnesses.iter().map(|output| Digest::of(output)).collect::<BTreeSet<_>>(),
        copies: 1_500,
        produced: CopySet::first(produced),
        round: 0,
        accounted: CopySet::first(accounted),
        sandboxes: Sandboxes::stored(2, (0..2).map(SandboxHash::from_bits)),
    }
}

/// The new verdict, and whether the job has ended with it; `None` when the state does not change.
fn decided(job: &Job, rollup: &Rollup, now: u64) -> Option<(Verdict, bool)> {
    let state = decide(job, rollup, Timestamp::from_unix_ms(now), Separation::Open)?;
    assert_eq!(state.revision(), job.state.revision() + 1);
    Some((state.verdict(), state.ended_at().is_some()))
}

#[test]
fn reproducible_needs_an_equal_digest_from_every_copy() {
    let running = running_job(false);
    let (agreed, differ): (&[&[u8]], &[&[u8]]) = (&[b"a"], &[b"a", b"b"]);
    let check = |rollup: Rollup, now, expect| {
        assert_eq!(decided(&running, &rollup, now), expect, "{rollup:?} at {now}");
    };
    check(rollup(&[], 0, 0), 1_999, None);
    check(rollup(agreed, 1, 0), 1_999, None);
    check(rollup(agreed, 2, 0), 1_999, Some((Reproducible, true)));
    check(rollup(agreed, 2, 0), 5_000, Some((Reproducible, true)));
    check(rollup(agreed, 1, 2), 1_999, Some((Inconclusive, true)));
    check(rollup(&[], 0, 2), 1_999, Some((Inconclusive, true)));
    check(rollup(agreed, 1, 0), 2_000, Some((Inconclusive, true)));
    check(rollup(differ, 0, 0), 1_000, Some((Divergent, false)));
    check(rollup(differ, 2, 0), 1_000, Some((Divergent, true)));
    check(rollup(differ, 1, 0), 2_000, Some((Divergent, true)));
    assert_eq!(decided(&running_job(true), &rollup(differ, 0, 0), 1_000), Some((Divergent, true)));
}

#[test]
fn an_unexpected_digest_is_a_divergence() {
    let expecting_a = |mut job: Job| {
        Arc::make_mut(&mut job.spec).policy.expect = Some(Digest::of(b"a"));
        job
    };
    let check = |job: &Job, rollup: Rollup, expect: Option<(Verdict, Option<Cause>, bool)>| {
        let state = decide(job, &rollup, Timestamp::from_unix_ms(1_000), Separation::Open);
        let stands = state.map(|state| (state.verdict(), state.cause(), state.ended_at().is_some()));
        assert_eq!(stands, expect, "{rollup:?}");
    };
    let drift = Some(Cause::Drift);
    let a: &[&[u8]] = &[b"a"];
    let running = expecting_a(running_job(false));
    check(&running, rollup(a, 1, 0), None);
    check(&running, rollup(a, 2, 0), Some((Reproducible, None, true)));
    check(&running, rollup(&[b"a", b"b"], 0, 0), Some((Divergent, None, false)));
    check(&running, rollup(&[b"b"], 0, 0), Some((Divergent, drift, false)));
    check(&running, rollup(&[b"b"], 2, 0), Some((Divergent, drift, true)));
    check(&running, rollup(&[b"b"], 1, 2), Some((Divergent, drift, true)));
    let drifted = expecting_a(decided_job(Divergent, drift, false));
    check(&drifted, rollup(&[b"b"], 1, 0), None);
    check(&drifted, rollup(&[b"b", b"c"], 1, 0), Some((Divergent, None, false)));
    let differ = expecting_a(decided_job(Divergent, None, false));
    check(&differ, rollup(&[b"b"], 1, 0), None);
    let cancelled = drifted.cancelled(Timestamp::from_unix_ms(1_000)).unwrap();
    assert_eq!((cancelled.verdict(), cancelled.cause()), (Divergent, drift));
}

#[test]
fn agreement_on_an_empty_output_shows_nothing() {
    let check = |policy: &dyn Fn(&mut Policy), outputs: &[&[u8]], produced, expect| {
        let mut job = running_job(false);
        policy(&mut Arc::make_mut(&mut job.spec).policy);
        let state =
            decide(&job, &rollup(outputs, produced, 0), Timestamp::from_unix_ms(1_500), Separation::Open);
        assert_eq!(state.map(|state| (state.verdict(), state.cause())), expect, "{outputs:?}");
    };
    let as_is = |_: &mut Policy| {};
    check(&as_is, &[b""], 1, None);
    check(&as_is, &[b""], 2, Some((Inconclusive, Some(Cause::Empty))));
    check(&as_is, &[b"", b"a"], 2, Some((Divergent, None)));
    check(&|policy| policy.allow_empty = true, &[b""], 2, Some((Reproducible, None)));
    check(&|policy| policy.expect = Some(Digest::of(b"")), &[b""], 2, Some((Reproducible, None)));
    check(&|policy| policy.expect = Some(Digest::of(b"a")), &[b""], 2, Some((Divergent, Some(Cause::Drift))));
    // More sandboxes or more copies would not help.
    check(&|policy| policy.sandboxes_min = 3, &[b""], 2, Some((Inconclusive, Some(Cause::Empty))));
    check(
        &|policy| (policy.sandboxes_min, policy.copies_max) = (3, 4_000),
        &[b""],
        2,
        Some((Inconclusive, Some(Cause::Empty))),
    );
}

#[test]
fn agreement_in_too_few_sandboxes_is_inconclusive() {
    let check = |sandboxes_min, rollup: Rollup, expect: Option<(Verdict, Option<Cause>, bool)>| {
        let mut job = running_job(false);
        Arc::make_mut(&mut job.spec).policy.sandboxes_min = sandboxes_min;
        let state = decide(&job, &rollup, Timestamp::from_unix_ms(1_000), Separation::Open);
        let stands = state.map(|state| (state.verdict(), state.cause(), state.ended_at().is_some()));
        assert_eq!(stands, expect, "{sandboxes_min} {rollup:?}");
    };
    let a: &[&[u8]] = &[b"a"];
    check(2, rollup(a, 2, 0), Some((Reproducible, None, true)));
    check(3, rollup(a, 1, 0), None);
    check(3, rollup(a, 2, 0), Some((Inconclusive, Some(Cause::Coverage), true)));
    check(3, rollup(a, 1, 2), Some((Inconclusive, Some(Cause::Failures), true)));
    check(3, rollup(&[b"a", b"b"], 2, 0), Some((Divergent, None, true)));
}

#[test]
fn a_job_with_too_little_evidence_is_extended_up_to_its_bound() {
    /// The state afterwards: the verdict, the cause, the copies wanted, and whether the job has ended.
    type Stands = Option<(Verdict, Option<Cause>, u32, bool)>;
    let check = |copies_max, rollup: Rollup, separation, expect: Stands| {
        let mut job = running_job(false);
        let policy = &mut Arc::make_mut(&mut job.spec).policy;
        (policy.copies_max, policy.sandboxes_min) = (copies_max, 3);
        let state = decide(&job, &rollup, Timestamp::from_unix_ms(1_999), separation);
        let stands =
            state.map(|state| (state.verdict(), state.cause(), state.copies(), state.ended_at().is_some()));
        assert_eq!(stands, expect, "{copies_max} {separation:?} {rollup:?}");
    };
    let (agreed, differ): (&[&[u8]], &[&[u8]]) = (&[b"a"], &[b"a", b"b"]);
    let (found, open) = (Separation::Found, Separation::Open);
    let coverage = Some(Cause::Coverage);
    check(0, rollup(agreed, 2, 0), found, Some((Inconclusive, coverage, 1_500, true)));
    check(1_500, rollup(agreed, 2, 0), found, Some((Inconclusive, coverage, 1_500, true)));
    check(2_000, rollup(agreed, 2, 0), found, Some((Running, None, 2_000, false)));
    check(9_000, rollup(agreed, 2, 0), found, Some((Running, None, 3_000, false)));
    check(9_000, rollup(agreed, 1, 0), found, None);
    check(9_000, rollup(agreed, 1, 2), found, Some((Inconclusive, Some(Cause::Failures), 1_500, true)));
    check(9_000, rollup(differ, 1, 0), open, Some((Divergent, None, 1_500, false)));
    check(9_000, rollup(differ, 2, 0), open, Some((Divergent, None, 3_000, false)));
    check(9_000, rollup(differ, 1, 2), open, Some((Divergent, None, 3_000, false)));
    check(9_000, rollup(differ, 2, 0), found, Some((Divergent, None, 1_500, true)));
    check(0, rollup(differ, 2, 0), open, Some((Divergent, None, 1_500, true)));
}

#[test]
fn an_ended_or_overdue_job_is_not_extended() {
    let check = |spoil: fn(&mut Job), now| {
        let mut job = running_job(false);
        let policy = &mut Arc::make_mut(&mut job.spec).policy;
        (policy.copies_max, policy.sandboxes_min) = (9_000, 3);
        spoil(&mut job);
        for rollup in [rollup(&[b"a"], 2, 0), rollup(&[b"a", b"b"], 2, 0)] {
            assert!(!asks_for_separation(&job, &rollup, now));
            let state = decide(&job, &rollup, now, Separation::Open);
            assert!(state.is_none_or(|state| state.copies() == job.state.copies()), "{job:?} {rollup:?}");
        }
    };
    let early = Timestamp::from_unix_ms(1_000);
    check(|_| {}, DEADLINE);
    check(|job| job.state = decided_job(Divergent, None, true).state, early);
    check(|job| job.state = decided_job(Cancelled, None, true).state, early);
    check(|job| change(job, |record| record.copies = 9_000), early);
    let fail_fast = |job: &mut Job| {
        let policy = &mut Arc::make_mut(&mut job.spec).policy;
        (policy.fail_fast, policy.sandboxes_min) = (true, 0);
    };
    check(fail_fast, early);
}

#[test]
fn final_verdicts_stay_and_late_outcomes_count() {
    let (agreed, differ): (&[&[u8]], &[&[u8]]) = (&[b"a"], &[b"a", b"b"]);
    let check = |verdict, rollup: Rollup, expect| {
        let cause = (verdict == Inconclusive).then_some(Cause::Failures);
        assert_eq!(decided(&decided_job(verdict, cause, true), &rollup, 3_000), expect);
    };
    check(Reproducible, rollup(differ, 2, 0), Some((Divergent, true)));
    check(Inconclusive, rollup(agreed, 2, 0), Some((Reproducible, true)));
    check(Divergent, rollup(agreed, 2, 0), None);
    check(Cancelled, rollup(differ, 2, 0), None);
}

#[test]
fn a_retry_starts_a_new_round_with_a_new_deadline() {
    let now = Timestamp::from_unix_ms(9_000);
    assert!(
        decided_job(Divergent, None, false).retried(now).is_err(),
        "a job that has not ended cannot be retried"
    );
    let mut job = decided_job(Inconclusive, Some(Cause::Failures), true);
    let state = job.retried(now).unwrap();
    assert_eq!((state.verdict(), state.round(), state.ended_at()), (Running, 1, None));
    assert_eq!((state.deadline_at(), state.decided_at()), (Timestamp::from_unix_ms(10_000), None));
    assert!(job.cancelled(now).is_err(), "a job that has ended cannot be cancelled");
    change(&mut job, |record| record.round = ROUNDS_MAX);
    assert!(job.retried(now).is_err(), "the last round cannot be retried");
}
