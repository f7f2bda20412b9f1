//! The table of what can be varied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use concord_protocol::{LibraryNames, LibraryReport};
use serde::Deserialize;

static TABLE: LazyLock<KnobTable> =
    LazyLock::new(|| toml::from_str(include_str!("table.toml")).expect("the table is part of the program"));

/// Everything that the table has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KnobTable {
    #[serde(rename = "set")]
    pub(crate) sets: Vec<Set>,
    #[serde(rename = "knob")]
    pub(crate) knobs: Vec<Knob>,
}

/// Everything of a preset at once, level by level.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Set {
    pub(crate) preset: String,
    pub(crate) name: String,
    pub(crate) arch: Option<String>,
    pub(crate) levels: Vec<String>,
}

/// One thing that is varied.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Knob {
    pub(crate) preset: String,
    pub(crate) name: String,
    pub(crate) library: Option<String>,
    pub(crate) arch: Option<String>,
    #[serde(default)]
    pub(crate) kind: KnobKind,
    #[serde(default)]
    pub(crate) separator: String,
    #[serde(default)]
    pub(crate) words: Vec<String>,
    pub(crate) preload: Option<String>,
    #[serde(default)]
    at: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) values: Vec<String>,
    pub(crate) folder: Option<String>,
    #[serde(default)]
    pub(crate) cores: bool,
    #[serde(default)]
    pub(crate) with: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) others: bool,
    pub(crate) report: Option<LibraryReport>,
    pub(crate) names: Option<LibraryNames>,
    #[cfg_attr(not(test), expect(dead_code, reason = "it is for the reader of the table"))]
    source: String,
    #[expect(dead_code, reason = "it is for the reader of the table")]
    note: Option<String>,
}

/// How a knob is applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KnobKind {
    #[default]
    Variable,
    Joined,
    Preload,
    Wrapper,
    Emulator,
    Environment,
    Busy,
}

impl KnobTable {
    pub(crate) fn get() -> &'static Self {
        &TABLE
    }

    /// The presets, in the order of the table.
    pub(crate) fn presets(&self) -> Vec<&str> {
        let mut presets: Vec<&str> = Vec::new();
        for knob in &self.knobs {
            if !presets.contains(&knob.preset.as_str()) {
                presets.push(&knob.preset);
            }
        }
        presets
    }

    /// The set of a preset on this architecture.
    pub(crate) fn set(&self, preset: &str, arch: &str) -> Option<&Set> {
        self.sets.iter().find(|set| set.preset == preset && is_for(set.arch.as_deref(), arch))
    }

    /// The knob that is a variable of this name, on this architecture.
    pub(crate) fn variable(&self, name: &str, arch: &str) -> Option<&Knob> {
        self.knobs
            .iter()
            .find(|knob| knob.is_variable() && knob.name == name && is_for(knob.arch.as_deref(), arch))
    }

    /// The knobs of a preset on this architecture.
    pub(crate) fn knobs<'a>(&'a self, preset: &'a str, arch: &'a str) -> impl Iterator<Item = &'a Knob> {
        self.knobs.iter().filter(move |knob| knob.preset == preset && is_for(knob.arch.as_deref(), arch))
    }
}

impl Knob {
    fn is_variable(&self) -> bool {
        matches!(self.kind, KnobKind::Variable | KnobKind::Joined)
    }

    /// How the library says that it took a value.
    pub(crate) fn report(&self, value: &str) -> Option<LibraryReport> {
        let report = self.report.clone()?;
        Some(LibraryReport { says: report.says.replace("{}", value), ..report })
    }

    /// The value at a level of the set, if it has one.
    pub(crate) fn at(&self, level: &str) -> Option<String> {
        let listed = self.at.iter().find(|(levels, _)| levels.split(' ').any(|listed| listed == level));
        let same = || self.values.first().filter(|value| value.contains("{}"));
        listed.map(|(_, value)| value).or_else(same).map(|value| value.replace("{}", level))
    }
}

/// The names of the variables in the table.
#[must_use]
pub fn variables() -> BTreeSet<&'static str> {
    TABLE.knobs.iter().filter(|knob| knob.is_variable()).map(|knob| knob.name.as_str()).collect()
}

fn is_for(arch: Option<&str>, host: &str) -> bool {
    arch.is_none_or(|arch| arch == host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_of_a_knob_is_a_level_of_its_set() {
        let table = KnobTable::get();
        for knob in &table.knobs {
            let sets: Vec<_> = table.sets.iter().filter(|set| set.preset == knob.preset).collect();
            let arch = knob.arch.as_deref().unwrap_or("x86_64");
            let set = sets.iter().find(|set| is_for(set.arch.as_deref(), arch));
            for level in knob.at.keys().flat_map(|levels| levels.split(' ')) {
                let levels = &set.unwrap_or_else(|| panic!("{} has levels and no set", knob.name)).levels;
                assert!(levels.iter().any(|known| known == level), "{}: {level}", knob.name);
            }
            assert!(!knob.at.is_empty() || !knob.values.is_empty(), "{} has no values", knob.name);
            assert!(knob.source.starts_with("https://"), "{}", knob.name);
            assert_eq!(knob.kind == KnobKind::Joined, !knob.separator.is_empty(), "{}", knob.name);
            let has_words = matches!(knob.kind, KnobKind::Wrapper | KnobKind::Emulator);
            assert_eq!(has_words, !knob.words.is_empty(), "{}", knob.name);
            assert_eq!(knob.kind == KnobKind::Preload, knob.preload.is_some(), "{}", knob.name);
        }
    }

    #[test]
    fn a_key_may_name_several_levels() {
        let table = KnobTable::get();
        let glibc = table.knobs("cpu", "x86_64").find(|knob| knob.name == "GLIBC_TUNABLES").unwrap();
        assert_eq!(glibc.at("v1"), glibc.at("v2-avx"));
        assert!(glibc.at("v2").unwrap().contains("-FMA"));
        assert_eq!(glibc.at("v4"), None);
        let threads = table.knobs("threads", "riscv64").find(|knob| knob.name == "OMP_NUM_THREADS").unwrap();
        assert_eq!(threads.at("3").as_deref(), Some("3"));
    }

    #[test]
    fn the_variables_have_names_that_a_user_can_set() {
        let variables = variables();
        for expect in ["OPENBLAS_CORETYPE", "PYTHONHASHSEED", "GLIBC_TUNABLES"] {
            assert!(variables.contains(expect));
        }
        for absent in ["heap_shift", "cpu_model", "affinity"] {
            assert!(!variables.contains(absent));
        }
    }
}
