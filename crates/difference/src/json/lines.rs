use super::reader::{Broken, Reader};
use super::walk::Walk;
use crate::comparison::Kind;
use crate::findings::Findings;
use crate::paths::ROOT;

/// Reads two texts side by side of which each line is an array or an object (jsonlines.org), as one array of them.
pub(crate) fn walk_lines(
    left: &[u8],
    right: &[u8],
    strict: bool,
    findings: &mut Findings<'_>,
) -> Result<(), Broken> {
    let mut walk = Walk::new(left, right, strict, findings)?;
    let mut line = 0;
    loop {
        let more = [walk.left.line(line == 0)?, walk.right.line(line == 0)?];
        if more != [true, true] {
            if line == 0 {
                return if more[0] { walk.right.fail("a value") } else { walk.left.fail("a value") };
            }
            let left = line + if more[0] { rest_of_lines(&mut walk.left)? } else { 0 };
            let right = line + if more[1] { rest_of_lines(&mut walk.right)? } else { 0 };
            if left != right {
                let texts = || [left, right].map(|lines| format!("[{lines}]"));
                walk.findings.mismatch(ROOT, Kind::Shape, &[], texts);
            }
            return Ok(());
        }
        let each = walk.findings.paths.each(ROOT);
        walk.index = vec![line];
        walk.whole_value(each)?;
        line += 1;
    }
}

/// Over the lines that are left, of which the cursor stands at one: how many.
fn rest_of_lines(reader: &mut Reader<'_>) -> Result<u64, Broken> {
    let mut lines = 0;
    loop {
        reader.skip()?;
        lines += 1;
        if !reader.line(false)? {
            return Ok(lines);
        }
    }
}
