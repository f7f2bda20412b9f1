use serde::Serialize;

/// A level of confidence: above 0 and below 1; 0.95 by default.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Level(f64);

/// The error for a number that is not a level of confidence.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("not a level of confidence: expected a number above 0 and below 1 such as 0.95, found {found}")]
pub struct LevelError {
    /// The number that was found.
    pub found: f64,
}

impl Level {
    /// Makes a level from a number.
    ///
    /// # Errors
    /// When `level` or `1 - level` is not above 0 and below 1.
    pub fn new(level: f64) -> Result<Self, LevelError> {
        if level > 0.0 && 1.0 - level > 0.0 && level < 1.0 {
            Ok(Self(level))
        } else {
            Err(LevelError { found: level })
        }
    }

    /// The level as a number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// The remaining chance of being wrong: 1 minus the level.
    #[must_use]
    pub fn alpha(self) -> f64 {
        1.0 - self.0
    }
}

impl Default for Level {
    fn default() -> Self {
        Self(0.95)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_lies_between_zero_and_one() {
        for level in [0.0, 1.0, -0.1, 95.0, f64::NAN, f64::INFINITY] {
            assert!(Level::new(level).is_err(), "{level}");
        }
        for level in [1e-300, 0.5, 0.95, 0.999_999] {
            assert_eq!(Level::new(level).unwrap().get().to_bits(), level.to_bits());
        }
    }
}
