//! The scanner of JSON: payloads, lists of payloads, selections. The first line of the input is a JSON pointer, the rest is
//! the text.

use concord_json::{JsonError, NESTING_MAX, Pointer, elements, is_value, json_lines, select, string};
use serde::de::IgnoredAny;
use serde_json::Value;

pub(crate) fn check(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (pointer, text) = (&bytes[..end], bytes.get(end + 1..).unwrap_or_default());
    check_validity(text);
    check_strings(text);
    check_lists(text);
    if let Some(pointer) = str::from_utf8(pointer).ok().and_then(|pointer| pointer.parse().ok()) {
        check_selection(text, &pointer);
    }
}

/// The strict reader and `serde_json` accept the same texts. `serde_json` skips a value without a bound of depth.
fn check_validity(text: &[u8]) {
    let is_shallow = text.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() <= NESTING_MAX;
    let Ok(unicode) = str::from_utf8(text) else {
        assert!(!is_value(text, true, NESTING_MAX) && concord_json::check(text).is_err());
        return;
    };
    let expect = serde_json::from_str::<IgnoredAny>(unicode).is_ok();
    let strict = is_value(text, true, NESTING_MAX);
    assert!(expect || !strict, "accepted, and serde_json refuses it");
    assert!(strict || !expect || !is_shallow, "refused, and serde_json accepts it");
    if strict {
        assert!(concord_json::check(text).is_ok() && concord_json::may_start_value(text));
    }
}

/// Strings stand for the same text as in `serde_json`, and their order is that of their code points.
fn check_strings(text: &[u8]) {
    let quoted: Vec<&[u8]> = elements(text).unwrap_or_default();
    let strings = quoted.into_iter().filter(|value| value.first() == Some(&b'"')).take(8);
    let read: Vec<_> =
        strings.filter_map(|quoted| Some((quoted, serde_json::from_slice::<String>(quoted).ok()?))).collect();
    for (quoted, expect) in &read {
        assert_eq!(&*string::unescaped(quoted), expect.as_bytes());
        assert!(string::is(quoted, expect));
        for (other, other_expect) in &read {
            assert_eq!(string::same(quoted, other), expect == other_expect);
            assert_eq!(string::order(quoted, other), expect.cmp(other_expect));
        }
    }
}

/// The elements of a list are values, and the list of them has the same elements.
fn check_lists(text: &[u8]) {
    if let Ok(values) = elements(text) {
        let list = [b"[", &values.join(&b',')[..], b"]"].concat();
        assert_eq!(elements(&list).as_deref(), Ok(&values[..]));
        // One level deeper than a value alone may be.
        assert!(values.iter().all(|value| concord_json::check(value).is_ok()));
    }
    if let Ok(values) = json_lines(text) {
        assert!(values.iter().all(|value| concord_json::check(value).is_ok()));
        let lines: Vec<u8> = values.join(&b'\n');
        assert_eq!(json_lines(&lines).as_deref(), Ok(&values[..]));
    }
}

/// A selection is what `serde_json` finds at the same pointer, if no key is there twice.
fn check_selection(text: &[u8], pointer: &Pointer) {
    assert_eq!(pointer.to_string().parse().as_ref(), Ok(pointer));
    let selected = select(text, pointer);
    if let Ok(slice) = selected {
        assert!(concord_json::check(slice).is_ok());
    }
    let Ok(value) = serde_json::from_slice::<Value>(text) else { return };
    match (selected, value.pointer(&pointer.to_string())) {
        (Ok(slice), Some(expect)) => {
            assert_eq!(serde_json::from_slice::<Value>(slice).ok().as_ref(), Some(expect));
        }
        (Ok(_), None) => panic!("selected what serde_json does not find"),
        (Err(JsonError::Ambiguous { .. } | JsonError::TooDeep(_)), _) | (Err(_), None) => {}
        (Err(error), Some(_)) => panic!("serde_json finds it: {error}"),
    }
}
