//! The comparison of two jobs as text.

use super::lines::Lines;
use super::numbers::numbers;
use super::sentences::is_worth_showing;
use super::words::{SHOWN_MAX, counted, short};
use crate::result::comparison::{Compared, Side};

/// The comparison of two jobs.
pub(crate) fn comparison(compared: &Compared) -> String {
    let mut lines = Lines::default();
    lines.line(match compared.same {
        Some(true) => "the same result",
        Some(false) => "different results",
        None => "nothing to compare: not every copy of both jobs gave one digest",
    });
    for (label, side) in [("A", &compared.reference), ("B", &compared.other)] {
        lines.paragraph(2, &format!("{label}  {}", line(side)));
    }
    if !compared.same_payload {
        lines.paragraph(2, "the two had different payloads");
    }
    match compared.equivalent {
        Some(true) => lines.paragraph(2, "within the tolerances"),
        Some(false) => lines.paragraph(2, "not within the tolerances"),
        None => {}
    }
    let differing = compared.attribution.separators.iter().filter(|separator| is_worth_showing(separator));
    let differing: Vec<_> = differing.filter(|separator| separator.perfect).collect();
    lines.head(&format!(
        "facts that differ between the two ({} the same)",
        compared.attribution.facts_constant
    ));
    for separator in differing.iter().take(SHOWN_MAX) {
        for (place, fact) in separator.facts.iter().enumerate() {
            let of = |label: &str| {
                let values = separator.values.iter().filter(|value| value.classes.contains_key(label));
                let values: Vec<_> =
                    values.filter_map(|value| value.value.get(place)).map(String::as_str).collect();
                values.join(" | ")
            };
            lines.paragraph(2, &format!("{fact}: {} and {}", of("A"), of("B")));
        }
    }
    if differing.is_empty() {
        lines.paragraph(2, "no recorded fact");
    }
    if let Some(comparison) = &compared.comparison {
        lines.section("how far the outputs differ", Some(&comparison.statement()));
        numbers(&mut lines, comparison);
    }
    if let Some(unavailable) = &compared.unavailable {
        lines.section("how far the outputs differ", Some(unavailable));
    }
    lines.text
}

fn line(side: &Side) -> String {
    let digest = side.digest.as_ref().map_or_else(|| "no digest".to_owned(), short);
    let others = match side.distinct_digests {
        0 | 1 => String::new(),
        distinct => format!(" and {}", counted(distinct - 1, "other", "others")),
    };
    let copies = counted(side.copies as usize, "copy", "copies");
    format!("{} ({}, {copies}, {}): {digest}{others}", side.job, side.calculation, side.verdict)
}
