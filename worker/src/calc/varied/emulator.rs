//! The file that an emulator has to run: a program itself, or the interpreter of a script.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::super::command::{Program, ProgramError};

/// Interpreters of interpreters that are followed, at most; the kernel follows as many.
const INTERPRETERS_MAX: usize = 5;

/// Bytes of the first line of a script that the kernel reads.
const FIRST_LINE_BYTES: u64 = 256;

/// The program that looks another one up, as in `#!/usr/bin/env python3`.
const ENV: &str = "env";

/// Why an emulator cannot run a command.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum EmulatorError {
    #[error(transparent)]
    Program(#[from] ProgramError),
    #[error("the file of the program cannot be read for the emulator: {0}")]
    File(#[source] io::Error),
}

/// The words that run a command in an emulator. An emulator runs a program and no script, so the interpreter that the
/// script names takes its place.
pub(super) fn emulated(
    words: &[String],
    emulator: &[String],
    folder: &Path,
    search_path: Option<&OsStr>,
) -> Result<Vec<String>, EmulatorError> {
    let mut words = words.to_vec();
    for _ in 0..INTERPRETERS_MAX {
        let program = Program::find(&words, folder, search_path)?;
        let Some(path) = program.path().to_str() else {
            return Err(EmulatorError::File(io::ErrorKind::InvalidFilename.into()));
        };
        let interpreter = interpreter(program.path()).map_err(EmulatorError::File)?;
        let Some(mut interpreter) = interpreter else {
            let mut emulated = emulator.to_vec();
            emulated.extend(["-0".to_owned(), words[0].clone(), path.to_owned()]);
            emulated.extend_from_slice(&words[1..]);
            return Ok(emulated);
        };
        // What `env` starts would not be emulated.
        let is_env = Path::new(&interpreter[0]).file_name().is_some_and(|name| name == ENV);
        if is_env && interpreter.len() > 1 {
            interpreter.remove(0);
            // `env -S` splits what follows.
            if let Some(split) = interpreter[0].strip_prefix("-S") {
                interpreter = split.split_whitespace().map(ToOwned::to_owned).collect();
            }
        }
        if interpreter.is_empty() {
            return Err(EmulatorError::File(io::ErrorKind::InvalidData.into()));
        }
        interpreter.push(path.to_owned());
        interpreter.extend_from_slice(&words[1..]);
        words = interpreter;
    }
    Err(EmulatorError::File(io::Error::other("too many interpreters")))
}

/// The interpreter that a script names, with its argument; `None` if the file is no script.
fn interpreter(path: &Path) -> io::Result<Option<Vec<String>>> {
    let mut line = Vec::new();
    File::open(path)?.take(FIRST_LINE_BYTES).read_to_end(&mut line)?;
    let Some(line) = line.strip_prefix(b"#!") else { return Ok(None) };
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut words = line.trim().splitn(2, [' ', '\t']).map(|word| word.trim().to_owned());
    let Some(program) = words.next().filter(|program| !program.is_empty()) else { return Ok(None) };
    Ok(Some(std::iter::once(program).chain(words.filter(|word| !word.is_empty())).collect()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[track_caller]
    fn check(script: Option<&str>, expect: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("script");
        std::fs::write(&path, script.unwrap_or("\x7fELF")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        let words = ["./script".to_owned(), "x".to_owned()];
        let emulated = emulated(&words, &["emu".to_owned()], folder.path(), None).unwrap();
        let shown = format!("{}/./script", folder.path().display());
        let emulated: Vec<_> = emulated.iter().map(|word| word.replace(&shown, "SCRIPT")).collect();
        assert_eq!(emulated, expect);
    }

    #[test]
    fn the_interpreter_of_a_script_is_emulated() {
        check(None, &["emu", "-0", "./script", "SCRIPT", "x"]);
        check(Some("#!/bin/sh\n"), &["emu", "-0", "/bin/sh", "/bin/sh", "SCRIPT", "x"]);
        check(Some("#! /bin/sh -e\n"), &["emu", "-0", "/bin/sh", "/bin/sh", "-e", "SCRIPT", "x"]);
        check(Some("#!/usr/bin/env -S sh -e\n"), &["emu", "-0", "sh", "/bin/sh", "-e", "SCRIPT", "x"]);
        check(Some("#!/usr/bin/env sh\n"), &["emu", "-0", "sh", "/bin/sh", "SCRIPT", "x"]);
    }
}
