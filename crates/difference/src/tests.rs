mod arrays;
mod json;
mod tables;

use super::*;

fn options(tolerances: &[&str]) -> Options {
    let texts: Vec<_> = tolerances.iter().map(|&text| text.to_owned()).collect();
    let tolerances = (!texts.is_empty()).then(|| Tolerances::parse(&texts).unwrap());
    Options { tolerances, ..Options::default() }
}

fn json(left: &str, right: &str) -> Comparison {
    let options = Options { format: OutputFormat::Json, ..Options::default() };
    compare(left.as_bytes(), right.as_bytes(), &options)
}

/// Mismatches as `kind path [index] left|right ×count`.
fn mismatches(comparison: &Comparison) -> Vec<String> {
    let told = |mismatch: &Mismatch| {
        let Mismatch { kind, path, index, left, right, count } = mismatch;
        let index = index.as_ref().map_or_else(String::new, |index| format!(" {index:?}"));
        let count = if *count == 1 { String::new() } else { format!(" ×{count}") };
        format!("{} {path}{index} {left}|{right}{count}", kind.name())
    };
    comparison.mismatches.iter().map(told).collect()
}

/// Paths as `path type different/compared ulp`.
fn paths(comparison: &Comparison) -> Vec<String> {
    let told = |path: &PathDifference| {
        let ulp = path.ulp_max.as_deref().unwrap_or("-");
        format!("{} {} {}/{} {ulp}", path.path, path.number, path.different, path.compared)
    };
    comparison.paths.iter().map(told).collect()
}

fn all(comparison: &Comparison) -> Vec<String> {
    [mismatches(comparison), paths(comparison)].concat()
}

#[test]
fn a_statement_is_one_short_sentence() {
    let long_key = "k".repeat(200);
    let (left, right) = (format!("{{\"{long_key}\":1.5}}"), format!("{{\"{long_key}\":2.5}}"));
    for (left, right, expect) in [
        ("[1]", "[1]", "the outputs are the same bytes"),
        ("[1,2]", "[1, 2]", "every value is the same; only the space between them differs, first at byte 3"),
        (
            "{\"e\":[0.1,1.0,2.5]}",
            "{\"e\":[0.10000000000000002,1.0,2.5]}",
            "1 of 3 numbers differs, by at most 1 ulp (1.4e-16 relative) at /e/0",
        ),
        ("[1,2,3]", "[1,2,4]", "1 of 3 numbers differs, by at most 1 (2.5e-1 relative) at /2"),
        ("[1,2,3]", "[1,2,3,4]", "the outputs differ in shape: [3] and [4]"),
        ("{\"x\":[1]}", "{\"x\":[1,\"b\"]}", "the outputs differ in shape at /x: [1] and [2]"),
        (
            "{\"x\":[1],\"y\":0.5}",
            "{\"x\":[1,2],\"y\":0.25}",
            "the outputs differ in shape at /x: [1] and [2]; 1 of 2 numbers differs, by at most 4.5e15 ulp (5.0e-1 relative) at /y",
        ),
        ("[NaN,1.5]", "[2.5,1.5]", "1 of 2 numbers differs, NaN and 2.5 at /0"),
        ("[1e999]", "[1.5]", "1 of 1 numbers differs, 1e999 and 1.5 at /0"),
        ("[-0.0]", "[0.0]", "1 of 1 numbers differs, by at most 0 ulp (0.0e0 relative) at /0"),
        ("{\"a\":\"b\"}", "{\"a\":\"c\"}", "the outputs differ in text at /a: \"b\" and \"c\""),
        ("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", "the outputs have keys in another order: \"a\" and \"b\""),
        ("{\"a\":1}", "{}", "only the first output has something at /a: 1"),
        ("{}", "{\"a\":1}", "only the second output has something at /a: 1"),
        ("[{\"a\":1}]", "[null]", "the outputs differ in type at /0: {\"a\":1} and null"),
        ("[1]", "[1.0]", "the outputs differ in type at /0: 1 and 1.0"),
        ("[1.0]", "[1.00]", "the outputs differ in text at /0: 1.0 and 1.00"),
        (
            &left,
            &right,
            "1 of 1 numbers differs, by at most 3.4e15 ulp (4.0e-1 relative) at …kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
        ),
        ("x", "y", "1 of 1 bytes differ, the first at byte 0"),
        ("x", "xy", "one output goes on after byte 1, where the other ends; they are 1 and 2 bytes long"),
    ] {
        let statement = json(left, right).statement();
        assert_eq!(statement, expect, "{left} {right}");
        assert!(statement.chars().count() <= statement::STATEMENT_CHARS_MAX);
    }
}

