use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use aws_config::SdkConfig;
use concord_cloud::Functions;
use concord_protocol::{Calculation, FunctionName, FunctionNameError};
use tokio::runtime::Handle;

use super::{Calc, Settings};
use crate::{BuiltIn, Calculate, CalculationError, Output, Runs, Task};

/// The calculation that a stack was deployed with, whatever a job says.
pub struct Deployed {
    built_in: BuiltIn<Functions>,
    calculation: Calculation,
    description: String,
}

/// Settings that leave open what runs.
#[derive(Debug, thiserror::Error)]
pub enum DeployedError {
    /// Only a worker of one's own knows.
    #[error(
        "CALC is custom, which is for a worker that was built with a calculation of its own; this one knows probe, \
             command and function"
    )]
    Custom,
    /// The function is not named right.
    #[error("CALC_FUNCTION does not name a function")]
    Function(#[from] FunctionNameError),
    /// Neither the function's ARN nor the environment names a region.
    #[error("no region is set for CALC_FUNCTION")]
    Region,
}

impl Deployed {
    /// The calculation that the settings name. Functions are called by way of `config`.
    ///
    /// # Errors
    /// When they name none that this worker has.
    pub fn new(settings: &Settings, config: &SdkConfig) -> Result<Self, DeployedError> {
        let runs = Arc::new(Runs::default());
        let search_path: Option<OsString> = settings.search_path.clone();
        let folder: PathBuf = settings.folder.clone();
        let functions = Functions::new(Handle::current(), config);
        let built_in = BuiltIn::new(runs, search_path).with_functions(Some(functions));
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

impl Calculate for Deployed {
    /// A job that was submitted to a stack before its calculation was replaced does not get outputs of two.
    async fn calculate(&self, task: Task) -> Result<Output, CalculationError> {
        match &task.spec.calculation {
            // Who names queue and table by hand does not know what is deployed, and takes what there is.
            Calculation::Deployed { description }
                if description.is_empty() || *description == self.description =>
            {
                self.built_in.run(&self.calculation, &task).await
            }
            _ => Err(CalculationError::Failed {
                reason: "the job was submitted for another calculation than the stack now has".to_owned(),
                stderr_tail: Vec::new(),
            }),
        }
    }
}
