//! One sentence for each question, in plain words, at most [`STATEMENT_CHARACTERS_MAX`] characters.

use crate::attribution::{SIGNIFICANCE_LEVEL, is_identifier};
use crate::{Attribution, Confidence, Separator};

mod numbers;

use numbers::{count, level_percent, p_text, percent_at_least, percent_at_most};

/// The largest number of characters of a statement.
pub const STATEMENT_CHARACTERS_MAX: usize = 160;

/// The largest number of characters of the name of a fact in a statement. A longer name loses its end.
const NAME_CHARACTERS_MAX: usize = 40;

/// The largest number of characters of the name in the shortest statement.
const NAME_CHARACTERS_LEAST: usize = 16;

/// If chance gives a perfect separator with at least this probability, the separator is not named, because many
/// others would fit as well.
const CHANCE_IS_LIKELY: f64 = 0.5;

/// The sentence about what separates the classes, given the number of classes.
#[must_use]
pub fn separates(attribution: &Attribution, classes: usize) -> String {
    match classes {
        0 => return "no copy gave a digest, so there is nothing to explain".to_owned(),
        1 => return "all copies that gave a digest agree, so there is nothing to separate".to_owned(),
        _ => {}
    }
    if let Some(first) = attribution.separators.first().filter(|separator| separator.significant) {
        return significant(first, rivals(attribution), attribution.copies);
    }
    let is_named =
        |separator: &&Separator| separator.perfect && !separator.unique && separator.p < CHANCE_IS_LIKELY;
    match attribution.separators.iter().find(is_named) {
        Some(perfect) => format!(
            "{} separates the classes perfectly, but not beyond chance: p {} for it alone, with {} facts tested",
            name(perfect),
            p_text(perfect.p),
            count(attribution.facts_tested)
        ),
        None => {
            "no recorded fact separates the classes: look for races, order of arrival, uninitialised memory, \
                 random seeds"
                .to_owned()
        }
    }
}

/// The number of further separators that are as perfect as the first one and are not identifiers. Nothing says which
/// of them is the cause.
fn rivals(attribution: &Attribution) -> usize {
    let is_perfect = |separator: &&Separator| separator.perfect && separator.significant;
    let perfect = attribution.separators.iter().filter(is_perfect);
    perfect.skip(1).filter(|separator| !is_identifier(first_fact(separator))).count()
}

/// The sentence that names the separator. It is the fullest wording that is short enough.
fn significant(separator: &Separator, rivals: usize, copies: u64) -> String {
    let how = if separator.perfect {
        "separates the classes perfectly"
    } else {
        "goes with the classes, not perfectly"
    };
    let (places, warning) = match separator.sandboxes {
        None => (String::new(), String::new()),
        Some(test) if test.p_holm <= SIGNIFICANCE_LEVEL => (in_sandboxes(test.n), String::new()),
        Some(test) => (in_sandboxes(test.n), format!("; by sandbox p {}, maybe chance", p_text(test.p_holm))),
    };
    let rivals = match rivals {
        0 => String::new(),
        1 => "; 1 other fact does too".to_owned(),
        _ => format!("; {} other facts do too", count(rivals as u64)),
    };
    let (copies, p) = (count(copies), p_text(separator.p_holm));
    let sentence = |name: &str, rivals: &str| {
        format!("{name} {how} ({copies} copies{places}, p {p} after correction{warning}{rivals})")
    };
    let fullest = sentence(&name(separator), &rivals);
    if fullest.chars().count() <= STATEMENT_CHARACTERS_MAX {
        return fullest;
    }
    let without_rivals = sentence(&name(separator), "");
    if without_rivals.chars().count() <= STATEMENT_CHARACTERS_MAX {
        return without_rivals;
    }
    sentence(&cut(first_fact(separator), NAME_CHARACTERS_LEAST), "")
}

fn in_sandboxes(sandboxes: u64) -> String {
    if sandboxes == 1 { " in 1 sandbox".to_owned() } else { format!(" in {} sandboxes", count(sandboxes)) }
}

fn first_fact(separator: &Separator) -> &str {
    separator.facts.first().map_or("", String::as_str)
}

fn name(separator: &Separator) -> String {
    let first = cut(first_fact(separator), NAME_CHARACTERS_MAX);
    match separator.facts.len() {
        0 | 1 => first,
        facts => format!("{first} (like {} more)", facts - 1),
    }
}

fn cut(name: &str, characters_max: usize) -> String {
    if name.chars().count() <= characters_max {
        return name.to_owned();
    }
    name.chars().take(characters_max - 1).chain(['…']).collect()
}

/// The sentence about how often copies differ from the most frequent class.
#[must_use]
pub fn supports(confidence: &Confidence) -> String {
    let (copies, sandboxes) = (confidence.copies, confidence.sandboxes);
    let level = level_percent(confidence.level.get());
    if copies.n == 0 {
        return "no copy gave a digest, so nothing is known of the divergence rate".to_owned();
    }
    let known = sandboxes.n > 0;
    if copies.different == 0 {
        let places = if known { in_sandboxes(sandboxes.n) } else { String::new() };
        let below = if known {
            format!(", below {} % of sandboxes", percent_at_most(sandboxes.rate_high))
        } else {
            String::new()
        };
        let (n, high) = (count(copies.n), percent_at_most(copies.rate_high));
        return format!(
            "{n} of {n} copies agree{places}: the divergence rate is below {high} % of copies{below} ({level} %)"
        );
    }
    let range = |share: crate::Share| {
        format!("{} % to {} %", percent_at_least(share.rate_low), percent_at_most(share.rate_high))
    };
    let (different, n) = (count(copies.different), count(copies.n));
    let (also, rates) = if known {
        let also = format!(" and {} of {} sandboxes", count(sandboxes.different), count(sandboxes.n));
        (also, format!(", {} of sandboxes", range(sandboxes)))
    } else {
        (String::new(), String::new())
    };
    format!(
        "{different} of {n} copies{also} differ from class A: the rate is {} of copies{rates} ({level} %)",
        range(copies)
    )
}

#[cfg(test)]
mod tests;
