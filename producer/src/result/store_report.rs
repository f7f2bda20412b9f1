use std::collections::BTreeMap;
use std::path::Path;

use concord_local::StoreCheck;
use serde::Serialize;

/// What a check of a store has found.
#[derive(Debug, Serialize)]
pub(crate) struct StoreReport {
    pub(crate) store: String,
    /// Whether nothing is damaged.
    pub(crate) whole: bool,
    /// How many rows of each table were read.
    pub(crate) rows: BTreeMap<&'static str, u64>,
    /// What is damaged, at most 1,000 of them.
    pub(crate) damages: Vec<DamageReport>,
    pub(crate) damages_total: u64,
}

/// Something that is damaged.
#[derive(Debug, Serialize)]
pub(crate) struct DamageReport {
    pub(crate) job: Option<String>,
    pub(crate) table: Option<&'static str>,
    pub(crate) what: String,
}

impl StoreReport {
    pub(crate) fn new(store: &Path, checked: StoreCheck) -> Self {
        let damages = checked.damages.into_iter();
        Self {
            store: store.display().to_string(),
            whole: checked.damages_total == 0,
            rows: checked.rows,
            damages: damages
                .map(|damage| DamageReport { job: damage.job, table: damage.table, what: damage.what })
                .collect(),
            damages_total: checked.damages_total,
        }
    }
}
