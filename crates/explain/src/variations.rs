//! What the settings of a job did to its result, where the job varies them by plan.
//!
//! A copy has the settings that the plan assigns to its index; nothing is looked up in the process. Copies with the same
//! settings are a *group*. A group is compared with its *reference*: with one setting a copy that is the baseline, and with
//! all combinations it is the group that has the first value of the same name and is the same otherwise.

use std::collections::{BTreeMap, BTreeSet};

use concord_protocol::{Setting, VariationDesign, VariationPlan};
use concord_statistics::{agreement, real};
use serde::Serialize;

use crate::numbers::{count, p_told};
use crate::{Classes, Difference, ObservedRun, SIGNIFICANCE_LEVEL};

/// Names that a sentence lists, at most.
const NAMES_TOLD_MAX: usize = 3;

/// The value of a name in a copy of the baseline.
const AS_IS: &str = "as is";

/// What is known of whether a setting had any effect on the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingReach {
    /// It did: the result changed, or another program or argument was run.
    Yes,
    /// It cannot be seen.
    Unknown,
}

/// A setting, and what it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VariedSetting {
    /// What the user named to get it: a preset, or `custom`.
    pub factor: String,
    /// What is varied: the name of a variable, `arg:--tol`, `command`.
    pub name: String,
    /// The library that reads it, if one is known.
    pub library: Option<String>,
    /// The value.
    pub value: String,
    /// The number of copies that had it and gave a digest.
    pub copies: u64,
    /// The classes of these copies, by label.
    pub classes: BTreeMap<String, u64>,
    /// Whether it reached the program.
    pub reached: SettingReach,
    /// Whether it changed the result, or made one result of several.
    pub changed: bool,
}

/// A name whose values changed the result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VariedCause {
    /// What is varied.
    pub name: String,
    /// The library that reads it, if one is known.
    pub library: Option<String>,
    /// The values that gave each class, by label. `as is` is the baseline.
    pub values_by_class: BTreeMap<String, Vec<String>>,
    /// A bound on the probability that copies agree within their settings as they do, if settings change nothing.
    pub p: f64,
    /// The largest difference between numbers of the classes, in units in the last place; absent if it is not known.
    pub max_ulp: Option<u64>,
    /// Where it is.
    pub path: Option<String>,
}

/// What a plan did to the result of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Variations {
    /// One for each setting, in the order of the plan.
    pub settings: Vec<VariedSetting>,
    /// The causes, in the order of the plan.
    pub causes: Vec<VariedCause>,
    /// What changes the result, in a sentence; absent if all copies agree.
    pub separates: Option<String>,
    /// In spite of what the copies agree, in a sentence; absent if they do not.
    pub in_spite_of: Option<String>,
}

/// The copies that have the same settings.
#[derive(Default)]
struct Group<'a> {
    settings: Vec<&'a Setting>,
    /// The number of copies of each class.
    classes: BTreeMap<usize, u64>,
}

impl Group<'_> {
    fn copies(&self) -> u64 {
        self.classes.values().sum()
    }

    fn agrees(&self) -> bool {
        self.classes.len() == 1
    }
}

impl Variations {
    /// What the settings of `plan` did. `runs` are the runs of the job that gave a digest, with their classes.
    #[must_use]
    pub fn of(plan: &VariationPlan, runs: &[ObservedRun<'_>], classes: &Classes) -> Self {
        let mut groups = BTreeMap::<u32, Group<'_>>::new();
        let combinations = plan.combinations();
        let mut units = Vec::with_capacity(runs.len());
        for (run, &class) in runs.iter().zip(&classes.of_run) {
            let place = run.copy % combinations;
            let group = groups
                .entry(place)
                .or_insert_with(|| Group { settings: plan.of_copy(place), ..Group::default() });
            *group.classes.entry(class).or_default() += 1;
            units.push((place as usize, class));
        }
        let groups: Vec<Group<'_>> = groups.into_values().collect();
        let found = Found { plan, groups: &groups, classes, all: runs.len() as u64, p: agreement(&units).p };
        let settings: Vec<_> = plan.settings.iter().map(|setting| found.setting(setting)).collect();
        let causes = found.causes(&settings);
        let is_divergent = classes.classes.len() > 1;
        Self {
            separates: is_divergent.then(|| found.separates(&causes)),
            in_spite_of: (classes.classes.len() == 1).then(|| in_spite_of(&settings)),
            settings,
            causes,
        }
    }
}

/// Adds how far the classes of each cause are apart, where their outputs were compared with the reference, and sorts the
/// causes: the largest effect first.
pub(crate) fn measure(causes: &mut [VariedCause], differences: &[Difference]) {
    for cause in &mut *causes {
        let of_cause =
            differences.iter().filter(|difference| cause.values_by_class.contains_key(&difference.class));
        let paths = of_cause
            .filter_map(|difference| difference.comparison.as_ref())
            .flat_map(|comparison| &comparison.paths);
        let measured = paths.filter_map(|path| Some((path.ulp_max.as_ref()?.parse().ok()?, &path.path)));
        let largest: Option<(u64, &String)> = measured.max_by_key(|(ulp, _)| *ulp);
        cause.max_ulp = largest.map(|(ulp, _)| ulp);
        cause.path = largest.map(|(_, path)| path.clone());
    }
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.max_ulp));
}

