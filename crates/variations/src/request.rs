//! The words of `--vary`.

use crate::error::RequestError;
use crate::table::{Knob, KnobTable};

/// Everything that is asked for by `all`.
const ALL: [&str; 7] = ["cpu", "threads", "hash", "memory", "blas", "load", "locale"];

/// Presets that no row of the table has: their values are on the machine.
const ON_THE_MACHINE: [&str; 1] = ["blas"];

/// Begins an argument that is varied.
const ARGUMENT: &str = "arg:";

/// What is varied when other programs run.
const COMMAND: &str = "command";

/// Begins the names of the variables that this program sets itself.
const OWN: &str = "CONCORD_";

/// Variables that choose which code is loaded. A wrong value breaks the command, or hides what is varied.
const REFUSED: [(&str, &str); 5] = [
    ("LD_PRELOAD", "it loads code into the program"),
    ("LD_AUDIT", "it loads code into the program"),
    (
        "LD_LIBRARY_PATH",
        "it changes which code is loaded; --vary blas tries the BLAS libraries that are installed",
    ),
    ("PATH", "it changes which programs are found"),
    ("PWD", "the folder of a copy is in it"),
];

/// What a word asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// A preset, with the values that the user names, if any.
    Preset { preset: String, values: Vec<String> },
    /// Values of a variable.
    Variable { name: String, values: Vec<String> },
    /// Values of an argument, such as `--tol`.
    Argument { flag: String, values: Vec<String> },
    /// Programs.
    Programs { values: Vec<String> },
}

impl Request {
    /// What the words ask for, in their order. A preset that is named twice counts once.
    pub(crate) fn parse(words: &[String]) -> Result<Vec<Self>, RequestError> {
        let mut wanted: Vec<Self> = Vec::new();
        let mut without: Vec<String> = Vec::new();
        for word in words {
            if word.contains('=') {
                wanted.push(values(word)?);
                continue;
            }
            for name in word.split(',') {
                match name.strip_prefix('-') {
                    Some(name) => without.push(known(name, word)?),
                    None if name == "all" => wanted.extend(ALL.map(|name| preset(name.to_owned()))),
                    None => wanted.push(preset(known(name, word)?)),
                }
            }
        }
        let mut distinct: Vec<Self> = Vec::new();
        for one in wanted {
            let is_left_out = without.iter().any(|name| one == preset(name.clone()));
            let is_repeated = matches!(one, Self::Preset { .. }) && distinct.contains(&one);
            if !is_left_out && !is_repeated {
                distinct.push(one);
            }
        }
        if distinct.is_empty() && !words.is_empty() {
            return Err(RequestError::new(
                format!("--vary {} leaves out everything that it asks for", words.join(" ")),
                "name what to vary first: --vary all,-locale",
            ));
        }
        Ok(distinct)
    }
}

fn preset(preset: String) -> Request {
    Request::Preset { preset, values: Vec::new() }
}

/// The name of a preset that exists.
fn known(name: &str, word: &str) -> Result<String, RequestError> {
    let mut presets = KnobTable::get().presets();
    presets.extend(ON_THE_MACHINE);
    if presets.contains(&name) {
        return Ok(name.to_owned());
    }
    if name.is_empty() || name.starts_with(ARGUMENT) || name == COMMAND {
        return Err(unclear(word));
    }
    Err(RequestError::new(
        format!("--vary {word}: there is no preset {name}"),
        format!(
            "presets are all, {}; a variable is varied by its values: --vary {name}=1,2,4",
            presets.join(", ")
        ),
    ))
}

fn unclear(word: &str) -> RequestError {
    RequestError::new(
        format!("--vary {word} does not say what to vary"),
        "vary a preset, a variable, an argument or the program: --vary cpu,threads, --vary OMP_NUM_THREADS=1,2,4, --vary arg:--tol=1e-6,1e-8, --vary command=./a,./b",
    )
}

fn is_preset(name: &str) -> bool {
    name == "all" || ON_THE_MACHINE.contains(&name) || KnobTable::get().presets().contains(&name)
}

/// What `NAME=1,2`, `arg:--flag=1,2` or `command=a,b` asks for.
fn values(word: &str) -> Result<Request, RequestError> {
    let argument = word.strip_prefix(ARGUMENT);
    let (name, values) = argument.unwrap_or(word).split_once('=').ok_or_else(|| unclear(word))?;
    if name.is_empty() {
        return Err(unclear(word));
    }
    let values = distinct(word, values)?;
    let name = name.to_owned();
    let has_own_values = |knob: &Knob| knob.preset == name && knob.others;
    Ok(match (argument, name.as_str()) {
        (Some(_), _) => Request::Argument { flag: name, values },
        (None, COMMAND) => Request::Programs { values },
        (None, _) if KnobTable::get().knobs.iter().any(has_own_values) => {
            Request::Preset { preset: name, values }
        }
        (None, _) if is_preset(&name) => {
            return Err(RequestError::new(
                format!("--vary {word}: {name} is a preset, and its values cannot be named"),
                format!(
                    "--vary {name} tries all of them; a variable is varied by its name: --vary OMP_NUM_THREADS=1,2"
                ),
            ));
        }
        (None, _) => {
            check_variable(&name)?;
            Request::Variable { name, values }
        }
    })
}

