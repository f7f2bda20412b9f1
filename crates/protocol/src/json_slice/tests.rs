use std::borrow::Cow;
use std::fmt::Write as _;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select as one_of};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::*;

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// The slices joined by `¦`, or the error.
fn shown(list: Result<Vec<&[u8]>, JsonError>) -> String {
    list.map_or_else(
        |e| format!("error: {e}"),
        |list| list.into_iter().map(text).collect::<Vec<_>>().join("¦"),
    )
}

fn selected(input: &[u8], pointer: &str) -> String {
    match pointer.parse() {
        Err(e) => format!("bad pointer: {e}"),
        Ok(pointer) => {
            select(input, &pointer).map_or_else(|e| format!("error: {e}"), |v| text(v).into_owned())
        }
    }
}

/// The same grammar by `serde_json`: `IgnoredAny` has no bound on depth and does not turn text into values.
fn serde_accepts(input: &[u8]) -> bool {
    std::str::from_utf8(input).is_ok_and(|input| serde_json::from_str::<IgnoredAny>(input).is_ok())
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

#[test]
fn accepts_values() {
    for input in [
        "0",
        "-0",
        "-0.0",
        "1.0",
        "1E+400",
        "1e-7",
        "123456789012345678901234567890",
        "\"\"",
        "\"é\u{2028}\"",
        r#""\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00""#,
        r#""\ud800""#,
        "true",
        "false",
        "null",
        "{}",
        "[]",
        " \t\r\n[ 1 , { \"a\" : [ ] } ]\r\n ",
        r#"{"a":1,"a":2}"#,
        "NaN",
        "Infinity",
        "-Infinity",
        "[NaN,Infinity,-Infinity]",
        "\"\u{7f}\u{feff}\"",
    ] {
        assert_eq!(check(input.as_bytes()), Ok(()), "{input}");
        let whole = select(input.as_bytes(), &Pointer::default()).map(text);
        assert_eq!(whole.as_deref(), Ok(input.trim()), "{input}");
    }
}

#[test]
fn refuses_with_a_place() {
    for (input, expect) in [
        ("", "not JSON at byte 0: expected a value, found the end of the text"),
        ("  ", "not JSON at byte 2: expected a value, found the end of the text"),
        ("x", "not JSON at byte 0: expected a value, found 'x'"),
        ("[1,]", "not JSON at byte 3: expected a value, found ']'"),
        ("[,1]", "not JSON at byte 1: expected a value, found ','"),
        ("[1 2]", "not JSON at byte 3: expected ',' or ']', found '2'"),
        ("[01]", "not JSON at byte 2: expected ',' or ']', found '1'"),
        ("[1}", "not JSON at byte 2: expected ',' or ']', found '}'"),
        ("[", "not JSON at byte 1: expected a value, found the end of the text"),
        ("{", "not JSON at byte 1: expected a key in double quotes, found the end of the text"),
        ("{\"a\":1,}", "not JSON at byte 7: expected a key in double quotes, found '}'"),
        ("{'a':1}", "not JSON at byte 1: expected a key in double quotes, found '\\''"),
        ("{\"a\" 1}", "not JSON at byte 5: expected ':', found '1'"),
        ("{\"a\":}", "not JSON at byte 5: expected a value, found '}'"),
        ("{\"a\":1]", "not JSON at byte 6: expected ',' or '}', found ']'"),
        ("-", "not JSON at byte 1: expected a digit, found the end of the text"),
        ("-NaN", "not JSON at byte 1: expected a digit, found 'N'"),
        ("+1", "not JSON at byte 0: expected a value, found '+'"),
        (".5", "not JSON at byte 0: expected a value, found '.'"),
        ("1.", "not JSON at byte 2: expected a digit, found the end of the text"),
        ("1ex", "not JSON at byte 2: expected a digit, found 'x'"),
        ("1e+-1", "not JSON at byte 3: expected a digit, found '-'"),
        ("nul", "not JSON at byte 3: expected null, found the end of the text"),
        ("tRue", "not JSON at byte 1: expected true, found 'R'"),
        ("-Inf", "not JSON at byte 4: expected Infinity, found the end of the text"),
        ("\"é", "not JSON at byte 3: expected a closing '\"', found the end of the text"),
        ("\"a\nb\"", "not JSON at byte 2: expected an escape for a control character, found '\\n'"),
        ("\"\u{1f}\"", "not JSON at byte 1: expected an escape for a control character, found '\\u{1f}'"),
        (r#""\x""#, r#"not JSON at byte 2: expected one of "\/bfnrtu after '\', found 'x'"#),
        (r#""\u12é4""#, r"not JSON at byte 5: expected 4 hexadecimal digits after \u, found 'é'"),
        ("\u{a0}1", "not JSON at byte 0: expected a value, found '\\u{a0}'"),
        ("1 é", "text after the JSON value at byte 2: expected the end of the text, found 'é'"),
        ("01", "text after the JSON value at byte 1: expected the end of the text, found '1'"),
        ("nullx", "text after the JSON value at byte 4: expected the end of the text, found 'x'"),
        ("[1]]", "text after the JSON value at byte 3: expected the end of the text, found ']'"),
        ("1\n2", "text after the JSON value at byte 2: expected the end of the text, found '2'"),
        (
            "\u{feff}1",
            "starts with a UTF-8 byte order mark, which JSON may not have: remove the first 3 bytes",
        ),
    ] {
        let error = check(input.as_bytes()).map_err(|e| e.to_string());
        assert_eq!(error, Err(expect.to_owned()), "{input:?}");
    }
    assert_eq!(check(b"[1,\"\xff\"]"), Err(JsonError::NotUtf8(4)));
    assert_eq!(check(b"\xff\xfe1\0"), Err(JsonError::NotUtf8(0)));
    assert_eq!(check(b"\"\xed\xa0\x80\""), Err(JsonError::NotUtf8(1)), "a surrogate, encoded");
}

#[test]
fn elements_are_those_of_an_array_or_of_lines() {
    for (input, expect) in [
        ("[1]", "1"),
        (" [ -0.0 ,1.0,\t1 , 1e2\r\n] ", "-0.0¦1.0¦1¦1e2"),
        (r#"[{ "a" : [ 1 ] }, "\u0041", NaN]"#, r#"{ "a" : [ 1 ] }¦"\u0041"¦NaN"#),
        ("[[1,2]]\n", "[1,2]"),
        ("[1,\n2]\n", "1¦2"),
        ("1\n2", "1¦2"),
        ("[1]\n[2]\n", "[1]¦[2]"),
        ("\n {\"a\":1} \r\n\r\n{ }\r\n", "{\"a\":1}¦{ }"),
        ("[]\n[]", "[]¦[]"),
        ("[]", "error: the list is empty"),
        (" [ \n ] ", "error: the list is empty"),
        ("", "error: not JSON at byte 0: expected a value, found the end of the text"),
        ("{\"a\":[1]}\n", "error: expected a JSON array, or JSON Lines (two or more), found an object"),
        ("7", "error: expected a JSON array, or JSON Lines (two or more), found a number"),
        ("\"\"", "error: expected a JSON array, or JSON Lines (two or more), found a string"),
        ("true", "error: expected a JSON array, or JSON Lines (two or more), found a boolean"),
        ("null", "error: expected a JSON array, or JSON Lines (two or more), found null"),
        ("[1] x", "error: text after the JSON value at byte 4: expected the end of the text, found 'x'"),
        ("1 2\n3", "error: text after the JSON value at byte 2: expected the end of the text, found '2'"),
        ("[\n1]\n[2]", "error: text after the JSON value at byte 5: expected the end of the text, found '['"),
        (
            "{\"a\":1},\n2",
            "error: text after the JSON value at byte 7: expected the end of the text, found ','",
        ),
        (
            "1\n2 3",
            "error: text after the JSON value at byte 4 (line 2): expected the end of the line, found '3'",
        ),
        ("1\n[2,\n3]", "error: not JSON at byte 5 (line 2): expected a value, found the end of the line"),
        ("1\n\nx", "error: not JSON at byte 3 (line 3): expected a value, found 'x'"),
        ("[1,2", "error: not JSON at byte 4: expected ',' or ']', found the end of the text"),
    ] {
        assert_eq!(shown(elements(input.as_bytes())), expect, "{input:?}");
    }
}

#[test]
fn lines_hold_one_value_each() {
    for (input, expect) in [
        ("1", "1"),
        ("[1, 2]\n", "[1, 2]"),
        ("\r\n \t\n1.0\r\n\n-0.0  ", "1.0¦-0.0"),
        ("\"\u{2028}\"\n{\"é\":\"\u{85}\"}", "\"\u{2028}\"¦{\"é\":\"\u{85}\"}"),
        ("", "error: the list is empty"),
        ("\n \r\n", "error: the list is empty"),
        ("1\n{\"a\":", "error: not JSON at byte 7 (line 2): expected a value, found the end of the line"),
        ("1\n\u{feff}2", "error: not JSON at byte 2 (line 2): expected a value, found '\\u{feff}'"),
        (
            "\"a\nb\"",
            "error: not JSON at byte 2 (line 1): expected a closing '\"', found the end of the line",
        ),
        (
            "1,\n2",
            "error: text after the JSON value at byte 1 (line 1): expected the end of the line, found ','",
        ),
    ] {
        assert_eq!(shown(json_lines(input.as_bytes())), expect, "{input:?}");
    }
    let deep = format!("1\n{}", nested(NESTING_MAX + 1));
    assert_eq!(shown(json_lines(deep.as_bytes())), "error: nested more than 512 deep at byte 514 (line 2)");
}

#[test]
fn select_follows_the_examples_of_rfc_6901() {
    let input =
        br#" { "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6,
        " ": 7, "m~n": 8 } "#;
    for (pointer, expect) in [
        ("", text(input).trim()),
        ("/foo", r#"["bar", "baz"]"#),
        ("/foo/0", r#""bar""#),
        ("/", "0"),
        ("/a~1b", "1"),
        ("/c%d", "2"),
        ("/e^f", "3"),
        ("/g|h", "4"),
        (r"/i\j", "5"),
        ("/k\"l", "6"),
        ("/ ", "7"),
        ("/m~0n", "8"),
    ] {
        assert_eq!(selected(input, pointer), expect, "{pointer}");
    }
}

#[test]
fn select_finds_or_says_why_not() {
    for (input, pointer, expect) in [
        (r#"{"a":[ 1.0 ,-0.0]}"#, "/a/1", "-0.0"),
        (r#"{"\u0061\ud83d\ude00":{"x" : [] }}"#, "/a😀", r#"{"x" : [] }"#),
        (r#"{"~1":1,"/":2}"#, "/~01", "1"),
        (r#"{"0":1}"#, "/0", "1"),
        (r#"[{"b":1,"b":2},{"b":3}]"#, "/1/b", "3"),
        (r#"{"z":1,"z":2,"a":3}"#, "/a", "3"),
        (r#"{"a":[1]}"#, "/b", r#"error: nothing at /b: the object at the top level has no member "b""#),
        (r#"{"a":{}}"#, "/a/b", r#"error: nothing at /a/b: the object at /a has no member "b""#),
        (r#"{"a":{}}"#, "/a/b/c", r#"error: nothing at /a/b: the object at /a has no member "b""#),
        (r#"{"a":7}"#, "/a/b", "error: /a is a number, which has no members"),
        ("null", "/", "error: the top level is null, which has no members"),
        (
            "[1,2]",
            "/2",
            r#"error: nothing at /2: the array at the top level, of length 2, has no element "2""#,
        ),
        (
            r#"{"a":[]}"#,
            "/a/-",
            r#"error: nothing at /a/-: the array at /a, of length 0, has no element "-""#,
        ),
        (
            "[1,2]",
            "/01",
            r#"error: nothing at /01: the array at the top level, of length 2, has no element "01""#,
        ),
        (
            "[1]",
            "/+0",
            r#"error: nothing at /+0: the array at the top level, of length 1, has no element "+0""#,
        ),
        ("[1]", "/", r#"error: nothing at /: the array at the top level, of length 1, has no element """#),
        (
            r#"{"\ud800":1}"#,
            "/\u{fffd}",
            "error: nothing at /\u{fffd}: the object at the top level has no member \"\u{fffd}\"",
        ),
        (r#"{"a":1,"a":2}"#, "/a", "error: /a is ambiguous: its key occurs again at byte 7"),
        (r#"{"a":{"b":1},"\u0061":2}"#, "/a/b", "error: /a is ambiguous: its key occurs again at byte 13"),
        (
            r#"{"x":{"a":{}, "a":{"b":1}}}"#,
            "/x/a/b",
            "error: /x/a is ambiguous: its key occurs again at byte 14",
        ),
        (
            r#"{"a":[1,2]"#,
            "/a/0",
            "error: not JSON at byte 10: expected ',' or '}', found the end of the text",
        ),
        (
            r#"{"a":1} 2"#,
            "/b",
            "error: text after the JSON value at byte 8: expected the end of the text, found '2'",
        ),
        ("[1,x]", "/0", "error: not JSON at byte 3: expected a value, found 'x'"),
        ("1", "a", r#"bad pointer: a JSON pointer must be empty or begin with '/', unlike "a""#),
    ] {
        assert_eq!(selected(input.as_bytes(), pointer), expect, "{input} {pointer}");
    }
    let vast = format!("/{}", "9".repeat(40));
    assert!(selected(b"[1]", &vast).contains("has no element"));
}

#[test]
fn pointers_are_read_strictly_and_shown_as_written() {
    for good in ["", "/", "//", "/a/0/-", "/~0~1", "/~01", "/é\"\\"] {
        assert_eq!(good.parse::<Pointer>().map(|p| p.to_string()), Ok(good.to_owned()));
    }
    for (bad, byte) in [("/~", 1), ("/a/~2", 3), ("/~0~~1", 3), ("/~é", 1)] {
        assert_eq!(bad.parse::<Pointer>(), Err(PointerError::BadEscape { text: bad.to_owned(), byte }));
    }
    for bad in ["a", "#/a", " /a", "~0"] {
        assert_eq!(bad.parse::<Pointer>(), Err(PointerError::NoSlash(bad.to_owned())));
    }
    let message = "/a/~2".parse::<Pointer>().map_err(|e| e.to_string());
    let expect =
        r#"bad escape at byte 3 of the JSON pointer "/a/~2": '~' must be written ~0 and '/' in a key ~1"#;
    assert_eq!(message, Err(expect.to_owned()));
}

/// At the bound and far past it, on a stack far too small for recursion that deep.
#[test]
fn nesting_is_bounded() {
    let run = || {
        let deepest = nested(NESTING_MAX);
        assert_eq!(check(deepest.as_bytes()), Ok(()));
        assert_eq!(elements(deepest.as_bytes()).map(|list| list.len()), Ok(1));
        let innermost = "/0".repeat(NESTING_MAX - 1);
        assert_eq!(selected(deepest.as_bytes(), &innermost), "[]");
        let at = Place { byte: NESTING_MAX, line: None };
        let objects = "{\"\":".repeat(100_000);
        let object_at = Place { byte: 4 * NESTING_MAX, line: None };
        for (input, at) in [(nested(NESTING_MAX + 1), at), (nested(1_000_000), at), (objects, object_at)] {
            assert_eq!(check(input.as_bytes()), Err(JsonError::TooDeep(at)));
            assert_eq!(elements(input.as_bytes()), Err(JsonError::TooDeep(at)));
        }
        let pointer = "/0".repeat(NESTING_MAX + 1);
        assert_eq!(
            selected(nested(NESTING_MAX + 1).as_bytes(), &pointer),
            "error: nested more than 512 deep at byte 512"
        );
    };
    let thread = std::thread::Builder::new().stack_size(128 * 1024).spawn(run);
    assert!(thread.is_ok_and(|thread| thread.join().is_ok()));
}

const WORDS: [&str; 10] = ["", "a", "b", "0", "1", "01", "-", "~1", "a/b", "é\"\\\n😀"];

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        one_of(&WORDS[..]).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            btree_map(one_of(&WORDS[..]).prop_map(str::to_owned), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn spaces() -> impl Strategy<Value = String> {
    vec(one_of(&[' ', '\t', '\n', '\r'][..]), 0..3).prop_map(|chars| chars.into_iter().collect())
}

fn string(text: &str, escaped: bool) -> String {
    if !escaped {
        return Value::from(text).to_string();
    }
    let mut out = "\"".to_owned();
    for unit in text.encode_utf16() {
        let _ok = write!(out, "\\u{unit:04X}");
    }
    out + "\""
}

/// The value's text, with `space` wherever white space may be, and each string written in escapes or not.
fn render(value: &Value, space: &str, escaped: bool) -> String {
    let (open, close, items): (_, _, Vec<_>) = match value {
        Value::String(text) => return string(text, escaped),
        Value::Array(list) => ('[', ']', list.iter().map(|v| render(v, space, escaped)).collect()),
        Value::Object(map) => {
            let member = |(key, value): (&String, &Value)| {
                format!("{}{space}:{space}{}", string(key, escaped), render(value, space, escaped))
            };
            ('{', '}', map.iter().map(member).collect())
        }
        scalar => return scalar.to_string(),
    };
    let inner = items.join(&format!("{space},{space}"));
    format!("{open}{space}{inner}{space}{close}")
}

/// A pointer down into the value by `picks`, in string form.
fn walk(value: &Value, picks: &[Index]) -> String {
    let (mut at, mut pointer) = (value, String::new());
    for pick in picks {
        let (token, next) = match at {
            Value::Array(list) if !list.is_empty() => {
                let index = pick.index(list.len());
                (index.to_string(), list.get(index))
            }
            Value::Object(map) if !map.is_empty() => {
                let key = map.keys().nth(pick.index(map.len())).cloned().unwrap_or_default();
                let next = map.get(&key);
                (key, next)
            }
            _ => break,
        };
        pointer = pointer + "/" + &token.replace('~', "~0").replace('/', "~1");
        at = next.unwrap_or(at);
    }
    pointer
}

fn offset(text: &[u8], slice: &[u8]) -> usize {
    slice.as_ptr().addr() - text.as_ptr().addr()
}

/// Bytes of which many runs are almost JSON.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"[",
        b"]",
        b"{",
        b"}",
        b",",
        b":",
        b"\"",
        b"\"a\"",
        b"\"a\":",
        b"\\",
        b"\\u00",
        b"0",
        b"1",
        b"-",
        b".",
        b"e",
        b"E",
        b"+",
        b"true",
        b"null",
        b"nul",
        b" ",
        b"\n",
        b"\r",
        b"\t",
        b"\0",
        b"\x7f",
        "é".as_bytes(),
        b"\xff",
        b"[1]",
        b"\xef\xbb\xbf",
        b"\xc2\xa0",
        b"/",
    ];
    vec(one_of(PIECES), 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn elements_are_the_values_and_the_gaps_hold_nothing_else(
        list in vec(values(), 1..6), space in spaces(), escaped: bool,
    ) {
        let parts: Vec<String> = list.iter().map(|value| render(value, &space, escaped)).collect();
        let whole = format!("{space}{}{space}", render(&Value::from(list), &space, escaped));
        let found = elements(whole.as_bytes()).unwrap();
        prop_assert_eq!(found.len(), parts.len());
        let parsed: Vec<Value> = serde_json::from_str(&whole).unwrap();
        let (mut again, mut end) = (Vec::new(), 0);
        for ((slice, part), value) in found.iter().zip(&parts).zip(&parsed) {
            prop_assert_eq!(text(slice), part.as_str());
            prop_assert_eq!(&serde_json::from_slice::<Value>(slice).unwrap(), value);
            let start = offset(whole.as_bytes(), slice);
            let gap = &whole[end..start];
            prop_assert_eq!(gap.trim(), if end == 0 { "[" } else { "," });
            again.extend_from_slice(gap.as_bytes());
            again.extend_from_slice(slice);
            end = start + slice.len();
        }
        prop_assert_eq!(whole[end..].trim(), "]");
        again.extend_from_slice(&whole.as_bytes()[end..]);
        prop_assert_eq!(text(&again), whole);
    }

    #[test]
    fn lines_are_the_values(
        list in vec(values(), 2..6), escaped: bool, gap in one_of(&["\n", "\r\n", " \n\n\t"][..]),
    ) {
        let parts: Vec<String> = list.iter().map(|value| render(value, " ", escaped)).collect();
        let whole = parts.join(gap);
        prop_assert_eq!(shown(json_lines(whole.as_bytes())), parts.join("¦"));
        prop_assert_eq!(shown(elements(whole.as_bytes())), parts.join("¦"));
        prop_assert_eq!(shown(json_lines(parts[0].as_bytes())), parts[0].as_str());
    }

    #[test]
    fn select_agrees_with_serde_json(
        value in values(), space in spaces(), escaped: bool, picks in vec(any::<Index>(), 0..5),
        more in vec(one_of(&WORDS[..]), 0..2),
    ) {
        let mut pointer = walk(&value, &picks);
        for word in more {
            pointer = pointer + "/" + &word.replace('~', "~0").replace('/', "~1");
        }
        let whole = format!("{space}{}{space}", render(&value, &space, escaped));
        let found = select(whole.as_bytes(), &pointer.parse().unwrap());
        let expect = value.pointer(&pointer).map(|value| render(value, &space, escaped));
        prop_assert_eq!(found.is_ok(), expect.is_some(), "{} {:?}", pointer, found);
        if let (Ok(found), Some(expect)) = (found, expect) {
            prop_assert_eq!(text(found), expect);
        }
    }

    #[test]
    fn mutated_json_is_refused_when_serde_json_refuses_it(
        value in values(), space in spaces(), escaped: bool,
        edits in vec((any::<Index>(), 0..3, prop_oneof![any::<u8>(), one_of(&b"[]{},:\"\\0-.eu"[..])]), 0..4),
    ) {
        let mut bytes = render(&value, &space, escaped).into_bytes();
        for (at, kind, byte) in edits {
            let at = at.index(bytes.len() + 1);
            match kind {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => bytes[at] = byte,
                _ if at < bytes.len() => drop(bytes.remove(at)),
                _ => {}
            }
        }
        let found = check(&bytes);
        prop_assert_eq!(found.is_ok(), serde_accepts(&bytes), "{:?} {:?}", text(&bytes), found);
    }

    #[test]
    fn soup_is_refused_when_serde_json_refuses_it(
        bytes in soup(), pointer in one_of(&["/a", "/0/a", "/"][..]),
    ) {
        let found = check(&bytes);
        prop_assert_eq!(found.is_ok(), serde_accepts(&bytes), "{:?} {:?}", text(&bytes), found);
        let pointer: Pointer = pointer.parse().unwrap();
        match (check(&bytes), select(&bytes, &pointer)) {
            (Ok(()), Ok(slice)) => prop_assert!(serde_accepts(slice)),
            (Ok(()), Err(e)) => {
                let grammar = matches!(e, JsonError::Syntax { .. } | JsonError::Trailing { .. });
                prop_assert!(!grammar, "{}", e);
            }
            (Err(e), found) => prop_assert_eq!(found, Err(e)),
        }
        for slice in elements(&bytes).into_iter().chain(json_lines(&bytes)).flatten() {
            prop_assert!(serde_accepts(slice) && text(slice).trim().len() == slice.len());
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>, pointer: String) {
        let _result = (check(&bytes), elements(&bytes), json_lines(&bytes));
        if let Ok(pointer) = format!("/{pointer}").parse() {
            let _result = select(&bytes, &pointer);
        }
    }
}
