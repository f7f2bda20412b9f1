//! What `--vary` asks for, as a plan: which settings the copies of a job have. Pure: reads and writes nothing.

use concord_protocol::{Setting, SettingChange, VariationDesign, VariationPlan};

use crate::error::CliError;

/// The most combinations of settings of a job.
pub(crate) const COMBINATIONS_MAX: u32 = 10_000;

/// Copies of each combination, at least: so that a difference between runs is told from an effect of a setting.
const COPIES_PER_COMBINATION: u32 = 2;

/// The factor of settings that the user names one by one.
const CUSTOM: &str = "custom";

/// Begins an argument that is varied.
const ARGUMENT: &str = "arg:";

/// What is varied when other programs run.
const COMMAND: &str = "command";

/// Variables that choose which code is loaded, or that this program sets itself. A wrong value breaks the command, or
/// hides what is varied.
const REFUSED: [(&str, &str); 7] = [
    ("LD_PRELOAD", "it loads code into the program"),
    ("LD_AUDIT", "it loads code into the program"),
    ("PATH", "it changes which programs are found"),
    ("PWD", "the folder of a copy is in it"),
    ("CONCORD_JOB", "each copy has its own"),
    ("CONCORD_COPY", "each copy has its own"),
    ("CONCORD_SCRATCH", "each copy has its own"),
];

/// The plan that the values of `--vary` ask for; `None` without any. `copies` is the number that the user asked for, if
/// any. Gives the plan and the number of copies.
///
/// # Errors
/// When a value cannot be understood, sets something that must not be set, or needs more copies than asked for.
pub(crate) fn plan(
    request: &[String],
    design: VariationDesign,
    copies: Option<u32>,
    copies_default: u32,
) -> Result<Option<(VariationPlan, u32)>, CliError> {
    if request.is_empty() {
        return Ok(None);
    }
    let mut settings: Vec<Setting> = Vec::new();
    for word in request {
        let varied = custom(word)?;
        if let Some(twice) =
            varied.first().filter(|varied| settings.iter().any(|before| before.name == varied.name))
        {
            return Err(CliError::usage_text(format!("--vary names {} twice", twice.name))
                .hint("give all values at once: --vary NAME=1,2,4"));
        }
        settings.extend(varied);
    }
    let plan = VariationPlan { request: request.to_vec(), design, chose_copies: copies.is_none(), settings };
    let combinations = plan.combinations();
    if combinations > COMBINATIONS_MAX {
        let count =
            if combinations == u32::MAX { "too many to count".to_owned() } else { combinations.to_string() };
        return Err(CliError::usage_text(format!(
            "--vary asks for {count} combinations of settings, and a job has {COMBINATIONS_MAX} at most"
        ))
        .hint("name fewer values, or vary one thing at a time: --vary-plan one"));
    }
    let copies_min = combinations.saturating_mul(COPIES_PER_COMBINATION);
    match copies {
        Some(copies) if copies < copies_min => Err(CliError::usage_text(format!(
            "{combinations} settings, with the baseline, take {copies_min} copies at least, and {copies} are asked for"
        ))
        .hint(format!("each setting needs {COPIES_PER_COMBINATION} copies: --copies {copies_min}, or leave --copies out"))),
        Some(copies) => Ok(Some((plan, copies))),
        None => Ok(Some((plan, copies_default.max(copies_min)))),
    }
}

/// The settings of `NAME=1,2`, `arg:--flag=1,2` or `command=a,b`.
fn custom(word: &str) -> Result<Vec<Setting>, CliError> {
    let unknown = || {
        CliError::usage_text(format!("--vary {word} does not say what to vary"))
            .hint("vary a variable, an argument or the program: --vary OMP_NUM_THREADS=1,2,4, --vary arg:--tol=1e-6,1e-8, --vary command=./a,./b")
    };
    let (name, values) = match word.strip_prefix(ARGUMENT) {
        Some(argument) => {
            argument.split_once('=').map(|(flag, values)| (format!("{ARGUMENT}{flag}"), values))
        }
        None => word.split_once('=').map(|(name, values)| (name.to_owned(), values)),
    }
    .ok_or_else(unknown)?;
    let flag = name.strip_prefix(ARGUMENT);
    if flag == Some("") || name.is_empty() {
        return Err(unknown());
    }
    if flag.is_none() && name != COMMAND {
        check_variable(&name)?;
    }
    let mut settings: Vec<Setting> = Vec::new();
    for value in values.split(',') {
        if value.is_empty() {
            return Err(CliError::usage_text(format!("--vary {word} has an empty value"))
                .hint("values are separated by single commas"));
        }
        if settings.iter().any(|before| before.value == value) {
            return Err(CliError::usage_text(format!("--vary {word} has the value {value} twice"))
                .hint("leave one of them out"));
        }
        let change = match flag {
            Some(flag) => SettingChange::Argument { flag: flag.to_owned(), value: value.to_owned() },
            None if name == COMMAND => SettingChange::Program { program: value.to_owned() },
            None => SettingChange::Variable { name: name.clone(), value: value.to_owned() },
        };
        settings.push(Setting {
            factor: CUSTOM.to_owned(),
            name: name.clone(),
            library: None,
            value: value.to_owned(),
            changes: vec![change],
        });
    }
    Ok(settings)
}

