//! The store in a process that takes copies from it.

use concord_protocol::ports::{PortError, PortResult};

use super::owners::{self, Leave, Lock, Owner};
use super::store::Store;
use crate::locked::locked;

impl Store {
    /// Registers this process as an owner of copies, under a name that no other process has.
    ///
    /// # Errors
    /// When the lock file or the store cannot be written.
    pub async fn own(&self, name: String) -> PortResult<()> {
        let lock = Lock::take(&self.shared.canonical, &owners::lock_name(&name));
        let lock = lock.map_err(|error| PortError::Permanent(Box::new(error)))?;
        let lock = lock.ok_or(PortError::Invalid("another process takes copies under the same name"))?;
        let id = self.write(move |connection| owners::register(connection, &name));
        let owner = Owner::new(id.await?, lock, self.shared.zero);
        *locked(&self.shared.owner) = Some(owner.map_err(|error| PortError::Permanent(Box::new(error)))?);
        Ok(())
    }

    /// Puts back the copies that this process has claimed and not finished, so that they can be delivered at once.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn disown(&self) -> PortResult<()> {
        let owner = locked(&self.shared.owner).take();
        let Some(owner) = owner else { return Ok(()) };
        let id = owner.id;
        self.write(move |connection| owners::release(connection, id, Leave::Orderly)).await
    }

    /// Puts back the copies that were claimed by processes which have ended since.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn release_abandoned(&self) -> PortResult<()> {
        if let Some(owner) = locked(&self.shared.owner).as_mut() {
            // A lock file that somebody has deleted would make this process look dead.
            let _ = owner.renew_lock();
        }
        let this = self.owner_id().unwrap_or(0);
        let gone = self.read(|connection| {
            let missing = &mut *locked(&self.shared.missing);
            owners::abandoned(connection, &self.shared.canonical, this, missing)
        })?;
        for owner in gone {
            self.write(move |connection| owners::release(connection, owner, Leave::Abandoned)).await?;
            self.signals().queued.notify(usize::MAX);
        }
        Ok(())
    }

    /// The owner that this process is registered as.
    pub(super) fn owner_id(&self) -> Option<i64> {
        locked(&self.shared.owner).as_ref().map(|owner| owner.id)
    }
}
