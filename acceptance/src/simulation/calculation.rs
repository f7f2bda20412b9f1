use std::sync::Arc;

use concord_protocol::ports::Clock;
use concord_protocol::{Digest, Facts};
use concord_worker::{Calculate, CalculationError, Output, Task};

use super::counts::Count;
use super::plan::{Act, output};
use super::tasks::pause;
use super::world::World;

/// A calculation that follows the plan of its job.
pub(super) struct SimulatedCalculation {
    pub(super) world: Arc<World>,
    /// The clock of the worker.
    pub(super) clock: Arc<dyn Clock>,
}

impl Calculate for SimulatedCalculation {
    async fn calculate(&self, task: Task) -> Result<Output, CalculationError> {
        let run = self.world.begin_run(&task, self.clock.now());
        pause().await;
        match run.act {
            Act::Give(number) => {
                let value = output(task.spec.job.as_str(), number);
                let (bytes, digested) = match &task.spec.policy.select {
                    // The part that is not selected differs in every run, and must not count.
                    Some(_) => {
                        (format!(r#"{{"run": {}, "value": "{value}"}}"#, run.number), format!("\"{value}\""))
                    }
                    None => (value.clone(), value),
                };
                self.world.lock().facts.given(&run.copy, Digest::of(digested.as_bytes()));
                pause().await;
                Ok(Output { bytes: bytes.into_bytes(), ..Output::default() })
            }
            Act::Fail => Err(failed("exit code 1")),
            Act::Stop => {
                self.world.lock().counts.add(Count::Stop);
                Err(CalculationError::Stopped)
            }
            Act::Panic => {
                self.world.lock().counts.add(Count::Panic);
                // Unlike `panic!` this prints nothing. Thousands of these panics are intended.
                std::panic::resume_unwind(Box::new("simulated"))
            }
        }
    }
}

fn failed(reason: &str) -> CalculationError {
    CalculationError::Failed {
        reason: reason.to_owned(),
        stderr_tail: b"it failed\n".to_vec(),
        facts: Facts::default(),
    }
}
