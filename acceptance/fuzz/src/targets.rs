//! One file for each kind of input.

pub(crate) mod argv;
#[cfg(feature = "aws")]
pub(crate) mod events;
#[cfg(feature = "aws")]
pub(crate) mod items;
pub(crate) mod json;
pub(crate) mod lines;
pub(crate) mod outputs;
pub(crate) mod tolerance;
