use super::comparison::{Comparison, FurthestPair, Mismatch, MismatchKind, PathDifference};
use super::options::OutputFormat;
use super::shown::{grouped, placed, shown};

/// The largest number of characters of a statement.
pub(super) const STATEMENT_CHARS_MAX: usize = 160;

/// The largest number of characters of a path, or of a text, in a statement.
const PATH_CHARS_MAX: usize = 50;
const TEXT_CHARS_MAX: usize = 24;

impl Comparison {
    /// The difference in one sentence of at most 160 characters: first a difference without a size, then how far
    /// numbers are apart, with the path of the largest difference.
    #[must_use]
    pub fn statement(&self) -> String {
        let sentence = self.sentence();
        if sentence.chars().count() <= STATEMENT_CHARS_MAX {
            return sentence;
        }
        shown(sentence.as_bytes(), STATEMENT_CHARS_MAX - 1)
    }

    /// The largest distance between two numbers, on paths that no tolerance ignores, such as `2 ulp at /energy`.
    #[must_use]
    pub fn largest(&self) -> Option<String> {
        let place = self.largest.as_ref()?;
        Some(format!("{}{}", place.distance(), at(&place.at)))
    }

    /// Orders `self` and `other` by the largest distance in each. A comparison without numbers comes first.
    #[must_use]
    pub fn by_largest(&self, other: &Self) -> std::cmp::Ordering {
        let rank = |comparison: &Self| {
            let place = comparison.largest.as_ref();
            place.map(|place| (place.ulp, place.relative.to_bits(), place.absolute.to_bits()))
        };
        rank(self).cmp(&rank(other))
    }

    fn sentence(&self) -> String {
        if self.identical_bytes {
            return "the outputs are the same bytes".to_owned();
        }
        if self.format == OutputFormat::Bytes {
            return self.bytes_sentence();
        }
        let grave = self.mismatches.first().filter(|mismatch| mismatch.kind <= MismatchKind::Key);
        match (grave, self.values_different) {
            (Some(mismatch), 0) => mismatch_sentence(mismatch),
            (Some(mismatch), _) => format!("{}; {}", mismatch_sentence(mismatch), self.numbers_sentence()),
            (None, 0) => self.mismatches.first().map_or_else(|| self.spelling_sentence(), mismatch_sentence),
            (None, _) => self.numbers_sentence(),
        }
    }

    fn bytes_sentence(&self) -> String {
        let first = self.first_different_byte.unwrap_or_default();
        let [left, right] = self.bytes.map(grouped);
        let lengths =
            if left == right { String::new() } else { format!("; they are {left} and {right} bytes long") };
        let first = grouped(first);
        match self.values_different {
            0 => format!("one output goes on after byte {first}, where the other ends{lengths}"),
            different => format!(
                "{} of {} bytes differ, the first at byte {first}{lengths}",
                grouped(different),
                grouped(self.values_compared)
            ),
        }
    }

    fn numbers_sentence(&self) -> String {
        let (different, compared) = (grouped(self.values_different), grouped(self.values_compared));
        let verb = if self.values_different == 1 { "differs" } else { "differ" };
        let unmeasured = self
            .mismatches
            .iter()
            .find(|mismatch| matches!(mismatch.kind, MismatchKind::Nan | MismatchKind::Infinity));
        let worst = self.paths.iter().find(|path| path.different > 0);
        let how = match (unmeasured, worst, &self.furthest) {
            (Some(mismatch), ..) => {
                format!(", {} and {}{}", mismatch.left, mismatch.right, mismatch_place(mismatch))
            }
            (None, _, Some(place)) => {
                let relative = place.relative;
                format!(", by at most {} ({relative:.1e} relative){}", place.distance(), at(&place.at))
            }
            (None, Some(path), None) => first_words(path),
            (None, None, None) => String::new(),
        };
        format!("{different} of {compared} numbers {verb}{how}")
    }

    fn spelling_sentence(&self) -> String {
        let byte = grouped(self.first_different_byte.unwrap_or_default());
        format!("every value is the same; only the space between them differs, first at byte {byte}")
    }
}

impl FurthestPair {
    /// The distance in representable numbers; for integers, the difference. A long number is shortened.
    fn distance(&self) -> String {
        match self.ulp {
            Some(ulp) if !self.integer && ulp < 1_000_000_000 => format!("{} ulp", grouped(ulp)),
            Some(ulp) if !self.integer => format!("{} ulp", short(ulp)),
            _ if self.absolute < 1e15 => self.absolute.to_string(),
            _ => format!("{:.1e}", self.absolute),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn short(ulp: u64) -> String {
    format!("{:.1e}", ulp as f64)
}

fn mismatch_sentence(mismatch: &Mismatch) -> String {
    let place = mismatch_place(mismatch);
    let [left, right] = [&mismatch.left, &mismatch.right].map(|text| shown(text.as_bytes(), TEXT_CHARS_MAX));
    match mismatch.kind {
        MismatchKind::Key if left.is_empty() && right.is_empty() => {
            format!("the outputs differ in their keys{place}")
        }
        MismatchKind::Key if left.is_empty() => {
            format!("only the second output has something{place}: {right}")
        }
        MismatchKind::Key if right.is_empty() => {
            format!("only the first output has something{place}: {left}")
        }
        MismatchKind::Key => format!("the outputs have keys in another order{place}: {left} and {right}"),
        kind => format!("the outputs differ in {}{place}: {left} and {right}", kind.name()),
    }
}

/// ` at ` and the path of the first mismatch.
fn mismatch_place(mismatch: &Mismatch) -> String {
    at(&placed(&mismatch.path, mismatch.index.as_deref().unwrap_or_default()))
}

/// `, `, the first pair of numbers, and its path.
fn first_words(path: &PathDifference) -> String {
    let Some([left, right]) = &path.first else { return String::new() };
    let index = path.first_index.as_deref().unwrap_or_default();
    format!(", {left} and {right}{}", at(&placed(&path.path, index)))
}

/// ` at ` and a path; nothing for the path of the whole output.
fn at(path: &str) -> String {
    if path.is_empty() {
        return String::new();
    }
    let chars = path.chars().count();
    if chars <= PATH_CHARS_MAX {
        return format!(" at {path}");
    }
    // The end of a path says more than its start.
    let end: String = path.chars().skip(chars - PATH_CHARS_MAX + 1).collect();
    format!(" at …{end}")
}
