//! The arguments of the producer. The input has one argument on each line.

use clap::FromArgMatches;

use crate::private::args::Args;

pub(crate) fn check(bytes: &[u8]) {
    use std::os::unix::ffi::OsStrExt;

    let arguments = bytes.split(|byte| *byte == b'\n').map(std::ffi::OsStr::from_bytes);
    let argv = std::iter::once(std::ffi::OsStr::new("producer")).chain(arguments);
    match Args::command().try_get_matches_from(argv) {
        // What the parser accepts is a command line.
        Ok(matches) => assert!(Args::from_arg_matches(&matches).is_ok()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
