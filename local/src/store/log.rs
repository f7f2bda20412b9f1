//! Whether the write-ahead log of a store is damaged. SQLite reads the log up to the first frame whose checksum does not
//! fit, and takes the rest for a write that a power cut has torn. So a damaged frame would silently undo every commit
//! after it. A power cut can tear the last commit alone, because every commit is flushed before the next one starts: if
//! more commits follow the first wrong frame, the log is damaged.
//!
//! The format is described in <https://www.sqlite.org/fileformat2.html#walformat>.

use std::io;
use std::path::Path;

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
const MAGIC: u32 = 0x377f_0682;
const PAGE_BYTES_MAX: usize = 65_536;

/// How often a log that seems damaged is read. Another process may write to it while it is read.
const READS_MAX: u32 = 3;

/// Whether commits were lost from the log of the store at `path`. A log that is missing or empty is whole.
///
/// # Errors
/// When the log cannot be read.
pub(super) fn is_damaged(path: &Path) -> io::Result<bool> {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    let mut before = None;
    for _ in 0..READS_MAX {
        let bytes = match std::fs::read(&name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            read => read?,
        };
        let Some(wrong) = first_wrong(&bytes) else { return Ok(false) };
        // What another process is writing is there at the next look.
        if before.as_ref() == Some(&wrong) {
            return Ok(true);
        }
        before = Some(wrong);
    }
    Ok(false)
}

/// The place of the first wrong frame, with the header of the log.
type WrongFrame = (usize, Vec<u8>);

/// The first wrong frame, if commits of this log follow it that a power cut cannot have torn.
fn first_wrong(log: &[u8]) -> Option<WrongFrame> {
    let (header, frames) = log.split_at_checked(HEADER_BYTES)?;
    let first_salt = frames.get(8..16)?;
    let page_bytes = word(header, 8) as usize;
    let is_header = word(header, 0) & !1 == MAGIC && page_bytes.is_power_of_two();
    let reads_big = word(header, 0) & 1 == 1;
    let sum = checksum(reads_big, (0, 0), &header[..24]);
    if !is_header || sum != (word(header, 24), word(header, 28)) {
        // Frames are written after their header was flushed.
        let page_bytes = if (512..=PAGE_BYTES_MAX).contains(&page_bytes) { page_bytes } else { 4_096 };
        let of_log = frames.chunks_exact(FRAME_HEADER_BYTES + page_bytes);
        return (commits(of_log, first_salt) > 0).then(|| (0, header.to_vec()));
    }
    let salt = &header[16..24];
    let mut sum = sum;
    let mut place = 0;
    let mut of_log = frames.chunks_exact(FRAME_HEADER_BYTES + page_bytes);
    loop {
        let rest = of_log.clone();
        let frame = of_log.next()?;
        sum = checksum(reads_big, sum, &frame[..8]);
        sum = checksum(reads_big, sum, &frame[FRAME_HEADER_BYTES..]);
        if &frame[8..16] != salt || sum != (word(frame, 16), word(frame, 20)) {
            return (commits(rest, salt) > 1).then(|| (place, header.to_vec()));
        }
        place += 1;
    }
}

/// How many of these frames end a commit of the log with this salt.
fn commits<'a>(frames: impl Iterator<Item = &'a [u8]>, salt: &[u8]) -> usize {
    frames.filter(|frame| &frame[8..16] == salt && word(frame, 4) != 0).count()
}

fn word(bytes: &[u8], from: usize) -> u32 {
    bytes
        .get(from..from + 4)
        .map_or(0, |bytes| bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)))
}

/// The checksum of SQLite's log, continued over a multiple of 8 bytes.
fn checksum(reads_big: bool, (mut first, mut second): (u32, u32), bytes: &[u8]) -> (u32, u32) {
    let read = |word: [u8; 4]| if reads_big { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) };
    for [one, other] in bytes.as_chunks::<4>().0.as_chunks::<2>().0 {
        first = first.wrapping_add(read(*one)).wrapping_add(second);
        second = second.wrapping_add(read(*other)).wrapping_add(first);
    }
    (first, second)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn a_log_is_damaged_if_commits_follow_a_wrong_frame() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a)").unwrap();
        let log = folder.path().join("s.db-wal");
        let insert = || connection.execute("INSERT INTO t VALUES (1)", []).unwrap();
        for _ in 0..4 {
            insert();
        }
        assert!(!is_damaged(&path).unwrap());
        let whole = std::fs::read(&log).unwrap();
        let frame = FRAME_HEADER_BYTES + 4_096;
        assert!((whole.len() - HEADER_BYTES).is_multiple_of(frame));
        let check = |at: usize, expect: bool| {
            let mut damaged = whole.clone();
            damaged[at] ^= 4;
            std::fs::write(&log, damaged).unwrap();
            assert_eq!(is_damaged(&path).unwrap(), expect, "{at}");
        };
        for at in [0, 9, 17, 30, HEADER_BYTES + 3, HEADER_BYTES + 17, HEADER_BYTES + 100] {
            check(at, true);
        }
        // The last commit may have been torn by a power cut.
        check(whole.len() - 1, false);
        std::fs::write(&log, &whole).unwrap();
        // A log that starts anew keeps the frames of the log before behind its own.
        connection.execute_batch("PRAGMA wal_checkpoint(RESTART)").unwrap();
        assert!(!is_damaged(&path).unwrap());
        insert();
        assert_eq!(std::fs::metadata(&log).unwrap().len(), whole.len() as u64);
        assert!(!is_damaged(&path).unwrap());
    }
}
