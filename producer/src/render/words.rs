//! Numbers, lengths of time, digests and other values as words. Knows no job and no explanation.

pub(crate) use concord_difference::grouped;
use std::time::Duration;

use concord_protocol::{Calculation, Digest};

/// Columns of a terminal for which text is wrapped.
const COLUMNS: usize = 80;

/// The most classes, separators, values of a separator, paths, mismatches, digests or reasons that are shown.
pub(super) const SHOWN_MAX: usize = 8;

/// A calculation as the user named it.
pub(crate) fn calculation(calculation: &Calculation) -> String {
    match calculation {
        Calculation::Probe { name } => format!("probe {name}"),
        Calculation::Command { argv, .. } => {
            let words: Vec<_> = argv.iter().map(|word| quoted(word)).collect();
            format!("command {}", shortened(&words.join(" "), 60))
        }
        Calculation::Function { name, qualifier, region } => {
            let qualifier = qualifier.as_ref().map_or_else(String::new, |qualifier| format!(":{qualifier}"));
            format!("function {name}{qualifier} in {region}")
        }
        Calculation::Deployed { description } => format!("deployed: {}", shortened(description, 60)),
    }
}

fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./=:,+@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) { word.to_owned() } else { format!("{word:?}") }
}

fn shortened(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The first characters of a digest, enough to recognise it.
pub(crate) fn short(digest: &Digest) -> String {
    short_text(&digest.to_string())
}

/// The first characters of a digest that is a text already.
pub(super) fn short_text(digest: &str) -> String {
    shortened(digest, "sha256:".len() + 16)
}

/// A duration in milliseconds, with about three digits.
pub(super) fn elapsed(ms: u64) -> String {
    let duration = Duration::from_millis(ms);
    match duration.as_secs() {
        0..60 => format!("{:.2} s", duration.as_secs_f64()),
        seconds @ 60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {:02} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// A count with its noun.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count as u64), if count == 1 { one } else { many })
}

/// A duration in microseconds, with about three digits.
pub(super) fn microseconds(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} us"),
        1_000..1_000_000 => format!("{}.{:01} ms", us / 1_000, us / 100 % 10),
        _ => elapsed(us / 1_000),
    }
}

/// Words wrapped so that they fit into a terminal when the first line is indented by two columns.
pub(super) fn wrapped(words: &str) -> String {
    filled(words, textwrap::Options::new(COLUMNS - 2).subsequent_indent("    "))
}

/// Words wrapped into paragraphs whose lines all begin with `indent` blanks.
pub(super) fn indented(words: &str, indent: usize) -> String {
    let blank = " ".repeat(indent);
    filled(words, textwrap::Options::new(COLUMNS).initial_indent(&blank).subsequent_indent(&blank))
}

/// Wraps words. A number stays on one line with the word, the unit or the sign after it.
fn filled(words: &str, options: textwrap::Options<'_>) -> String {
    // A hyphen ends no line: it may be the sign of an exponent, or part of a name.
    let options = options.word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(&together(words), options).replace(NO_BREAK, " ")
}

/// A space at which no line ends.
const NO_BREAK: char = '\u{a0}';

/// Words before a number that belong to it.
const NAMES_OF_NUMBERS: [&str; 6] = ["copy", "copies", "byte", "code", "signal", "round"];

/// Signs of comparison, which belong to what stands before and after them.
const SIGNS: [&str; 4] = ["=", "<=", "<", "x"];

/// Words in which a space that would tear a number from its unit is one at which no line ends.
fn together(words: &str) -> String {
    let mut joined = String::with_capacity(words.len());
    let mut rest = words.split(' ').peekable();
    while let Some(word) = rest.next() {
        joined.push_str(word);
        if let Some(next) = rest.peek() {
            joined.push(if belong_together(word, next) { NO_BREAK } else { ' ' });
        }
    }
    joined
}

fn belong_together(word: &str, next: &str) -> bool {
    let is_digit = |first: char| first.is_ascii_digit();
    let is_number =
        word.trim_start_matches(['(', '-']).starts_with(is_digit) && !word.ends_with([',', ';', ':', ')']);
    let is_noun = next.starts_with(|first: char| first.is_alphabetic() || first == '%' || first == 'µ');
    let is_counted = NAMES_OF_NUMBERS.contains(&word) && next.starts_with(is_digit);
    let is_compared = SIGNS.contains(&word) || SIGNS.contains(&next);
    (is_number && is_noun) || is_counted || is_compared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_tears_a_number_from_its_unit() {
        let check = |words: &str, expect: &str| {
            assert_eq!(together(words).replace(NO_BREAK, "_"), expect);
        };
        check("below 14 % of such runs, 95 %", "below 14_% of such runs, 95_%");
        check("ran for 0.5 ms (p = 0.01)", "ran for 0.5_ms (p_=_0.01)");
        check("A in 10 copies, B in 10", "A in 10_copies, B in 10");
        check("p <= 1.0e-4, 10,000 permutations", "p_<=_1.0e-4, 10,000_permutations");
        check("at most 1 ulp (2.2e-16 relative)", "at most 1_ulp (2.2e-16_relative)");
        check("from copy 17 on; byte 7", "from copy_17_on; byte_7");
        check("A x 10, B x 3", "A_x_10, B_x_3");
        check("in 2, then 3; or 4: so", "in 2, then 3; or 4: so");
    }

    #[test]
    fn counts_have_commas() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(counted(1_000, "copy", "copies"), "1,000 copies");
    }

    #[test]
    fn at_every_width_a_number_and_its_unit_share_a_line() {
        let words = "all 20 copies agree on this one machine (below 14 % of such runs differ, 95 %, p = 0.01, 6.3e-15 relative)";
        for width in 20..words.len() {
            let filled = filled(words, textwrap::Options::new(width));
            for whole in ["20 copies", "14 %", "95 %", "p = 0.01", "6.3e-15 relative"] {
                assert!(filled.contains(whole), "{width}: {filled}");
            }
        }
    }
}
