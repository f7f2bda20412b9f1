use std::collections::{BTreeMap, btree_map};

use serde::{Deserialize, Serialize};

use crate::limits::{FACT_NAME_BYTES_MAX, FACT_VALUE_BYTES_MAX, FACTS_MAX};

/// Facts about a machine, a sandbox or a run: values by name, in the order of the names.
///
/// A name consists of words joined by dots. A word consists of letters, digits, `_` and `-`: `cpu.model_name`,
/// `variable.GLIBC_TUNABLES`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Facts(BTreeMap<String, String>);

impl Facts {
    /// Records a fact. It replaces an earlier fact with the same name. Control characters of the value become spaces,
    /// and the value is cut at [`FACT_VALUE_BYTES_MAX`]. A fact with an invalid name, or beyond [`FACTS_MAX`], is
    /// left out without an error: a fact must not cost the result. Returns whether the fact was recorded.
    pub fn record(&mut self, name: &str, value: impl Into<String>) -> bool {
        if !is_name(name) || (self.0.len() >= FACTS_MAX && !self.0.contains_key(name)) {
            return false;
        }
        let printable = |letter: char| if letter.is_control() { ' ' } else { letter };
        let mut value: String = value.into().chars().map(printable).collect();
        value.truncate(value.floor_char_boundary(FACT_VALUE_BYTES_MAX));
        self.0.insert(name.to_owned(), value);
        true
    }

    /// Records all of the given facts. Each replaces an earlier fact with the same name.
    pub fn record_all(&mut self, facts: impl IntoIterator<Item = (String, String)>) {
        for (name, value) in facts {
            self.record(&name, value);
        }
    }

    /// The value of the fact with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The facts, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The number of facts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no facts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Facts {
    type Item = (String, String);
    type IntoIter = btree_map::IntoIter<String, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<N: AsRef<str>, V: Into<String>> FromIterator<(N, V)> for Facts {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(facts: I) -> Self {
        let mut recorded = Self::default();
        for (name, value) in facts {
            recorded.record(name.as_ref(), value);
        }
        recorded
    }
}

fn is_name(name: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    name.len() <= FACT_NAME_BYTES_MAX
        && name.split('.').all(|word| !word.is_empty() && word.chars().all(is_letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_values_are_bounded_and_printable() {
        let check = |name: &str, value: &str, expect: Option<&str>| {
            let mut facts = Facts::default();
            assert_eq!(facts.record(name, value), expect.is_some(), "{name}");
            assert_eq!(facts.get(name), expect, "{name}");
        };
        check("cpu.model_name", "Xeon", Some("Xeon"));
        check("variable.LC_ALL", "C\n\u{1b}[31m", Some("C  [31m"));
        check("cpu.name", &"ä".repeat(FACT_VALUE_BYTES_MAX), Some(&"ä".repeat(FACT_VALUE_BYTES_MAX / 2)));
        check(&"n".repeat(FACT_NAME_BYTES_MAX), "1", Some("1"));
        for name in ["", ".", "a.", ".a", "a..b", "a b", "ä", "<b>", &"n".repeat(FACT_NAME_BYTES_MAX + 1)] {
            check(name, "1", None);
        }
    }

    #[test]
    fn the_last_value_of_a_name_is_kept_also_at_the_bound() {
        let mut facts: Facts = (0..2 * FACTS_MAX).map(|fact| (format!("fact.{fact}"), "1")).collect();
        assert_eq!(facts.len(), FACTS_MAX);
        assert!(facts.record("fact.0", "2"));
        assert_eq!((facts.get("fact.0"), facts.len()), (Some("2"), FACTS_MAX));
    }
}
