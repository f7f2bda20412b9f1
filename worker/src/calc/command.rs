//! A calculation as an external command: the payload on stdin, the output on stdout, success is exit code 0.
//!
//! Knows nothing about jobs, copies or digests, and starts no thread: [`run`] is called by the thread that wants
//! the output. Between a start and a return there is one `poll` over stdout, stderr and the process itself.
//!
//! What always holds:
//! - No shell: the words of the command reach the program as they are, and so does the environment.
//! - Every run is a process group. Whichever way the run ends, what is left of the group is killed, and that
//!   before its leader is reaped, so that the signal cannot reach a stranger who was given the same id.
//! - When the command exits, what the pipes then hold is taken. Whoever it left behind is not waited for.
//! - A command need not read its stdin, and may close its streams and go on: until its timeout.
//! - No descriptor but 0, 1 and 2 goes from this process to a command.

mod capture;
mod look;
mod payload;
mod program;
mod running;
#[cfg(test)]
mod tests;

use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use concord_protocol::Facts;
use rustix::io::Errno;
use rustix::process::PidfdFlags;

use capture::{Capture, Ending, Stream};
use look::Looks;
use running::{Ended, Leader};

pub use look::Observer;
pub use payload::Payload;
pub use program::{Program, ProgramError};
pub use running::Running;

/// The bounds of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long it may take, from its start.
    pub timeout: Duration,
    /// How much it may write to stdout; one byte more is a failure.
    pub output_bytes_max: usize,
    /// How much is kept of the end of its stderr.
    pub stderr_tail_bytes: usize,
}

/// What a command that succeeded has written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// All of stdout.
    pub output: Vec<u8>,
    /// The end of stderr.
    pub stderr_tail: Vec<u8>,
    /// What it ran with, as far as it was seen: nothing of one that was soon over.
    pub facts: Facts,
}

/// Why a run has no output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// It exited by itself, with another code than 0.
    #[error("command exited with code {code}")]
    Exit {
        /// 1 to 255.
        code: i32,
        /// The end of stderr.
        stderr_tail: Vec<u8>,
    },
    /// A signal killed it that did not come from here.
    #[error("command was killed by signal {signal}")]
    Signal {
        /// Its number, as in `signal(7)`.
        signal: i32,
        /// The end of stderr.
        stderr_tail: Vec<u8>,
    },
    /// It took too long and was killed.
    #[error("command was killed after its timeout of {after:?}")]
    TimedOut {
        /// The timeout.
        after: Duration,
        /// The end of stderr.
        stderr_tail: Vec<u8>,
    },
    /// It wrote too much to stdout and was killed.
    #[error("command wrote more than {bytes_max} bytes of output")]
    OutputTooLarge {
        /// The bound.
        bytes_max: usize,
        /// The end of stderr.
        stderr_tail: Vec<u8>,
    },
    /// [`Running::stop`] came before its end, or before its start.
    #[error("command was stopped")]
    Stopped,
    /// The file is neither a program for this kind of machine nor a script that names its interpreter.
    #[error(
        "failed to start {}: not a program for this machine, and no script that begins with #!",
        program.display()
    )]
    NotAProgram {
        /// The file.
        program: PathBuf,
    },
    /// The file is there, but what it needs to run is not: the program after `#!` (look for a carriage return at
    /// the end of that line), or the dynamic loader of a program that was built for another system.
    #[error("failed to start {}: the interpreter that it names is missing", program.display())]
    InterpreterMissing {
        /// The file.
        program: PathBuf,
    },
    /// There was no stdin, stdout or stderr to be had for it, as when too many files are open.
    #[error("failed to prepare stdin, stdout and stderr of the command")]
    NotPrepared(#[source] io::Error),
    /// The system did not start it.
    #[error("failed to start {}", program.display())]
    NotStarted {
        /// The file.
        program: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// It was started, and killed since it could not be followed to its end.
    #[error("failed to follow the command to its end")]
    NotFollowed(#[source] io::Error),
}

impl RunError {
    /// The end of stderr; empty if it is not known.
    #[must_use]
    pub fn stderr_tail(&self) -> &[u8] {
        match self {
            RunError::Exit { stderr_tail, .. }
            | RunError::Signal { stderr_tail, .. }
            | RunError::TimedOut { stderr_tail, .. }
            | RunError::OutputTooLarge { stderr_tail, .. } => stderr_tail,
            RunError::Stopped
            | RunError::NotAProgram { .. }
            | RunError::InterpreterMissing { .. }
            | RunError::NotPrepared(_)
            | RunError::NotStarted { .. }
            | RunError::NotFollowed(_) => &[],
        }
    }
}

/// Runs `program` once and returns when it is over and reaped.
///
/// May be called by any number of threads at once, with the same program, payload, handle and observer.
pub fn run(
    program: &Program,
    payload: &Payload,
    limits: &Limits,
    running: &Running,
    observer: &Observer,
) -> Result<Finished, RunError> {
    if running.is_stopped() {
        return Err(RunError::Stopped);
    }
    let stdin = payload.open().map_err(RunError::NotPrepared)?;
    let (output, stdout_writer) = Stream::open().map_err(RunError::NotPrepared)?;
    let (stderr, stderr_writer) = Stream::open().map_err(RunError::NotPrepared)?;
    let mut capture = Capture {
        output,
        stderr,
        output_bytes_max: limits.output_bytes_max,
        stderr_tail_bytes: limits.stderr_tail_bytes,
    };
    // Lives until the end of this function: it owns the write ends, which must stay open while they are watched.
    let mut command = program.command();
    command.stdin(stdin).stdout(stdout_writer).stderr(stderr_writer);
    let started = Instant::now();
    let child = command.spawn().map_err(|source| not_started(program, source))?;
    let leader = Leader::new(child, running);
    let mut looks = Looks::new(observer, leader.pid(), started);
    let (ending, ended) =
        follow(leader, &mut capture, &mut looks, limits.timeout).map_err(RunError::NotFollowed)?;
    let (output, stderr_tail) = capture.into_bytes();
    if ended.stopped {
        return Err(RunError::Stopped);
    }
    match ending {
        Ending::Exited => judge(ended.status, Finished { output, stderr_tail, facts: looks.into_facts() }),
        Ending::TimedOut => Err(RunError::TimedOut { after: limits.timeout, stderr_tail }),
        Ending::OutputTooLarge => {
            Err(RunError::OutputTooLarge { bytes_max: limits.output_bytes_max, stderr_tail })
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

/// From the start to the end of the group. On an error the leader goes out of scope, and the group with it.
fn follow(
    leader: Leader<'_>,
    capture: &mut Capture,
    looks: &mut Looks<'_>,
    timeout: Duration,
) -> io::Result<(Ending, Ended)> {
    let pidfd = rustix::process::pidfd_open(leader.pid(), PidfdFlags::empty())?;
    let mut ending = capture.watch(pidfd.as_fd(), timeout, looks)?;
    leader.kill();
    let too_large = capture.finish()?;
    if ending == Ending::Exited && too_large {
        ending = Ending::OutputTooLarge;
    }
    Ok((ending, leader.reap()?))
}

fn judge(status: ExitStatus, finished: Finished) -> Result<Finished, RunError> {
    if status.success() {
        return Ok(finished);
    }
    let Finished { stderr_tail, .. } = finished;
    match (status.code(), status.signal()) {
        (Some(code), _) => Err(RunError::Exit { code, stderr_tail }),
        (None, signal) => Err(RunError::Signal { signal: signal.unwrap_or_default(), stderr_tail }),
    }
}
