use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::{Calculate, CalculationError, Output, Task};

/// What a calculation that keeps its time itself gets beyond it, to say so in its own words.
const GRACE: Duration = Duration::from_millis(500);

/// A calculation that may block, on a thread of its own, and that is over when its time is, whatever it does.
pub(crate) struct Bounded<C>(pub(crate) Arc<C>);

impl<C: Calculate + 'static> Calculate for Bounded<C> {
    /// A calculation that neither looks at its time nor can be killed is left running; its output is ignored.
    async fn calculate(&self, task: Task) -> Result<Output, CalculationError> {
        let (calculation, handle) = (Arc::clone(&self.0), Handle::current());
        let time_limit = task.time_limit;
        let run = spawn_blocking(move || handle.block_on(calculation.calculate(task)));
        match timeout(time_limit + GRACE, run).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(panicked)) => std::panic::resume_unwind(panicked.into_panic()),
            Err(_) => Err(CalculationError::Failed {
                reason: format!("the calculation took longer than its timeout of {time_limit:?}"),
                stderr_tail: Vec::new(),
            }),
        }
    }
}
