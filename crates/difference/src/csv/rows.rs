use std::borrow::Cow;
use std::ops::Range;

/// The separator of two columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnSeparator {
    /// A comma, a semicolon or a tab; a cell may be in double quotes (RFC 4180).
    Byte(u8),
    /// One or more spaces or tabs; there are no quotes.
    Spaces,
}

impl ColumnSeparator {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Byte(b',') => "a comma",
            Self::Byte(b';') => "a semicolon",
            Self::Byte(_) => "a tab",
            Self::Spaces => "spaces",
        }
    }
}

/// The longest cell whose quotes are removed, in bytes.
const UNQUOTED_BYTES_MAX: usize = 64 * 1024;

/// A cursor over the rows of a table. It skips lines that hold nothing but spaces.
pub(super) struct Rows<'a> {
    text: &'a [u8],
    characters: Option<&'a str>,
    at: usize,
    separator: ColumnSeparator,
    cells_max: usize,
    /// The cells of the current row, with their quotes and without the spaces around them.
    cells: Vec<Range<usize>>,
}

impl<'a> Rows<'a> {
    /// If a row has more than `cells_max` cells, its last cell extends to the end of the line.
    pub(super) fn new(text: &'a [u8], separator: ColumnSeparator, cells_max: usize) -> Self {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let characters = std::str::from_utf8(text).ok();
        Self { text, characters, at: 0, separator, cells_max, cells: Vec::new() }
    }

    /// Moves to the next row. Returns false if there is none.
    pub(super) fn advance(&mut self) -> bool {
        loop {
            self.cells.clear();
            if self.at >= self.text.len() {
                return false;
            }
            match self.separator {
                ColumnSeparator::Byte(separator) => self.read_separated(separator),
                ColumnSeparator::Spaces => self.read_spaced(),
            }
            let blank = matches!(&self.cells[..], [only] if only.is_empty());
            if !self.cells.is_empty() && !blank {
                return true;
            }
        }
    }

    /// Reads the remaining rows and returns their number.
    pub(super) fn rest(&mut self) -> u64 {
        let mut rows = 0;
        while self.advance() {
            rows += 1;
        }
        rows
    }

    /// The number of cells in the current row.
    pub(super) fn width(&self) -> usize {
        self.cells.len()
    }

    /// The position at which the next row starts.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    pub(super) fn cell(&self, at: usize) -> &'a [u8] {
        &self.text[self.cells[at].clone()]
    }

    /// The cell as characters, if the whole table is UTF-8.
    pub(super) fn characters(&self, at: usize) -> Option<&'a str> {
        self.characters?.get(self.cells[at].clone())
    }

    /// The cell as the name of a column: without quotes, and in the first column without the mark of a comment.
    pub(super) fn name(&self, at: usize) -> Vec<u8> {
        let cell = unquoted(self.cell(at));
        let name = if at == 0 { cell.strip_prefix(b"#").unwrap_or(&cell) } else { &cell };
        name.trim_ascii().to_vec()
    }

    fn read_separated(&mut self, separator: u8) {
        loop {
            let start = self.at;
            if self.after_spaces() == Some(&b'"') {
                self.skip_quoted();
            }
            let last = self.is_last();
            let separator = if last { b'\n' } else { separator };
            let rest = &self.text[self.at..];
            let length = rest.iter().position(|&byte| byte == separator || byte == b'\n');
            self.at += length.unwrap_or(rest.len());
            self.push(start..self.at);
            let end = self.text.get(self.at);
            self.at += 1;
            if last || end != Some(&separator) {
                return;
            }
        }
    }

    /// Whether the next cell is the last one that is allowed.
    fn is_last(&self) -> bool {
        self.cells.len() + 1 >= self.cells_max
    }

    fn after_spaces(&self) -> Option<&u8> {
        self.text[self.at..].iter().find(|&&byte| byte != b' ')
    }

    /// Moves to the quote that ends a cell. Two quotes in a row stand for one quote inside the cell.
    fn skip_quoted(&mut self) {
        let quotes = |text: &[u8]| text.iter().position(|&byte| byte == b'"');
        let mut after = self.at + quotes(&self.text[self.at..]).unwrap_or(0) + 1;
        loop {
            match quotes(&self.text[after..]) {
                // A quote that is never closed is an ordinary character.
                None => return,
                Some(length) if self.text.get(after + length + 1) == Some(&b'"') => after += length + 2,
                Some(length) => {
                    self.at = after + length + 1;
                    return;
                }
            }
        }
    }

    fn read_spaced(&mut self) {
        loop {
            let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
            let rest = &self.text[self.at..];
            self.at += rest.iter().position(|byte| !blank(byte)).unwrap_or(rest.len());
            let rest = &self.text[self.at..];
            match rest.first() {
                None => return,
                Some(b'\n') => {
                    self.at += 1;
                    return;
                }
                // The mark of a comment before names is not a name.
                Some(b'#') if self.cells.is_empty() && rest.get(1).is_some_and(blank) => self.at += 1,
                Some(_) => {
                    let last = self.is_last();
                    let ends = |byte: &u8| (blank(byte) && !last) || *byte == b'\n';
                    let length = rest.iter().position(ends).unwrap_or(rest.len());
                    self.cells.push(self.at..self.at + length);
                    self.at += length;
                }
            }
        }
    }

    fn push(&mut self, cell: Range<usize>) {
        let text = &self.text[cell.clone()];
        if let [first, .., last] = text
            && *first > b' '
            && *last > b' '
        {
            return self.cells.push(cell);
        }
        let before = text.len() - text.trim_ascii_start().len();
        let start = cell.start + before;
        self.cells.push(start..start + text.trim_ascii().len());
    }
}

