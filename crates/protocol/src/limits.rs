//! The bounds that a user meets, by name. Exceeding one is a clear error, unless its sentence here says that the
//! excess is cut. The bounds of queues and loops are constants in the files that use them.

/// The largest number of copies of one job. They are tallied in [`CHUNKS_MAX`] chunks of [`CHUNK_COPIES`].
pub const COPIES_MAX: u32 = CHUNK_COPIES * CHUNKS_MAX;

/// The number of copies in one tally. It bounds the size of a stored tally.
pub const CHUNK_COPIES: u32 = 1_000;

/// The largest number of tallies of one job.
pub const CHUNKS_MAX: u32 = 1_000;

/// The largest number of jobs of one submission.
pub const SUBMISSION_JOBS_MAX: usize = 10_000;

/// The largest payload, in bytes.
pub const PAYLOAD_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The largest total size of the payloads of one submission, in bytes.
pub const SUBMISSION_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The largest output, in bytes. A calculation that gives more has failed.
pub const OUTPUT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The largest number of artifacts of one output. A calculation that gives more has failed.
pub const ARTIFACTS_MAX: usize = 1_000;

/// The largest number of distinct outputs and artifacts of one job whose bytes are kept. Every digest is kept.
pub const OUTPUTS_KEPT_MAX: usize = 256;

/// The number of bytes kept from the end of a calculation's standard error. Lambda's `LogType=Tail` keeps as many.
pub const STDERR_TAIL_BYTES: usize = 4 * 1024;

/// The largest reason of a failure, in bytes. Reasons are grouped and counted, so they are short and few.
pub const REASON_BYTES_MAX: usize = 200;

/// The largest number of attempts of one copy.
pub const ATTEMPTS_MAX: u32 = 100;

/// The longest time from the start of a job to its deadline, in milliseconds: 14 days, as long as SQS keeps a
/// message.
pub const TIMEOUT_MS_MAX: u64 = 14 * 24 * 60 * 60 * 1_000;

/// The longest time before a failed copy is attempted again, in milliseconds.
pub const RETRY_DELAY_MS_MAX: u64 = 30_000;

/// The largest number of times that a job may be retried.
pub const ROUNDS_MAX: u32 = 1_000;

/// The longest id of a job, in bytes.
pub const JOB_ID_BYTES_MAX: usize = 64;

/// The largest number of different sandboxes that a job may ask for. It bounds how many its tallies and its rollup
/// keep.
pub const SANDBOXES_MIN_MAX: u32 = 1_000;

/// The longest time, in milliseconds from the start of a run, for which a job may hold a sandbox. The user pays for
/// this time.
pub const HOLD_MS_MAX: u64 = 60_000;

/// The largest number of facts of one machine or one run. Further facts are left out.
pub const FACTS_MAX: usize = 128;

/// The longest name of a fact, in bytes.
pub const FACT_NAME_BYTES_MAX: usize = 64;

/// The longest value of a fact, in bytes. A longer value is cut.
pub const FACT_VALUE_BYTES_MAX: usize = 256;
