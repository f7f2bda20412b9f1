//! Two outputs that are compared. The first byte of the input chooses the format, the second one the options, and
//! [`BETWEEN`] stands between the outputs.

use concord_difference::{Comparison, ComparisonLimits, Options, OutputFormat, Tolerances, compare};

/// Ends the first output.
const BETWEEN: &[u8] = b"\n====\n";

/// JSON, tables and text.
pub(crate) fn check_text(bytes: &[u8]) {
    use OutputFormat::{Auto, Csv, F32Text, Json, Text};

    check(bytes, &[Auto, Json, Csv, Text, F32Text]);
}

/// Arrays of `numpy`, and floats.
pub(crate) fn check_arrays(bytes: &[u8]) {
    use OutputFormat::{Auto, F32, F64, Npy, Npz};

    check(bytes, &[Npy, Npz, Auto, F32, F64]);
}

fn check(bytes: &[u8], formats: &[OutputFormat]) {
    let [format, choices, outputs @ ..] = bytes else { return };
    let options = Options {
        format: formats[usize::from(*format) % formats.len()],
        strict: choices & 1 != 0,
        tolerances: tolerances(choices >> 1 & 3),
        limits: limits(choices & 8 != 0),
    };
    let end = outputs.windows(BETWEEN.len()).position(|window| window == BETWEEN);
    let (left, right) =
        end.map_or((outputs, outputs), |end| (&outputs[..end], &outputs[end + BETWEEN.len()..]));
    check_same(left, &options);
    let comparison = compare(left, right, &options);
    check_counts(&comparison, left, right);
    check_swapped(&comparison, &compare(right, left, &options));
}

fn tolerances(choice: u8) -> Option<Tolerances> {
    let texts: &[&str] = match choice {
        0 => return None,
        1 => &["ulp=4"],
        2 => &["rel=1e-9", "/a: ignore", "/**: order=any"],
        _ => &["abs=0.5", "/a/*: ulp=1,rel=1e-12", "/b/**: ignore", "/c: order=any"],
    };
    let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
    Some(Tolerances::parse(&texts).expect("valid rules"))
}

/// The bounds of a user, or small ones that a short input reaches.
fn limits(are_small: bool) -> ComparisonLimits {
    if !are_small {
        return ComparisonLimits { inflated_bytes_max: 1 << 20, ..ComparisonLimits::default() };
    }
    ComparisonLimits {
        depth_max: 4,
        paths_max: 4,
        keys_max: 3,
        key_bytes_max: 4,
        members_max: 4,
        readings_max: 2,
        paths_listed_max: 2,
        mismatches_listed_max: 2,
        text_chars_max: 8,
        inflated_bytes_max: 64,
        columns_max: 3,
    }
}

/// An output does not differ from itself.
fn check_same(output: &[u8], options: &Options) {
    let same = compare(output, output, options);
    assert!(same.identical_bytes && same.first_different_byte.is_none());
    if same.mismatches.iter().any(|mismatch| mismatch.left.contains("wrong checksum")) {
        // Nobody knows what the array was, so it is never equivalent.
        assert_eq!(same.format, OutputFormat::Npz);
        return;
    }
    assert_eq!((same.values_different, same.mismatches_total), (0, 0), "{same:?}");
    assert!(same.mismatches.is_empty() && same.paths.iter().all(|path| path.different == 0));
    assert_ne!(same.equivalent, Some(false), "{same:?}");
}

/// Counts are within what they count.
fn check_counts(comparison: &Comparison, left: &[u8], right: &[u8]) {
    assert_eq!(comparison.identical_bytes, left == right);
    assert_eq!(comparison.first_different_byte.is_none(), left == right);
    assert_eq!(comparison.bytes, [left.len() as u64, right.len() as u64]);
    assert!(comparison.values_different <= comparison.values_compared, "{comparison:?}");
    assert!(comparison.paths.len() as u64 <= comparison.paths_total);
    let listed: u64 = comparison.mismatches.iter().map(|mismatch| mismatch.count).sum();
    assert!(listed <= comparison.mismatches_total, "{comparison:?}");
    for path in &comparison.paths {
        assert!(path.different <= path.compared && path.beyond_tolerance <= path.different, "{path:?}");
        assert_eq!(path.first.is_some(), path.different > 0, "{path:?}");
        assert!(path.relative_max.is_none_or(|relative| (0.0..=2.0).contains(&relative)), "{path:?}");
        assert!(path.absolute_max.is_none_or(|absolute| absolute >= 0.0), "{path:?}");
    }
    let beyond = comparison.paths.iter().any(|path| path.beyond_tolerance > 0)
        || comparison.mismatches.iter().any(|mismatch| mismatch.beyond_tolerance > 0);
    assert!(!beyond || comparison.equivalent == Some(false), "{comparison:?}");
    // Every part of a result can be written as JSON and as a sentence.
    assert!(serde_json::to_vec(comparison).is_ok());
    assert!(!comparison.statement().is_empty() && comparison.statement().chars().count() <= 160);
    let _ = (comparison.largest(), comparison.differing_paths(), comparison.exceeded_by(&[comparison]));
}

/// Left and right play the same part. A comparison that was cut short may have cut at another place.
fn check_swapped(one: &Comparison, other: &Comparison) {
    if one.truncated.is_some() || other.truncated.is_some() {
        return;
    }
    let counts = |comparison: &Comparison| {
        let Comparison { format, values_compared, values_different, mismatches_total, paths_total, .. } =
            *comparison;
        (format, values_compared, values_different, mismatches_total, paths_total, comparison.equivalent)
    };
    assert_eq!(counts(one), counts(other));
}
