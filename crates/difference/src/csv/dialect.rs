use super::cell;
use super::rows::{ColumnSeparator, Rows};
use crate::limits::ComparisonLimits;

/// The number of rows that are sampled to tell a table from another text.
const SAMPLE_ROWS: usize = 20;

/// The largest sample, in bytes.
const SAMPLE_BYTES: usize = 1 << 20;

/// The form of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) separator: ColumnSeparator,
    /// Whether the first row holds names.
    pub(super) header: bool,
}

/// The counts in a sample of rows.
struct Sample {
    width: usize,
    header: bool,
    cells: usize,
    numbers: usize,
}

impl Dialect {
    /// The dialect of an output, if it is a table: each row of a sample has the same number of cells, and some cells
    /// are numbers. If spaces separate the cells, as they separate words, at least half of the cells must be numbers.
    pub(super) fn of(output: &[u8], limits: &ComparisonLimits) -> Option<Self> {
        let cut = output.len() > SAMPLE_BYTES;
        let sampled = &output[..output.len().min(SAMPLE_BYTES)];
        if sampled.contains(&0) {
            return None;
        }
        for separator in
            [ColumnSeparator::Byte(b'\t'), ColumnSeparator::Byte(b';'), ColumnSeparator::Byte(b',')]
        {
            if let Some(sample) = sample(sampled, separator, cut, limits)
                && sample.width > 1
            {
                // If a semicolon separates columns, a comma does not: it may be part of a number.
                return (sample.numbers > 0).then_some(Self { separator, header: sample.header });
            }
        }
        let separator = ColumnSeparator::Spaces;
        let sample = sample(sampled, separator, cut, limits)?;
        (sample.numbers > 0 && 2 * sample.numbers >= sample.cells)
            .then_some(Self { separator, header: sample.header })
    }
}

/// Reads a sample; `None` if its rows do not have the same number of cells.
fn sample(text: &[u8], separator: ColumnSeparator, cut: bool, limits: &ComparisonLimits) -> Option<Sample> {
    let mut rows = Rows::new(text, separator, limits.columns_max + 1);
    let mut sample = Sample { width: 0, header: false, cells: 0, numbers: 0 };
    let mut read = 0;
    while read < SAMPLE_ROWS && rows.advance() {
        // The last row of a text that was cut may be incomplete.
        if cut && rows.place() >= text.len() && read > 0 {
            break;
        }
        let width = rows.width();
        if (read > 0 && width != sample.width) || width > limits.columns_max {
            return None;
        }
        sample.width = width;
        let numbers = (0..width).filter(|&at| cell::is_number(rows.cell(at))).count();
        if read == 0 && numbers == 0 {
            sample.header = true;
        } else {
            sample.cells += width;
            sample.numbers += numbers;
        }
        read += 1;
    }
    (read > 0).then_some(sample)
}
