use concord_protocol::Announcement;
use concord_protocol::ports::{AcknowledgeChanges, Announce, FedChange, PortResult, ReadChanges};

use super::Memory;

impl ReadChanges for Memory {
    async fn read_changes(&self, count_max: usize) -> PortResult<Vec<FedChange>> {
        let state = self.state();
        let changes = state.feed.iter().take(count_max);
        Ok(changes.map(|(&sequence, change)| FedChange { sequence, change: change.clone() }).collect())
    }
}

impl AcknowledgeChanges for Memory {
    async fn acknowledge_changes(&self, sequences: Vec<u64>) -> PortResult<()> {
        let mut state = self.state();
        for sequence in sequences {
            state.feed.remove(&sequence);
        }
        Ok(())
    }
}

impl Announce for Memory {
    async fn announce(&self, announcement: &Announcement) -> PortResult<()> {
        self.with(&announcement.job, |stored| {
            stored.announced.insert(announcement.revision, announcement.verdict);
        })
    }
}
