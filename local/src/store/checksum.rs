//! The checksums of rows. A row has in its last column the CRC-32 (IEEE 802.3) of the name of its table, its key and its
//! values. So a bit that changed on the disk is noticed when the row is read, and so is a row that moved to another key
//! or table. A checksum guards against accidents, not against somebody who changes the store on purpose.

use crc32fast::Hasher;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::damage::DamagedRow;

/// Values that are longer than this are not gathered first.
const GATHERED_MAX: usize = 1_024;

/// Makes `checksum(table, value, …)` known to the statements of a connection.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("checksum", -1, flags, |values| {
        let mut sum = RowSum::new();
        for index in 0..values.len() {
            sum.add(values.get_raw(index));
        }
        Ok(sum.end())
    })
}

/// Checks a row of `table` whose columns up to `checksum` are its key and its values, in the order in which they were
/// summed, and whose column `checksum` is their checksum. `job` is the column with the key of the job, if there is one.
///
/// # Errors
/// When the row does not fit its checksum.
pub(super) fn check(
    row: &Row<'_>,
    table: &'static str,
    checksum: usize,
    job: Option<usize>,
) -> rusqlite::Result<()> {
    let mut sum = RowSum::new();
    sum.add(ValueRef::Text(table.as_bytes()));
    for index in 0..checksum {
        sum.add(row.get_ref(index)?);
    }
    if row.get_ref(checksum)? == ValueRef::Integer(sum.end()) {
        return Ok(());
    }
    let key = job.map(|column| row.get_ref(column)).transpose()?;
    let job = key.and_then(|key| key.as_i64().ok());
    Err(DamagedRow::of(table, job, "a row does not fit its checksum"))
}

/// Most rows need less.
const CAPACITY: usize = 512;

/// A checksum in the making.
struct RowSum {
    hasher: Hasher,
    /// What was not summed yet. Many short pieces are summed faster as one.
    gathered: Vec<u8>,
}

impl RowSum {
    fn new() -> Self {
        Self { hasher: Hasher::new(), gathered: Vec::with_capacity(CAPACITY) }
    }

    /// Adds the type and the bytes of a value; of a text or a blob also its length, before the bytes.
    #[inline]
    fn add(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Null => self.gathered.push(0),
            ValueRef::Integer(integer) => self.add_number(1, integer.to_le_bytes()),
            ValueRef::Real(real) => self.add_number(2, real.to_le_bytes()),
            ValueRef::Text(text) => self.add_bytes(3, text),
            ValueRef::Blob(blob) => self.add_bytes(4, blob),
        }
    }

    fn add_number(&mut self, kind: u8, number: [u8; 8]) {
        self.gathered.push(kind);
        self.gathered.extend_from_slice(&number);
    }

    fn add_bytes(&mut self, kind: u8, bytes: &[u8]) {
        self.add_number(kind, (bytes.len() as u64).to_le_bytes());
        if bytes.len() <= GATHERED_MAX {
            self.gathered.extend_from_slice(bytes);
        } else {
            self.hasher.update(&self.gathered);
            self.gathered.clear();
            self.hasher.update(bytes);
        }
    }

    fn end(mut self) -> i64 {
        self.hasher.update(&self.gathered);
        self.hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(values: &[ValueRef<'_>]) -> i64 {
        let mut sum = RowSum::new();
        for value in values {
            sum.add(*value);
        }
        sum.end()
    }

    #[test]
    fn every_flipped_bit_and_every_moved_value_changes_the_checksum() {
        let long = vec![7; GATHERED_MAX + 1];
        let row = [
            ValueRef::Text(b"t"),
            ValueRef::Integer(3),
            ValueRef::Null,
            ValueRef::Blob(b"digest"),
            ValueRef::Blob(&long),
        ];
        let before = sum(&row);
        for bit in 0..64 {
            let mut flipped = row;
            flipped[1] = ValueRef::Integer(3 ^ (1 << bit));
            assert_ne!(sum(&flipped), before);
        }
        for bit in 0..48 {
            let mut bytes = *b"digest";
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut flipped = row;
            flipped[3] = ValueRef::Blob(&bytes);
            assert_ne!(sum(&flipped), before);
        }
        let mut flipped = long.clone();
        flipped[GATHERED_MAX] ^= 1;
        assert_ne!(sum(&[row[0], row[1], row[2], row[3], ValueRef::Blob(&flipped)]), before);
        assert_ne!(sum(&[row[0], row[2], row[1], row[3], row[4]]), before);
        assert_ne!(sum(&[row[0], row[1], row[2], ValueRef::Text(b"digest"), row[4]]), before);
        assert_ne!(sum(&[ValueRef::Text(b"u"), row[1], row[2], row[3], row[4]]), before);
    }

    #[test]
    fn the_function_of_the_statements_gives_the_checksum_that_a_reader_checks() {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        let check_row = |sql: &str| connection.query_row(sql, [], |row| check(row, "t", 3, Some(0)));
        check_row("SELECT 1, 'a', NULL, checksum('t', 1, 'a', NULL)").unwrap();
        for wrong in [
            "SELECT 2, 'a', NULL, checksum('t', 1, 'a', NULL)",
            "SELECT 1, 'a', 0, checksum('t', 1, 'a', NULL)",
            "SELECT 1, 'a', NULL, checksum('u', 1, 'a', NULL)",
            "SELECT 1, 'a', NULL, NULL",
        ] {
            assert!(check_row(wrong).is_err(), "{wrong}");
        }
    }
}
