//! Values of options.

use concord_protocol::limits::TIMEOUT_MS_MAX;
use concord_statistics::Level;

/// Reads a share between 0 and 1, as a fraction or in percent.
pub(super) fn share(text: &str) -> Result<f64, String> {
    // Appends an exponent instead of dividing: a division would round once more.
    let number =
        text.strip_suffix('%').map_or_else(|| text.to_owned(), |digits| format!("{}e-2", digits.trim_end()));
    let share = number.parse().ok().filter(|share| *share > 0.0 && *share < 1.0);
    share.ok_or_else(|| "expected a share between 0 and 1, such as 1% or 0.01".to_owned())
}

/// Reads a level of confidence, as a fraction or in percent.
pub(super) fn confidence(text: &str) -> Result<Level, String> {
    let level = share(text).ok().and_then(|level| Level::new(level).ok());
    level.ok_or_else(|| "expected a level between 0 and 1, such as 99% or 0.99".to_owned())
}

/// Reads a length of time such as `90s`, `15m`, `1h30m` or `2d`, in milliseconds.
pub(super) fn milliseconds(text: &str) -> Result<u64, String> {
    let span = text.parse::<jiff::Span>();
    let duration = span.and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()));
    let duration = duration.map_err(|error| {
        format!("expected a time with its unit, such as 500ms, 90s, 15m, 1h30m or 2d: {error}")
    })?;
    let ms = u64::try_from(duration.as_millis()).ok().filter(|ms| (1..=TIMEOUT_MS_MAX).contains(ms));
    ms.ok_or_else(|| "a time has to lie between 1ms and 14d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_units_and_bounds() {
        for (text, ms) in [("1ms", 1), ("90s", 90_000), ("1h30m", 5_400_000), ("14d", TIMEOUT_MS_MAX)] {
            assert_eq!(milliseconds(text), Ok(ms), "{text}");
        }
        for text in ["0s", "-1s", "15d"] {
            let error = milliseconds(text).unwrap_err();
            assert!(error.starts_with("a time has to lie between"), "{text}: {error}");
        }
    }

    #[test]
    fn an_error_of_a_time_has_the_reason_of_its_parser() {
        for text in ["", "90", "1x", "soon"] {
            let reason = text.parse::<jiff::Span>().unwrap_err().to_string();
            let error = milliseconds(text).unwrap_err();
            assert!(error.starts_with("expected a time with its unit"), "{text}: {error}");
            assert!(!reason.is_empty() && error.ends_with(&reason), "{text}: {error}");
        }
    }
}
