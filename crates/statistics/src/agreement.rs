use std::collections::HashMap;

use crate::probability::real;
use crate::random::Random;

/// The largest number of permutations of [`agreement`].
const PERMUTATIONS_MAX: usize = 10_000;

/// The smallest number of permutations of [`agreement`] for many units.
const PERMUTATIONS_MIN: usize = 300;

/// The work of all permutations, in units that are moved.
const WORK_MAX: usize = 100_000_000;

/// Whether units of one group have the same class more often than units of different groups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// A bound on the p-value: the share of permutations with as many agreeing pairs, with the observed classes counted as
    /// one of them.
    pub p: f64,
    /// The number of permutations.
    pub permutations: u64,
}

/// Tests whether units of one group agree with each other more than chance explains. Each unit has the number of its group
/// and of its class. The statistic is the number of pairs in one group that have the same class; the classes are permuted.
///
/// The p-value is (hits + 1) / (permutations + 1): B. Phipson and G. K. Smyth, "Permutation P-values should never be zero",
/// 2010. The permutations start from a fixed seed, so the same units give the same result.
#[must_use]
pub fn agreement(units: &[(usize, usize)]) -> Agreement {
    let groups: Vec<usize> = units.iter().map(|(group, _)| *group).collect();
    let mut classes: Vec<usize> = units.iter().map(|(_, class)| *class).collect();
    let observed = agreeing_pairs(&groups, &classes);
    let permutations = (WORK_MAX / units.len().max(1)).clamp(PERMUTATIONS_MIN, PERMUTATIONS_MAX);
    let mut random = Random::new(units.len() as u64);
    let mut hits = 0_u64;
    for _ in 0..permutations {
        for place in (1..classes.len()).rev() {
            classes.swap(place, random.below(place + 1));
        }
        hits += u64::from(agreeing_pairs(&groups, &classes) >= observed);
    }
    let permutations = permutations as u64;
    Agreement { p: real(hits + 1) / real(permutations + 1), permutations }
}

fn agreeing_pairs(groups: &[usize], classes: &[usize]) -> u64 {
    let mut counts = HashMap::<(usize, usize), u64>::new();
    for cell in groups.iter().zip(classes) {
        *counts.entry((*cell.0, *cell.1)).or_default() += 1;
    }
    counts.values().map(|count| count * (count - 1) / 2).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_agree_are_told_from_chance() {
        // 3 groups of 2, with a class each: the classes can be arranged in 6! / (2! 2! 2!) = 90 ways, and 6 of them agree.
        let found = agreement(&[(0, 0), (0, 0), (1, 1), (1, 1), (2, 2), (2, 2)]);
        assert_eq!(found.permutations, 10_000);
        assert!((found.p - 6.0 / 90.0).abs() < 0.01, "{found:?}");
        // Many groups that agree, and one that has another class.
        let units: Vec<_> = (0..40).map(|unit| (unit / 2, usize::from(unit / 2 == 7))).collect();
        let found = agreement(&units);
        // The two odd ones fall into one group in 20 of 780 arrangements.
        assert!((found.p - 20.0 / 780.0).abs() < 0.006, "{found:?}");
        assert_eq!(agreement(&units), found);
    }

    #[test]
    fn nothing_is_told_from_units_that_all_agree_or_all_differ() {
        for units in [vec![], vec![(0, 0); 3], (0..6).map(|unit| (unit / 2, unit)).collect()] {
            assert!((agreement(&units).p - 1.0).abs() < 1e-9, "{units:?}");
        }
    }
}
