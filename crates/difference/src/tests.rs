mod archives;
mod arrays;
mod json;
mod tables;
mod text;

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
        let Mismatch { kind, path, index, left, right, count, .. } = mismatch;
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
        ("[1,2,3]", "[1,2,4]", "/2 differs by 1 (an integer)"),
        ("1", "3", "the output differs by 2 (an integer)"),
        ("[1,2,3]", "[8,2,4]", "2 of 3 numbers differ, by at most 7 at /0 (integers)"),
        (
            "{\"pid\":7,\"e\":0.1}",
            "{\"pid\":8,\"e\":0.10000000000000002}",
            "2 of 2 numbers differ, by at most 1 ulp (1.4e-16 relative) at /e; integers by at most 1 at /pid",
        ),
        (
            "[1.0,1.9,1000.0]",
            "[1.0000000000000007,1.9000000000000008,1000.0000000000001]",
            "3 of 3 numbers differ, by at most 4 ulp (at /1) and 6.7e-16 relative (at /0)",
        ),
        (
            "{\"energy\":100.0,\"noise\":[1e-17]}",
            "{\"energy\":105.0,\"noise\":[-1e-18]}",
            "2 of 2 numbers differ, by at most 5 absolute (at /energy); 8.7e18 ulp and 1.1e0 relative (at /noise/0)",
        ),
        ("[1,2,3]", "[1,2,3,4]", "the outputs differ in shape: [3] and [4]"),
        ("{\"x\":[1]}", "{\"x\":[1,\"b\"]}", "the outputs differ in shape at /x: [1] and [2]"),
        (
            "{\"x\":[1],\"y\":0.5}",
            "{\"x\":[1,2],\"y\":0.25}",
            "the outputs differ in shape at /x: [1] and [2]; 1 of 2 numbers differs, by at most 4.5e15 ulp (5.0e-1 relative) at /y",
        ),
        ("[NaN,1.5]", "[2.5,1.5]", "1 of 2 numbers differs, NaN and 2.5 at /0"),
        ("[1e999]", "[1.5]", "1 of 1 numbers differs, 1e999 and 1.5 at /0"),
        (
            "[NaN,1.5,1]",
            "[2.5,1.25,3]",
            "3 of 3 numbers differ, NaN and 2.5 at /0; others by at most 1.1e15 ulp (1.7e-1 relative) at /1; integers by at most 2 at /2",
        ),
        ("[-0.0]", "[0.0]", "the outputs differ only in the sign of zero, once, at /0"),
        (
            "[-0.0,1.5,0.0]",
            "[0.0,1.5,-0.0]",
            "the outputs differ only in the sign of zero, 2 times, first at /0",
        ),
        (
            "[-0.0,1]",
            "[0.0,2]",
            "2 of 2 numbers differ, by at most the sign of zero at /0; integers by at most 1 at /1",
        ),
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
        (
            &["ulp=1"][..],
            doc("1.0", "1"),
            doc("1.0000000000000002", "1"),
            true,
            Some("1 ulp (2.2e-16 relative) at /energy/1"),
        ),
        (
            &["ulp=1"],
            doc("1.0", "1"),
            doc("1.0000000000000004", "1"),
            false,
            Some("2 ulp (4.4e-16 relative) at /energy/1"),
        ),
        (&["ulp=1"], doc("1.0", "1"), doc("1.0", "2"), false, Some("1 at /at")),
        (
            &["ulp=1", "/at: ignore"],
            doc("1.0", "1"),
            doc("1.0000000000000002", "2"),
            true,
            Some("1 ulp (2.2e-16 relative) at /energy/1"),
        ),
        (
            &["/at: ignore"],
            doc("1.0", "1"),
            doc("1.0000000000000002", "2"),
            false,
            Some("1 ulp (2.2e-16 relative) at /energy/1"),
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
            Some("1 ulp (2.2e-16 relative) at /energy/1"),
        ),
        (&["ulp=4"], doc("NaN", "1"), doc("NaN", "1"), true, None),
        (
            &["ulp=4", "/energy/**: abs=1e300"],
            doc("NaN", "1"),
            doc("1.0", "1"),
            false,
            Some("nan at /energy/1 (NaN and 1.0)"),
        ),
        (
            &["abs=1e300,rel=2,ulp=99999"],
            doc("Infinity", "1"),
            doc("1e308", "1"),
            false,
            Some("infinity at /energy/1 (Infinity and 1e308)"),
        ),
        (&["ulp=0"], doc("-0.0", "1"), doc("0.0", "1"), true, Some("the sign of zero at /energy/1")),
        (&["/x: ignore"], doc("-0.0", "1"), doc("0.0", "1"), false, Some("the sign of zero at /energy/1")),
        (&["/x: ignore"], doc("0.1", "1"), doc("1e-1", "1"), true, None),
        (&["ulp=4"], doc("1.0", "\"a\""), doc("1.0", "\"b\""), false, Some("text at /at (\"a\" and \"b\")")),
        (&["ulp=4"], doc("1.0", "1.0"), doc("1.0", "1"), true, None),
        (&["abs=0.1"], doc("1.0", "1"), doc("1.0", "1.0"), true, None),
        (
            &["abs=0.1"],
            doc("1.0", "1"),
            doc("1.0", "1.0000001"),
            true,
            Some("1.0e-7 absolute (450,359,963 ulp, 1.0e-7 relative) at /at"),
        ),
        (&["/energy/*: abs=0.1"], doc("1.0", "1"), doc("1.0", "1.0"), false, Some("type at /at (1 and 1.0)")),
        (&["ulp=4"], doc("1.0", "[1]"), doc("1.0", "[1,2]"), false, Some("shape at /at ([1] and [2])")),
        (
            &["ulp=4"],
            doc("1.0", "{\"a\":1,\"b\":2}"),
            doc("1.0", "{\"b\":2,\"a\":1}"),
            false,
            Some("the order of keys at /at (\"a\" and \"b\")"),
        ),
        (
            &["ulp=4", "/at/**: order=any"],
            doc("1.0", "{\"a\":1,\"b\":2}"),
            doc("1.0", "{\"b\":2,\"a\":1}"),
            true,
            None,
        ),
        (
            &["order=any"],
            doc("1.0", "{\"a\":1}"),
            doc("1.0", "{\"b\":2}"),
            false,
            Some("a key at /at/a that only the first output has"),
        ),
        (
            &["rel=1e-3, /energy/*: rel=1e-2"],
            doc("2.0", "100.0"),
            doc("2.01", "101.0"),
            false,
            Some("7.0e13 ulp (9.9e-3 relative) at /at"),
        ),
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
fn a_statement_leaves_out_what_is_tolerated() {
    for (tolerances, left, right, expect) in [
        (
            &["ulp=4", "/at: ignore"][..],
            "{\"at\":5,\"e\":[0.1,2.5]}",
            "{\"at\":99,\"e\":[0.10000000000000002,2.5]}",
            "1 of 2 numbers differs, by at most 1 ulp (1.4e-16 relative) at /e/0",
        ),
        (
            &["/at: ignore"],
            "{\"at\":[5]}",
            "{\"at\":[6,7]}",
            "the outputs differ only where the tolerances ignore it",
        ),
        (
            &["ulp=1"],
            "[0.1,2.5,7.5]",
            "[0.10000000000000002,2.5,7.500000000000002]",
            "1 of 3 numbers differs beyond the tolerances, by at most 2 ulp (2.4e-16 relative) at /2",
        ),
        (
            &["ulp=1"],
            "[5,0.1]",
            "[6,0.10000000000000002]",
            "/0 differs by 1 (an integer) beyond the tolerances",
        ),
        (
            &["/n: abs=1", "/x/*: rel=1"],
            "{\"n\":1.0,\"x\":[1.5,-0.5],\"s\":[1]}",
            "{\"n\":1.5,\"x\":[2.5,0.5],\"s\":[1,2]}",
            "the outputs differ in shape at /s: [1] and [2]; 1 of 4 numbers differs beyond the tolerances, by at most \
             1 absolute (9.2e18 ulp, 2.0e0 relative) at /x/1",
        ),
    ] {
        let comparison = compare(left.as_bytes(), right.as_bytes(), &options(tolerances));
        assert_eq!(comparison.statement(), expect, "{tolerances:?} {left} {right}");
    }
}

