use crate::{CopyId, Timestamp};

/// A message of the queue, as one receiver got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The copy to run.
    pub copy: CopyId,
    /// The round of the job for which the copy was enqueued.
    pub round: u32,
    /// How often the message was delivered, this delivery included.
    pub receive_count: u32,
    /// When the message was put on the queue; absent when the queue does not say.
    pub sent_at: Option<Timestamp>,
    /// The number of this delivery. Deleting the message, or putting it back, needs it.
    pub receipt: u64,
}
