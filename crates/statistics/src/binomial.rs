use super::probability::{deviance, factorial_rest, real};

/// ln of the probability of exactly `hits` in `n` independent tries that each hit with probability `rate`.
///
/// Source: C. Loader, "Fast and accurate computation of binomial probabilities", 2000.
#[must_use]
pub fn ln_binomial(hits: u64, n: u64, rate: f64) -> f64 {
    if hits > n {
        return f64::NEG_INFINITY;
    }
    if hits == 0 {
        return if n == 0 { 0.0 } else { real(n) * (-rate).ln_1p() };
    }
    if hits == n {
        return real(n) * rate.ln();
    }
    let misses = n - hits;
    let rests = factorial_rest(n) - factorial_rest(hits) - factorial_rest(misses);
    let all = real(n);
    rests - deviance(real(hits), all * rate) - deviance(real(misses), all * (1.0 - rate))
}

/// ln of the probability of at most `hits` in the same tries.
#[must_use]
pub fn ln_binomial_at_most(hits: u64, n: u64, rate: f64) -> f64 {
    if hits >= n {
        return 0.0;
    }
    if real(hits) > real(n) * rate {
        return ln_complement(ln_binomial_at_least(hits + 1, n, rate));
    }
    let odds = (1.0 - rate) / rate;
    let (mut term, mut sum) = (1.0, 1.0);
    for below in (1..=hits).rev() {
        term *= real(below) / real(n - below + 1) * odds;
        sum += term;
        if term < sum * 1e-18 {
            break;
        }
    }
    ln_binomial(hits, n, rate) + f64::ln(sum)
}

/// ln of the probability of at least `hits` in the same tries.
#[must_use]
pub fn ln_binomial_at_least(hits: u64, n: u64, rate: f64) -> f64 {
    if hits == 0 {
        return 0.0;
    }
    if real(hits) <= real(n) * rate {
        return ln_complement(ln_binomial_at_most(hits - 1, n, rate));
    }
    let odds = rate / (1.0 - rate);
    let (mut term, mut sum) = (1.0, 1.0);
    for above in hits..n {
        term *= real(n - above) / real(above + 1) * odds;
        sum += term;
        if term < sum * 1e-18 {
            break;
        }
    }
    ln_binomial(hits, n, rate) + f64::ln(sum)
}

fn ln_complement(ln_p: f64) -> f64 {
    if ln_p >= 0.0 { f64::NEG_INFINITY } else { (-ln_p.exp()).ln_1p() }
}
