use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits::{FACT_NAME_BYTES_MAX, FACT_VALUE_BYTES_MAX, FACTS_MAX};
use crate::text::without_hidden;

/// Facts about a machine, a sandbox or a run: values by name, in the order of the names.
///
/// A name consists of words joined by dots. A word consists of letters, digits, `_` and `-`: `cpu.model_name`,
/// `variable.GLIBC_TUNABLES`.
///
/// All names and values are in one text, because an explanation holds the facts of thousands of runs: 15 facts take about
/// 600 bytes, a third of what a map of strings takes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Facts {
    /// Each name, followed by its value, in the order of the names.
    text: String,
    places: Vec<FactSpan>,
}

/// Where a fact is in the text, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct FactSpan {
    name: u32,
    value: u32,
    end: u32,
}

impl Facts {
    /// Begins the name of a fact about the first attempt of a copy, which failed, where it differs from the attempt that
    /// was recorded.
    pub const FIRST_ATTEMPT: &str = "first_attempt.";

    /// Begins the names of the facts that say whether a setting reached the program: `yes` or `no`, by the name of what the
    /// setting varies.
    pub const REACHED: &'static str = "reached.";

    /// Records a fact. It replaces an earlier fact with the same name. Hidden characters of the value become spaces,
    /// and the value is cut at [`FACT_VALUE_BYTES_MAX`]. A fact with an invalid name, or beyond [`FACTS_MAX`], is
    /// left out without an error: a fact must not cost the result. Returns whether the fact was recorded.
    pub fn record(&mut self, name: &str, value: impl Into<String>) -> bool {
        if !is_name(name) || (self.len() >= FACTS_MAX && self.get(name).is_none()) {
            return false;
        }
        let mut value = without_hidden(&value.into());
        value.truncate(value.floor_char_boundary(FACT_VALUE_BYTES_MAX));
        self.insert(name, &value);
        true
    }

    /// Records all of the given facts. Each replaces an earlier fact with the same name.
    pub fn record_all(&mut self, facts: &Self) {
        for (name, value) in facts.iter() {
            self.record(name, value);
        }
    }

    /// Adds facts that were recorded before. There is no bound, so none of them is left out.
    #[must_use]
    pub fn gathered<'a>(facts: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut gathered = Self::default();
        for (name, value) in facts {
            gathered.insert(name, value);
        }
        gathered
    }

    /// The value of the fact with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).ok().map(|place| self.at(self.places[place]).1)
    }

    /// The facts, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.places.iter().map(|place| self.at(*place))
    }

    /// The names of the facts, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    /// The number of facts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are no facts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Name and value of the fact at `place`.
    fn at(&self, place: FactSpan) -> (&str, &str) {
        let [name, value, end] = [place.name, place.value, place.end].map(|byte| byte as usize);
        (&self.text[name..value], &self.text[value..end])
    }

    /// Where the fact with this name is in `places`; otherwise where it would be.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.places.binary_search_by(|place| self.at(*place).0.cmp(name))
    }

    fn insert(&mut self, name: &str, value: &str) {
        let place = match self.find(name) {
            Ok(place) => {
                self.remove(place);
                place
            }
            Err(place) => place,
        };
        let start = self.places.get(place).map_or(bytes(&self.text), |next| next.name);
        self.text.insert_str(start as usize, value);
        self.text.insert_str(start as usize, name);
        let added =
            FactSpan { name: start, value: start + bytes(name), end: start + bytes(name) + bytes(value) };
        for later in &mut self.places[place..] {
            *later = later.moved(|byte| byte + (added.end - added.name));
        }
        self.places.insert(place, added);
    }

    fn remove(&mut self, place: usize) {
        let removed = self.places.remove(place);
        self.text.replace_range(removed.name as usize..removed.end as usize, "");
        for later in &mut self.places[place..] {
            *later = later.moved(|byte| byte - (removed.end - removed.name));
        }
    }
}

impl FactSpan {
    fn moved(self, by: impl Fn(u32) -> u32) -> Self {
        Self { name: by(self.name), value: by(self.value), end: by(self.end) }
    }
}

/// The length of a text. Facts that could not be counted by 32 bits do not fit the bounds of an outcome.
fn bytes(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

impl fmt::Debug for Facts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Facts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FactsVisitor)
    }
}

struct FactsVisitor;

impl<'de> Visitor<'de> for FactsVisitor {
    type Value = Facts;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map from names of facts to texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Facts, A::Error> {
        let mut facts = Facts::default();
        while let Some((name, value)) = map.next_entry::<Cow<'de, str>, Cow<'de, str>>()? {
            facts.insert(&name, &value);
        }
        facts.text.shrink_to_fit();
        facts.places.shrink_to_fit();
        Ok(facts)
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
    fn facts_are_a_map_in_the_order_of_the_names() {
        // Names and values of all lengths, recorded in mixed order, and every one of them replaced.
        let name = |fact: usize| format!("a.{}", "b".repeat(1 + fact * 7 % 29));
        let mut facts = Facts::default();
        let mut expect = std::collections::BTreeMap::new();
        for turn in 0..2 {
            for fact in 0..29 {
                let value = "ä".repeat(fact * (5 + turn) % 11);
                facts.record(&name(fact), value.clone());
                expect.insert(name(fact), value);
            }
        }
        let pairs = expect.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        assert!(facts.iter().eq(pairs), "{facts:?}");
        assert!(expect.iter().all(|(name, value)| facts.get(name) == Some(value)));
        let json = serde_json::to_string(&facts).unwrap();
        assert_eq!(json, serde_json::to_string(&expect).unwrap());
        assert_eq!(serde_json::from_str::<Facts>(&json).unwrap(), facts);
        assert_eq!(
            serde_json::from_str::<Facts>(r#"{"b":"1","a":"2","b":"3"}"#).unwrap().get("b"),
            Some("3")
        );
        assert!(serde_json::from_str::<Facts>(r#"{"a":1}"#).is_err());
    }

    #[test]
    fn the_last_value_of_a_name_is_kept_also_at_the_bound() {
        let mut facts: Facts = (0..2 * FACTS_MAX).map(|fact| (format!("fact.{fact}"), "1")).collect();
        assert_eq!(facts.len(), FACTS_MAX);
        assert!(facts.record("fact.0", "2"));
        assert_eq!((facts.get("fact.0"), facts.len()), (Some("2"), FACTS_MAX));
    }
}
