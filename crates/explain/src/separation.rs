//! What separates outcomes by classes: the digests of one job, or the two jobs that they belong to.

use concord_protocol::limits::COPIES_MAX;
use concord_protocol::{Job, Outcome};

use crate::assessment::by_unit;
use crate::design::scope;
use crate::observed::Observed;
use crate::{Attribution, Design, ObservedRun, Scope, attribute, classify};

/// Whether something recorded goes with the classes of these outcomes of one job beyond chance, with all looks at the job
/// counted.
#[must_use]
pub fn is_separated(job: &Job, outcomes: &[Outcome]) -> bool {
    let observed = Observed::of(outcomes);
    let runs = by_unit(&observed.runs(), Design::of(job, outcomes, None).scope.unit);
    let found = attribute(&runs, &classify(&runs), scope(job, outcomes.len()));
    let is_fact = found.separators.iter().any(|separator| separator.significant && !separator.consequence);
    is_fact || found.patterns.iter().any(|pattern| !pattern.consequence)
}

/// The facts that differ between the runs of two jobs. All runs of `reference` count as class A and all runs of
/// `other` as class B, whatever their digests are.
#[must_use]
pub fn between(reference: &[Outcome], other: &[Outcome]) -> Attribution {
    let (reference, other) = (Observed::of(reference), Observed::of(other));
    let (mut runs, others) = (reference.runs(), other.runs());
    let first_of_other = runs.len();
    // Copies with the same index in the two jobs are different copies.
    runs.extend(others.into_iter().map(|run| ObservedRun { copy: run.copy + COPIES_MAX, ..run }));
    for (place, run) in runs.iter_mut().enumerate() {
        run.digest = if place < first_of_other { "A" } else { "B" };
    }
    // `classify` would call the larger class A. Here the order of the jobs decides.
    let mut classes = classify(&runs);
    let labels: Vec<_> = classes.classes.iter().map(|class| class.digest.clone()).collect();
    for (class, label) in classes.classes.iter_mut().zip(labels) {
        class.class = label;
    }
    attribute(&runs, &classes, Scope { placed: false, ..Scope::default() })
}
