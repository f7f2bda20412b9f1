//! Differences that names explain: a time, a process id, the name of a machine.

use super::STATEMENT_CHARACTERS_MAX;
use crate::Difference;

/// Words in a name that say that a value may differ in every run, whatever the calculation does.
const WORDS: [&str; 42] = [
    "clock",
    "created",
    "date",
    "dates",
    "datetime",
    "duration",
    "durations",
    "elapsed",
    "ended",
    "epoch",
    "finished",
    "guid",
    "host",
    "hostname",
    "modified",
    "nonce",
    "now",
    "pid",
    "pids",
    "ppid",
    "runtime",
    "seconds",
    "seed",
    "seeds",
    "started",
    "tid",
    "time",
    "timer",
    "timers",
    "times",
    "timestamp",
    "timestamps",
    "timing",
    "timings",
    "took",
    "uptime",
    "uuid",
    "uuids",
    "walltime",
    "when",
    "random",
    "tmpdir",
];

/// Words that say so before `id`, as in `run_id`.
const BEFORE_ID: [&str; 8] =
    ["job", "process", "request", "run", "session", "thread", "trace", "transaction"];

/// Names that are in the sentence, at most.
const PATHS_MAX: usize = 3;

/// A sentence, if all that differs has such a name; `None` if anything else differs, or may differ. `is_whole` says whether the
/// differences are all that there are.
pub(crate) fn volatile(differences: &[Difference], is_whole: bool) -> Option<String> {
    let (mut artifacts, mut paths) = (Vec::<&str>::new(), Vec::<&str>::new());
    let mut is_json = true;
    for difference in differences {
        if let Some(artifact) = difference.artifact.as_deref().filter(|name| is_volatile(name)) {
            if !artifacts.contains(&artifact) {
                artifacts.push(artifact);
            }
            continue;
        }
        let comparison = difference.comparison.as_ref()?;
        // What the tolerances allow needs no advice.
        if comparison.equivalent == Some(true) {
            continue;
        }
        is_json &= comparison.format.name() == "json";
        for path in comparison.differing_paths()? {
            if !path.split('/').any(is_volatile) {
                return None;
            }
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    let names = [&artifacts[..], &paths[..]].concat();
    let helps = [help_with_artifacts(&artifacts), help_with_paths(&paths, is_json)];
    let helps: Vec<_> = helps.into_iter().flatten().collect();
    let only = if is_whole { "Only" } else { "Of what was compared, only" };
    let (differs, by_name) = match names.len() {
        0 => return None,
        1 => ("differs", "by its name it"),
        _ => ("differ", "by their names they"),
    };
    let listed = listed(&names);
    let told =
        format!("{only} {listed} {differs}, and {by_name} may differ in every run: {}", helps.join("; "));
    Some(told).filter(|told| told.chars().count() <= 2 * STATEMENT_CHARACTERS_MAX)
}

fn help_with_artifacts(artifacts: &[&str]) -> Option<String> {
    (!artifacts.is_empty()).then(|| "name the other files with --artifact".to_owned())
}

fn help_with_paths(paths: &[&str], is_json: bool) -> Option<String> {
    let rules: Vec<_> = paths.iter().take(PATHS_MAX).map(|path| format!("{path}: ignore")).collect();
    let more = if paths.len() > PATHS_MAX { ", …" } else { "" };
    let select = if is_json { "digest another part with --select, or " } else { "" };
    (!paths.is_empty()).then(|| format!("{select}add --equivalent \"{}{more}\"", rules.join(", ")))
}

fn listed(names: &[&str]) -> String {
    match names {
        [one, other] => format!("{one} and {other}"),
        names if names.len() > PATHS_MAX => {
            format!("{} and {} more", names[..PATHS_MAX].join(", "), names.len() - PATHS_MAX)
        }
        names => names.join(", "),
    }
}

/// Whether a name has a word that says so. Words end at anything but a letter, and before a capital letter.
fn is_volatile(name: &str) -> bool {
    let words = words(name);
    let is_id = |pair: &[String]| pair[1] == "id" && BEFORE_ID.contains(&pair[0].as_str());
    words.iter().any(|word| WORDS.contains(&word.as_str())) || words.windows(2).any(is_id)
}

fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in name.chars() {
        let begins = letter.is_uppercase() && before.is_lowercase();
        if begins || !letter.is_alphabetic() {
            words.push(String::new());
        }
        if letter.is_alphabetic()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use concord_difference::{Options, compare};

    use super::*;

    fn difference(artifact: Option<&str>, left: &str, right: &str) -> Difference {
        Difference {
            reference: "A".to_owned(),
            class: "B".to_owned(),
            artifact: artifact.map(str::to_owned),
            only_in: None,
            comparison: Some(compare(left.as_bytes(), right.as_bytes(), &Options::default())),
            unavailable: None,
            statement: None,
        }
    }

    #[test]
    fn names_are_read_word_by_word() {
        for name in
            ["time", "startTime", "WALL_TIME", "run_id", "requestId", "cpu-seconds", "pid", "log.date.txt"]
        {
            assert!(is_volatile(name), "{name}");
        }
        for name in
            ["timestep", "energy", "lifetimes", "candidate", "id", "rapid", "update", "grid_id", "stupid", ""]
        {
            assert!(!is_volatile(name), "{name}");
        }
    }

    #[test]
    fn only_what_has_such_a_name_is_explained_by_it() {
        let check = |left: &str, right: &str, expect: Option<&str>| {
            let told = volatile(&[difference(None, left, right)], true);
            assert_eq!(told.as_deref(), expect, "{left} {right}");
        };
        check(
            r#"{"e": 1.5, "at": {"pid": 1, "time": "10:15"}}"#,
            r#"{"e": 1.5, "at": {"pid": 2, "time": "10:16"}}"#,
            Some(
                "Only /at/time and /at/pid differ, and by their names they may differ in every run: digest another part with --select, or add --equivalent \"/at/time: ignore, /at/pid: ignore\"",
            ),
        );
        check(r#"{"e": 1.5, "pid": 1}"#, r#"{"e": 1.75, "pid": 2}"#, None);
        check(r#"{"e": 1.5, "pid": 1}"#, r#"{"e": 1.5, "pid": 1, "x": 2}"#, None);
        check(
            "e,elapsed\n1.5,2\n2.5,3\n",
            "e,elapsed\n1.5,2\n2.5,4\n",
            Some(
                "Only /elapsed differs, and by its name it may differ in every run: add --equivalent \"/elapsed: ignore\"",
            ),
        );
        check(
            "energy = 1.5\ntook 0.25s in all\n",
            "energy = 1.5\ntook 0.75s in all\n",
            Some(
                "Only /took differs, and by its name it may differ in every run: add --equivalent \"/took: ignore\"",
            ),
        );
        check("binary\u{0}1", "binary\u{0}2", None);
    }

    #[test]
    fn artifacts_are_explained_by_their_names() {
        let differences =
            [difference(Some("out/timing.txt"), "a", "b"), difference(Some("r.json"), "[1]", "[2]")];
        assert_eq!(
            volatile(&differences[..1], false).unwrap(),
            "Of what was compared, only out/timing.txt differs, and by its name it may differ in every run: name the other files \
             with --artifact"
        );
        assert_eq!(volatile(&differences, true), None);
        assert_eq!(volatile(&[], true), None);
    }
}
