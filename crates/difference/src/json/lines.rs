use concord_json::{Reader, ScanError};

use super::side::{NotJson, in_first, in_second};
use super::walk::Walk;
use crate::comparison::MismatchKind;
use crate::findings::Findings;
use crate::paths::ROOT;

/// Compares two texts in which each line is an array or an object (jsonlines.org), as if the lines were elements of
/// one array.
pub(crate) fn walk_lines<'a>(
    left: &'a [u8],
    right: &'a [u8],
    strict: bool,
    findings: &mut Findings<'a>,
) -> Result<(), NotJson> {
    let mut walk = Walk::new(left, right, strict, findings)?;
    let mut line = 0;
    loop {
        let more = [
            next_line(&mut walk.left, line == 0).map_err(in_first)?,
            next_line(&mut walk.right, line == 0).map_err(in_second)?,
        ];
        if more != [true, true] {
            if line == 0 {
                return if more[0] {
                    walk.right.fail("a value").map_err(in_second)
                } else {
                    walk.left.fail("a value").map_err(in_first)
                };
            }
            let left = line + if more[0] { rest_of_lines(&mut walk.left).map_err(in_first)? } else { 0 };
            let right = line + if more[1] { rest_of_lines(&mut walk.right).map_err(in_second)? } else { 0 };
            if left != right {
                let texts = || [left, right].map(|lines| format!("[{lines}]"));
                walk.findings.mismatch(ROOT, MismatchKind::Shape, &[], texts);
            }
            return Ok(());
        }
        let each = walk.findings.paths.each(ROOT);
        walk.index = vec![line];
        walk.whole_value(each)?;
        line += 1;
    }
}

/// Moves past the remaining lines, from the start of a line, and returns their number.
fn rest_of_lines(reader: &mut Reader<'_>) -> Result<u64, ScanError> {
    let mut lines = 0;
    loop {
        reader.skip(0)?;
        lines += 1;
        if !next_line(reader, false)? {
            return Ok(lines);
        }
    }
}

/// Moves to the array or object on the next line, and returns false at the end of the text. `first` says that no line was
/// read.
fn next_line(reader: &mut Reader<'_>, first: bool) -> Result<bool, ScanError> {
    let before = reader.at;
    reader.space();
    if reader.at == reader.text.len() {
        return Ok(false);
    }
    let apart = first || reader.text[before..reader.at].contains(&b'\n');
    if apart && matches!(reader.peek(), b'[' | b'{') {
        Ok(true)
    } else {
        reader.fail("an array or object on a line")
    }
}
