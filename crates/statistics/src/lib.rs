//! Statistics on counts: exact tests of independence, permutation tests of many candidates at once, intervals for a
//! rate, corrections for many tests, and the number of copies that it takes to find a divergence.
//!
//! Owns formulas, each with its source. Knows no other crate of Concord: numbers come in, numbers go out.
//!
//! Functions return natural logarithms of p-values, because the p-values of large tables are too small for `f64`.
//! [`p_value`] turns a logarithm into a probability.

mod agreement;
mod binomial;
mod fisher;
mod freeman_halton;
mod holm;
mod independence;
mod interval;
mod level;
mod normal;
mod permutation;
mod planning;
mod probability;
mod random;
mod runs;
mod table;

pub use agreement::{Agreement, agreement};
pub use binomial::{ln_binomial, ln_binomial_at_least, ln_binomial_at_most};
pub use fisher::ln_fisher;
pub use freeman_halton::{CELLS_MAX, TABLES_MAX, ln_freeman_halton, ln_freeman_halton_bound};
pub use holm::ln_holm;
pub use independence::{Independence, independence};
pub use interval::{anytime_interval, clopper_pearson, none_seen_bound};
pub use level::{Level, LevelError};
pub use permutation::{
    Candidate, Combination, Finding, PERMUTATIONS_MAX, PairFinding, Study, StudyFindings, UNKNOWN, Weighted,
};
pub use planning::{COPIES_PLANNED_MAX, PlanningError, copies_to_detect};
pub use probability::{ln_hypergeometric, real};
pub use runs::{ln_runs, runs_expected};
pub use table::{Cell, Table};

/// The relative difference up to which two computed probabilities count as equal. Their own error is about 1e-13. A
/// table that is as probable as the observed one counts as at least as extreme.
pub(crate) const TIE: f64 = 1e-10;

/// The probability whose logarithm is `ln_p`. It is at least the smallest normal `f64`, about 2.2e-308, because a
/// p-value is never 0.
#[must_use]
pub fn p_value(ln_p: f64) -> f64 {
    ln_p.exp().clamp(f64::MIN_POSITIVE, 1.0)
}
