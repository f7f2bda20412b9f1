//! Parts of sentences about facts: names, values and what is told of them.

use crate::attribution::within;
use crate::{Separator, Value};

use super::STATEMENT_CHARACTERS_MAX;

/// The largest number of characters of the name of a fact in a statement. A longer name loses its end.
pub(super) const NAME_CHARACTERS_MAX: usize = 40;

/// The largest number of characters of a value in a statement.
const VALUE_CHARACTERS_MAX: usize = 24;

/// "B in all 10 copies with X=1, in none of the 10 with X=0": of the class and the value that go together most. It
/// does not speak of the class `first`. The name is left out of a sentence that has it already.
pub(super) fn values_told(fact: &Separator, first: &str, is_named: bool) -> Option<String> {
    let name = cut(first_fact(fact), NAME_CHARACTERS_MAX);
    let with = |value: &Value| {
        let value = cut(value.value.first().map_or("", String::as_str), VALUE_CHARACTERS_MAX);
        if is_named { format!("with {name}={value}") } else { format!("with {value}") }
    };
    let hits = |value: &Value, class: &str| value.classes.get(class).copied().unwrap_or(0);
    if fact.values.len() as u64 != fact.values_total || (!is_named && fact.values_total > 2) {
        return None;
    }
    let labels = fact.values.iter().flat_map(|value| value.classes.keys()).filter(|label| *label != first);
    let mut best: Option<(f64, &str, &Value)> = None;
    for label in labels {
        for value in &fact.values {
            let all: u64 = fact.values.iter().map(|value| hits(value, label)).sum();
            let runs: u64 = fact.values.iter().map(|value| value.runs).sum();
            let share =
                |hits: u64, runs: u64| concord_statistics::real(hits) / concord_statistics::real(runs.max(1));
            let [own, others] =
                [share(hits(value, label), value.runs), share(all - hits(value, label), runs - value.runs)];
            if best.is_none_or(|(excess, ..)| own - others > excess) {
                best = Some((own - others, label, value));
            }
        }
    }
    let (_, label, value) = best?;
    let others: Vec<&Value> = fact.values.iter().filter(|other| *other != value).collect();
    let where_ = match others[..] {
        [other] => with(other),
        _ => "others".to_owned(),
    };
    let sum = |count: &dyn Fn(&Value) -> u64| others.iter().map(|value| count(value)).sum::<u64>();
    let first = within((hits(value, label), value.runs, &with(value)), true);
    let second = within((sum(&|value| hits(value, label)), sum(&|value| value.runs), &where_), false);
    Some(format!("{label} {first}, {second}"))
}

pub(super) fn explains(share: f64) -> String {
    format!("explains {:.0} %, ", (100.0 * share).floor())
}

/// The first sentence that is short enough, or the last one.
pub(super) fn shortest<const N: usize>(sentences: &[String; N]) -> String {
    let fits =
        |sentence: &&String| !sentence.is_empty() && sentence.chars().count() <= STATEMENT_CHARACTERS_MAX;
    sentences.iter().find(fits).unwrap_or(&sentences[N - 1]).clone()
}

pub(super) fn first_fact(separator: &Separator) -> &str {
    separator.facts.first().map_or("", String::as_str)
}

pub(super) fn name(separator: &Separator) -> String {
    let first = cut(first_fact(separator), NAME_CHARACTERS_MAX);
    match separator.facts.len() {
        0 | 1 => first,
        facts => format!("{first} (like {} more)", facts - 1),
    }
}

pub(super) fn cut(name: &str, characters_max: usize) -> String {
    if name.chars().count() <= characters_max {
        return name.to_owned();
    }
    name.chars().take(characters_max - 1).chain(['…']).collect()
}
