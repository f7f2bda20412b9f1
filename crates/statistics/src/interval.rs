//! Intervals for a rate, from `hits` in `n` independent tries.

use super::Level;
use super::binomial::{ln_binomial, ln_binomial_at_least, ln_binomial_at_most};
use super::probability::real;

/// An upper bound on the rate if none of `n` tries hit: `1 - alpha^(1/n)`; 1 when `n` is 0.
///
/// The bound is one-sided, and valid at any time. A true rate lies above the bound only once `(1 - rate)^n` has
/// fallen to alpha, and the probability of no hit by then is exactly that. The bound only falls while tries are
/// added, so no other event makes a quoted bound wrong.
#[must_use]
pub fn none_seen_bound(n: u64, level: Level) -> f64 {
    if n == 0 { 1.0 } else { -(level.alpha().ln() / real(n)).exp_m1() }
}

/// The exact interval of Clopper and Pearson, `(low, high)`, with half of alpha on each side. It is valid for a
/// number of tries that was fixed in advance.
///
/// Source: C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
/// binomial", 1934. The limits are computed from exact sums of binomial probabilities.
#[must_use]
pub fn clopper_pearson(hits: u64, n: u64, level: Level) -> (f64, f64) {
    let ln_half = (level.alpha() / 2.0).ln();
    let hits = hits.min(n);
    let low = if hits == 0 {
        0.0
    } else {
        solve(Odds::LOWEST, Odds::of(hits, n).clamp(Odds::LOWEST, Odds::HIGHEST), |odds| {
            let ln_p = ln_binomial_at_least(hits, n, odds.rate());
            let slope = real(hits) * (1.0 - odds.rate()) * (ln_binomial(hits, n, odds.rate()) - ln_p).exp();
            (ln_p - ln_half, slope)
        })
    };
    let high = if hits == n {
        1.0
    } else {
        solve(Odds::of(hits, n).clamp(Odds::LOWEST, Odds::HIGHEST), Odds::HIGHEST, |odds| {
            let ln_p = ln_binomial_at_most(hits, n, odds.rate());
            let slope = real(n - hits) * odds.rate() * (ln_binomial(hits, n, odds.rate()) - ln_p).exp();
            (ln_half - ln_p, slope)
        })
    };
    (low, high)
}

/// An interval `(low, high)` that is valid at any time: with the probability of the level, *all* intervals for n = 1,
/// 2, 3.. contain the true rate. It is about a third wider than the interval of Clopper and Pearson for 20 tries, and
/// twice as wide for 10,000.
///
/// Take the likelihood of the tries under a rate drawn evenly from 0 to 1, divided by their likelihood under a rate
/// p. When p is the true rate, this quotient is a martingale that starts at 1. The mixture integral is a beta
/// function, so the quotient is `1 / ((n + 1) binomial(hits; n, p))`. By Ville's inequality it ever reaches
/// `1 / alpha` with probability alpha at most. So the interval keeps the rates with
/// `(n + 1) binomial(hits; n, p) > alpha`.
///
/// Source: H. Robbins, "Statistical methods related to the law of the iterated logarithm", 1970.
#[must_use]
pub fn anytime_interval(hits: u64, n: u64, level: Level) -> (f64, f64) {
    let ln_least = level.alpha().ln() - real(n + 1).ln();
    let hits = hits.min(n);
    let middle = Odds::of(hits, n).clamp(Odds::LOWEST, Odds::HIGHEST);
    let excess = |odds: Odds| {
        let slope = real(hits) - real(n) * odds.rate();
        (ln_binomial(hits, n, odds.rate()) - ln_least, slope)
    };
    let low = if hits == 0 { 0.0 } else { solve(Odds::LOWEST, middle, excess) };
    let high = if hits == n {
        1.0
    } else {
        solve(middle, Odds::HIGHEST, |odds| {
            let (excess, slope) = excess(odds);
            (-excess, -slope)
        })
    };
    (low, high)
}

/// The logarithm of the odds of a rate. It keeps the digits of small rates and of rates near 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
struct Odds(f64);

impl Odds {
    const LOWEST: Self = Self(-700.0);
    const HIGHEST: Self = Self(700.0);

