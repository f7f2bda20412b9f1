//! Numbers, lengths of time, digests and other values as words. Knows no job and no explanation.

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
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A p-value with two or three digits.
pub(super) fn p_value(p: f64) -> String {
    if p < 0.001 { format!("{p:.1e}") } else { format!("{p:.3}") }
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

/// Wraps words. A number stays on one line with the unit or sign after it.
fn filled(words: &str, options: textwrap::Options<'_>) -> String {
    const TOGETHER: [(&str, &str); 3] = [(" %", "\u{a0}%"), (" = ", "\u{a0}=\u{a0}"), (" ulp", "\u{a0}ulp")];
    let joined =
        TOGETHER.iter().fold(words.to_owned(), |words, (apart, joined)| words.replace(apart, joined));
    textwrap::fill(&joined, options).replace('\u{a0}', " ")
}
