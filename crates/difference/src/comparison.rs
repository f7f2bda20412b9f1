use serde::Serialize;

use super::options::OutputFormat;

/// What two outputs have in common and where they differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// As what the outputs were read.
    pub format: OutputFormat,
    /// Why they were not read as what was asked for, or as what one of them is.
    pub note: Option<String>,
    /// Whether they are the same, byte for byte.
    pub identical_bytes: bool,
    /// Their lengths: left, right.
    pub bytes: [u64; 2],
    /// The first byte, from 0, in which they differ or that one of them lacks.
    pub first_different_byte: Option<u64>,
    /// Pairs of numbers compared; of the format `bytes`, pairs of bytes.
    pub values_compared: u64,
    /// Those of them that are not the same number. Two zeros of either sign are not; neither are two NaNs of other bits.
    pub values_different: u64,
    /// What is no matter of more or less: one entry for each kind and path, the gravest kinds first.
    pub mismatches: Vec<Mismatch>,
    /// How many there are, each one counted.
    pub mismatches_total: u64,
    /// How far numbers are apart, by path: the worst first, those without a difference last.
    pub paths: Vec<PathDifference>,
    /// How many paths hold numbers.
    pub paths_total: u64,
    /// Why the comparison ended early or left something out.
    pub truncated: Option<String>,
    /// Whether all differences are within the tolerances; `None` when none were given.
    pub equivalent: Option<bool>,
    /// The largest distance.
    #[serde(skip)]
    pub(super) furthest: Option<FurthestPair>,
    /// The largest distance on paths that are not ignored.
    #[serde(skip)]
    pub(super) largest: Option<FurthestPair>,
}

/// What kind of difference a mismatch is, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Lengths, numbers of rows or columns, dimensions.
    Shape,
    /// A number against a text, or `1` against `1.0`.
    Type,
    /// A key that one side lacks, or keys in another order.
    Key,
    /// NaN against a number, or NaNs of other bits.
    Nan,
    /// An infinity against anything else.
    Infinity,
    /// Numbers of either sign, the two zeros included.
    Sign,
    /// Texts, or one number spelled in two ways.
    Text,
}

impl Kind {
    /// Its name in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shape => "shape",
            Self::Type => "type",
            Self::Key => "key",
            Self::Nan => "nan",
            Self::Infinity => "infinity",
            Self::Sign => "sign",
            Self::Text => "text",
        }
    }
}

/// All mismatches of one kind at one path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// What kind it is.
    pub kind: Kind,
    /// Where: a JSON pointer (RFC 6901) in which `*` stands for each element of an array.
    pub path: String,
    /// The places of the first one in the arrays on the way, from 0; `None` when there is no array.
    pub index: Option<Vec<u64>>,
    /// What stands there on the left, shortened; empty when nothing does.
    pub left: String,
    /// What stands there on the right.
    pub right: String,
    /// How many there are.
    pub count: u64,
}

/// How far the numbers of one path are apart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PathDifference {
    /// A JSON pointer (RFC 6901) in which `*` stands for each element of an array. A path that ends in `/**` stands for
    /// all that is below it, where there were too many paths to tell them apart.
    pub path: String,
    /// As what the numbers are measured: `f64`, `f32`, `f16`, `integer`, or the type of an array's file, such as `i8`.
    #[serde(rename = "type")]
    pub number: &'static str,
    /// Pairs of numbers compared.
    pub compared: u64,
    /// Those of them that are not the same number.
    pub different: u64,
    /// The places of the first of these in the arrays on the way, from 0.
    pub first_index: Option<Vec<u64>>,
    /// The first of these, as they are written: left, right.
    pub first: Option<[String; 2]>,
    /// The most representable numbers from one to the other, in decimal; `None` when no pair could be measured so: NaN,
    /// infinities and integers beyond 2^53 are not.
    pub ulp_max: Option<String>,
    /// The largest `|a - b|`, as a double; infinite, and null in JSON, beyond its range.
    pub absolute_max: Option<f64>,
    /// The largest `|a - b| / max(|a|, |b|)`, from 0 to 2.
    pub relative_max: Option<f64>,
    /// The fewest leading bits (sign, exponent, significand) in common; `None` of integers.
    pub common_bits_min: Option<u32>,
    /// How many of the different pairs are how far apart, in powers of two; what is not listed does not occur.
    pub ulp_histogram: Vec<UlpCount>,
    /// Different pairs that are not within the tolerance of this path; 0 when it is ignored or there are no tolerances.
    pub beyond_tolerance: u64,
}

/// A bar of a histogram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UlpCount {
    /// A distance or a range of them, both ends included: `0`, `1`, `2-3`, `4-7` and so on.
    pub ulp: String,
    /// Pairs that are so far apart.
    pub values: u64,
}

/// A distance and where it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FurthestPair {
    pub(super) integer: bool,
    pub(super) ulp: Option<u64>,
    pub(super) absolute: f64,
    pub(super) relative: f64,
    /// With the places in arrays instead of `*`.
    pub(super) at: String,
}
