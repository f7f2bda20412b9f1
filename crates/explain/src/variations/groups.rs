//! The copies of a job by their settings, and which settings changed the result.

use std::collections::BTreeMap;

use concord_protocol::{Setting, VariationDesign, VariationPlan};
use concord_statistics::{agreement, real};

use super::reach;
use super::varied::{AS_IS, SettingReach, VariedCause, VariedSetting};
use crate::{Classes, ObservedRun, SIGNIFICANCE_LEVEL};

/// The copies that have the same settings.
#[derive(Default)]
struct Group<'a> {
    settings: Vec<&'a Setting>,
    /// The number of copies of each class.
    classes: BTreeMap<usize, u64>,
    /// Whether each of its settings reached the program.
    reached: Vec<SettingReach>,
}

impl Group<'_> {
    fn copies(&self) -> u64 {
        self.classes.values().sum()
    }

    fn agrees(&self) -> bool {
        self.classes.len() == 1
    }

    fn add(&mut self, run: &ObservedRun<'_>, class: usize) {
        *self.classes.entry(class).or_default() += 1;
        let reached: Vec<_> = self.settings.iter().map(|setting| reach::in_run(setting, run)).collect();
        self.reached = if self.reached.is_empty() {
            reached
        } else {
            self.reached.iter().zip(reached).map(|(before, now)| reach::of_runs(*before, now)).collect()
        };
    }
}

/// The groups of a job, and what is computed from all of them.
pub(super) struct SettingGroups<'a> {
    plan: &'a VariationPlan,
    of_settings: Vec<Group<'a>>,
    classes: &'a Classes,
    /// All copies that gave a digest.
    all: u64,
    /// A bound on the p-value of the agreement within groups.
    p: f64,
}

