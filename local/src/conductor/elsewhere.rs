//! Copies that run elsewhere: they need a slot while they are waited for, and one thread serves all slots.

use concord_protocol::JobId;
use concord_protocol::ports::PortResult;
use concord_worker::Calculate;
use futures::executor::block_on;
use futures::future::join_all;

use super::Fleet;
use crate::intake::Intake;
use crate::lane::Lane;
use crate::store::Store;

/// Jobs whose copies run elsewhere, which this process waits for.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// The jobs. Others of their kind are left to whoever names them: it may take other credentials, and costs money.
    pub jobs: Vec<JobId>,
    /// Copies of them that are waited for at once, at most.
    pub in_flight_max: usize,
}

/// What the two threads that wait share.
pub(super) struct Waits {
    pub(super) lane: Lane,
    pub(super) intake: Intake,
    in_flight_max: usize,
}

impl Waits {
    pub(super) fn new(store: &Store, elsewhere: &Elsewhere) -> PortResult<Self> {
        let lane = Lane::named(store, &elsewhere.jobs)?;
        Ok(Self { lane, intake: Intake::new(), in_flight_max: elsewhere.in_flight_max })
    }
}

impl<C: Calculate> Fleet<C> {
    /// Claims a copy for each free slot, and none ahead of need: whoever else works on the job may have free slots.
    pub(super) fn claim_elsewhere(&self) {
        if let Some(waits) = &self.elsewhere {
            self.claim_for(&waits.intake, &waits.lane, |_| {});
        }
    }

    /// Runs copies, as many at once as there are slots.
    pub(super) fn call(&self) {
        if let Some(waits) = &self.elsewhere {
            block_on(join_all((0..waits.in_flight_max).map(|_| self.slot(waits))));
        }
    }

    /// Runs one copy after the other. A copy starts when it gets the slot, so its run time has no waiting for one.
    async fn slot(&self, waits: &Waits) {
        loop {
            self.unwritten.room().await;
            let Some(delivery) = waits.intake.next().await else { break };
            self.run(delivery).await;
        }
    }
}
