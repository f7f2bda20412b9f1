//! The bounds that a user meets, by name. Going over one is a clear error; what is cut instead says so here. Bounds of
//! queues and loops stand beside them.

/// Copies of one job, at most. Copies are tallied in [`CHUNKS_MAX`] chunks of [`CHUNK_COPIES`].
pub const COPIES_MAX: u32 = CHUNK_COPIES * CHUNKS_MAX;

/// Copies whose outcomes one tally holds: it bounds the size of a stored tally.
pub const CHUNK_COPIES: u32 = 1_000;

/// Tallies of one job, at most.
pub const CHUNKS_MAX: u32 = 1_000;

/// Jobs of one submission, at most.
pub const SUBMISSION_JOBS_MAX: usize = 10_000;

/// Bytes of one payload, at most.
pub const PAYLOAD_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Bytes of all payloads of one submission, at most.
pub const SUBMISSION_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Bytes of one output, at most. A calculation that gives more has failed.
pub const OUTPUT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Distinct outputs of one job whose bytes are kept. Digests are kept without this bound.
pub const OUTPUTS_KEPT_MAX: usize = 64;

/// Bytes kept of the end of what a calculation wrote to its standard error, as Lambda's `LogType=Tail` keeps.
pub const STDERR_TAIL_BYTES: usize = 4 * 1024;

/// Bytes of the reason of a failure, at most; reasons are grouped and counted, so they are short and few.
pub const REASON_BYTES_MAX: usize = 200;

/// Attempts of one copy, at most.
pub const ATTEMPTS_MAX: u32 = 100;

/// Time that a job may take before its deadline, in milliseconds, at most: 14 days, as long as SQS keeps a message.
pub const TIMEOUT_MS_MAX: u64 = 14 * 24 * 60 * 60 * 1_000;

/// Times that the copies without a digest may be run again by a retry of the job.
pub const ROUNDS_MAX: u32 = 1_000;

/// Bytes of a job's id, at most.
pub const JOB_ID_BYTES_MAX: usize = 64;

/// Different sandboxes that a job may ask for, at most: it bounds what its tallies and its rollup keep of them.
pub const SANDBOXES_MIN_MAX: u32 = 1_000;

/// Milliseconds from the start of a run for which a job may have its sandbox held, at most. Held time is paid for.
pub const HOLD_MS_MAX: u64 = 60_000;

/// Facts recorded of one machine or of one run, at most; what is beyond is left out.
pub const FACTS_MAX: usize = 128;

/// Bytes of the name of a fact, at most.
pub const FACT_NAME_BYTES_MAX: usize = 64;

/// Bytes of the value of a fact, at most; longer ones are cut.
pub const FACT_VALUE_BYTES_MAX: usize = 256;
