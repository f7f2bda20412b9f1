//! Tails of the normal distribution, as logarithms.

/// ln of the complementary error function, with a relative error of 1.2e-7 of the function.
///
/// Source: W. H. Press and others, "Numerical Recipes in C", 1992, section 6.2 (a Chebyshev fit).
fn ln_erfc(x: f64) -> f64 {
    const FIT: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let t = 1.0 / (1.0 + 0.5 * x.abs());
    let ln_right = t.ln() - x * x + FIT.iter().rev().fold(0.0, |sum, term| sum * t + term);
    if x >= 0.0 { ln_right } else { (2.0 - ln_right.exp()).ln() }
}

/// ln of the probability that a normal deviate is above `z`.
pub(crate) fn ln_upper_tail(z: f64) -> f64 {
    ln_erfc(z * std::f64::consts::FRAC_1_SQRT_2) - std::f64::consts::LN_2
}

/// ln of the probability that half the square of a normal deviate is above `half_square`.
pub(crate) fn ln_half_square_tail(half_square: f64) -> f64 {
    ln_erfc(half_square.max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_known() {
        let check = |found: f64, expect: f64| {
            assert!((found.exp() - expect).abs() <= 2e-7 * expect, "{} {expect}", found.exp());
        };
        check(ln_upper_tail(0.0), 0.5);
        check(ln_upper_tail(1.959_963_984_540_054), 0.025);
        check(ln_upper_tail(-1.644_853_626_951_472), 0.95);
        check(ln_upper_tail(10.0), 7.619_853_024_160_527e-24);
        check(ln_half_square_tail(3.841_458_820_694_124 / 2.0), 0.05);
    }
}
