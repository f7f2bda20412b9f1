use crate::numbers::{about, count, p_bound, p_text};
use crate::{Attribution, Design, Pattern, PatternKind, SIGNIFICANCE_LEVEL, Separator, UnitTest};

use super::STATEMENT_CHARACTERS_MAX;
use super::words::{NAME_CHARACTERS_MAX, cut, explains, first_fact, name, shortest, values_told};

/// The largest number of characters of a name in the shortest statement.
const NAME_CHARACTERS_LEAST: usize = 16;

/// A pattern leads before a fact only if it explains at least so much more.
const CLEARLY_MORE: f64 = 0.05;

/// The sentence about what separates the classes, given their number. `not_looked_at` names what the tests could not
/// use.
#[must_use]
pub fn separates(
    attribution: &Attribution,
    classes: usize,
    design: &Design,
    not_looked_at: &[String],
) -> String {
    match classes {
        0 => return "no copy gave a digest, so there is nothing to explain".to_owned(),
        1 => return "all copies that gave a digest agree, so there is nothing to separate".to_owned(),
        _ => {}
    }
    let teller = Teller { attribution, design, subject: "the classes", first: "A" };
    teller.found().unwrap_or_else(|| teller.nothing(classes, not_looked_at))
}

/// The sentence about what goes with failures, if anything does. The class `succeeded` has the copies that did not fail, and
/// each of the others the copies that failed in one way.
pub(crate) fn failing(attribution: &Attribution, design: &Design, succeeded: &str) -> Option<String> {
    let told = Teller { attribution, design, subject: "the failures", first: succeeded }.found();
    told.map(|told| told.replace("The classes", "The outcomes"))
}

fn leads(pattern: &Pattern, fact: &Separator) -> bool {
    pattern.explained.is_some_and(|explained| explained > fact.explained + CLEARLY_MORE)
}

struct Teller<'a> {
    attribution: &'a Attribution,
    design: &'a Design,
    /// What is separated.
    subject: &'static str,
    /// The label of the class that the others are told apart from.
    first: &'a str,
}

