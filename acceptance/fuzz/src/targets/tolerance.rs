//! Rules of tolerance: one on each line of the input.

use concord_difference::{Options, Tolerances, compare};

/// Outputs with numbers at several paths.
const OUTPUTS: [&[u8]; 2] = [
    br#"{"a":[1.0,{"b":2.5}],"c~/":{"":1e300},"d":1}"#,
    br#"{"d":2,"a":[1.0000000000000002,{"b":-2.5}],"c~/":{"":-0.0}}"#,
];

pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let texts: Vec<String> = text.lines().map(str::to_owned).collect();
    let rules = match Tolerances::parse(&texts) {
        Ok(rules) => rules,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert_eq!(rules.texts(), texts);
    let json = serde_json::to_string(&rules).expect("texts are JSON");
    assert_eq!(serde_json::from_str::<Tolerances>(&json).ok().as_ref(), Some(&rules));
    let options = Options { tolerances: Some(rules), ..Options::default() };
    let [left, right] = OUTPUTS;
    assert_eq!(compare(left, left, &options).equivalent, Some(true));
    assert_eq!(compare(left, right, &options).equivalent, compare(right, left, &options).equivalent);
}