impl<'a> SettingGroups<'a> {
    pub(super) fn of(plan: &'a VariationPlan, runs: &[ObservedRun<'_>], classes: &'a Classes) -> Self {
        let mut groups = BTreeMap::<u32, Group<'_>>::new();
        let combinations = plan.combinations();
        let mut units = Vec::with_capacity(runs.len());
        for (run, &class) in runs.iter().zip(&classes.of_run) {
            let place = run.copy % combinations;
            let group = groups
                .entry(place)
                .or_insert_with(|| Group { settings: plan.of_copy(place), ..Group::default() });
            group.add(run, class);
            units.push((place as usize, class));
        }
        let of_settings = groups.into_values().collect();
        Self { plan, of_settings, classes, all: runs.len() as u64, p: agreement(&units).p }
    }

    /// What is known of a setting.
    pub(super) fn setting(&self, setting: &Setting) -> VariedSetting {
        let mut classes = BTreeMap::<String, u64>::new();
        for group in self.with(setting) {
            for (class, copies) in &group.classes {
                *classes.entry(self.label(*class)).or_default() += copies;
            }
        }
        let changed = self.with(setting).any(|group| self.has_changed(group, setting));
        VariedSetting {
            factor: setting.factor.clone(),
            name: setting.name.clone(),
            library: setting.library.clone(),
            value: setting.value.clone(),
            copies: classes.values().sum(),
            classes,
            reached: if changed || reach::is_sure(setting) {
                SettingReach::Yes
            } else {
                self.reached(setting)
            },
            changed,
        }
    }

    /// The copies and the digests of the baseline, if its copies differ from each other.
    pub(super) fn noise(&self) -> Option<(u64, u64)> {
        let baseline = self.baseline().filter(|group| !group.agrees())?;
        Some((baseline.copies(), baseline.classes.len() as u64))
    }

    /// Whether copies with the same settings agree more than chance explains.
    pub(super) fn is_beyond_chance(&self) -> bool {
        self.p <= SIGNIFICANCE_LEVEL
    }

    /// The names whose values changed the result. A set is no cause beside a member that changed the result alone.
    pub(super) fn causes(&self, settings: &[VariedSetting]) -> Vec<VariedCause> {
        let changed: Vec<&Setting> = self
            .plan
            .settings
            .iter()
            .zip(settings)
            .filter(|(_, found)| found.changed)
            .map(|(setting, _)| setting)
            .collect();
        let is_explained = |setting: &Setting| {
            changed.iter().any(|other| other.name != setting.name && setting.includes(other))
        };
        let rows: Vec<_> = self.plan.settings.iter().zip(settings).collect();
        let by_name = rows.chunk_by(|(one, _), (other, _)| is_same_name(one, other));
        let causing = by_name.filter(|rows| {
            let mut changing = rows.iter().filter(|(_, found)| found.changed).peekable();
            changing.peek().is_some() && !changing.all(|(setting, _)| is_explained(setting))
        });
        causing.map(|rows| self.cause(rows)).collect()
    }

    fn cause(&self, rows: &[(&Setting, &VariedSetting)]) -> VariedCause {
        let is_stabilising = self.noise().is_some();
        let mut values_by_class = BTreeMap::<String, Vec<String>>::new();
        if self.plan.design == VariationDesign::One && !is_stabilising {
            for class in self.baseline().into_iter().flat_map(|group| group.classes.keys()) {
                values_by_class.entry(self.label(*class)).or_default().push(AS_IS.to_owned());
            }
        }
        for (_, found) in rows {
            for class in found.classes.keys() {
                values_by_class.entry(class.clone()).or_default().push(found.value.clone());
            }
        }
        let p = match rows.first() {
            Some((setting, _)) if is_stabilising => self.p_of_name(setting).min(self.p_of_largest(rows)),
            _ => self.p,
        };
        VariedCause {
            name: rows.first().map(|(setting, _)| setting.name.clone()).unwrap_or_default(),
            library: rows.first().and_then(|(setting, _)| setting.library.clone()),
            values_by_class,
            p,
            max_ulp: None,
            path: None,
            is_stabilising,
        }
    }

    /// Whether a setting reached the program, as far as the runs say.
    fn reached(&self, setting: &Setting) -> SettingReach {
        let in_groups = self.with(setting).filter_map(|group| {
            let place = group.settings.iter().position(|other| *other == setting)?;
            group.reached.get(place).copied()
        });
        in_groups.reduce(reach::of_runs).unwrap_or(SettingReach::Unknown)
    }

    /// The groups that have a setting.
    fn with<'s>(&'s self, setting: &'s Setting) -> impl Iterator<Item = &'s Group<'a>> + 's {
        self.of_settings.iter().filter(move |group| group.settings.contains(&setting))
    }

    /// Whether a setting changed the result of a group that has it.
    fn has_changed(&self, group: &Group<'_>, setting: &Setting) -> bool {
        let Some(reference) = self.reference(group, setting) else { return false };
        if reference.agrees() {
            let is_apart = group.classes.keys().all(|class| !reference.classes.contains_key(class));
            return is_apart && self.is_beyond_chance();
        }
        // Copies of the reference differ from each other: only groups that agree beyond chance show an effect.
        group.agrees()
            && (self.p_of_agreement(group.copies()) <= SIGNIFICANCE_LEVEL
                || self.p_of_name(setting) <= SIGNIFICANCE_LEVEL)
    }

    /// The group with which `group` is compared for one of its settings.
    fn reference(&self, group: &Group<'_>, setting: &Setting) -> Option<&Group<'a>> {
        let wanted: Vec<&Setting> = match self.plan.design {
            VariationDesign::One => Vec::new(),
            VariationDesign::All => {
                let first = self.plan.settings.iter().find(|other| is_same_name(other, setting))?;
                let other = |other: &&'a Setting| if is_same_name(other, setting) { first } else { *other };
                group
                    .settings
                    .iter()
                    .map(|setting| self.plan.settings.iter().find(|known| known == setting))
                    .map(|found| found.as_ref().map(other))
                    .collect::<Option<_>>()?
            }
        };
        self.of_settings.iter().find(|other| other.settings == wanted)
    }

    /// The probability that the copies of each group with the same name agree, if the settings have no effect, with Bonferroni's
    /// correction for all names; 1 if the copies of one group do not. If all of them agree with each other, they count as one
    /// group.
    fn p_of_name(&self, setting: &Setting) -> f64 {
        let has_name = |group: &&Group<'_>| group.settings.iter().any(|other| is_same_name(other, setting));
        let groups: Vec<_> = self.of_settings.iter().filter(has_name).collect();
        if groups.is_empty() || !groups.iter().all(|group| group.agrees()) {
            return 1.0;
        }
        let is_one = groups.iter().all(|group| group.classes.keys().eq(groups[0].classes.keys()));
        let copies = groups.iter().map(|group| group.copies());
        let p = if is_one { self.p_agree([copies.sum()]) } else { self.p_agree(copies) };
        let names = self.plan.settings.chunk_by(is_same_name).count();
        (p * real(names as u64)).min(1.0)
    }

    /// The probability that the copies of the largest group that agrees do so by chance.
    fn p_of_largest(&self, rows: &[(&Setting, &VariedSetting)]) -> f64 {
        let changed = rows.iter().filter(|(_, found)| found.changed);
        self.p_of_agreement(changed.map(|(_, found)| found.copies).max().unwrap_or_default())
    }

    /// The probability that so many copies at random agree, with Bonferroni's correction for all groups.
    fn p_of_agreement(&self, copies: u64) -> f64 {
        (self.p_agree([copies]) * real(self.of_settings.len() as u64)).min(1.0)
    }

    /// The probability that copies at random agree in groups of these sizes.
    fn p_agree(&self, groups: impl IntoIterator<Item = u64>) -> f64 {
        let mut of_class = BTreeMap::<usize, u64>::new();
        for class in &self.classes.of_run {
            *of_class.entry(*class).or_default() += 1;
        }
        let agree = |size: u64, copies: u64| -> f64 {
            (0..copies)
                .map(|place| real(size.saturating_sub(place)) / real(self.all.saturating_sub(place).max(1)))
                .product()
        };
        let of_group = |copies| of_class.values().map(|size| agree(*size, copies)).sum::<f64>();
        groups.into_iter().map(of_group).product()
    }

    fn baseline(&self) -> Option<&Group<'a>> {
        self.of_settings.iter().find(|group| group.settings.is_empty())
    }

    fn label(&self, class: usize) -> String {
        self.classes.classes[class].class.clone()
    }
}

fn is_same_name(one: &Setting, other: &Setting) -> bool {
    (&one.factor, &one.name) == (&other.factor, &other.name)
}
