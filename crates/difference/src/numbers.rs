//! Numbers that are stored one after the other as bytes.

use super::findings::{Findings, NumberPair};
use super::float::Float;
use super::paths::Path;

/// The number of bytes that are compared in one step; a multiple of the size of each number.
const CHUNK_BYTES: usize = 4096;

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
            Self::Float(Float::F16) => "f16",
            Self::Float(Float::F32) => "f32",
            Self::Float(Float::F64) => "f64",
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

    fn pair<'n>(self, left: u64, right: u64) -> NumberPair<'n> {
        match self {
            Self::Float(float) => NumberPair::Float(float, [left, right]),
            _ => NumberPair::Small([self.integer(left), self.integer(right)]),
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

/// Numbers of one kind, one after the other.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) big_endian: bool,
}

impl Numbers<'_> {
    fn bits(&self, number: Number, at: usize) -> u64 {
        let size = number.bytes();
        let bytes = self.bytes.get(at * size..(at + 1) * size).unwrap_or_default();
        match (<[u8; 8]>::try_from(bytes), self.big_endian) {
            (Ok(bytes), false) => u64::from_le_bytes(bytes),
            (_, true) => bytes.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte)),
            (_, false) => bytes.iter().rev().fold(0, |bits, byte| bits << 8 | u64::from(*byte)),
        }
    }
}

/// The paths and indices of a sequence of numbers. The paths take turns: with two paths, every second number belongs
/// to the first.
pub(super) struct Layout<'l> {
    pub(super) paths: &'l [Path],
    /// The indices in arrays of a number, given the number of turns before it.
    pub(super) index: &'l dyn Fn(usize) -> Vec<u64>,
    /// For a position on the left, the position of the same element on the right; `None` if the positions are equal.
    pub(super) right: Option<&'l dyn Fn(usize) -> usize>,
}

/// Compares the first `count` numbers of both sides.
pub(super) fn compare(
    left: Numbers<'_>,
    right: Numbers<'_>,
    number: Number,
    count: usize,
    layout: &Layout<'_>,
    findings: &mut Findings<'_>,
) {
    let turns = layout.paths.len();
    let in_memory = layout.right.is_none() && left.big_endian == right.big_endian;
    let chunk = CHUNK_BYTES / number.bytes();
    let mut start = 0;
    while start < count {
        let end = count.min(start + chunk);
        let bytes = start * number.bytes()..end * number.bytes();
        // A chunk holds whole turns, because there are one or two paths.
        if in_memory && left.bytes.get(bytes.clone()) == right.bytes.get(bytes) {
            for &path in layout.paths {
                findings.same(path, number.name(), ((end - start) / turns) as u64);
            }
        } else {
            for at in start..end {
                let other = layout.right.map_or(at, |right| right(at));
                let bits = [left.bits(number, at), right.bits(number, other)];
                one(bits, number, at, layout, findings);
            }
        }
        start = end;
    }
}

fn one(bits: [u64; 2], number: Number, at: usize, layout: &Layout<'_>, findings: &mut Findings<'_>) {
    let turns = layout.paths.len();
    let path = layout.paths[at % turns];
    if bits[0] == bits[1] {
        return findings.same(path, number.name(), 1);
    }
    let texts = || bits.map(|bits| number.shown(bits));
    let index = || (layout.index)(at / turns);
    findings.different(path, number.name(), &number.pair(bits[0], bits[1]), index, texts);
}
