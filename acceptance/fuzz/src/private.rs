//! Links to files of other packages. See `lib.rs`.
#![expect(dead_code, unused_imports, reason = "the targets use a part of what these files hold")]

pub(crate) mod args;
#[cfg(feature = "aws")]
pub(crate) mod facts;
#[cfg(feature = "aws")]
pub(crate) mod item;
#[cfg(feature = "aws")]
pub(crate) mod reply;
pub(crate) mod run;
pub(crate) mod selection;

/// The reply of a function, as the caller of functions reads it.
#[cfg(feature = "aws")]
pub(crate) fn read_reply(
    output: aws_sdk_lambda::operation::invoke::InvokeOutput,
) -> Result<concord_protocol::FunctionReply, concord_protocol::InvokeError> {
    reply::reply(output)
}
