//! The words of a command under the settings of a copy.

use concord_protocol::{Setting, SettingChange};

/// The program and the arguments of a command under these settings.
pub(super) fn varied(argv: &[String], settings: &[&Setting]) -> Vec<String> {
    let mut words = argv.to_vec();
    for change in settings.iter().flat_map(|setting| &setting.changes) {
        match change {
            SettingChange::Variable { .. } => {}
            SettingChange::Program { program } => {
                if let Some(first) = words.first_mut() {
                    first.clone_from(program);
                }
            }
            SettingChange::Argument { flag, value } => set_argument(&mut words, flag, value),
        }
    }
    words
}

/// Gives an argument a value: in place of the value that it has, or else at the end.
fn set_argument(words: &mut Vec<String>, flag: &str, value: &str) {
    let joined = format!("{flag}={value}");
    let begin = format!("{flag}=");
    if let Some(word) = words.iter_mut().skip(1).find(|word| word.starts_with(&begin)) {
        *word = joined;
        return;
    }
    let place = words.iter().skip(1).position(|word| word == flag);
    match place.and_then(|place| words.get_mut(place + 2)) {
        Some(word) => value.clone_into(word),
        // A short option has its value in the next word, as `-n 4`.
        None if flag.starts_with('-') && !flag.starts_with("--") => {
            words.retain(|word| word != flag);
            words.extend([flag.to_owned(), value.to_owned()]);
        }
        None => words.push(joined),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_takes_the_place_of_its_old_value() {
        let check = |argv: &[&str], flag: &str, expect: &[&str]| {
            let argv: Vec<_> = argv.iter().map(|word| (*word).to_owned()).collect();
            let changes = vec![SettingChange::Argument { flag: flag.to_owned(), value: "7".to_owned() }];
            let setting = Setting {
                factor: "custom".to_owned(),
                name: format!("arg:{flag}"),
                library: None,
                value: "7".to_owned(),
                changes,
            };
            assert_eq!(varied(&argv, &[&setting]), expect, "{argv:?} {flag}");
        };
        check(&["p"], "--tol", &["p", "--tol=7"]);
        check(&["p", "--tol=1", "x"], "--tol", &["p", "--tol=7", "x"]);
        check(&["p", "--tol", "1", "x"], "--tol", &["p", "--tol", "7", "x"]);
        check(&["p", "--tolerance=1"], "--tol", &["p", "--tolerance=1", "--tol=7"]);
        check(&["p", "-n", "1"], "-n", &["p", "-n", "7"]);
        check(&["p"], "-n", &["p", "-n", "7"]);
        check(&["p", "n=1"], "n", &["p", "n=7"]);
        check(&["--tol", "1"], "--tol", &["--tol", "1", "--tol=7"]);
    }

    #[test]
    fn a_program_keeps_its_arguments() {
        let setting = Setting {
            factor: "custom".to_owned(),
            name: "command".to_owned(),
            library: None,
            value: "./b".to_owned(),
            changes: vec![SettingChange::Program { program: "./b".to_owned() }],
        };
        assert_eq!(varied(&["./a".to_owned(), "x".to_owned()], &[&setting]), ["./b", "x"]);
    }
}
