//! The settings under which the copies of one job run, where the job varies them by plan.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How the settings of a job are spread over its copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariationDesign {
    /// Each copy has one setting at most, so each setting is compared with the baseline.
    One,
    /// All combinations are run: each copy has one value of every factor. Only copies of the baseline have none.
    All,
}

/// Which setting each copy of a job has. It is fixed when the job is planned.
///
/// The *baseline* is the command as the user wrote it, without any setting. It comes first. The copies go round: with n
/// combinations after the baseline, copies 0, n + 1, 2n + 2 and so on are the baseline's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariationPlan {
    /// What the user asked for, word by word. A repeated submission is compared by it.
    pub request: Vec<String>,
    /// How the settings are spread.
    pub design: VariationDesign,
    /// Whether the plan chose the number of copies, and not the user.
    pub chose_copies: bool,
    /// The settings. The values of one name are neighbours.
    pub settings: Vec<Setting>,
    /// What was asked for and is not among the settings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// What the worker does to the command of every copy, also of the baseline. The settings of the copy come after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pinned: Vec<SettingChange>,
}

/// Something that was asked for and cannot be varied here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// What it is: a preset, or a name with a value.
    pub name: String,
    /// Why it cannot be varied.
    pub reason: String,
}

/// One value of one thing that is varied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// What the user named to get it: a preset, or `custom`.
    pub factor: String,
    /// What is varied: the name of a variable, `arg:--tol`, `command`.
    pub name: String,
    /// The library that reads it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<String>,
    /// The value.
    pub value: String,
    /// What the worker does to the command for it.
    pub changes: Vec<SettingChange>,
    /// How its library says that the setting reached it, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<LibraryReport>,
    /// The names that its library knows, if it ignores a value that has none of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<LibraryNames>,
}

/// The names that a library knows since one of its versions. It ignores other names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryNames {
    /// The fact with the version of the library, such as `loaded.numpy`.
    pub fact: String,
    /// The version, such as `2.4`.
    pub since: String,
    /// The names. In a value they stand between spaces or commas.
    pub known: Vec<String>,
}

impl LibraryNames {
    /// Whether a library of this version ignores a value as a whole.
    #[must_use]
    pub fn ignores(&self, version: &str, value: &str) -> bool {
        let numbers = |version: &str| -> Vec<u32> {
            version.split('.').map_while(|number| number.parse().ok()).collect()
        };
        let is_since = numbers(version) >= numbers(&self.since);
        is_since && !value.split([' ', ',']).any(|name| self.known.iter().any(|known| known == name))
    }
}

/// How a library says under which setting it runs. The command is run once more for it, and that output is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryReport {
    /// The fact that is recorded of a command with this library, such as `loaded.libopenblas`.
    pub fact: String,
    /// The variables that ask for the report.
    pub variables: BTreeMap<String, String>,
    /// What stands in the output or the standard error of the command if the setting reached the library.
    pub says: String,
}

/// What a setting does to a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SettingChange {
    /// The command has this variable in its environment, with this value.
    Variable {
        /// The name.
        name: String,
        /// The value.
        value: String,
    },
    /// The command has this argument with this value. It replaces the value that the command has; if it has none, the
    /// argument is added at the end.
    Argument {
        /// The argument without its value, such as `--tol`.
        flag: String,
        /// The value.
        value: String,
    },
    /// Another program runs, with the same arguments.
    Program {
        /// The program, as the first word of a command names it.
        program: String,
    },
    /// As [`SettingChange::Variable`], for a variable that lists many things: the value is added to the value that the command
    /// has anyway.
    Joined {
        /// The name.
        name: String,
        /// What is added.
        value: String,
        /// What stands between the two.
        separator: String,
    },
    /// The command has a variable that names a folder of its own. All copies with this setting share the folder.
    OwnFolder {
        /// The name of the variable.
        name: String,
    },
    /// Another program starts the command, such as `nice -n 19`.
    Wrapper {
        /// The program and its arguments. The command follows them.
        words: Vec<String>,
    },
    /// An emulator runs the file of the program: an interpreter, if the program is a script.
    Emulator {
        /// The emulator and its arguments. The program follows them.
        words: Vec<String>,
    },
    /// The library that the worker preloads does this.
    Preload {
        /// What it does: `cores`, `heap` or `rounding`.
        knob: String,
        /// With which value.
        value: String,
    },
    /// The environment of the command is longer.
    Environment {
        /// By how many bytes.
        bytes: u32,
    },
    /// The loader looks for libraries in this folder first.
    LibraryFolder {
        /// The folder.
        folder: String,
    },
    /// All cores are busy with something else while the command runs.
    Busy,
}

impl VariationPlan {
    /// The settings of a copy; none for a copy of the baseline.
    #[must_use]
    pub fn of_copy(&self, index: u32) -> Vec<&Setting> {
        let combinations = u64::from(self.combinations());
        let Some(mut place) = (u64::from(index) % combinations).checked_sub(1) else { return Vec::new() };
        match self.design {
            VariationDesign::One => self.at(place).into_iter().collect(),
            VariationDesign::All => {
                let mut settings = Vec::new();
                for values in self.by_name() {
                    let count = values.len() as u64;
                    settings.extend(usize::try_from(place % count).ok().and_then(|value| values.get(value)));
                    place /= count;
                }
                settings
            }
        }
    }

