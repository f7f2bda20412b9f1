use super::*;

#[test]
fn json_is_compared_without_loss() {
    for (left, right, expect) in [
        ("[-0.0]", "[0.0]", &["sign /* [0] -0.0|0.0"][..]),
        ("-0", "0", &["sign  -0|0"]),
        ("0", "-0.0", &["sign  0|-0.0"]),
        ("1e-300", "-1e-300", &["sign  1e-300|-1e-300"]),
        ("[NaN,NaN]", "[NaN,1]", &["nan /* [1] NaN|1"]),
        ("[Infinity,Infinity]", "[-Infinity,1e5]", &["infinity /* [0] Infinity|-Infinity ×2"]),
        ("1e400", "2e400", &["infinity  1e400|2e400"]),
        ("1", "1.0", &["type  1|1.0"]),
        ("1", "1.5", &[]),
        ("0.1", "1e-1", &["text  0.1|1e-1"]),
        ("9007199254740993", "9007199254740992", &[]),
        ("\"a\"", "\"\\u0061\"", &["text  \"a\"|\"\\u0061\""]),
        ("\"\\ud800\"", "\"\\ud801\"", &["text  \"\\ud800\"|\"\\ud801\""]),
        ("true", "false", &["text  true|false"]),
        ("true", "null", &["type  true|null"]),
        ("\"1\"", "1", &["type  \"1\"|1"]),
        ("[[1,2],[3]]", "[[1],[3,4]]", &["shape /* [0] [2]|[1] ×2"]),
        ("{\"a\":{\"b\":[1]}}", "{\"a\":{\"b\":{}}}", &["type /a/b [1]|{}"]),
        (
            "{\"a\":1,\"b\":2,\"c\":3,\"d\":4}",
            "{\"a\":1,\"c\":3,\"e\":5,\"b\":2}",
            &["key /d 4|", "key /e |5", "order  \"b\"|\"c\""],
        ),
        ("{\"a\":1,\"a\":2}", "{\"a\":1}", &["key /a 2|"]),
        ("{\"a\":1,\"a\":2,\"b\":3}", "{\"b\":3,\"a\":1,\"a\":2}", &["order  \"a\"|\"b\""]),
        ("{\"a\":1,\"b\":2}", "{\"\\u0061\":1,\"b\":2}", &["text /a \"a\"|\"\\u0061\""]),
        ("{\"b\":1,\"\\u0061\":2}", "{\"a\":2,\"b\":1}", &["order  \"b\"|\"a\""]),
        ("{\"a/b~c\":{\"\\ud800\":1}}", "{\"a/b~c\":{\"\\ud800\":null}}", &["type /a~1b~0c/\\ud800 1|null"]),
        (
            "[{\"a\":[1,2],\"b\":{\"x\":1,\"y\":2}},7]",
            "[{\"b\":{\"y\":2,\"x\":1},\"a\":[1,2,3]},7]",
            &["shape /*/a [0] [2]|[3]", "order /* [0] \"a\"|\"b\"", "order /*/b [0] \"x\"|\"y\""],
        ),
    ] {
        let comparison = json(left, right);
        assert_eq!(comparison.format, OutputFormat::Json, "{left} {right}");
        assert_eq!(mismatches(&comparison), expect, "{left} {right}");
    }
}

#[test]
fn numbers_are_measured_by_path() {
    for (left, right, expect) in [
        ("[1,2]", "[1,2]", &["/* integer 0/2 -"][..]),
        ("[0.1,0.5]", "[0.1,0.5000000000000001]", &["/* f64 1/2 1"]),
        ("[1,0.5]", "[1,0.5]", &["/* f64 0/2 -"]),
        (
            "{\"a\":{\"x\":1.5},\"b\":2}",
            "{\"a\":{\"x\":1.5},\"b\":3}",
            &["/b integer 1/1 -", "/a/x f64 0/1 -"],
        ),
        (
            "[{\"x\":1,\"y\":1.5},{\"y\":1.5,\"x\":2}]",
            "[{\"x\":1,\"y\":1.5},{\"x\":3,\"y\":1.5}]",
            &["/*/x integer 1/2 -", "/*/y f64 0/2 -"],
        ),
        ("[[1.5],[2.5]]", "[[1.5],[2.5000000000000004]]", &["/*/* f64 1/2 1"]),
        ("9007199254740993", "9007199254740992", &[" integer 1/1 -"]),
        ("[5e-324]", "[-5e-324]", &["/* f64 1/1 2"]),
        ("[1,2,3]", "[1,5]", &["/* integer 1/2 -"]),
    ] {
        assert_eq!(paths(&json(left, right)), expect, "{left} {right}");
    }
}

