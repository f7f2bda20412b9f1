//! What a command may do, and what its caller sees.

mod endings;
mod programs;
mod streams;

use std::fs::File;
use std::io::Read as _;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{CWD, FileType, Mode};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags};

use super::{Finished, Observer, Program, RunError, RunLimits, Running, StdinFile, run};

/// Longer than anything here takes on a busy machine, shorter than what must not be waited for.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn limits() -> RunLimits {
    RunLimits { timeout: PATIENCE, output_bytes_max: 64 << 20, stderr_tail_bytes: 4096 }
}

fn timeout(milliseconds: u64) -> RunLimits {
    RunLimits { timeout: Duration::from_millis(milliseconds), ..limits() }
}

pub(super) fn program(argv: &[&str]) -> Program {
    program_in(argv, Path::new("/"))
}

fn program_in(argv: &[&str], folder: &Path) -> Program {
    let argv: Vec<String> = argv.iter().map(ToString::to_string).collect();
    // Python may be anywhere.
    let search_path = std::env::vars_os().find(|(name, _)| name == "PATH").map(|(_, value)| value);
    Program::find(&argv, folder, search_path.as_deref()).unwrap()
}

fn sh(script: &str) -> Program {
    program(&["/bin/sh", "-c", script])
}

fn python(script: &str) -> Program {
    program(&["python3", "-c", script])
}

/// One run on a handle of its own.
pub(super) fn run_with(program: &Program, payload: &[u8], limits: &RunLimits) -> Result<Finished, RunError> {
    run_on(&Running::new(), program, &StdinFile::new(payload).unwrap(), limits)
}

/// Runs once. Checks that the run ends soon, and that no child of this thread is left, not even as a zombie.
fn run_on(
    running: &Running,
    program: &Program,
    payload: &StdinFile,
    limits: &RunLimits,
) -> Result<Finished, RunError> {
    let start = Instant::now();
    let result = run(program, payload, limits, running, &Observer::default());
    assert!(start.elapsed() < PATIENCE, "too late: {result:?}");
    assert_no_children();
    result
}

fn output_of(program: &Program) -> String {
    String::from_utf8(run_with(program, b"", &limits()).unwrap().output).unwrap()
}

/// Only the children of this thread are listed, so that tests can run side by side.
fn assert_no_children() {
    assert_eq!(std::fs::read_to_string("/proc/thread-self/children").unwrap(), "");
}

/// Waits, because a process that is not a child of this thread dies a little after it was killed.
fn assert_gone(pid: &str) {
    let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => assert!(becomes_ready(&pidfd), "process {pid} is still there"),
        Err(error) => assert_eq!(error, Errno::SRCH),
    }
}

fn becomes_ready(fd: &impl AsFd) -> bool {
    let patience = Timespec::try_from(PATIENCE).unwrap();
    rustix::event::poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&patience)).unwrap() == 1
}

/// A named pipe. A child writes to it when it has reached a certain point.
fn fifo(path: &Path) -> File {
    rustix::fs::mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    File::options().read(true).write(true).open(path).unwrap()
}

/// Reads `lines` lines from a named pipe. Waits until they are written.
fn read_lines(fifo: &mut File, lines: usize) -> String {
    let mut text = String::new();
    while text.matches('\n').count() < lines {
        assert!(becomes_ready(fifo), "only {text:?} has come");
        let mut bytes = [0; 64];
        let read_bytes = fifo.read(&mut bytes).unwrap();
        text.push_str(std::str::from_utf8(&bytes[..read_bytes]).unwrap());
    }
    text
}

#[track_caller]
fn assert_exit(result: Result<Finished, RunError>, expected: i32) {
    match result {
        Err(RunError::Exit { code, .. }) => assert_eq!(code, expected),
        other => panic!("expected exit code {expected}, got {other:?}"),
    }
}
