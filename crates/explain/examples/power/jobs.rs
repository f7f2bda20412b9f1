//! Jobs with ten recorded facts. One of the facts may raise the rate of class B. The same seed gives the same job.

use concord_explain::{Assessment, Design, ObservedRun, Stage};
use concord_protocol::Facts;
use concord_statistics::Level;
use fastrand::Rng;
use serde_json::{Value, json};

/// The number of recorded facts.
const FACTS: usize = 10;

/// A number of a fact lies from 0 to below this.
const NUMBERS: usize = 1_000;

/// What raises the rate of class B.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The numbers of a fact from a threshold on.
    Threshold,
    /// Some values of a fact with two to five values.
    Table,
    /// The copies from one of them on.
    Change,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Threshold => "threshold",
            Self::Table => "table",
            Self::Change => "change",
        }
    }
}

/// A job: numbers of facts, and whether each copy is of class B.
pub(crate) struct Job {
    kind: Kind,
    rates: (f64, f64),
    /// The fact that decides; of a change, the first copy of the higher rate.
    planted: usize,
    facts: Vec<Vec<usize>>,
    is_b: Vec<bool>,
}

impl Job {
    /// A job with `copies` copies. `rates` are the rates of class B without and with the cause.
    pub(crate) fn new(seed: u64, kind: Kind, copies: usize, rates: (f64, f64)) -> Self {
        let mut random = Rng::with_seed(seed);
        let values: Vec<usize> =
            (0..FACTS).map(|_| if kind == Kind::Threshold { NUMBERS } else { random.usize(2..=5) }).collect();
        let facts: Vec<Vec<usize>> =
            values.iter().map(|&values| (0..copies).map(|_| random.usize(..values)).collect()).collect();
        let share = 0.2 + 0.6 * random.f64();
        let planted = match kind {
            Kind::Threshold | Kind::Table => random.usize(..FACTS),
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the job")]
            Kind::Change => (share * concord_statistics::real(copies as u64)) as usize,
        };
        let is_higher = |copy: usize| match kind {
            Kind::Threshold => {
                concord_statistics::real(facts[planted][copy] as u64)
                    >= share * concord_statistics::real(NUMBERS as u64)
            }
            // The first half of the values, rounded down: one of two or three, two of four or five.
            Kind::Table => facts[planted][copy] < values[planted] / 2,
            Kind::Change => copy >= planted,
        };
        let is_b =
            (0..copies).map(|copy| random.f64() < if is_higher(copy) { rates.1 } else { rates.0 }).collect();
        Self { kind, rates, planted, facts, is_b }
    }

    /// The data, and what the sentence about the job says.
    pub(crate) fn told(&self) -> Value {
        let separates = self.assessed();
        let is_named = match self.kind {
            Kind::Change => separates.contains("The classes change"),
            Kind::Threshold | Kind::Table => {
                let is_claim = separates.contains("(p ") || separates.contains("explains ");
                is_claim && separates.contains(&name(self.planted))
            }
        };
        json!({
            "kind": self.kind.name(),
            "copies": self.is_b.len(),
            "rates": [self.rates.0, self.rates.1],
            "planted": self.planted,
            "facts": self.facts,
            "is_b": self.is_b.iter().map(|&is_b| u8::from(is_b)).collect::<Vec<_>>(),
            "named": is_named,
            "separates": separates,
        })
    }

    fn assessed(&self) -> String {
        let nothing = Facts::default();
        let names: Vec<String> = (0..FACTS).map(name).collect();
        let letter = if self.kind == Kind::Threshold { "" } else { "v" };
        let facts_of = |copy: usize| -> Facts {
            let value = |fact: usize| format!("{letter}{}", self.facts[fact][copy]);
            names.iter().enumerate().map(|(fact, name)| (name.as_str(), value(fact))).collect()
        };
        let facts: Vec<Facts> = (0..self.is_b.len()).map(facts_of).collect();
        let run = |copy: usize| ObservedRun {
            copy: u32::try_from(copy).unwrap_or(u32::MAX),
            digest: if self.is_b[copy] { "b" } else { "a" },
            bytes: 8,
            started_at_ms: copy as u64,
            run_us: 1,
            sandbox: None,
            environment: &nothing,
            facts: &facts[copy],
        };
        let runs: Vec<_> = (0..facts.len()).map(run).collect();
        Assessment::of(&runs, Level::default(), &Design::plain(Stage::Ended), None).separates
    }
}

fn name(fact: usize) -> String {
    format!("fact.x{fact}")
}
