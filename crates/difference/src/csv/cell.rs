use super::rows::unquoted;
use crate::comparison::MismatchKind;
use crate::content::{Content, content};
use crate::decimal;
use crate::findings::Findings;
use crate::number::Written;
use crate::paths::Path;

/// Whether a cell is a number, in quotes or not.
pub(super) fn is_number(cell: &[u8]) -> bool {
    content(&unquoted(cell)) != Content::Text
}

/// Compares two cells, given as bytes, and as characters if the table is UTF-8.
pub(super) fn compare<'a>(
    findings: &mut Findings<'a>,
    path: Path,
    row: u64,
    cells: [&'a [u8]; 2],
    characters: [Option<&str>; 2],
) {
    if cells[0] == cells[1] {
        return decimal::same(findings, path, content(&unquoted(cells[0])));
    }
    let chars_max = findings.limits.text_chars_max;
    let written = Written::Text(cells);
    let texts = || written.shown(chars_max);
    // The usual case. Nothing is copied.
    if cells.each_ref().map(|cell| content(cell)) == [Content::Float, Content::Float]
        && let [Some(left), Some(right)] = characters
        && decimal::differ(findings, path, || vec![row], [left, right], written)
    {
        return;
    }
    let [left, right] = cells.map(unquoted);
    match [content(&left), content(&right)] {
        [Content::Text, Content::Text] if left == right => findings.spelling(path, &[row], texts),
        [Content::Text, Content::Text] => findings.mismatch(path, MismatchKind::Text, &[row], texts),
        [Content::Text, _] | [_, Content::Text] => findings.mismatch(path, MismatchKind::Type, &[row], texts),
        contents => decimal::numbers(findings, path, || vec![row], contents, [&left, &right], written),
    }
}
