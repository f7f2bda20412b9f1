//! Settings that every copy of a job gets, so that the others may vary.

use std::collections::BTreeSet;

use concord_protocol::{Setting, SettingChange, VariationPlan};

/// One thing that a user can set for a command: a variable or an argument, with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The name of the variable, or `arg:` and the argument.
    pub name: String,
    /// The library that reads it, if one is known.
    pub library: Option<String>,
    /// The value: the first one that the plan tried. Of CPU generations it is the oldest, of threads it is one.
    pub value: String,
    changes: Vec<SettingChange>,
}

impl Pin {
    /// Everything of a plan that a user can set, in the order of the plan.
    ///
    /// Not among them is what belongs to a machine: cores, heap, load, models of processors, other programs.
    #[must_use]
    pub fn all(plan: &VariationPlan) -> Vec<Self> {
        let is_set = |setting: &Setting| {
            plan.settings.iter().any(|other| setting.includes(other) && other.name != setting.name)
        };
        let mut names = BTreeSet::new();
        let mut pins = Vec::new();
        for setting in plan.settings.iter().filter(|setting| !is_set(setting)) {
            let changes: Vec<_> =
                setting.changes.iter().filter(|change| is_settable(change)).cloned().collect();
            if !changes.is_empty() && names.insert(setting.name.clone()) {
                pins.push(Self {
                    name: setting.name.clone(),
                    library: setting.library.clone(),
                    value: setting.value.clone(),
                    changes,
                });
            }
        }
        pins
    }

    /// The variables that it sets, with their values.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.changes.iter().filter_map(|change| match change {
            SettingChange::Variable { name, value } | SettingChange::Joined { name, value, .. } => {
                Some((name.as_str(), value.as_str()))
            }
            _ => None,
        })
    }
}

/// The plan of a job whose copies all have `pins`. What the pins do not hold goes on varying.
#[must_use]
pub fn pinned(plan: &VariationPlan, pins: &[Pin]) -> VariationPlan {
    let names: BTreeSet<&str> = pins.iter().map(|pin| pin.name.as_str()).collect();
    let held: Vec<_> = pins.iter().flat_map(|pin| &pin.changes).cloned().collect();
    let is_held = |change: &SettingChange| {
        held.iter().any(|pin| target(pin).is_some() && target(pin) == target(change))
    };
    let settings = plan.settings.iter().filter(|setting| !names.contains(setting.name.as_str()));
    let varying = settings.filter_map(|setting| {
        let changes: Vec<_> = setting.changes.iter().filter(|change| !is_held(change)).cloned().collect();
        (!changes.is_empty()).then(|| Setting { changes, ..setting.clone() })
    });
    VariationPlan { settings: varying.collect(), pinned: held, ..plan.clone() }
}

/// What a change sets: a variable or an argument.
fn target(change: &SettingChange) -> Option<(bool, &str)> {
    match change {
        SettingChange::Variable { name, .. } | SettingChange::Joined { name, .. } => Some((false, name)),
        SettingChange::Argument { flag, .. } => Some((true, flag)),
        _ => None,
    }
}

fn is_settable(change: &SettingChange) -> bool {
    target(change).is_some()
}

#[cfg(test)]
mod tests {
    use concord_protocol::VariationDesign;

    use super::*;
    use crate::{Host, plan};

    fn planned(request: &[&str]) -> VariationPlan {
        let request: Vec<_> = request.iter().map(|word| (*word).to_owned()).collect();
        let host = Host {
            arch: "x86_64".to_owned(),
            levels: ["v1", "v2", "v3"].map(str::to_owned).into_iter().collect(),
            cores: 2,
            programs: Host::PROGRAMS.map(str::to_owned).into_iter().collect(),
            has_preload: true,
            ..Host::default()
        };
        plan(&request, VariationDesign::One, None, 20, &host).unwrap().unwrap().0
    }

    fn names(pins: &[Pin]) -> Vec<String> {
        pins.iter().map(|pin| format!("{}={}", pin.name, pin.value)).collect()
    }

    #[test]
    fn a_pin_is_what_a_user_can_set_at_its_lowest_value() {
        let plan = planned(&["threads,memory,load", "arg:--tol=1e-6,1e-8", "command=./a,./b"]);
        let pins = names(&Pin::all(&plan));
        assert_eq!(pins[0], "OMP_NUM_THREADS=1");
        for expect in ["OPENBLAS_NUM_THREADS=1", "MALLOC_PERTURB_=85", "arg:--tol=1e-6"] {
            assert!(pins.iter().any(|pin| pin == expect), "{expect}: {pins:?}");
        }
        for absent in
            ["threads", "cores_believed", "affinity", "heap_shift", "aslr", "environment", "load", "command"]
        {
            assert!(!pins.iter().any(|pin| pin.starts_with(&format!("{absent}="))), "{absent}: {pins:?}");
        }
        let cpu = Pin::all(&planned(&["cpu"]));
        assert!(names(&cpu).contains(&"OPENBLAS_CORETYPE=Prescott".to_owned()));
    }

    #[test]
    fn what_is_pinned_no_longer_varies_and_everything_else_does() {
        let plan = planned(&["threads"]);
        let pins: Vec<_> =
            Pin::all(&plan).into_iter().filter(|pin| pin.name == "OPENBLAS_NUM_THREADS").collect();
        let pinned = pinned(&plan, &pins);
        assert_eq!(pinned.settings.len(), plan.settings.len() - 5);
        assert_eq!(pinned.pinned.len(), 1);
        let threads = pinned.settings.iter().find(|setting| setting.to_string() == "threads=8").unwrap();
        assert!(threads.variables().all(|(name, _)| name != "OPENBLAS_NUM_THREADS"));
        assert!(threads.variables().any(|variable| variable == ("OMP_NUM_THREADS", "8")));
        assert!(pinned.settings.iter().any(|setting| setting.name == "cores_believed"));
        // With everything pinned, only what belongs to a machine is left.
        let all = super::pinned(&plan, &Pin::all(&plan));
        let left: BTreeSet<_> = all.settings.iter().map(|setting| setting.name.as_str()).collect();
        assert_eq!(left, BTreeSet::from(["affinity", "cores_believed", "threads"]));
    }
}
