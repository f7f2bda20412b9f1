//! JSON, read on both sides at once and without loss: a number stays text until it differs.

mod lines;
mod members;
mod scalar;
mod side;
mod walk;

pub(super) use lines::walk_lines;
pub(super) use walk::walk;
