mod parse;
mod rule;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use parse::ToleranceError;
pub(crate) use rule::{Allowance, PathStep};
use rule::{KeyPattern, Rule};

/// How far two numbers may be apart and still count as equivalent, by path.
///
/// Each rule is a text. A rule without a path is the default: it holds for every path that no other rule matches.
/// Without a default, numbers on those paths are equivalent only if they have the same bits.
///
/// - `ulp=4`, `abs=1e-9`, `rel=1e-12`: the largest number of representable numbers, the largest `|a - b|`, the
///   largest `|a - b| / max(|a|, |b|)`. Several bounds are joined by commas, and **one that holds is enough**.
/// - `/energy: rel=1e-12` for one path: a JSON pointer in which a segment `*` stands for any key and for the elements
///   of an array, and `/**` at the end for everything below.
/// - `/timestamp: ignore`: neither this value nor anything below it is compared.
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
            let rule = parse::rule(text)?;
            if rules.iter().any(|other| other.segments == rule.segments && other.below == rule.below) {
                return Err(ToleranceError::Twice { text: text.clone() });
            }
            rules.push(rule);
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
        let best = self.rules.iter().filter(|rule| rule.fits(path)).max_by_key(|rule| rule.rank());
        let from_above = Allowance::Ignore == above;
        match best {
            // A rule that matches only because of its `/**` already applied to the parent.
            Some(rule) if !from_above || rule.segments.len() == path.len() => rule.allowance,
            _ if from_above => Allowance::Ignore,
            _ => Allowance::Exact,
        }
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

#[cfg(test)]
mod tests;
