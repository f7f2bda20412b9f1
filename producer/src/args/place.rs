//! Options that say where jobs are kept.

use std::path::PathBuf;

use clap::Args as ClapArgs;

/// Where jobs are kept.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct StoreArgs {
    /// The store's file [default: $CONCORD_STORE, or concord/concord.db in the XDG state folder]
    #[arg(long, global = true, value_name = "PATH", display_order = 100)]
    pub(crate) store: Option<PathBuf>,
}

/// The stack on AWS that keeps the jobs and works on them, if there is one.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct StackArgs {
    /// The stack that keeps the jobs and runs the copies [default: $CONCORD_STACK, or none]
    #[arg(long, global = true, value_name = "NAME", conflicts_with_all = ["store", "queue_url", "table", "bucket"], display_order = 200, help_heading = "AWS")]
    pub(crate) stack: Option<String>,
    /// The queue of workers that no stack describes; needs --table
    #[arg(
        long,
        global = true,
        value_name = "URL",
        requires = "table",
        conflicts_with = "store",
        display_order = 201,
        help_heading = "AWS"
    )]
    pub(crate) queue_url: Option<String>,
    /// The table of the workers behind --queue-url
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        requires = "queue_url",
        display_order = 202,
        help_heading = "AWS"
    )]
    pub(crate) table: Option<String>,
    /// The bucket of the workers behind --queue-url; needed for payloads over 256 KiB
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        requires = "table",
        display_order = 203,
        help_heading = "AWS"
    )]
    pub(crate) bucket: Option<String>,
}

/// How AWS is reached. The SDK finds what is not given, in the same places as the AWS command line.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct AwsArgs {
    /// A profile of the AWS configuration files [default: $AWS_PROFILE]
    #[arg(long, global = true, value_name = "NAME", display_order = 204, help_heading = "AWS")]
    pub(crate) profile: Option<String>,
    /// A region [default: $AWS_REGION, or that of the profile]
    #[arg(long, global = true, value_name = "REGION", display_order = 205, help_heading = "AWS")]
    pub(crate) region: Option<String>,
    /// The address of another endpoint, such as an emulator's [default: $AWS_ENDPOINT_URL]
    #[arg(long, global = true, value_name = "URL", display_order = 206, help_heading = "AWS")]
    pub(crate) endpoint_url: Option<String>,
}
