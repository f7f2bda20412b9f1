use std::cmp::Ordering;

use super::comparison::{Comparison, FurthestPair, Mismatch, MismatchKind, PathDifference};
use super::float::{Distance, Float};
use super::integer;
use super::limits::ComparisonLimits;
use super::options::{Options, OutputFormat};
use super::paths::{Path, Paths};
use super::shown::placed;
use super::spread::{First, Spread, by_distance};
use super::tolerance::Allowance;

/// What the comparison of two outputs has found so far.
pub(super) struct Findings<'o> {
    pub(super) paths: Paths<'o>,
    pub(super) limits: &'o ComparisonLimits,
    judged: bool,
    mismatches: Vec<(Path, Mismatch)>,
    mismatches_total: u64,
    /// The number of mismatches that no tolerance allows.
    beyond: u64,
    truncated: Option<String>,
}

/// Two numbers of one type that differ.
pub(super) enum NumberPair<'n> {
    /// Bits of a float.
    Float(Float, [u64; 2]),
    /// Integers in decimal.
    Integers([&'n [u8]; 2]),
    /// Integers.
    Small([i128; 2]),
}

impl<'o> Findings<'o> {
    pub(super) fn new(options: &'o Options) -> Self {
        Self {
            paths: Paths::new(options.tolerances.as_ref(), &options.limits),
            limits: &options.limits,
            judged: options.tolerances.is_some(),
            mismatches: Vec::new(),
            mismatches_total: 0,
            beyond: 0,
            truncated: None,
        }
    }

    /// Counts pairs of numbers that are the same.
    pub(super) fn same(&mut self, path: Path, number: &'static str, count: u64) {
        self.paths.spread(path).compare(number, count);
    }

    /// Adds a pair of numbers that are not the same; `texts` shows them.
    pub(super) fn different(
        &mut self,
        path: Path,
        number: &'static str,
        pair: &NumberPair<'_>,
        index: impl Fn() -> Vec<u64>,
        texts: impl Fn() -> [String; 2],
    ) {
        let (kind, distance) = pair.relation();
        if let Some(kind) = kind {
            self.record(path, kind, &index, &texts);
        }
        let allowed = match self.paths.allowance(path) {
            Allowance::Ignore => true,
            Allowance::Exact => false,
            Allowance::Within(bounds) => {
                distance.map_or_else(|| pair.both_nan(), |distance| bounds.hold(&distance))
            }
        };
        let judged = self.judged;
        let spread = self.paths.spread(path);
        spread.compare(number, 1);
        spread.different += 1;
        spread.beyond += u64::from(judged && !allowed);
        if spread.first.is_none() {
            spread.first = Some(First { index: index(), texts: texts() });
        }
        if let Some(distance) = distance {
            spread.measure(&distance, index);
        }
    }

    /// Adds a difference that has no size.
    pub(super) fn mismatch(
        &mut self,
        path: Path,
        kind: MismatchKind,
        index: &[u64],
        texts: impl Fn() -> [String; 2],
    ) {
        self.beyond += u64::from(self.paths.allowance(path) != Allowance::Ignore);
        self.record(path, kind, || index.to_vec(), texts);
    }

    /// Adds one number or text that is written in two ways. It is reported, but every tolerance allows it.
    pub(super) fn spelling(&mut self, path: Path, index: &[u64], texts: impl Fn() -> [String; 2]) {
        self.record(path, MismatchKind::Text, || index.to_vec(), texts);
    }

    fn record(
        &mut self,
        path: Path,
        kind: MismatchKind,
        index: impl Fn() -> Vec<u64>,
        texts: impl Fn() -> [String; 2],
    ) {
        self.mismatches_total += 1;
        let mut of_kind = 0;
        for (place, known) in &mut self.mismatches {
            if known.kind == kind {
                if *place == path {
                    known.count += 1;
                    return;
                }
                of_kind += 1;
            }
        }
        if of_kind < self.limits.mismatches_listed_max {
            let [left, right] = texts();
            let index = Some(index()).filter(|index| !index.is_empty());
            let path_text = self.paths.pointer(path);
            self.mismatches.push((path, Mismatch { kind, path: path_text, index, left, right, count: 1 }));
        }
    }

    /// Records why something is left out; only the first reason is kept. Something that is left out never counts as
    /// equivalent.
    pub(super) fn truncate(&mut self, why: String) {
        self.truncated.get_or_insert(why);
    }

    /// The comparison, without the fields about bytes.
    pub(super) fn finish(mut self, format: OutputFormat) -> Comparison {
        if self.paths.full {
            let most = self.limits.paths_max;
            self.truncate(format!("more than {most} paths: the rest is counted together"));
        }
        let mut spreads: Vec<_> = self.paths.spreads().collect();
        spreads.sort_by(|(_, one), (_, other)| worse(one, other));
        let beyond = self.beyond + spreads.iter().map(|(_, spread)| spread.beyond).sum::<u64>();
        let different: u64 = spreads.iter().map(|(_, spread)| spread.different).sum();
        // Values that were counted together may have had different tolerances, so they are equivalent only if nothing
        // differs.
        let complete = self.truncated.is_none() || different + self.mismatches_total == 0;
        self.mismatches.sort_by_key(|(_, mismatch)| mismatch.kind);
        Comparison {
            format,
            note: None,
            identical_bytes: false,
            bytes: [0; 2],
            first_different_byte: None,
            values_compared: spreads.iter().map(|(_, spread)| spread.compared).sum(),
            values_different: different,
            mismatches: self.mismatches.into_iter().map(|(_, mismatch)| mismatch).collect(),
            mismatches_total: self.mismatches_total,
            paths_total: spreads.len() as u64,
            furthest: furthest(&self.paths, &spreads, |_| true),
            largest: furthest(&self.paths, &spreads, |path| self.paths.allowance(path) != Allowance::Ignore),
            paths: spreads
                .into_iter()
                .take(self.limits.paths_listed_max)
                .map(|(path, spread)| difference(&self.paths, path, spread))
                .collect(),
            truncated: self.truncated,
            equivalent: self.judged.then_some(beyond == 0 && complete),
        }
    }
}

impl NumberPair<'_> {
    /// The kind of mismatch, if the pair is one, and the distance, if both numbers are finite.
    fn relation(&self) -> (Option<MismatchKind>, Option<Distance>) {
        match *self {
            Self::Float(float, [left, right]) => {
                let either = |is: &dyn Fn(u64) -> bool| is(left) || is(right);
                if either(&|bits| float.is_nan(bits)) {
                    return (Some(MismatchKind::Nan), None);
                }
                if either(&|bits| float.is_infinite(bits)) {
                    return (Some(MismatchKind::Infinity), None);
                }
                let signs = float.is_negative(left) != float.is_negative(right);
                (signs.then_some(MismatchKind::Sign), Some(float.distance(left, right)))
            }
            Self::Integers([left, right]) => (None, Some(integer::distance(left, right))),
            Self::Small([left, right]) => (None, Some(integer::small_distance(left, right))),
        }
    }

    fn both_nan(&self) -> bool {
        matches!(*self, Self::Float(float, [left, right]) if float.is_nan(left) && float.is_nan(right))
    }
}

