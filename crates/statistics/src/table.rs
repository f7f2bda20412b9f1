/// A cell that is not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The number of the value of the fact.
    pub value: usize,
    /// The number of the class.
    pub class: usize,
    /// The number of units that have both; at least 1.
    pub count: u64,
}

/// The number of units with each value of a fact and each class. Every value and every class has a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    cells: Vec<Cell>,
    values: Vec<u64>,
    classes: Vec<u64>,
}

/// A table with at most this many cells per unit is counted in one block.
const DENSE_CELLS_A_UNIT: usize = 4;

impl Table {
    /// Counts units, given as `(value, class)`. Values and classes are numbered from 0; numbers without a unit are
    /// left out, and the others move up.
    #[must_use]
    pub fn count(units: impl ExactSizeIterator<Item = (usize, usize)>) -> Self {
        let units: Vec<_> = units.collect();
        let values = units.iter().map(|unit| unit.0 + 1).max().unwrap_or(0);
        let classes = units.iter().map(|unit| unit.1 + 1).max().unwrap_or(0);
        let dense = values.saturating_mul(classes) <= DENSE_CELLS_A_UNIT * units.len() + 64;
        let counted: Vec<Cell> = if dense {
            let mut counts = vec![0_u64; values * classes];
            for (value, class) in units {
                counts[value * classes + class] += 1;
            }
            let cell = |(place, count)| Cell { value: place / classes, class: place % classes, count };
            counts.into_iter().enumerate().filter(|&(_, count)| count > 0).map(cell).collect()
        } else {
            let mut units = units;
            units.sort_unstable();
            let cell = |same: &[(usize, usize)]| Cell {
                value: same[0].0,
                class: same[0].1,
                count: same.len() as u64,
            };
            units.chunk_by(|left, right| left == right).map(cell).collect()
        };
        Self::from_cells(counted, values, classes)
    }

    fn from_cells(mut cells: Vec<Cell>, values: usize, classes: usize) -> Self {
        let (mut value_totals, mut class_totals) = (vec![0; values], vec![0; classes]);
        for cell in &cells {
            value_totals[cell.value] += cell.count;
            class_totals[cell.class] += cell.count;
        }
        let (value_places, value_totals) = moved_up(&value_totals);
        let (class_places, class_totals) = moved_up(&class_totals);
        for cell in &mut cells {
            cell.value = value_places[cell.value];
            cell.class = class_places[cell.class];
        }
        Self { cells, values: value_totals, classes: class_totals }
    }

    /// The cells that are not empty, by value, then by class.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The number of units of each value; never 0.
    #[must_use]
    pub fn values(&self) -> &[u64] {
        &self.values
    }

    /// The number of units of each class; never 0.
    #[must_use]
    pub fn classes(&self) -> &[u64] {
        &self.classes
    }

    /// The number of units.
    #[must_use]
    pub fn units(&self) -> u64 {
        self.values.iter().sum()
    }

    /// Whether every value goes with exactly one class, and there are two or more classes.
    #[must_use]
    pub fn is_perfect(&self) -> bool {
        self.classes.len() >= 2 && self.cells.len() == self.values.len()
    }
}

fn moved_up(totals: &[u64]) -> (Vec<usize>, Vec<u64>) {
    let mut kept = Vec::new();
    let mut places = Vec::with_capacity(totals.len());
    for &total in totals {
        places.push(kept.len());
        if total > 0 {
            kept.push(total);
        }
    }
    (places, kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_classes_without_a_unit_are_left_out() {
        let table = Table::count([(5, 1), (5, 1), (0, 3)].into_iter());
        assert_eq!(table.values(), [1, 2]);
        assert_eq!(table.classes(), [2, 1]);
        assert_eq!(
            table.cells(),
            [Cell { value: 0, class: 1, count: 1 }, Cell { value: 1, class: 0, count: 2 }]
        );
        assert!(table.is_perfect());
    }

    #[test]
    fn a_sparse_table_is_counted_like_a_dense_one() {
        let units: Vec<_> = (0..500).map(|place| (place, place / 3)).collect();
        let table = Table::count(units.iter().copied());
        assert_eq!((table.values().len(), table.classes().len(), table.units()), (500, 167, 500));
        assert_eq!(table.cells().len(), 500);
        assert!(table.is_perfect());
        assert!(!Table::count([(0, 0), (0, 1), (1, 1)].into_iter()).is_perfect());
        assert!(!Table::count([(0, 0), (1, 0)].into_iter()).is_perfect());
        assert_eq!(Table::count([].into_iter()).units(), 0);
    }
}
