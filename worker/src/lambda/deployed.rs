use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use aws_config::SdkConfig;
use concord_cloud::Functions;
use concord_protocol::{Calculation, FunctionName, FunctionNameError, JobSpec};
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
        match refusal(&task.spec, &self.description) {
            Some(reason) => Err(CalculationError::failed(reason, [])),
            None => self.built_in.run(&self.calculation, &task).await,
        }
    }
}

/// Why a stack with the calculation of this description does not run copies of a job, if it does not.
fn refusal(spec: &JobSpec, description: &str) -> Option<&'static str> {
    // Settings may name programs and libraries, and whoever writes a job into the table must not choose what runs.
    if spec.policy.variation.is_some() {
        return Some("the job varies settings, and a stack runs only what it was deployed with");
    }
    match &spec.calculation {
        // A user who names queue and table by hand does not know what is deployed: the description is then empty.
        Calculation::Deployed { description: asked } if asked.is_empty() || asked == description => None,
        _ => Some("the job was submitted for another calculation than the stack now has"),
    }
}

#[cfg(test)]
mod tests {
    use concord_protocol::{Setting, SettingChange, VariationDesign, VariationPlan};
    use concord_testkit::spec as example;

    use super::*;

    fn spec(description: &str) -> JobSpec {
        JobSpec {
            calculation: Calculation::Deployed { description: description.to_owned() },
            ..example("j", 2)
        }
    }

    #[test]
    fn a_stack_runs_the_calculation_that_a_job_was_submitted_for() {
        assert_eq!(refusal(&spec("command a"), "command a"), None);
        assert_eq!(refusal(&spec(""), "command a"), None);
        assert!(refusal(&spec("command b"), "command a").unwrap().contains("another calculation"));
        let command = Calculation::Command { argv: vec!["sh".to_owned()], folder: "/".into() };
        let spec = JobSpec { calculation: command, ..spec("") };
        assert!(refusal(&spec, "command a").unwrap().contains("another calculation"));
    }

    #[test]
    fn a_stack_runs_no_program_that_a_job_names() {
        let mut spec = spec("command a");
        let changes = vec![SettingChange::Program { program: "/bin/sh".to_owned() }];
        let setting = Setting {
            factor: "custom".to_owned(),
            name: "command".to_owned(),
            library: None,
            value: "/bin/sh".to_owned(),
            changes,
            report: None,
            names: None,
        };
        spec.policy.variation = Some(VariationPlan {
            request: Vec::new(),
            design: VariationDesign::One,
            chose_copies: true,
            settings: vec![setting],
            left_out: Vec::new(),
            pinned: Vec::new(),
        });
        assert!(refusal(&spec, "command a").unwrap().contains("only what it was deployed with"));
    }
}
