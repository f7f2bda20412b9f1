use serde::Serialize;

use super::float::Distance;
use super::options::OutputFormat;

/// What two outputs have in common and where they differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The format in which the outputs were read.
    pub format: OutputFormat,
    /// Why the outputs were not read in the format that was asked for, or in the format of one of them.
    pub note: Option<String>,
    /// What was assumed of the numbers, and how to say otherwise.
    pub assumed: Option<String>,
    /// Whether the outputs are the same, byte for byte.
    pub identical_bytes: bool,
    /// The lengths of the outputs: left, right.
    pub bytes: [u64; 2],
    /// The index, from 0, of the first byte that differs or that only one output has.
    pub first_different_byte: Option<u64>,
    /// The number of pairs of numbers that were compared; in the format `bytes`, the number of pairs of bytes.
    pub values_compared: u64,
    /// The number of pairs that are not the same number. Zeros with different signs are not the same, and neither are
    /// NaNs with different bits.
    pub values_different: u64,
    /// Differences that have no size: one entry for each kind and path, the gravest kinds first.
    pub mismatches: Vec<Mismatch>,
    /// The number of all mismatches.
    pub mismatches_total: u64,
    /// How far numbers are apart, by path: the worst first, and paths without a difference last.
    pub paths: Vec<PathDifference>,
    /// The number of paths that hold numbers.
    pub paths_total: u64,
    /// Why the comparison ended early or left something out.
    pub truncated: Option<String>,
    /// Whether all differences are within the tolerances; `None` when none were given.
    pub equivalent: Option<bool>,
    /// Rules of tolerance that fit no path of the outputs.
    pub unmatched_rules: Vec<String>,
    /// The largest differences on paths that are not ignored.
    #[serde(skip)]
    pub(super) furthest: Furthest,
    /// The largest differences beyond the tolerances.
    #[serde(skip)]
    pub(super) beyond: Furthest,
    /// Whether every different float may have been written from single precision, if floats are measured so.
    #[serde(skip)]
    pub(super) may_be_singles: bool,
    /// Whether a rule of tolerance has an absolute bound.
    #[serde(skip)]
    pub(super) names_absolute: bool,
}

/// The kind of a mismatch, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MismatchKind {
    /// Lengths, numbers of rows or columns, dimensions.
    Shape,
    /// A number and a text, or `1` and `1.0`.
    Type,
    /// A key that one side lacks.
    Key,
    /// NaN and a number, or two NaNs with different bits.
    Nan,
    /// An infinity and anything else.
    Infinity,
    /// Two numbers with different signs. Zeros have signs too.
    Sign,
    /// Keys, or columns with names, in another order.
    Order,
    /// Two texts, or one number written in two ways.
    Text,
}

impl MismatchKind {
    /// The name in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shape => "shape",
            Self::Type => "type",
            Self::Key => "key",
            Self::Nan => "nan",
            Self::Infinity => "infinity",
            Self::Sign => "sign",
            Self::Order => "order",
            Self::Text => "text",
        }
    }
}

/// All mismatches of one kind at one path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// The kind of the mismatches.
    pub kind: MismatchKind,
    /// The place: a JSON pointer (RFC 6901) in which `*` stands for each element of an array.
    pub path: String,
    /// The indices of the first mismatch in the arrays on the path, from 0; `None` if there is no array. In free text, its
    /// line and column, from 1.
    pub index: Option<Vec<u64>>,
    /// The place of the first mismatch: the path with its indices, or its line and column.
    pub at: String,
    /// The value on the left, shortened; empty if there is none.
    pub left: String,
    /// The value on the right, shortened; empty if there is none.
    pub right: String,
    /// The number of mismatches.
    pub count: u64,
    /// The number of mismatches that are not within the tolerances; 0 when there are no tolerances.
    pub beyond_tolerance: u64,
    /// Whether the tolerances ignore this path.
    #[serde(skip)]
    pub(super) ignored: bool,
}

