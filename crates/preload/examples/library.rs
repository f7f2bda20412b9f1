//! Writes the library to standard output: `library >preload.so`; the one that rounds: `library rounding >rounding.so`.

use std::env;
use std::io::{self, Write};

use concord_preload::{LIBRARY, ROUNDING_LIBRARY};

fn main() -> io::Result<()> {
    let library = match env::args().nth(1).as_deref() {
        None => LIBRARY,
        Some("rounding") => ROUNDING_LIBRARY,
        Some(other) => return Err(io::Error::other(format!("there is no library '{other}'"))),
    };
    let library = library.ok_or_else(|| io::Error::other("there is no library for this system"))?;
    io::stdout().write_all(library)
}
