//! Whether a setting reached the program: what libraries report.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use concord_preload::Report;
use concord_protocol::{Facts, JobId, LibraryReport, Setting, SettingChange};
use lru::LruCache;
use memchr::memmem;

/// Answers of libraries that are remembered, at most: the ones used last.
const ANSWERS_MAX: NonZeroUsize = NonZeroUsize::new(4_096).expect("not zero");

/// The answers of libraries, by job and setting: a library is asked once.
#[derive(Debug)]
pub(in super::super) struct Reach(Mutex<LruCache<(JobId, String), Option<bool>>>);

/// A library that is asked whether a setting reached it.
pub(in super::super) struct Question<'a> {
    setting: &'a Setting,
    /// How it is asked.
    pub(in super::super) report: &'a LibraryReport,
}

impl Default for Reach {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(ANSWERS_MAX)))
    }
}

impl Reach {
    /// Records which settings reached a run, as far as it is known. `facts` are those of the run. `ask` runs the command once
    /// more and gives what it printed, if it succeeds.
    pub(in super::super) fn record(
        &self,
        job: &JobId,
        settings: &[&Setting],
        facts: &mut Facts,
        ask: impl Fn(&Question<'_>) -> Option<Vec<u8>>,
    ) {
        for setting in settings {
            let Some(report) = setting.report.as_ref().filter(|report| facts.get(&report.fact).is_some())
            else {
                continue;
            };
            let question = Question { setting, report };
            match self.answer(job, &question, &ask) {
                Some(true) => record(setting, true, facts),
                // Of a set, one library answers: others may have taken it.
                Some(false) if setting.changes.len() == 1 => record(setting, false, facts),
                _ => {}
            }
        }
    }

    fn answer(
        &self,
        job: &JobId,
        question: &Question<'_>,
        ask: impl Fn(&Question<'_>) -> Option<Vec<u8>>,
    ) -> Option<bool> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (job.clone(), question.setting.to_string());
        if let Some(known) = lock().get(&key) {
            return *known;
        }
        let printed = ask(question);
        // A library may take a name in another case than it says it.
        let says = question.report.says.to_ascii_lowercase();
        let answer =
            printed.map(|printed| memmem::find(&printed.to_ascii_lowercase(), says.as_bytes()).is_some());
        lock().put(key, answer);
        answer
    }
}

/// Records what the library that is loaded first reported in the file at `report`, and removes the file.
pub(in super::super) fn record_report(settings: &[&Setting], report: &Path, facts: &mut Facts) {
    let bytes = std::fs::read(report).unwrap_or_default();
    let _ = std::fs::remove_file(report);
    let is_loaded = Report::Loaded.is_in(&bytes);
    for setting in settings {
        let [SettingChange::Preload { knob, .. }] = &setting.changes[..] else { continue };
        let acted = match knob.as_str() {
            "cores" => Report::Cores,
            "heap" => Report::Heap,
            _ => Report::Rounding,
        };
        if acted.is_in(&bytes) {
            record(setting, true, facts);
        } else if !is_loaded {
            record(setting, false, facts);
        }
    }
}

/// Records of the settings that emulate a processor that they reached the program: no other program ran.
pub(super) fn record_emulated(settings: &[&Setting], facts: &mut Facts) {
    for setting in settings {
        if setting.changes.iter().any(|change| matches!(change, SettingChange::Emulator { .. })) {
            record(setting, true, facts);
        }
    }
}

/// Records of the settings that only set variables among `unread` that they did not reach the program.
pub(super) fn record_unread(settings: &[&Setting], unread: &BTreeSet<String>, facts: &mut Facts) {
    for setting in settings {
        let is_unread = |change: &SettingChange| match change {
            SettingChange::Variable { name, .. } | SettingChange::Joined { name, .. } => {
                unread.contains(name)
            }
            SettingChange::OwnFolder { .. } => true,
            _ => false,
        };
        if setting.changes.iter().all(is_unread) {
            record(setting, false, facts);
        }
    }
}

fn record(setting: &Setting, reached: bool, facts: &mut Facts) {
    let answer = if reached { "yes" } else { "no" };
    facts.record(&format!("{}{}", Facts::REACHED, setting.name), answer);
}
