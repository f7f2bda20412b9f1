//! Cases of the slicing functions. Each line of a file in `tests/cases` holds one case: the input, then the expected
//! result.

use concord_json::{
    JsonError, NESTING_MAX, Pointer, PointerError, TextPosition, check, elements, json_lines, select,
};

use super::{selected, shown, text};

/// The cases in a file.
fn cases<'a, T: serde::Deserialize<'a>>(lines: &'a str) -> impl Iterator<Item = T> {
    lines.lines().map(|line| serde_json::from_str(line).expect("a case"))
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

#[test]
fn values_are_accepted() {
    for input in cases::<String>(include_str!("../cases/accepted.jsonl")) {
        assert_eq!(check(input.as_bytes()), Ok(()), "{input}");
        let whole = select(input.as_bytes(), &Pointer::default()).map(text);
        assert_eq!(whole.as_deref(), Ok(input.trim()), "{input}");
    }
}

#[test]
fn an_error_names_its_position() {
    for (input, expect) in cases::<(String, String)>(include_str!("../cases/refused.jsonl")) {
        let error = check(input.as_bytes()).map_err(|error| error.to_string());
        assert_eq!(error, Err(expect), "{input:?}");
    }
    assert_eq!(check(b"[1,\"\xff\"]"), Err(JsonError::NotUtf8(4)));
    assert_eq!(check(b"\xff\xfe1\0"), Err(JsonError::NotUtf8(0)));
    assert_eq!(check(b"\"\xed\xa0\x80\""), Err(JsonError::NotUtf8(1)), "a surrogate, encoded");
}

#[test]
fn elements_come_from_an_array_or_from_lines() {
    for (input, expect) in cases::<(String, String)>(include_str!("../cases/elements.jsonl")) {
        assert_eq!(shown(elements(input.as_bytes())), expect, "{input:?}");
    }
}

#[test]
fn json_lines_hold_one_value_each() {
    for (input, expect) in cases::<(String, String)>(include_str!("../cases/lines.jsonl")) {
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
fn select_finds_a_value_or_says_why_not() {
    for (input, pointer, expect) in cases::<(String, String, String)>(include_str!("../cases/selected.jsonl"))
    {
        assert_eq!(selected(input.as_bytes(), &pointer), expect, "{input} {pointer}");
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

/// Tests the bound, and far beyond it, on a stack that is much too small for such a recursion.
#[test]
fn nesting_is_bounded() {
    let run = || {
        let deepest = nested(NESTING_MAX);
        assert_eq!(check(deepest.as_bytes()), Ok(()));
        assert_eq!(elements(deepest.as_bytes()).map(|list| list.len()), Ok(1));
        let innermost = "/0".repeat(NESTING_MAX - 1);
        assert_eq!(selected(deepest.as_bytes(), &innermost), "[]");
        let at = TextPosition { byte: NESTING_MAX, line: None };
        let objects = "{\"\":".repeat(100_000);
        let object_at = TextPosition { byte: 4 * NESTING_MAX, line: None };
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
