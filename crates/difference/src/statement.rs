use super::comparison::{Comparison, Furthest, Mismatch, MismatchKind};
use super::options::OutputFormat;
use super::shown::{grouped, shown};
use measures::{PATH_CHARS_MAX, absolute_words, at, cut, exceeding, float_words, some_at};

mod measures;

/// The largest number of characters of a statement.
pub(super) const STATEMENT_CHARS_MAX: usize = 160;

/// The largest number of characters of a sentence before it is cut to a statement. No sentence is as long.
const SENTENCE_CHARS_MAX: usize = 1 << 20;

/// The largest number of characters of a text in a statement.
const TEXT_CHARS_MAX: usize = 24;

impl Comparison {
    /// The difference in one sentence of at most 160 characters: first a difference without a size, then how far
    /// numbers are apart, with the place of the largest difference in each measure. Where the tolerances ignore a path
    /// it is left out. If the outputs are not equivalent, only differences beyond the tolerances count.
    #[must_use]
    pub fn statement(&self) -> String {
        // The name of a column or of an array may hold control characters.
        let sentence = shown(self.sentence().as_bytes(), SENTENCE_CHARS_MAX);
        if sentence.chars().count() <= STATEMENT_CHARS_MAX {
            return sentence;
        }
        sentence.chars().take(STATEMENT_CHARS_MAX - 1).chain(['…']).collect()
    }

    /// The largest difference, such as `2 ulp (1.5e-16 relative) at /energy`, on paths that no tolerance ignores. If the
    /// outputs are not within the tolerances: what is beyond them, such as `infinity at /energy (1.0 and inf)`.
    #[must_use]
    pub fn largest(&self) -> Option<String> {
        let reason = self
            .counted_mismatches()
            .find(|mismatch| self.equivalent == Some(false) && mismatch.kind != MismatchKind::Sign);
        let numbers = self.numbers();
        let floats = float_words(&numbers.floats, self.names_absolute);
        let integers = numbers
            .integers
            .as_ref()
            .map(|measure| format!("{}{}", absolute_words(measure.distance.absolute), at(&measure.at)));
        reason
            .map(reason_words)
            .or(floats)
            .or(integers)
            .or_else(|| self.truncated.clone().filter(|_| self.equivalent == Some(false)))
    }

    /// The distances of `others` that are larger than the largest of this comparison, such as `5 ulp`.
    #[must_use]
    pub fn exceeded_by(&self, others: &[&Self]) -> Option<String> {
        let others = others.iter().map(|other| &other.numbers().floats);
        let larger = exceeding(&self.numbers().floats, others);
        (!larger.is_empty()).then(|| larger.join(" and "))
    }

    /// Orders `self` and `other` by how much they matter: first whether they are within the tolerances, then whether
    /// something has no size, then the largest difference relative to the scale of its data.
    #[must_use]
    pub fn by_largest(&self, other: &Self) -> std::cmp::Ordering {
        let grave = |comparison: &Self| {
            let mut kinds = comparison.counted_mismatches().map(|mismatch| mismatch.kind);
            let is_read = comparison.format != OutputFormat::Bytes || comparison.identical_bytes;
            !is_read || kinds.any(|kind| kind <= MismatchKind::Infinity)
        };
        let rank = |comparison: &Self| (comparison.equivalent == Some(false), grave(comparison));
        let weights = [self, other].map(|comparison| comparison.numbers().weight);
        rank(self).cmp(&rank(other)).then(weights[0].total_cmp(&weights[1]))
    }

    /// Whether the outputs are not equivalent because of something that is beyond the tolerances.
    fn breaks_tolerances(&self) -> bool {
        let mismatched = self.mismatches.iter().any(|mismatch| mismatch.beyond_tolerance > 0);
        self.equivalent == Some(false) && (mismatched || self.beyond.different > 0)
    }

    /// The numbers that a statement speaks of.
    fn numbers(&self) -> &Furthest {
        if self.breaks_tolerances() { &self.beyond } else { &self.furthest }
    }

    /// The mismatches that a statement speaks of, the gravest first.
    fn counted_mismatches(&self) -> impl Iterator<Item = &Mismatch> {
        let breaks = self.breaks_tolerances();
        self.mismatches.iter().filter(
            move |mismatch| {
                if breaks { mismatch.beyond_tolerance > 0 } else { !mismatch.ignored }
            },
        )
    }