/// Orders two paths, the worse one first: by the number of pairs beyond the tolerance, then by distance, then by the
/// number of different pairs.
fn worse(one: &Spread, other: &Spread) -> Ordering {
    let distance = match (&one.furthest, &other.furthest) {
        (Some((one, _)), Some((other, _))) => by_distance(other, one),
        (one, other) => other.is_some().cmp(&one.is_some()),
    };
    let beyond = (other.beyond > 0).cmp(&(one.beyond > 0));
    beyond
        .then((other.different > 0).cmp(&(one.different > 0)))
        .then(distance)
        .then(other.different.cmp(&one.different))
}

fn furthest(
    paths: &Paths<'_>,
    spreads: &[(Path, &Spread)],
    counts: impl Fn(Path) -> bool,
) -> Option<FurthestPair> {
    let measured = spreads.iter().filter(|(path, spread)| spread.furthest.is_some() && counts(*path));
    let (path, spread) = measured
        .max_by(|(_, one), (_, other)| match (&one.furthest, &other.furthest) {
            (Some((one, _)), Some((other, _))) => by_distance(one, other),
            _ => Ordering::Equal,
        })
        .copied()?;
    let (Distance { ulp, absolute, relative, .. }, index) = spread.furthest.as_ref()?;
    let (ulp, absolute, relative) = (*ulp, *absolute, *relative);
    let integer = spread.number.is_some_and(|number| !number.starts_with('f'));
    Some(FurthestPair { integer, ulp, absolute, relative, at: placed(&paths.pointer(path), index) })
}

fn difference(paths: &Paths<'_>, path: Path, spread: &Spread) -> PathDifference {
    PathDifference {
        path: paths.pointer(path),
        number: spread.number.unwrap_or("integer"),
        compared: spread.compared,
        different: spread.different,
        first_index: spread.first.as_ref().map(|first| first.index.clone()).filter(|index| !index.is_empty()),
        first: spread.first.as_ref().map(|first| first.texts.clone()),
        ulp_max: spread.ulp_max.map(|ulp| ulp.to_string()),
        absolute_max: spread.absolute_max,
        relative_max: spread.relative_max,
        common_bits_min: spread.common_bits_min,
        ulp_histogram: spread.histogram(),
        beyond_tolerance: spread.beyond,
    }
}
