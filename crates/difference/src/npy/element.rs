use super::literal::Literal;
use crate::float::Float;
use crate::number::Number;

/// The largest number of fields of a record, and how deep records may hold records.
const FIELDS_MAX: usize = 1_000;
const DEPTH_MAX: usize = 8;

/// The longest element, in bytes.
const ELEMENT_BYTES_MAX: usize = 1 << 30;

/// The type of the elements of an array.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Element {
    Number(NumberType),
    /// Fields, or a text.
    Record(Record),
}

/// The type of a number in an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NumberType {
    pub(super) number: Number,
    /// Whether it is complex: a real and an imaginary part.
    pub(super) complex: bool,
    pub(super) big_endian: bool,
}

impl NumberType {
    /// The numbers that an element has.
    pub(super) fn parts(self) -> usize {
        if self.complex { 2 } else { 1 }
    }

    pub(super) fn bytes(self) -> usize {
        self.number.bytes() * self.parts()
    }
}

impl Element {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Number(number) => number.bytes(),
            Self::Record(record) => record.bytes,
        }
    }
}

/// The fields of an element, and its length.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Record {
    pub(super) fields: Vec<Field>,
    pub(super) bytes: usize,
}

/// A field of a record. A text that is an element itself has no name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    /// The names of the records around it, outermost first, and its own.
    pub(super) names: Vec<String>,
    pub(super) kind: FieldKind,
    /// The dimensions, if the field is an array.
    pub(super) shape: Vec<u64>,
    /// The position of its first byte.
    pub(super) offset: usize,
}

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldKind {
    Number(NumberType),
    /// Bytes of a text (`S`), or bytes without a meaning (`V`).
    Bytes(usize),
    /// A text of so many bytes, four for each character (`U`).
    Characters {
        bytes: usize,
        big_endian: bool,
    },
}

impl FieldKind {
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Number(number) => number.bytes(),
            Self::Bytes(bytes) | Self::Characters { bytes, .. } => bytes,
        }
    }
}

impl Field {
    /// The number of values of this field in a record.
    pub(super) fn count(&self) -> usize {
        // Texts of no length have nothing to compare, however many there are.
        if self.kind.bytes() == 0 {
            return 0;
        }
        self.shape
            .iter()
            .fold(1, |count, length| count.saturating_mul(usize::try_from(*length).unwrap_or(usize::MAX)))
    }
}

/// Reads the type of the elements: a text such as `<f8`, or a list of fields.
pub(super) fn element(literal: &mut Literal<'_>) -> Option<Element> {
    let mut record = Record::default();
    if literal.eat("[") {
        fields(literal, &[], &mut record)?;
        return Some(Element::Record(record));
    }
    let description = literal.text()?;
    if let Some(number) = number(description) {
        return Some(Element::Number(number));
    }
    record.add(Vec::new(), kind(description)?, Vec::new())?;
    Some(Element::Record(record))
}

/// Reads a list of fields after its `[`: `('x', '<f8')`, `('v', '<f4', (3,))`, `('inner', [...])`.
fn fields(literal: &mut Literal<'_>, around: &[String], record: &mut Record) -> Option<()> {
    while !literal.eat("]") {
        literal.must_be("(")?;
        let name = name(literal)?;
        literal.must_be(",")?;
        let names = [around, &[name.to_owned()]].concat();
        if literal.eat("[") {
            (names.len() < DEPTH_MAX).then_some(())?;
            let mut inner = Record::default();
            fields(literal, &names, &mut inner)?;
            record.add_records(&names, &inner, &shape(literal)?)?;
        } else {
            let description = literal.text()?;
            record.add(names, kind(description)?, shape(literal)?)?;
        }
        let _last = literal.eat(",");
        literal.must_be(")")?;
        if !literal.eat(",") {
            literal.must_be("]")?;
            break;
        }
    }
    Some(())
}

/// The dimensions of a field, after its type; none if it is no array.
fn shape(literal: &mut Literal<'_>) -> Option<Vec<u64>> {
    let has_shape = literal.eat(",") && !literal.rest.trim_start().starts_with(')');
    if has_shape { literal.shape() } else { Some(Vec::new()) }
}

