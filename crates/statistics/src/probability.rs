//! Logarithms of probabilities of counts, each with a relative error of about 1e-15.
//!
//! Differences of logarithms of factorials lose all digits for large counts. This file avoids them as in C. Loader,
//! "Fast and accurate computation of binomial probabilities", 2000. Stirling's formula is written as k! = sqrt(2 pi
//! k) (k/e)^k exp(error(k)), and the powers are gathered into deviances, which are small where the probability is
//! large.

use std::f64::consts::PI;

/// A count as a floating-point number.
#[expect(clippy::cast_precision_loss, reason = "counts of copies lie far below 2^53")]
#[must_use]
pub fn real(count: u64) -> f64 {
    count as f64
}

/// The error of Stirling's formula: ln(k!) - ln(sqrt(2 pi k) (k/e)^k), for k of at least 1.
fn stirling_error(count: u64) -> f64 {
    let k = real(count);
    if count < 16 {
        let factorial = (2..=count).map(real).product::<f64>();
        return factorial.ln() - (k + 0.5) * k.ln() + k - 0.5 * (2.0 * PI).ln();
    }
    let square = k * k;
    // Abramowitz and Stegun, 6.1.41; the next term is below 1e-16 for k = 16.
    (1.0 / 12.0
        - (1.0 / 360.0
            - (1.0 / 1260.0
                - (1.0 / 1680.0 - (1.0 / 1188.0 - 691.0 / 360_360.0 / square) / square) / square)
                / square)
            / square)
        / k
}

/// The part of the logarithm of one factorial that is not in the deviances: ln(k!) - ln((k/e)^k), and 0 for 0! .
pub(crate) fn factorial_rest(count: u64) -> f64 {
    if count == 0 { 0.0 } else { stirling_error(count) + 0.5 * (2.0 * PI * real(count)).ln() }
}

/// ln of a factorial. Its relative error is 1e-16, so the difference of two large ones is not exact.
pub(crate) fn ln_factorial(count: u64) -> f64 {
    let k = real(count);
    if count == 0 { 0.0 } else { factorial_rest(count) + k * k.ln() - k }
}

/// The deviance of a count from the expected count: `count ln(count / expected) + expected - count`; never negative.
pub(crate) fn deviance(count: f64, expected: f64) -> f64 {
    if count == 0.0 {
        return expected;
    }
    let distance = count - expected;
    if distance.abs() >= 0.1 * (count + expected) {
        return count * (count / expected).ln() - distance;
    }
    // ln(x) = 2 (v + v^3/3 + v^5/5 + ..), v = (x - 1)/(x + 1): no digits cancel.
    let ratio = distance / (count + expected);
    let mut power = 2.0 * count * ratio;
    let mut sum = distance * ratio;
    for odd in (3_u32..).step_by(2) {
        power *= ratio * ratio;
        let next = sum + power / f64::from(odd);
        if next.to_bits() == sum.to_bits() {
            break;
        }
        sum = next;
    }
    sum
}

/// ln of the probability of `hits` marked elements in a sample of `sample` elements, drawn without replacement from
/// `all` elements. `marked` of these elements are marked. Negative infinity if that is impossible.
#[must_use]
pub fn ln_hypergeometric(hits: u64, sample: u64, marked: u64, all: u64) -> f64 {
    if hits > sample.min(marked) || sample.max(marked) > all || sample + marked - hits > all {
        return f64::NEG_INFINITY;
    }
    let rows = [marked, all - marked];
    let columns = [sample, all - sample];
    let cells = [[hits, sample - hits], [marked - hits, all + hits - sample - marked]];
    let mut ln_p = ln_margins(&rows, &columns, all);
    for (column, total) in cells.iter().zip(columns) {
        for (&count, row) in column.iter().zip(rows) {
            ln_p -= cell_weight(count, row, total, all);
        }
    }
    ln_p.min(0.0)
}

/// The contribution of the margins to ln of the probability of a table; see [`cell_weight`].
pub(crate) fn ln_margins(rows: &[u64], columns: &[u64], all: u64) -> f64 {
    rows.iter().chain(columns).map(|&total| factorial_rest(total)).sum::<f64>() - factorial_rest(all)
}

/// The contribution of one cell, which is subtracted. The probability of a table with given margins is the product of
/// the factorials of the margins, divided by the factorials of the cells and of `all`. The powers of Stirling's
/// formula combine into the deviances.
pub(crate) fn cell_weight(count: u64, row: u64, column: u64, all: u64) -> f64 {
    if row == 0 || column == 0 {
        return 0.0;
    }
    factorial_rest(count) + deviance(real(count), real(row) * real(column) / real(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factorials_agree_with_products() {
        let mut expect = 0.0;
        for count in 1..=60 {
            expect += real(count).ln();
            let found = ln_factorial(count);
            assert!((found - expect).abs() < 1e-13 * f64::max(expect, 1.0), "{count}: {found} {expect}");
        }
    }

    #[test]
    fn the_probabilities_of_all_samples_add_up_to_one() {
        for (sample, marked, all) in [(5, 5, 10), (1, 19, 20), (300, 700, 1_000), (5_000, 12, 100_000)] {
            let sum: f64 = (0..=sample).map(|hits| ln_hypergeometric(hits, sample, marked, all).exp()).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{sample} of {all} with {marked}: {sum}");
        }
    }

    #[test]
    fn small_probabilities_equal_fractions() {
        let check = |(hits, sample, marked, all), expect: f64| {
            let found = ln_hypergeometric(hits, sample, marked, all).exp();
            assert!((found - expect).abs() <= 1e-14 * expect, "{found} {expect}");
        };
        check((0, 0, 0, 0), 1.0);
        check((1, 1, 1, 1), 1.0);
        check((1, 1, 1, 20), 1.0 / 20.0);
        check((5, 5, 5, 10), 1.0 / 252.0);
        check((3, 4, 4, 8), 16.0 / 70.0);
        check((2, 1, 1, 20), 0.0);
        check((0, 15, 15, 20), 0.0);
    }
}
