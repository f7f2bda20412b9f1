use std::ops::Range;

use concord_json::{Reader, ScanError, string};

use super::members::{Matched, Member, collect};
use super::scalar::{self, JsonToken};
use super::side::{NotJson, in_first, in_second};
use crate::comparison::MismatchKind;
use crate::findings::Findings;
use crate::paths::{Path, ROOT};
use crate::shown::{placed, shown};

/// Reads two texts side by side and adds their differences to `findings`. If the function fails, the findings are
/// invalid.
pub(crate) fn walk<'a>(
    left: &'a [u8],
    right: &'a [u8],
    strict: bool,
    findings: &mut Findings<'a>,
) -> Result<(), NotJson> {
    let mut walk = Walk::new(left, right, strict, findings)?;
    walk.left.space();
    walk.right.space();
    walk.whole_value(ROOT)?;
    walk.left.finish().map_err(in_first)?;
    walk.right.finish().map_err(in_second)
}

pub(super) struct Walk<'a, 'f> {
    pub(super) left: Reader<'a>,
    pub(super) right: Reader<'a>,
    pub(super) findings: &'f mut Findings<'a>,
    /// The open arrays and objects, outermost first.
    frames: Vec<Frame>,
    /// The current index in each open array.
    pub(super) index: Vec<u64>,
    /// The number of members held by all objects that are compared by key.
    members_held: usize,
    /// The number of bytes that may still be read a second time.
    bytes_left: u64,
}

enum Frame {
    Array { path: Path, length: u64 },
    Object { path: Path, first: bool },
    Matched { path: Path, matched: Matched },
}

impl<'a, 'f> Walk<'a, 'f> {
    pub(super) fn new(
        left: &'a [u8],
        right: &'a [u8],
        strict: bool,
        findings: &'f mut Findings<'a>,
    ) -> Result<Self, NotJson> {
        let bytes_left = findings.limits.readings_max.saturating_mul((left.len() + right.len()) as u64);
        let depth_max = findings.limits.depth_max;
        let left = Reader::new(left, strict, depth_max).map_err(in_first)?;
        let right = Reader::new(right, strict, depth_max).map_err(in_second)?;
        Ok(Self { left, right, findings, frames: Vec::new(), index: Vec::new(), members_held: 0, bytes_left })
    }

    /// Compares the next value on both sides, including everything inside it.
    pub(super) fn whole_value(&mut self, path: Path) -> Result<(), NotJson> {
        self.value(path)?;
        while let Some(frame) = self.frames.pop() {
            self.go_on(frame)?;
        }
        Ok(())
    }

    /// Compares the next value on both sides, or enters it if both are arrays or both are objects.
    fn value(&mut self, path: Path) -> Result<(), NotJson> {
        match (self.left.peek(), self.right.peek()) {
            (b'[', b'[') => {
                self.enter()?;
                self.frames.push(Frame::Array { path, length: 0 });
                self.index.push(0);
                Ok(())
            }
            (b'{', b'{') => {
                self.enter()?;
                self.frames.push(Frame::Object { path, first: true });
                Ok(())
            }
            (b'[' | b'{', _) | (_, b'[' | b'{') => self.other_kind(path),
            _ => self.scalar(path),
        }
    }

    fn enter(&mut self) -> Result<(), NotJson> {
        self.left.enter(self.frames.len()).map_err(in_first)?;
        self.right.enter(self.frames.len()).map_err(in_second)
    }

    fn scalar(&mut self, path: Path) -> Result<(), NotJson> {
        let [start, other] = [self.left.at, self.right.at];
        let left = self.left.scalar().map_err(in_first)?;
        let text = &self.left.text[start..self.left.at];
        if self.right.text[other..].starts_with(text) {
            let end = other + text.len();
            // A longer number may start with a shorter one.
            let continues = self.right.text.get(end).is_some_and(|byte| b".eE+-0123456789".contains(byte));
            if !continues {
                self.right.at = end;
                scalar::same(self.findings, path, left);
                return Ok(());
            }
        }
        let right = self.right.scalar().map_err(in_second)?;
        let left = JsonToken { scalar: left, text: self.left.slice(start..self.left.at) };
        let right = JsonToken { scalar: right, text: self.right.slice(other..self.right.at) };
        scalar::differ(self.findings, path, &self.index, left, right);
        Ok(())
    }

    fn other_kind(&mut self, path: Path) -> Result<(), NotJson> {
        let texts =
            [one_value(&mut self.left).map_err(in_first)?, one_value(&mut self.right).map_err(in_second)?];
        self.mismatch(path, MismatchKind::Type, texts);
        Ok(())
    }

    fn mismatch(&mut self, path: Path, kind: MismatchKind, texts: [&[u8]; 2]) {
        let chars_max = self.findings.limits.text_chars_max;
        self.findings.mismatch(path, kind, &self.index, || texts.map(|text| shown(text, chars_max)));
    }

    fn go_on(&mut self, frame: Frame) -> Result<(), NotJson> {
        match frame {
            Frame::Array { path, length } => self.array(path, length),
            Frame::Object { path, first } => self.object(path, first),
            Frame::Matched { path, matched } => self.matched(path, matched),
        }
    }

    fn array(&mut self, path: Path, mut length: u64) -> Result<(), NotJson> {
        let depth = self.frames.len();
        loop {
            let more = [
                self.left.element(length == 0).map_err(in_first)?,
                self.right.element(length == 0).map_err(in_second)?,
            ];
            if more != [true, true] {
                return self.array_end(path, length, more);
            }
            let each = self.findings.paths.each(path);
            if let Some(place) = self.index.last_mut() {
                *place = length;
            }
            length += 1;
            // The frame goes below the frames of the element, which are read first.
            if matches!(self.left.peek(), b'[' | b'{') {
                self.frames.push(Frame::Array { path, length });
                self.value(each)?;
                if self.frames.len() > depth + 1 {
                    return Ok(());
                }
                self.frames.pop();
            } else {
                self.value(each)?;
            }
        }
    }

