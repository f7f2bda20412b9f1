//! What the outcomes of a job say: their classes, the facts that separate them, how sure a verdict is, and how far
//! two outputs differ.
//!
//! Owns the statistics and the numeric reading of outputs. Knows nothing of clocks, files, stores, clouds, or of how
//! a verdict comes about: what comes in is text, numbers and bytes, what goes out is plain data to print.
//!
//! The statistics start from [`Run`]s, one for each run of a copy that gave a digest. [`Evidence::of`] says all of it
//! at once; [`classify`], [`attribute`], [`Confidence`], [`Coverage`] and [`copies_to_detect`] say one thing each.

mod attribution;
mod classes;
mod confidence;
mod coverage;
pub mod difference;
mod evidence;
mod explanation;
mod planning;
mod run;
mod statements;
pub mod statistics;

pub use attribution::{
    Attribution, CLASSES_LISTED_MAX, SIGNIFICANCE_LEVEL, Separator, Split, UnitTest, VALUES_LISTED_MAX,
    Value, attribute,
};
pub use classes::{Class, Classes, Quantiles, class_label, classify};
pub use confidence::{Confidence, Interval, Share, Stage, Unseen};
pub use coverage::{CPU_KIND_FACTS, Coverage};
pub use evidence::Evidence;
pub use explanation::{
    CLASSES_COMPARED_MAX, Difference, EXPECTED, Equivalence, Explained, Explanation, FailedCopies, Pair,
    Place, Summary, between, is_separated, output_format,
};
pub use planning::{COPIES_PLANNED_MAX, PlanningError, copies_to_detect};
pub use run::{Facts, Run};
pub use statements::{STATEMENT_CHARACTERS_MAX, separates, supports};
pub use statistics::{Level, LevelError};
