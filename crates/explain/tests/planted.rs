//! A small version of the experiment in `examples/planted`, with fixed seeds. Its figures are in `docs/attribution.md`.

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
fn a_perfect_cause_is_ranked_first_where_nothing_separates_as_perfectly() {
    let (rivalled, alone): (Vec<_>, Vec<_>) =
        all(Cause::Planted { noise: 0.0 }).into_iter().partition(|job| job.rivalled);
    assert!(alone.len() > 150, "{}", alone.len());
    assert!(share(&alone, |job| job.first) >= 0.99);
    assert!(share(&rivalled, |job| job.first) >= 0.5);
    let by_copy: Vec<_> = alone.iter().filter(|job| !job.of_sandbox).copied().collect();
    assert!(share(&by_copy, |job| job.claimed || job.rarest < 5) >= 0.99);
}

#[test]
fn a_perfect_cause_with_a_value_a_class_is_ranked_first_whatever_else_separates() {
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
fn chance_is_hardly_ever_given_a_cause() {
    let chance = all(Cause::Chance);
    assert!(chance.len() > 250, "{}", chance.len());
    assert!(share(&chance, |job| job.claimed) <= 0.05);
    assert!(share(&chance, |job| job.claimed && job.names_a_place) <= 0.01);
    assert!(chance.iter().all(|job| !(job.claimed && job.named_with_doubt)));
}

#[test]
fn something_hidden_of_a_sandbox_is_hardly_ever_given_a_cause_without_a_warning() {
    let hidden = all(Cause::Hidden);
    assert!(hidden.len() > 150, "{}", hidden.len());
    assert!(share(&hidden, |job| job.claimed_firmly) <= 0.05);
}