/// How far the numbers of one path are apart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PathDifference {
    /// A JSON pointer (RFC 6901) in which `*` stands for each element of an array. A path that ends in `/**` stands
    /// for everything below it, because there were too many paths to list.
    pub path: String,
    /// The type in which the numbers are measured: `f64`, `f32`, `f16`, `f80` of the x87, `integer`, or the type of an array's file,
    /// such as `i8`.
    #[serde(rename = "type")]
    pub number: &'static str,
    /// The number of pairs that were compared.
    pub compared: u64,
    /// The number of pairs that are not the same number.
    pub different: u64,
    /// The indices of the first different pair in the arrays on the path, from 0. In free text, its line and column, from 1.
    pub first_index: Option<Vec<u64>>,
    /// The first different pair, as it is written: left, right.
    pub first: Option<[String; 2]>,
    /// The largest distance in representable numbers, in decimal; `None` if no pair can be measured like this. NaN,
    /// infinities, integers and booleans cannot. Of `f80`, distances from 2^64 - 1 on are given as that number.
    pub ulp_max: Option<String>,
    /// The pair with this distance.
    pub ulp_at: Option<NumberPlace>,
    /// The largest `|a - b|`, as a double; infinite, and null in JSON, beyond its range.
    pub absolute_max: Option<f64>,
    /// The pair with this difference.
    pub absolute_at: Option<NumberPlace>,
    /// The largest `|a - b| / max(|a|, |b|)`, from 0 to 2.
    pub relative_max: Option<f64>,
    /// The pair with this difference.
    pub relative_at: Option<NumberPlace>,
    /// The number of pairs that differ only in the sign of zero.
    pub zero_signs: u64,
    /// The fewest leading bits (sign, exponent, significand) in common; `None` for integers.
    pub common_bits_min: Option<u32>,
    /// The number of different pairs by their distance, in powers of two. A range that is not listed has no pair.
    pub ulp_histogram: Vec<UlpCount>,
    /// The number of different pairs that are not within the tolerance of this path; 0 when the path is ignored or
    /// there are no tolerances.
    pub beyond_tolerance: u64,
}

/// One bar of a histogram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UlpCount {
    /// A distance or a range of them, both ends included: `0`, `1`, `2-3`, `4-7` and so on.
    pub ulp: String,
    /// The number of pairs with such a distance.
    pub values: u64,
}

/// A pair of numbers, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NumberPlace {
    /// The path, with the indices in arrays instead of `*`, or with its line and column.
    pub at: String,
    /// The indices in the arrays on the path, from 0; `None` if there is no array. In free text, its line and column, from 1.
    pub index: Option<Vec<u64>>,
    /// The number on the left, as it is written.
    pub left: String,
    /// The number on the right, as it is written.
    pub right: String,
}

/// The largest differences of some pairs of numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Furthest {
    /// The number of pairs that were compared.
    pub(super) compared: u64,
    /// The number of pairs that these differences are the largest of.
    pub(super) different: u64,
    pub(super) floats: Measures,
    /// The largest difference of integers.
    pub(super) integers: Option<Measure>,
    /// Whether all these integers are booleans.
    pub(super) booleans: bool,
    /// The largest difference relative to the scale of its data; infinite if a pair has no distance.
    pub(super) weight: f64,
}

/// The pairs of floats with the largest differences, one for each measure. One pair may be the largest in several.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Measures {
    pub(super) ulp: Option<Measure>,
    pub(super) absolute: Option<Measure>,
    pub(super) relative: Option<Measure>,
}

/// The distance of a pair of numbers, and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measure {
    pub(super) distance: Distance,
    pub(super) at: String,
}

impl Comparison {
    /// The paths at which anything differs that the tolerances do not ignore: mismatches first, each once. `None` if not all of
    /// them are known, as when the outputs were compared as bytes.
    #[must_use]
    pub fn differing_paths(&self) -> Option<Vec<&str>> {
        let listed: u64 = self.mismatches.iter().map(|mismatch| mismatch.count).sum();
        let different: u64 = self.paths.iter().map(|path| path.different).sum();
        let is_whole = listed == self.mismatches_total && different == self.values_different;
        if !is_whole || self.truncated.is_some() || self.format == OutputFormat::Bytes {
            return None;
        }
        let mut paths = Vec::new();
        let mismatches = self.mismatches.iter().filter(|mismatch| !mismatch.ignored);
        let numbers = self.paths.iter().filter(|path| path.different > 0);
        for path in mismatches.map(|mismatch| &*mismatch.path).chain(numbers.map(|path| &*path.path)) {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        Some(paths)
    }
}
