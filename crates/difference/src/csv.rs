//! Tables of text: lines with columns, as spreadsheets, `numpy.savetxt` and many programs write them.

mod cell;
mod dialect;
mod rows;

use super::comparison::{Comparison, MismatchKind};
use super::findings::Findings;
use super::limits::ComparisonLimits;
use super::options::{Options, OutputFormat};
use super::paths::{Path, ROOT};
use super::shown::shown;
use dialect::Dialect;
use rows::Rows;

/// Whether an output is a table: all lines have the same number of columns, and some cells hold numbers.
pub(super) fn is_csv(output: &[u8], limits: &ComparisonLimits) -> bool {
    Dialect::of(output, limits).is_some()
}

/// Compares two tables. The error says which output is not a table.
pub(super) fn compare(left: &[u8], right: &[u8], options: &Options) -> Result<Comparison, String> {
    let limits = &options.limits;
    let dialect = |output, which| {
        Dialect::of(output, limits).ok_or_else(|| format!("the {which} output is not a table with numbers"))
    };
    let dialects = [dialect(left, "first")?, dialect(right, "second")?];
    if dialects[0].separator != dialects[1].separator {
        let [one, other] = dialects.map(|dialect| dialect.separator.name());
        return Err(format!("the first output has its columns separated by {one}, the second by {other}"));
    }
    let sides = [left, right].map(|output| Rows::new(output, dialects[0].separator, limits.columns_max));
    let mut findings = Findings::new(options);
    let mut table = TableWalk { sides, findings: &mut findings, columns: Vec::new(), partners: Vec::new() };
    if dialects[0].header && dialects[1].header {
        table.header();
    }
    table.rows();
    Ok(findings.finish(OutputFormat::Csv))
}

struct TableWalk<'a, 'f> {
    sides: [Rows<'a>; 2],
    findings: &'f mut Findings<'a>,
    /// The path of each column of the left side that was read so far.
    columns: Vec<Path>,
    /// For each column of the left side, the index of its column on the right side. Columns without names have the
    /// same index.
    partners: Vec<usize>,
}

impl TableWalk<'_, '_> {
    /// Reads a row of names on both sides.
    fn header(&mut self) {
        let [left, right] = &mut self.sides;
        if !(left.advance() && right.advance()) {
            return;
        }
        let chars_max = self.findings.limits.text_chars_max;
        let names = [left, right].map(|side| (0..side.width()).map(|at| side.name(at)).collect::<Vec<_>>());
        let unique = |names: &[Vec<u8>]| {
            let mut sorted: Vec<_> = names.iter().collect();
            sorted.sort_unstable();
            sorted
                .windows(2)
                .all(|pair| pair[0] != pair[1])
                .then_some(sorted.into_iter().cloned().collect::<Vec<_>>())
        };
        let sorted = [unique(&names[0]), unique(&names[1])];
        let same_names = sorted[0].is_some() && sorted[0] == sorted[1];
        for (at, name) in names[0].iter().enumerate() {
            self.columns.push(column(self.findings, name, at));
            let partner = names[1].iter().position(|other| same_names && other == name);
            self.partners.push(partner.unwrap_or(at));
        }
        let pairs = names[0].iter().zip(&names[1]).enumerate();
        for (at, (one, other)) in pairs.filter(|(_, (one, other))| one != other) {
            let texts = || [one, other].map(|name| shown(name, chars_max));
            if same_names {
                return self.findings.reordered(ROOT, &[], texts);
            }
            self.findings.mismatch(self.columns[at], MismatchKind::Key, &[], texts);
        }
    }

    fn rows(&mut self) {
        let mut rows = 0;
        let mut widths = [0, 0];
        loop {
            let more = self.sides.each_mut().map(Rows::advance);
            if rows == 0 {
                widths = self.sides.each_ref().map(Rows::width);
            }
            if more != [true, true] {
                let rows = [0, 1].map(|side| rows + if more[side] { 1 + self.sides[side].rest() } else { 0 });
                let texts = || [0, 1].map(|side| format!("[{}, {}]", rows[side], widths[side]));
                if rows[0] != rows[1] || widths[0] != widths[1] {
                    self.findings.mismatch(ROOT, MismatchKind::Shape, &[], texts);
                }
                return;
            }
            self.row(rows, widths);
            rows += 1;
        }
    }

    fn row(&mut self, row: u64, usual: [usize; 2]) {
        let widths = self.sides.each_ref().map(Rows::width);
        if widths[0] != widths[1] && widths != usual {
            let texts = || widths.map(|width| format!("[{width}]"));
            self.findings.mismatch(ROOT, MismatchKind::Shape, &[row], texts);
        }
        for at in 0..widths[0] {
            while self.columns.len() <= at {
                let path = column(self.findings, b"", self.columns.len());
                self.columns.push(path);
            }
            let partner = self.partners.get(at).copied().unwrap_or(at);
            if partner < widths[1] {
                let cells = [self.sides[0].cell(at), self.sides[1].cell(partner)];
                let characters = [self.sides[0].characters(at), self.sides[1].characters(partner)];
                cell::compare(self.findings, self.columns[at], row, cells, characters);
            }
        }
    }
}

/// The path of a column: by its name, or by its number from 0.
fn column(findings: &mut Findings<'_>, name: &[u8], at: usize) -> Path {
    if name.is_empty() {
        findings.paths.key(ROOT, at.to_string().as_bytes())
    } else {
        findings.paths.key(ROOT, name)
    }
}
