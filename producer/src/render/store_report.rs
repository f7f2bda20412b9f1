//! The check of a store as text.

use concord_difference::grouped;

use super::lines::Lines;
use crate::result::store_report::{DamageReport, StoreReport};

/// The largest number of damages that are shown.
const SHOWN_MAX: usize = 20;

/// The report of a check.
pub(crate) fn store_report(report: &StoreReport) -> String {
    let mut lines = Lines::default();
    let word = if report.whole { "whole" } else { "DAMAGED" };
    lines.line(&format!("{word}  {}", report.store));
    let rows = report.rows.iter().map(|(table, rows)| format!("{table} {}", grouped(*rows)));
    let rows: Vec<_> = rows.collect();
    let rows = if rows.is_empty() { "no rows".to_owned() } else { rows.join(", ") };
    lines.paragraph(2, &format!("read: {rows}"));
    for damage in report.damages.iter().take(SHOWN_MAX) {
        lines.paragraph(2, &sentence(damage));
    }
    let shown = report.damages.len().min(SHOWN_MAX) as u64;
    if report.damages_total > shown {
        lines.line(&format!("  … {} damages in all", grouped(report.damages_total)));
    }
    lines.text
}

fn sentence(DamageReport { job, table, what }: &DamageReport) -> String {
    let job = job.as_ref().map(|job| format!("job {job}"));
    let table = table.map(|table| format!("table {table}"));
    let place: Vec<_> = job.into_iter().chain(table).collect();
    if place.is_empty() { what.clone() } else { format!("{}: {what}", place.join(", ")) }
}
