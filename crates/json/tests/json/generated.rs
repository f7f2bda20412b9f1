//! Random documents, whole and damaged. The slices are what was written, and `serde_json` agrees on what is JSON.

use std::fmt::Write as _;

use concord_json::{JsonError, Pointer, check, elements, json_lines, select};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select as one_of};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{shown, text};

/// Whether `serde_json` accepts the text. `IgnoredAny` has no bound on depth and does not turn text into values.
fn serde_accepts(input: &[u8]) -> bool {
    std::str::from_utf8(input).is_ok_and(|input| serde_json::from_str::<IgnoredAny>(input).is_ok())
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

/// The text of the value, with `space` wherever white space is allowed, and strings with or without escapes.
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

/// The string form of a pointer to a value inside `value`, chosen by `picks`.
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

/// Random bytes that are often almost JSON.
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
    fn random_bytes_are_refused_when_serde_json_refuses_them(
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