impl Teller<'_> {
    /// The sentence about the fact or the pattern that goes with the classes, if there is one beyond chance.
    fn found(&self) -> Option<String> {
        let Attribution { separators, patterns, .. } = self.attribution;
        let fact = separators.first().filter(|first| first.significant && !first.consequence);
        let pattern = patterns.first().filter(|first| !first.consequence);
        match (fact, pattern) {
            (Some(fact), _) if fact.perfect => Some(self.perfect(fact)),
            (Some(fact), Some(pattern)) if pattern.perfect && pattern.kind == PatternKind::Pair => {
                Some(self.fact_and_pair(fact, pattern))
            }
            (Some(fact), Some(pattern)) if leads(pattern, fact) => Some(self.pattern(pattern)),
            (Some(fact), _) => Some(self.imperfect(fact, "")),
            (None, Some(pattern)) => Some(self.pattern(pattern)),
            (None, None) => None,
        }
    }

    /// The sentence about a fact whose values have one class each.
    fn perfect(&self, fact: &Separator) -> String {
        let rivals = match self.rivals() {
            0 => String::new(),
            1 => "; 1 other fact does too".to_owned(),
            rivals => format!("; {} other facts do too", count(rivals as u64)),
        };
        let counts =
            values_told(fact, self.first, false).map_or_else(String::new, |told| format!(": {told}"));
        let evidence = format!("{} copies, {}", count(self.attribution.copies), self.evidence(fact));
        let how = format!("separates {} perfectly", self.subject);
        let follows = self.follows();
        shortest(&[
            format!("{} {how}{counts} ({}{rivals}){follows}", name(fact), self.evidence(fact)),
            format!("{} {how}{counts} ({}{rivals})", name(fact), self.evidence(fact)),
            format!("{} {how} ({evidence}{rivals})", name(fact)),
            format!("{} {how} ({evidence})", name(fact)),
            format!("{} {how} ({evidence})", cut(first_fact(fact), NAME_CHARACTERS_LEAST)),
        ])
    }

    /// The sentence about a fact whose values go with the classes.
    fn imperfect(&self, fact: &Separator, more: &str) -> String {
        let explains = explains(fact.explained);
        let evidence = self.evidence(fact);
        let told = values_told(fact, self.first, true);
        let how = format!("goes with {}, not perfectly", self.subject);
        let copies = count(self.attribution.copies);
        let told = told.map_or_else(String::new, |told| format!("{told} ({explains}{evidence}){more}"));
        shortest(&[
            if told.is_empty() { String::new() } else { format!("{told}{}", self.follows()) },
            told,
            format!("{} {how} ({copies} copies, {explains}{evidence}){more}", name(fact)),
            format!("{} {how} ({copies} copies, {evidence})", cut(first_fact(fact), NAME_CHARACTERS_LEAST)),
        ])
    }

    fn fact_and_pair(&self, fact: &Separator, pair: &Pattern) -> String {
        let names: Vec<String> = pair.by.iter().map(|name| cut(name, NAME_CHARACTERS_MAX)).collect();
        let copies = count(self.attribution.copies);
        self.imperfect(fact, &format!("; {} together fit all {copies}", names.join(" and ")))
    }

    fn pattern(&self, pattern: &Pattern) -> String {
        let p = self.p(pattern.p_corrected, pattern.permuted);
        let warning = self.warning(pattern.sandboxes);
        let explains = pattern.explained.filter(|_| !pattern.perfect).map_or_else(String::new, explains);
        let begin = match pattern.kind {
            PatternKind::Change | PatternKind::Blocks => {
                "no single fact, threshold or pair of those tested separates them. "
            }
            _ => "",
        };
        let statement = &pattern.statement;
        let short = cut(statement, STATEMENT_CHARACTERS_MAX - 70);
        shortest(&[
            format!("{begin}{statement} ({explains}{p}{warning}){}", self.follows()),
            format!("{statement} ({p}{warning})"),
            format!("{short} ({p}{warning})"),
        ])
    }

    /// The sentence if nothing goes with the classes beyond chance.
    fn nothing(&self, classes: usize, not_looked_at: &[String]) -> String {
        if classes as u64 == self.attribution.copies {
            return "each copy has an answer of its own, so no fact can separate them: look for a time, a process id, a \
                    random seed or uninitialised memory in the output"
                .to_owned();
        }
        let tested = self.attribution.separators.iter().filter(|separator| separator.tested);
        let fitting = tested.clone().filter(|separator| separator.perfect && !separator.consequence);
        if let Some(fits) = fitting.min_by(|one, other| one.p.total_cmp(&other.p)) {
            let facts = tested.count() as u64;
            let by_luck = about(fits.p * concord_statistics::real(facts));
            let facts = if facts == 1 { "1 fact".to_owned() } else { format!("{} facts", count(facts)) };
            return format!(
                "nothing beyond chance. {} happens to fit; of {facts} about {by_luck} would",
                name(fits)
            );
        }
        self.consequence().unwrap_or_else(|| {
            let begin = "no single fact, threshold or pair of those tested separates the classes, nor does time or order";
            let mut left = not_looked_at.len();
            loop {
                let told = format!("{begin}. Not looked at: {}", not_looked_at[..left].join(", "));
                if left == 0 {
                    return begin.to_owned();
                }
                if told.chars().count() <= STATEMENT_CHARACTERS_MAX {
                    return told;
                }
                left -= 1;
            }
        })
    }

    /// The sentence about a consequence that goes with the classes, if there is no cause.
    fn consequence(&self) -> Option<String> {
        let of_fact = self.attribution.separators.iter().find(|found| found.significant && found.consequence);
        let of_pattern = self.attribution.patterns.first();
        let (by, told) = match (of_fact, of_pattern) {
            (Some(fact), pattern) if fact.perfect || pattern.is_none() => {
                (cut(first_fact(fact), NAME_CHARACTERS_MAX), values_told(fact, self.first, false))
            }
            (_, Some(pattern)) => (pattern.by.join(", "), Some(pattern.statement.clone())),
            (_, None) => return None,
        };
        let begin = format!("no cause was recorded. {by} follows the classes");
        let told = told.map(|told| format!("{begin}: {told}"));
        told.filter(|told| told.chars().count() <= STATEMENT_CHARACTERS_MAX).or(Some(begin))
    }

    /// The number of further separators that are as perfect as the first one. Nothing says which of them is the cause.
    fn rivals(&self) -> usize {
        let is_perfect = |found: &&Separator| found.perfect && found.significant && !found.consequence;
        self.attribution.separators.iter().filter(is_perfect).count().saturating_sub(1)
    }

    /// A consequence that goes with the classes too.
    fn follows(&self) -> String {
        let facts = self.attribution.separators.iter().filter(|found| found.significant && found.consequence);
        let patterns = self.attribution.patterns.iter().filter(|pattern| pattern.consequence);
        let mut names = facts
            .map(first_fact)
            .chain(patterns.filter_map(|pattern| pattern.by.first().map(String::as_str)));
        names.next().map_or_else(String::new, |name| format!(", and {name} follows it"))
    }

    fn evidence(&self, fact: &Separator) -> String {
        let not_seen = match fact.not_seen {
            0 => String::new(),
            1 => "; not seen in 1 copy".to_owned(),
            copies => format!("; not seen in {} copies", count(copies)),
        };
        format!("{}{not_seen}{}", self.p(fact.p_holm, fact.permuted), self.warning(fact.sandboxes))
    }

    fn p(&self, p: f64, permuted: bool) -> String {
        let Attribution { permutations, looks, .. } = self.attribution;
        let facts = self.attribution.separators.iter().filter(|separator| separator.tested).count();
        match (permuted, *looks) {
            (true, 1) => format!("p {}, {} permutations", p_bound(p), count(*permutations)),
            (true, looks) => format!("p {} after correction for {} looks", p_bound(p), count(looks)),
            (false, 1) => format!("p {} after correction", p_text(p)),
            (false, looks) => format!(
                "p {} after correction for {} {} and {} looks",
                p_text(p),
                count(facts as u64),
                if facts == 1 { "fact" } else { "facts" },
                count(looks)
            ),
        }
    }

    fn warning(&self, test: Option<UnitTest>) -> String {
        let [one, many] = self.design.scope.unit.nouns();
        match test {
            Some(test) if test.p_holm > SIGNIFICANCE_LEVEL && test.within => {
                format!("; within {} {many} p {}, maybe chance", count(test.n), p_bound(test.p_holm))
            }
            Some(test) if test.p_holm > SIGNIFICANCE_LEVEL => {
                format!("; by {one} p {} of {}, maybe chance", p_text(test.p_holm), count(test.n))
            }
            _ => String::new(),
        }
    }
}
