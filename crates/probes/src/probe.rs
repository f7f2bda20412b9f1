use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::echo::Echo;
use crate::error::ProbeError;
use crate::fft::Fft;
use crate::libm::Libm;
use crate::logistic::Logistic;
use crate::matmul::Matmul;
use crate::solve::Solve;
use crate::sum::Sum;

/// Every name that the field `probe` of a payload may have.
pub const NAMES: &[&str] = &["echo", "fft", "libm", "logistic", "matmul", "solve", "sum"];

/// A parsed payload, every field of it checked against its bounds.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a>(Calculation<'a>);

#[derive(Clone, Copy, Debug)]
enum Calculation<'a> {
    Echo(Echo<'a>),
    Fft(Fft),
    Libm(Libm),
    Logistic(Logistic),
    Matmul(Matmul),
    Solve(Solve),
    Sum(Sum),
}

impl<'a> Probe<'a> {
    /// Reads a payload: one JSON object whose field `probe` is one of [`NAMES`] and whose further fields are those of
    /// that probe.
    ///
    /// The time is linear in the length of the payload. `echo` is read in one pass and borrows the payload; the others
    /// are read a second time, once their fields are known.
    pub fn parse(payload: &'a [u8]) -> Result<Self, ProbeError> {
        let text = std::str::from_utf8(payload).map_err(|problem| ProbeError::NotUtf8 { problem })?;
        let Head { probe } = serde_json::from_str(text).map_err(ProbeError::payload)?;
        Ok(Self(match probe.as_ref() {
            "echo" => Calculation::Echo(Echo::new(payload)),
            "fft" => Calculation::Fft(fields("fft", text)?),
            "libm" => Calculation::Libm(fields("libm", text)?),
            "logistic" => Calculation::Logistic(fields("logistic", text)?),
            "matmul" => Calculation::Matmul(fields("matmul", text)?),
            "solve" => Calculation::Solve(fields("solve", text)?),
            "sum" => Calculation::Sum(fields("sum", text)?),
            unknown => return Err(ProbeError::unknown_probe(unknown)),
        }))
    }

    /// The name of the probe, one of [`NAMES`].
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.0 {
            Calculation::Echo(_) => "echo",
            Calculation::Fft(_) => "fft",
            Calculation::Libm(_) => "libm",
            Calculation::Logistic(_) => "logistic",
            Calculation::Matmul(_) => "matmul",
            Calculation::Solve(_) => "solve",
            Calculation::Sum(_) => "sum",
        }
    }

    /// Calculates, and returns the output bytes.
    ///
    /// Blocks, and keeps one core busy (`sum`: as many threads as its payload says). The bounds on the fields keep it
    /// to a few seconds and to less than 512 MB of memory.
    pub fn run(&self) -> Result<Vec<u8>, ProbeError> {
        match &self.0 {
            Calculation::Echo(echo) => Ok(echo.run()),
            Calculation::Fft(fft) => Ok(fft.run()),
            Calculation::Libm(libm) => Ok(libm.run()),
            Calculation::Logistic(logistic) => Ok(logistic.run()),
            Calculation::Matmul(matmul) => Ok(matmul.run()),
            Calculation::Solve(solve) => solve.run(),
            Calculation::Sum(sum) => sum.run(),
        }
    }
}

fn fields<T: DeserializeOwned>(probe: &'static str, text: &str) -> Result<T, ProbeError> {
    let mut json = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut json).map_err(|error| ProbeError::field(probe, error))
}

/// What every payload has: which probe it is for. Derived code would also take an array, and an owned name.
struct Head<'a> {
    probe: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum HeadField {
    Probe,
    #[serde(other)]
    Other,
}

/// A name that is copied only if the payload writes it with escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Head<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeadVisitor)
    }
}

struct HeadVisitor;

impl<'de> Visitor<'de> for HeadVisitor {
    type Value = Head<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut probe = None;
        while let Some(field) = map.next_key()? {
            match field {
                HeadField::Probe if probe.is_some() => return Err(A::Error::duplicate_field("probe")),
                HeadField::Probe => probe = Some(map.next_value::<Name<'de>>()?.0),
                HeadField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        probe.map(|probe| Head { probe }).ok_or_else(|| A::Error::missing_field("probe"))
    }
}
