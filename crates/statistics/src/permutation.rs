//! One test of many candidates, with one correction for all of them.
//!
//! Source: P. H. Westfall and S. S. Young, "Resampling-based multiple testing", 1993 (single step, smallest p-value). The
//! classes of the units are permuted. The corrected p-value of a candidate is the share of permutations in which *any*
//! candidate scores as high as this one does with the observed classes. So candidates that say the same cost nothing, and
//! a table whose margins do not allow a small p-value costs nothing either, as in Tarone's correction.
//!
//! The permutations stop early if the best candidate can no longer become significant: J. Besag and P. Clifford,
//! "Sequential Monte Carlo p-values", 1991.

mod battery;
mod blocks;
mod labelling;
mod pairs;
mod profiles;
mod score;
mod study;

use crate::fisher::ln_fisher;
use crate::probability::real;
use battery::{Battery, Scored};
use labelling::{Labelling, Shuffle};
pub use pairs::Combination;
pub use study::{Candidate, Study, UNKNOWN, Weighted};

/// The largest number of permutations.
pub const PERMUTATIONS_MAX: u64 = 10_000;

/// The largest number of permutations if some candidate is significant without any.
const PERMUTATIONS_OF_OTHERS_MAX: u64 = 500;

/// The smallest number of permutations that a large study gets.
const PERMUTATIONS_MIN: u64 = 300;

/// The permutations stop once so many of them score as high as the best candidate.
const HITS_MAX: u64 = 40;

/// A corrected p-value by Bonferroni's bound that is at most this needs no permutation.
const DECIDED: f64 = 1e-4;

/// A candidate whose exact p-value alone is above this is never significant, and no permutation is spent on it.
const HOPELESS: f64 = 0.05;

/// The work of all permutations, in steps of about a nanosecond.
const WORK_MAX: u64 = 500_000_000;

/// What a study found about one candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    /// Minus ln of the p-value of this candidate alone: exact, or approximate if no exact one is known.
    pub score: f64,
    /// A bound on the p-value of this candidate alone, by permutations.
    pub p_permuted: f64,
    /// The p-value, corrected for all candidates.
    pub p_corrected: f64,
    /// Whether the corrected p-value is Bonferroni's, from an exact one. Otherwise it is a bound by permutations.
    pub exact: bool,
    /// The first step after the best cut.
    pub cut: Option<usize>,
}

/// What a study found about the best pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairFinding {
    /// The two candidates.
    pub pair: [usize; 2],
    /// How they are combined.
    pub combination: Combination,
    /// The number of units of the combination.
    pub units: u64,
    /// The number of these that are not of class 0.
    pub marked: u64,
    /// The finding.
    pub finding: Finding,
}

/// The result of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyFindings {
    /// For each candidate.
    pub candidates: Vec<Finding>,
    /// The best pair.
    pub pair: Option<PairFinding>,
    /// The number of permutations.
    pub permutations: u64,
}

impl Study {
    /// Battery all candidates.
    #[must_use]
    pub fn test(&self) -> StudyFindings {
        let observed = Labelling::observed(&self.classes);
        let mut shuffle = Shuffle::new(&self.classes, self.strata.as_deref(), self.seed);
        if !shuffle.changes_anything() {
            return self.untested();
        }
        let mut tests = Battery::new(self, &mut shuffle, &observed);
        let mut scored = Scored { scores: Vec::new(), pair: (0.0, None) };
        tests.score(&observed, &mut scored);
        let pair = scored.pair.1.map(|best| tests.pairs().counts(best, &observed, tests.of_single()));
        let found = ObservedScores::of(self, &tests, &scored, pair);
        let limit = found.permutations_max(tests.work(&observed)).min(self.permutations_max);
        let counts = found.count(&mut tests, &mut shuffle, limit);
        let finding = |place: usize| counts.finding(place);
        let mut candidates: Vec<Finding> = (0..self.candidates.len()).map(finding).collect();
        for (place, candidate) in candidates.iter_mut().enumerate() {
            candidate.cut = tests.cut(place, &observed);
        }
        let pair = pair.zip(scored.pair.1).map(|((combination, units, marked), (best, _))| {
            let of = &tests.pairs().list[best];
            PairFinding {
                pair: [of.left, of.right],
                combination,
                units: units.into(),
                marked: marked.into(),
                finding: finding(self.candidates.len()),
            }
        });
        StudyFindings { candidates, pair, permutations: counts.permutations }
    }

    /// The result if nothing can be tested, because every order of the classes is as good as any other.
    #[must_use]
    pub fn untested(&self) -> StudyFindings {
        let finding = Finding { score: 0.0, p_permuted: 1.0, p_corrected: 1.0, exact: true, cut: None };
        StudyFindings { candidates: vec![finding; self.candidates.len()], pair: None, permutations: 0 }
    }
}

