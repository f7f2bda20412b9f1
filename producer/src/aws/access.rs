//! Access to AWS: the settings of the SDK, the credentials, and the caller of functions.

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_lambda::config::ProvideCredentials;
use concord_cloud::{Access, CheckError, Functions};
use concord_protocol::{Calculation, FunctionTarget};
use tokio::runtime::Handle;

use crate::error::CliError;
use crate::render::words::calculation as calculation_in_words;
use crate::settings::AwsChoice;

/// Attempts of one request to AWS while the user waits: about three seconds in all.
const BRIEF_ATTEMPTS_MAX: u32 = 3;

const CREDENTIALS_HINT: &str = "name a profile with --profile or AWS_PROFILE, or set AWS_ACCESS_KEY_ID and \
                                AWS_SECRET_ACCESS_KEY; aws sso login renews a session";

/// The error that AWS is not built in: none, since it is.
pub(crate) fn missing() -> Option<CliError> {
    None
}

/// Access to AWS.
pub(crate) struct Aws {
    pub(super) config: SdkConfig,
    /// The same with few attempts, for requests during which the user waits.
    pub(super) brief: SdkConfig,
}

impl Aws {
    /// Loads the settings and credentials. `region` is used when no flag names another.
    ///
    /// The SDK itself reads what the flags leave open: the environment variables that begin with `AWS_`, and the files
    /// of the AWS command line.
    pub(crate) async fn connect(choice: &AwsChoice, region: Option<&str>) -> Result<Self, CliError> {
        let access = Access {
            profile: choice.profile.clone(),
            region: choice.region.clone().or_else(|| region.map(str::to_owned)),
            endpoint_url: choice.endpoint_url.clone(),
        };
        let config = concord_cloud::sdk_config(&access).await;
        let attempts = RetryConfig::standard().with_max_attempts(BRIEF_ATTEMPTS_MAX);
        let brief = config.to_builder().retry_config(attempts).build();
        let aws = Self { config, brief };
        aws.credentials().await?;
        Ok(aws)
    }

    /// The region that the settings name.
    pub(crate) fn region(&self) -> Result<String, CliError> {
        self.config.region().map(ToString::to_string).ok_or_else(|| {
            CliError::usage_text("no AWS region is named")
                .hint("name one with --region, AWS_REGION, or a profile")
        })
    }

    /// The region, or an empty text when none is named.
    pub(super) fn region_or_empty(&self) -> String {
        self.config.region().map(ToString::to_string).unwrap_or_default()
    }

    /// A caller of functions, which runs on the current runtime.
    pub(crate) fn functions(&self) -> Functions {
        Functions::new(Handle::current(), &self.config)
    }

    /// Checks that each function among `calculations` can be called.
    pub(crate) async fn check<'a>(
        &self,
        calculations: impl IntoIterator<Item = &'a Calculation>,
    ) -> Result<(), CliError> {
        let functions = self.functions();
        let mut checked: Vec<FunctionTarget<'_>> = Vec::new();
        for calculation in calculations {
            let Calculation::Function { name, qualifier, region } = calculation else { continue };
            let target = FunctionTarget { name, qualifier: qualifier.as_deref(), region };
            if !checked.contains(&target) {
                let usable = functions.check(&target).await;
                usable.map_err(|error| cannot_call(error, calculation, region))?;
                checked.push(target);
            }
        }
        Ok(())
    }

    async fn credentials(&self) -> Result<(), CliError> {
        let none = || CliError::failed(anyhow::anyhow!("no AWS credentials are set")).hint(CREDENTIALS_HINT);
        let provider = self.config.credentials_provider().ok_or_else(none)?;
        let credentials = provider.provide_credentials().await;
        credentials.map(|_| ()).map_err(|error| {
            let cause = anyhow::Error::new(error).context("there are no usable AWS credentials");
            CliError::failed(cause).hint(CREDENTIALS_HINT)
        })
    }
}

fn cannot_call(error: CheckError, calculation: &Calculation, region: &str) -> CliError {
    let function = calculation_in_words(calculation);
    let (usage, hint) = match &error {
        CheckError::Unknown { .. } => (
            true,
            format!(
                "see that name, qualifier and region are right: aws lambda list-functions --region {region}"
            ),
        ),
        CheckError::Invalid { .. } => (true, "see that name and qualifier are right".to_owned()),
        CheckError::Denied { code, .. } if code.starts_with("AccessDenied") => (
            false,
            "the caller needs the permission lambda:InvokeFunction; --profile names another caller"
                .to_owned(),
        ),
        CheckError::Denied { .. } => (false, CREDENTIALS_HINT.to_owned()),
        CheckError::Unreachable(_) => {
            (false, "see that the network, --region and --endpoint-url are right".to_owned())
        }
    };
    let cause = anyhow::Error::new(error).context(format!("cannot call {function}"));
    if usage { CliError::usage(cause) } else { CliError::failed(cause) }.hint(hint)
}
