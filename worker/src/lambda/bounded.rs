use std::sync::Arc;
use std::time::Duration;

use concord_protocol::Facts;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::environment::FloatMode;
use crate::{Calculate, CalculationError, Output, Task};

/// Extra time for a calculation that keeps its time limit by itself, so that its own error is reported.
const GRACE: Duration = Duration::from_millis(500);

/// Runs a calculation, which may block, on its own thread, and ends the run at its time limit whatever the calculation
/// does.
pub(crate) struct Bounded<C> {
    calculation: Arc<C>,
    /// The mode of the process: the worker itself sees only the mode of its own thread.
    float_mode: FloatMode,
}

impl<C> Bounded<C> {
    pub(crate) fn new(calculation: C) -> Self {
        Self { calculation: Arc::new(calculation), float_mode: FloatMode::measure() }
    }
}

impl<C: Calculate + 'static> Calculate for Bounded<C> {
    /// A calculation that ignores its time limit and cannot be killed is left running; its output is ignored.
    async fn calculate(&self, task: Task) -> Result<Output, CalculationError> {
        let (calculation, usual, handle) =
            (Arc::clone(&self.calculation), self.float_mode, Handle::current());
        let time_limit = task.time_limit;
        let run = spawn_blocking(move || {
            let before = FloatMode::measure();
            let mut output = handle.block_on(calculation.calculate(task))?;
            before.record(usual, &mut output.facts);
            Ok(output)
        });
        match timeout(time_limit + GRACE, run).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(panicked)) => std::panic::resume_unwind(panicked.into_panic()),
            Err(_) => Err(CalculationError::Failed {
                reason: format!("the calculation took longer than its timeout of {time_limit:?}"),
                stderr_tail: Vec::new(),
                facts: Facts::default(),
            }),
        }
    }
}
