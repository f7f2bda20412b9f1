//! Thousands of fleets, each from a seed.

use concord_acceptance::simulation::{
    CallPoint, Count, Sabotage, SimulationSettings, simulate, simulate_all,
};
use concord_protocol::Verdict;

/// The number of fleets that are simulated.
const SEEDS: u64 = 10_000;

/// How often each event has to happen at least, over all seeds. Otherwise the test would prove little.
const COUNTS_MIN: &[(Count, u64)] = &[
    (Count::Job, 6_000),
    (Count::JobOfChunks, 50),
    (Count::Kill, 5_000),
    (Count::CallKilled, 5_000),
    (Count::FaultBefore, 5_000),
    (Count::FaultAfter, 5_000),
    (Count::Stopped, 2_000),
    (Count::ClockForwards, 1_000),
    (Count::ClockBack, 1_000),
    (Count::ReplayedAfterADay, SEEDS),
    (Count::DeliveryDoubled, 5_000),
    (Count::DeliveryDropped, 4_000),
    (Count::MessageLost, 300),
    (Count::ChangeReplayed, 5_000),
    (Count::CopyRerun, 50_000),
    (Count::PayloadDamaged, 150),
    (Count::Stray, 500),
    (Count::Refused, 1_000),
    (Count::TimeShort, 2_000),
    (Count::Panic, 10_000),
    (Count::Stop, 10_000),
    (Count::SecondOutcome, 1_000),
    (Count::FailureSuperseded, 5_000),
    (Count::OutcomeDropped, 10_000),
    (Count::GivenUp, 2_000),
    (Count::StateConflict, 500),
    (Count::DeadlineMet, 1_000),
    (Count::FailedFast, 500),
    (Count::Drift, 500),
    (Count::Coverage, 200),
    (Count::Empty, 200),
    (Count::ExtendedForSandboxes, 200),
    (Count::ExtendedForReasons, 200),
    (Count::LateDivergence, 20),
    (Count::Cancel, 800),
    (Count::Retry, 2_000),
    (Count::Announcement, 10_000),
    (Count::Ended(Verdict::Reproducible), 3_000),
    (Count::Ended(Verdict::Divergent), 1_000),
    (Count::Ended(Verdict::Inconclusive), 800),
    (Count::Ended(Verdict::Cancelled), 800),
];

/// The calls before and after which a process is killed, in some seeds.
const KILLED_AROUND: [&str; 14] = [
    "acknowledge_changes",
    "announce",
    "delay_message",
    "delete_message",
    "enqueue_copies",
    "merge_rollup",
    "merge_tally",
    "read_changes",
    "read_job",
    "read_payload",
    "receive_copies",
    "record_outcome",
    "replace_state",
    "write_output",
];

#[test]
fn no_seed_breaks_a_promise() {
    let report = simulate_all(0..SEEDS, SimulationSettings::default(), |_| true);
    let counts = report.counts;
    let broken: Vec<_> = report.broken.iter().map(ToString::to_string).collect();
    assert!(
        broken.is_empty(),
        "{} seeds broke a promise, such as\n{}",
        broken.len(),
        broken[..broken.len().min(8)].join("\n")
    );
    let around = KILLED_AROUND.iter().flat_map(|name| [CallPoint::Before(name), CallPoint::After(name)]);
    let killed = around.map(|point| (Count::Killed(point), 10));
    for (count, least) in COUNTS_MIN.iter().copied().chain(killed) {
        assert!(counts.of(count) >= least, "{count:?}: {} over all seeds, of {least}", counts.of(count));
    }
}

#[test]
fn a_seed_replays_the_same_fleet() {
    let settings = SimulationSettings { traced: true, ..SimulationSettings::default() };
    for seed in 0..20 {
        let report = simulate(seed, settings);
        assert!(report.trace.len() > 10, "seed {seed} is traced");
        assert_eq!(report, simulate(seed, settings));
    }
}

#[test]
fn every_sabotage_is_found() {
    for sabotage in Sabotage::ALL {
        let settings = SimulationSettings { sabotage: Some(sabotage), ..SimulationSettings::default() };
        // About 26 seeds in 10,000 retry a job that has no copy left to run. Every other sabotage shows in hundreds.
        let rare = sabotage == Sabotage::RetryIsNotSettled;
        let seeds = if rare { SEEDS } else { SEEDS / 10 };
        let found = (0..seeds).any(|seed| simulate(seed, settings).violation.is_some());
        assert!(found, "no seed found {sabotage:?}");
    }
}