    fn array_end(&mut self, path: Path, length: u64, more: [bool; 2]) -> Result<(), NotJson> {
        self.index.pop();
        let lengths = [
            length + if more[0] { rest_of_array(&mut self.left).map_err(in_first)? } else { 0 },
            length + if more[1] { rest_of_array(&mut self.right).map_err(in_second)? } else { 0 },
        ];
        if lengths[0] != lengths[1] {
            self.findings.mismatch(path, MismatchKind::Shape, &self.index, || {
                lengths.map(|length| format!("[{length}]"))
            });
        }
        Ok(())
    }

    fn object(&mut self, path: Path, first: bool) -> Result<(), NotJson> {
        let left = self.left.member(first).map_err(in_first)?;
        let right = self
            .right
            .member_like(first, &self.left.text[left.clone().unwrap_or_default()])
            .map_err(in_second)?;
        match [left, right] {
            [None, None] => Ok(()),
            [Some(left), Some(right)]
                if string::same(&self.left.text[left.clone()], &self.right.text[right.clone()]) =>
            {
                let texts = [&self.left.text[left.clone()], &self.right.text[right]];
                let member = self.member_path(path, left);
                if texts[0] != texts[1] {
                    let chars_max = self.findings.limits.text_chars_max;
                    let texts = || texts.map(|text| shown(text, chars_max));
                    self.findings.spelling(member, &self.index, texts);
                }
                self.frames.push(Frame::Object { path, first: false });
                self.value(member)
            }
            keys => self.match_members(path, keys),
        }
    }

    fn member_path(&mut self, path: Path, key: Range<usize>) -> Path {
        let quoted = &self.left.text[key];
        key_path(self.findings, path, quoted)
    }

    /// Reads the rest of an object whose next keys differ, and continues with the members matched by key.
    fn match_members(&mut self, path: Path, keys: [Option<Range<usize>>; 2]) -> Result<(), NotJson> {
        let starts = [self.left.at, self.right.at];
        let room = self.findings.limits.members_max.saturating_sub(self.members_held);
        let [left_key, right_key] = keys;
        let left = collect(&mut self.left, left_key, room).map_err(in_first)?;
        let right =
            collect(&mut self.right, right_key, room.saturating_sub(left.len())).map_err(in_second)?;
        let read = (self.left.at - starts[0] + self.right.at - starts[1]) as u64;
        if left.len() + right.len() >= room || read > self.bytes_left {
            self.bytes_left = 0;
            let at = placed(&self.findings.paths.pointer(path), &self.index);
            self.findings
                .truncate(format!("the members of the object at {at:?} are too many to be matched by key"));
            self.mismatch(path, MismatchKind::Key, [b"", b""]);
            return Ok(());
        }
        self.bytes_left -= read;
        let matched = Matched::new(&self.left, &self.right, &left, &right);
        self.report_keys(path, &left, &right, &matched);
        self.members_held += matched.len();
        self.frames.push(Frame::Matched { path, matched });
        Ok(())
    }

    /// Adds the keys that one side lacks, and the first keys that are in another order.
    fn report_keys(&mut self, path: Path, left: &[Member], right: &[Member], matched: &Matched) {
        let (left_text, right_text) = (self.left.text, self.right.text);
        for &place in &matched.only_left {
            let member = &left[place];
            let path = key_path(self.findings, path, &left_text[member.key.clone()]);
            self.mismatch(path, MismatchKind::Key, [&left_text[member.value.clone()], b""]);
        }
        for &place in &matched.only_right {
            let member = &right[place];
            let path = key_path(self.findings, path, &right_text[member.key.clone()]);
            self.mismatch(path, MismatchKind::Key, [b"", &right_text[member.value.clone()]]);
        }
        if let Some([one, other]) = matched.first_out_of_order {
            let keys = [&left_text[left[one].key.clone()], &right_text[right[other].key.clone()]];
            let chars_max = self.findings.limits.text_chars_max;
            self.findings.reordered(path, &self.index, || keys.map(|key| shown(key, chars_max)));
        }
    }

    fn matched(&mut self, path: Path, mut matched: Matched) -> Result<(), NotJson> {
        let Some(pair) = matched.next() else {
            self.members_held -= matched.len();
            [self.left.at, self.right.at] = matched.ends;
            return Ok(());
        };
        [self.left.at, self.right.at] = pair.values;
        let member = self.member_path(path, pair.key);
        self.frames.push(Frame::Matched { path, matched });
        self.value(member)
    }
}

/// The path of a member whose key is given in quotes.
fn key_path(findings: &mut Findings<'_>, path: Path, quoted: &[u8]) -> Path {
    // An escape takes up to 6 bytes for each byte of the key, so a longer text is beyond the bound in any case.
    if quoted.len() > 6 * findings.limits.key_bytes_max + 2 {
        return findings.paths.each(path);
    }
    findings.paths.key(path, &string::unescaped(quoted))
}

/// Moves past a value and returns its text.
fn one_value<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], ScanError> {
    let start = reader.at;
    reader.skip(0)?;
    Ok(&reader.text[start..reader.at])
}

/// Moves past the remaining elements of an array, starting at an element, and returns their number.
fn rest_of_array(reader: &mut Reader<'_>) -> Result<u64, ScanError> {
    let mut length = 0;
    loop {
        reader.skip(0)?;
        length += 1;
        if !reader.element(false)? {
            return Ok(length);
        }
    }
}