    /// The number of different combinations of settings, with the baseline.
    #[must_use]
    pub fn combinations(&self) -> u32 {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let others = match self.design {
            VariationDesign::One => count(self.settings.len()),
            VariationDesign::All if self.settings.is_empty() => 0,
            VariationDesign::All => {
                self.by_name().fold(1, |product: u32, values| product.saturating_mul(count(values.len())))
            }
        };
        others.saturating_add(1)
    }

    /// The settings of a copy in words: `OMP_NUM_THREADS=4`, or `baseline`.
    #[must_use]
    pub fn told(&self, index: u32) -> String {
        let settings: Vec<_> = self.of_copy(index).into_iter().map(ToString::to_string).collect();
        if settings.is_empty() { "baseline".to_owned() } else { settings.join(" ") }
    }

    /// The names of the variables that some setting sets.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.settings.iter().flat_map(Setting::variables).map(|(name, _)| name)
    }

    fn at(&self, place: u64) -> Option<&Setting> {
        self.settings.get(usize::try_from(place).ok()?)
    }

    /// The settings of each name.
    fn by_name(&self) -> impl Iterator<Item = &[Setting]> {
        self.settings.chunk_by(|one, other| (&one.factor, &one.name) == (&other.factor, &other.name))
    }
}

impl Setting {
    /// The variables that it sets, with their values.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.changes.iter().filter_map(|change| match change {
            SettingChange::Variable { name, value } | SettingChange::Joined { name, value, .. } => {
                Some((name.as_str(), value.as_str()))
            }
            _ => None,
        })
    }

    /// Whether it does all that `other` does, and more.
    #[must_use]
    pub fn includes(&self, other: &Setting) -> bool {
        self.changes.len() > other.changes.len()
            && other.changes.iter().all(|change| self.changes.contains(change))
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.name, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(design: VariationDesign, settings: &[(&str, &str)]) -> VariationPlan {
        let setting = |(name, value): &(&str, &str)| Setting {
            factor: "custom".to_owned(),
            name: (*name).to_owned(),
            library: None,
            value: (*value).to_owned(),
            changes: Vec::new(),
            report: None,
            names: None,
        };
        let settings = settings.iter().map(setting).collect();
        VariationPlan {
            request: Vec::new(),
            design,
            chose_copies: false,
            settings,
            left_out: Vec::new(),
            pinned: Vec::new(),
        }
    }

    #[track_caller]
    fn check(plan: &VariationPlan, expect: &[&str]) {
        assert_eq!(plan.combinations() as usize, expect.len());
        let told: Vec<_> = (0..plan.combinations()).map(|index| plan.told(index)).collect();
        assert_eq!(told, expect);
        assert_eq!(plan.told(3 * plan.combinations() + 1), plan.told(1));
        assert_eq!(plan.told(u32::MAX), plan.told(u32::MAX % plan.combinations()));
    }

    #[test]
    fn one_setting_a_copy_goes_round_from_the_baseline() {
        check(&plan(VariationDesign::One, &[]), &["baseline"]);
        check(
            &plan(VariationDesign::One, &[("A", "1"), ("A", "2"), ("B", "x")]),
            &["baseline", "A=1", "A=2", "B=x"],
        );
    }

    #[test]
    fn a_library_ignores_names_that_it_does_not_know() {
        let known = ["X86_V3", "X86_V4"].map(str::to_owned).to_vec();
        let names = LibraryNames { fact: "loaded.numpy".to_owned(), since: "2.4".to_owned(), known };
        let check = |version: &str, value: &str, expect: bool| {
            assert_eq!(names.ignores(version, value), expect, "{version} {value}");
        };
        check("2.4.6", "AVX512F", true);
        check("2.4.6", "AVX512F X86_V4", false);
        check("2.4", "X86_V3,AVX2", false);
        check("2.10.0", "AVX2", true);
        check("3.0.0rc1", "AVX2", true);
        check("2.3.5", "AVX512F", false);
        check("unknown", "AVX512F", false);
    }

    #[test]
    fn all_combinations_have_one_value_of_each_name() {
        check(&plan(VariationDesign::All, &[]), &["baseline"]);
        check(
            &plan(VariationDesign::All, &[("A", "1"), ("A", "2"), ("B", "x"), ("B", "y")]),
            &["baseline", "A=1 B=x", "A=2 B=x", "A=1 B=y", "A=2 B=y"],
        );
        let many: Vec<_> = (0..40).map(|name| name.to_string()).collect();
        let many: Vec<_> =
            many.iter().flat_map(|name| [(name.as_str(), "0"), (name.as_str(), "1")]).collect();
        assert_eq!(plan(VariationDesign::All, &many).combinations(), u32::MAX);
    }
}
