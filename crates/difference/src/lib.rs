//! How far two outputs differ: where, and for numbers by how much.
//!
//! Owns the reading of outputs as numbers, and their comparison. Knows no other crate of Concord except the JSON
//! scanner, and no job or copy: the bytes of two outputs come in, a [`Comparison`] goes out.
//!
//! Outputs are read as JSON, a table of text, numbers among words, arrays of `numpy`, raw floats, or bytes. Whether two outputs are the same
//! is decided by their bytes; the comparison explains how they differ, and with [`Tolerances`] it gives a second opinion.
//!
//! Time is linear in the length of the outputs, except for objects whose members stand in another order: these are
//! sorted. Memory does not grow with the outputs: [`ComparisonLimits`] bound everything that could grow.

mod bytes;
mod compare;
mod comparison;
mod content;
mod csv;
mod decimal;
mod extended;
mod findings;
mod float;
mod integer;
mod json;
mod limits;
mod npy;
mod npz;
mod number;
mod numbers;
mod options;
mod paths;
mod raw;
mod shown;
mod singles;
mod spread;
mod statement;
mod text;
mod tokens;
mod tolerance;

#[cfg(test)]
mod tests;

pub use compare::compare;
pub use comparison::{Comparison, Mismatch, MismatchKind, NumberPlace, PathDifference, UlpCount};
pub use limits::ComparisonLimits;
pub use options::{Options, OutputFormat};
pub use shown::grouped;
pub use tolerance::{ToleranceError, Tolerances, unmatched_rules_sentence};
