//! Tests the reader with `JSONTestSuite`: see `tests/json_suite/README.md`.

use std::fs;
use std::path::Path;

use concord_json::{NESTING_MAX, check, is_value};

/// Cases that the standard leaves open and that the reader refuses: texts that are not UTF-8 or start with a byte
/// order mark, and nesting beyond 512. The reader accepts lone surrogates in escapes, and numbers beyond the range of
/// doubles.
const REFUSED: [&str; 15] = [
    "i_string_UTF-16LE_with_BOM.json",
    "i_string_UTF-8_invalid_sequence.json",
    "i_string_UTF8_surrogate_U+D800.json",
    "i_string_invalid_utf-8.json",
    "i_string_iso_latin_1.json",
    "i_string_lone_utf8_continuation_byte.json",
    "i_string_not_in_unicode_range.json",
    "i_string_overlong_sequence_2_bytes.json",
    "i_string_overlong_sequence_6_bytes.json",
    "i_string_overlong_sequence_6_bytes_null.json",
    "i_string_truncated-utf-8.json",
    "i_string_utf16BE_no_BOM.json",
    "i_string_utf16LE_no_BOM.json",
    "i_structure_UTF-8_BOM_empty_object.json",
    "i_structure_100000_arrays.json",
];

/// Cases that the standard forbids and that the reader accepts: Python's names for numbers that are not finite.
const EXTENSION: [&str; 3] = ["n_number_NaN.json", "n_number_infinity.json", "n_number_minus_infinity.json"];

/// The cases, by name.
fn cases() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/json_suite");
    let mut cases = Vec::new();
    for file in fs::read_dir(folder).expect("the folder of the suite") {
        let path = file.expect("an entry of the folder").path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            cases.push((name, fs::read(path).expect("a case")));
        }
    }
    cases.push(("n_structure_100000_opening_arrays.json".to_owned(), vec![b'['; 100_000]));
    cases.push(("n_structure_open_array_object.json".to_owned(), b"[{\"\":".repeat(50_000)));
    cases.push((
        "i_structure_100000_arrays.json".to_owned(),
        [vec![b'['; 100_000], vec![b']'; 100_000]].concat(),
    ));
    cases.sort();
    cases
}

#[test]
fn the_reader_passes_the_suite() {
    let cases = cases();
    let count = |start| cases.iter().filter(|(name, _)| name.starts_with(start)).count();
    assert_eq!((count("y_"), count("n_"), count("i_")), (95, 188, 36));
    for (name, text) in &cases {
        let [strict, lenient] = [true, false].map(|strict| is_value(text, strict, NESTING_MAX));
        let refused = REFUSED.contains(&name.as_str());
        let expect = name.starts_with("y_") || name.starts_with("i_") && !refused;
        assert_eq!(strict, expect, "{name}");
        assert_eq!(lenient, check(text).is_ok(), "{name}");
        assert_eq!(lenient, expect || EXTENSION.contains(&name.as_str()), "{name}");
    }
}
