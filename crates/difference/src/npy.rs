//! The file format of `numpy` for one array, versions 1 to 3 (NEP 1, and `numpy.lib.format`).

mod element;
mod header;
mod literal;
mod long_doubles;
mod records;

use std::borrow::Cow;

use super::comparison::{Comparison, MismatchKind};
use super::findings::Findings;
use super::numbers::{self, ArrayLayout, Numbers};
use super::options::{Options, OutputFormat};
use super::paths::{Path, ROOT};
use element::{Element, NumberType};
use header::{Header, MAGIC};

/// Whether an output starts like an array file.
pub(super) fn is_npy(output: &[u8]) -> bool {
    output.starts_with(MAGIC)
}

/// Compares two arrays. The error says which output is not an array that can be read.
pub(super) fn compare(left: &[u8], right: &[u8], options: &Options) -> Result<Comparison, String> {
    let mut findings = Findings::new(options);
    arrays(left, right, ROOT, &mut findings)
        .map_err(|(side, why)| format!("the {side} output is not a readable array: {why}"))?;
    Ok(findings.finish(OutputFormat::Npy))
}

/// Compares two arrays whose elements are below `at`. The error says which one cannot be read, `first` or `second`, and why.
pub(super) fn arrays(
    left: &[u8],
    right: &[u8],
    at: Path,
    findings: &mut Findings<'_>,
) -> Result<(), (&'static str, Cow<'static, str>)> {
    let read = |output, side| header::read(output).map_err(|why| (side, why));
    let [(left, left_bytes), (right, right_bytes)] = [read(left, "first")?, read(right, "second")?];
    if left.shape != right.shape {
        findings.mismatch(at, MismatchKind::Shape, &[], || {
            [&left, &right].map(|header| format!("{:?}", header.shape))
        });
    } else if left.fortran_order != right.fortran_order && left.is_ordered() {
        findings.mismatch(at, MismatchKind::Shape, &[], || [&left, &right].map(Header::order));
    }
    if left.description != right.description {
        findings.mismatch(at, MismatchKind::Type, &[], || {
            [&left, &right].map(|header| header.description.clone())
        });
    }
    for (header, bytes, side) in [(&left, left_bytes, "first"), (&right, right_bytes, "second")] {
        if !long_doubles::are_of_x87(&header.element, bytes) {
            return Err((
                side,
                "its long doubles are not those of the x87, as those of another machine".into(),
            ));
        }
    }
    let Some(count) = left.common(&right) else { return Ok(()) };
    match (&left.element, &right.element) {
        (Element::Number(one), Element::Number(other))
            if (one.number, one.complex) == (other.number, other.complex) =>
        {
            let sides = [
                Numbers { bytes: left_bytes, big_endian: one.big_endian },
                Numbers { bytes: right_bytes, big_endian: other.big_endian },
            ];
            numbers_of(*one, [&left, &right], sides, count, at, findings);
        }
        (Element::Record(record), Element::Record(other)) if record == other => {
            let at = left.shape.iter().fold(at, |path, _| findings.paths.each(path));
            records::compare(record, [&left, &right], [left_bytes, right_bytes], count, at, findings);
        }
        _ => {}
    }
    Ok(())
}

/// Compares the first `count` elements of two arrays of numbers.
fn numbers_of(
    kind: NumberType,
    [left, right]: [&Header; 2],
    sides: [Numbers<'_>; 2],
    count: usize,
    at: Path,
    findings: &mut Findings<'_>,
) {
    let paths: Vec<Path> = if kind.complex {
        ["real", "imag"].map(|part| findings.paths.key(at, part.as_bytes())).into()
    } else {
        vec![left.shape.iter().fold(at, |path, _| findings.paths.each(path))]
    };
    let turns = paths.len();
    let index = |place| left.index(place);
    let moved = |at: usize| right.place(&left.index(at / turns)) * turns + at % turns;
    let same_order = left.fortran_order == right.fortran_order || !left.is_ordered();
    let layout =
        ArrayLayout { paths: &paths, index: &index, right: if same_order { None } else { Some(&moved) } };
    numbers::compare(sides[0], sides[1], kind.number, count * turns, &layout, findings);
}
