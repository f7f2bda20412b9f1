//! A check while it is made, and what it has found so far.

use std::collections::BTreeMap;

use concord_protocol::ports::Clock;
use rusqlite::Connection;

use crate::store::damage::{self, DamagedRow, damage};

/// The largest number of damages that are listed.
const LISTED_MAX: usize = 1_000;

/// What a check of a store has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreCheck {
    /// How many rows of each table were read.
    pub rows: BTreeMap<&'static str, u64>,
    /// What is damaged, at most 1,000 of them.
    pub damages: Vec<Damage>,
    /// How many damages there are.
    pub damages_total: u64,
}

/// Something that is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The job, if the row belongs to one.
    pub job: Option<String>,
    /// The table; absent if the structure of the file is damaged.
    pub table: Option<&'static str>,
    /// What is wrong, in words.
    pub what: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.job, self.table) {
            (Some(job), Some(table)) => write!(formatter, "job {job}, table {table}: {}", self.what),
            (Some(job), None) => write!(formatter, "job {job}: {}", self.what),
            (None, Some(table)) => write!(formatter, "table {table}: {}", self.what),
            (None, None) => formatter.write_str(&self.what),
        }
    }
}

/// Called with a table and the number of its rows that were read so far.
pub(crate) type Notice<'a> = &'a mut dyn FnMut(&'static str, u64);

/// A check that is being made.
pub(super) struct RunningCheck<'a> {
    pub(super) connection: &'a Connection,
    pub(super) clock: &'a dyn Clock,
    pub(super) found: StoreCheck,
    notice: Notice<'a>,
}

impl<'a> RunningCheck<'a> {
    /// A check that has found nothing yet, and tells `notice` of the rows that it reads.
    pub(super) fn new(connection: &'a Connection, clock: &'a dyn Clock, notice: Notice<'a>) -> Self {
        Self { connection, clock, found: StoreCheck::default(), notice }
    }

    /// Runs a step, and notes an error as a damage.
    pub(super) fn noting(
        &mut self,
        job: Option<i64>,
        table: &'static str,
        step: impl FnOnce(&mut Self) -> rusqlite::Result<()>,
    ) {
        if let Err(error) = step(self) {
            let row = match &error {
                rusqlite::Error::UserFunctionError(source) => source.downcast_ref::<DamagedRow>(),
                _ => None,
            };
            if let Some(DamagedRow { table, job: of_row, what }) = row {
                return self.add(of_row.or(job), Some(table), what.to_string());
            }
            let what = damage(self.connection, &error).unwrap_or_else(|| error.to_string());
            self.add(job, Some(table).filter(|table| !table.is_empty()), what);
        }
    }

    pub(super) fn add(&mut self, job: Option<i64>, table: Option<&'static str>, what: String) {
        let job = job.map(|key| damage::name(self.connection, key));
        self.found.damages_total += 1;
        if self.found.damages.len() < LISTED_MAX {
            self.found.damages.push(Damage { job, table, what });
        }
    }

    pub(super) fn count(&mut self, table: &'static str) {
        let rows = self.found.rows.entry(table).or_default();
        *rows += 1;
        (self.notice)(table, *rows);
    }

    pub(super) fn pragma(&mut self, pragma: &str) -> rusqlite::Result<()> {
        let mut select = self.connection.prepare(pragma)?;
        let mut lines = select.query([])?;
        while let Some(line) = lines.next()? {
            let line: String = line.get(0)?;
            if line != "ok" {
                self.add(None, None, format!("SQLite says: {line}"));
            }
        }
        Ok(())
    }

    pub(super) fn keys(&self, sql: &str) -> rusqlite::Result<Vec<i64>> {
        self.connection.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect()
    }
}
