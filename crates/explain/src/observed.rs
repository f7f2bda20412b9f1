//! Outcomes in the form that the statistics need.

use std::collections::HashMap;
use std::sync::Arc;

use concord_protocol::{Environment, Outcome};

use crate::{FactMap, ObservedRun};

/// The outcomes of a job in that form.
pub(super) struct Observed<'a> {
    outcomes: &'a [Outcome],
    pub(super) places: Places<'a>,
    /// The facts of each run alone.
    pub(super) own: Vec<FactMap>,
    pub(super) digests: Vec<Option<String>>,
}

/// The facts of an unknown environment: none.
const NOTHING_KNOWN: &FactMap = &FactMap::new();

impl<'a> Observed<'a> {
    pub(super) fn of(outcomes: &'a [Outcome]) -> Self {
        let digest =
            |outcome: &Outcome| outcome.result.as_ref().ok().map(|produced| produced.digest.to_string());
        Self {
            outcomes,
            places: Places::of(outcomes),
            own: outcomes.iter().map(|outcome| facts(outcome.facts.iter())).collect(),
            digests: outcomes.iter().map(digest).collect(),
        }
    }

    pub(super) fn runs(&self) -> Vec<ObservedRun<'_>> {
        let outcomes = self.outcomes.iter().zip(&self.own).zip(&self.digests);
        let mut runs = Vec::with_capacity(self.outcomes.len());
        for ((outcome, facts), digest) in outcomes {
            let (Ok(produced), Some(digest)) = (&outcome.result, digest) else { continue };
            runs.push(ObservedRun {
                copy: outcome.copy.index,
                digest,
                bytes: produced.bytes,
                started_at_ms: outcome.started_at.unix_ms,
                run_us: outcome.run_us,
                sandbox: outcome.environment.as_deref().map(|environment| environment.sandbox.as_str()),
                environment: self
                    .places
                    .place(outcome)
                    .map_or(NOTHING_KNOWN, |place| &self.places.facts[place]),
                facts,
            });
        }
        runs
    }
}

fn facts<'a>(facts: impl Iterator<Item = (&'a str, &'a str)>) -> FactMap {
    facts.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The distinct environments of the outcomes. Most outcomes share a few environments by reference.
pub(super) struct Places<'a> {
    pub(super) facts: Vec<FactMap>,
    by_address: HashMap<*const Environment, usize>,
    by_value: HashMap<&'a Environment, usize>,
}

impl<'a> Places<'a> {
    fn of(outcomes: &'a [Outcome]) -> Self {
        let mut places = Self { facts: Vec::new(), by_address: HashMap::new(), by_value: HashMap::new() };
        for environment in outcomes.iter().filter_map(|outcome| outcome.environment.as_ref()) {
            places.add(environment);
        }
        places
    }

    fn add(&mut self, environment: &'a Arc<Environment>) {
        let address = Arc::as_ptr(environment);
        if self.by_address.contains_key(&address) {
            return;
        }
        let place = *self.by_value.entry(environment).or_insert_with(|| {
            self.facts.push(facts(environment.iter()));
            self.facts.len() - 1
        });
        self.by_address.insert(address, place);
    }

    pub(super) fn place(&self, outcome: &Outcome) -> Option<usize> {
        self.by_address.get(&Arc::as_ptr(outcome.environment.as_ref()?)).copied()
    }
}
