//! What is tested: units with classes, and candidates that may go with them.

/// The block or step of a unit in which a candidate was not observed.
pub const UNKNOWN: u32 = u32::MAX;

/// Something that may go with the classes of the units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// A block for each unit, numbered from 0; [`UNKNOWN`] for a unit that is left out.
    Split {
        /// The block of each unit.
        block_of: Vec<u32>,
        /// The number of blocks.
        blocks: usize,
    },
    /// Steps of an order, numbered from 0: the classes may change anywhere between two steps.
    Cut {
        /// The step of each unit; [`UNKNOWN`] for a unit that is left out.
        step_of: Vec<u32>,
        /// The number of steps.
        steps: usize,
    },
    /// All units in an order: units of one class may come in blocks, or alternate.
    Runs {
        /// The units.
        order: Vec<u32>,
    },
}

/// A candidate of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighted {
    /// The candidate.
    pub candidate: Candidate,
    /// ln of its weight. The weights of all candidates and pairs sum to 1 at most.
    pub ln_weight: f64,
    /// ln of its exact p-value, if that is known.
    pub ln_p: Option<f64>,
}

/// Units with classes, and the candidates to test.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Study {
    /// The class of each unit; 0 is the most frequent one.
    pub classes: Vec<u8>,
    /// The stratum of each unit: classes are permuted within strata only.
    pub strata: Option<Vec<u32>>,
    /// The candidates.
    pub candidates: Vec<Weighted>,
    /// Pairs of candidates with two blocks each.
    pub pairs: Vec<[usize; 2]>,
    /// ln of the weight of all pairs together.
    pub ln_weight_of_pairs: f64,
    /// The same seed gives the same permutations.
    pub seed: u64,
    /// The largest number of permutations; at most [`PERMUTATIONS_MAX`](super::PERMUTATIONS_MAX).
    pub permutations_max: u64,
}
