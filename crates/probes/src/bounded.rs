//! Numbers whose type has their bounds: a payload out of bounds cannot be represented, and the error names the bounds.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// A whole number from `MIN` to `MAX`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whole<const MIN: u64, const MAX: u64>(u64);

/// Chooses the inputs. Each seed gives another stream, which is the same in every release.
pub(crate) type Seed = Whole<0, { u64::MAX }>;

impl<const MIN: u64, const MAX: u64> Whole<MIN, MAX> {
    /// For defaults and tests. A value out of bounds panics; in a constant it does not compile.
    pub(crate) const fn of(value: u64) -> Self {
        assert!(MIN <= value && value <= MAX, "a default lies out of its bounds");
        Self(value)
    }

    pub(crate) const fn get(self) -> u64 {
        self.0
    }

    /// The number as a length. The bound must fit the `usize` of every platform.
    #[expect(clippy::cast_possible_truncation, reason = "the assertion keeps the bound within 32 bits")]
    pub(crate) const fn len(self) -> usize {
        const { assert!(MAX <= u32::MAX as u64, "this bound is too wide for a length") };
        self.0 as usize
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(WholeVisitor)
    }
}

struct WholeVisitor<const MIN: u64, const MAX: u64>;

impl<const MIN: u64, const MAX: u64> Visitor<'_> for WholeVisitor<MIN, MAX> {
    type Value = Whole<MIN, MAX>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a whole number from {MIN} to {MAX}")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        if (MIN..=MAX).contains(&value) {
            Ok(Whole(value))
        } else {
            Err(E::invalid_value(Unexpected::Unsigned(value), &self))
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Err(E::invalid_value(Unexpected::Signed(value), &self))
    }
}

/// A real number from 0 to `MAX`, both included; a payload may write it with or without a fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Real<const MAX: u32>(f64);

impl<const MAX: u32> Real<MAX> {
    /// For defaults and tests. A value out of bounds panics; in a constant it does not compile.
    pub(crate) const fn of(value: f64) -> Self {
        assert!(0.0 <= value && value <= MAX as f64, "a default lies out of its bounds");
        Self(value)
    }

    pub(crate) const fn get(self) -> f64 {
        self.0
    }
}

impl<'de, const MAX: u32> Deserialize<'de> for Real<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_f64(RealVisitor)
    }
}

struct RealVisitor<const MAX: u32>;

impl<const MAX: u32> Visitor<'_> for RealVisitor<MAX> {
    type Value = Real<MAX>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a number from 0 to {MAX}")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        if (0.0..=f64::from(MAX)).contains(&value) {
            Ok(Real(value))
        } else {
            Err(E::invalid_value(Unexpected::Float(value), &self))
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        match u32::try_from(value) {
            Ok(small) if small <= MAX => Ok(Real(f64::from(small))),
            _ => Err(E::invalid_value(Unexpected::Unsigned(value), &self)),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Err(E::invalid_value(Unexpected::Signed(value), &self))
    }
}
