use crate::comparison::Measures;
use crate::shown::grouped;

/// The largest number of characters of a path in a statement, and of one of several paths.
pub(super) const PATH_CHARS_MAX: usize = 50;
const SHORT_PATH_CHARS_MAX: usize = 24;

/// From this relative difference on, numbers have hardly a digit in common, or meet around zero. Then the relative
/// difference says little, so the largest absolute one is named beside it.
const RELATIVE_TELLING_MAX: f64 = 0.1;

/// The largest differences of floats: `2 ulp (1.5e-7 relative) at /106` if one pair has both, otherwise each with its
/// place: `2 ulp (at /106) and 1.8e-7 relative (at /13531)`.
pub(super) fn float_words(measures: &Measures, names_absolute: bool) -> Option<String> {
    let Measures { ulp: Some(ulp), absolute: Some(absolute), relative: Some(relative) } = measures else {
        return None;
    };
    let ulp_max = ulp.distance.ulp.unwrap_or_default();
    let [absolute_max, relative_max] = [absolute.distance.absolute, relative.distance.relative];
    if ulp_max == 0 {
        return Some(format!("the sign of zero{}", at(&ulp.at)));
    }
    let names_absolute =
        names_absolute || relative_max >= RELATIVE_TELLING_MAX && relative.distance.absolute < absolute_max;
    let mut named = vec![(format!("{} ulp", ulp_words(ulp_max)), &ulp.at)];
    named.push((relative_words(relative_max), &relative.at));
    if names_absolute {
        // The pair with the largest relative difference may have the largest absolute one too.
        let pair = if relative.distance.absolute >= absolute_max { relative } else { absolute };
        named.insert(0, (format!("{} absolute", absolute_words(absolute_max)), &pair.at));
    }
    let first = named[0].1;
    if named.iter().all(|(_, at)| *at == first) {
        let sizes: Vec<_> = named.iter().map(|(size, _)| size.clone()).collect();
        return Some(format!("{} ({}){}", sizes[0], sizes[1..].join(", "), at(first)));
    }
    let places = by_place(&named);
    // With three sizes, a semicolon says which of them a place belongs to.
    Some(if named.len() == 2 { places.join(" and ") } else { places.join("; ") })
}

/// The differences of each place, with the place.
fn by_place(named: &[(String, &String)]) -> Vec<String> {
    let mut places: Vec<(&String, Vec<String>)> = Vec::new();
    for (size, at) in named {
        match places.iter_mut().find(|(place, _)| place == at) {
            Some((_, sizes)) => sizes.push(size.clone()),
            None => places.push((at, vec![size.clone()])),
        }
    }
    let told = places
        .iter()
        .map(|(place, sizes)| format!("{} (at {})", sizes.join(" and "), cut(place, SHORT_PATH_CHARS_MAX)));
    told.collect()
}

/// For each measure in which one of `others` has a larger distance than `measures`: the largest of these distances.
pub(super) fn exceeding<'m>(
    measures: &Measures,
    others: impl Iterator<Item = &'m Measures> + Clone,
) -> Vec<String> {
    let ulp = |measures: &Measures| measures.ulp.as_ref().and_then(|measure| measure.distance.ulp);
    let relative = |measures: &Measures| measures.relative.as_ref().map(|measure| measure.distance.relative);
    let ulp_max = others.clone().filter_map(ulp).max().filter(|largest| ulp(measures) < Some(*largest));
    let relative_max = others.filter_map(relative).max_by(f64::total_cmp);
    let relative_max = relative_max.filter(|largest| relative(measures) < Some(*largest));
    [ulp_max.map(|ulp| format!("{} ulp", ulp_words(ulp))), relative_max.map(relative_words)]
        .into_iter()
        .flatten()
        .collect()
}

fn relative_words(relative: f64) -> String {
    format!("{relative:.1e} relative")
}

/// A distance in ulp. A long number is shortened.
#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn ulp_words(ulp: u64) -> String {
    if ulp < 1_000_000_000 { grouped(ulp) } else { format!("{:.1e}", ulp as f64) }
}

/// An absolute difference: exact if it is short or whole, otherwise two digits.
pub(super) fn absolute_words(absolute: f64) -> String {
    let exact = absolute.to_string();
    if exact.len() <= 6 || absolute.fract() == 0.0 && absolute < 1e15 {
        exact
    } else {
        format!("{absolute:.1e}")
    }
}

/// ` at ` and a path; nothing for the path of the whole output.
pub(super) fn at(path: &str) -> String {
    some_at(path, "at").trim_start_matches(',').to_owned()
}

/// `, `, some words and a path; nothing for the path of the whole output.
pub(super) fn some_at(path: &str, words: &str) -> String {
    if path.is_empty() { String::new() } else { format!(", {words} {}", cut(path, PATH_CHARS_MAX)) }
}

/// A path of at most `chars_max` characters. The end of a path says more than its start.
pub(super) fn cut(path: &str, chars_max: usize) -> String {
    let chars = path.chars().count();
    if chars <= chars_max {
        return path.to_owned();
    }
    let end: String = path.chars().skip(chars - chars_max + 1).collect();
    format!("…{end}")
}