/// The groups of a job, and what is computed from all of them.
struct Found<'a> {
    plan: &'a VariationPlan,
    groups: &'a [Group<'a>],
    classes: &'a Classes,
    /// All copies that gave a digest.
    all: u64,
    /// A bound on the p-value of the agreement within groups.
    p: f64,
}

impl<'a> Found<'a> {
    fn setting(&self, setting: &Setting) -> VariedSetting {
        let mut classes = BTreeMap::<String, u64>::new();
        for group in self.with(setting) {
            for (class, copies) in &group.classes {
                *classes.entry(self.label(*class)).or_default() += copies;
            }
        }
        let changed = self.with(setting).any(|group| self.has_changed(group, setting));
        let is_sure = setting.variables().next().is_none();
        VariedSetting {
            factor: setting.factor.clone(),
            name: setting.name.clone(),
            library: setting.library.clone(),
            value: setting.value.clone(),
            copies: classes.values().sum(),
            classes,
            reached: if changed || is_sure { SettingReach::Yes } else { SettingReach::Unknown },
            changed,
        }
    }

    /// The groups that have a setting.
    fn with<'s>(&'s self, setting: &'s Setting) -> impl Iterator<Item = &'a Group<'a>> + 's {
        self.groups.iter().filter(move |group| group.settings.contains(&setting))
    }

    /// Whether a setting changed the result of a group that has it.
    fn has_changed(&self, group: &Group<'_>, setting: &Setting) -> bool {
        let Some(reference) = self.reference(group, setting) else { return false };
        if reference.agrees() {
            let is_apart = group.classes.keys().all(|class| !reference.classes.contains_key(class));
            return is_apart && self.p <= SIGNIFICANCE_LEVEL;
        }
        // Copies of the reference differ from each other: only a group that agrees beyond chance shows an effect.
        group.agrees() && self.p_of_agreement(group.copies()) <= SIGNIFICANCE_LEVEL
    }

    /// The group with which `group` is compared for one of its settings.
    fn reference(&self, group: &Group<'_>, setting: &Setting) -> Option<&'a Group<'a>> {
        let wanted: Vec<&Setting> = match self.plan.design {
            VariationDesign::One => Vec::new(),
            VariationDesign::All => {
                let is_same =
                    |other: &&Setting| (&other.factor, &other.name) == (&setting.factor, &setting.name);
                let first = self.plan.settings.iter().find(is_same)?;
                group.settings.iter().map(|other| if is_same(other) { first } else { *other }).collect()
            }
        };
        self.groups.iter().find(|other| other.settings == wanted)
    }

    /// The probability that `copies` copies at random agree, with Bonferroni's correction for all groups.
    fn p_of_agreement(&self, copies: u64) -> f64 {
        let mut of_class = BTreeMap::<usize, u64>::new();
        for class in &self.classes.of_run {
            *of_class.entry(*class).or_default() += 1;
        }
        let agree = |size: u64| -> f64 {
            (0..copies)
                .map(|place| real(size.saturating_sub(place)) / real(self.all.saturating_sub(place).max(1)))
                .product()
        };
        let p: f64 = of_class.into_values().map(agree).sum();
        (p * real(self.groups.len() as u64)).min(1.0)
    }

    /// The names whose values changed the result.
    fn causes(&self, settings: &[VariedSetting]) -> Vec<VariedCause> {
        let by_name =
            settings.chunk_by(|one, other| (&one.factor, &one.name) == (&other.factor, &other.name));
        let causing = by_name.filter(|settings| settings.iter().any(|setting| setting.changed));
        causing.map(|settings| self.cause(settings)).collect()
    }