/// The text of a cell that may be in quotes. A very long cell is returned unchanged.
pub(super) fn unquoted(cell: &[u8]) -> Cow<'_, [u8]> {
    match cell {
        [b'"', inner @ .., b'"'] if inner.len() <= UNQUOTED_BYTES_MAX => {
            let mut pair = false;
            let single = |byte: &&u8| {
                pair = **byte == b'"' && !pair;
                !pair
            };
            if inner.contains(&b'"') { inner.iter().filter(single).copied().collect() } else { inner.into() }
        }
        _ => cell.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows as `a|b`, joined by `/`.
    fn joined(text: &str, separator: ColumnSeparator) -> String {
        let mut rows = Rows::new(text.as_bytes(), separator, 4);
        let mut told = Vec::new();
        while rows.advance() {
            let cells =
                (0..rows.width()).map(|at| String::from_utf8_lossy(&unquoted(rows.cell(at))).into_owned());
            told.push(cells.collect::<Vec<_>>().join("|"));
        }
        told.join("/")
    }

    #[test]
    fn rows_are_read_as_cells() {
        let comma = ColumnSeparator::Byte(b',');
        for (text, separator, expect) in [
            ("a,b\n1,2\n", comma, "a|b/1|2"),
            ("a,b\r\n1, 2", comma, "a|b/1|2"),
            ("1,,\n", comma, "1||"),
            ("\n\n1\n \n2", comma, "1/2"),
            ("\"a,\"\"b\"\"\n\",1", comma, "a,\"b\"\n|1"),
            (" \"a\" ,1", comma, "a|1"),
            ("\"a,1\nb,2", comma, "\"a|1/b|2"),
            ("\"\"\"\",\"\"", comma, "\"|"),
            ("a\tb c\t", ColumnSeparator::Byte(b'\t'), "a|b c|"),
            ("  1   2\t3 \r\n4 5 6", ColumnSeparator::Spaces, "1|2|3/4|5|6"),
            ("# x y\n1 2", ColumnSeparator::Spaces, "x|y/1|2"),
            ("1,2,3,4,5,6\n7", comma, "1|2|3|4,5,6/7"),
            ("1 2 3 4 5 6\n7", ColumnSeparator::Spaces, "1|2|3|4 5 6/7"),
            ("", comma, ""),
            ("\u{feff}a,b", comma, "a|b"),
        ] {
            assert_eq!(joined(text, separator), expect, "{text:?}");
        }
    }
}
