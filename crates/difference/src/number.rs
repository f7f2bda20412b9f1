//! One number, or a pair of them, in a binary format or in decimal.

use super::comparison::MismatchKind;
use super::float::{Distance, Float};
use super::integer;
use super::shown::shown;

/// The type of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Float(Float),
    Signed(usize),
    Unsigned(usize),
    Boolean,
}

impl Number {
    /// The size of one number, in bytes.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Float(Float::F16) => 2,
            Self::Float(Float::F32) => 4,
            Self::Float(Float::F64) => 8,
            Self::Signed(bytes) | Self::Unsigned(bytes) => bytes,
            Self::Boolean => 1,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Float(float) => float.name(),
            Self::Signed(1) => "i8",
            Self::Signed(2) => "i16",
            Self::Signed(4) => "i32",
            Self::Signed(_) => "i64",
            Self::Unsigned(1) => "u8",
            Self::Unsigned(2) => "u16",
            Self::Unsigned(4) => "u32",
            Self::Unsigned(_) => "u64",
            Self::Boolean => "bool",
        }
    }

    /// The integer that `bits` represent.
    const fn integer(self, bits: u64) -> i128 {
        match self {
            Self::Signed(bytes) => {
                // Shifts the bits to the left end and back, which repeats the sign bit.
                let unused = 64 - 8 * bytes;
                ((bits << unused).cast_signed() >> unused) as i128
            }
            _ => bits as i128,
        }
    }

    pub(super) fn pair<'n>(self, bits: [u64; 2]) -> NumberPair<'n> {
        match self {
            Self::Float(float) => NumberPair::Float(float, bits),
            _ => NumberPair::Small(bits.map(|bits| self.integer(bits))),
        }
    }

    /// The number as text. It parses back to the same number; a NaN is shown with its bits.
    fn shown(self, bits: u64) -> String {
        match self {
            Self::Float(float) if float.is_nan(bits) => format!("NaN ({bits:#x})"),
            Self::Float(Float::F32) => u32::try_from(bits)
                .map_or_else(|_| String::new(), |bits| format!("{:?}", f32::from_bits(bits))),
            Self::Float(float) => format!("{:?}", float.value(bits)),
            _ => self.integer(bits).to_string(),
        }
    }
}

/// Two numbers of one type that differ.
pub(super) enum NumberPair<'n> {
    /// Bits of a float.
    Float(Float, [u64; 2]),
    /// Integers in decimal.
    Integers([&'n [u8]; 2]),
    /// Integers.
    Small([i128; 2]),
}

impl NumberPair<'_> {
    /// The kind of mismatch, if the pair is one, and the distance, if both numbers are finite.
    pub(super) fn relation(&self) -> (Option<MismatchKind>, Option<Distance>) {
        match *self {
            Self::Float(float, [left, right]) => {
                let either = |is: &dyn Fn(u64) -> bool| is(left) || is(right);
                if either(&|bits| float.is_nan(bits)) {
                    return (Some(MismatchKind::Nan), None);
                }
                if either(&|bits| float.is_infinite(bits)) {
                    return (Some(MismatchKind::Infinity), None);
                }
                let signs = float.is_negative(left) != float.is_negative(right);
                (signs.then_some(MismatchKind::Sign), Some(float.distance(left, right)))
            }
            Self::Integers([left, right]) => (None, Some(integer::distance(left, right))),
            Self::Small([left, right]) => (None, Some(integer::small_distance(left, right))),
        }
    }

    pub(super) fn both_nan(&self) -> bool {
        matches!(*self, Self::Float(float, [left, right]) if float.is_nan(left) && float.is_nan(right))
    }
}

/// A pair of numbers as the outputs hold it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Written<'a> {
    /// In decimal.
    Text([&'a [u8]; 2]),
    /// In a binary format.
    Bits(Number, [u64; 2]),
}

impl Written<'_> {
    /// The pair as texts of at most `chars_max` characters.
    pub(super) fn shown(&self, chars_max: usize) -> [String; 2] {
        match self {
            Self::Text(texts) => texts.map(|text| shown(text, chars_max)),
            Self::Bits(number, bits) => bits.map(|bits| number.shown(bits)),
        }
    }
}
