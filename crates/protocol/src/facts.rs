use std::collections::{BTreeMap, btree_map};

use serde::{Deserialize, Serialize};

use crate::limits::{FACT_NAME_BYTES_MAX, FACT_VALUE_BYTES_MAX, FACTS_MAX};

/// What was recorded of a machine, a sandbox or a run: values by name, in the order of the names.
///
/// A name is words of letters, digits, `_` and `-`, joined by dots: `cpu.model_name`, `variable.GLIBC_TUNABLES`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Facts(BTreeMap<String, String>);

impl Facts {
    /// Records a fact, in place of an earlier one of the same name. Control characters of the value become spaces; it
    /// is cut at [`FACT_VALUE_BYTES_MAX`]. A name that is none, or a fact beyond [`FACTS_MAX`], is left out: facts may
    /// come from anywhere, and a result is worth more than what is said beside it. Says whether it was recorded.
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

    /// Records all of the given facts, each in place of an earlier one of the same name.
    pub fn record_all(&mut self, facts: impl IntoIterator<Item = (String, String)>) {
        for (name, value) in facts {
            self.record(&name, value);
        }
    }

    /// The value of a fact.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The facts, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
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
    fn what_is_recorded_is_bounded_and_printable() {
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
    fn the_last_value_of_a_name_stands_even_when_there_are_many() {
        let mut facts: Facts = (0..2 * FACTS_MAX).map(|fact| (format!("fact.{fact}"), "1")).collect();
        assert_eq!(facts.len(), FACTS_MAX);
        assert!(facts.record("fact.0", "2"));
        assert_eq!((facts.get("fact.0"), facts.len()), (Some("2"), FACTS_MAX));
    }
}