#[test]
fn a_path_shows_its_largest_and_its_first_difference() {
    let comparison = json("[[1.0,2.0],[0.1,4.0]]", "[[1.0,2.0],[0.10000000000000003,4.000000000000001]]");
    assert_eq!(
        serde_json::to_value(&comparison.paths[0]).unwrap(),
        serde_json::json!({
            "path": "/*/*", "type": "f64", "compared": 4, "different": 2, "first_index": [1, 0],
            "first": ["0.1", "0.10000000000000003"], "ulp_max": "2",
            "ulp_at": {"at": "/1/0", "index": [1, 0], "left": "0.1", "right": "0.10000000000000003"},
            "absolute_max": 8.881_784_197_001_252e-16,
            "absolute_at": {"at": "/1/1", "index": [1, 1], "left": "4.0", "right": "4.000000000000001"},
            "relative_max": 2.775_557_561_562_890_4e-16,
            "relative_at": {"at": "/1/0", "index": [1, 0], "left": "0.1", "right": "0.10000000000000003"},
            "zero_signs": 0,
            "common_bits_min": 61, "ulp_histogram": [{"ulp": "1", "values": 1}, {"ulp": "2-3", "values": 1}],
            "beyond_tolerance": 0,
        })
    );
}

#[test]
fn texts_that_are_not_json_are_compared_as_bytes() {
    for (left, right, note) in [
        ("[1,2]", "[1,2", "the second output is not JSON: expected ',' or ']' at byte 4"),
        ("[1,2]x", "[1,2]", "the first output is not JSON: expected the end at byte 5"),
        ("[1]", "", "the second output is not JSON: expected a value at byte 0"),
        (
            "{\"a\":1,b",
            "{\"a\":1}",
            "the first output is not JSON: expected a key in double quotes at byte 7",
        ),
    ] {
        let comparison = json(left, right);
        assert_eq!((comparison.format, comparison.note.as_deref()), (OutputFormat::Bytes, Some(note)));
    }
}

#[test]
fn lines_of_json_are_compared_as_one_array() {
    for (left, right, expect) in [
        ("{\"a\":1}\n{\"a\":2}\n", "{\"a\":1}\n{\"a\":3}\n", &["/*/a integer 1/2 -"][..]),
        ("[1]\n\n[2]", "[1]\r\n[2]\n[3]\n", &["shape  [2]|[3]", "/*/* integer 0/2 -"]),
        (
            "{\"a\":1}\n[2]\n",
            "{\"a\":1}\n{\"b\":[]}\n",
            &["type /* [1] [2]|{\"b\":[]}", "/*/a integer 0/1 -"],
        ),
    ] {
        for format in [OutputFormat::Auto, OutputFormat::Json] {
            let comparison =
                compare(left.as_bytes(), right.as_bytes(), &Options { format, ..Options::default() });
            assert_eq!(comparison.format, OutputFormat::Json, "{left} {right}");
            assert_eq!(all(&comparison), expect, "{left} {right}");
        }
        let strict = Options { format: OutputFormat::Json, strict: true, ..Options::default() };
        assert_eq!(compare(left.as_bytes(), right.as_bytes(), &strict).format, OutputFormat::Bytes);
    }
    for text in ["{} {}\n", "{}\n1\n", "{}\n{\n"] {
        assert_eq!(json(text, "{}\n{}").format, OutputFormat::Bytes, "{text:?}");
    }
}
