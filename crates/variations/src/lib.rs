//! What can be varied between the runs of a command, and which settings a request asks for.
//!
//! `table.toml` says what there is: CPU generations, numbers of threads, hash seeds, the layout of memory, and which library
//! reads which variable. [`plan`] turns the words of a user and what is known of a machine into the settings of a job.
//!
//! Pure: it reads no files, starts nothing, and knows neither stores nor processes.

mod error;
mod host;
mod pin;
mod plan;
mod request;
mod table;

pub use error::RequestError;
pub use host::{BlasFolder, Host};
pub use pin::{Pin, pinned};
pub use plan::{COMBINATIONS_MAX, plan};
pub use table::variables;
