//! The file format of `numpy` for several arrays: a ZIP archive of array files.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use rawzip::{CompressionMethod, ZipArchive};

use super::comparison::{Comparison, MismatchKind};
use super::findings::Findings;
use super::npy;
use super::options::{Options, OutputFormat};
use super::paths::{Path, ROOT};

/// The first bytes of an archive that has a file.
const MAGIC: &[u8] = b"PK\x03\x04";

/// The end of the name of each array.
const SUFFIX: &[u8] = b".npy";

/// The largest number of arrays in an archive.
const ARRAYS_MAX: usize = 10_000;

/// An array file in an archive.
struct ZipMember<'a> {
    name: Vec<u8>,
    method: CompressionMethod,
    /// As it is stored.
    data: &'a [u8],
    /// The length of the array file.
    bytes: u64,
    /// The checksum of the array file.
    crc32: u32,
}

/// Whether an output is an archive that holds an array.
pub(super) fn is_npz(output: &[u8]) -> bool {
    output.starts_with(MAGIC) && members(output).is_ok_and(|members| !members.is_empty())
}

/// Compares two archives, array by array. The error says which output is not such an archive.
pub(super) fn compare(left: &[u8], right: &[u8], options: &Options) -> Result<Comparison, String> {
    let read = |output, side| {
        members(output).map_err(|why| format!("the {side} output is not a readable archive of arrays: {why}"))
    };
    let [left, right] = [read(left, "first")?, read(right, "second")?];
    let mut findings = Findings::new(options);
    let places: HashMap<&[u8], usize> =
        right.iter().enumerate().map(|(place, member)| (&*member.name, place)).collect();
    let names: HashSet<&[u8]> = left.iter().map(|member| &*member.name).collect();
    let mut partners = Vec::new();
    for member in &left {
        let path = findings.paths.key(ROOT, &member.name);
        match places.get(&*member.name) {
            Some(&place) => {
                partners.push(place);
                pair(member, &right[place], path, &mut findings);
            }
            None => {
                findings.mismatch(path, MismatchKind::Key, &[], || ["an array".to_owned(), String::new()]);
            }
        }
    }
    for member in right.iter().filter(|member| !names.contains(&*member.name)) {
        let path = findings.paths.key(ROOT, &member.name);
        findings.mismatch(path, MismatchKind::Key, &[], || [String::new(), "an array".to_owned()]);
    }
    let mut sorted = partners.clone();
    sorted.sort_unstable();
    if let Some((one, other)) = partners.iter().zip(&sorted).find(|(partner, next)| partner != next) {
        let name = |place: &usize| String::from_utf8_lossy(&right[*place].name).into_owned();
        findings.reordered(ROOT, &[], || [name(one), name(other)]);
    }
    Ok(findings.finish(OutputFormat::Npz))
}

/// Compares two arrays of the same name.
fn pair(left: &ZipMember<'_>, right: &ZipMember<'_>, path: Path, findings: &mut Findings<'_>) {
    let bytes_max = findings.limits.inflated_bytes_max;
    if left.bytes.max(right.bytes) > bytes_max as u64 {
        let name = String::from_utf8_lossy(&left.name).into_owned();
        findings.truncate(format!("the array {name} is longer than {bytes_max} bytes"));
        if left.data != right.data {
            findings.mismatch(path, MismatchKind::Shape, &[], || {
                [left, right].map(|side| format!("[{}]", side.bytes))
            });
        }
        return;
    }
    let arrays = [left.array(), right.array()];
    let damaged =
        [left, right].into_iter().zip(&arrays).any(|(side, array)| side.is_damaged(array.as_deref()));
    if damaged {
        return findings.mismatch(path, MismatchKind::Text, &[], || {
            let words = |(side, array): (&ZipMember<'_>, &Option<Cow<'_, [u8]>>)| {
                let damaged = side.is_damaged(array.as_deref());
                format!(
                    "{} bytes {}",
                    side.bytes,
                    if damaged { "with a wrong checksum" } else { "of an array" }
                )
            };
            [words((left, &arrays[0])), words((right, &arrays[1]))]
        });
    }
    let compared = match &arrays {
        [Some(one), Some(other)] => npy::arrays(one, other, path, findings).map_err(|(_, why)| why),
        _ => Err("it cannot be decompressed".into()),
    };
    if let Err(why) = compared
        && left.data != right.data
    {
        findings.mismatch(path, MismatchKind::Text, &[], || {
            [left, right].map(|side| format!("{} bytes that are not a readable array: {why}", side.bytes))
        });
    }
}

impl<'a> ZipMember<'a> {
    /// Whether the array is not the one that was archived, as its checksum says.
    fn is_damaged(&self, array: Option<&[u8]>) -> bool {
        array.is_some_and(|array| rawzip::crc32(array) != self.crc32)
    }

    /// The array file, decompressed if need be.
    fn array(&self) -> Option<Cow<'a, [u8]>> {
        let bytes = usize::try_from(self.bytes).ok()?;
        match self.method {
            CompressionMethod::STORE => Some(self.data.into()),
            CompressionMethod::DEFLATE => {
                miniz_oxide::inflate::decompress_to_vec_with_limit(self.data, bytes).ok().map(Cow::Owned)
            }
            _ => None,
        }
    }
}

/// The arrays of an archive, in the order in which it lists them. Other files are left out.
fn members(output: &[u8]) -> Result<Vec<ZipMember<'_>>, String> {
    let archive = ZipArchive::from_slice(output).map_err(|error| error.to_string())?;
    let mut entries = archive.entries();
    let mut members = Vec::new();
    while let Some(entry) = entries.next_entry().map_err(|error| error.to_string())? {
        let path = entry.file_path();
        let Some(name) = path.as_ref().strip_suffix(SUFFIX) else { continue };
        if members.len() == ARRAYS_MAX {
            return Err(format!("it has more than {ARRAYS_MAX} arrays"));
        }
        let local = archive.get_entry(entry.wayfinder()).map_err(|error| error.to_string())?;
        let (start, end) = local.compressed_data_range();
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        let data = range.and_then(|(start, end)| output.get(start..end)).ok_or("it ends within an array")?;
        members.push(ZipMember {
            name: name.to_vec(),
            method: entry.compression_method(),
            data,
            bytes: entry.uncompressed_size_hint(),
            crc32: entry.crc32(),
        });
    }
    Ok(members)
}
