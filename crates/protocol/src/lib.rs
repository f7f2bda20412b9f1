//! The words of Concord, the fold from outcomes to a verdict, the legal transitions, and the ports.
//!
//! Pure: it knows no async runtime, clock, files, process environment, database or cloud. Time is a parameter, a
//! [`Timestamp`]. Everything else comes through the [`ports`], which other crates implement.

mod artifact;
mod change;
mod consistency;
mod decide;
mod delivery;
mod digest;
mod evidence;
mod facts;
mod function;
mod function_name;
mod golden;
mod id;
mod job;
pub mod limits;
mod lookup;
mod outcome;
pub mod ports;
mod rollup;
mod sandboxes;
mod state;
mod tally;
mod text;
mod timestamp;
mod transition;
mod variation;
mod verdict;

pub use artifact::{Artifact, Manifest, ManifestError};
pub use change::{Announcement, Change};
pub use consistency::{ChunkOutcomes, Contradiction, UnprovenDigest};
pub use decide::{Separation, asks_for_separation, decide};
pub use digest::{Digest, DigestError};
pub use evidence::Evidence;
pub use facts::Facts;
pub use function::{FunctionReply, FunctionTarget, Invocation, InvokeError};
pub use function_name::{FunctionName, FunctionNameError, parse_qualifier};
pub use golden::{Golden, GoldenKey};
pub use id::{CopyId, IdError, JobId};
pub use job::{Calculation, Job, JobSpec, Policy};
pub use lookup::{ListFilter, Lookup};
pub use outcome::{Environment, Failure, Outcome, Produced, Settlement, settle};
pub use rollup::{Reached, Rollup};
pub use sandboxes::{SandboxHash, Sandboxes};
pub use state::{IllegalState, JobState, StateRecord};
pub use tally::{CopySet, DigestCount, JobTally, Tally, chunk_of, chunks, copies_in_chunk, copy_ranges};
pub use text::{is_hidden, readable};
pub use timestamp::Timestamp;
pub use transition::{Event, IllegalTransition, next};
pub use variation::{
    LeftOut, LibraryNames, LibraryReport, Setting, SettingChange, VariationDesign, VariationPlan,
};
pub use verdict::{Cause, Verdict, VerdictError};
