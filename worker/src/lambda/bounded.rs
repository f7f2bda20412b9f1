use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::environment::FloatMode;
use crate::{Calculate, CalculationError, Output, Task};

/// What a calculation that keeps its time itself gets beyond it, to say so in its own words.
const GRACE: Duration = Duration::from_millis(500);

/// A calculation that may block, on a thread of its own, and that is over when its time is, whatever it does.
pub(crate) struct Bounded<C> {
    calculation: Arc<C>,
    /// That of the process: the worker itself sees only the mode of its own thread.
    float_mode: FloatMode,
}

impl<C> Bounded<C> {
    pub(crate) fn new(calculation: C) -> Self {
        Self { calculation: Arc::new(calculation), float_mode: FloatMode::measure() }
    }
}

impl<C: Calculate + 'static> Calculate for Bounded<C> {
    /// A calculation that neither looks at its time nor can be killed is left running; its output is ignored.
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
            }),
        }
    }
}
