use super::comparison::Comparison;
use super::findings::Findings;
use super::float::Float;
use super::number::Number;
use super::options::{Options, OutputFormat};
use super::singles::are_singles;
use super::text::{self, Words};
use super::{bytes, csv, json, npy, npz, raw};

/// Compares two outputs. Never fails: outputs that cannot be read are compared as bytes, and the note says why.
#[must_use]
pub fn compare(left: &[u8], right: &[u8], options: &Options) -> Comparison {
    let first_different = bytes::first_different(left, right);
    if options.format == OutputFormat::Auto && are_singles(left, right) {
        let singles = Options { format: OutputFormat::F32Text, ..options.clone() };
        if let Ok(comparison) = compare_in_format(left, right, &singles)
            && comparison.may_be_singles
        {
            let assumed = Some(ASSUMED_SINGLES.to_owned()).filter(|_| first_different.is_some());
            return finished(Comparison { assumed, ..comparison }, left, right, first_different);
        }
    }
    let comparison = compare_in_format(left, right, options)
        .unwrap_or_else(|note| Comparison { note, ..bytes::compare(left, right, options) });
    finished(comparison, left, right, first_different)
}

/// What is said if floats are measured as singles without being asked.
const ASSUMED_SINGLES: &str = "the numbers have the digits of float32, so they are measured in its ulp; read as json, csv or text they are doubles";

/// The comparison with the fields about bytes.
fn finished(comparison: Comparison, left: &[u8], right: &[u8], first_different: Option<usize>) -> Comparison {
    Comparison {
        identical_bytes: first_different.is_none(),
        bytes: [left.len() as u64, right.len() as u64],
        first_different_byte: first_different.map(|byte| byte as u64),
        ..comparison
    }
}

/// Compares two outputs in the format that `options` ask for. If that is impossible, returns the reason, or `None`
/// when the reason needs no note.
fn compare_in_format(left: &[u8], right: &[u8], options: &Options) -> Result<Comparison, Option<String>> {
    let as_raw = |float| raw::compare(left, right, Number::Float(float), options.format, options);
    match options.format {
        OutputFormat::Auto | OutputFormat::F32Text => detect(left, right, options),
        OutputFormat::Text => text::compare(left, right, Words::Any, options)
            .ok_or_else(|| Some("an output is not text in UTF-8".to_owned())),
        OutputFormat::Json => match as_json(left, right, options) {
            Err(why) if !options.strict => as_json_lines(left, right, options).ok_or(Some(why)),
            read => read.map_err(Some),
        },
        OutputFormat::Npy => npy::compare(left, right, options).map_err(Some),
        OutputFormat::Npz => npz::compare(left, right, options).map_err(Some),
        OutputFormat::F32 => Ok(as_raw(Float::F32)),
        OutputFormat::F64 => Ok(as_raw(Float::F64)),
        OutputFormat::Csv => csv::compare(left, right, options).map_err(Some),
        OutputFormat::Bytes => Err(None),
    }
}

fn detect(left: &[u8], right: &[u8], options: &Options) -> Result<Comparison, Option<String>> {
    if npy::is_npy(left) && npy::is_npy(right) {
        return npy::compare(left, right, options).map_err(Some);
    }
    if npz::is_npz(left) && npz::is_npz(right) {
        return npz::compare(left, right, options).map_err(Some);
    }
    if concord_json::may_start_value(left) && concord_json::may_start_value(right) {
        if let Ok(comparison) = as_json(left, right, options) {
            return Ok(comparison);
        }
        if !options.strict
            && let Some(comparison) = as_json_lines(left, right, options)
        {
            return Ok(comparison);
        }
    }
    if csv::is_csv(left, &options.limits) && csv::is_csv(right, &options.limits) {
        return csv::compare(left, right, options).map_err(Some);
    }
    if let Some(comparison) = text::compare(left, right, Words::Same, options) {
        return Ok(comparison);
    }
    let names = [left, right].map(|output| name(output, options));
    if names[0] == names[1] {
        return Err(None);
    }
    Err(Some(format!("the first output is {}, the second {}", names[0], names[1])))
}

/// The format of one output on its own.
fn name(output: &[u8], options: &Options) -> &'static str {
    if npy::is_npy(output) {
        "npy"
    } else if npz::is_npz(output) {
        "npz"
    } else if concord_json::may_start_value(output)
        && concord_json::is_value(output, options.strict, options.limits.depth_max)
    {
        "json"
    } else if csv::is_csv(output, &options.limits) {
        "csv"
    } else {
        "bytes"
    }
}

fn as_json(left: &[u8], right: &[u8], options: &Options) -> Result<Comparison, String> {
    let mut findings = Findings::new(options);
    json::walk(left, right, options.strict, &mut findings).map_err(|not_json| not_json.to_string())?;
    Ok(findings.finish(OutputFormat::Json))
}

/// Compares two outputs as lines of JSON; `None` if one of them is something else.
fn as_json_lines(left: &[u8], right: &[u8], options: &Options) -> Option<Comparison> {
    let mut findings = Findings::new(options);
    json::walk_lines(left, right, options.strict, &mut findings).ok()?;
    Some(findings.finish(OutputFormat::Json))
}
