//! Keeps the environments of all copies of a job at one length, with one number of variables.
//!
//! The variables of a process lie at the beginning of its stack, so a longer environment moves the stack. A program such as
//! Python copies them one by one, so another number of variables moves its heap. Both have changed results. Settings add
//! variables of many lengths; others fill what is left. They share it evenly: Python takes the room for a long text from
//! another place than that for a short one.

use std::collections::BTreeMap;
use std::ffi::OsString;

use concord_protocol::{Setting, SettingChange};

use super::inherited::inherited;

/// The variable that every copy has, and the beginning of the names of others.
const PAD: &str = "CONCORD_PAD";

/// The bytes that a variable takes beside its name and its value: a sign between them, a zero, and a pointer.
const BESIDE: usize = 2 + size_of::<usize>();

/// The variables that all copies of a job have, counted together: the most that settings add to an environment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Padding {
    /// In bytes.
    longest: isize,
    variables: usize,
}

impl Padding {
    /// The padding of copies with these variables.
    pub(super) fn of(environments: impl Iterator<Item = BTreeMap<String, OsString>>) -> Self {
        let environments: Vec<_> =
            environments.map(|variables| (length(&variables), count(&variables))).collect();
        let variables = environments.iter().map(|(_, count)| *count).max().unwrap_or_default();
        let filled =
            environments.iter().map(|(length, count)| length + signed(empty_bytes(variables - count)));
        Self { longest: filled.max().unwrap_or_default(), variables }
    }

    /// The names and the values of the variables that make up for `variables`, with what `settings` ask for.
    pub(super) fn variables(
        self,
        variables: &BTreeMap<String, OsString>,
        settings: &[&Setting],
    ) -> Vec<(String, String)> {
        let more = settings.iter().flat_map(|setting| &setting.changes).map(|change| match change {
            SettingChange::Environment { bytes } => usize::try_from(*bytes).unwrap_or_default(),
            _ => 0,
        });
        let others = self.variables.saturating_sub(count(variables));
        let bytes = self.longest - length(variables) - signed(empty_bytes(others));
        let bytes = usize::try_from(bytes).unwrap_or_default();
        let share = bytes / (others + 1);
        let first = (PAD.to_owned(), "0".repeat(bytes - share * others + more.sum::<usize>()));
        let others = (1..=others).map(|number| (other(number), "0".repeat(share)));
        std::iter::once(first).chain(others).collect()
    }
}

/// The name of another variable. All names have one length.
fn other(number: usize) -> String {
    format!("{PAD}_{number:03}")
}

/// The bytes of so many other variables without a value.
fn empty_bytes(others: usize) -> usize {
    others * (other(0).len() + BESIDE)
}

/// How many of these variables are new, and replace none.
fn count(variables: &BTreeMap<String, OsString>) -> usize {
    variables.keys().filter(|name| inherited(name).is_none()).count()
}

/// The bytes that these variables take, less those of the variables that they replace. Longer ones may be replaced.
fn length(variables: &BTreeMap<String, OsString>) -> isize {
    let bytes = |name: &str, value: &OsString| signed(name.len() + value.len() + BESIDE);
    let new: isize = variables.iter().map(|(name, value)| bytes(name, value)).sum();
    let replaced = variables.keys().filter_map(|name| Some(bytes(name, &inherited(name)?)));
    new - replaced.sum::<isize>()
}

/// A number of bytes that may be subtracted. Environments are far from the bound.
fn signed(bytes: usize) -> isize {
    isize::try_from(bytes).unwrap_or(isize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_copy_has_as_many_variables_of_one_length() {
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
            let mut variables = variables.clone();
            for (name, value) in padding.variables(&variables, settings) {
                assert!(variables.insert(name, value.into()).is_none());
            }
            (variables.len(), length(&variables))
        };
        let padded_by: Vec<_> = environments.iter().map(|variables| padded(variables, &[])).collect();
        // Two of the settings and CONCORD_PAD; the second environment needs the most.
        assert_eq!(padded_by[0].0, 3);
        assert_eq!(padded_by, [padded_by[0]; 3]);
        assert_eq!(padded(&environments[0], &[&setting]), (3, padded_by[0].1 + 16));
        // A variable that this process has may be replaced by a shorter one: every process has PATH.
        let shorter = [variables(&[]), variables(&[("PATH", "/")])];
        let padding = Padding::of(shorter.iter().cloned());
        let padded = |variables: &BTreeMap<String, OsString>| {
            let pad: usize = padding.variables(variables, &[]).iter().map(|(_, value)| value.len()).sum();
            length(variables) + signed(pad)
        };
        assert!(length(&shorter[1]) < 0);
        assert_eq!(padded(&shorter[0]), padded(&shorter[1]));
        // The bytes of one long variable are shared.
        let long = variables(&[("CONCORD_LONG", &"1".repeat(1000)), ("CONCORD_B", "2"), ("CONCORD_C", "3")]);
        let padding = Padding::of([variables(&[]), long].into_iter());
        let lengths = padding.variables(&variables(&[]), &[]).into_iter().map(|(_, value)| value.len());
        assert_eq!(lengths.collect::<Vec<_>>(), [249, 246, 246, 246]);
    }
}
