use concord_difference::grouped;

/// The largest number of digits after the point of a percentage.
const PERCENT_DECIMALS_MAX: usize = 4;

/// A count with a comma between groups of three digits.
pub(crate) fn count(count: u64) -> String {
    grouped(count)
}

/// A p-value with two digits, after `=` or `<`.
pub(crate) fn p_text(p: f64) -> String {
    if p <= 1e-300 {
        "< 1e-300".to_owned()
    } else if p < 0.001 {
        format!("= {p:.1e}")
    } else {
        format!("= {}", trimmed(format!("{p:.*}", decimals(p))))
    }
}

/// A p-value that is only a bound, with two digits, rounded up.
pub(crate) fn p_bound(p: f64) -> String {
    let decimals = decimals(p);
    let scale = 10_f64.powi(i32::try_from(decimals).unwrap_or(i32::MAX));
    let rounded = ((p * scale - 1e-9).ceil() / scale).min(1.0);
    if rounded < 0.001 {
        format!("<= {rounded:.1e}")
    } else {
        format!("<= {}", trimmed(format!("{rounded:.decimals$}")))
    }
}

/// A corrected p-value with its sign, such as `p = 4.3e-5`; `p <= 1.0e-4` if it is only a bound.
#[must_use]
pub fn p_told(p: f64, is_bound: bool) -> String {
    format!("p {}", if is_bound { p_bound(p) } else { p_text(p) })
}

/// An expected number: whole from 1 on, else with one digit.
pub(crate) fn about(number: f64) -> String {
    if number >= 0.95 {
        format!("{number:.0}")
    } else {
        trimmed(format!("{number:.*}", decimals(number.max(1e-9)).saturating_sub(1).max(1)))
    }
}

/// A percentage with two digits, rounded up, so that an upper bound stays a bound.
pub(crate) fn percent_at_most(rate: f64) -> String {
    percent(rate, |scaled| (scaled - 1e-9).ceil())
}

/// A percentage with two digits, rounded down, so that a lower bound stays a bound.
pub(crate) fn percent_at_least(rate: f64) -> String {
    percent(rate, |scaled| (scaled + 1e-9).floor())
}

/// A level of confidence in per cent, as it was given.
pub(crate) fn level_percent(level: f64) -> String {
    trimmed(format!("{:.6}", level * 100.0))
}

fn percent(rate: f64, round: impl Fn(f64) -> f64) -> String {
    let percent = rate * 100.0;
    if percent <= 0.0 {
        return "0".to_owned();
    }
    let decimals = decimals(percent).min(PERCENT_DECIMALS_MAX);
    let scale = 10_f64.powi(i32::try_from(decimals).unwrap_or(i32::MAX));
    let rounded = round(percent * scale) / scale;
    if rounded > 0.0 { format!("{rounded:.decimals$}") } else { "0".to_owned() }
}

/// The number of digits after the point with which two digits are shown in all.
fn decimals(number: f64) -> usize {
    let mut decimals = 0;
    let mut scaled = number;
    while scaled < 10.0 && decimals < 300 {
        scaled *= 10.0;
        decimals += 1;
    }
    decimals
}

fn trimmed(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_commas() {
        let check = |number, expect: &str| assert_eq!(count(number), expect);
        check(0, "0");
        check(999, "999");
        check(1_000, "1,000");
        check(1_234_567, "1,234,567");
    }

    #[test]
    fn bounds_are_rounded_outwards() {
        let check = |rate, low: &str, high: &str| {
            assert_eq!(
                (percent_at_least(rate).as_str(), percent_at_most(rate).as_str()),
                (low, high),
                "{rate}"
            );
        };
        check(0.0, "0", "0");
        check(1.0, "100", "100");
        check(0.016_5, "1.6", "1.7");
        check(0.220_9, "22", "23");
        check(0.05, "5.0", "5.0");
        check(0.009_97, "0.99", "1.00");
        check(0.000_123_4, "0.012", "0.013");
        check(1e-9, "0", "0.0001");
    }

    #[test]
    fn p_values_have_two_digits() {
        let check = |p, expect: &str| assert_eq!(p_text(p), expect);
        check(1.0, "= 1");
        check(0.05, "= 0.05");
        check(0.333_3, "= 0.33");
        check(0.001_2, "= 0.0012");
        check(1.08e-5, "= 1.1e-5");
        check(f64::MIN_POSITIVE, "< 1e-300");
    }

    #[test]
    fn bounds_of_p_are_rounded_up() {
        let check = |p, expect: &str| assert_eq!(p_bound(p), expect);
        check(1.0, "<= 1");
        check(1.0 / 10_001.0, "<= 1.0e-4");
        check(0.012_1, "<= 0.013");
        check(0.04, "<= 0.04");
    }

    #[test]
    fn a_bound_of_p_has_another_sign() {
        assert_eq!([p_told(4.33e-5, false), p_told(0.012_1, true)], ["p = 4.3e-5", "p <= 0.013"]);
    }

    #[test]
    fn expected_numbers_are_short() {
        let check = |number, expect: &str| assert_eq!(about(number), expect);
        check(2.2, "2");
        check(0.1, "0.1");
        check(0.034, "0.03");
    }

    #[test]
    fn levels_are_as_given() {
        let check = |level, expect: &str| assert_eq!(level_percent(level), expect);
        check(0.95, "95");
        check(0.999, "99.9");
        check(0.9, "90");
    }
}
