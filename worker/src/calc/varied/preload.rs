//! The library that commands load first, where a setting asks for it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use concord_preload::{LIBRARY, ROUNDING_LIBRARY, VARIABLE};

use super::inherited::present;

/// What is done by the library with the functions of libm.
const ROUNDING: &str = "rounding";

/// The libraries that a program loads first.
const PRELOAD: &str = "LD_PRELOAD";

/// What copies ask of the library: knobs with their values.
pub(super) type Knobs = BTreeMap<String, String>;

/// Whether this program has the library.
pub const HAS_PRELOAD: bool = LIBRARY.is_some();

/// Adds the variables by which a command loads the library and asks for `knobs`. The library reports in the file `report`.
/// `own` is a folder of this process.
pub(super) fn add(variables: &mut BTreeMap<String, OsString>, knobs: &Knobs, report: &Path, own: &Path) {
    let file = file(own, knobs.contains_key(ROUNDING));
    let others = present(variables, PRELOAD);
    let mut libraries = file.into_os_string();
    if !others.is_empty() {
        libraries.push(":");
        libraries.push(others);
    }
    variables.insert(PRELOAD.to_owned(), libraries);
    let mut asked = OsString::new();
    for (knob, value) in knobs {
        asked.push(format!("{knob}={value},"));
    }
    asked.push("report=");
    asked.push(report);
    variables.insert(VARIABLE.to_owned(), asked);
}

/// Writes the libraries into a folder of this process, unless they are there.
///
/// # Errors
/// When they cannot be written (a full disk, no permission), or the loader could not read the name of the folder.
pub(super) fn write(own: &Path) -> io::Result<()> {
    if own.as_os_str().as_encoded_bytes().iter().any(|byte| b" :".contains(byte)) {
        let text = format!(
            "the loader takes spaces and colons in {} for the ends of names; name another folder with TMPDIR",
            own.display()
        );
        return Err(io::Error::new(io::ErrorKind::InvalidFilename, text));
    }
    for (is_rounding, library) in [(false, LIBRARY), (true, ROUNDING_LIBRARY)] {
        let file = file(own, is_rounding);
        if file.exists() {
            continue;
        }
        // Under its name stands a whole library, also where two threads write at once.
        let mut whole = tempfile::NamedTempFile::new_in(own)?;
        whole.write_all(library.unwrap_or_default())?;
        whole.persist(file).map_err(|error| error.error)?;
    }
    Ok(())
}

/// Both names have the same length.
fn file(own: &Path, is_rounding: bool) -> PathBuf {
    own.join(if is_rounding { "concord-rounded.so" } else { "concord-preload.so" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_are_written_where_the_loader_can_name_them() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        assert!(file(folder.path(), false).exists() && file(folder.path(), true).exists());
        assert_eq!(file(folder.path(), false).as_os_str().len(), file(folder.path(), true).as_os_str().len());
        let odd = folder.path().join("a b");
        let error = write(&odd).unwrap_err();
        assert!(error.to_string().contains("TMPDIR"), "{error}");
    }
}
