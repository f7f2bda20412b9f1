//! Deletes, delays and puts back delivered messages. A delivery names its message only until the message is delivered
//! again or put back; then the delivery is stale and changes nothing.

use concord_protocol::ports::{DelayMessage, DeleteMessage, Delivery, PortResult};
use rusqlite::params;

use super::message::check_message_of;
use super::rows::signed;
use super::store::Store;

/// What identifies a delivery in the table.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Delivered {
    key: i64,
    copy: u32,
    round: u32,
    receipt: i64,
    receive_count: u32,
}

impl DeleteMessage for Store {
    async fn delete_message(&self, delivery: &Delivery) -> PortResult<()> {
        self.delete_messages(vec![delivery.clone()]).await
    }
}

impl DelayMessage for Store {
    async fn delay_message(&self, delivery: &Delivery, delay_ms: u64) -> PortResult<()> {
        let Delivered { key, copy, round, receipt, receive_count } = self.delivered(delivery)?;
        let visible_at = signed(self.clock().now().plus_ms(delay_ms).unix_ms);
        let delayed = self.write(move |connection| {
            check_message_of(connection, key, copy)?;
            let sql = "UPDATE queue SET visible_at = ?6, owner = NULL,
                       checksum = checksum('queue', job, copy, round, ?6, receive_count, interruptions, NULL)
                       WHERE job = ?1 AND copy = ?2 AND round = ?3 AND owner = ?4 AND receive_count = ?5";
            connection.prepare_cached(sql)?.execute(params![
                key,
                copy,
                round,
                receipt,
                receive_count,
                visible_at
            ])
        });
        delayed.await.map(|_| ())
    }
}

impl Store {
    /// Removes delivered messages. Neighbours are removed by one statement.
    pub(crate) async fn delete_messages(&self, mut deliveries: Vec<Delivery>) -> PortResult<()> {
        deliveries.sort_unstable_by(|one, other| one.copy.cmp(&other.copy));
        let delivered: Vec<_> =
            deliveries.iter().map(|delivery| self.delivered(delivery)).collect::<Result<_, _>>()?;
        let deleted = self.write_soon(move |connection| {
            let sql = "DELETE FROM queue WHERE job = ?1 AND copy BETWEEN ?2 AND ?3
                       AND round = ?4 AND owner = ?5 AND receive_count = ?6";
            let mut delete = connection.prepare_cached(sql)?;
            let adjacent =
                |one: &Delivered, next: &Delivered| *next == Delivered { copy: one.copy + 1, ..*one };
            for neighbours in delivered.chunk_by(adjacent) {
                if let (Some(first), Some(last)) = (neighbours.first(), neighbours.last()) {
                    let Delivered { key, copy, round, receipt, receive_count } = first;
                    delete.execute(params![key, copy, last.copy, round, receipt, receive_count])?;
                }
            }
            Ok(())
        });
        deleted.await
    }

    fn delivered(&self, delivery: &Delivery) -> PortResult<Delivered> {
        Ok(Delivered {
            key: self.key(&delivery.copy.job)?,
            copy: delivery.copy.index,
            round: delivery.round,
            receipt: signed(delivery.receipt),
            receive_count: delivery.receive_count,
        })
    }

    /// Puts back messages that were claimed and not started, as if they had not been delivered.
    pub(crate) async fn put_back(&self, deliveries: Vec<Delivery>) -> PortResult<()> {
        let delivered: Vec<_> =
            deliveries.iter().map(|delivery| self.delivered(delivery)).collect::<Result<_, _>>()?;
        let put_back = self.write(move |connection| {
            let sql = "UPDATE queue SET visible_at = 0, owner = NULL, receive_count = receive_count - 1,
                       checksum = checksum('queue', job, copy, round, 0, receive_count - 1, interruptions, NULL)
                       WHERE job = ?1 AND copy = ?2 AND round = ?3 AND owner = ?4 AND receive_count = ?5";
            let mut update = connection.prepare_cached(sql)?;
            for Delivered { key, copy, round, receipt, receive_count } in &delivered {
                check_message_of(connection, *key, *copy)?;
                update.execute(params![key, copy, round, receipt, receive_count])?;
            }
            Ok(())
        });
        put_back.await
    }
}
