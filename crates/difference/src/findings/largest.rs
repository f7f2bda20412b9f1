use crate::comparison::{Furthest, Measure, Measures, NumberPlace, PathDifference};
use crate::float::Distance;
use crate::limits::ComparisonLimits;
use crate::paths::{Path, Paths};
use crate::spread::{Extreme, Pairs, Place, Spread};

/// Writes a place: a path, and the indices of a value.
type Placed = fn(&str, &[u64]) -> String;

/// The largest differences of these pairs on these paths. `scale` is the largest magnitude of all paths.
pub(super) fn furthest(
    paths: &Paths<'_>,
    spreads: &[(Path, &Spread<'_>)],
    scale: f64,
    placed: Placed,
    pairs: Pairs,
) -> Furthest {
    let known: Vec<_> =
        spreads.iter().filter_map(|(path, spread)| Some((*path, spread.largest(pairs)?))).collect();
    let floats = known.iter().map(|(path, largest)| (*path, &largest.floats));
    let integers = known.iter().map(|(path, largest)| (*path, largest.integers.absolute.as_ref()));
    let absolute = |one: &Distance, other: &Distance| one.absolute > other.absolute;
    let relative = floats.clone().map(|(path, floats)| (path, floats.relative.as_ref()));
    let relative = measure(paths, placed, relative, |one, other| one.relative > other.relative);
    let ulp = floats.clone().map(|(path, floats)| (path, floats.ulp()));
    let ulp = measure(paths, placed, ulp, |one, other| one.ulp > other.ulp);
    // Many pairs may have the largest distance in ulp. If the one with the largest relative difference is among them, it
    // is named for both.
    let same = |measure: &&Measure| ulp.as_ref().is_some_and(|ulp| ulp.distance.ulp == measure.distance.ulp);
    let ulp = relative.as_ref().filter(same).cloned().or(ulp);
    let counted = spreads.iter().filter(|(_, spread)| spread.count(pairs) > 0);
    Furthest {
        compared: spreads.iter().map(|(_, spread)| spread.compared).sum(),
        different: spreads.iter().map(|(_, spread)| spread.count(pairs)).sum(),
        floats: Measures {
            ulp,
            absolute: measure(
                paths,
                placed,
                floats.map(|(path, floats)| (path, floats.absolute.as_ref())),
                absolute,
            ),
            relative,
        },
        integers: measure(paths, placed, integers, absolute),
        booleans: counted.clone().all(|(_, spread)| spread.number == Some("bool")),
        weight: counted.map(|(_, spread)| spread.weight(scale)).fold(0.0, f64::max),
    }
}

/// The largest of the extremes; the first of equal ones.
fn measure<'e, 'a: 'e>(
    paths: &Paths<'_>,
    placed: Placed,
    extremes: impl Iterator<Item = (Path, Option<&'e Extreme<'a>>)>,
    larger: impl Fn(&Distance, &Distance) -> bool,
) -> Option<Measure> {
    let known = extremes.filter_map(|(path, extreme)| Some((path, extreme?)));
    let largest =
        known.reduce(|best, next| if larger(&next.1.distance, &best.1.distance) { next } else { best });
    let (path, Extreme { distance, place }) = largest?;
    Some(Measure { distance: *distance, at: placed(&paths.pointer(path), &place.index) })
}

/// How far the numbers of one path are apart.
pub(super) fn difference(
    paths: &Paths<'_>,
    path: Path,
    spread: &Spread<'_>,
    placed: Placed,
    limits: &ComparisonLimits,
) -> PathDifference {
    let chars_max = limits.text_chars_max;
    let pointer = paths.pointer(path);
    let listed = |index: &[u64]| Some(index.to_vec()).filter(|index| !index.is_empty());
    let place = |Extreme { place: Place { index, written }, .. }: &Extreme<'_>| {
        let [left, right] = written.shown(chars_max);
        NumberPlace { at: placed(&pointer, index), index: listed(index), left, right }
    };
    let largest = &spread.of_different;
    let (ulp, absolute, relative) = (largest.floats.ulp(), largest.absolute(), largest.relative());
    PathDifference {
        number: spread.number.unwrap_or("integer"),
        compared: spread.compared,
        different: spread.different,
        first_index: spread.first.as_ref().and_then(|first| listed(&first.index)),
        first: spread.first.as_ref().map(|first| first.written.shown(chars_max)),
        ulp_max: ulp.and_then(|extreme| extreme.distance.ulp).map(|ulp| ulp.to_string()),
        ulp_at: ulp.map(place),
        absolute_max: absolute.map(|extreme| extreme.distance.absolute),
        absolute_at: absolute.map(place),
        relative_max: relative.map(|extreme| extreme.distance.relative),
        relative_at: relative.map(place),
        zero_signs: spread.zero_signs,
        common_bits_min: spread.common_bits_min,
        ulp_histogram: spread.histogram(),
        beyond_tolerance: spread.beyond,
        path: pointer,
    }
}
