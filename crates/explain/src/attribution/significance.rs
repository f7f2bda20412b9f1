/// A corrected p-value of at most this is significant: a job in which no fact has to do with the classes shows one in
/// 5 % of cases at most, given that its copies are independent.
pub const SIGNIFICANCE_LEVEL: f64 = 0.05;
