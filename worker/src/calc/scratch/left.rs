use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::layout::allow;
use super::{Scratch, Scratches};

/// The folder in which a copy ran. It goes back to the folders that wait for a copy when this value is dropped.
#[derive(Debug)]
pub(crate) struct RunFolder {
    /// Absent only once it was given back.
    scratch: Option<Scratch>,
    scratches: Arc<Scratches>,
}

impl RunFolder {
    pub(in crate::calc) fn new(scratch: Scratch, scratches: &Arc<Scratches>) -> Self {
        Self { scratch: Some(scratch), scratches: Arc::clone(scratches) }
    }

    /// Moves the folder to `target`, which does not exist and is on the same file system. The next copy gets a new folder of
    /// the same path.
    pub(crate) fn keep_as(mut self, target: &Path) -> io::Result<()> {
        let Some(scratch) = &mut self.scratch else { return Ok(()) };
        scratch.layout = None;
        std::fs::rename(&scratch.path, target).or_else(|_| {
            // To move a folder takes the permission to write to it, which the copy may have taken away.
            allow(&scratch.path)?;
            std::fs::rename(&scratch.path, target)
        })
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if let Some(scratch) = self.scratch.take() {
            self.scratches.give_back(scratch);
        }
    }
}

/// Where a calculation leaves the folder of a run for its caller, who knows what the run is worth.
#[derive(Clone, Debug, Default)]
pub(crate) struct LeftFolder(Arc<Mutex<Option<RunFolder>>>);

impl LeftFolder {
    pub(in crate::calc) fn put(&self, folder: RunFolder) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(folder);
    }

    /// The folder, if one was left.
    pub(crate) fn take(&self) -> Option<RunFolder> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
