//! The settings under which the copies of one job run, where the job varies them by plan.

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
            SettingChange::Variable { name, value } => Some((name.as_str(), value.as_str())),
            SettingChange::Argument { .. } | SettingChange::Program { .. } => None,
        })
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
        };
        let settings = settings.iter().map(setting).collect();
        VariationPlan { request: Vec::new(), design, chose_copies: false, settings }
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
