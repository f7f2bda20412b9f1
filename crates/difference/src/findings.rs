use std::cmp::Ordering;

use super::comparison::{Comparison, Mismatch, MismatchKind};
use super::float::Float;
use super::limits::ComparisonLimits;
use super::number::{NumberPair, Written};
use super::options::{Options, OutputFormat};
use super::paths::{Path, Paths};
use super::shown::{placed, placed_in_lines};
use super::singles::may_be_single;
use super::spread::{Pairs, Place, Spread};
use super::tolerance::Allowance;
use largest::{difference, furthest};

mod largest;

/// What the comparison of two outputs has found so far.
pub(super) struct Findings<'o> {
    pub(super) paths: Paths<'o>,
    pub(super) limits: &'o ComparisonLimits,
    /// The type in which floats that are written in decimal are measured.
    pub(super) decimal: Float,
    /// Whether the indices of a place are a line and a column, from 1.
    pub(super) places_are_lines: bool,
    /// Whether every pair of different floats may have been written from singles, if they are measured so.
    pub(super) may_be_singles: bool,
    judged: bool,
    mismatches: Vec<(Path, Mismatch)>,
    mismatches_total: u64,
    /// The number of mismatches that no tolerance allows.
    beyond: u64,
    truncated: Option<String>,
}

