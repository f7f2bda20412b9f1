use super::*;

fn read_as(format: OutputFormat, left: &str, right: &str) -> Comparison {
    compare(left.as_bytes(), right.as_bytes(), &Options { format, ..Options::default() })
}

#[test]
fn numbers_among_the_same_words_are_compared() {
    for (left, right, expect) in [
        ("the answer is 42\n", "the answer is 43\n", &["/the answer is integer 1/1 -"][..]),
        ("1,2\n3,4,5\n", "1,2\n3,4,6\n", &["/* integer 1/5 -"]),
        (
            "step 1 energy = -1.5 eV in 0.25s\nstep 2 energy = -2.5 eV in 0.5s\n",
            "step 1 energy = -1.5 eV in  0.25s\nstep 2 energy = -2.5000000000000004 eV in 12.5s\n",
            &["/eV in f64 1/2 20547673299877888", "/energy f64 1/2 1", "/step integer 0/2 -"],
        ),
        (
            "an a 1\r\na b nan\r\n",
            "an a 1\na b 2.5\n",
            &["nan /a b [2, 5] nan|2.5", "/a b f64 1/1 -", "/an a integer 0/1 -"],
        ),
        (
            "so, x: 1.0 1.50",
            "so, x: 1.0  1.5",
            &["text /* [1, 12] 1.50|1.5", "/so, x f64 0/1 -", "/* f64 0/1 -"],
        ),
    ] {
        let comparison = read_as(OutputFormat::Auto, left, right);
        assert_eq!(comparison.format, OutputFormat::Text, "{left:?}");
        assert_eq!(all(&comparison), expect, "{left:?}");
        assert_eq!(all(&read_as(OutputFormat::Text, left, right)), expect, "{left:?}");
    }
}

#[test]
fn a_place_in_a_text_is_a_line_and_a_column() {
    for (left, right, expect) in [
        (
            "one\n\u{e9} 0.1 2",
            "one\n\u{e9} 0.2 2",
            "1 of 2 numbers differs, by at most 4.5e15 ulp (5.0e-1 relative) at /\u{e9} (line 2, column 3)",
        ),
        ("x 1, 2", "x 1, 5", "line 1, column 6 differs by 3 (an integer)"),
        ("one 1\ntwo 2", "one 1\nfour 2", "the outputs differ in text at line 2, column 1: two and four"),
        ("a 1 2", "a 1 b", "the outputs differ in type at line 1, column 5: 2 and b"),
        ("a 1\nb", "a 1\nb c", "the outputs differ in shape at line 2: [1] and [2]"),
        ("a\n1", "a\n1\n2", "the outputs differ in shape: [2] and [3]"),
        ("a  1", "a 1", "every value is the same; only the space between them differs, first at byte 2"),
    ] {
        assert_eq!(read_as(OutputFormat::Text, left, right).statement(), expect, "{left:?}");
    }
    let rules = ["/took: ignore", "/energy: rel=1e-3"];
    let [left, right] = ["energy 1.0 took 5s", "energy 1.0001 took 9s"].map(str::as_bytes);
    assert_eq!(compare(left, right, &options(&rules)).equivalent, Some(true));
}

#[test]
fn texts_with_other_words_are_compared_as_bytes() {
    for (left, right) in [
        ("one is 1\n", "two is 1\n"),
        ("one is 1\n", "one is 1 more\n"),
        ("one is 1\n", "one is 1\n2\n"),
        ("one two", "one  two"),
        ("a\u{0} is 1", "a\u{0} is 2"),
        ("is 3fa9 for 1", "is 4fa9 for 1"),
    ] {
        assert_eq!(read_as(OutputFormat::Auto, left, right).format, OutputFormat::Bytes, "{left:?}");
    }
    let comparison =
        compare(b"\xff 1", b"\xff 2", &Options { format: OutputFormat::Text, ..Options::default() });
    assert_eq!(comparison.note.as_deref(), Some("an output is not text in UTF-8"));
}

#[test]
fn numbers_of_singles_are_measured_as_singles() {
    let values = || (1..60_u8).map(|value| f32::from(value).sqrt());
    let list = |shown: &dyn Fn(f32) -> String, last: f32| {
        format!("[{}]", values().chain([last]).map(shown).collect::<Vec<_>>().join(", "))
    };
    let shortest = |single: f32| format!("{single:?}");
    let widened = |single: f32| format!("{:?}", f64::from(single));
    let next = 0.1_f32.next_up().next_up();
    for shown in [&shortest as &dyn Fn(f32) -> String, &widened] {
        let [left, right] = [0.1, next].map(|last| list(shown, last));
        let comparison = read_as(OutputFormat::Auto, &left, &right);
        assert_eq!(paths(&comparison), ["/* f32 1/60 2"], "{left}");
        assert_eq!(comparison.format, OutputFormat::Json);
        assert!(comparison.assumed.is_some_and(|assumed| assumed.contains("float32")));
        let asked = read_as(OutputFormat::F32Text, &left, &right);
        assert_eq!((paths(&asked), asked.assumed), (vec!["/* f32 1/60 2".to_owned()], None));
        assert!(paths(&read_as(OutputFormat::Json, &left, &right))[0].starts_with("/* f64 1/60 "));
    }
    let lines = |last: f32| list(&shortest, last).replace(", ", "\n").replace(['[', ']'], "");
    assert_eq!(paths(&read_as(OutputFormat::Auto, &lines(0.1), &lines(next))), ["/0 f32 1/60 2"]);
    let words = |last: f32| format!("energy = {}", lines(last).replace('\n', " eV\nenergy = "));
    assert_eq!(paths(&read_as(OutputFormat::Auto, &words(0.1), &words(next))), ["/energy f32 1/60 2"]);
    // A double further on, which differs.
    let long = |last: &str| format!("[{}, {last}]", "0.33333334,".repeat(9_000).trim_end_matches(','));
    let comparison = read_as(OutputFormat::Auto, &long("0.1234567890123"), &long("0.1234567890124"));
    assert_eq!((paths(&comparison)[0].split(' ').nth(1), comparison.assumed), (Some("f64"), None));
    let few = read_as(OutputFormat::F32Text, "[0.1, 1e300]", "[0.10000001, 2e300]");
    assert_eq!(all(&few), ["infinity /* [1] 1e300|2e300", "/* f32 2/2 1"]);
}
