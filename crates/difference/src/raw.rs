use super::comparison::{Comparison, MismatchKind};
use super::findings::Findings;
use super::number::Number;
use super::numbers::{self, ArrayLayout, Numbers};
use super::options::{Options, OutputFormat};
use super::paths::ROOT;

/// Compares outputs that hold nothing but little-endian numbers. Left-over bytes count as a difference in shape.
pub(super) fn compare(
    left: &[u8],
    right: &[u8],
    number: Number,
    format: OutputFormat,
    options: &Options,
) -> Comparison {
    let mut findings = Findings::new(options);
    let size = number.bytes();
    if left.len() != right.len() {
        let shape = |bytes: &[u8]| match bytes.len() % size {
            0 => format!("[{}]", bytes.len() / size),
            rest => format!("[{}] and {rest} bytes", bytes.len() / size),
        };
        findings.mismatch(ROOT, MismatchKind::Shape, &[], || [left, right].map(shape));
    } else if !left.len().is_multiple_of(size) {
        let rests = [left, right].map(|bytes| &bytes[bytes.len() / size * size..]);
        if rests[0] != rests[1] {
            findings.mismatch(ROOT, MismatchKind::Text, &[], || {
                rests.map(|rest| format!("{rest:02x?} at the end"))
            });
        }
    }
    let layout =
        ArrayLayout { paths: &[findings.paths.each(ROOT)], index: &|place| vec![place as u64], right: None };
    let [one, other] = [left, right].map(|bytes| Numbers { bytes, big_endian: false });
    let count = left.len().min(right.len()) / size;
    numbers::compare(one, other, number, count, &layout, &mut findings);
    findings.finish(format)
}
