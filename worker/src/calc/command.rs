//! A calculation as an external command: the payload on stdin, the output on stdout, success is exit code 0.
//!
//! Knows nothing about jobs, copies or digests, and starts no thread: [`run`] blocks the thread that calls it. Between
//! the start and the return there is one `poll` over stdout, stderr and the process itself.
//!
//! What always holds:
//! - No shell: the words of the command and the environment reach the program unchanged.
//! - Every run is a process group. However the run ends, the rest of the group is killed. That happens before the leader
//!   is reaped, so that the signal cannot reach another process with the same id.
//! - When the command exits, the bytes that the pipes hold are read. Processes that it left behind are not waited for.
//! - A command need not read its stdin. It may close its streams and go on until its timeout.
//! - A command inherits no descriptor but 0, 1 and 2.

mod capture;
mod program;
mod running;
mod sampler;
mod stdin_file;
#[cfg(test)]
mod tests;

use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use concord_protocol::Facts;
use rustix::io::Errno;
use rustix::process::PidfdFlags;

use capture::{Capture, Ending, Stream};
use running::{Leader, LeaderExit};
use sampler::Sampler;

pub use program::{Program, ProgramError};
pub use running::Running;
pub use sampler::Observer;
pub use stdin_file::StdinFile;

/// The fact that a run became another program or waited for one, if the program asks for it: `yes` or `no`.
pub const RAN_OTHERS: &str = "run.ran_others";

/// The bounds of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLimits {
    /// How long the run may take, from its start.
    pub timeout: Duration,
    /// Bytes that the run may write to stdout; one byte more is a failure.
    pub output_bytes_max: usize,
    /// Bytes that are kept of the end of stderr.
    pub stderr_tail_bytes: usize,
}

/// The result of a command that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// All of stdout.
    pub output: Vec<u8>,
    /// What else is left of the run.
    pub traces: Traces,
}

/// What is left of a run beside its output, whether it succeeded or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traces {
    /// The end of stderr.
    pub stderr_tail: Vec<u8>,
    /// The facts of the run that were sampled; empty when it was soon over.
    pub facts: Facts,
}

