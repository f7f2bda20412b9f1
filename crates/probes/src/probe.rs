use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::echo::Echo;
use crate::error::ProbeError;
use crate::fft::Fft;
use crate::kind::{self, Kind};
use crate::libm::Libm;
use crate::logistic::Logistic;
use crate::matmul::Matmul;
use crate::solve::Solve;
use crate::sum::Sum;

/// A parsed payload. Every field is within its bounds.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a> {
    name: &'static str,
    fields: Fields<'a>,
}

/// The fields of a payload.
#[derive(Clone, Copy, Debug)]
enum Fields<'a> {
    Echo(Echo<'a>),
    Fft(Fft),
    Libm(Libm),
    Logistic(Logistic),
    Matmul(Matmul),
    Solve(Solve),
    Sum(Sum),
}

impl<'a> Probe<'a> {
    /// Parses a payload: one JSON object whose field `probe` is one of [`NAMES`](crate::NAMES). Its other fields are the
    /// fields of that probe.
    ///
    /// The time is linear in the length of the payload. `echo` is parsed in one pass and borrows the payload; the others
    /// are parsed a second time, once their fields are known.
    pub fn parse(payload: &'a [u8]) -> Result<Self, ProbeError> {
        let text = std::str::from_utf8(payload).map_err(|problem| ProbeError::NotUtf8 { problem })?;
        let Head { probe } = serde_json::from_str(text).map_err(ProbeError::payload)?;
        let (name, kind) = kind::named(&probe).ok_or_else(|| ProbeError::unknown_probe(&probe))?;
        let fields = match kind {
            Kind::Echo => Fields::Echo(Echo::new(payload)),
            Kind::Fft => Fields::Fft(fields(name, text)?),
            Kind::Libm => Fields::Libm(fields(name, text)?),
            Kind::Logistic => Fields::Logistic(fields(name, text)?),
            Kind::Matmul => Fields::Matmul(fields(name, text)?),
            Kind::Solve => Fields::Solve(fields(name, text)?),
            Kind::Sum => Fields::Sum(fields(name, text)?),
        };
        Ok(Self { name, fields })
    }

    /// The name of the probe, one of [`NAMES`](crate::NAMES).
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Calculates, and returns the output bytes.
    ///
    /// Blocks, and keeps one core busy (`sum`: as many threads as its payload says). The bounds of the fields limit it to a
    /// few seconds and to less than 512 MB of memory.
    pub fn run(&self) -> Result<Vec<u8>, ProbeError> {
        match &self.fields {
            Fields::Echo(echo) => Ok(echo.run()),
            Fields::Fft(fft) => Ok(fft.run()),
            Fields::Libm(libm) => Ok(libm.run()),
            Fields::Logistic(logistic) => Ok(logistic.run()),
            Fields::Matmul(matmul) => Ok(matmul.run()),
            Fields::Solve(solve) => solve.run(),
            Fields::Sum(sum) => sum.run(),
        }
    }
}

fn fields<T: DeserializeOwned>(probe: &'static str, text: &str) -> Result<T, ProbeError> {
    let mut json = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut json).map_err(|error| ProbeError::field(probe, error))
}

/// The field that every payload has. Written by hand because derived code would also accept an array, and would copy the
/// name.
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
