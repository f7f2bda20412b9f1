/// The settings with which the workers of a stack were deployed.
#[derive(Clone, Debug, Default)]
pub(crate) struct StackSettings {
    /// The calculation, as the workers describe it; empty when it is not known.
    pub(crate) calculation: String,
    /// Runs that a failing copy gets.
    pub(crate) attempts: Option<u32>,
    /// Deliveries before a message becomes a dead letter.
    pub(crate) receives_max: Option<u32>,
    /// Seconds that one run may take.
    pub(crate) timeout_s: Option<u64>,
}
