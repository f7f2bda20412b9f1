mod parse;
mod rule;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use parse::ToleranceError;
pub(crate) use rule::{Allowance, PathStep};
use rule::{KeyPattern, Rule};

/// How far two numbers may be apart and still count as equivalent, by path.
///
/// Each rule is a text. Without a path it is the default, which holds for all paths that no other rule names; there,
/// without a default, only numbers of the same bits are equivalent.
///
/// - `ulp=4`, `abs=1e-9`, `rel=1e-12`: at most so many representable numbers, so large a `|a - b|`, so large a
///   `|a - b| / max(|a|, |b|)`. Of several, joined by commas, **one that holds is enough**.
/// - `/energy: rel=1e-12` for one path: a JSON pointer in which a segment `*` stands for any key and for the elements of
///   an array, and `/**` at the end for all that is below.
/// - `/timestamp: ignore`: neither this nor anything below it is looked at.
///
/// Of several rules that fit a path the longest wins; among those, one that ends in `/**` loses to one that does not,
/// and then the one with fewer `*` wins.
///
/// It is kept and sent as the list of its texts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Tolerances {
    texts: Vec<String>,
    rules: Vec<Rule>,
}

impl Tolerances {
    /// Reads the rules, of which there is one in each text.
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

    /// What holds for a path. `above` is what holds for the path above it: all below an ignored path is ignored too,
    /// unless a longer rule says otherwise.
    pub(super) fn allowance(&self, path: &[PathStep<'_>], above: Allowance) -> Allowance {
        let best = self.rules.iter().filter(|rule| rule.fits(path)).max_by_key(|rule| rule.rank());
        let from_above = Allowance::Ignore == above;
        match best {
            // A rule that fits only with its `/**` does not say more of this path than of the one above.
            Some(rule) if !from_above || rule.segments.len() == path.len() => rule.allowance,
            _ if from_above => Allowance::Ignore,
            _ => Allowance::Exact,
        }
    }

    /// Whether a rule names this key, which is then kept apart from the others of its object however many there are.
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
