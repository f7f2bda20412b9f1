use std::collections::BTreeMap;

use super::fisher::ln_fisher;
use super::freeman_halton::{ln_freeman_halton, ln_freeman_halton_bound};
use super::probability::real;
use super::table::Table;

/// The result of a test of independence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Independence {
    /// ln of the p-value.
    pub ln_p: f64,
    /// Whether the p-value is exact; otherwise it is a bound that is never too small.
    pub exact: bool,
}

/// Tests whether values and classes go together beyond chance.
///
/// A two by two table gets Fisher's exact test. Any other table gets the test of Freeman and Halton, if few enough
/// tables have its margins. Otherwise the result is twice the smaller of two bounds (twice, because the better one is
/// chosen). The first bound is [`ln_freeman_halton_bound`]. The second tests each value against the rest by each
/// class against the rest, and is the smallest of these p-values times the number of tests (Bonferroni). Each bound
/// is valid by itself, so the result is valid too, however they depend on each other.
///
/// A value that occurs once goes with one class in any case. So values that are unique to each unit give 1, and
/// classes that are unique to each unit give 1 too.
#[must_use]
pub fn independence(table: &Table) -> Independence {
    let (values, classes) = (table.values(), table.classes());
    let is_unique = |totals: &[u64]| totals.iter().all(|&units| units == 1);
    if values.len() < 2 || classes.len() < 2 || is_unique(values) || is_unique(classes) {
        return Independence { ln_p: 0.0, exact: true };
    }
    if values.len() == 2 && classes.len() == 2 {
        return Independence { ln_p: ln_fisher(two_by_two(table)), exact: true };
    }
    if let Some(ln_p) = ln_freeman_halton(table) {
        return Independence { ln_p, exact: true };
    }
    let smaller = ln_bound_of_cells(table).min(ln_freeman_halton_bound(table));
    Independence { ln_p: (smaller + f64::ln(2.0)).min(0.0), exact: false }
}

fn two_by_two(table: &Table) -> [[u64; 2]; 2] {
    let mut counts = [[0; 2]; 2];
    for cell in table.cells() {
        counts[cell.value][cell.class] = cell.count;
    }
    counts
}

/// Only cells that are not empty are tested. This can only raise the smallest p-value. The number of tests counts all
/// cells.
fn ln_bound_of_cells(table: &Table) -> f64 {
    let (values, classes, units) = (table.values(), table.classes(), table.units());
    // With two values, a test of one against the rest is the same as a test of the other.
    let different = |count: usize| if count == 2 { 1.0 } else { real(count as u64) };
    let tests = different(values.len()) * different(classes.len());
    let mut known = BTreeMap::new();
    let mut smallest = 0.0_f64;
    for cell in table.cells() {
        let (value, class) = (values[cell.value], classes[cell.class]);
        let ln_p = *known.entry((cell.count, value, class)).or_insert_with(|| {
            let rest = units + cell.count - value - class;
            ln_fisher([[cell.count, value - cell.count], [class - cell.count, rest]])
        });
        smallest = smallest.min(ln_p);
    }
    (smallest + tests.ln()).min(0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_identifier_of_each_unit_has_a_p_value_of_one() {
        for units in [2, 20, 10_000] {
            let table = Table::count((0..units).map(|unit| (unit, unit % 2)));
            assert!(table.is_perfect());
            assert_eq!(independence(&table), Independence { ln_p: 0.0, exact: true });
        }
    }

    #[test]
    fn a_large_table_gets_a_bound() {
        let table = Table::count((0..10_000_usize).map(|unit| (unit % 40, usize::from(unit % 40 == 7))));
        let found = independence(&table);
        assert!(!found.exact);
        assert!(found.ln_p < -1_000.0, "{found:?}");
        let mixed = Table::count((0..10_000_usize).map(|unit| (unit % 40, unit / 40 % 2)));
        assert_eq!(independence(&mixed), Independence { ln_p: 0.0, exact: false });
    }

    proptest! {
        #[test]
        fn the_bound_lies_between_the_test_of_one_cell_and_one(
            units in prop::collection::vec((0_usize..5, 0_usize..3), 0..60),
        ) {
            let table = Table::count(units.into_iter());
            let bound = ln_bound_of_cells(&table);
            prop_assert!(bound <= 0.0);
            let found = independence(&table);
            prop_assert!(found.ln_p <= 0.0);
            // An exact test with a p-value of 1 does not contradict its bound.
            if found.exact && table.values().len() == 2 && table.classes().len() == 2 {
                prop_assert!((bound - found.ln_p).abs() < 1e-9);
            }
        }
    }
}
