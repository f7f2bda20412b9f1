//! AWS, if it is built in (feature `aws`): credentials, stacks, and the functions that are called.
//!
//! Without the feature, [`Stack`] and [`Aws`] have no values, and opening one is an error that says how to build it.

#[cfg(not(feature = "aws"))]
mod absent;
#[cfg(feature = "aws")]
mod access;
#[cfg(feature = "aws")]
mod checks;
mod settings;
#[cfg(feature = "aws")]
mod stack;

#[cfg(not(feature = "aws"))]
pub(crate) use absent::{NoAws as Aws, NoStack as Stack, REQUEST_BYTES_MAX, examine, missing};
#[cfg(feature = "aws")]
pub(crate) use access::{Aws, missing};
#[cfg(feature = "aws")]
pub(crate) use checks::examine;
#[cfg(feature = "aws")]
pub(crate) use concord_cloud::REQUEST_BYTES_MAX;
pub(crate) use settings::StackSettings;
#[cfg(feature = "aws")]
pub(crate) use stack::Stack;
