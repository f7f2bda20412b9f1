use crate::float::Distance;

/// A tolerance for the paths that match a pattern.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    /// The text that it was parsed from.
    pub(super) text: String,
    pub(super) segments: Vec<KeyPattern>,
    /// Whether the rule also holds for every path below.
    pub(super) below: bool,
    /// `None` if the rule says only that keys may be in any order.
    pub(super) allowance: Option<Allowance>,
    /// Whether the keys of an object, or the columns of a table, may be in any order.
    pub(super) any_order: bool,
}

/// A segment of a rule's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyPattern {
    Any,
    Key(Vec<u8>),
}

/// A segment of the path of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathStep<'a> {
    /// Any element of an array, or any key beyond the bound.
    Each,
    Key(&'a [u8]),
}

/// The tolerance of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Allowance {
    /// The same bits.
    Exact,
    Within(Bounds),
    Ignore,
}

/// The given bounds, at least one. One bound that holds is enough.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bounds {
    pub(super) ulp: Option<u64>,
    pub(super) absolute: Option<f64>,
    pub(super) relative: Option<f64>,
}

impl Rule {
    pub(super) fn fits(&self, path: &[PathStep<'_>]) -> bool {
        let length_fits =
            if self.below { path.len() >= self.segments.len() } else { path.len() == self.segments.len() };
        length_fits
            && self.segments.iter().zip(path).all(|(segment, step)| match (segment, step) {
                (KeyPattern::Any, _) => true,
                (KeyPattern::Key(key), PathStep::Key(name)) => key == name,
                (KeyPattern::Key(_), PathStep::Each) => false,
            })
    }

    /// Whether two rules say something about the same thing.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        let same_place = self.segments == other.segments && self.below == other.below;
        let both_allow = self.allowance.is_some() && other.allowance.is_some();
        same_place && (both_allow || self.any_order && other.any_order)
    }

    pub(super) fn rank(&self) -> (usize, bool, usize) {
        let named = self.segments.iter().filter(|segment| matches!(segment, KeyPattern::Key(_))).count();
        (self.segments.len(), !self.below, named)
    }
}

impl Bounds {
    /// Whether one of the bounds holds.
    pub(crate) fn hold(&self, distance: &Distance) -> bool {
        let ulp = self.ulp.zip(distance.ulp).is_some_and(|(bound, ulp)| ulp <= bound);
        let absolute = self.absolute.is_some_and(|bound| distance.absolute <= bound);
        let relative = self.relative.is_some_and(|bound| distance.relative <= bound);
        ulp || absolute || relative
    }
}