/// The observed score of one candidate, or of the best pair.
#[derive(Clone, Copy)]
struct ScoreClaim {
    score: f64,
    ln_p: Option<f64>,
    /// The score that competes with others.
    weighted: f64,
    /// The corrected p-value by Bonferroni's bound, if there is an exact one.
    bound: Option<f64>,
    /// Whether an exact p-value shows that the candidate cannot become significant.
    hopeless: bool,
}

struct ObservedScores {
    claims: Vec<ScoreClaim>,
}

/// How many permutations score as high.
struct HitCounts<'a> {
    observed: &'a ObservedScores,
    /// For each candidate: permutations in which it scores as high itself, and in which any candidate does.
    itself: Vec<u64>,
    any: Vec<u64>,
    permutations: u64,
}

/// Scores that differ by less are equal.
const SCORE_TIE: f64 = 1e-9;

impl ObservedScores {
    fn of(study: &Study, tests: &Battery, scored: &Scored, pair: Option<(Combination, u32, u32)>) -> Self {
        let claim = |score: f64, ln_weight: f64, ln_p: Option<f64>| ScoreClaim {
            score,
            ln_p,
            weighted: score + ln_weight,
            bound: ln_p.map(|ln_p| (ln_p - ln_weight).exp().clamp(f64::MIN_POSITIVE, 1.0)),
            hopeless: ln_p.is_some_and(|ln_p| ln_p > HOPELESS.ln()),
        };
        let singles = study.candidates.iter().zip(&scored.scores);
        let mut claims: Vec<ScoreClaim> =
            singles.map(|(weighted, &score)| claim(score, weighted.ln_weight, weighted.ln_p)).collect();
        let ln_p_of_pair = pair.filter(|_| study.strata.is_none()).map(|(_, block, hits)| {
            let marked = study.classes.iter().filter(|&&class| class > 0).count() as u64;
            let [block, hits] = [block, hits].map(u64::from);
            let units = study.classes.len() as u64;
            ln_fisher([[hits, block - hits], [marked - hits, units + hits - block - marked]])
        });
        let of_pair = claim(scored.pair.0, tests.ln_weight_of_pair(), ln_p_of_pair);
        claims.push(ScoreClaim { hopeless: of_pair.hopeless || pair.is_none(), ..of_pair });
        Self { claims }
    }

    fn is_decided(claim: &ScoreClaim) -> bool {
        claim.bound.is_some_and(|bound| bound <= DECIDED)
    }

    /// The best weighted score among claims that permutations have to judge.
    fn open(&self) -> Option<f64> {
        let open = self.claims.iter().filter(|claim| !Self::is_decided(claim) && !claim.hopeless);
        open.map(|claim| claim.weighted).reduce(f64::max)
    }

    fn permutations_max(&self, work: usize) -> u64 {
        let most = if self.claims.iter().any(Self::is_decided) {
            PERMUTATIONS_OF_OTHERS_MAX
        } else {
            PERMUTATIONS_MAX
        };
        (WORK_MAX / (work.max(1) as u64)).clamp(PERMUTATIONS_MIN, most)
    }

    fn count(&self, tests: &mut Battery, shuffle: &mut Shuffle, limit: u64) -> HitCounts<'_> {
        let none = vec![0; self.claims.len()];
        let mut counts = HitCounts { observed: self, itself: none.clone(), any: none, permutations: 0 };
        let Some(open) = self.open() else { return counts };
        let mut labelling = Labelling { marked: Vec::new(), bits: Vec::new() };
        let mut scored = Scored { scores: Vec::new(), pair: (0.0, None) };
        let mut hits = 0;
        while counts.permutations < limit && hits < HITS_MAX {
            shuffle.next(&mut labelling);
            tests.score(&labelling, &mut scored);
            let largest = tests.largest(&scored);
            hits += u64::from(largest >= open - SCORE_TIE);
            counts.add(largest, &scored);
        }
        counts
    }
}

impl HitCounts<'_> {
    fn add(&mut self, largest: f64, scored: &Scored) {
        self.permutations += 1;
        let all = scored.scores.iter().chain([&scored.pair.0]);
        for ((claim, score), (itself, any)) in
            self.observed.claims.iter().zip(all).zip(self.itself.iter_mut().zip(&mut self.any))
        {
            *itself += u64::from(*score >= claim.score - SCORE_TIE);
            *any += u64::from(largest >= claim.weighted - SCORE_TIE);
        }
    }

    fn finding(&self, place: usize) -> Finding {
        let claim = &self.observed.claims[place];
        // The share, and twice its standard error: a bound, unless the permutations were very unlucky.
        let share =
            |hits: u64| ((real(hits + 1) + 2.0 * real(hits).sqrt()) / real(self.permutations + 1)).min(1.0);
        let (exact, p_corrected) = match claim.bound {
            Some(bound) if bound <= DECIDED || self.permutations == 0 => (true, bound),
            _ => (false, share(self.any[place])),
        };
        let score = claim.ln_p.map_or(claim.score, |ln_p| -ln_p);
        Finding { score, p_permuted: share(self.itself[place]), p_corrected, exact, cut: None }
    }
}

#[cfg(test)]
mod tests;
