//! One number, or a pair of them, in a binary format or in decimal.

use super::comparison::MismatchKind;
use super::extended;
use super::float::{Distance, Float};
use super::integer;
use super::shown::shown;

/// The type of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Float(Float),
    /// A number of the x87, in 16 bytes.
    Extended,
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
            Self::Extended => 16,
            Self::Signed(bytes) | Self::Unsigned(bytes) => bytes,
            Self::Boolean => 1,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Float(float) => float.name(),
            Self::Extended => "f80",
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

    pub(super) fn pair<'n>(self, bits: [u128; 2]) -> NumberPair<'n> {
        match self {
            Self::Extended => NumberPair::Extended(bits),
            Self::Float(float) => NumberPair::Float(float, bits.map(low)),
            _ => NumberPair::Small(bits.map(|bits| self.integer(low(bits)))),
        }
    }

    /// The number as text. It parses back to the same number; a NaN is shown with its bits.
    fn shown(self, bits: u128) -> String {
        if self == Self::Extended {
            return extended::shown(bits);
        }
        let bits = low(bits);
        match self {
            Self::Float(float) if float.is_nan(bits) => format!("NaN ({bits:#x})"),
            Self::Float(Float::F32) => u32::try_from(bits)
                .map_or_else(|_| String::new(), |bits| format!("{:?}", f32::from_bits(bits))),
            Self::Float(float) => format!("{:?}", float.value(bits)),
            _ => self.integer(bits).to_string(),
        }
    }
}

/// The bits of a number of at most 64 of them.
fn low(bits: u128) -> u64 {
    bits.to_le_bytes().as_chunks().0.first().copied().map_or(0, u64::from_le_bytes)
}

/// Two numbers of one type that differ.
pub(super) enum NumberPair<'n> {
    /// Bits of a float.
    Float(Float, [u64; 2]),
    /// Bits of numbers of the x87.
    Extended([u128; 2]),
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
            Self::Extended([left, right]) => {
                if extended::is_nan(left) || extended::is_nan(right) {
                    return (Some(MismatchKind::Nan), None);
                }
                if extended::is_infinite(left) || extended::is_infinite(right) {
                    return (Some(MismatchKind::Infinity), None);
                }
                let signs = extended::is_negative(left) != extended::is_negative(right);
                (signs.then_some(MismatchKind::Sign), Some(extended::distance(left, right)))
            }
            Self::Integers([left, right]) => (None, Some(integer::distance(left, right))),
            Self::Small([left, right]) => (None, Some(integer::small_distance(left, right))),
        }
    }

    pub(super) fn both_nan(&self) -> bool {
        match *self {
            Self::Float(float, bits) => bits.into_iter().all(|bits| float.is_nan(bits)),
            Self::Extended(bits) => bits.into_iter().all(extended::is_nan),
            Self::Integers(_) | Self::Small(_) => false,
        }
    }
}

/// A pair of numbers as the outputs hold it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Written<'a> {
    /// In decimal.
    Text([&'a [u8]; 2]),
    /// In a binary format.
    Bits(Number, [u128; 2]),
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