/// Values that are separated by commas.
fn distinct(word: &str, values: &str) -> Result<Vec<String>, RequestError> {
    let mut distinct: Vec<String> = Vec::new();
    for value in values.split(',') {
        if value.is_empty() {
            return Err(RequestError::new(
                format!("--vary {word} has an empty value"),
                "values are separated by single commas",
            ));
        }
        if distinct.iter().any(|before| before == value) {
            return Err(RequestError::new(
                format!("--vary {word} has the value {value} twice"),
                "leave one of them out",
            ));
        }
        distinct.push(value.to_owned());
    }
    Ok(distinct)
}

fn check_variable(name: &str) -> Result<(), RequestError> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if !name.chars().all(is_name) || name.starts_with(|letter: char| letter.is_ascii_digit()) {
        return Err(RequestError::new(
            format!("--vary {name}: that is not the name of a variable"),
            "a name has letters, digits and _; an argument is varied with --vary arg:--tol=1e-6,1e-8",
        ));
    }
    let refused = REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, reason)| *reason);
    match refused.or_else(|| name.starts_with(OWN).then_some("each copy has its own")) {
        Some(reason) => Err(RequestError::new(
            format!("--vary cannot set {name}: {reason}"),
            "set it for all copies: in the environment of this command, or with env in the command itself",
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Vec<Request>, RequestError> {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        Request::parse(&words)
    }

    fn presets(words: &[&str]) -> Vec<String> {
        let names = parsed(words).unwrap().into_iter().map(|wanted| match wanted {
            Request::Preset { preset, .. } => preset,
            other => panic!("{other:?}"),
        });
        names.collect()
    }

    #[test]
    fn presets_are_named_together_and_left_out_by_a_minus_sign() {
        assert_eq!(presets(&["cpu,threads"]), ["cpu", "threads"]);
        assert_eq!(presets(&["threads", "cpu,threads"]), ["threads", "cpu"]);
        assert_eq!(presets(&["all"]), ALL);
        assert_eq!(presets(&["all,-locale,-cpu"]), ["threads", "hash", "memory", "blas", "load"]);
        assert_eq!(presets(&["all", "-cpu"]).len(), 6);
        assert_eq!(presets(&["all,emulate"]).len(), 8);
    }

    #[test]
    fn a_preset_whose_values_the_user_names_is_a_preset() {
        let values = vec!["Haswell".to_owned(), "Nehalem".to_owned()];
        let expect = Request::Preset { preset: "emulate".to_owned(), values };
        assert_eq!(parsed(&["emulate=Haswell,Nehalem"]).unwrap(), [expect]);
    }

    #[test]
    fn variables_arguments_and_programs_have_values() {
        let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            parsed(&["A=1,2", "arg:--tol=1e-6,x=y", "command=./a,./b"]).unwrap(),
            [
                Request::Variable { name: "A".to_owned(), values: values(&["1", "2"]) },
                Request::Argument { flag: "--tol".to_owned(), values: values(&["1e-6", "x=y"]) },
                Request::Programs { values: values(&["./a", "./b"]) },
            ]
        );
    }

    #[test]
    fn a_wrong_word_is_refused_with_a_hint() {
        let check = |words: &[&str], text: &str| {
            let error = parsed(words).unwrap_err();
            assert!(error.text.contains(text), "{error:?}");
            assert!(!error.hint.is_empty());
        };
        check(&["A"], "there is no preset A");
        check(&["cpus"], "there is no preset cpus");
        check(&["cpu,"], "does not say what to vary");
        check(&["all,-nothing"], "there is no preset nothing");
        check(&["-cpu"], "leaves out everything");
        check(&["=1"], "does not say what to vary");
        check(&["arg:=1"], "does not say what to vary");
        check(&["arg:--tol"], "does not say what to vary");
        check(&["command"], "does not say what to vary");
        check(&["A="], "an empty value");
        check(&["A=1,,2"], "an empty value");
        check(&["A=1,1"], "the value 1 twice");
        check(&["1A=1"], "not the name of a variable");
        check(&["A B=1"], "not the name of a variable");
        check(&["LD_PRELOAD=x.so"], "it loads code");
        check(&["LD_LIBRARY_PATH=/x"], "which code is loaded");
        check(&["CONCORD_COPY=1"], "each copy has its own");
        check(&["CONCORD_PAD_001=/x"], "each copy has its own");
        check(&["threads=2"], "threads is a preset");
        check(&["all=2"], "all is a preset");
    }
}
