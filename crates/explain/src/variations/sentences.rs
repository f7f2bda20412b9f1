//! What the settings of a job did, in sentences.

use concord_protocol::LeftOut;

use super::varied::{SettingReach, VariedCause, VariedSetting};
use crate::numbers::{count, p_told};

/// Names that a sentence lists, at most.
const NAMES_TOLD_MAX: usize = 3;

/// Characters of a value that a sentence shows, at most.
const VALUE_CHARS_MAX: usize = 32;

/// What changes the result. `noise` are the copies of the baseline and their digests, if these copies differ from each other;
/// it is said first.
pub(super) fn separates(noise: Option<(u64, u64)>, causes: &[VariedCause], is_beyond_chance: bool) -> String {
    let noise = noise.map(|(copies, digests)| {
        format!("without any setting, {} copies gave {} digests; ", count(copies), count(digests))
    });
    noise.unwrap_or_default() + &told(causes, is_beyond_chance)
}

fn told(causes: &[VariedCause], is_beyond_chance: bool) -> String {
    let [first, others @ ..] = causes else {
        return if is_beyond_chance {
            "copies with the same settings agree more than others, but no setting is told from the baseline"
                .to_owned()
        } else {
            "no setting that was tried changes the result beyond chance".to_owned()
        };
    };
    let values = first.values_by_class.iter().map(|(class, values)| {
        let values: Vec<_> = values.iter().map(|value| shortened(value)).collect();
        format!("{class} with {}", listed(&values))
    });
    let library = first.library.as_ref().map_or_else(String::new, |library| format!(" ({library})"));
    let more = match others {
        [] => String::new(),
        others => {
            let names: Vec<_> = others.iter().map(|cause| cause.name.clone()).collect();
            format!("; so {} {}", if others.len() == 1 { "does" } else { "do" }, some(&names))
        }
    };
    let does = if first.is_stabilising { "makes the result stable" } else { "changes the result" };
    let values: Vec<_> = values.collect();
    format!("{}{library} {does}: {} ({}){more}", first.name, values.join("; "), p_told(first.p, true))
}

/// Lists four groups of settings: the copies agree although they were varied, they did not reach the program, no effect of them
/// could be seen, they were not tried.
pub(super) fn in_spite_of(settings: &[VariedSetting], left_out: &[LeftOut]) -> String {
    let of = |reached: SettingReach| -> Vec<&VariedSetting> {
        settings.iter().filter(|setting| setting.reached == reached && setting.copies > 0).collect()
    };
    let mut parts = Vec::new();
    let held = names(&of(SettingReach::Yes));
    if !held.is_empty() {
        parts.push(format!("held in spite of {}", listed(&held)));
    }
    let missed = names(&of(SettingReach::No));
    if !missed.is_empty() {
        parts.push(format!("{} did not reach this program", some(&missed)));
    }
    match &names(&of(SettingReach::Unknown))[..] {
        [] => {}
        [name] => {
            parts.push(format!("no effect of {name} could be seen, so the copies say nothing about it"));
        }
        names => parts.push(format!(
            "no effect of {} could be seen, so the copies say nothing about them",
            some(names)
        )),
    }
    if !left_out.is_empty() {
        let left: Vec<_> = left_out.iter().map(|left| left.name.clone()).collect();
        parts.push(format!("not tried here: {}", some(&left)));
    }
    parts.join("; ")
}

/// The names of settings, each with the number of its values.
fn names(settings: &[&VariedSetting]) -> Vec<String> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for setting in settings {
        match counted.iter_mut().find(|(name, _)| *name == setting.name) {
            Some((_, values)) => *values += 1,
            None => counted.push((&setting.name, 1)),
        }
    }
    counted.sort_unstable();
    let told = |(name, values): (&str, usize)| match values {
        1 => format!("{name} (1 value)"),
        values => format!("{name} ({values} values)"),
    };
    counted.into_iter().map(told).collect()
}

/// "A, B, C and 4 more".
fn some(names: &[String]) -> String {
    let mut told: Vec<String> = names.iter().take(NAMES_TOLD_MAX).cloned().collect();
    if names.len() > NAMES_TOLD_MAX {
        told.push(format!("{} more", names.len() - NAMES_TOLD_MAX));
    }
    listed(&told)
}

/// "1, 2 and 4".
pub(super) fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A value that is too long for a sentence, without its end.
fn shortened(value: &str) -> String {
    match value.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}
