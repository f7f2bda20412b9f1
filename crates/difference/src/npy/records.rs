use super::element::{Field, FieldKind, NumberType, Record, sub_index};
use super::header::Header;
use crate::comparison::MismatchKind;
use crate::findings::Findings;
use crate::number::Written;
use crate::numbers::Numbers;
use crate::paths::Path;
use crate::shown::shown;

/// Compares `count` records of the same type.
pub(super) fn compare(
    record: &Record,
    headers: [&Header; 2],
    sides: [&[u8]; 2],
    count: usize,
    at: Path,
    findings: &mut Findings<'_>,
) {
    let paths: Vec<Path> = record.fields.iter().map(|field| path(field, at, findings)).collect();
    if record.bytes == 0 {
        return;
    }
    let mut same = 0;
    for place in 0..count {
        let index = headers[0].index(place);
        let other = if headers[0].fortran_order == headers[1].fortran_order {
            place
        } else {
            headers[1].place(&index)
        };
        let records = [(sides[0], place), (sides[1], other)]
            .map(|(side, at)| side.get(at * record.bytes..(at + 1) * record.bytes).unwrap_or_default());
        if records[0] == records[1] {
            same += 1;
            continue;
        }
        for (field, &path) in record.fields.iter().zip(&paths) {
            one(field, path, &index, records, findings);
        }
    }
    for (field, &path) in record.fields.iter().zip(&paths) {
        if let FieldKind::Number(number) = field.kind {
            let numbers = same * field.count() as u64 * number.parts() as u64;
            findings.same(path, number.number.name(), numbers);
        }
    }
}

/// The path of a field: below the records, its names, then its elements.
fn path(field: &Field, at: Path, findings: &mut Findings<'_>) -> Path {
    let named = field.names.iter().fold(at, |path, name| findings.paths.key(path, name.as_bytes()));
    field.shape.iter().fold(named, |path, _| findings.paths.each(path))
}

/// Compares one field of two records.
fn one(field: &Field, path: Path, index: &[u64], records: [&[u8]; 2], findings: &mut Findings<'_>) {
    let bytes = field.kind.bytes();
    for value in 0..field.count() {
        let start = field.offset + value * bytes;
        let values = records.map(|record| record.get(start..start + bytes).unwrap_or_default());
        let index = || [index, &sub_index(&field.shape, value as u64)].concat();
        match field.kind {
            FieldKind::Number(number) => numbers(number, path, index, values, findings),
            kind if values[0] != values[1] => {
                let chars_max = findings.limits.text_chars_max;
                let texts = || values.map(|value| shown(text(kind, value).as_bytes(), chars_max));
                findings.mismatch(path, MismatchKind::Text, &index(), texts);
            }
            _ => {}
        }
    }
}

/// Compares a number, or the two parts of a complex number.
fn numbers(
    kind: NumberType,
    path: Path,
    index: impl Fn() -> Vec<u64>,
    values: [&[u8]; 2],
    findings: &mut Findings<'_>,
) {
    let sides = values.map(|bytes| Numbers { bytes, big_endian: kind.big_endian });
    for part in 0..kind.parts() {
        let bits = sides.map(|side| side.bits(kind.number, part));
        let name = kind.number.name();
        if bits[0] == bits[1] {
            findings.same(path, name, 1);
        } else {
            findings.different(path, name, &kind.number.pair(bits), &index, Written::Bits(kind.number, bits));
        }
    }
}

/// A text without the zeros at its end.
fn text(kind: FieldKind, value: &[u8]) -> String {
    let text = match kind {
        FieldKind::Characters { big_endian, .. } => {
            let (characters, _) = value.as_chunks::<4>();
            let code = |bytes: &[u8; 4]| {
                if big_endian { u32::from_be_bytes(*bytes) } else { u32::from_le_bytes(*bytes) }
            };
            characters.iter().map(|bytes| char::from_u32(code(bytes)).unwrap_or('\u{fffd}')).collect()
        }
        _ => String::from_utf8_lossy(value).into_owned(),
    };
    text.trim_end_matches('\0').to_owned()
}
