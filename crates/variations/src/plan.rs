//! The settings that a request asks for on a machine.

use concord_protocol::{LeftOut, Setting, SettingChange, VariationDesign, VariationPlan};

use crate::error::RequestError;
use crate::host::Host;
use crate::request::Request;
use crate::table::{Knob, KnobKind, KnobTable, Set};

/// The most combinations of settings of a job.
pub const COMBINATIONS_MAX: u32 = 10_000;

/// Copies of each combination, at least: so that a difference between runs is told from an effect of a setting.
const COPIES_PER_COMBINATION: u32 = 2;

/// The factor of settings that the user names one by one.
const CUSTOM: &str = "custom";

/// Models of QEMU that stand for what it can do, and for no processor: libraries choose code that no machine runs.
const NO_MODELS: [&str; 3] = ["max", "base", "host"];

/// The preset of the BLAS libraries that are installed.
const BLAS: &str = "blas";

/// The plan that the words of `--vary` ask for; `None` without any. `copies` is the number that the user asked for, if
/// any. Gives the plan and the number of copies.
///
/// # Errors
/// When a word cannot be understood, sets something that must not be set, or needs more copies than asked for.
pub fn plan(
    request: &[String],
    design: VariationDesign,
    copies: Option<u32>,
    copies_default: u32,
    host: &Host,
) -> Result<Option<(VariationPlan, u32)>, RequestError> {
    if request.is_empty() {
        return Ok(None);
    }
    let mut draft = Draft { host, design, settings: Vec::new(), left_out: Vec::new() };
    for wanted in Request::parse(request)? {
        draft.add(wanted)?;
    }
    let Draft { settings, left_out, .. } = draft;
    if settings.is_empty() {
        let reasons: Vec<_> = left_out.iter().map(|left| format!("{}: {}", left.name, left.reason)).collect();
        return Err(RequestError::new(
            format!("nothing that --vary {} asks for can be varied here", request.join(" ")),
            reasons.join("; "),
        ));
    }
    let plan = VariationPlan {
        request: request.to_vec(),
        design,
        chose_copies: copies.is_none(),
        settings,
        left_out,
        pinned: Vec::new(),
    };
    let copies = copies_of(&plan, copies, copies_default)?;
    Ok(Some((plan, copies)))
}

/// The number of copies of a plan.
fn copies_of(plan: &VariationPlan, copies: Option<u32>, copies_default: u32) -> Result<u32, RequestError> {
    let combinations = plan.combinations();
    if combinations > COMBINATIONS_MAX {
        let count =
            if combinations == u32::MAX { "too many to count".to_owned() } else { combinations.to_string() };
        return Err(RequestError::new(
            format!(
                "--vary asks for {count} combinations of settings, and a job has {COMBINATIONS_MAX} at most"
            ),
            "name fewer values, or vary one thing at a time: --vary-plan one",
        ));
    }
    let copies_min = combinations.saturating_mul(COPIES_PER_COMBINATION);
    match copies {
        Some(copies) if copies < copies_min => Err(RequestError::new(
            format!(
                "{combinations} settings, with the baseline, take {copies_min} copies at least, and {copies} are asked for"
            ),
            format!(
                "each setting needs {COPIES_PER_COMBINATION} copies: --copies {copies_min}, or leave --copies out"
            ),
        )),
        Some(copies) => Ok(copies),
        None => Ok(copies_default.max(copies_min)),
    }
}

/// The settings of a plan while it is made.
struct Draft<'a> {
    host: &'a Host,
    design: VariationDesign,
    settings: Vec<Setting>,
    left_out: Vec<LeftOut>,
}

