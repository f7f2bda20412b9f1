use crate::level::Level;
use crate::probability::real;

/// The reason why no number of copies can be given.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum PlanningError {
    /// The rate is not above 0 and below 1.
    #[error("not a rate of divergence: expected a number above 0 and below 1 such as 0.01, found {found}")]
    Rate {
        /// The number that was found.
        found: f64,
    },
    /// The number of copies is too large to be exact.
    #[error("a divergence of rate {rate} takes more than {COPIES_PLANNED_MAX} copies to find")]
    TooMany {
        /// The rate.
        rate: f64,
    },
}

/// The largest number of copies that can be planned. Numbers up to this one are exact.
pub const COPIES_PLANNED_MAX: u64 = 1 << 53;

/// The smallest number of copies that contains a divergent copy with the given confidence, if each copy diverges
/// independently with probability `rate`. It is the smallest n with `1 - (1 - rate)^n >= confidence`. A divergence in
/// 1 % of runs takes 299 copies at 95 %.
///
/// Both numbers count as the decimal numbers that they are written as. So a rate of 0.1 at 0.19 takes 2 copies, never
/// 3.
///
/// # Errors
/// When the rate is not above 0 and below 1, or is so small that the result is above [`COPIES_PLANNED_MAX`].
pub fn copies_to_detect(rate: f64, confidence: Level) -> Result<u64, PlanningError> {
    if !(rate > 0.0 && rate < 1.0) {
        return Err(PlanningError::Rate { found: rate });
    }
    let copies = (-confidence.get()).ln_1p() / (-rate).ln_1p();
    if copies > real(COPIES_PLANNED_MAX) - 1.0 {
        return Err(PlanningError::TooMany { rate });
    }
    let nearest = copies.round().max(1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked above, and at least 1"
    )]
    let (nearest, above) = (nearest as u64, copies.ceil().max(1.0) as u64);
    Ok(if is_met_exactly(rate, confidence.get(), nearest) { nearest } else { above })
}

/// The number of decimal digits that are computed exactly.
const DIGITS_MAX: usize = 38;

/// Whether `(1 - rate)^copies` is exactly `1 - confidence`. A power of a decimal number has as many digits after the
/// point as the number itself, times the exponent. So the two can only be equal if few digits have to be compared.
fn is_met_exactly(rate: f64, confidence: f64, copies: u64) -> bool {
    let (Some((kept, kept_digits)), Some((left, left_digits))) = (complement(rate), complement(confidence))
    else {
        return false;
    };
    let Ok(exponent) = u32::try_from(copies) else { return false };
    let same_digits = kept_digits.checked_mul(exponent as usize) == Some(left_digits);
    same_digits && kept.checked_pow(exponent) == Some(left)
}

/// 1 minus a number, as an integer and its number of digits after the point, without zeros at the end.
fn complement(number: f64) -> Option<(u128, usize)> {
    let text = number.to_string();
    let digits = text.strip_prefix("0.")?;
    if digits.len() > DIGITS_MAX {
        return None;
    }
    let scale = 10_u128.checked_pow(u32::try_from(digits.len()).ok()?)?;
    Some((scale - digits.parse::<u128>().ok()?, digits.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn copies(rate: f64, confidence: f64) -> u64 {
        copies_to_detect(rate, Level::new(confidence).unwrap()).unwrap()
    }

    #[test]
    fn the_smallest_number_of_copies_is_found() {
        let check =
            |rate, confidence, expect| assert_eq!(copies(rate, confidence), expect, "{rate} {confidence}");
        check(0.01, 0.95, 299);
        check(0.01, 0.99, 459);
        check(0.05, 0.95, 59);
        check(0.001, 0.95, 2_995);
        check(0.5, 0.5, 1);
        check(0.5, 0.75, 2);
        check(0.5, 0.750_000_1, 3);
        check(0.9, 0.99, 2);
        check(0.9, 0.999_999, 6);
        check(0.99, 0.999_999, 3);
        check(0.1, 0.19, 2);
        check(0.1, 0.271, 3);
        check(0.1, 0.1, 1);
        check(0.2, 0.36, 2);
        check(0.2, 0.488, 3);
        check(0.3, 0.51, 2);
        check(0.999, 0.000_1, 1);
        check(1e-9, 0.95, 2_995_732_273);
    }

    #[test]
    fn rates_that_cannot_be_planned_are_refused() {
        for rate in [0.0, 1.0, -0.1, 1.5, f64::NAN] {
            assert!(
                matches!(copies_to_detect(rate, Level::default()), Err(PlanningError::Rate { .. })),
                "{rate}"
            );
        }
        let error = copies_to_detect(1e-300, Level::default()).unwrap_err();
        assert_eq!(error, PlanningError::TooMany { rate: 1e-300 });
    }

    proptest! {
        #[test]
        fn powers_of_decimals_are_met_exactly(thousandths in 1_u32..1_000, exponent in 1_u32..5) {
            let kept = 1_000 - u128::from(thousandths);
            let scale = 1_000_u128.pow(exponent);
            let confidence = format!("0.{:0width$}", scale - kept.pow(exponent), width = 3 * exponent as usize);
            let confidence: f64 = confidence.parse().unwrap();
            prop_assert_eq!(copies(f64::from(thousandths) / 1_000.0, confidence), u64::from(exponent));
        }
    }
}
