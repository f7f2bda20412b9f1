use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use aws_config::SdkConfig;
use concord_cloud::Functions;
use concord_protocol::{Calculation, Facts, FunctionName, FunctionNameError};
use tokio::runtime::Handle;

use super::{Calc, WorkerSettings};
use crate::{BuiltIn, Calculate, CalculationError, Output, Runs, Task};

/// The one place of a sandbox that can be written.
const TEMPORARY: &str = "/tmp";

/// The calculation that a stack was deployed with, whatever a job says.
pub struct DeployedCalculation {
    built_in: BuiltIn<Functions>,
    calculation: Calculation,
    description: String,
}

/// The settings do not say which calculation runs.
#[derive(Debug, thiserror::Error)]
pub enum DeployedError {
    /// The calculation is one of a custom worker.
    #[error(
        "CALC is custom, which is for a worker that was built with a calculation of its own; this one knows probe, \
             command and function"
    )]
    Custom,
    /// The text is not the name of a function.
    #[error("CALC_FUNCTION does not name a function")]
    Function(#[from] FunctionNameError),
    /// Neither the function's ARN nor the environment names a region.
    #[error("no region is set for CALC_FUNCTION")]
    Region,
}

impl DeployedCalculation {
    /// The calculation that the settings name. Functions are called with the settings of `config`.
    ///
    /// # Errors
    /// When the settings do not name a calculation that this worker has.
    pub fn new(settings: &WorkerSettings, config: &SdkConfig) -> Result<Self, DeployedError> {
        let runs = Arc::new(Runs::default());
        let search_path: Option<OsString> = settings.search_path.clone();
        let folder: PathBuf = settings.folder.clone();
        let functions = Functions::new(Handle::current(), config);
        let built_in = BuiltIn::new(runs, search_path, TEMPORARY.into()).with_functions(Some(functions));
        let calculation = match &settings.calc {
            Calc::Probe => Calculation::Probe { name: String::new() },
            Calc::Command(argv) => Calculation::Command { argv: argv.clone(), folder },
            Calc::Function(name) => {
                let FunctionName { name, qualifier, region } = name.parse()?;
                let region = region.or_else(|| config.region().map(ToString::to_string));
                Calculation::Function { name, qualifier, region: region.ok_or(DeployedError::Region)? }
            }
            Calc::Custom => return Err(DeployedError::Custom),
        };
        Ok(Self { built_in, calculation, description: settings.description.clone() })
    }
}

impl Calculate for DeployedCalculation {
    /// Fails when the stack's calculation was replaced after the job was submitted: a job must not mix outputs of two
    /// calculations.
    async fn calculate(&self, task: Task) -> Result<Output, CalculationError> {
        match &task.spec.calculation {
            // A user who names queue and table by hand does not know what is deployed: the description is then empty.
            Calculation::Deployed { description }
                if description.is_empty() || *description == self.description =>
            {
                self.built_in.run(&self.calculation, &task).await
            }
            _ => Err(CalculationError::Failed {
                reason: "the job was submitted for another calculation than the stack now has".to_owned(),
                stderr_tail: Vec::new(),
                facts: Facts::default(),
            }),
        }
    }
}
