use super::TIE;
use super::probability::{cell_weight, ln_factorial, ln_margins, real};
use super::table::Table;

/// The largest number of tables that an exact test may enumerate: it takes a few milliseconds. They are counted
/// before the test begins.
pub const TABLES_MAX: u64 = 50_000;

/// The largest number of cells of a table that is enumerated.
pub const CELLS_MAX: usize = 512;

/// ln of the p-value of the exact test of independence of Freeman and Halton, for any table. The p-value is the
/// probability, with the margins given, of all tables that are at most as probable as this one. For a two by two
/// table this is Fisher's test.
///
/// `None` when there may be more than [`TABLES_MAX`] tables, or when the table has more than [`CELLS_MAX`] cells.
///
/// Source: G. H. Freeman and J. H. Halton, "Note on an exact treatment of contingency, goodness of fit and other
/// problems of significance", 1951.
#[must_use]
pub fn ln_freeman_halton(table: &Table) -> Option<f64> {
    let (values, classes) = (table.values(), table.classes());
    if values.len().saturating_mul(classes.len()) > CELLS_MAX {
        return None;
    }
    let (by_value, by_class) = (tables_at_most(values, classes.len()), tables_at_most(classes, values.len()));
    if by_value.min(by_class) > TABLES_MAX {
        return None;
    }
    let (columns, rows) = if by_value <= by_class { (values, classes) } else { (classes, values) };
    let observed = ln_probability(table);
    let mut search = Search::new(rows, columns, observed);
    search.column(0, ln_margins(values, classes, table.units()));
    Some((observed + search.sum.ln()).min(0.0))
}

/// An upper bound on ln of that p-value, for a table of any size: the number of all tables times the probability of
/// this one, because every table that counts is at most as probable. The bound is small if the fact fits the classes
/// closely.
#[must_use]
pub fn ln_freeman_halton_bound(table: &Table) -> f64 {
    let (values, classes) = (table.values(), table.classes());
    let tables = ln_tables_at_most(values, classes.len()).min(ln_tables_at_most(classes, values.len()));
    (tables + ln_probability(table)).min(0.0)
}

/// ln of the probability of a table, given its margins.
fn ln_probability(table: &Table) -> f64 {
    let (values, classes, units) = (table.values(), table.classes(), table.units());
    let mut filled = vec![0; values.len()];
    let mut ln_p = ln_margins(values, classes, units);
    for cell in table.cells() {
        filled[cell.value] += classes[cell.class];
        ln_p -= cell_weight(cell.count, values[cell.value], classes[cell.class], units);
    }
    // The weight of an empty cell is its expected count. The sum is over integers, so no digits cancel.
    let empty: u64 = values.iter().zip(filled).map(|(value, filled)| value * (units - filled)).sum();
    if empty == 0 { ln_p } else { ln_p - real(empty) / real(units) }
}

/// ln of a bound on the number of tables; see [`tables_at_most`].
fn ln_tables_at_most(columns: &[u64], rows: usize) -> f64 {
    let last = largest(columns);
    let rest = rows as u64 - 1;
    let fillings = |total: u64| ln_factorial(total + rest) - ln_factorial(total) - ln_factorial(rest);
    let counted = columns.iter().enumerate().filter(|&(place, _)| Some(place) != last);
    counted.map(|(_, &total)| fillings(total)).sum()
}

/// A bound on the number of tables: the number of ways to fill each column, except the largest, which follows from
/// the others.
fn tables_at_most(columns: &[u64], rows: usize) -> u64 {
    let Some(last) = largest(columns) else { return 1 };
    let mut product = 1_u64;
    for (_, &total) in columns.iter().enumerate().filter(|&(place, _)| place != last) {
        product = product.saturating_mul(fillings(total, rows));
        if product > TABLES_MAX {
            break;
        }
    }
    product
}

fn largest(columns: &[u64]) -> Option<usize> {
    (0..columns.len()).max_by_key(|&place| columns[place])
}

/// The number of ways to spread `total` over `rows`, C(total + rows - 1, rows - 1). A number above [`TABLES_MAX`] is
/// reported as just above it.
fn fillings(total: u64, rows: usize) -> u64 {
    let rest = rows as u64 - 1;
    let (mut ways, fewer) = (1_u64, rest.min(total));
    for step in 1..=fewer {
        ways = ways * (total + rest - fewer + step) / step;
        if ways > TABLES_MAX {
            return ways;
        }
    }
    ways
}

/// Enumerates all tables, column by column and row by row. The last column, and the last row of each column, follow
/// from the margins.
struct Search {
    columns: Vec<u64>,
    remaining: Vec<u64>,
    /// `weights[column][row][count]`.
    weights: Vec<Vec<Vec<f64>>>,
    observed: f64,
    sum: f64,
}

