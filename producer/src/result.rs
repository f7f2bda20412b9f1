//! What verbs find: values that are written as JSON as they are, and rendered as text.

pub(crate) mod comparison;
pub(crate) mod explanation;
pub(crate) mod finding;
pub(crate) mod job;
pub(crate) mod moment;
mod warnings;
