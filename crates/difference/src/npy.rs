//! The file format of `numpy` for one array, versions 1 to 3 (NEP 1, and `numpy.lib.format`).

mod header;

use super::comparison::{Comparison, MismatchKind};
use super::findings::Findings;
use super::numbers::{self, Layout, Numbers};
use super::options::{Options, OutputFormat};
use super::paths::{Path, ROOT};
use header::{Header, MAGIC};

/// Whether an output starts like an array file.
pub(super) fn is_npy(output: &[u8]) -> bool {
    output.starts_with(MAGIC)
}

/// Compares two arrays. The error says which output is not an array that can be read.
pub(super) fn compare(left: &[u8], right: &[u8], options: &Options) -> Result<Comparison, String> {
    let read = |output, which| {
        header::read(output).map_err(|why| format!("the {which} output is not a readable array: {why}"))
    };
    let [(left, left_bytes), (right, right_bytes)] = [read(left, "first")?, read(right, "second")?];
    let mut findings = Findings::new(options);
    if left.shape != right.shape {
        findings.mismatch(ROOT, MismatchKind::Shape, &[], || {
            [&left, &right].map(|header| format!("{:?}", header.shape))
        });
    } else if left.fortran_order != right.fortran_order && left.is_ordered() {
        findings.mismatch(ROOT, MismatchKind::Shape, &[], || [&left, &right].map(Header::order));
    }
    if left.description != right.description {
        findings.mismatch(ROOT, MismatchKind::Type, &[], || {
            [&left, &right].map(|header| header.description.clone())
        });
    }
    if (left.number, left.complex) == (right.number, right.complex) {
        let sides = [(&left, left_bytes), (&right, right_bytes)]
            .map(|(header, bytes)| Numbers { bytes, big_endian: header.big_endian });
        elements(&left, &right, sides, &mut findings);
    }
    Ok(findings.finish(OutputFormat::Npy))
}

/// Compares the elements of two arrays of one type that both arrays have.
fn elements(left: &Header, right: &Header, sides: [Numbers<'_>; 2], findings: &mut Findings<'_>) {
    let Some(count) = left.common(right) else { return };
    let paths: Vec<Path> = if left.complex {
        ["real", "imag"].map(|part| findings.paths.key(ROOT, part.as_bytes())).into()
    } else {
        vec![left.shape.iter().fold(ROOT, |path, _| findings.paths.each(path))]
    };
    let turns = paths.len();
    let index = |place| left.index(place);
    let moved = |at: usize| right.place(&left.index(at / turns)) * turns + at % turns;
    let same_order = left.fortran_order == right.fortran_order || !left.is_ordered();
    let layout = Layout { paths: &paths, index: &index, right: if same_order { None } else { Some(&moved) } };
    numbers::compare(sides[0], sides[1], left.number, count * turns, &layout, findings);
}
