use concord_protocol::Facts;
use fastrand::Rng;

use super::*;
use crate::classify;

fn confidence(runs: &[(u32, &str, Option<&str>)], stage: Stage) -> Confidence {
    let nothing = Facts::default();
    let run = |&(copy, digest, sandbox)| ObservedRun {
        copy,
        digest,
        bytes: 0,
        started_at_ms: 0,
        run_us: 0,
        sandbox,
        environment: &nothing,
        facts: &nothing,
    };
    let runs: Vec<_> = runs.iter().map(run).collect();
    Confidence::of(&runs, &classify(&runs), Level::default(), stage)
}

#[test]
fn a_sandbox_that_gave_another_class_counts_as_different() {
    let runs = [
        (0, "a", Some("s0")),
        (1, "a", Some("s0")),
        (2, "b", Some("s0")),
        (3, "a", Some("s1")),
        (4, "a", None),
        (3, "c", Some("s1")),
        (5, "a", Some("s2")),
    ];
    let found = confidence(&runs, Stage::Ended);
    assert_eq!((found.copies.different, found.copies.n), (2, 6));
    assert_eq!((found.sandboxes.different, found.sandboxes.n), (2, 3));
    assert_eq!(found.copies.interval, Interval::ClopperPearson);
    assert_eq!(found.unseen.copies, Some(2.0 / 6.0));
    assert_eq!(found.unseen.sandboxes, Some(2.0 / 3.0));
    assert_eq!(found.unseen.copies_high, None);
    assert_eq!(confidence(&runs, Stage::Running).copies.interval, Interval::Anytime);
}

#[test]
fn full_agreement_gives_a_bound() {
    let runs: Vec<_> = (0..20).map(|copy| (copy, "a", None)).collect();
    let found = confidence(&runs, Stage::Running);
    assert_eq!(found.copies.interval, Interval::NoneSeen);
    assert!((found.copies.rate_high - 0.139).abs() < 1e-3);
    assert_eq!(found.unseen.copies, Some(0.0));
    assert_eq!(found.unseen.copies_high, Some(found.copies.rate_high));
    assert_eq!((found.sandboxes.n, found.sandboxes.rate_high.to_bits()), (0, 1.0_f64.to_bits()));
    assert_eq!((found.unseen.sandboxes, found.unseen.sandboxes_high), (None, None));
    let one = confidence(&[(0, "a", Some("s0"))], Stage::Ended).unseen;
    assert_eq!((one.copies, one.sandboxes), (one.copies_high, one.sandboxes_high));
    let nothing = confidence(&[], Stage::Ended);
    assert_eq!((nothing.copies.n, nothing.unseen.copies), (0, None));
}

/// The share of jobs in which an interval that was quoted after some copy did not hold the true rate.
fn ever_wrong(rate: f64, is_looked_at: impl Fn(&Share) -> bool) -> f64 {
    const JOBS: u32 = 2_000;
    const COPIES: u64 = 300;
    let level = Level::default();
    let mut random = Rng::with_seed(7);
    let mut wrong = 0;
    let mut known = BTreeMap::new();
    for _ in 0..JOBS {
        let mut different = 0;
        wrong += u32::from((1..=COPIES).any(|n| {
            different += u64::from(random.f64() < rate);
            let share =
                known.entry((different, n)).or_insert_with(|| Share::of(different, n, level, Stage::Running));
            is_looked_at(share) && !(share.rate_low..=share.rate_high).contains(&rate)
        }));
    }
    f64::from(wrong) / f64::from(JOBS)
}

#[test]
fn an_interval_quoted_while_copies_come_in_holds_at_all_times() {
    for rate in [0.01, 0.05, 0.3, 0.5] {
        let some = ever_wrong(rate, |share| share.interval == Interval::Anytime);
        let none = ever_wrong(rate, |share| share.interval == Interval::NoneSeen);
        assert!(some <= 0.05, "rate {rate}: {some}");
        // The bound is tight: 5 % are expected, and the chance of the simulation adds some.
        assert!(none <= 0.06, "rate {rate}: {none}");
    }
}
