//! Claims copies from the queue as the prefetch wants them.

use event_listener::Listener;
use futures::executor::block_on;

use super::prefetch::{Prefetch, Wanted};
use super::shared::SharedFleet;
use super::stopped::TICK;
use crate::store::QueueSelection;

/// Claims copies that need a thread of this machine, ahead of need.
pub(super) fn claim_local<C>(fleet: &SharedFleet<C>) {
    claim(fleet, &fleet.prefetch, fleet.store.local_selection(), |idle| fleet.store.set_idle(idle));
}

/// Claims a copy for each free slot, and none ahead of need: another process that works on the job may have free
/// slots.
pub(super) fn claim_remote<C>(fleet: &SharedFleet<C>) {
    if let Some(remote) = &fleet.remote {
        claim(fleet, &remote.prefetch, &remote.selection, |_| {});
    }
}

/// Claims copies of `selection` until `prefetch` is closed. After each claim, calls `set_idle` with whether there was
/// no copy.
fn claim<C>(
    fleet: &SharedFleet<C>,
    prefetch: &Prefetch,
    selection: &QueueSelection,
    set_idle: impl Fn(bool),
) {
    while let Some(wanted) = prefetch.wanted() {
        let queued = fleet.store.signals().queued.listen();
        let received = match wanted {
            Wanted::Claim(count) => block_on(fleet.store.receive_from(selection, count)),
            Wanted::PutBack(deliveries) => {
                let put_back = fleet.until_written(|| fleet.store.put_back(deliveries.clone()));
                fleet.check(block_on(put_back));
                continue;
            }
        };
        match received {
            Ok(deliveries) if deliveries.is_empty() => {
                set_idle(true);
                queued.wait_timeout(TICK);
            }
            Ok(deliveries) => {
                set_idle(false);
                prefetch.put(deliveries);
            }
            Err(error) => fleet.check(Err(error)),
        }
    }
}