fn check_variable(name: &str) -> Result<(), CliError> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if !name.chars().all(is_name) || name.starts_with(|letter: char| letter.is_ascii_digit()) {
        return Err(CliError::usage_text(format!("--vary {name}: that is not the name of a variable")).hint(
            "a name has letters, digits and _; an argument is varied with --vary arg:--tol=1e-6,1e-8",
        ));
    }
    match REFUSED.iter().find(|(refused, _)| *refused == name) {
        Some((_, reason)) => Err(CliError::usage_text(format!("--vary cannot set {name}: {reason}")).hint(
            "set it for all copies: in the environment of this command, or with env in the command itself",
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(
        request: &[&str],
        design: VariationDesign,
        copies: Option<u32>,
    ) -> Result<(VariationPlan, u32), CliError> {
        let request: Vec<_> = request.iter().map(|word| (*word).to_owned()).collect();
        plan(&request, design, copies, 20).map(Option::unwrap)
    }

    #[test]
    fn settings_come_from_variables_arguments_and_programs() {
        let (plan, copies) =
            planned(&["A=1,2", "arg:--tol=1e-6,x=y", "command=./a,./b"], VariationDesign::One, None).unwrap();
        let told: Vec<_> = (0..7).map(|index| plan.told(index)).collect();
        assert_eq!(
            told,
            ["baseline", "A=1", "A=2", "arg:--tol=1e-6", "arg:--tol=x=y", "command=./a", "command=./b"]
        );
        assert_eq!((copies, plan.chose_copies), (20, true));
        let change = |place: usize| plan.settings[place].changes[0].clone();
        assert_eq!(change(0), SettingChange::Variable { name: "A".to_owned(), value: "1".to_owned() });
        assert_eq!(change(3), SettingChange::Argument { flag: "--tol".to_owned(), value: "x=y".to_owned() });
        assert_eq!(change(5), SettingChange::Program { program: "./b".to_owned() });
    }

    #[test]
    fn the_number_of_copies_fits_the_settings() {
        let copies = |request: &[&str], design, copies| planned(request, design, copies).unwrap().1;
        assert_eq!(copies(&["A=1,2,3"], VariationDesign::One, None), 20);
        assert_eq!(copies(&["A=1,2,3,4,5,6,7,8,9,10"], VariationDesign::One, None), 22);
        assert_eq!(copies(&["A=1,2,3", "B=1,2,3,4"], VariationDesign::All, None), 26);
        assert_eq!(copies(&["A=1,2,3"], VariationDesign::One, Some(9)), 9);
        assert!(plan(&[], VariationDesign::One, None, 20).unwrap().is_none());
    }

    #[test]
    fn a_wrong_value_is_refused_with_a_hint() {
        let check = |request: &[&str], copies, words: &str| {
            let error = planned(request, VariationDesign::All, copies).unwrap_err();
            assert!(error.cause.to_string().contains(words), "{error:?}");
            assert!(error.hint.is_some());
        };
        check(&["A"], None, "--vary A does not say what to vary");
        check(&["=1"], None, "does not say what to vary");
        check(&["arg:=1"], None, "does not say what to vary");
        check(&["arg:--tol"], None, "does not say what to vary");
        check(&["A="], None, "an empty value");
        check(&["A=1,,2"], None, "an empty value");
        check(&["A=1,1"], None, "the value 1 twice");
        check(&["A=1", "A=2"], None, "names A twice");
        check(&["1A=1"], None, "not the name of a variable");
        check(&["A B=1"], None, "not the name of a variable");
        check(&["LD_PRELOAD=x.so"], None, "it loads code");
        check(&["CONCORD_COPY=1"], None, "each copy has its own");
        check(&["CONCORD_SCRATCH=/x"], None, "each copy has its own");
        check(&["A=1,2"], Some(5), "3 settings, with the baseline, take 6 copies at least");
        let values = (0..101).map(|value| value.to_string()).collect::<Vec<_>>().join(",");
        check(&[&format!("A={values}"), &format!("B={values}")], None, "10202 combinations");
    }
}
