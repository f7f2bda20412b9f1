//! How this process computes.

use std::fs::File;

use concord_probes::canary;
use concord_protocol::Facts;
use elf::ElfStream;
use elf::endian::AnyEndian;

use super::float_mode::{FLOAT_MODE, FloatMode};
use super::system::System;

/// The beginning of the text in glibc that has its version: `GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.`
const BANNER: &[u8] = b"GNU C Library (";

/// Bytes of that text, at most.
const BANNER_BYTES_MAX: usize = 200;

/// Records the C library, the mode of floating-point arithmetic, and the canary.
pub(super) fn record(system: &System, facts: &mut Facts) {
    facts.record("numerics.libc", libc(system));
    facts.record(FLOAT_MODE, FloatMode::measure().to_string());
    let canary = canary();
    facts.record("canary.class", canary.class);
    facts.record("canary.libm", canary.libm);
    facts.record("canary.fma", canary.fma);
    facts.record("canary.subnormals", canary.subnormals);
    facts.record("canary.reduction", canary.reduction);
}

/// The C library that this program was built for, with the version of the loaded library if it is known. musl is linked
/// into the program, and its version is not known.
fn libc(system: &System) -> String {
    let name = match std::env::consts::OS {
        _ if cfg!(target_env = "musl") => "musl",
        _ if cfg!(target_env = "gnu") => "glibc",
        system => system,
    };
    match loaded_version(system) {
        Some(version) if cfg!(target_env = "gnu") => format!("{name} {version}"),
        _ => name.to_owned(),
    }
}

/// Version and maker of the loaded glibc, such as `2.36 (Debian GLIBC 2.36-9+deb12u14)`. Calling the library for it takes
/// unsafe code, and the file name has no version, so the text is searched in the constants of the file.
fn loaded_version(system: &System) -> Option<String> {
    let maps = system.text("proc/self/maps")?;
    let path = maps
        .lines()
        .find_map(|line| line.split_once('/').map(|(_, path)| path).filter(|path| is_libc(path)))?;
    let mut file = ElfStream::<AnyEndian, _>::open_stream(File::open(system.path(path)).ok()?).ok()?;
    let constants = *file.section_header_by_name(".rodata").ok()??;
    let (bytes, _) = file.section_data(&constants).ok()?;
    version(bytes)
}

fn is_libc(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == "libc.so.6" || name.strip_prefix("libc-2.").is_some_and(|rest| rest.strip_suffix(".so").is_some())
}

fn version(constants: &[u8]) -> Option<String> {
    let from = memchr::memmem::find(constants, BANNER)?;
    let banner = &constants[from..constants.len().min(from + BANNER_BYTES_MAX)];
    let banner = std::str::from_utf8(banner.split(|byte| matches!(byte, b'\n' | 0)).next()?).ok()?;
    let (maker, rest) = banner.strip_prefix("GNU C Library (")?.split_once(')')?;
    let (_, version) = rest.rsplit_once("version ")?;
    Some(format!("{} ({maker})", version.trim_end_matches('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_in_the_text_of_the_library() {
        let check =
            |constants: &[u8], expect: Option<&str>| assert_eq!(version(constants).as_deref(), expect);
        check(
            b"\0GNU\0GNU C Library (Debian GLIBC 2.36-9+deb12u14) stable release version 2.36.\nCopyright\0",
            Some("2.36 (Debian GLIBC 2.36-9+deb12u14)"),
        );
        check(b"GNU C Library (GNU libc) stable release version 2.34.\n", Some("2.34 (GNU libc)"));
        check(b"GNU C Library (GNU libc", None);
        check(b"", None);
    }
}
