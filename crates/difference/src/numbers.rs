//! Numbers that are stored one after the other as bytes.

use super::extended;
use super::findings::Findings;
use super::number::{Number, Written};
use super::paths::Path;

/// The number of bytes that are compared in one step; a multiple of the size of each number.
const CHUNK_BYTES: usize = 4096;

/// Numbers of one kind, one after the other.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) big_endian: bool,
}

impl Numbers<'_> {
    /// The bits of the number at a position.
    pub(super) fn bits(&self, number: Number, at: usize) -> u128 {
        let size = number.bytes();
        let bytes = self.bytes.get(at * size..(at + 1) * size).unwrap_or_default();
        if let (Ok(bytes), false) = (<[u8; 8]>::try_from(bytes), self.big_endian) {
            return u64::from_le_bytes(bytes).into();
        }
        let next = |bits: u128, byte: &u8| bits << 8 | u128::from(*byte);
        let bits =
            if self.big_endian { bytes.iter().fold(0, next) } else { bytes.iter().rev().fold(0, next) };
        if number == Number::Extended { bits & extended::MASK } else { bits }
    }
}

/// The paths and indices of a sequence of numbers. The paths take turns: with two paths, every second number belongs
/// to the first.
pub(super) struct ArrayLayout<'l> {
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
    layout: &ArrayLayout<'_>,
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

fn one(bits: [u128; 2], number: Number, at: usize, layout: &ArrayLayout<'_>, findings: &mut Findings<'_>) {
    let turns = layout.paths.len();
    let path = layout.paths[at % turns];
    if bits[0] == bits[1] {
        return findings.same(path, number.name(), 1);
    }
    let index = || (layout.index)(at / turns);
    findings.different(path, number.name(), &number.pair(bits), index, Written::Bits(number, bits));
}
