//! Whether a setting reached the program.

use concord_protocol::{Facts, Setting, SettingChange};

use super::varied::SettingReach;
use crate::ObservedRun;

/// What the facts of one run say.
pub(super) fn in_run(setting: &Setting, run: &ObservedRun<'_>) -> SettingReach {
    match run.fact(&format!("{}{}", Facts::REACHED, setting.name)) {
        Some("yes") => return SettingReach::Yes,
        Some("no") => return SettingReach::No,
        _ => {}
    }
    let is_ignored = setting.names.as_ref().is_some_and(|names| {
        run.fact(&names.fact).is_some_and(|version| names.ignores(version, &setting.value))
    });
    if is_ignored { SettingReach::No } else { SettingReach::Unknown }
}

/// Whether a setting reaches any command, because it changes how the command is started.
pub(super) fn is_sure(setting: &Setting) -> bool {
    setting.changes.iter().all(|change| {
        matches!(
            change,
            SettingChange::Argument { .. }
                | SettingChange::Program { .. }
                | SettingChange::Wrapper { .. }
                | SettingChange::Environment { .. }
                | SettingChange::Busy
        )
    })
}

/// What several runs say together: one in which the setting reached the program is enough.
pub(super) fn of_runs(one: SettingReach, other: SettingReach) -> SettingReach {
    use SettingReach::{No, Unknown, Yes};
    match (one, other) {
        (Yes, _) | (_, Yes) => Yes,
        (Unknown, _) | (_, Unknown) => Unknown,
        (No, No) => No,
    }
}
