//! Settings that every copy of a job gets, so that the others may vary.

use concord_protocol::{Setting, SettingChange, VariationPlan};

/// Something that a user can set for a command: variables or an argument, with their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// What the user named to vary it: a preset, or `custom`.
    pub factor: String,
    /// The name of the variable, or `arg:` and the argument.
    pub name: String,
    /// The library that reads it, if one is known.
    pub library: Option<String>,
    /// The value: the first one that the plan tried. Of CPU generations it is the oldest, of the threads of a preset it is one.
    pub value: String,
    changes: Vec<SettingChange>,
}

impl Pin {
    /// Everything of a plan that a user can set, in the order of the plan.
    ///
    /// Not among them is what belongs to a machine: cores, heap, load, models of processors, other programs.
    #[must_use]
    pub fn all(plan: &VariationPlan) -> Vec<Self> {
        let has_members = |setting: &Setting| {
            plan.settings.iter().any(|other| setting.includes(other) && other.name != setting.name)
        };
        let mut pins: Vec<Self> = Vec::new();
        for setting in plan.settings.iter().filter(|setting| !has_members(setting)) {
            for pin in Self::of(setting) {
                if !pins.iter().any(|known| known.factor == pin.factor && known.covers(&pin.name)) {
                    pins.push(pin);
                }
            }
        }
        pins
    }

    /// The pins of a setting: one, or one for each variable if it is a set whose members are not tried one by one.
    fn of(setting: &Setting) -> Vec<Self> {
        let changes: Vec<_> = setting.changes.iter().filter(|change| is_settable(change)).cloned().collect();
        let pin = |name: &str, value: &str, library: Option<String>, changes: Vec<SettingChange>| Self {
            factor: setting.factor.clone(),
            name: name.to_owned(),
            library,
            value: value.to_owned(),
            changes,
        };
        let is_its_own =
            changes.iter().any(|change| told(change).is_some_and(|(name, _)| name == setting.name));
        if is_its_own {
            return vec![pin(&setting.name, &setting.value, setting.library.clone(), changes)];
        }
        let single = |change: &SettingChange| {
            let (name, value) = told(change)?;
            Some(pin(&name, &value, None, vec![change.clone()]))
        };
        changes.iter().filter_map(single).collect()
    }

    /// Whether it sets this.
    fn covers(&self, name: &str) -> bool {
        self.changes.iter().any(|change| told(change).is_some_and(|(told, _)| told == name))
    }

    /// All that it sets: names of variables, or `arg:` and an argument, with their values.
    #[must_use]
    pub fn values(&self) -> Vec<(String, String)> {
        self.changes.iter().filter_map(told).collect()
    }
}

/// The plan of a job whose copies all have `pins`. What the pins do not hold goes on varying.
#[must_use]
pub fn pinned(plan: &VariationPlan, pins: &[Pin]) -> VariationPlan {
    let is_pinned = |setting: &&Setting| {
        !pins.iter().any(|pin| pin.factor == setting.factor && pin.covers(&setting.name))
    };
    // What is added to a variable holds nothing that another preset adds to it.
    let is_held = |setting: &Setting, change: &SettingChange| {
        let is_joined = matches!(change, SettingChange::Joined { .. });
        let holds = |pin: &Pin| !is_joined || pin.factor == setting.factor;
        told(change).is_some_and(|(name, _)| pins.iter().any(|pin| holds(pin) && pin.covers(&name)))
    };
    let varying = plan.settings.iter().filter(is_pinned).filter_map(|setting| {
        let changes: Vec<_> =
            setting.changes.iter().filter(|change| !is_held(setting, change)).cloned().collect();
        let is_whole = changes.len() == setting.changes.len();
        let varies = changes.iter().any(|change| !matches!(change, SettingChange::OwnFolder { .. }));
        varies.then(|| Setting {
            changes,
            // A library that no longer gets its value answers for nothing.
            report: setting.report.clone().filter(|_| is_whole),
            names: setting.names.clone().filter(|_| is_whole),
            ..setting.clone()
        })
    });
    let held = pins.iter().flat_map(|pin| &pin.changes).cloned().collect();
    VariationPlan { settings: varying.collect(), pinned: held, ..plan.clone() }
}

/// The name and the value of a change that a user can make: a variable, or `arg:` and an argument.
fn told(change: &SettingChange) -> Option<(String, String)> {
    match change {
        SettingChange::Variable { name, value } | SettingChange::Joined { name, value, .. } => {
            Some((name.clone(), value.clone()))
        }
        SettingChange::Argument { flag, value } => Some((format!("arg:{flag}"), value.clone())),
        _ => None,
    }
}

fn is_settable(change: &SettingChange) -> bool {
    told(change).is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use concord_protocol::VariationDesign;

    use super::*;
    use crate::{Host, plan};

    fn planned(request: &[&str]) -> VariationPlan {
        planned_as(request, VariationDesign::One)
    }

    fn planned_as(request: &[&str], design: VariationDesign) -> VariationPlan {
        let request: Vec<_> = request.iter().map(|word| (*word).to_owned()).collect();
        let host = Host {
            arch: "x86_64".to_owned(),
            levels: ["v1", "v2", "v3"].map(str::to_owned).into_iter().collect(),
            cores: 2,
            programs: Host::PROGRAMS.map(str::to_owned).into_iter().collect(),
            has_preload: true,
            ..Host::default()
        };
        plan(&request, design, None, 20, &host).unwrap().unwrap().0
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

    #[test]
    fn a_set_without_members_is_pinned_variable_by_variable() {
        let plan = planned_as(&["threads"], VariationDesign::All);
        let pins = names(&Pin::all(&plan));
        assert!(pins.contains(&"OMP_NUM_THREADS=1".to_owned()), "{pins:?}");
        assert!(pins.iter().all(|pin| !pin.starts_with("threads=")), "{pins:?}");
        assert_eq!(pins.iter().filter(|pin| pin.starts_with("OMP_NUM_THREADS")).count(), 1);
    }

    #[test]
    fn a_pin_has_all_variables_of_its_setting() {
        let plan = planned(&["threads"]);
        let pins = Pin::all(&plan);
        let mkl = pins.iter().find(|pin| pin.name == "MKL_NUM_THREADS").unwrap();
        let expect = [("MKL_NUM_THREADS", "1"), ("MKL_DYNAMIC", "FALSE")];
        assert_eq!(mkl.values(), expect.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn two_presets_add_to_one_variable() {
        let plan = planned(&["cpu,threads"]);
        let pins = Pin::all(&plan);
        let flags: Vec<_> = pins.iter().filter(|pin| pin.name == "XLA_FLAGS").cloned().collect();
        assert_eq!(flags.len(), 2);
        let of_cpu = pinned(&plan, &flags[..1]);
        let left: Vec<_> = of_cpu.settings.iter().filter(|setting| setting.name == "XLA_FLAGS").collect();
        assert!(left.iter().all(|setting| setting.factor == "threads") && !left.is_empty());
    }
}