    fn cause(&self, settings: &[VariedSetting]) -> VariedCause {
        let mut values_by_class = BTreeMap::<String, Vec<String>>::new();
        if self.plan.design == VariationDesign::One {
            for class in self.baseline().into_iter().flat_map(|group| group.classes.keys()) {
                values_by_class.entry(self.label(*class)).or_default().push(AS_IS.to_owned());
            }
        }
        for setting in settings {
            for class in setting.classes.keys() {
                values_by_class.entry(class.clone()).or_default().push(setting.value.clone());
            }
        }
        let by_agreement = || {
            let fewest =
                settings.iter().filter(|setting| setting.changed).map(|setting| setting.copies).max();
            self.p_of_agreement(fewest.unwrap_or_default())
        };
        VariedCause {
            name: settings.first().map(|setting| setting.name.clone()).unwrap_or_default(),
            library: settings.first().and_then(|setting| setting.library.clone()),
            values_by_class,
            p: if self.p <= SIGNIFICANCE_LEVEL { self.p } else { by_agreement() },
            max_ulp: None,
            path: None,
        }
    }

    fn baseline(&self) -> Option<&'a Group<'a>> {
        self.groups.iter().find(|group| group.settings.is_empty())
    }

    fn label(&self, class: usize) -> String {
        self.classes.classes[class].class.clone()
    }

    /// What changes the result, in a sentence. Noise is said first.
    fn separates(&self, causes: &[VariedCause]) -> String {
        let noise = self.baseline().filter(|group| !group.agrees()).map(|group| {
            format!(
                "without any setting, {} copies gave {} digests; ",
                count(group.copies()),
                count(group.classes.len() as u64)
            )
        });
        noise.unwrap_or_default() + &self.told(causes)
    }

    fn told(&self, causes: &[VariedCause]) -> String {
        let [first, others @ ..] = causes else {
            return if self.p <= SIGNIFICANCE_LEVEL {
                "copies with the same settings agree more than others, but no setting is told from the baseline".to_owned()
            } else {
                "no setting that was tried changes the result beyond chance".to_owned()
            };
        };
        let values =
            first.values_by_class.iter().map(|(class, values)| format!("{class} with {}", listed(values)));
        let library = first.library.as_ref().map_or_else(String::new, |library| format!(" ({library})"));
        let more = match others {
            [] => String::new(),
            others => {
                let mut names: Vec<_> =
                    others.iter().take(NAMES_TOLD_MAX).map(|cause| cause.name.clone()).collect();
                if others.len() > NAMES_TOLD_MAX {
                    names.push(format!("{} more", others.len() - NAMES_TOLD_MAX));
                }
                format!("; so {} {}", if others.len() == 1 { "does" } else { "do" }, listed(&names))
            }
        };
        let values: Vec<_> = values.collect();
        format!(
            "{}{library} changes the result: {} ({}){more}",
            first.name,
            values.join("; "),
            p_told(first.p, true)
        )
    }
}

/// "1, 2 and 4".
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Names the settings that the copies agree under, and the settings whose effect cannot be seen.
fn in_spite_of(settings: &[VariedSetting]) -> String {
    let names = |reached: SettingReach| -> Vec<String> {
        let names: BTreeSet<_> = settings
            .iter()
            .filter(|setting| setting.reached == reached && setting.copies > 0)
            .map(|setting| &setting.name)
            .collect();
        let values = |name: &String| settings.iter().filter(|setting| setting.name == *name).count();
        names.into_iter().map(|name| format!("{name} ({})", counted_values(values(name)))).collect()
    };
    let held = match &names(SettingReach::Yes)[..] {
        [] => None,
        names => Some(format!("held in spite of {}", listed(names))),
    };
    let unseen = match &names(SettingReach::Unknown)[..] {
        [] => None,
        [name] => Some(format!("no effect of {name} could be seen, so the copies say nothing about it")),
        names => Some(format!(
            "no effect of {} could be seen, so the copies say nothing about them",
            listed(names)
        )),
    };
    [held, unseen].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn counted_values(values: usize) -> String {
    if values == 1 { "1 value".to_owned() } else { format!("{values} values") }
}

#[cfg(test)]
mod tests;
