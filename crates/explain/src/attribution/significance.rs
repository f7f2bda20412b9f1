/// A corrected p-value of at most this level is significant. If no fact is related to the classes and the copies are
/// independent, at most 5 % of jobs show a significant fact.
pub const SIGNIFICANCE_LEVEL: f64 = 0.05;
