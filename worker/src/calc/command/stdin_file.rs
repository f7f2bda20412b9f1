//! The file that every copy reads on its stdin, written once.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};

use rustix::fs::{MemfdFlags, Mode, OFlags, SealFlags};

/// A file in memory that any number of copies can read at once, each from its first byte.
///
/// It is anonymous and sealed, so no copy can change what another one reads, and a copy that reads only a part of it does
/// not affect the others. The price: stdin is a regular file, as after `< payload.json` in a shell, and not a pipe. A
/// program can seek in it, but cannot wait for it with `epoll`.
#[derive(Debug)]
pub struct StdinFile {
    /// Keeps the anonymous file alive.
    _file: File,
    /// Opening this path gives a reader with its own offset; duplicates of `_file` would share one.
    path: String,
}

impl StdinFile {
    /// Copies `bytes` into an anonymous file. Opening it later takes a mounted `/proc`.
    pub fn new(bytes: &[u8]) -> io::Result<StdinFile> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let mut file = File::from(rustix::fs::memfd_create(c"payload", flags)?);
        file.write_all(bytes)?;
        let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
        rustix::fs::fcntl_add_seals(&file, seals)?;
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        Ok(StdinFile { _file: file, path })
    }

    /// A new reader, at the first byte.
    pub(super) fn open(&self) -> io::Result<OwnedFd> {
        Ok(rustix::fs::open(&self.path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
    }
}
