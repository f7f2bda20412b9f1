//! Tests of claims that do not count copies of one sandbox as independent.

use concord_statistics::{Candidate, Study, Weighted};

use super::candidates::{Candidates, Source};
use super::patterns::Pattern;
use super::sandboxes::{SandboxUnits, UnitTest};
use super::separators::Sourced;

/// The largest number of permutations within sandboxes. They only decide about a warning.
const PERMUTATIONS_WITHIN_MAX: u64 = 1_000;

/// Adds such a test to each separator and to each pattern. A fact that is the same in each whole sandbox is tested with
/// one unit for each sandbox. A claim about anything else is tested with the classes permuted within the sandboxes.
pub(super) fn by_sandbox(
    candidates: &Candidates,
    study: Study,
    units: &SandboxUnits,
    separators: &mut [Sourced],
    patterns: &mut [Pattern],
) {
    if units.n() < 2 {
        return;
    }
    let splits: Vec<&[u32]> =
        separators.iter().map(|found| &candidates.partitions.by_value[found.place].of_run[..]).collect();
    for (found, test) in separators.iter_mut().zip(units.test_all(&splits)) {
        found.separator.sandboxes = test;
    }
    let is_open = |found: &Sourced| found.separator.significant && found.separator.sandboxes.is_none();
    if !patterns.is_empty() || separators.iter().any(is_open) {
        let within = Within::of(candidates, study, units, patterns);
        for found in separators.iter_mut().filter(|found| is_open(found)) {
            found.separator.sandboxes = within.test(Some(Source::Value(found.place)));
        }
        for pattern in patterns {
            pattern.sandboxes = within.test(pattern.source);
        }
    }
}

/// All candidates, tested within sandboxes.
struct Within<'a> {
    candidates: &'a Candidates,
    found: concord_statistics::StudyFindings,
    sandboxes: u64,
}

impl<'a> Within<'a> {
    fn of(candidates: &'a Candidates, mut study: Study, units: &SandboxUnits, patterns: &[Pattern]) -> Self {
        study.strata = Some(units.strata());
        study.permutations_max = PERMUTATIONS_WITHIN_MAX;
        study.pairs.clear();
        // An exact p-value of the whole table says nothing about a single sandbox.
        study.candidates.iter_mut().for_each(|weighted| weighted.ln_p = None);
        let claimed = patterns.iter().find_map(|pattern| pattern.group.clone());
        study.candidates.extend(claimed.map(|block_of| Weighted {
            candidate: Candidate::Split { block_of, blocks: 2 },
            ln_weight: study.ln_weight_of_pairs,
            ln_p: None,
        }));
        Self { candidates, found: study.test(), sandboxes: units.n() }
    }

    /// The test of a candidate; of the claimed pair without a source.
    fn test(&self, source: Option<Source>) -> Option<UnitTest> {
        let finding = match source {
            Some(source) => {
                let place = self.candidates.sources.iter().position(|&known| known == source)?;
                self.found.candidates[place]
            }
            None => *self.found.candidates.last()?,
        };
        Some(UnitTest { n: self.sandboxes, p: finding.p_permuted, p_holm: finding.p_corrected, within: true })
    }
}