/// A name, or a pair of a title and a name.
fn name<'a>(literal: &mut Literal<'a>) -> Option<&'a str> {
    if !literal.eat("(") {
        return literal.text();
    }
    literal.text()?;
    literal.must_be(",")?;
    let name = literal.text()?;
    literal.must_be(")")?;
    Some(name)
}

fn kind(description: &str) -> Option<FieldKind> {
    if let Some(number) = number(description) {
        return Some(FieldKind::Number(number));
    }
    let (order, rest) = description.split_at_checked(1)?;
    let (letter, length) = rest.split_at_checked(1)?;
    let length = length.parse::<usize>().ok().filter(|length| *length <= ELEMENT_BYTES_MAX)?;
    match letter {
        "S" | "V" => Some(FieldKind::Bytes(length)),
        "U" => Some(FieldKind::Characters { bytes: 4 * length, big_endian: order == ">" }),
        _ => None,
    }
}

impl Record {
    /// Adds records in a record, whose names begin with `names`. Of an array of records each has its index after these names.
    fn add_records(&mut self, names: &[String], inner: &Record, shape: &[u64]) -> Option<()> {
        let count = shape.iter().try_fold(1_u64, |count, length| count.checked_mul(*length))?;
        (count.saturating_mul(inner.fields.len() as u64) <= FIELDS_MAX as u64).then_some(())?;
        for place in 0..count {
            for field in &inner.fields {
                let mut field = Field { offset: field.offset + self.bytes, ..field.clone() };
                if !shape.is_empty() {
                    field
                        .names
                        .splice(names.len()..names.len(), sub_index(shape, place).iter().map(u64::to_string));
                }
                self.fields.push(field);
            }
            self.bytes = self.bytes.checked_add(inner.bytes).filter(|bytes| *bytes <= ELEMENT_BYTES_MAX)?;
        }
        (self.fields.len() <= FIELDS_MAX).then_some(())
    }

    /// Adds a field. Bytes without a name are padding.
    fn add(&mut self, names: Vec<String>, kind: FieldKind, shape: Vec<u64>) -> Option<()> {
        let is_padding = names.last().is_some_and(String::is_empty);
        let field = Field { names, kind, shape, offset: self.bytes };
        let bytes = field.kind.bytes().checked_mul(field.count())?;
        self.bytes = self.bytes.checked_add(bytes).filter(|bytes| *bytes <= ELEMENT_BYTES_MAX)?;
        if !is_padding {
            self.fields.push(field);
        }
        (self.fields.len() <= FIELDS_MAX).then_some(())
    }
}

/// The index in each dimension of the element that has `before` elements before it, in C's order.
pub(super) fn sub_index(shape: &[u64], mut before: u64) -> Vec<u64> {
    let mut index: Vec<u64> = Vec::new();
    for length in shape.iter().rev() {
        index.insert(0, before % length.max(&1));
        before /= length.max(&1);
    }
    index
}

/// The type of a number, if `description` is one.
pub(super) fn number(description: &str) -> Option<NumberType> {
    let (order, name) = description.split_at_checked(1)?;
    let number = match name {
        "b1" => (Number::Boolean, false),
        "i1" => (Number::Signed(1), false),
        "u1" => (Number::Unsigned(1), false),
        "i2" => (Number::Signed(2), false),
        "i4" => (Number::Signed(4), false),
        "i8" => (Number::Signed(8), false),
        "u2" => (Number::Unsigned(2), false),
        "u4" => (Number::Unsigned(4), false),
        "u8" => (Number::Unsigned(8), false),
        "f2" => (Number::Float(Float::F16), false),
        "f4" => (Number::Float(Float::F32), false),
        "f8" => (Number::Float(Float::F64), false),
        "f16" => (Number::Extended, false),
        "c8" => (Number::Float(Float::F32), true),
        "c16" => (Number::Float(Float::F64), true),
        "c32" => (Number::Extended, true),
        _ => return None,
    };
    let orders = if number.0.bytes() == 1 { "|<>" } else { "<>" };
    let (number, complex) = number;
    orders.contains(order).then_some(NumberType { number, complex, big_endian: order == ">" })
}
