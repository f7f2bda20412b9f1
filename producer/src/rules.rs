//! The rules of tolerance that a user writes.

use concord_difference::Tolerances;

use crate::error::CliError;

/// Parses rules of tolerance; `None` when there are no rules.
///
/// # Errors
/// When a rule is invalid.
pub(crate) fn tolerances(rules: &[String]) -> Result<Option<Tolerances>, CliError> {
    if rules.is_empty() {
        return Ok(None);
    }
    let tolerances = Tolerances::parse(rules).map_err(|error| {
        CliError::usage(anyhow::Error::new(error)).hint(
            "rules look like ulp=4, abs=1e-9, rel=1e-12, \"/energy: rel=1e-12\" or \"/timestamp: ignore\"",
        )
    })?;
    Ok(Some(tolerances))
}
