//! Reads the settings of the function from its environment.

/// The table.
const TABLE: &str = "TABLE";
/// Address of the queue of deadlines.
const DEADLINE_QUEUE_URL: &str = "DEADLINE_QUEUE_URL";
/// Address of the queue of dead letters.
const DEAD_LETTER_QUEUE_URL: &str = "DEAD_LETTER_QUEUE_URL";
/// Address of the queue of copies.
const QUEUE_URL: &str = "QUEUE_URL";
/// Address of the queue of records that cannot be handled.
const QUARANTINE_QUEUE_URL: &str = "QUARANTINE_QUEUE_URL";
/// The EventBridge bus that receives verdicts.
const EVENT_BUS: &str = "EVENT_BUS";
/// Days until what is written expires.
const KEEP_DAYS: &str = "KEEP_DAYS";
/// Name of the stack, a dimension of the metrics.
const CONCORD_STACK: &str = "CONCORD_STACK";

/// The settings of the aggregator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregatorSettings {
    /// Name of the table.
    pub table: String,
    /// Address of the queue of deadlines.
    pub deadline_queue_url: String,
    /// Address of the queue of dead letters.
    pub dead_letter_queue_url: String,
    /// Address of the queue of copies.
    pub queue_url: String,
    /// Address of the queue of records that cannot be handled.
    pub quarantine_queue_url: String,
    /// Name of the EventBridge bus that receives verdicts.
    pub event_bus: String,
    /// Days until what is written expires.
    pub keep_days: u32,
    /// Name of the stack, a dimension of the metrics.
    pub stack: String,
}

/// A variable is missing or has an invalid value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AggregatorSettingsError {
    /// The variable is missing.
    #[error("the variable {0} is not set")]
    Missing(&'static str),
    /// The value is not a number of days.
    #[error("the variable {0} must be a number of days from 1 to 3650, not {1:?}")]
    NoDays(&'static str, String),
}

impl AggregatorSettings {
    /// Reads the settings from the variables that `variable` gives.
    ///
    /// # Errors
    /// When a variable is missing or invalid: the function must not start with a guess.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, AggregatorSettingsError> {
        let needed = |name| {
            variable(name).filter(|value| !value.is_empty()).ok_or(AggregatorSettingsError::Missing(name))
        };
        let days = needed(KEEP_DAYS)?;
        let keep_days = days.parse().ok().filter(|days| (1..=3_650).contains(days));
        Ok(Self {
            table: needed(TABLE)?,
            deadline_queue_url: needed(DEADLINE_QUEUE_URL)?,
            dead_letter_queue_url: needed(DEAD_LETTER_QUEUE_URL)?,
            queue_url: needed(QUEUE_URL)?,
            quarantine_queue_url: needed(QUARANTINE_QUEUE_URL)?,
            event_bus: needed(EVENT_BUS)?,
            keep_days: keep_days.ok_or(AggregatorSettingsError::NoDays(KEEP_DAYS, days))?,
            stack: needed(CONCORD_STACK)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> impl Fn(&str) -> Option<String> {
        move |asked| {
            let value = if asked == name {
                value
            } else if asked == KEEP_DAYS {
                "30"
            } else {
                "given"
            };
            Some(value.to_owned())
        }
    }

    #[test]
    fn a_missing_or_invalid_variable_is_an_error_that_names_it() {
        assert!(AggregatorSettings::read(with("", "")).is_ok());
        for name in [
            TABLE,
            DEADLINE_QUEUE_URL,
            DEAD_LETTER_QUEUE_URL,
            QUEUE_URL,
            QUARANTINE_QUEUE_URL,
            EVENT_BUS,
            KEEP_DAYS,
            CONCORD_STACK,
        ] {
            assert_eq!(AggregatorSettings::read(with(name, "")), Err(AggregatorSettingsError::Missing(name)));
        }
        for days in ["0", "-1", "3651", "a month"] {
            assert_eq!(
                AggregatorSettings::read(with(KEEP_DAYS, days)),
                Err(AggregatorSettingsError::NoDays(KEEP_DAYS, days.to_owned()))
            );
        }
    }
}