#[test]
fn tolerances_judge_all_paths_that_are_not_ignored() {
    let doc = |energy: &str, at: &str| format!("{{\"energy\":[1.0,{energy}],\"at\":{at},\"n\":3}}");
    for (tolerances, left, right, expect, largest) in [
        (&["ulp=1"][..], doc("1.0", "1"), doc("1.0000000000000002", "1"), true, Some("1 ulp at /energy/1")),
        (&["ulp=1"], doc("1.0", "1"), doc("1.0000000000000004", "1"), false, Some("2 ulp at /energy/1")),
        (&["ulp=1"], doc("1.0", "1"), doc("1.0", "2"), false, Some("1 at /at")),
        (
            &["ulp=1", "/at: ignore"],
            doc("1.0", "1"),
            doc("1.0000000000000002", "2"),
            true,
            Some("1 ulp at /energy/1"),
        ),
        (
            &["/at: ignore"],
            doc("1.0", "1"),
            doc("1.0000000000000002", "2"),
            false,
            Some("1 ulp at /energy/1"),
        ),
        (&["/at: ignore"], doc("1.0", "[1,2]"), doc("1.0", "{\"x\":3}"), true, None),
        (
            &["/at: ignore"],
            doc("1.0", "{\"y\":1,\"x\":2}"),
            doc("1.0", "{\"x\":3,\"y\":4,\"z\":5}"),
            true,
            None,
        ),
        (
            &["/energy/*: rel=1e-15"],
            doc("1.0", "1"),
            doc("1.0000000000000002", "1"),
            true,
            Some("1 ulp at /energy/1"),
        ),
        (&["ulp=4"], doc("NaN", "1"), doc("NaN", "1"), true, None),
        (&["ulp=4", "/energy/**: abs=1e300"], doc("NaN", "1"), doc("1.0", "1"), false, None),
        (&["abs=1e300,rel=2,ulp=99999"], doc("Infinity", "1"), doc("1e308", "1"), false, None),
        (&["ulp=0"], doc("-0.0", "1"), doc("0.0", "1"), true, Some("0 ulp at /energy/1")),
        (&["/x: ignore"], doc("-0.0", "1"), doc("0.0", "1"), false, Some("0 ulp at /energy/1")),
        (&["/x: ignore"], doc("0.1", "1"), doc("1e-1", "1"), true, None),
        (&["ulp=4"], doc("1.0", "\"a\""), doc("1.0", "\"b\""), false, None),
        (&["ulp=4"], doc("1.0", "1.0"), doc("1.0", "1"), false, None),
        (&["ulp=4"], doc("1.0", "[1]"), doc("1.0", "[1,2]"), false, None),
        (&["ulp=4"], doc("1.0", "{\"a\":1,\"b\":2}"), doc("1.0", "{\"b\":2,\"a\":1}"), false, None),
    ] {
        let comparison = compare(left.as_bytes(), right.as_bytes(), &options(tolerances));
        assert_eq!(comparison.equivalent, Some(expect), "{tolerances:?} {left} {right}");
        assert_eq!(comparison.largest().as_deref(), largest, "{tolerances:?} {left} {right}");
        let beyond: u64 = comparison.paths.iter().map(|path| path.beyond_tolerance).sum();
        assert!(!expect || beyond == 0, "{tolerances:?} {left} {right}");
    }
    assert_eq!(json("1", "2").equivalent, None);
}

#[test]
fn memory_is_bounded() {
    use std::fmt::Write as _;
    let limits = ComparisonLimits {
        paths_max: 4,
        keys_max: 2,
        members_max: 8,
        depth_max: 3,
        ..ComparisonLimits::default()
    };
    let bounded = |left: &str, right: &str, limits: &ComparisonLimits| {
        let options = Options { limits: limits.clone(), ..options(&["ulp=1", "/kept: ignore"]) };
        compare(left.as_bytes(), right.as_bytes(), &options)
    };
    let object = "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"kept\":5}";
    let comparison =
        bounded(object, &object.replace('5', "6"), &ComparisonLimits { paths_max: 100, ..limits.clone() });
    assert_eq!(paths(&comparison).len(), 4);
    assert_eq!((comparison.equivalent, comparison.truncated), (Some(true), None));
    let comparison =
        bounded(object, &object.replace('5', "6"), &ComparisonLimits { keys_max: 100, ..limits.clone() });
    assert_eq!(paths(&comparison)[0], "/** integer 1/2 1125899906842624");
    assert_eq!(comparison.truncated.as_deref(), Some("more than 4 paths: the rest is counted together"));
    assert_eq!(comparison.equivalent, Some(false));
    let deep = bounded("[[[[1]]]]", "[[[[2]]]]", &limits);
    assert_eq!(deep.format, OutputFormat::Bytes);
    assert_eq!(bounded("[[[1]]]", "[[[2]]]", &limits).format, OutputFormat::Json);
    let (mut ordered, mut turned) = (String::from("{\"z\":0"), String::from("{\"y\":0"));
    for key in 0..10 {
        write!(ordered, ",\"{key}\":{key}").unwrap();
        write!(turned, ",\"{}\":{key}", 9 - key).unwrap();
    }
    let comparison = bounded(&(ordered + "}"), &(turned + "}"), &limits);
    assert_eq!(comparison.equivalent, Some(false));
    assert_eq!(
        comparison.truncated.as_deref(),
        Some("the members of the object at \"\" are too many to be matched by key")
    );
}
