//! The build id of a program or library.

use std::fs::File;
use std::path::Path;

use elf::ElfStream;
use elf::abi::PT_NOTE;
use elf::endian::AnyEndian;
use elf::note::Note;

/// Hexadecimal digits of a build id that are recorded.
const BUILD_ID_DIGITS: usize = 16;

/// The beginning of the build id that the linker wrote into an ELF file; `None` when there is none.
pub(crate) fn build_id(path: &Path) -> Option<String> {
    let mut file = ElfStream::<AnyEndian, _>::open_stream(File::open(path).ok()?).ok()?;
    let notes: Vec<_> = file.segments().iter().filter(|segment| segment.p_type == PT_NOTE).copied().collect();
    notes.iter().find_map(|segment| {
        let notes = file.segment_data_as_notes(segment).ok()?;
        let mut ids = notes.filter_map(|note| match note {
            Note::GnuBuildId(id) => Some(short(id.0, BUILD_ID_DIGITS)),
            _ => None,
        });
        ids.next()
    })
}

/// The first `digits` hexadecimal digits of some bytes.
pub(crate) fn short(bytes: &[u8], digits: usize) -> String {
    let letters = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    letters.take(digits).filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
