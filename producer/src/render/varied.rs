//! What the settings of a job did, as text.

use concord_explain::{Explanation, SettingReach, VariedSetting};

use super::lines::Lines;
use super::words::grouped;

/// The most settings that are listed. Those that changed the result come first.
const SETTINGS_SHOWN_MAX: usize = 40;

/// A line for each setting of a job that varies something.
pub(super) fn settings(lines: &mut Lines, explanation: &Explanation) {
    let settings = &explanation.variations;
    if settings.is_empty() {
        return;
    }
    lines.head("copies  what each setting did");
    let (changed, others): (Vec<_>, Vec<_>) = settings.iter().partition(|setting| setting.changed);
    for setting in changed.into_iter().chain(others).take(SETTINGS_SHOWN_MAX) {
        lines.line(&format!("{:>6}  {}", grouped(setting.copies), line(setting)));
    }
    if settings.len() > SETTINGS_SHOWN_MAX {
        lines.line(&format!("        … {} settings in all: --format json has them", settings.len()));
    }
}

fn line(setting: &VariedSetting) -> String {
    let classes: Vec<_> = setting.classes.keys().cloned().collect();
    let library = setting.library.as_ref().map_or_else(String::new, |library| format!(" ({library})"));
    let did = match (setting.changed, setting.reached) {
        (true, _) => "changed the result",
        (false, SettingReach::Yes) => "did not change the result",
        (false, SettingReach::Unknown) => "no effect could be seen",
    };
    format!("{}={}{library}: {did}; {}", setting.name, setting.value, classes.join(", "))
}
