//! The explanation of the outcomes of a job: their classes, the facts that separate them, how sure the verdict is,
//! and how far the outputs differ.
//!
//! Owns the statistics of a job and the sentences about them. Knows no clock, file, store or cloud, and not how a
//! verdict is decided: text, numbers and bytes come in, plain data to print goes out. The formulas are in
//! `concord-statistics`. The comparison of two outputs is in `concord-difference`.
//!
//! The statistics start from [`ObservedRun`]s, one for each run of a copy that gave a digest. [`Assessment::of`]
//! computes all of them at once; [`classify`], [`attribute`], [`Confidence`] and [`Coverage`] compute one thing each.

mod assessment;
mod attribution;
mod census;
mod classes;
mod confidence;
mod coverage;
mod design;
mod explanation;
mod failing;
mod gather;
mod numbers;
mod observed;
mod run;
mod separation;
mod statements;
mod unit;
mod variations;

pub use assessment::Assessment;
pub use attribution::{
    Attribution, CLASSES_LISTED_MAX, Pattern, PatternKind, SIGNIFICANCE_LEVEL, Scope, Separator, Split,
    UnitTest, VALUES_LISTED_MAX, Value, attribute,
};
pub use census::Census;
pub use classes::{Class, Classes, Quantiles, class_label, classify};
pub use confidence::{Confidence, Interval, Share, Stage, Unseen};
pub use coverage::{CPU_KIND_FACTS, Coverage};
pub use design::Design;
pub use explanation::{
    ArtifactOverview, CLASSES_COMPARED_MAX, Difference, EXPECTED, Equivalence, ExplainedOutcome, Explanation,
    FailedCopies, ObservedEnvironment, OutputPair, Summary, output_format,
};
pub use gather::{GatherLimits, Gathered, Judge, SampleLimits, SampledOutcomes, gather, sampled_outcomes};
pub use numbers::p_told;
pub use run::ObservedRun;
pub use separation::{between, is_separated};
pub use statements::{STATEMENT_CHARACTERS_MAX, separates, supports};
pub use unit::Unit;
pub use variations::{SettingReach, Variations, VariedCause, VariedSetting};
