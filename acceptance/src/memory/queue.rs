use std::collections::VecDeque;
use std::ops::Range;

use concord_protocol::ports::{
    DelayMessage, DeleteMessage, Delivery, EnqueueCopies, PortResult, ReceiveCopies, ReceiveDeadLetters,
};
use concord_protocol::{CopyId, JobId, Timestamp};

use super::messages::QueuedMessage;
use super::state::{Memory, MemoryState, StoredJob};

impl StoredJob {
    /// Delivers the next visible message. A message that was delivered too often becomes a dead letter instead.
    fn deliver(&mut self, now: Timestamp, receipt: u64) -> Option<Delivery> {
        let policy = &self.job.spec.policy;
        let receives_max = policy.receives_max();
        loop {
            let &(_, copy) = self.queue.visible_at.first().filter(|(visible_at, _)| *visible_at <= now)?;
            let message = self.queue.remove(copy)?;
            let delivery = |receive_count| Delivery {
                copy: CopyId { job: self.job.spec.job.clone(), index: copy },
                round: message.round,
                receive_count,
                sent_at: None,
                receipt,
            };
            if message.receive_count >= receives_max {
                self.queue.dead_letters.insert(copy, delivery(message.receive_count));
                continue;
            }
            let receive_count = message.receive_count + 1;
            let visible_at = now.plus_ms(policy.hidden_ms());
            self.queue.put(copy, QueuedMessage { visible_at, receive_count, receipt, ..message });
            return Some(delivery(receive_count));
        }
    }

    fn enqueue(&mut self, round: u32, copies: Range<u32>) {
        if self.job.state.ended_at().is_some() || self.job.state.round() != round {
            return;
        }
        for copy in copies {
            let stored = self.outcomes.get(&copy).and_then(|outcomes| outcomes.first());
            let produced = stored.is_some_and(|outcome| outcome.result.is_ok());
            let queued = self.queue.messages.get(&copy).is_some_and(|message| message.round >= round);
            if !produced && !queued {
                let visible_at = Timestamp::from_unix_ms(0);
                self.queue.put(copy, QueuedMessage { round, visible_at, receive_count: 0, receipt: 0 });
            }
        }
    }
}

impl MemoryState {
    /// The time at which the next message becomes visible.
    pub(crate) fn next_visible_at(&self) -> Option<Timestamp> {
        let first = self.jobs.values().filter_map(|stored| stored.queue.visible_at.first());
        first.map(|(visible_at, _)| *visible_at).min()
    }

    /// How many messages are on the queue, dead letters included.
    pub(crate) fn queued(&self, job: &JobId) -> usize {
        self.jobs.get(job).map_or(0, |stored| stored.queue.messages.len() + stored.queue.dead_letters.len())
    }

    /// Whether there are dead letters.
    pub(crate) fn has_dead_letters(&self) -> bool {
        self.jobs.values().any(|stored| !stored.queue.dead_letters.is_empty())
    }

    /// Receives one message of each job in turn, so that a large job cannot starve a small one.
    fn receive(&mut self, now: Timestamp, count_max: usize) -> Vec<Delivery> {
        let served = self.served.take();
        let (before, after): (Vec<_>, Vec<_>) =
            self.jobs.keys().cloned().partition(|job| Some(job) <= served.as_ref());
        self.served = served;
        let mut turns: VecDeque<_> = after.into_iter().chain(before).collect();
        let mut deliveries = Vec::new();
        while deliveries.len() < count_max
            && let Some(job) = turns.pop_front()
        {
            let receipt = self.receipts + 1;
            let delivery = self.jobs.get_mut(&job).and_then(|stored| stored.deliver(now, receipt));
            if let Some(delivery) = delivery {
                self.receipts = receipt;
                self.served = Some(job.clone());
                deliveries.push(delivery);
                turns.push_back(job);
            }
        }
        deliveries
    }
}

impl EnqueueCopies for Memory {
    async fn enqueue_copies(&self, job: &JobId, round: u32, copies: Range<u32>) -> PortResult<()> {
        self.with(job, |stored| stored.enqueue(round, copies))
    }
}

impl ReceiveCopies for Memory {
    async fn receive_copies(&self, count_max: usize) -> PortResult<Vec<Delivery>> {
        Ok(self.state().receive(self.clock.now(), count_max))
    }
}

impl DeleteMessage for Memory {
    async fn delete_message(&self, delivery: &Delivery) -> PortResult<()> {
        self.with(&delivery.copy.job, |stored| {
            if stored.queue.delivered(delivery).is_some() {
                stored.queue.remove(delivery.copy.index);
            }
        })
    }
}

impl DelayMessage for Memory {
    async fn delay_message(&self, delivery: &Delivery, delay_ms: u64) -> PortResult<()> {
        let visible_at = self.clock.now().plus_ms(delay_ms);
        self.with(&delivery.copy.job, |stored| {
            if let Some(message) = stored.queue.delivered(delivery) {
                stored.queue.put(delivery.copy.index, QueuedMessage { visible_at, receipt: 0, ..message });
            }
        })
    }
}

impl ReceiveDeadLetters for Memory {
    async fn receive_dead_letters(&self, count_max: usize) -> PortResult<Vec<Delivery>> {
        let state = self.state();
        let letters = state.jobs.values().flat_map(|stored| stored.queue.dead_letters.values());
        Ok(letters.take(count_max).cloned().collect())
    }
}
