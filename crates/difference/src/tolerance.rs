mod parse;
mod rule;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use parse::ToleranceError;
pub(crate) use rule::{Allowance, PathStep};
use rule::{KeyPattern, Rule};

/// How far two numbers may be apart and still count as equivalent, by path.
///
/// A rule without a path is the default: it holds for every path that no other rule matches.
/// Without a default, numbers on those paths are equivalent only if they have the same bits.
///
/// - `ulp=4`, `abs=1e-9`, `rel=1e-12`: the largest number of representable numbers, the largest `|a - b|`, the
///   largest `|a - b| / max(|a|, |b|)`. Several bounds are joined by commas, and **one that holds is enough**.
/// - `/energy: rel=1e-12` for one path: a JSON pointer in which a segment `*` stands for any key and for the elements
///   of an array, and `/**` at the end for everything below.
/// - `/timestamp: ignore`: neither this value nor anything below it is compared.
/// - `order=any`: the keys of an object, or the columns of a table with names, may be in any order; like a bound, it may
///   stand alone, after a path, or beside bounds. It does not replace the bounds of a shorter rule.
///
/// One text may hold several rules, each with its path, joined by commas: `/a: ulp=4, /b: rel=1e-9`.
///
/// If several rules match a path, the longest wins. Of rules of the same length, one that ends in `/**` loses; then
/// the one with fewer `*` wins.
///
/// Tolerances are stored and sent as the list of their texts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Tolerances {
    texts: Vec<String>,
    rules: Vec<Rule>,
}

impl Tolerances {
    /// Parses the rules, one in each text.
    pub fn parse(texts: &[String]) -> Result<Self, ToleranceError> {
        if texts.len() > parse::RULES_MAX {
            return Err(ToleranceError::TooMany(texts.len()));
        }
        let mut rules: Vec<Rule> = Vec::new();
        for text in texts {
            for rule in parse::rules(text)? {
                if rules.iter().any(|other| other.repeats(&rule)) {
                    return Err(ToleranceError::Twice { text: rule.text });
                }
                rules.push(rule);
            }
        }
        if rules.len() > parse::RULES_MAX {
            return Err(ToleranceError::TooMany(rules.len()));
        }
        Ok(Self { texts: texts.to_vec(), rules })
    }

    /// The texts, as they were given.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The tolerance of `path`, given the tolerance `above` of its parent. Everything below an ignored path is
    /// ignored too, unless a longer rule says otherwise.
    pub(super) fn allowance(&self, path: &[PathStep<'_>], above: Allowance) -> Allowance {
        let fitting = self.rules.iter().filter(|rule| rule.fits(path));
        let best =
            fitting.filter_map(|rule| Some((rule, rule.allowance?))).max_by_key(|(rule, _)| rule.rank());
        let from_above = Allowance::Ignore == above;
        match best {
            // A rule that matches only because of its `/**` already applied to the parent.
            Some((rule, allowance)) if !from_above || rule.segments.len() == path.len() => allowance,
            _ if from_above => Allowance::Ignore,
            _ => Allowance::Exact,
        }
    }

    /// Whether a rule allows the keys at `path` in any order.
    pub(super) fn any_order(&self, path: &[PathStep<'_>]) -> bool {
        self.rules.iter().any(|rule| rule.any_order && rule.fits(path))
    }

    /// The number of rules.
    pub(super) fn len(&self) -> usize {
        self.rules.len()
    }

    /// The text of each rule.
    pub(super) fn rules(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| &*rule.text)
    }

    /// The positions of the rules that fit `path`.
    pub(super) fn fitting(&self, path: &[PathStep<'_>]) -> Vec<usize> {
        (0..self.rules.len()).filter(|&place| self.rules[place].fits(path)).collect()
    }

    /// Whether a rule has an absolute bound.
    pub(super) fn names_absolute(&self) -> bool {
        let absolute = |rule: &Rule| matches!(rule.allowance, Some(Allowance::Within(bounds)) if bounds.absolute.is_some());
        self.rules.iter().any(absolute)
    }

    /// Whether a rule names this key. Such a key is always counted separately, even if its object has very many keys.
    pub(super) fn name(&self, key: &[u8]) -> bool {
        let named = |segment: &KeyPattern| matches!(segment, KeyPattern::Key(name) if name == key);
        self.rules.iter().any(|rule| rule.segments.iter().any(named))
    }
}

impl TryFrom<Vec<String>> for Tolerances {
    type Error = ToleranceError;

    fn try_from(texts: Vec<String>) -> Result<Self, ToleranceError> {
        Self::parse(&texts)
    }
}

impl From<Tolerances> for Vec<String> {
    fn from(tolerances: Tolerances) -> Self {
        tolerances.texts
    }
}

impl fmt::Display for Tolerances {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.texts.join("; "))
    }
}

/// A sentence for rules that fit no path; `None` if there are none.
#[must_use]
pub fn unmatched_rules_sentence(rules: &[String]) -> Option<String> {
    match rules {
        [] => None,
        [rule] => Some(format!("no path of the compared outputs fits the rule {rule:?}")),
        rules => Some(format!("no path of the compared outputs fits the rules {}", rules.join("; "))),
    }
}

#[cfg(test)]
mod tests;
