use std::collections::{BTreeMap, BTreeSet};

use concord_protocol::Timestamp;
use concord_protocol::ports::Delivery;

/// The messages of one job.
#[derive(Default)]
pub(super) struct JobQueue {
    pub(super) messages: BTreeMap<u32, QueuedMessage>,
    /// The same messages, by the time at which they become visible.
    pub(super) visible_at: BTreeSet<(Timestamp, u32)>,
    pub(super) dead_letters: BTreeMap<u32, Delivery>,
}

#[derive(Clone, Copy)]
pub(super) struct QueuedMessage {
    pub(super) round: u32,
    pub(super) visible_at: Timestamp,
    pub(super) receive_count: u32,
    /// The receipt of the last delivery, or 0 when no delivery is valid.
    pub(super) receipt: u64,
}

impl JobQueue {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn put(&mut self, copy: u32, message: QueuedMessage) {
        self.remove(copy);
        self.visible_at.insert((message.visible_at, copy));
        self.messages.insert(copy, message);
    }

    pub(super) fn remove(&mut self, copy: u32) -> Option<QueuedMessage> {
        let message = self.messages.remove(&copy)?;
        self.visible_at.remove(&(message.visible_at, copy));
        Some(message)
    }

    /// The message of `delivery`, unless it was delivered again or put back since.
    pub(super) fn delivered(&self, delivery: &Delivery) -> Option<QueuedMessage> {
        let message = self.messages.get(&delivery.copy.index)?;
        (message.receipt == delivery.receipt).then_some(*message)
    }
}
