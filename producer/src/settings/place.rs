//! Which stack keeps the jobs, and how AWS is reached.

/// The stack that keeps the jobs and works on them.
#[derive(Clone, Debug)]
pub(crate) enum StackChoice {
    /// The stack of this name.
    Named(String),
    /// Workers that no stack describes, by their queue, their table and perhaps their bucket.
    Parts { queue_url: String, table: String, bucket: Option<String> },
}

impl StackChoice {
    /// The flags that name the same stack, reached in the same way, in the command of a hint.
    pub(crate) fn flags(&self, aws: &AwsChoice) -> String {
        let place = match self {
            Self::Named(name) => flag("stack", Some(name)),
            Self::Parts { queue_url, table, bucket } => [
                flag("queue-url", Some(queue_url)),
                flag("table", Some(table)),
                flag("bucket", bucket.as_ref()),
            ]
            .concat(),
        };
        place + &aws.flags()
    }

    /// The stack or the table, in words.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Named(name) => format!("the stack {name}"),
            Self::Parts { table, .. } => format!("the table {table}"),
        }
    }
}

/// How AWS is reached. The SDK finds what is not given, in the same places as the AWS command line.
#[derive(Clone, Debug)]
pub(crate) struct AwsChoice {
    pub(crate) profile: Option<String>,
    pub(crate) region: Option<String>,
    /// The address of another endpoint, such as an emulator's.
    pub(crate) endpoint_url: Option<String>,
}

impl AwsChoice {
    /// The same flags again, for the command of a hint; empty when none was given.
    pub(crate) fn flags(&self) -> String {
        [
            flag("profile", self.profile.as_ref()),
            flag("region", self.region.as_ref()),
            flag("endpoint-url", self.endpoint_url.as_ref()),
        ]
        .concat()
    }
}

/// A flag as it was given, with a space before it; empty when it was not given.
fn flag(name: &str, value: Option<&String>) -> String {
    value.map_or_else(String::new, |value| format!(" --{name} {value}"))
}
