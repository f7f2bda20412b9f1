use super::rule::Bounds;
use super::*;
use crate::float::Distance;

fn parse(texts: &[&str]) -> Result<Tolerances, ToleranceError> {
    Tolerances::parse(&texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>())
}

/// The steps of a path such as `/a/*/b`, where `*` is an element.
fn steps(path: &str) -> Vec<PathStep<'_>> {
    let step = |segment| if segment == "*" { PathStep::Each } else { PathStep::Key(str::as_bytes(segment)) };
    path.split('/').skip(1).map(step).collect()
}

/// The allowance of a path, computed from the root down, as in a comparison.
fn allowance(tolerances: &Tolerances, path: &str) -> Allowance {
    let steps = steps(path);
    (0..=steps.len()).fold(Allowance::Exact, |above, length| tolerances.allowance(&steps[..length], above))
}

#[test]
fn invalid_tolerances_are_refused_with_a_reason() {
    for (texts, expect) in [
        (
            &["ulp"][..],
            "not a tolerance: \"ulp\": expected ulp=N, abs=X, rel=X, order=any or, after a path, ignore; found \"ulp\"",
        ),
        (
            &[""],
            "not a tolerance: \"\": expected ulp=N, abs=X, rel=X, order=any or, after a path, ignore; found \"\"",
        ),
        (
            &["ulps=4"],
            "not a tolerance: \"ulps=4\": expected ulp=N, abs=X, rel=X, order=any or, after a path, ignore; found \"ulps=4\"",
        ),
        (
            &["ulp=-1"],
            "not a tolerance: \"ulp=-1\": ulp= needs a whole number that is not negative, found \"-1\"",
        ),
        (
            &["ulp=1.5"],
            "not a tolerance: \"ulp=1.5\": ulp= needs a whole number that is not negative, found \"1.5\"",
        ),
        (
            &["abs=inf"],
            "not a tolerance: \"abs=inf\": abs= needs a number that is not negative, found \"inf\"",
        ),
        (
            &["rel=nan"],
            "not a tolerance: \"rel=nan\": rel= needs a number that is not negative, found \"nan\"",
        ),
        (&["abs=1,abs=2"], "not a tolerance: \"abs=1,abs=2\": abs= is given twice"),
        (&["ignore"], "ignore needs a path, such as \"/timestamp: ignore\""),
        (&["/**: ignore"], "ignore needs a path, such as \"/timestamp: ignore\""),
        (
            &["energy: ulp=1"],
            "not a tolerance: \"energy: ulp=1\": a path starts with '/', has ~0 for '~' and ~1 for '/', and ** only at its end",
        ),
        (
            &["/a/**/b: ulp=1"],
            "not a tolerance: \"/a/**/b: ulp=1\": a path starts with '/', has ~0 for '~' and ~1 for '/', and ** only at its end",
        ),
        (
            &["/a~2: ulp=1"],
            "not a tolerance: \"/a~2: ulp=1\": a path starts with '/', has ~0 for '~' and ~1 for '/', and ** only at its end",
        ),
        (&["ulp=1", "abs=1"], "two tolerances for one path, the second is \"abs=1\""),
        (
            &["/a,/b: ulp=1"],
            "not a tolerance: \"/a,/b: ulp=1\": a comma joins two paths; give each its bounds: /a: ulp=4, /b: ulp=4",
        ),
        (&["ulp=1, /a: ulp=2", "/a: ulp=3"], "two tolerances for one path, the second is \"/a: ulp=3\""),
        (&["order=all"], "not a tolerance: \"order=all\": order= needs any, found \"all\""),
        (&["order=any", "order=any"], "two tolerances for one path, the second is \"order=any\""),
        (&["/a: ulp=1", "/a: ignore"], "two tolerances for one path, the second is \"/a: ignore\""),
    ] {
        assert_eq!(parse(texts).unwrap_err().to_string(), expect);
    }
    assert_eq!(Tolerances::parse(&vec![String::from("ulp=1"); 1_001]), Err(ToleranceError::TooMany(1_001)));
}