#[test]
fn rules_that_fit_nothing_are_named() {
    let unmatched = |tolerances: &[&str], left: &str, right: &str| {
        compare(left.as_bytes(), right.as_bytes(), &options(tolerances)).unmatched_rules
    };
    let rules = ["ulp=4, /tmie: ignore", "/e/**: rel=1e-9", "/e/*/x: abs=1", "/at: ignore"];
    let (left, right) = ("{\"time\":1,\"e\":[0.5]}", "{\"time\":2,\"e\":[0.5],\"at\":{}}");
    assert_eq!(unmatched(&rules, left, right), ["/tmie: ignore", "/e/*/x: abs=1"]);
    assert_eq!(unmatched(&["ulp=4", "/x: ulp=1"], "\0", "\x01"), ["ulp=4", "/x: ulp=1"]);
    assert!(unmatched(&["ulp=4"], "[]", "[1]").is_empty());
}

#[test]
fn comparisons_are_ordered_by_what_matters() {
    let base = "{\"e\":100.0,\"noise\":1e-17,\"n\":[1]}";
    let ordered = [
        "{\"e\":100.0,\"noise\":-1e-18,\"n\":[1]}",
        "{\"e\":100.00000000000001,\"noise\":1e-17,\"n\":[1]}",
        "{\"e\":105.0,\"noise\":-1e-18,\"n\":[1]}",
        "{\"e\":NaN,\"noise\":1e-17,\"n\":[1]}",
    ];
    let comparisons = ordered.map(|other| json(base, other));
    let order = |one: &Comparison, other: &Comparison| one.by_largest(other).is_lt();
    assert!(order(&comparisons[1], &comparisons[2]) && order(&comparisons[2], &comparisons[3]));
    let [noise, small, large, _] = &comparisons;
    assert_eq!(small.exceeded_by(&[noise, small]).as_deref(), Some("8.7e18 ulp and 1.1e0 relative"));
    assert_eq!(large.exceeded_by(&[noise, small, large]), None);
    let paths: Vec<_> = comparisons[2].paths.iter().map(|path| &*path.path).collect();
    assert_eq!(paths, ["/e", "/noise", "/n/*"]);
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
    assert_eq!(paths(&comparison)[0], "/** integer 1/2 -");
    assert_eq!(comparison.truncated.as_deref(), Some("more than 4 paths: the rest is counted together"));
    assert_eq!(comparison.equivalent, Some(false));
    let deep = bounded("[[[[1]]]]", "[[[[2]]]]", &limits);
    assert_eq!(deep.format, OutputFormat::Text);
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
