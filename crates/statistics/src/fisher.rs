use super::TIE;
use super::probability::{ln_hypergeometric, real};

/// A two by two table of counts with its margins, seen from its first cell.
struct Margins {
    sample: u64,
    marked: u64,
    all: u64,
}

impl Margins {
    fn ln_p(&self, hits: u64) -> f64 {
        ln_hypergeometric(hits, self.sample, self.marked, self.all)
    }

    fn lowest(&self) -> u64 {
        (self.sample + self.marked).saturating_sub(self.all)
    }

    fn highest(&self) -> u64 {
        self.sample.min(self.marked)
    }

    /// The ratio of the probability of one more hit to the probability of `hits`.
    fn ratio_up(&self, hits: u64) -> f64 {
        let missed = self.all + hits + 1 - self.sample - self.marked;
        real(self.sample - hits) / real(hits + 1) * real(self.marked - hits) / real(missed)
    }

    /// The sum of the probabilities of `hits` and more hits, divided by the probability of `hits`.
    fn tail_up(&self, hits: u64) -> f64 {
        tail((hits..self.highest()).map(|hits| self.ratio_up(hits)))
    }

    /// The sum of the probabilities of `hits` and fewer hits, divided by the probability of `hits`.
    fn tail_down(&self, hits: u64) -> f64 {
        tail((self.lowest()..hits).rev().map(|hits| 1.0 / self.ratio_up(hits)))
    }
}

fn tail(ratios: impl Iterator<Item = f64>) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for ratio in ratios {
        term *= ratio;
        sum += term;
        // Ratios only fall along a tail. Before the mode they are above 1, and the sum continues.
        if ratio < 1.0 && term < sum * 1e-18 {
            break;
        }
    }
    sum
}

/// ln of the p-value of Fisher's exact test of independence for a two by two table, two-sided. The p-value is the
/// probability, with the margins given, of all tables that are at most as probable as this one.
///
/// Source: R. A. Fisher, "The Logic of Inductive Inference", 1935. The two sides are joined as in R's `fisher.test`
/// and `SciPy`'s `fisher_exact`.
#[must_use]
pub fn ln_fisher(table: [[u64; 2]; 2]) -> f64 {
    let [[hits, row_rest], [column_rest, rest]] = table;
    let margins = Margins {
        sample: hits + column_rest,
        marked: hits + row_rest,
        all: hits + row_rest + column_rest + rest,
    };
    let observed = margins.ln_p(hits);
    // The first table on the other side that is at most as probable, if there is one. Probabilities rise up to the
    // mode and fall after it, so a binary search works on each side.
    let mode = (margins.sample + 1) * (margins.marked + 1) / (margins.all + 2);
    let as_extreme = |other: u64| margins.ln_p(other) <= observed + TIE;
    let mut ln_p = if hits <= mode {
        let above = first(mode.max(hits + 1), margins.highest() + 1, as_extreme);
        let near = observed + margins.tail_down(hits).ln();
        if above > margins.highest() {
            near
        } else {
            ln_sum(near, margins.ln_p(above) + margins.tail_up(above).ln())
        }
    } else {
        let lowest = margins.lowest();
        let from_mode = first(0, mode + 1 - lowest, |below| as_extreme(mode - below));
        let near = observed + margins.tail_up(hits).ln();
        match (mode - lowest).checked_sub(from_mode) {
            None => near,
            Some(left) => {
                let below = lowest + left;
                ln_sum(near, margins.ln_p(below) + margins.tail_down(below).ln())
            }
        }
    };
    if ln_p > 0.0 {
        ln_p = 0.0;
    }
    ln_p
}

/// The first number from `low` on for which `holds` is true, if it is then true for all later ones too; `high` if
/// there is none below `high`.
fn first(mut low: u64, mut high: u64, holds: impl Fn(u64) -> bool) -> u64 {
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

pub(super) fn ln_sum(left: f64, right: f64) -> f64 {
    let (large, small) = if left >= right { (left, right) } else { (right, left) };
    if small == f64::NEG_INFINITY { large } else { large + (small - large).exp().ln_1p() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_tables() {
        let check = |table, expect: f64| {
            let found = ln_fisher(table).exp();
            assert!((found - expect).abs() <= 1e-12 * expect, "{table:?}: {found} {expect}");
        };
        // The lady tasting tea: (1 + 16 + 16 + 1) / 70.
        check([[3, 1], [1, 3]], 34.0 / 70.0);
        check([[4, 0], [0, 4]], 2.0 / 70.0);
        check([[1, 0], [0, 19]], 1.0 / 20.0);
        check([[10, 0], [0, 10]], 2.0 / 184_756.0);
        check([[0, 0], [3, 4]], 1.0);
        check([[0, 0], [0, 0]], 1.0);
        check([[1, 0], [0, 1]], 1.0);
        check([[5, 5], [5, 5]], 1.0);
    }

    proptest! {
        #[test]
        fn fisher_is_the_sum_over_all_tables(a in 0_u64..40, b in 0_u64..40, c in 0_u64..40, d in 0_u64..40) {
            let all = a + b + c + d;
            let observed = ln_hypergeometric(a, a + c, a + b, all);
            let expect: f64 = (0..=a + b)
                .map(|hits| ln_hypergeometric(hits, a + c, a + b, all))
                .filter(|&ln_p| ln_p <= observed + TIE)
                .map(f64::exp)
                .sum();
            let found = ln_fisher([[a, b], [c, d]]).exp();
            prop_assert!((found - expect.min(1.0)).abs() <= 1e-11 * found, "{} {}", found, expect);
            for turned in [[[a, c], [b, d]], [[b, a], [d, c]], [[c, d], [a, b]]] {
                prop_assert!((ln_fisher(turned).exp() - found).abs() <= 1e-11 * found);
            }
        }
    }
}