impl Draft<'_> {
    fn add(&mut self, wanted: Request) -> Result<(), RequestError> {
        match wanted {
            Request::Preset { preset, .. } if preset == BLAS => {
                self.add_blas();
                Ok(())
            }
            Request::Preset { preset, values } => self.add_preset(&preset, &values),
            Request::Variable { name, values } => {
                self.add_custom(&name, values, |value| SettingChange::Variable { name: name.clone(), value })
            }
            Request::Argument { flag, values } => {
                let name = format!("arg:{flag}");
                self.add_custom(&name, values, |value| SettingChange::Argument { flag: flag.clone(), value })
            }
            Request::Programs { values } => {
                self.add_custom("command", values, |program| SettingChange::Program { program })
            }
        }
    }

    fn add_custom(
        &mut self,
        name: &str,
        values: Vec<String>,
        change: impl Fn(String) -> SettingChange,
    ) -> Result<(), RequestError> {
        if self.settings.iter().any(|before| before.factor == CUSTOM && before.name == name) {
            return Err(RequestError::new(
                format!("--vary names {name} twice"),
                "give all values at once: --vary NAME=1,2,4",
            ));
        }
        let knob = KnobTable::get().variable(name, &self.host.arch);
        for value in values {
            self.settings.push(Setting {
                factor: CUSTOM.to_owned(),
                name: name.to_owned(),
                library: knob.and_then(|knob| knob.library.clone()),
                report: knob.and_then(|knob| knob.report(&value)),
                names: knob.and_then(|knob| knob.names.clone()),
                value: value.clone(),
                changes: vec![change(value)],
            });
        }
        Ok(())
    }

    fn add_preset(&mut self, preset: &str, named: &[String]) -> Result<(), RequestError> {
        let table = KnobTable::get();
        let arch = self.host.arch.as_str();
        let mut levels: Vec<&str> = Vec::new();
        if let Some(set) = table.set(preset, arch) {
            levels = self.levels(set);
            self.add_set(set, &levels);
        }
        let is_in_set = |knob: &Knob| levels.iter().any(|level| knob.at(level).is_some());
        for knob in table.knobs(preset, arch) {
            if let Some(missing) = self.missing(knob) {
                if !named.is_empty() || !is_of_all(preset) {
                    return Err(RequestError::new(
                        format!("--vary {preset}: {missing}"),
                        "install it, or leave it out",
                    ));
                }
                self.leave_out(&knob.name, missing);
                continue;
            }
            // All combinations of the knobs of a set would be too many: the set stands for them.
            if is_in_set(knob) && self.design == VariationDesign::All {
                continue;
            }
            let mut values: Vec<String> = levels.iter().filter_map(|level| knob.at(level)).collect();
            if knob.kind == KnobKind::Emulator {
                self.check_models(named)?;
            }
            if !is_in_set(knob) {
                values = if named.is_empty() { self.present(knob) } else { named.to_vec() };
            }
            values.dedup();
            for value in values {
                let setting = self.of_knob(knob, &value);
                self.settings.push(setting);
            }
        }
        if !self.settings.iter().any(|setting| setting.factor == preset) {
            self.leave_out(preset, format!("it has no settings for {arch}"));
        }
        Ok(())
    }

    /// The levels of a set that this machine has.
    fn levels<'s>(&mut self, set: &'s Set) -> Vec<&'s str> {
        let is_cpu = set.preset == "cpu";
        let mut levels = Vec::new();
        for level in &set.levels {
            if is_cpu && !self.host.levels.contains(level) {
                self.leave_out(
                    &format!("{}={level}", set.name),
                    "this processor does not have its instructions".to_owned(),
                );
            } else {
                levels.push(level.as_str());
            }
        }
        levels
    }

    /// A setting for each level, which does what all knobs of the preset do at that level.
    fn add_set(&mut self, set: &Set, levels: &[&str]) {
        for level in levels {
            let knobs = KnobTable::get().knobs(&set.preset, &self.host.arch);
            let members: Vec<Setting> =
                knobs.filter_map(|knob| knob.at(level).map(|value| self.of_knob(knob, &value))).collect();
            let mut changes: Vec<SettingChange> = Vec::new();
            for change in members.iter().flat_map(|member| &member.changes) {
                if !changes.contains(change) {
                    changes.push(change.clone());
                }
            }
            self.settings.push(Setting {
                factor: set.preset.clone(),
                name: set.name.clone(),
                library: None,
                value: (*level).to_owned(),
                changes,
                report: members.into_iter().find_map(|member| member.report),
                names: None,
            });
        }
    }

    fn of_knob(&self, knob: &Knob, value: &str) -> Setting {
        let name = knob.name.clone();
        let words = || {
            let cpu = self.host.cpu.to_string();
            knob.words.iter().map(|word| word.replace("{cpu}", &cpu).replace("{}", value)).collect()
        };
        let text = value.to_owned();
        let mut changes = vec![match knob.kind {
            KnobKind::Variable => SettingChange::Variable { name, value: text },
            KnobKind::Joined => {
                SettingChange::Joined { name, value: text, separator: knob.separator.clone() }
            }
            KnobKind::Preload => {
                SettingChange::Preload { knob: knob.preload.clone().unwrap_or_default(), value: text }
            }
            KnobKind::Wrapper => SettingChange::Wrapper { words: words() },
            KnobKind::Emulator => SettingChange::Emulator { words: words() },
            KnobKind::Environment => SettingChange::Environment { bytes: value.parse().unwrap_or_default() },
            KnobKind::Busy => SettingChange::Busy,
        }];
        changes.extend(knob.folder.iter().map(|name| SettingChange::OwnFolder { name: name.clone() }));
        let with = |(name, value): (&String, &String)| SettingChange::Variable {
            name: name.clone(),
            value: value.clone(),
        };
        changes.extend(knob.with.iter().map(with));
        let is_beyond = value.parse().is_ok_and(|cores: u32| cores > self.host.cores);
        if knob.cores && is_beyond && self.host.has_preload {
            changes.push(SettingChange::Preload { knob: "cores".to_owned(), value: value.to_owned() });
        }
        Setting {
            factor: knob.preset.clone(),
            name: knob.name.clone(),
            library: knob.library.clone(),
            value: value.to_owned(),
            changes,
            report: knob.report(value),
            names: knob.names.clone(),
        }
    }

    /// What a knob needs and this machine does not have.
    fn missing(&self, knob: &Knob) -> Option<String> {
        if knob.kind == KnobKind::Preload && !self.host.has_preload {
            return Some("this build has no library to preload".to_owned());
        }
        let program = knob.words.first().filter(|program| !self.host.programs.contains(*program))?;
        Some(format!("the program {program} is not installed, or may not do this here"))
    }

    /// The values of a knob that this machine has: not every emulator knows every model.
    fn present(&mut self, knob: &Knob) -> Vec<String> {
        let is_present =
            |value: &&String| knob.kind != KnobKind::Emulator || self.host.models.contains(*value);
        let (present, absent): (Vec<&String>, Vec<&String>) = knob.values.iter().partition(is_present);
        for value in absent {
            self.leave_out(&format!("{}={value}", knob.name), "the emulator does not know it".to_owned());
        }
        present.into_iter().cloned().collect()
    }

    /// Refuses models that the emulator does not know, and models that stand for no real processor.
    fn check_models(&self, named: &[String]) -> Result<(), RequestError> {
        let is_model =
            |name: &&String| !NO_MODELS.contains(&name.as_str()) && self.host.models.contains(*name);
        match named.iter().find(|name| !is_model(name)) {
            Some(name) => Err(RequestError::new(
                format!("--vary emulate={name}: QEMU does not emulate such a processor"),
                "qemu-x86_64 -cpu help lists the models, such as Nehalem, SandyBridge, Haswell and EPYC-Milan",
            )),
            None => Ok(()),
        }
    }

    fn add_blas(&mut self) {
        for blas in &self.host.blas {
            self.settings.push(Setting {
                factor: BLAS.to_owned(),
                name: BLAS.to_owned(),
                library: Some(blas.name.clone()),
                value: blas.name.clone(),
                changes: vec![SettingChange::LibraryFolder { folder: blas.folder.clone() }],
                report: None,
                names: None,
            });
        }
        if self.host.blas.is_empty() {
            self.leave_out(BLAS, "no BLAS library is installed in a folder of its own".to_owned());
        }
    }

    fn leave_out(&mut self, name: &str, reason: String) {
        self.left_out.push(LeftOut { name: name.to_owned(), reason });
    }
}

/// Whether `all` asks for a preset; the others are asked for by name only.
fn is_of_all(preset: &str) -> bool {
    preset != "emulate"
}

#[cfg(test)]
mod tests;
