//! The numbers of a comparison, as a table of text.

use concord_difference::Comparison;

use super::lines::Lines;
use super::words::SHOWN_MAX;

/// The mismatches and the paths of a comparison.
pub(super) fn numbers(lines: &mut Lines, comparison: &Comparison) {
    if let Some(note) = &comparison.note {
        lines.paragraph(2, note);
    }
    for mismatch in comparison.mismatches.iter().take(SHOWN_MAX) {
        let (left, right) = (shown(&mismatch.left), shown(&mismatch.right));
        let at = if mismatch.path.is_empty() { "the whole" } else { &mismatch.path };
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
        let float =
            |number: Option<f64>| number.map_or_else(|| "-".to_owned(), |number| format!("{number:.2e}"));
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
    if differing.len() > SHOWN_MAX {
        lines.line(&format!("  … {} paths in all", comparison.paths_total));
    }
    if let Some(truncated) = &comparison.truncated {
        lines.paragraph(2, truncated);
    }
}

fn shown(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}
