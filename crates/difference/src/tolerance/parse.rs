use super::rule::{Allowance, Bounds, KeyPattern, Rule};

/// The largest number of rules in one list. Each path is matched against each rule once.
pub(super) const RULES_MAX: usize = 1_000;

/// Why a text is not a tolerance, or a list of texts is not a list of tolerances.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToleranceError {
    /// The part after the path is missing, or is not a bound.
    #[error(
        "not a tolerance: {text:?}: expected ulp=N, abs=X, rel=X, order=any or, after a path, ignore; found {found:?}"
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
    /// A comma joins two paths, and the first has no bounds of its own.
    #[error("not a tolerance: {text:?}: a comma joins two paths; give each its bounds: /a: ulp=4, /b: ulp=4")]
    Joined {
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

/// Reads one rule, or several with a path each, joined by commas.
pub(super) fn rules(text: &str) -> Result<Vec<Rule>, ToleranceError> {
    let pieces = pieces(text);
    let joined = |piece: &&str| piece.starts_with('/') && !piece.contains(':');
    if pieces.len() > 1 && pieces.iter().any(joined) {
        return Err(ToleranceError::Joined { text: text.to_owned() });
    }
    pieces.into_iter().map(rule).collect()
}

/// The parts of a text before, between and after the commas that stand before a path.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    let mut searched = 0;
    while let Some(comma) = rest[searched..].find(',').map(|at| at + searched) {
        let after = rest[comma + 1..].trim_start();
        searched = comma + 1;
        if after.starts_with('/') {
            pieces.push(rest[..comma].trim_end());
            (rest, searched) = (after, 0);
        }
    }
    pieces.push(rest);
    pieces
}

/// Reads one rule: `path: bounds`, or bounds alone.
fn rule(text: &str) -> Result<Rule, ToleranceError> {
    // Keys may hold a colon, bounds do not.
    let (path, bounds) = match text.rsplit_once(':') {
        Some((path, bounds)) => (Some(path.trim_end()), bounds.trim()),
        None => (None, text),
    };
    let bad_path = || ToleranceError::Path { text: text.to_owned() };
    let (segments, below) = match path {
        None => (Vec::new(), true),
        Some(path) => segments(path).ok_or_else(bad_path)?,
    };
    let (allowance, any_order) = match bounds {
        "ignore" if segments.is_empty() => return Err(ToleranceError::IgnoreAll),
        "ignore" => (Some(Allowance::Ignore), false),
        bounds => self::bounds(text, bounds)?,
    };
    Ok(Rule { text: text.to_owned(), segments, below, allowance, any_order })
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

/// Reads bounds: what they allow, and whether keys may be in any order.
fn bounds(text: &str, bounds: &str) -> Result<(Option<Allowance>, bool), ToleranceError> {
    let (mut read, mut order) = (Bounds::default(), None);
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
            "order" => set(&mut order, (number == "any").then_some(()), text, "order", "any", number)?,
            _ => return Err(unknown()),
        }
    }
    let allowance = (read != Bounds::default()).then_some(Allowance::Within(read));
    Ok((allowance, order.is_some()))
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
