//! Texts of lines and words: facts that a program reports, lists of artifacts, ids, patterns of files. The first line of the
//! input says what the rest is.

use std::fmt::Display;
use std::str::FromStr;

use concord_protocol::limits::{FACT_NAME_BYTES_MAX, FACT_VALUE_BYTES_MAX, FACTS_MAX};
use concord_protocol::{
    Artifact, Digest, Facts, FunctionName, JobId, Manifest, Timestamp, Verdict, readable,
};
use concord_worker::ArtifactPatterns;

use crate::private::run::record_reported;
use crate::private::selection::Selection;

pub(crate) fn check(bytes: &[u8]) {
    match bytes {
        [b'f', b'\n', text @ ..] => check_facts(&String::from_utf8_lossy(text)),
        [b'm', b'\n', text @ ..] => check_manifest(text),
        [b'w', b'\n', text @ ..] => check_words(&String::from_utf8_lossy(text)),
        _ => {}
    }
}

/// Facts are few, short and printable, whatever a program reports.
fn check_facts(text: &str) {
    let mut facts = Facts::default();
    record_reported(text, &mut facts);
    assert!(facts.len() <= FACTS_MAX);
    for (name, value) in facts.iter() {
        assert!(name.len() <= FACT_NAME_BYTES_MAX && value.len() <= FACT_VALUE_BYTES_MAX, "{name}");
        assert!(!value.contains(concord_protocol::is_hidden), "{value:?}");
        assert_eq!(facts.get(name), Some(value));
    }
    let json = serde_json::to_vec(&facts).expect("facts are JSON");
    assert_eq!(serde_json::from_slice::<Facts>(&json).ok().as_ref(), Some(&facts));
}

/// A list of artifacts that can be read can be written, and is then the same.
fn check_manifest(text: &[u8]) {
    let name = Artifact::name_of(text);
    assert!(!name.contains(['\n', '\r']) && name != Artifact::STDOUT);
    let Ok(manifest) = Manifest::parse(text) else { return };
    assert_eq!(Manifest::parse(manifest.text().as_bytes()).as_ref(), Ok(&manifest));
    for artifact in manifest.artifacts() {
        assert_eq!(manifest.get(&artifact.name), Some(artifact));
    }
    assert!(manifest.artifacts().iter().all(|artifact| manifest.bytes() >= artifact.bytes));
}

/// Words that can be read can be written, and are then the same.
fn check_words(text: &str) {
    check_word::<JobId>(text);
    check_word::<Digest>(text);
    check_word::<Verdict>(text);
    let _ = text.parse::<FunctionName>();
    let _ = text.parse::<Selection>();
    let _ = readable(text);
    let patterns: Vec<_> = text.lines().map(str::to_owned).collect();
    let _ = ArtifactPatterns::parse(&patterns);
    if let Ok(ms) = text.parse() {
        let _ = Timestamp::from_unix_ms(ms).plus_ms(u64::MAX).ms_since(Timestamp::from_unix_ms(ms));
    }
}

fn check_word<T: FromStr + Display + PartialEq>(text: &str) {
    if let Ok(word) = text.parse::<T>() {
        assert!(word.to_string().parse::<T>().is_ok_and(|again| again == word));
    }
}
