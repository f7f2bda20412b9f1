use std::borrow::Cow;

use super::element::{self, Element};
use super::literal::Literal;
use crate::shown::shown;

/// The first bytes of a file.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest header, in bytes. The header of an array of numbers has about a hundred.
const HEADER_BYTES_MAX: usize = 64 * 1024;

/// Characters of a type in an error, at most.
const TYPE_CHARS_MAX: usize = 80;

/// The description of an array in its file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    /// The type as the file names it, such as `<f8`.
    pub(super) description: String,
    pub(super) element: Element,
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<u64>,
}

/// Reads the header of a file. Returns it with the bytes of the elements, whose number fits the shape.
pub(super) fn read(output: &[u8]) -> Result<(Header, &[u8]), Cow<'static, str>> {
    let rest = output.strip_prefix(MAGIC).ok_or("it does not start with the mark of the format")?;
    let (length, rest) = match rest {
        [1, _, a, b, rest @ ..] => (u32::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]), rest),
        _ => return Err("its version is not 1, 2 or 3".into()),
    };
    let length = usize::try_from(length).ok().filter(|length| *length <= HEADER_BYTES_MAX);
    let length = length.ok_or("its header is too long")?;
    let (text, elements) = rest.split_at_checked(length).ok_or("it ends in its header")?;
    let text = std::str::from_utf8(text).map_err(|error| format!("its header is not text: {error}"))?;
    let header = header(text)?;
    let bytes = header.bytes().ok_or("its shape is too large")?;
    if elements.len() as u64 != bytes {
        return Err("its length does not fit its shape".into());
    }
    Ok((header, elements))
}

/// Reads the text of a header, which is a Python dictionary with three keys.
fn header(text: &str) -> Result<Header, Cow<'static, str>> {
    let unread = "its header is not understood";
    let mut literal = Literal { rest: text };
    let (mut description, mut element, mut fortran_order, mut shape) = (None, None, None, None);
    literal.must_be("{").ok_or(unread)?;
    while !literal.eat("}") {
        let key = literal.text().ok_or(unread)?;
        literal.must_be(":").ok_or(unread)?;
        match key {
            "descr" => {
                let before = literal.rest.trim_start();
                element = element::element(&mut literal);
                if element.is_none() {
                    return Err(unread_type(before));
                }
                let text = before[..before.len() - literal.rest.len()].trim();
                description = Some(text.trim_matches(['\'', '"']));
            }
            "fortran_order" => fortran_order = Some(literal.boolean().ok_or(unread)?),
            "shape" => shape = Some(literal.shape().ok_or(unread)?),
            _ => return Err(unread.into()),
        }
        if !literal.eat(",") {
            literal.must_be("}").ok_or(unread)?;
            break;
        }
    }
    if !literal.rest.trim().is_empty() {
        return Err(unread.into());
    }
    let (description, element) = (description.ok_or(unread)?.to_owned(), element.ok_or(unread)?);
    let (fortran_order, shape) = (fortran_order.ok_or(unread)?, shape.ok_or(unread)?);
    Ok(Header { description, element, fortran_order, shape })
}

/// The error for a type of elements that is not read, at the beginning of `text`.
fn unread_type(text: &str) -> Cow<'static, str> {
    let end = text.find(", 'fortran_order'").unwrap_or(text.len());
    let named = shown(&text.as_bytes()[..end], TYPE_CHARS_MAX);
    format!("its elements are of a type that is not read: {named}").into()
}

impl Header {
    /// The total length of the elements, in bytes.
    fn bytes(&self) -> Option<u64> {
        let element = self.element.bytes() as u64;
        self.shape.iter().try_fold(element, |bytes, length| bytes.checked_mul(*length))
    }

    /// Whether the two orders of elements differ for this shape.
    pub(super) fn is_ordered(&self) -> bool {
        self.shape.iter().filter(|length| **length != 1).count() > 1
    }

    pub(super) fn order(&self) -> String {
        format!("{:?} in {} order", self.shape, if self.fortran_order { "Fortran's" } else { "C's" })
    }

    /// The number of elements, counted from the first, that have the same index in both arrays. That is all elements
    /// if the shapes are equal, and the elements of the shorter array if only the slowest dimension differs;
    /// otherwise `None`.
    pub(super) fn common(&self, other: &Self) -> Option<usize> {
        // If one dimension is 0, the others may have any length.
        let count = |shape: &[u64]| shape.iter().fold(1_u64, |count, &length| count.saturating_mul(length));
        if self.shape == other.shape {
            return usize::try_from(count(&self.shape)).ok();
        }
        if self.shape.len() != other.shape.len() || self.fortran_order != other.fortran_order {
            return None;
        }
        let slowest = if self.fortran_order { self.shape.len() - 1 } else { 0 };
        let others = |shape: &[u64]| [&shape[..slowest], &shape[slowest + 1..]].concat();
        let rest = others(&self.shape);
        if rest != others(&other.shape) {
            return None;
        }
        usize::try_from(count(&rest).saturating_mul(self.shape[slowest].min(other.shape[slowest]))).ok()
    }

    /// The index in each dimension of the element that has `before` elements before it.
    pub(super) fn index(&self, before: usize) -> Vec<u64> {
        let mut before = before as u64;
        let mut take = |length: &u64| {
            let place = before % length.max(&1);
            before /= length.max(&1);
            place
        };
        if self.fortran_order {
            return self.shape.iter().map(take).collect();
        }
        let mut index: Vec<_> = self.shape.iter().rev().map(&mut take).collect();
        index.reverse();
        index
    }

    /// The number of elements before the element at `index`.
    pub(super) fn place(&self, index: &[u64]) -> usize {
        let further = |before: u64, (place, length): (&u64, &u64)| before * length + place;
        let places = index.iter().zip(&self.shape);
        let before = if self.fortran_order { places.rev().fold(0, further) } else { places.fold(0, further) };
        usize::try_from(before).unwrap_or(usize::MAX)
    }
}
