//! The settings that hold.

use clap::{Args as ClapArgs, ValueEnum};

use super::work::WorkArgs;

pub(super) const PIN_NOTES: &str = "\
Example:
  producer submit p.json --job model --vary cpu,threads,hash -- python3 model.py
  producer pin model                     which settings make it reproducible?
  producer pin model --as dockerfile     the same, as lines of a Dockerfile

Starts with everything pinned that a user can set (variables and arguments), leaves out what is not
needed, and confirms the rest in a fresh job, in which all other settings go on varying. Each trial is
a job of the store: the same pin again goes on where it stopped.
Exit codes: 0 the settings hold; 1 nothing holds; 2 wrong usage or input; 3 the budget is spent;
4 the store or the system failed; 130 interrupted.";

/// Arguments of `pin`.
#[derive(Debug, ClapArgs)]
pub(crate) struct PinArgs {
    /// The id of a job with --vary, or the beginning of one
    #[arg(value_name = "JOB")]
    pub(crate) name: String,
    /// How much may be spent: copies (2000), or a time (10m)
    #[arg(long, value_name = "LIMIT", value_parser = budget, default_value = "20000")]
    pub(crate) budget: Budget,
    /// Print only the settings, in this form
    #[arg(long = "as", value_name = "FORM", value_enum)]
    pub(crate) form: Option<PinForm>,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
}

/// What the search may spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Budget {
    Copies(u64),
    Milliseconds(u64),
}

/// The forms of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PinForm {
    /// Lines of a shell script
    Shell,
    /// Lines of a Dockerfile
    Dockerfile,
    /// The environment of a function, in a template of AWS
    Cloudformation,
    /// A file `conftest.py` for pytest
    Pytest,
}

fn budget(text: &str) -> Result<Budget, String> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let copies = text.parse().ok().filter(|copies| *copies > 0);
        return copies.map(Budget::Copies).ok_or_else(|| "expected a number of copies above 0".to_owned());
    }
    super::parse::milliseconds(text).map(Budget::Milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_a_number_of_copies_or_a_time() {
        assert_eq!(budget("2000"), Ok(Budget::Copies(2000)));
        assert_eq!(budget("10m"), Ok(Budget::Milliseconds(600_000)));
        for wrong in ["", "0", "-1", "10 copies"] {
            assert!(budget(wrong).is_err(), "{wrong}");
        }
    }
}
