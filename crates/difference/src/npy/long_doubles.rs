use super::element::{Element, FieldKind, NumberType};
use crate::extended;
use crate::number::Number;
use crate::numbers::Numbers;

/// Whether all long doubles among the elements are numbers of the x87. On ARM, `numpy` gives the same name to numbers of 128
/// bits.
pub(super) fn are_of_x87(element: &Element, bytes: &[u8]) -> bool {
    match element {
        Element::Number(number) => are_valid(*number, bytes),
        Element::Record(record) => {
            let fields = record.fields.iter().filter_map(|field| match field.kind {
                FieldKind::Number(number) if number.number == Number::Extended => Some((field, number)),
                _ => None,
            });
            let mut records = bytes.chunks_exact(record.bytes.max(1));
            let fields: Vec<_> = fields.collect();
            fields.is_empty()
                || records.all(|record| {
                    fields.iter().all(|(field, number)| {
                        let end = field.offset + field.count() * number.bytes();
                        are_valid(*number, record.get(field.offset..end).unwrap_or_default())
                    })
                })
        }
    }
}

fn are_valid(kind: NumberType, bytes: &[u8]) -> bool {
    let numbers = Numbers { bytes, big_endian: kind.big_endian };
    let count = bytes.len() / kind.number.bytes();
    kind.number != Number::Extended || (0..count).all(|at| extended::is_valid(numbers.bits(kind.number, at)))
}
