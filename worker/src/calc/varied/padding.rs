//! Keeps the environments of all copies of a job at one length.
//!
//! The variables of a process lie at the beginning of its stack, so a longer environment moves the stack, and that alone
//! has changed results. Settings add variables of many lengths. A variable fills what is left.

use std::collections::BTreeMap;
use std::ffi::OsString;

use concord_protocol::{Setting, SettingChange};

use super::inherited::inherited;

/// The variable that fills the environment.
const PAD: &str = "CONCORD_PAD";

/// The bytes that a variable takes beside its name and its value: a sign between them, a zero, and a pointer.
const BESIDE: usize = 2 + size_of::<usize>();

/// The length of the environments of a job: the most bytes that settings add to one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Padding {
    longest: usize,
}

impl Padding {
    /// The padding of copies with these variables.
    pub(super) fn of(environments: impl Iterator<Item = BTreeMap<String, OsString>>) -> Self {
        Self { longest: environments.map(|variables| length(&variables)).max().unwrap_or_default() }
    }

    /// The name and the value of the variable that makes up for `variables`, with what `settings` ask for.
    pub(super) fn variable(
        self,
        variables: &BTreeMap<String, OsString>,
        settings: &[&Setting],
    ) -> (&'static str, String) {
        let more = settings.iter().flat_map(|setting| &setting.changes).map(|change| match change {
            SettingChange::Environment { bytes } => usize::try_from(*bytes).unwrap_or_default(),
            _ => 0,
        });
        let bytes = self.longest.saturating_sub(length(variables)) + more.sum::<usize>();
        (PAD, "0".repeat(bytes))
    }
}

/// The bytes that these variables take, less those of the variables that they replace; 0 if they take less.
fn length(variables: &BTreeMap<String, OsString>) -> usize {
    let bytes = |name: &str, value: &OsString| name.len() + value.len() + BESIDE;
    let new: usize = variables.iter().map(|(name, value)| bytes(name, value)).sum();
    let replaced = variables.keys().filter_map(|name| Some(bytes(name, &inherited(name)?)));
    new.saturating_sub(replaced.sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_copy_has_an_environment_of_one_length() {
        let variables = |pairs: &[(&str, &str)]| -> BTreeMap<String, OsString> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
        };
        let environments = [
            variables(&[]),
            variables(&[("CONCORD_A", "1")]),
            variables(&[("CONCORD_LONG", "12345678"), ("CONCORD_B", "2")]),
        ];
        let padding = Padding::of(environments.iter().cloned());
        let setting = Setting {
            factor: "memory".to_owned(),
            name: "environment".to_owned(),
            library: None,
            value: "16".to_owned(),
            changes: vec![SettingChange::Environment { bytes: 16 }],
            report: None,
            names: None,
        };
        let padded = |variables: &BTreeMap<String, OsString>, settings: &[&Setting]| {
            length(variables) + padding.variable(variables, settings).1.len()
        };
        let lengths: Vec<_> = environments.iter().map(|variables| padded(variables, &[])).collect();
        assert_eq!(lengths, [50, 50, 50]);
        assert_eq!(padded(&environments[0], &[&setting]), 66);
    }
}