/// Why a run has no output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The command exited with another code than 0.
    #[error("command exited with code {code}")]
    Exit {
        /// 1 to 255.
        code: i32,
        /// What is left of the run.
        traces: Traces,
    },
    /// A signal that did not come from this process killed the command.
    #[error("command was killed by signal {signal}")]
    Signal {
        /// Its number, as in `signal(7)`.
        signal: i32,
        /// What is left of the run.
        traces: Traces,
    },
    /// The command took too long and was killed.
    #[error("command was killed after its timeout of {after:?}")]
    TimedOut {
        /// The timeout.
        after: Duration,
        /// What is left of the run.
        traces: Traces,
    },
    /// The command wrote too much to stdout and was killed.
    #[error("command wrote more than {bytes_max} bytes of output")]
    OutputTooLarge {
        /// The bound.
        bytes_max: usize,
        /// What is left of the run.
        traces: Traces,
    },
    /// The system gave no memory for what the command wrote, and the command was killed.
    #[error("no memory for the output of the command")]
    NoMemory,
    /// [`Running::stop`] was called before the end or the start of the run.
    #[error("command was stopped")]
    Stopped,
    /// The file is not a program for this kind of machine, and not a script that names its interpreter.
    #[error(
        "failed to start {}: not a program for this machine, and no script that begins with #!",
        program.display()
    )]
    NotAProgram {
        /// The file.
        program: PathBuf,
    },
    /// The file is there, but its interpreter is missing: the program after `#!` (perhaps there is a carriage return at the
    /// end of that line), or the dynamic loader of a program that was built for another system.
    #[error("failed to start {}: the interpreter that it names is missing", program.display())]
    InterpreterMissing {
        /// The file.
        program: PathBuf,
    },
    /// Stdin, stdout or stderr could not be opened, for example because too many files are open.
    #[error("failed to prepare stdin, stdout and stderr of the command")]
    NotPrepared(#[source] io::Error),
    /// The system did not start the program.
    #[error("failed to start {}", program.display())]
    NotStarted {
        /// The file.
        program: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The command was started, could not be watched until its end, and was killed.
    #[error("failed to follow the command to its end")]
    NotFollowed(#[source] io::Error),
}

impl RunError {
    /// What is left of the run; `None` when nothing was started.
    #[must_use]
    pub fn traces(&self) -> Option<&Traces> {
        match self {
            RunError::Exit { traces, .. }
            | RunError::Signal { traces, .. }
            | RunError::TimedOut { traces, .. }
            | RunError::OutputTooLarge { traces, .. } => Some(traces),
            RunError::NoMemory
            | RunError::Stopped
            | RunError::NotAProgram { .. }
            | RunError::InterpreterMissing { .. }
            | RunError::NotPrepared(_)
            | RunError::NotStarted { .. }
            | RunError::NotFollowed(_) => None,
        }
    }
}

/// Runs `program` once and returns when it has ended and is reaped.
///
/// Any number of threads may call it at once, with the same program, stdin, handle and observer.
pub fn run(
    program: &Program,
    stdin: &StdinFile,
    limits: &RunLimits,
    running: &Running,
    observer: &Observer,
) -> Result<Finished, RunError> {
    if running.is_stopped() {
        return Err(RunError::Stopped);
    }
    let stdin = stdin.open().map_err(RunError::NotPrepared)?;
    let (output, stdout_writer) = Stream::open().map_err(RunError::NotPrepared)?;
    let (stderr, stderr_writer) = Stream::open().map_err(RunError::NotPrepared)?;
    let mut capture = Capture {
        output,
        stderr,
        output_bytes_max: limits.output_bytes_max,
        stderr_tail_bytes: limits.stderr_tail_bytes,
    };
    // `command` lives until the end of this function: it owns the write ends, which must stay open during the watch.
    let mut command = program.command();
    command.stdin(stdin).stdout(stdout_writer).stderr(stderr_writer);
    let started = Instant::now();
    let child = command.spawn().map_err(|source| not_started(program, source))?;
    let leader = Leader::new(child, running);
    let mut sampler = Sampler::new(observer, leader.pid(), started);
    let asks = program.asks_for_others().then(|| program.path());
    let followed = follow(leader, &mut capture, &mut sampler, limits.timeout, asks).map_err(not_followed)?;
    let Followed { ending, ended, others } = followed;
    let (output, stderr_tail) = capture.into_bytes();
    if ended.stopped {
        return Err(RunError::Stopped);
    }
    let mut facts = sampler.into_facts();
    if let Some(others) = others {
        facts.record(RAN_OTHERS, if others { "yes" } else { "no" });
    }
    let traces = Traces { stderr_tail, facts };
    match ending {
        Ending::Exited => judge(ended.status, Finished { output, traces }),
        Ending::TimedOut => Err(RunError::TimedOut { after: limits.timeout, traces }),
        Ending::OutputTooLarge => {
            Err(RunError::OutputTooLarge { bytes_max: limits.output_bytes_max, traces })
        }
    }
}

fn not_started(program: &Program, source: io::Error) -> RunError {
    let all_there = program.path().exists() && program.folder().exists();
    let path = program.path().to_owned();
    match source.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOEXEC) => RunError::NotAProgram { program: path },
        Some(Errno::NOENT) if all_there => RunError::InterpreterMissing { program: path },
        _ => RunError::NotStarted { program: path, source },
    }
}

fn not_followed(error: io::Error) -> RunError {
    if error.kind() == io::ErrorKind::OutOfMemory { RunError::NoMemory } else { RunError::NotFollowed(error) }
}

/// What was seen of a group.
struct Followed {
    ending: Ending,
    ended: LeaderExit,
    /// Whether other programs ran in it, if that was asked and is known.
    others: Option<bool>,
}

/// Watches the group from its start to its end. On an error the leader is dropped, which ends the group.
fn follow(
    leader: Leader<'_>,
    capture: &mut Capture,
    sampler: &mut Sampler<'_>,
    timeout: Duration,
    asks_for_others_than: Option<&Path>,
) -> io::Result<Followed> {
    let pidfd = rustix::process::pidfd_open(leader.pid(), PidfdFlags::empty())?;
    let mut ending = capture.watch(pidfd.as_fd(), timeout, sampler)?;
    leader.kill();
    let too_large = capture.finish()?;
    if ending == Ending::Exited && too_large {
        ending = Ending::OutputTooLarge;
    }
    let others = asks_for_others_than.and_then(|file| leader.ran_others(file));
    Ok(Followed { ending, ended: leader.reap()?, others })
}

fn judge(status: ExitStatus, finished: Finished) -> Result<Finished, RunError> {
    if status.success() {
        return Ok(finished);
    }
    let Finished { traces, .. } = finished;
    match (status.code(), status.signal()) {
        (Some(code), _) => Err(RunError::Exit { code, traces }),
        (None, signal) => Err(RunError::Signal { signal: signal.unwrap_or_default(), traces }),
    }
}
