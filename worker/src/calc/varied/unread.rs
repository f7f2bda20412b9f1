//! Variables that a program cannot read.

use std::collections::BTreeSet;
use std::path::Path;

use elf::ElfBytes;
use elf::abi::PT_INTERP;
use elf::endian::AnyEndian;
use memchr::memmem;

/// A larger file is not searched.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Those of `names` that do not occur in a static program: it loads no library, so nothing in its process can ask for them. None
/// of another file.
pub(super) fn unread(program: &Path, names: &BTreeSet<String>) -> BTreeSet<String> {
    let is_small = program.metadata().is_ok_and(|metadata| metadata.len() <= FILE_BYTES_MAX);
    let Some(bytes) =
        is_small.then(|| std::fs::read(program).ok()).flatten().filter(|bytes| is_static(bytes))
    else {
        return BTreeSet::new();
    };
    names.iter().filter(|name| memmem::find(&bytes, name.as_bytes()).is_none()).cloned().collect()
}

/// Whether these are the bytes of a program that no loader starts.
fn is_static(bytes: &[u8]) -> bool {
    let Ok(file) = ElfBytes::<AnyEndian>::minimal_parse(bytes) else { return false };
    file.segments().is_some_and(|segments| segments.iter().all(|segment| segment.p_type != PT_INTERP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_static_program_cannot_read_what_it_does_not_name() {
        let names = BTreeSet::from(["CONCORD_NOBODY_READS".to_owned()]);
        // This test is linked against the C library, so a loader starts it.
        assert!(unread(&std::env::current_exe().unwrap(), &names).is_empty());
        assert!(unread(Path::new("/no/such/file"), &names).is_empty());
        let script = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(script.path(), "#!/bin/sh\n").unwrap();
        assert!(unread(script.path(), &names).is_empty());
    }
}
