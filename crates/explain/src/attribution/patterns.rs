//! Patterns: what goes with the classes and is not one fact with its values. Each is a group of runs against the others.

use concord_statistics::{Combination, Finding, PairFinding, StudyFindings, UNKNOWN, runs_expected};
use serde::Serialize;

use super::candidates::Source;
use super::columns::{NO_VALUE, Partition};
use super::groups::Groups;
use super::material::Material;
use super::orders::{By, Order};
use super::sandboxes::UnitTest;
use super::significance::SIGNIFICANCE_LEVEL;

/// The kind of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PatternKind {
    /// A fact was seen in some runs only.
    Seen,
    /// The numbers of a fact lie above or below a threshold.
    Threshold,
    /// The classes change once, at a copy or at a time.
    Change,
    /// Copies of one class come in blocks, or the classes alternate.
    Blocks,
    /// Copies with an odd index differ from the others.
    Parity,
    /// Two facts together.
    Pair,
}

/// Something that goes with the classes and is not one fact with its values.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of its own of a printed object")]
pub struct Pattern {
    /// The kind.
    pub kind: PatternKind,
    /// The facts; or `copy index`, `start time`, `run time`.
    pub by: Vec<String>,
    /// The finding with its counts, in a sentence.
    pub statement: String,
    /// Whether the group has one class and the others have none of that class.
    pub perfect: bool,
    /// Whether this follows from what a run did, so that it is no cause.
    pub consequence: bool,
    /// The corrected p-value; see [`Separator::p_holm`](super::Separator::p_holm).
    pub p_corrected: f64,
    /// Whether the corrected p-value is a bound by permutations.
    pub permuted: bool,
    /// Whether the corrected p-value is at most [`SIGNIFICANCE_LEVEL`].
    pub significant: bool,
    /// The share of the uncertainty about the class that this explains, from 0 to 1; absent for blocks.
    pub explained: Option<f64>,
    /// The same test within sandboxes; absent without several sandboxes, or if nothing was claimed.
    pub sandboxes: Option<UnitTest>,
    /// Minus ln of the p-value alone, to compare patterns.
    #[serde(skip)]
    pub(super) score: f64,
    #[serde(skip)]
    pub(super) source: Option<Source>,
    /// Of a pair: block 1 for the runs of the group.
    #[serde(skip)]
    pub(super) group: Option<Vec<u32>>,
}

