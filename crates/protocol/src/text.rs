//! Text from outside that is shown to people.

use std::borrow::Cow;

/// Whether a character is not shown, or changes how the text around it is shown: control characters, line and paragraph
/// separators, and the characters of Unicode that set the direction of text, have no width, or are tags.
#[must_use]
pub fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with a space in the place of each hidden character.
pub(crate) fn without_hidden(text: &str) -> String {
    text.chars().map(|letter| if is_hidden(letter) { ' ' } else { letter }).collect()
}

/// The text with each hidden character, except line ends, written as `\u{202e}`.
#[must_use]
pub fn readable(text: &str) -> Cow<'_, str> {
    let is_shown = |letter: char| letter == '\n' || !is_hidden(letter);
    if text.chars().all(is_shown) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if is_shown(letter) { shown.push(letter) } else { shown.extend(letter.escape_unicode()) }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_become_visible() {
        let check = |text: &str, expect: &str| assert_eq!(readable(text), expect);
        check("käse\n\u{4e2d}\u{1f600}", "käse\n\u{4e2d}\u{1f600}");
        check("\u{1b}[31mred", "\\u{1b}[31mred");
        check("gpj.\u{202e}exe", "gpj.\\u{202e}exe");
        check("a\tb\r", "a\\u{9}b\\u{d}");
        assert_eq!(without_hidden("a\u{2066}b\u{200b}c\u{0}"), "a b c ");
    }
}