impl<'o> Findings<'o> {
    pub(super) fn new(options: &'o Options) -> Self {
        Self {
            paths: Paths::new(options.tolerances.as_ref(), &options.limits),
            limits: &options.limits,
            decimal: if options.format == OutputFormat::F32Text { Float::F32 } else { Float::F64 },
            places_are_lines: false,
            may_be_singles: true,
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

    /// Takes note of the digits of two floats, if they are measured as singles.
    pub(super) fn read_digits(&mut self, numbers: [&[u8]; 2]) {
        if self.decimal == Float::F32 {
            self.may_be_singles &= numbers.iter().all(|number| may_be_single(number));
        }
    }

    /// Adds a pair of numbers that are not the same.
    pub(super) fn different(
        &mut self,
        path: Path,
        number: &'static str,
        pair: &NumberPair<'_>,
        index: impl Fn() -> Vec<u64>,
        written: Written<'o>,
    ) {
        let (kind, distance) = pair.relation();
        let allowed = match self.paths.allowance(path) {
            Allowance::Ignore => true,
            Allowance::Exact => false,
            Allowance::Within(bounds) => {
                distance.map_or_else(|| pair.both_nan(), |distance| bounds.hold(&distance))
            }
        };
        if let Some(kind) = kind {
            let chars_max = self.limits.text_chars_max;
            self.record(path, kind, allowed, &index, || written.shown(chars_max));
        }
        let beyond = self.judged && !allowed;
        let place = || Place { index: index(), written };
        let spread = self.paths.spread(path);
        spread.compare(number, 1);
        spread.different += 1;
        spread.beyond += u64::from(beyond);
        if spread.first.is_none() {
            spread.first = Some(place());
        }
        if let Some(distance) = distance {
            spread.measure(&distance, beyond, place);
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
        let allowed = self.paths.allowance(path) == Allowance::Ignore;
        self.beyond += u64::from(!allowed);
        self.record(path, kind, allowed, || index.to_vec(), texts);
    }

    /// Adds one number or text that is written in two ways. It is reported, but every tolerance allows it.
    pub(super) fn spelling(&mut self, path: Path, index: &[u64], texts: impl Fn() -> [String; 2]) {
        self.record(path, MismatchKind::Text, true, || index.to_vec(), texts);
    }

    /// Adds an integer and a float of the same value. Every bound of a tolerance allows it.
    pub(super) fn retyped(&mut self, path: Path, index: &[u64], texts: impl Fn() -> [String; 2]) {
        let allowed = self.paths.allowance(path) != Allowance::Exact;
        self.beyond += u64::from(!allowed);
        self.record(path, MismatchKind::Type, allowed, || index.to_vec(), texts);
    }

    /// Adds the first keys that are in another order.
    pub(super) fn reordered(&mut self, path: Path, index: &[u64], texts: impl Fn() -> [String; 2]) {
        let allowed = self.paths.allowance(path) == Allowance::Ignore || self.paths.allows_any_order(path);
        self.beyond += u64::from(!allowed);
        self.record(path, MismatchKind::Order, allowed, || index.to_vec(), texts);
    }

    fn record(
        &mut self,
        path: Path,
        kind: MismatchKind,
        allowed: bool,
        index: impl Fn() -> Vec<u64>,
        texts: impl Fn() -> [String; 2],
    ) {
        self.mismatches_total += 1;
        let placed = self.placed();
        let beyond_tolerance = u64::from(self.judged && !allowed);
        let (mut of_kind, mut allowed_place) = (0, None);
        for (place, (of, known)) in self.mismatches.iter_mut().enumerate() {
            if known.kind == kind {
                if *of == path {
                    known.count += 1;
                    // The values that break the tolerance are shown, not those within it.
                    if beyond_tolerance > 0 && known.beyond_tolerance == 0 {
                        [known.left, known.right] = texts();
                        known.at = placed(&known.path, &index());
                        known.index = Some(index()).filter(|index| !index.is_empty());
                    }
                    known.beyond_tolerance += beyond_tolerance;
                    return;
                }
                of_kind += 1;
                if known.beyond_tolerance == 0 {
                    allowed_place = Some(place);
                }
            }
        }
        if of_kind >= self.limits.mismatches_listed_max {
            match allowed_place {
                Some(place) if beyond_tolerance > 0 => drop(self.mismatches.remove(place)),
                _ => return,
            }
        }
        let [left, right] = texts();
        let pointer = self.paths.pointer(path);
        let mismatch = Mismatch {
            kind,
            at: placed(&pointer, &index()),
            path: pointer,
            index: Some(index()).filter(|index| !index.is_empty()),
            left,
            right,
            count: 1,
            beyond_tolerance,
            ignored: self.paths.allowance(path) == Allowance::Ignore,
        };
        self.mismatches.push((path, mismatch));
    }

    /// How places are written.
    fn placed(&self) -> fn(&str, &[u64]) -> String {
        if self.places_are_lines { placed_in_lines } else { placed }
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
        let scale = spreads.iter().map(|(_, spread)| spread.scale).fold(0.0, f64::max);
        spreads.sort_by(|(_, one), (_, other)| worse(one, other, scale));
        let beyond = self.beyond + spreads.iter().map(|(_, spread)| spread.beyond).sum::<u64>();
        let different: u64 = spreads.iter().map(|(_, spread)| spread.different).sum();
        // Values that were counted together may have had different tolerances, so they are equivalent only if nothing
        // differs.
        let complete = self.truncated.is_none() || different + self.mismatches_total == 0;
        self.mismatches.sort_by_key(|(_, mismatch)| mismatch.kind);
        let counted: Vec<_> = spreads
            .iter()
            .filter(|(path, _)| self.paths.allowance(*path) != Allowance::Ignore)
            .copied()
            .collect();
        let placed = self.placed();
        let of_path = |(path, spread): &(Path, &Spread<'o>)| {
            difference(&self.paths, *path, spread, placed, self.limits)
        };
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
            furthest: furthest(&self.paths, &counted, scale, placed, Pairs::Different),
            beyond: furthest(&self.paths, &counted, scale, placed, Pairs::Beyond),
            assumed: None,
            may_be_singles: self.may_be_singles,
            names_absolute: self.paths.names_absolute(),
            unmatched_rules: self.paths.unmatched_rules(),
            paths: spreads.iter().take(self.limits.paths_listed_max).map(of_path).collect(),
            truncated: self.truncated,
            equivalent: self.judged.then_some(beyond == 0 && complete),
        }
    }
}

/// Orders two paths, the worse one first: by whether pairs are beyond the tolerance, by whether any differ, then by weight,
/// then by the number of different pairs.
fn worse(one: &Spread<'_>, other: &Spread<'_>, scale: f64) -> Ordering {
    let beyond = (other.beyond > 0).cmp(&(one.beyond > 0));
    beyond
        .then((other.different > 0).cmp(&(one.different > 0)))
        .then(other.weight(scale).total_cmp(&one.weight(scale)))
        .then(other.different.cmp(&one.different))
}
