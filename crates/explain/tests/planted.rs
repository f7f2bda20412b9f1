//! A small version of the experiment in `examples/planted`, with fixed seeds. The figures of the experiment are in
//! `docs/attribution.md`.

#[path = "../examples/planted/jobs.rs"]
mod jobs;

use jobs::{Cause, Judged, judged};

const COPIES: [usize; 3] = [20, 60, 180];
const JOBS: u64 = 100;

fn all(cause: Cause) -> Vec<Judged> {
    COPIES.iter().flat_map(|&copies| (0..JOBS).filter_map(move |seed| judged(seed, copies, cause))).collect()
}

fn share(judged: &[Judged], holds: impl Fn(&Judged) -> bool) -> f64 {
    jobs::share(judged, holds).unwrap_or(f64::NAN)
}

#[test]
fn a_perfect_cause_without_a_rival_is_ranked_first() {
    let (rivalled, alone): (Vec<_>, Vec<_>) =
        all(Cause::Planted { noise: 0.0 }).into_iter().partition(|job| job.rivalled);
    assert!(alone.len() > 150, "{}", alone.len());
    assert!(share(&alone, |job| job.first) >= 0.99);
    assert!(share(&rivalled, |job| job.first) >= 0.5);
    let by_copy: Vec<_> = alone.iter().filter(|job| !job.of_sandbox).copied().collect();
    assert!(share(&by_copy, |job| job.claimed || job.rarest < 5) >= 0.99);
}

#[test]
fn a_perfect_cause_with_one_value_per_class_is_ranked_before_its_rivals() {
    let plain: Vec<_> = all(Cause::Planted { noise: 0.0 })
        .into_iter()
        .filter(|job| job.value_a_class && job.rarest >= 5)
        .collect();
    assert!(plain.len() > 100, "{}", plain.len());
    assert!(share(&plain, |job| job.first) >= 0.99, "{}", share(&plain, |job| job.first));
}

#[test]
fn noise_does_not_hide_a_cause_that_differs_from_copy_to_copy() {
    let noisy: Vec<_> = all(Cause::Planted { noise: 0.1 })
        .into_iter()
        .filter(|job| !job.of_sandbox && job.rarest >= 20)
        .collect();
    assert!(noisy.len() > 30, "{}", noisy.len());
    assert!(
        share(&noisy, |job| job.first && job.claimed) >= 0.9,
        "{}",
        share(&noisy, |job| job.first && job.claimed)
    );
}

#[test]
fn a_random_divergence_rarely_gets_a_cause() {
    let chance = all(Cause::Chance);
    assert!(chance.len() > 250, "{}", chance.len());
    assert!(share(&chance, |job| job.claimed) <= 0.05);
    assert!(share(&chance, |job| job.claimed && job.names_a_place) <= 0.01);
    assert!(chance.iter().all(|job| !(job.claimed && job.named_with_doubt)));
}

#[test]
fn a_hidden_property_of_sandboxes_rarely_gets_a_cause_without_a_warning() {
    let hidden = all(Cause::Hidden);
    assert!(hidden.len() > 150, "{}", hidden.len());
    assert!(share(&hidden, |job| job.claimed_firmly) <= 0.05);
}
