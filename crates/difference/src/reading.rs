use super::comparison::Comparison;
use super::findings::Findings;
use super::float::Float;
use super::numbers::Number;
use super::{Format, Options, csv, json, npy, raw};

/// Compares two outputs as what they are or shall be; why that cannot be, when there is something to say.
pub(super) fn compare(left: &[u8], right: &[u8], options: &Options) -> Result<Comparison, Option<String>> {
    let as_raw = |float| raw::compare(left, right, Number::Float(float), options.format, options);
    match options.format {
        Format::Auto => detect(left, right, options),
        Format::Json => match as_json(left, right, options) {
            Err(why) if !options.strict => as_json_lines(left, right, options).map_err(|_| Some(why)),
            read => read.map_err(Some),
        },
        Format::Npy => npy::compare(left, right, options).map_err(Some),
        Format::F32 => Ok(as_raw(Float::F32)),
        Format::F64 => Ok(as_raw(Float::F64)),
        Format::Csv => csv::compare(left, right, options).map_err(Some),
        Format::Bytes => Err(None),
    }
}

fn detect(left: &[u8], right: &[u8], options: &Options) -> Result<Comparison, Option<String>> {
    if npy::is_npy(left) && npy::is_npy(right) {
        return npy::compare(left, right, options).map_err(Some);
    }
    if concord_json::may_start_value(left) && concord_json::may_start_value(right) {
        if let Ok(comparison) = as_json(left, right, options) {
            return Ok(comparison);
        }
        if !options.strict
            && let Ok(comparison) = as_json_lines(left, right, options)
        {
            return Ok(comparison);
        }
    }
    if csv::is_csv(left, &options.limits) && csv::is_csv(right, &options.limits) {
        return csv::compare(left, right, options).map_err(Some);
    }
    let names = [left, right].map(|output| name(output, options));
    if names[0] == names[1] {
        return Err(None);
    }
    Err(Some(format!("the first output is {}, the second {}", names[0], names[1])))
}

/// What one output is on its own.
fn name(output: &[u8], options: &Options) -> &'static str {
    if npy::is_npy(output) {
        "npy"
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
    Ok(findings.finish(Format::Json))
}

fn as_json_lines(left: &[u8], right: &[u8], options: &Options) -> Result<Comparison, String> {
    let mut findings = Findings::new(options);
    json::walk_lines(left, right, options.strict, &mut findings).map_err(|not_json| not_json.to_string())?;
    Ok(findings.finish(Format::Json))
}
