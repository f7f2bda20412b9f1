/// A text made safe to show: bytes that are not UTF-8 are replaced, control characters are escaped, and after
/// `chars_max` characters it is cut with `…`.
pub(super) fn shown(text: &[u8], chars_max: usize) -> String {
    // A character takes 4 bytes at most; so only the start of a long text is read.
    let (head, cut) = match text.get(..4 * chars_max) {
        Some(head) => (head, head.len() < text.len()),
        None => (text, false),
    };
    let head = String::from_utf8_lossy(head);
    let mut shown = String::new();
    for (place, char) in head.chars().enumerate() {
        if place == chars_max {
            return shown + "…";
        }
        if char.is_control() {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    if cut { shown + "…" } else { shown }
}

/// A path with indices instead of `*`. If the number of indices differs from the number of `*`, the indices follow
/// the path.
pub(super) fn placed(path: &str, index: &[u64]) -> String {
    let stars = path.split('/').filter(|segment| *segment == "*").count();
    if stars != index.len() {
        return if index.is_empty() { path.to_owned() } else { format!("{path} {index:?}") };
    }
    let mut index = index.iter();
    let places = path.split('/').map(|segment| match segment {
        "*" => index.next().map_or_else(String::new, u64::to_string),
        _ => segment.to_owned(),
    });
    places.collect::<Vec<_>>().join("/")
}

/// A path with a line, or a line and a column, from 1; the path of all numbers without a name is left out.
pub(super) fn placed_in_lines(path: &str, index: &[u64]) -> String {
    let place = match index {
        [line, column] => format!("line {line}, column {column}"),
        [line] => format!("line {line}"),
        _ => return path.to_owned(),
    };
    if matches!(path, "" | "/*") { place } else { format!("{path} ({place})") }
}

/// A whole number with a comma between groups of three digits, as sentences write it.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_and_control_characters_are_escaped() {
        for (text, expect) in [
            (&b"abc"[..], "abc"),
            (b"abcde", "abcde"),
            (b"abcdef", "abcde…"),
            ("äöüßéx".as_bytes(), "äöüßé…"),
            (b"a\n\x1b", "a\\n\\u{1b}"),
            (b"\xff", "\u{fffd}"),
            (&[b'x'; 100], "xxxxx…"),
        ] {
            assert_eq!(shown(text, 5), expect);
        }
        let placed = [placed("/a/*/b/*", &[1, 2]), placed("/a", &[3]), placed("/*", &[])];
        assert_eq!(placed, ["/a/1/b/2", "/a [3]", "/*"]);
        let lines = [("", &[3, 4][..]), ("/*", &[3, 4]), ("/e", &[3, 4]), ("", &[3]), ("", &[])];
        let lines = lines.map(|(path, index)| placed_in_lines(path, index));
        let expect = ["line 3, column 4", "line 3, column 4", "/e (line 3, column 4)", "line 3", ""];
        assert_eq!(lines, expect);
        let grouped = [0, 999, 1_000, 1_234_567].map(grouped);
        assert_eq!(grouped, ["0", "999", "1,000", "1,234,567"]);
    }
}
