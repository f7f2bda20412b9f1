//! One sentence for each question, in plain words, at most [`STATEMENT_CHARACTERS_MAX`] characters.

mod separates;
mod supports;
mod volatile;
mod words;

pub(crate) use separates::failing;
pub use separates::separates;
pub use supports::supports;
pub(crate) use volatile::volatile;

/// The largest number of characters of a statement.
pub const STATEMENT_CHARACTERS_MAX: usize = 240;

#[cfg(test)]
mod tests;