impl Search {
    fn new(rows: &[u64], columns: &[u64], observed: f64) -> Self {
        let units = columns.iter().sum();
        let mut columns = columns.to_vec();
        columns.sort_unstable();
        let weights_of = |&column: &u64| {
            let row_weights = |&row: &u64| {
                (0..=row.min(column)).map(|count| cell_weight(count, row, column, units)).collect()
            };
            rows.iter().map(row_weights).collect()
        };
        let weights = columns.iter().map(weights_of).collect();
        Self { columns, remaining: rows.to_vec(), weights, observed, sum: 0.0 }
    }

    fn column(&mut self, column: usize, ln_p: f64) {
        if column + 1 < self.columns.len() {
            self.row(column, 0, self.columns[column], ln_p);
            return;
        }
        let weights = self.weights.get(column).into_iter().flatten();
        let ln_p: f64 = ln_p
            - self.remaining.iter().zip(weights).map(|(&left, weights)| weights[index(left)]).sum::<f64>();
        if ln_p <= self.observed + TIE {
            self.sum += (ln_p - self.observed).exp();
        }
    }

    fn row(&mut self, column: usize, row: usize, left: u64, ln_p: f64) {
        let is_last = row + 1 == self.remaining.len();
        let most = left.min(self.remaining[row]);
        let least = if is_last { left } else { 0 };
        for count in least..=most {
            let ln_p = ln_p - self.weights[column][row][index(count)];
            self.remaining[row] -= count;
            if is_last {
                self.column(column + 1, ln_p);
            } else {
                self.row(column, row + 1, left - count, ln_p);
            }
            self.remaining[row] += count;
        }
    }
}

fn index(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ln_fisher;

    fn table(rows: &[&[usize]]) -> Table {
        let mut units = Vec::new();
        for (value, row) in rows.iter().enumerate() {
            for (class, &count) in row.iter().enumerate() {
                units.extend(std::iter::repeat_n((value, class), count));
            }
        }
        Table::count(units.into_iter())
    }

    #[test]
    fn known_tables() {
        let check = |rows: &[&[usize]], expect: f64| {
            let found = ln_freeman_halton(&table(rows)).unwrap().exp();
            assert!((found - expect).abs() <= 1e-12 * expect, "{rows:?}: {found} {expect}");
        };
        check(&[], 1.0);
        check(&[&[7]], 1.0);
        check(&[&[3, 1], &[1, 3]], 34.0 / 70.0);
        // Three by three, perfect: 6 of 9!/(3!)^3 orders.
        check(&[&[3, 0, 0], &[0, 3, 0], &[0, 0, 3]], 6.0 / 1_680.0);
        // Each value occurs once, so all tables are alike.
        let unique: Vec<&[usize]> =
            (0..10).map(|place| if place < 4 { &[1, 0][..] } else { &[0, 1][..] }).collect();
        check(&unique, 1.0);
    }

    #[test]
    fn too_many_tables_are_refused_in_advance() {
        assert_eq!(ln_freeman_halton(&table(&[&[300, 100], &[300, 500], &[2_000, 3_000]])), None);
        assert_eq!(ln_freeman_halton(&table(&vec![&[1, 1][..]; CELLS_MAX])), None);
    }

    proptest! {
        #[test]
        fn a_two_by_two_table_gets_fishers_p_value(a in 0_usize..30, b in 0_usize..30, c in 0_usize..30, d in 0_usize..30) {
            let found = ln_freeman_halton(&table(&[&[a, b], &[c, d]])).unwrap().exp();
            let [a, b, c, d] = [a, b, c, d].map(|count| count as u64);
            let expect = ln_fisher([[a, b], [c, d]]).exp();
            prop_assert!((found - expect).abs() <= 1e-11 * expect);
        }

        #[test]
        fn the_bound_is_never_below_the_p_value(counts in prop::array::uniform9(0_usize..4)) {
            let [a, b, c, d, e, f, g, h, i] = counts;
            let table = table(&[&[a, b, c], &[d, e, f], &[g, h, i]]);
            if let Some(exact) = ln_freeman_halton(&table) {
                prop_assert!(ln_freeman_halton_bound(&table) >= exact - 1e-9);
            }
        }

        #[test]
        fn transposing_a_table_changes_nothing(counts in prop::array::uniform6(0_usize..6)) {
            let [a, b, c, d, e, f] = counts;
            let found = ln_freeman_halton(&table(&[&[a, b, c], &[d, e, f]])).unwrap();
            let turned = ln_freeman_halton(&table(&[&[f, c], &[e, b], &[d, a]])).unwrap();
            prop_assert!((found.exp() - turned.exp()).abs() <= 1e-11 * found.exp());
        }
    }
}
