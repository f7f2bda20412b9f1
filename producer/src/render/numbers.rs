//! The numbers of a comparison, as a table of text.

use concord_difference::{Comparison, NumberPlace, PathDifference, unmatched_rules_sentence};

use super::lines::Lines;
use super::words::SHOWN_MAX;

/// The mismatches and the paths of a comparison.
pub(super) fn numbers(lines: &mut Lines, comparison: &Comparison) {
    for note in [&comparison.note, &comparison.assumed].into_iter().flatten() {
        lines.paragraph(2, note);
    }
    for mismatch in comparison.mismatches.iter().take(SHOWN_MAX) {
        let (left, right) = (shown(&mismatch.left), shown(&mismatch.right));
        let at = if mismatch.at.is_empty() { "the whole" } else { &mismatch.at };
        lines.paragraph(
            2,
            &format!("{} at {at}: {left} and {right} ({} x)", mismatch.kind.name(), mismatch.count),
        );
    }
    let differing: Vec<_> = comparison.paths.iter().filter(|path| path.different > 0).collect();
    if !differing.is_empty() {
        lines.line("  max ulp  max absolute  max relative  same bits  differ of       at");
    }
    for path in differing.iter().take(SHOWN_MAX) {
        row(lines, path);
        worst(lines, path);
        histogram(lines, path);
    }
    if differing.len() > SHOWN_MAX {
        lines.line(&format!("  … {} paths in all", comparison.paths_total));
    }
    if let Some(truncated) = &comparison.truncated {
        lines.paragraph(2, truncated);
    }
    if let Some(unmatched) = unmatched_rules_sentence(&comparison.unmatched_rules) {
        lines.paragraph(2, &unmatched);
    }
}

/// The largest differences of one path.
fn row(lines: &mut Lines, path: &PathDifference) {
    let float = |number: Option<f64>| number.map_or_else(|| "-".to_owned(), |number| format!("{number:.2e}"));
    lines.line(&format!(
        "  {:>7}  {:>12}  {:>12}  {:>9} {:>8} {:<8}{}",
        path.ulp_max.as_deref().unwrap_or("-"),
        float(path.absolute_max),
        float(path.relative_max),
        path.common_bits_min.map_or_else(|| "-".to_owned(), |bits| bits.to_string()),
        path.different,
        path.compared,
        if path.path.is_empty() { "/" } else { &path.path },
    ));
}

/// The two numbers with the largest difference in each measure. Numbers that have the largest in several measures are
/// shown once.
fn worst(lines: &mut Lines, path: &PathDifference) {
    let measures = [("ulp", &path.ulp_at), ("absolute", &path.absolute_at), ("relative", &path.relative_at)];
    let mut places: Vec<(&NumberPlace, Vec<&str>)> = Vec::new();
    for (name, place) in measures.into_iter().filter_map(|(name, place)| Some((name, place.as_ref()?))) {
        match places.iter_mut().find(|(known, _)| *known == place) {
            Some((_, names)) => names.push(name),
            None => places.push((place, vec![name])),
        }
    }
    let all = places.len() == 1;
    for (NumberPlace { at, left, right, .. }, names) in places {
        let names = if all { String::new() } else { format!("max {}, ", names.join(" and ")) };
        let at = if at.is_empty() { "/" } else { at };
        lines.paragraph(4, &format!("{names}at {at}: {left} and {right}"));
    }
}

/// How many numbers differ by how many ulp.
fn histogram(lines: &mut Lines, path: &PathDifference) {
    if path.ulp_histogram.is_empty() {
        return;
    }
    let bars: Vec<_> = path.ulp_histogram.iter().map(|bar| format!("{}: {}", bar.ulp, bar.values)).collect();
    lines.paragraph(4, &format!("numbers by ulp  {}", bars.join(", ")));
}

fn shown(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}
