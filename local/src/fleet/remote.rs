use concord_protocol::JobId;
use concord_protocol::ports::PortResult;

use super::prefetch::Prefetch;
use crate::store::{QueueSelection, Store};

/// Jobs whose copies run remotely, and which this process waits for.
#[derive(Clone, Debug)]
pub struct RemoteJobs {
    /// The jobs. Other jobs whose copies run remotely are left to the process that names them: a call may need other
    /// credentials, and costs money.
    pub jobs: Vec<JobId>,
    /// The largest number of their copies that are waited for at once.
    pub in_flight_max: usize,
}

/// The state that is shared by the two threads that wait for remote copies.
pub(super) struct RemoteCalls {
    pub(super) selection: QueueSelection,
    pub(super) prefetch: Prefetch,
    pub(super) in_flight_max: usize,
}

impl RemoteCalls {
    pub(super) fn new(store: &Store, remote: &RemoteJobs) -> PortResult<Self> {
        let selection = store.select(&remote.jobs)?;
        Ok(Self { selection, prefetch: Prefetch::new(), in_flight_max: remote.in_flight_max })
    }
}
