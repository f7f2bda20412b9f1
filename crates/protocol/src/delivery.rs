use crate::{CopyId, Timestamp};

/// A message of the queue as it was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The copy to run.
    pub copy: CopyId,
    /// The round of the job that wants it.
    pub round: u32,
    /// How often the message was delivered, this time included.
    pub receive_count: u32,
    /// When the message was put on the queue, where the queue says so.
    pub sent_at: Option<Timestamp>,
    /// What names this delivery of the message when it is deleted or put back.
    pub receipt: u64,
}
