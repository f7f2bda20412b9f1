use super::rule::{Allowance, Bounds, KeyPattern, Rule};

/// The largest number of rules in one list. Each path is matched against each rule once.
pub(super) const RULES_MAX: usize = 1_000;

/// Why a text is not a tolerance, or a list of texts is not a list of tolerances.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToleranceError {
    /// The part after the path is missing, or is not a bound.
    #[error(
        "not a tolerance: {text:?}: expected ulp=N, abs=X, rel=X or, after a path, ignore; found {found:?}"
    )]
    Bound {
        /// The whole text.
        text: String,
        /// The part that is not understood.
        found: String,
    },
    /// The number of a bound is missing, negative or not finite, or the number of `ulp` is not whole.
    #[error("not a tolerance: {text:?}: {name}= needs {expected}, found {found:?}")]
    Number {
        /// The whole text.
        text: String,
        /// The name of the bound.
        name: &'static str,
        /// What is allowed here.
        expected: &'static str,
        /// The text that was found.
        found: String,
    },
    /// A bound is given twice in one text.
    #[error("not a tolerance: {text:?}: {name}= is given twice")]
    BoundTwice {
        /// The whole text.
        text: String,
        /// The name of the bound.
        name: &'static str,
    },
    /// The path is not a JSON pointer.
    #[error(
        "not a tolerance: {text:?}: a path starts with '/', has ~0 for '~' and ~1 for '/', and ** only at its end"
    )]
    Path {
        /// The whole text.
        text: String,
    },
    /// `ignore` without a path. It would make everything equivalent.
    #[error("ignore needs a path, such as \"/timestamp: ignore\"")]
    IgnoreAll,
    /// Two rules have the same path, or both have none.
    #[error("two tolerances for one path, the second is {text:?}")]
    Twice {
        /// The second text.
        text: String,
    },
    /// More than 1,000 rules.
    #[error("{0} tolerances, at most {RULES_MAX} are read")]
    TooMany(usize),
}

/// Reads one rule: `path: bounds`, or bounds alone.
pub(super) fn rule(text: &str) -> Result<Rule, ToleranceError> {
    let trimmed = text.trim();
    // Keys may hold a colon, bounds do not.
    let (path, bounds) = match trimmed.rsplit_once(':') {
        Some((path, bounds)) => (Some(path.trim_end()), bounds.trim()),
        None => (None, trimmed),
    };
    let bad_path = || ToleranceError::Path { text: text.to_owned() };
    let (segments, below) = match path {
        None => (Vec::new(), true),
        Some(path) => segments(path).ok_or_else(bad_path)?,
    };
    let allowance = match bounds {
        "ignore" if segments.is_empty() => return Err(ToleranceError::IgnoreAll),
        "ignore" => Allowance::Ignore,
        bounds => Allowance::Within(self::bounds(text, bounds)?),
    };
    Ok(Rule { segments, below, allowance })
}

fn segments(path: &str) -> Option<(Vec<KeyPattern>, bool)> {
    let path = path.strip_prefix('/')?;
    let (path, below) = match path.strip_suffix("**") {
        Some("") => return Some((Vec::new(), true)),
        Some(rest) => (rest.strip_suffix('/')?, true),
        None => (path, false),
    };
    let segments: Option<Vec<_>> = path.split('/').map(segment).collect();
    Some((segments?, below))
}

fn segment(text: &str) -> Option<KeyPattern> {
    if text == "*" {
        return Some(KeyPattern::Any);
    }
    let mut parts = text.split('~');
    let mut key = parts.next()?.to_owned();
    for part in parts {
        match part.strip_prefix('0') {
            Some(rest) => key = key + "~" + rest,
            None => key = key + "/" + part.strip_prefix('1')?,
        }
    }
    (text != "**").then(|| KeyPattern::Key(key.into_bytes()))
}

fn bounds(text: &str, bounds: &str) -> Result<Bounds, ToleranceError> {
    let mut read = Bounds::default();
    for bound in bounds.split(',').map(str::trim) {
        let unknown = || ToleranceError::Bound { text: text.to_owned(), found: bound.to_owned() };
        let (name, number) = bound.split_once('=').ok_or_else(unknown)?;
        let number = number.trim();
        match name.trim() {
            "ulp" => {
                let ulp = number.parse().ok();
                set(&mut read.ulp, ulp, text, "ulp", "a whole number that is not negative", number)?;
            }
            "abs" => set(&mut read.absolute, size(number), text, "abs", SIZE, number)?,
            "rel" => set(&mut read.relative, size(number), text, "rel", SIZE, number)?,
            _ => return Err(unknown()),
        }
    }
    Ok(read)
}

const SIZE: &str = "a number that is not negative";

fn size(text: &str) -> Option<f64> {
    text.parse().ok().filter(|size: &f64| size.is_finite() && *size >= 0.0)
}

fn set<T>(
    bound: &mut Option<T>,
    value: Option<T>,
    text: &str,
    name: &'static str,
    expected: &'static str,
    found: &str,
) -> Result<(), ToleranceError> {
    if bound.is_some() {
        return Err(ToleranceError::BoundTwice { text: text.to_owned(), name });
    }
    if value.is_none() {
        let (text, found) = (text.to_owned(), found.to_owned());
        return Err(ToleranceError::Number { text, name, expected, found });
    }
    *bound = value;
    Ok(())
}
