//! The boundary of the crate: which payloads are taken, how others are refused, and which bytes come back.

use concord_probes::{NAMES, Probe, ProbeError};
use proptest::prelude::*;

fn run(payload: &str) -> Result<Vec<u8>, ProbeError> {
    Probe::parse(payload.as_bytes())?.run()
}

/// The payload is refused, and the error says `expect`.
#[track_caller]
fn check(payload: impl AsRef<[u8]>, expect: &str) {
    let shown = String::from_utf8_lossy(payload.as_ref());
    match Probe::parse(payload.as_ref()) {
        Ok(probe) => panic!("{shown} was taken as {probe:?}"),
        Err(error) => {
            let error = error.to_string();
            assert!(error.contains(expect), "{shown}\n  gave   {error}\n  expect {expect}");
            assert!(!error.ends_with('.') && error.starts_with(char::is_lowercase), "style of {error:?}");
        }
    }
}

/// Payloads that name no probe, and what the error says.
const UNNAMED: &[(&[u8], &str)] = &[
    (b"", "the payload is not JSON (EOF while parsing a value at line 1 column 0)"),
    (b"matmul", "the payload is not JSON (expected value at line 1 column 1)"),
    (br#"{"probe":"echo""#, "the payload is not JSON (EOF while parsing an object"),
    (br#"{"probe":"echo"} {}"#, "the payload is not JSON (trailing characters at line 1 column 18)"),
    (br#"{"probe":"echo","n":NaN}"#, "the payload is not JSON (expected value"),
    (b"{\"probe\":\"echo\",\"n\":\"\xff\"}", "the payload is not UTF-8 (invalid utf-8 sequence"),
    (b"null", "the payload names no probe (invalid type: null, expected an object"),
    (b"7", "the payload names no probe (invalid type: integer `7`, expected an object"),
    (br#""echo""#, "the payload names no probe (invalid type: string \"echo\", expected an object"),
    (br#"["echo"]"#, "the payload names no probe (invalid type: sequence, expected an object"),
    (b"{}", "the payload names no probe (missing field `probe`"),
    (br#"{"n":4}"#, "the payload names no probe (missing field `probe`"),
    (br#"{"Probe":"echo"}"#, "the payload names no probe (missing field `probe`"),
    (br#"{"probe":null}"#, "the payload names no probe (invalid type: null, expected a string"),
    (br#"{"probe":["echo"]}"#, "the payload names no probe (invalid type: sequence, expected a string"),
    (br#"{"probe":"echo","probe":"echo"}"#, "the payload names no probe (duplicate field `probe`"),
    (br#"{"probe":""}"#, "probe: unknown probe \"\""),
    (br#"{"probe":"Matmul"}"#, "probe: unknown probe \"Matmul\""),
    (br#"{"probe":"a\nb"}"#, r#"probe: unknown probe "a\nb""#),
];

/// Payloads with a wrong field, and what the error says.
const WRONG_FIELDS: &[(&str, &str)] = &[
    // Sizes: zero, beyond the bound, negative, fraction, huge, other types.
    (
        r#"{"probe":"matmul","n":0}"#,
        "of matmul is wrong: n: invalid value: integer `0`, expected a whole number from 1 to 2048",
    ),
    (
        r#"{"probe":"matmul","n":2049}"#,
        "n: invalid value: integer `2049`, expected a whole number from 1 to 2048",
    ),
    (
        r#"{"probe":"matmul","n":-1}"#,
        "n: invalid value: integer `-1`, expected a whole number from 1 to 2048",
    ),
    (r#"{"probe":"matmul","n":4.0}"#, "n: invalid type: floating point `4.0`, expected a whole number"),
    (r#"{"probe":"matmul","n":1e400}"#, "n: number out of range"),
    (
        r#"{"probe":"matmul","n":18446744073709551616}"#,
        "n: invalid type: floating point `1.8446744073709552e+19`, expected a whole number from 1 to 2048",
    ),
    (r#"{"probe":"matmul","n":null}"#, "n: invalid type: null, expected a whole number"),
    (r#"{"probe":"matmul","n":"256"}"#, "n: invalid type: string \"256\", expected a whole number"),
    (r#"{"probe":"matmul","n":[256]}"#, "n: invalid type: sequence, expected a whole number"),
    (r#"{"probe":"matmul","n":true}"#, "n: invalid type: boolean `true`, expected a whole number"),
    (
        r#"{"probe":"fft","n":1048577}"#,
        "of fft is wrong: n: invalid value: integer `1048577`, expected a whole number from 1 to 1048576",
    ),
    (
        r#"{"probe":"libm","n":250001}"#,
        "n: invalid value: integer `250001`, expected a whole number from 1 to 250000",
    ),
    (
        r#"{"probe":"solve","n":1537}"#,
        "n: invalid value: integer `1537`, expected a whole number from 1 to 1536",
    ),
    (
        r#"{"probe":"logistic","n":200000001}"#,
        "n: invalid value: integer `200000001`, expected a whole number from 1 to 200000000",
    ),
    (
        r#"{"probe":"sum","n":16777217}"#,
        "n: invalid value: integer `16777217`, expected a whole number from 1 to 16777216",
    ),
    (
        r#"{"probe":"sum","chunk":63}"#,
        "chunk: invalid value: integer `63`, expected a whole number from 64 to 16777216",
    ),
    (
        r#"{"probe":"sum","threads":65}"#,
        "threads: invalid value: integer `65`, expected a whole number from 1 to 64",
    ),
    // Seeds.
    (
        r#"{"probe":"solve","seed":-1}"#,
        "seed: invalid value: integer `-1`, expected a whole number from 0 to 18446744073709551615",
    ),
    (r#"{"probe":"fft","seed":"one"}"#, "seed: invalid type: string \"one\", expected a whole number"),
    // Real numbers.
    (
        r#"{"probe":"logistic","r":4.1}"#,
        "r: invalid value: floating point `4.1`, expected a number from 0 to 4",
    ),
    (r#"{"probe":"logistic","r":5}"#, "r: invalid value: integer `5`, expected a number from 0 to 4"),
    (r#"{"probe":"logistic","x":-1}"#, "x: invalid value: integer `-1`, expected a number from 0 to 1"),
    (
        r#"{"probe":"logistic","x":-0.5}"#,
        "x: invalid value: floating point `-0.5`, expected a number from 0 to 1",
    ),
    (r#"{"probe":"logistic","x":null}"#, "x: invalid type: null, expected a number from 0 to 1"),
    // Names.
    (r#"{"probe":"sum","order":"random"}"#, "order: unknown order, expected \"ordered\" or \"racing\""),
    (r#"{"probe":"sum","order":{"racing":null}}"#, "order: invalid type: map, expected a string"),
    // Objects.
    (r#"{"probe":"matmul","size":4}"#, "of matmul is wrong: size: unknown field `size`, expected one of"),
    (r#"{"probe":"logistic","seed":4}"#, "of logistic is wrong: seed: unknown field `seed`, expected one of"),
    (r#"{"probe":"matmul","n":4,"n":4}"#, "duplicate field `n`"),
];

#[test]
fn a_payload_that_names_no_probe_is_answered_with_the_names() {
    let names =
        "expected a JSON object whose \"probe\" is one of echo, fft, libm, logistic, matmul, solve, sum";
    for (payload, expect) in UNNAMED {
        check(payload, expect);
        check(payload, names);
    }
}

#[test]
fn a_wrong_field_is_answered_with_its_name_and_bound() {
    for (payload, expect) in WRONG_FIELDS {
        check(payload, expect);
    }
}

#[test]
fn an_error_repeats_at_most_64_characters_of_a_name() {
    let error = run(&format!(r#"{{"probe":"{}"}}"#, "é".repeat(10_000))).unwrap_err().to_string();
    assert!(error.contains(&format!("{:?};", "é".repeat(64))), "{error}");
}

#[test]
fn echo_gives_its_payload_back() {
    for payload in [
        r#"{"probe":"echo"}"#,
        " {\"any\":[null,1e999,{\"n\":-1}],\n\t\"any\":0, \"prob\\u0065\" : \"\\u0065cho\"}\n",
        &format!(r#"{{"probe":"echo","deep":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000)),
    ] {
        assert_eq!(run(payload).unwrap(), payload.as_bytes());
    }
}

#[test]
fn every_probe_has_a_name_defaults_and_the_same_bytes_twice() {
    for name in NAMES {
        let payload = format!(r#"{{"probe":"{name}"}}"#);
        let probe = Probe::parse(payload.as_bytes()).unwrap();
        assert_eq!(probe.name(), *name);
        let output = probe.run().unwrap();
        assert!(!output.is_empty());
        assert_eq!(output, run(&payload).unwrap(), "{name} gave other bytes the second time");
    }
}

#[test]
fn outputs_have_their_documented_lengths() {
    for (payload, bytes) in [
        (r#"{"probe":"matmul","n":7}"#, 8 * 7 * 7),
        (r#"{"n":7,"seed":42,"probe":"fft"}"#, 16 * 7),
        (r#"{"probe":"libm","n":7}"#, 8 * 20 * 7),
        (r#"{"probe":"solve","n":7}"#, 8 * 7),
        (r#"{"probe":"logistic","n":7,"r":4,"x":1}"#, 8),
        (r#"{"probe":"sum","n":7,"chunk":64,"threads":64,"order":"racing"}"#, 8),
    ] {
        assert_eq!(run(payload).unwrap().len(), bytes, "{payload}");
    }
}

#[test]
fn the_seed_reaches_the_output() {
    for probe in ["matmul", "fft", "libm", "solve", "sum"] {
        let outputs =
            [1, 2].map(|seed| run(&format!(r#"{{"probe":"{probe}","n":8,"seed":{seed}}}"#)).unwrap());
        assert_ne!(outputs[0], outputs[1], "{probe}");
    }
}

#[test]
fn ordered_sums_do_not_depend_on_the_number_of_threads() {
    let sum = |threads| {
        run(&format!(r#"{{"probe":"sum","n":20000,"chunk":64,"threads":{threads},"order":"ordered"}}"#))
            .unwrap()
    };
    for threads in [2, 3, 8, 64] {
        assert_eq!(sum(threads), sum(1), "{threads} threads");
    }
}

/// Text that is nearly a payload, so that the fields are reached as well as the parser.
fn near_payload() -> impl Strategy<Value = String> {
    let probe = prop::sample::select(NAMES).prop_map(|name| format!("\"{name}\""));
    let field = prop::sample::select(&["n", "seed", "r", "x", "chunk", "threads", "order", "probe"][..]);
    let value = prop_oneof![
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f64>().prop_map(|value| value.to_string()),
        (0..3000u32).prop_map(|value| value.to_string()),
        prop::sample::select(&["null", "[]", "{}", "\"racing\"", "\"ordered\"", "1e999", "-0", "true"][..])
            .prop_map(str::to_owned),
    ];
    (probe, prop::collection::vec((field, value), 0..4)).prop_map(|(probe, fields)| {
        let fields = fields.iter().map(|(field, value)| format!(",\"{field}\":{value}"));
        format!("{{\"probe\":{probe}{}}}", fields.collect::<String>())
    })
}

proptest! {
    #[test]
    fn never_panics_on_arbitrary_bytes(payload: Vec<u8>) {
        prop_assert!(Probe::parse(&payload).is_err());
    }

    #[test]
    fn never_panics_on_nearly_a_payload(payload in near_payload(), cut in 0usize..80) {
        let _ = Probe::parse(payload.as_bytes()).map_err(|error| error.to_string());
        let _ = Probe::parse(&payload.as_bytes()[..cut.min(payload.len())]).map_err(|error| error.to_string());
    }
}