#[test]
fn the_most_specific_rule_wins() {
    let ulp = |ulp| Allowance::Within(Bounds { ulp: Some(ulp), ..Bounds::default() });
    let tolerances = parse(&[
        "ulp=1",
        "/a: ulp=2",
        "/a/**: ulp=3",
        "/a/*/c: ulp=4",
        "/a/b/c: ulp=5",
        "/a/b/**: ulp=6",
        "/x: ignore",
        "/x/y: ulp=7",
        "/x~1y~0: z: ulp=8",
        "/*/e: ulp=9",
    ])
    .unwrap();
    for (path, expect) in [
        ("", ulp(1)),
        ("/b", ulp(1)),
        ("/a", ulp(2)),
        ("/a/d", ulp(3)),
        ("/a/*", ulp(3)),
        ("/a/d/c", ulp(4)),
        ("/a/*/c", ulp(4)),
        ("/a/b/c", ulp(5)),
        ("/a/b", ulp(6)),
        ("/a/b/d/e", ulp(6)),
        ("/x", Allowance::Ignore),
        ("/x/z", Allowance::Ignore),
        ("/x/z/*", Allowance::Ignore),
        ("/x/y", ulp(7)),
        ("/*/e", ulp(9)),
    ] {
        assert_eq!(allowance(&tolerances, path), expect, "{path}");
    }
    let escaped = [PathStep::Key(b"x/y~: z")];
    assert_eq!(tolerances.allowance(&escaped, Allowance::Exact), ulp(8));
    let none = parse(&[]).unwrap();
    assert_eq!(allowance(&none, "/a"), Allowance::Exact);
}

#[test]
fn one_bound_that_holds_is_enough() {
    let distance =
        Distance { ulp: Some(4), absolute: 1e-9, relative: 1e-6, magnitude: 1e-3, common_bits: None };
    let unmeasured = Distance { ulp: None, ..distance };
    for (text, expect, expect_unmeasured) in [
        ("ulp=4", true, false),
        ("ulp=3", false, false),
        ("abs=1e-9", true, true),
        ("abs=9e-10", false, false),
        ("rel=1e-6", true, true),
        ("ulp=3, abs=0,rel=1e-6", true, true),
        ("ulp=3,abs=1e-10,rel=1e-7", false, false),
    ] {
        let Allowance::Within(bounds) = parse(&[text]).unwrap().allowance(&[], Allowance::Exact) else {
            panic!("{text} gives bounds");
        };
        assert_eq!((bounds.hold(&distance), bounds.hold(&unmeasured)), (expect, expect_unmeasured), "{text}");
    }
}

#[test]
fn tolerances_are_serialised_as_their_texts() {
    let tolerances = parse(&["ulp=4", "/t: ignore"]).unwrap();
    let text = serde_json::to_string(&tolerances).unwrap();
    assert_eq!(text, r#"["ulp=4","/t: ignore"]"#);
    assert_eq!(serde_json::from_str::<Tolerances>(&text).unwrap(), tolerances);
    assert!(serde_json::from_str::<Tolerances>(r#"["ulp"]"#).is_err());
}

#[test]
fn a_comma_before_a_path_starts_another_rule() {
    let tolerances = parse(&["rel=1e-9,abs=1,/a: ulp=1 , /b/**: ignore", "/c,d: ulp=2"]).unwrap();
    let rules: Vec<_> = tolerances.rules().collect();
    assert_eq!(rules, ["rel=1e-9,abs=1", "/a: ulp=1", "/b/**: ignore", "/c,d: ulp=2"]);
    assert_eq!(allowance(&tolerances, "/b/x"), Allowance::Ignore);
    assert_eq!(tolerances.texts(), ["rel=1e-9,abs=1,/a: ulp=1 , /b/**: ignore", "/c,d: ulp=2"]);
}

#[test]
fn any_order_replaces_no_bounds() {
    let tolerances = parse(&["ulp=1", "order=any", "/a: rel=1e-9", "/b/**: abs=1,order=any"]).unwrap();
    let any_order = |path| tolerances.any_order(&steps(path));
    assert_eq!([any_order(""), any_order("/a"), any_order("/b/c")], [true; 3]);
    let ulp = Allowance::Within(Bounds { ulp: Some(1), ..Bounds::default() });
    assert_eq!((allowance(&tolerances, ""), allowance(&tolerances, "/c")), (ulp, ulp));
    let below = parse(&["/b/**: order=any"]).unwrap();
    assert_eq!(
        ["", "/a", "/b", "/b/c"].map(|path| below.any_order(&steps(path))),
        [false, false, true, true]
    );
    assert_eq!(allowance(&below, "/b"), Allowance::Exact);
}