    fn sentence(&self) -> String {
        if self.identical_bytes {
            return "the outputs are the same bytes".to_owned();
        }
        if self.format == OutputFormat::Bytes {
            return self.bytes_sentence();
        }
        let mut mismatches = self.counted_mismatches().peekable();
        let grave = mismatches.peek().filter(|mismatch| mismatch.kind <= MismatchKind::Key);
        match (grave, self.numbers().different) {
            (Some(mismatch), 0) => mismatch_sentence(mismatch),
            (Some(mismatch), _) => format!("{}; {}", mismatch_sentence(mismatch), self.numbers_sentence()),
            (None, 0) => mismatches.next().map_or_else(|| self.same_values_sentence(), mismatch_sentence),
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
        let numbers = self.numbers();
        let unmeasured = self
            .counted_mismatches()
            .find(|mismatch| matches!(mismatch.kind, MismatchKind::Nan | MismatchKind::Infinity));
        if let (None, Some(sentence)) = (unmeasured, self.special_sentence()) {
            return sentence;
        }
        let how = match (unmeasured, self.largest_numbers()) {
            (Some(mismatch), others) => {
                let [left, right] = [&mismatch.left, &mismatch.right];
                let others =
                    others.map_or_else(String::new, |largest| format!("; others by at most {largest}"));
                format!(", {left} and {right}{}{others}", at(&mismatch.at))
            }
            (None, Some(largest)) => format!(", by at most {largest}"),
            (None, None) => String::new(),
        };
        let (different, compared) = (grouped(numbers.different), grouped(numbers.compared));
        let verb = if numbers.different == 1 { "differs" } else { "differ" };
        format!("{different} of {compared} numbers {verb}{}{how}", self.beyond_words())
    }

    /// The sentence for numbers that have no distance in ulp: zeros of another sign, or one integer.
    fn special_sentence(&self) -> Option<String> {
        let Furthest { different, floats, integers, booleans, .. } = self.numbers();
        let beyond = self.beyond_words();
        match (&floats.ulp, integers) {
            (Some(ulp), None) if ulp.distance.ulp == Some(0) => {
                let times = if *different == 1 {
                    "once".to_owned()
                } else {
                    format!("{} times", grouped(*different))
                };
                let place = some_at(&ulp.at, if *different == 1 { "at" } else { "first at" });
                Some(format!("the outputs differ only in the sign of zero, {times}{place}{beyond}"))
            }
            (None, Some(measure)) if *different == 1 => {
                let place = if measure.at.is_empty() { "the output" } else { &measure.at };
                let place = cut(place, 2 * PATH_CHARS_MAX);
                Some(if *booleans {
                    format!("{place} differs (a boolean){beyond}")
                } else {
                    format!(
                        "{place} differs by {} (an integer){beyond}",
                        absolute_words(measure.distance.absolute)
                    )
                })
            }
            _ => None,
        }
    }

    /// The largest differences of floats in each measure, then of integers.
    fn largest_numbers(&self) -> Option<String> {
        let Furthest { floats, integers, booleans, .. } = self.numbers();
        let noun = if *booleans { "booleans" } else { "integers" };
        let integers = integers.as_ref();
        match (float_words(floats, self.names_absolute), integers) {
            (Some(floats), Some(measure)) => {
                let size = absolute_words(measure.distance.absolute);
                Some(format!("{floats}; integers by at most {size}{}", at(&measure.at)))
            }
            (None, Some(measure)) => {
                Some(format!("{}{} ({noun})", absolute_words(measure.distance.absolute), at(&measure.at)))
            }
            (floats, None) => floats,
        }
    }

    fn beyond_words(&self) -> &'static str {
        if self.breaks_tolerances() { " beyond the tolerances" } else { "" }
    }

    fn same_values_sentence(&self) -> String {
        if self.values_different + self.mismatches_total > 0 {
            return "the outputs differ only where the tolerances ignore it".to_owned();
        }
        let byte = grouped(self.first_different_byte.unwrap_or_default());
        format!("every value is the same; only the space between them differs, first at byte {byte}")
    }
}

/// A mismatch as a reason: its kind, its place and the two values.
fn reason_words(mismatch: &Mismatch) -> String {
    let place = at(&mismatch.at);
    let [left, right] = [&mismatch.left, &mismatch.right].map(|text| shown(text.as_bytes(), TEXT_CHARS_MAX));
    match mismatch.kind {
        MismatchKind::Order => format!("the order of keys{place} ({left} and {right})"),
        MismatchKind::Key if left.is_empty() => format!("a key{place} that only the second output has"),
        MismatchKind::Key if right.is_empty() => format!("a key{place} that only the first output has"),
        kind => format!("{}{place} ({left} and {right})", kind.name()),
    }
}

fn mismatch_sentence(mismatch: &Mismatch) -> String {
    let place = at(&mismatch.at);
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
        MismatchKind::Order => format!("the outputs have keys in another order{place}: {left} and {right}"),
        kind => format!("the outputs differ in {}{place}: {left} and {right}", kind.name()),
    }
}
