//! Outcomes in the form that the statistics need.

use std::collections::HashMap;
use std::sync::Arc;

use concord_protocol::{Environment, Facts, Outcome};

use crate::ObservedRun;

/// Outcomes of a job, and what many of them share.
pub(super) struct Observed<'a> {
    outcomes: &'a [Outcome],
    pub(super) places: Places,
    /// The digest of each outcome, as text.
    pub(super) digests: Vec<Option<String>>,
    /// The facts of an unknown environment: none.
    nothing: Facts,
}

impl<'a> Observed<'a> {
    pub(super) fn of(outcomes: &'a [Outcome]) -> Self {
        let digest =
            |outcome: &Outcome| outcome.result.as_ref().ok().map(|produced| produced.digest.to_string());
        let digests = outcomes.iter().map(digest).collect();
        Self { places: Places::of(outcomes), digests, outcomes, nothing: Facts::default() }
    }

    pub(super) fn runs(&self) -> Vec<ObservedRun<'_>> {
        let mut runs = Vec::with_capacity(self.outcomes.len());
        for (outcome, digest) in self.outcomes.iter().zip(&self.digests) {
            let (Ok(produced), Some(digest)) = (&outcome.result, digest) else { continue };
            runs.push(ObservedRun {
                copy: outcome.copy.index,
                digest,
                bytes: produced.bytes,
                started_at_ms: outcome.started_at.unix_ms,
                run_us: outcome.run_us,
                sandbox: outcome.environment.as_deref().map(|environment| environment.sandbox.as_str()),
                environment: self.places.facts_of(outcome).unwrap_or(&self.nothing),
                facts: &outcome.facts,
            });
        }
        runs
    }
}

/// The distinct environments of the outcomes. Most outcomes share a few environments by reference.
pub(super) struct Places {
    pub(super) facts: Vec<Facts>,
    by_address: HashMap<*const Environment, usize>,
}

impl Places {
    pub(super) fn of(outcomes: &[Outcome]) -> Self {
        let mut places = Self { facts: Vec::new(), by_address: HashMap::new() };
        let mut by_value = HashMap::<&Environment, usize>::new();
        for environment in outcomes.iter().filter_map(|outcome| outcome.environment.as_ref()) {
            let address = Arc::as_ptr(environment);
            if places.by_address.contains_key(&address) {
                continue;
            }
            let place = *by_value.entry(environment).or_insert_with(|| {
                places.facts.push(Facts::gathered(environment.iter()));
                places.facts.len() - 1
            });
            places.by_address.insert(address, place);
        }
        places
    }

    /// The facts of an outcome's environment, if the environment is known.
    pub(super) fn facts_of(&self, outcome: &Outcome) -> Option<&Facts> {
        self.place(outcome).map(|place| &self.facts[place])
    }

    /// The place of an outcome's environment in `facts`, if the environment is known.
    pub(super) fn place(&self, outcome: &Outcome) -> Option<usize> {
        self.by_address.get(&Arc::as_ptr(outcome.environment.as_ref()?)).copied()
    }
}
