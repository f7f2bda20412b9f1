use std::error::Error;
use std::fmt;

use concord_local::{OpenError, StillLocked};
use concord_protocol::ports::PortError;

use crate::exit::Exit;
use crate::locked_store;

/// What to do about a damaged store.
const DAMAGED: &str = "keep a copy of the file; producer check-store says what is damaged; submit again under \
                                  another name, or with another --store PATH";

/// Why a verb failed: the cause, a hint that helps, and the exit code.
#[derive(Debug)]
pub(crate) struct CliError {
    pub(crate) exit: Exit,
    pub(crate) cause: anyhow::Error,
    pub(crate) hint: Option<String>,
}

impl CliError {
    /// The input of the user is wrong.
    pub(crate) fn usage(cause: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, cause: cause.into(), hint: None }
    }

    /// The input of the user is wrong, with this text as the cause.
    pub(crate) fn usage_text(cause: impl fmt::Display) -> Self {
        Self::usage(anyhow::anyhow!("{cause}"))
    }

    /// The store, the network or the system failed.
    pub(crate) fn failed(cause: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Failed, cause: cause.into(), hint: None }
    }

    /// Sets the hint.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl From<PortError> for CliError {
    fn from(error: PortError) -> Self {
        let hint = match &error {
            PortError::Transient(source) | PortError::Permanent(source) if is_of_aws(source.as_ref()) => {
                Some(
                    "see that the network, --region and --profile are right, and that you may do what it names; what \
                 was recorded is kept",
                )
            }
            PortError::Transient(source) if let Some(locked) = source.downcast_ref::<StillLocked>() => {
                let hint = locked_store::hint(&locked.wait);
                return Self::failed(error).hint(hint);
            }
            PortError::Transient(_) => Some("another process kept the store busy: try again"),
            PortError::Permanent(_) => {
                Some("what was recorded is kept; see that its disk has room and can be written")
            }
            PortError::Damaged(_) => Some(DAMAGED),
            PortError::Invalid(_) => None,
        };
        Self { hint: hint.map(str::to_owned), ..Self::failed(error) }
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        let hint = match &error {
            OpenError::NotADatabase { .. } | OpenError::Foreign { .. } => {
                "name a store, or a file that does not exist yet, with --store PATH"
            }
            OpenError::Empty { .. } => "no job was submitted to it; --store PATH names another place",
            OpenError::Damaged { .. } => DAMAGED,
            OpenError::Newer { .. } => "use the newer version, or another store with --store PATH",
            OpenError::Older { .. } => "name a file that does not exist yet with --store PATH",
            OpenError::Locked(locked) => &locked_store::hint(&locked.wait),
            OpenError::Failed { .. } => {
                "its folder has to exist and be writable, with room on its disk; --store PATH names another place"
            }
        };
        Self::failed(error).hint(hint)
    }
}

/// Whether an error comes from a call to AWS.
#[cfg(feature = "aws")]
fn is_of_aws(source: &(dyn Error + Send + Sync + 'static)) -> bool {
    source.is::<concord_cloud::AwsError>()
}

#[cfg(not(feature = "aws"))]
fn is_of_aws(_: &(dyn Error + Send + Sync + 'static)) -> bool {
    false
}
