use super::TIE;
use super::probability::{ln_factorial, real};

/// ln of the p-value of the runs test of Wald and Wolfowitz, for each number of runs from 0 on: the probability of all
/// numbers of runs that are at most as probable, if `one` and `other` units of two classes stand in random order. Few
/// runs show that classes come in blocks, many that they alternate.
///
/// Source: A. Wald and J. Wolfowitz, "On a test whether two samples are from the same population", 1940.
#[must_use]
pub fn ln_runs(one: u64, other: u64) -> Vec<f64> {
    let ln_ways = |n: u64, k: u64| {
        if k > n { f64::NEG_INFINITY } else { ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k) }
    };
    let most = 2 * one.min(other) + u64::from(one != other);
    let ln_all = ln_ways(one + other, one);
    let split = |units: u64, runs: u64| {
        if units == 0 || runs == 0 { f64::NEG_INFINITY } else { ln_ways(units - 1, runs - 1) }
    };
    let ln_probability = |runs: u64| {
        let half = runs / 2;
        let ln_two = |left: f64, right: f64| super::fisher::ln_sum(left, right);
        let ways = if runs.is_multiple_of(2) {
            split(one, half) + split(other, half) + f64::ln(2.0)
        } else {
            ln_two(split(one, half) + split(other, half + 1), split(one, half + 1) + split(other, half))
        };
        ways - ln_all
    };
    if one == 0 || other == 0 {
        return vec![0.0; 2];
    }
    two_sided(&(0..=most).map(ln_probability).collect::<Vec<_>>())
}

/// For each ln of a probability, ln of the sum of all probabilities that are at most as large.
pub(crate) fn two_sided(ln_probabilities: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ln_probabilities.len()).collect();
    order.sort_by(|&left, &right| ln_probabilities[left].total_cmp(&ln_probabilities[right]));
    let mut sums = vec![0.0; ln_probabilities.len()];
    let (mut next, mut sum) = (0, f64::NEG_INFINITY);
    for &place in &order {
        while next < order.len() && ln_probabilities[order[next]] <= ln_probabilities[place] + TIE {
            sum = super::fisher::ln_sum(sum, ln_probabilities[order[next]]);
            next += 1;
        }
        sums[place] = sum.min(0.0);
    }
    sums
}

/// The expected number of runs of units of two classes in random order.
#[must_use]
pub fn runs_expected(one: u64, other: u64) -> f64 {
    let all = real(one + other);
    if one + other == 0 { 0.0 } else { 1.0 + 2.0 * real(one) * real(other) / all }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_runs_are_improbable() {
        // Of the 20 orders of AAABBB, 2 have two runs, 4 three, 8 four, 4 five and 2 six.
        let found: Vec<f64> = ln_runs(3, 3).into_iter().map(f64::exp).collect();
        let expect = [0.0, 0.0, 0.2, 0.6, 1.0, 0.6, 0.2];
        assert_eq!(found.len(), expect.len());
        for (found, expect) in found.iter().zip(expect) {
            assert!((found - expect).abs() < 1e-12, "{found} {expect}");
        }
        assert!((runs_expected(3, 3) - 4.0).abs() < 1e-12);
    }

    #[test]
    fn one_class_has_one_run() {
        assert_eq!(ln_runs(5, 0), [0.0, 0.0]);
    }
}