    fn of(hits: u64, n: u64) -> Self {
        Self((real(hits) / real(n - hits)).ln())
    }

    fn clamp(self, low: Self, high: Self) -> Self {
        Self(if self.0.is_nan() { 0.0 } else { self.0.clamp(low.0, high.0) })
    }

    fn rate(self) -> f64 {
        1.0 / (1.0 + (-self.0).exp())
    }
}

/// The largest number of steps of the search. Halving alone needs about 60.
const STEPS_MAX: u32 = 200;

/// The rate between two odds at which an increasing function is 0. The function also returns its slope. Uses Newton's
/// steps, and halves the range when a step leads outside.
fn solve(mut low: Odds, mut high: Odds, function: impl Fn(Odds) -> (f64, f64)) -> f64 {
    let mut at = Odds(f64::midpoint(low.0, high.0));
    for _ in 0..STEPS_MAX {
        let (value, slope) = function(at);
        if value < 0.0 {
            low = at;
        } else {
            high = at;
        }
        let mut next = Odds(at.0 - value / slope);
        if !(next > low && next < high) {
            next = Odds(f64::midpoint(low.0, high.0));
        }
        if (next.0 - at.0).abs() <= 1e-15 * at.0.abs().max(1.0) {
            return next.rate();
        }
        at = next;
    }
    at.rate()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expect: f64) {
        assert!((found - expect).abs() <= 1e-11 * expect, "{found:e} {expect:e}");
    }

    #[test]
    fn the_bound_without_hits_has_its_known_values() {
        let level = Level::default();
        near(none_seen_bound(0, level), 1.0);
        for (n, percent) in [(20, "13.91"), (180, "1.65"), (299, "1.00"), (1, "95.00")] {
            assert_eq!(format!("{:.2}", none_seen_bound(n, level) * 100.0), percent, "{n}");
        }
    }

    #[test]
    fn clopper_pearson_has_half_of_alpha_on_each_side() {
        for level in [0.5, 0.95, 0.999] {
            let level = Level::new(level).unwrap();
            for (hits, n) in [(1, 1), (1, 2), (1, 20), (10, 20), (19, 20), (58, 178), (7, 1_000_000)] {
                let (low, high) = clopper_pearson(hits, n, level);
                assert!(0.0 < low && low < high && high <= 1.0, "{hits} of {n}: {low} {high}");
                // A rate near 1 has an error of 1e-16. Then 1 minus the rate has few digits, and so does the tail.
                let is_half = |ln_tail: f64| {
                    let tail = ln_tail.exp() / (level.alpha() / 2.0);
                    assert!((tail - 1.0).abs() < 1e-8, "{hits} of {n}: {tail}");
                };
                is_half(ln_binomial_at_least(hits, n, low));
                if hits < n {
                    is_half(ln_binomial_at_most(hits, n, high));
                }
            }
        }
    }

    #[test]
    fn an_interval_without_hits_starts_at_zero_and_with_hits_only_ends_at_one() {
        let level = Level::default();
        assert_eq!(clopper_pearson(0, 0, level), (0.0, 1.0));
        assert_eq!(anytime_interval(0, 0, level), (0.0, 1.0));
        let (low, high) = clopper_pearson(0, 10, level);
        assert!(low.to_bits() == 0);
        near(high, 1.0 - 0.025_f64.powf(0.1));
        let (low, high) = clopper_pearson(10, 10, level);
        near(low, 0.025_f64.powf(0.1));
        assert!((high - 1.0).abs() == 0.0);
    }

    #[test]
    fn the_anytime_interval_contains_the_one_of_clopper_and_pearson() {
        let level = Level::default();
        for n in [1, 2, 3, 20, 180, 10_000] {
            for hits in [0, 1, n / 3, n / 2, n] {
                let (low, high) = anytime_interval(hits, n, level);
                let (fixed_low, fixed_high) = clopper_pearson(hits, n, level);
                assert!(
                    low <= fixed_low && fixed_high <= high,
                    "{hits} of {n}: {low} {fixed_low} {fixed_high} {high}"
                );
            }
        }
    }
}
