//! Values of options.

use concord_protocol::limits::TIMEOUT_MS_MAX;

/// Reads a share between 0 and 1, as a fraction or in percent.
pub(super) fn share(text: &str) -> Result<f64, String> {
    // Appends an exponent instead of dividing: a division would round once more.
    let number =
        text.strip_suffix('%').map_or_else(|| text.to_owned(), |digits| format!("{}e-2", digits.trim_end()));
    let share = number.parse().ok().filter(|share| *share > 0.0 && *share < 1.0);
    share.ok_or_else(|| "expected a share between 0 and 1, such as 1% or 0.01".to_owned())
}

/// Reads a length of time such as `90s`, `15m`, `1h30m` or `2d`, in milliseconds.
pub(super) fn milliseconds(text: &str) -> Result<u64, String> {
    let span: jiff::Span = text
        .parse()
        .map_err(|_| "expected a time with its unit, such as 500ms, 90s, 15m, 1h30m or 2d".to_owned())?;
    let duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours());
    match duration.map(|duration| u64::try_from(duration.as_millis())) {
        Ok(Ok(ms)) if (1..=TIMEOUT_MS_MAX).contains(&ms) => Ok(ms),
        _ => Err("a time has to lie between 1ms and 14d".to_owned()),
    }
}
