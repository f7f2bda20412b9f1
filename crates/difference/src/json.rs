//! JSON, read on both sides at once and without losing anything: numbers stay text until they differ.

mod lines;
mod members;
mod scalar;
mod side;
mod walk;

pub(super) use lines::walk_lines;
pub(super) use walk::walk;
