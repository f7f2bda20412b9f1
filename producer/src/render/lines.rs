use std::fmt::Write as _;

use super::words::indented;

/// A text that grows by lines, paragraphs and sections.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) text: String,
}

impl Lines {
    pub(super) fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{}", line.trim_end());
    }

    pub(super) fn paragraph(&mut self, indent: usize, words: &str) {
        self.line(&indented(words, indent));
    }

    pub(super) fn head(&mut self, words: &str) {
        let _ = writeln!(self.text, "\n{words}");
    }

    pub(super) fn section(&mut self, head: &str, words: Option<&str>) {
        if let Some(words) = words {
            self.head(head);
            self.paragraph(2, words);
        }
    }
}