impl Material<'_> {
    /// The significant patterns, the best first; consequences last.
    pub(super) fn patterns(&self, findings: &StudyFindings) -> Vec<Pattern> {
        let sources = self.candidates.sources.iter().zip(&findings.candidates);
        let of_candidates = sources.filter_map(|(&source, finding)| self.pattern(source, finding));
        let of_pair = findings.pair.as_ref().and_then(|pair| self.pair(pair));
        let mut patterns: Vec<Pattern> =
            of_candidates.chain(of_pair).filter(|pattern| pattern.significant).collect();
        patterns.sort_by(|left, right| {
            let first = left.consequence.cmp(&right.consequence).then(right.perfect.cmp(&left.perfect));
            first.then(right.score.total_cmp(&left.score))
        });
        patterns
    }

    fn pattern(&self, source: Source, finding: &Finding) -> Option<Pattern> {
        if self.corrected(finding) > SIGNIFICANCE_LEVEL {
            return None;
        }
        match source {
            Source::Value(_) => None,
            Source::Presence(place) => {
                let Partition { facts, of_run, .. } = &self.candidates.partitions.by_presence[place];
                let names: Vec<String> =
                    facts.iter().map(|&fact| self.columns.name(fact).to_owned()).collect();
                let groups =
                    self.groups(of_run.iter().map(|&block| (block != UNKNOWN).then_some(block == 1)))?;
                let without = if of_run.contains(&UNKNOWN) { "seen without it" } else { "others" };
                let where_ = [format!("in which {} was seen", names[0]), without.to_owned()];
                Some(self.of_groups(PatternKind::Seen, names, source, finding, &groups, &where_))
            }
            Source::Threshold(place) => {
                let order = &self.candidates.numbers[place];
                let threshold = self.number(order, order.first[finding.cut?]);
                let groups = self.above(order, finding.cut?)?;
                let name = order.by.name(self.columns);
                let where_ = [format!("with {name} of {threshold} or more"), "below".to_owned()];
                Some(self.of_groups(
                    PatternKind::Threshold,
                    vec![name.to_owned()],
                    source,
                    finding,
                    &groups,
                    &where_,
                ))
            }
            Source::Change(place) => self.change(&self.candidates.places[place], source, finding),
            Source::Blocks(place) => Some(self.blocks(&self.candidates.places[place], source, finding)),
            Source::Parity => {
                let groups = self.groups(self.candidates.parity.iter().map(|&parity| Some(parity == 1)))?;
                let where_ = ["with an odd index".to_owned(), "with an even one".to_owned()];
                let by = vec!["copy index".to_owned()];
                Some(self.of_groups(PatternKind::Parity, by, source, finding, &groups, &where_))
            }
        }
    }

    fn groups(&self, is_in: impl Iterator<Item = Option<bool>>) -> Option<Groups> {
        Groups::of(is_in, self.classes)
    }

    fn above(&self, order: &Order, cut: usize) -> Option<Groups> {
        let is_in = |&step: &u32| (step != UNKNOWN).then_some(step as usize >= cut);
        self.groups(order.step_of.iter().map(is_in))
    }

    fn change(&self, order: &Order, source: Source, finding: &Finding) -> Option<Pattern> {
        let cut = finding.cut?;
        let groups = self.above(order, cut)?;
        let first = &self.runs[order.first[cut]];
        let (start, where_) = if order.by == By::Copy {
            (format!("The classes change at copy {}", first.copy), "from there")
        } else {
            let before = order.step_of.iter().filter(|&&step| (step as usize) < cut).count();
            (format!("The classes change with time, after the first {before} runs"), "after")
        };
        let where_ = [where_.to_owned(), "before".to_owned()];
        let by = vec![order.by.name(self.columns).to_owned()];
        let mut pattern = self.of_groups(PatternKind::Change, by, source, finding, &groups, &where_);
        pattern.statement = format!("{start}: {}", pattern.statement);
        Some(pattern)
    }

    fn blocks(&self, order: &Order, source: Source, finding: &Finding) -> Pattern {
        let sorted = super::orders::in_order(&order.step_of);
        let is_a = |run: &u32| self.classes.of_run[*run as usize] == 0;
        let runs = 1 + sorted.windows(2).filter(|pair| is_a(&pair[0]) != is_a(&pair[1])).count();
        let of_a = sorted.iter().filter(|run| is_a(run)).count();
        let expected = runs_expected(of_a as u64, (sorted.len() - of_a) as u64);
        let by = order.by.name(self.columns);
        let how = if concord_statistics::real(runs as u64) < expected {
            "Copies of one class come in blocks"
        } else {
            "The classes alternate"
        };
        let statement =
            format!("{how} by {by}: {runs} runs of one class, where about {expected:.0} are expected");
        self.filled(PatternKind::Blocks, vec![by.to_owned()], Some(source), finding, statement)
    }

    fn pair(&self, found: &PairFinding) -> Option<Pattern> {
        let partitions = found.pair.map(|place| match self.candidates.sources[place] {
            Source::Value(place) => Some(&self.candidates.partitions.by_value[place]),
            _ => None,
        });
        let [Some(left), Some(right)] = partitions else { return None };
        let name = |partition: &Partition| self.columns.name(partition.facts[0]);
        let (left, right, combination) = if name(left) <= name(right) {
            (left, right, found.combination)
        } else {
            (right, left, found.combination.turned())
        };
        let is_second = |partition: &Partition, run: usize| partition.of_run[run] == 1;
        let is_in = |run: usize| {
            let [one, other] = [is_second(left, run), is_second(right, run)];
            match combination {
                Combination::Both { left, right } => one == left && other == right,
                Combination::Either => one != other,
            }
        };
        let groups = self.groups((0..self.runs.len()).map(|run| Some(is_in(run))))?;
        let inside = (0..self.runs.len()).find(|&run| is_in(run))?;
        let named = |partition: &Partition, run: usize| {
            let fact = partition.facts[0];
            format!("{}={}", self.columns.name(fact), self.columns.value(fact, run).unwrap_or(NO_VALUE))
        };
        let second = |partition: &Partition| (0..self.runs.len()).find(|&run| is_second(partition, run));
        let where_ = match combination {
            Combination::Both { .. } => format!("with {} and {}", named(left, inside), named(right, inside)),
            Combination::Either => {
                format!(
                    "with exactly one of {} and {}",
                    named(left, second(left)?),
                    named(right, second(right)?)
                )
            }
        };
        let by = [left, right].map(|partition| name(partition).to_owned()).to_vec();
        let statement = groups.statement(self.classes, &[where_, "others".to_owned()]);
        let mut pattern = self.filled(PatternKind::Pair, by, None, &found.finding, statement);
        pattern.explained = Some(groups.explained());
        pattern.perfect = groups.is_perfect();
        pattern.group = Some((0..self.runs.len()).map(|run| u32::from(is_in(run))).collect());
        Some(pattern)
    }

    fn of_groups(
        &self,
        kind: PatternKind,
        by: Vec<String>,
        source: Source,
        finding: &Finding,
        groups: &Groups,
        where_: &[String; 2],
    ) -> Pattern {
        let statement = groups.statement(self.classes, where_);
        let pattern = self.filled(kind, by, Some(source), finding, statement);
        Pattern { perfect: groups.is_perfect(), explained: Some(groups.explained()), ..pattern }
    }

    fn filled(
        &self,
        kind: PatternKind,
        by: Vec<String>,
        source: Option<Source>,
        finding: &Finding,
        statement: String,
    ) -> Pattern {
        let p_corrected = self.corrected(finding);
        Pattern {
            kind,
            by,
            statement,
            perfect: false,
            consequence: source.is_some_and(|source| self.candidates.is_consequence(source, self.columns)),
            p_corrected,
            permuted: !finding.exact,
            significant: p_corrected <= SIGNIFICANCE_LEVEL,
            explained: None,
            sandboxes: None,
            score: finding.score,
            source,
            group: None,
        }
    }

    /// A number of an order, as text.
    fn number(&self, order: &Order, run: usize) -> String {
        match order.by {
            By::Fact(fact) => self.columns.value(fact, run).unwrap_or_default().to_owned(),
            _ => format!("{:.3} s", concord_statistics::real(self.runs[run].run_us) / 1e6),
        }
    }
}
