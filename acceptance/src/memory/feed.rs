use concord_protocol::Announcement;
use concord_protocol::ports::{Announce, Delivery, PortResult};

use super::state::Memory;
use crate::conformance::{FedChange, Transport};

impl Transport for Memory {
    async fn read_changes(&self, count_max: usize) -> PortResult<Vec<FedChange>> {
        let state = self.state();
        let changes = state.feed.iter().take(count_max);
        Ok(changes.map(|(&sequence, change)| FedChange { sequence, change: change.clone() }).collect())
    }

    async fn acknowledge_changes(&self, sequences: Vec<u64>) -> PortResult<()> {
        let mut state = self.state();
        for sequence in sequences {
            state.feed.remove(&sequence);
        }
        Ok(())
    }

    async fn delete_dead_letter(&self, delivery: &Delivery) -> PortResult<()> {
        self.with(&delivery.copy.job, |stored| {
            let letters = &mut stored.queue.dead_letters;
            if letters.get(&delivery.copy.index).is_some_and(|letter| letter.round == delivery.round) {
                letters.remove(&delivery.copy.index);
            }
        })
    }
}

impl Announce for Memory {
    async fn announce(&self, announcement: &Announcement) -> PortResult<()> {
        self.with(&announcement.job, |stored| {
            stored.announced.insert(announcement.revision, announcement.verdict);
        })
    }
}
