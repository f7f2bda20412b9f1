//! The process groups that run now, so that another thread can end them.

use std::io;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal};

/// The handle by which one thread ends the runs of other threads.
///
/// Any number of runs may share one handle: [`stop`](Running::stop) ends them all and refuses later ones, until
/// [`reset`](Running::reset).
#[derive(Debug, Default)]
pub struct Running {
    state: Mutex<RunningState>,
}

#[derive(Debug, Default)]
struct RunningState {
    stopped: bool,
    /// Leaders that are not reaped yet, so that no other process can have their ids.
    leaders: Vec<Pid>,
}

impl Running {
    /// A handle on which nothing runs and nothing is refused.
    #[must_use]
    pub fn new() -> Running {
        Running::default()
    }

    /// Kills every process group that runs on this handle and refuses to start others. Does not wait until the runs
    /// return; they return at once, with [`RunError::Stopped`](super::RunError::Stopped).
    pub fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        for leader in &state.leaders {
            kill_group(*leader);
        }
    }

    /// Allows runs to start again after a stop.
    pub fn reset(&self) {
        self.lock().stopped = false;
    }

    /// Whether a run would be refused.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Registers a leader, so that a stop reaches it. Kills it if a stop came while it started.
    fn enter(&self, leader: Pid) {
        let mut state = self.lock();
        state.leaders.push(leader);
        if state.stopped {
            kill_group(leader);
        }
    }

    /// Removes a leader. Must be called before the leader is reaped. Returns whether a stop has come.
    fn leave(&self, leader: Pid) -> bool {
        let mut state = self.lock();
        state.leaders.retain(|other| *other != leader);
        state.stopped
    }

    /// A panic cannot leave the state half changed, so a poisoned lock is usable.
    fn lock(&self) -> MutexGuard<'_, RunningState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes of the name of a program that the kernel keeps (`prctl(2)`, `PR_SET_NAME`).
const NAME_BYTES_MAX: usize = 15;

/// The place of `cminflt` in `/proc/<pid>/stat` behind the name (`proc_pid_stat(5)`).
const FAULTS_OF_OTHERS: usize = 8;

/// A child that leads its own process group. When it is dropped, nothing is left of the group and the child is reaped.
pub(super) struct Leader<'a> {
    child: Child,
    running: &'a Running,
    reaped: bool,
}

/// How the leader of a group ended.
pub(super) struct LeaderExit {
    pub(super) status: ExitStatus,
    /// Whether a stop came before the leader was reaped.
    pub(super) stopped: bool,
}

impl<'a> Leader<'a> {
    /// Takes charge of a child that was started with `process_group(0)`.
    pub(super) fn new(child: Child, running: &'a Running) -> Leader<'a> {
        let leader = Leader { child, running, reaped: false };
        running.enter(leader.pid());
        leader
    }

    pub(super) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Kills the group. The leader stays unreaped, so no other group can get its id.
    pub(super) fn kill(&self) {
        kill_group(self.pid());
    }

    /// Whether the leader, which has ended, was another program than `file` in the end, or waited for a process that it had
    /// started; `None` if the kernel does not say. A process that ran has had page faults, and they are counted for the
    /// process that waited for it.
    pub(super) fn ran_others(&self, file: &Path) -> Option<bool> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid().as_raw_nonzero())).ok()?;
        let (before, after) = stat.rsplit_once(')')?;
        let name = before.split_once('(')?.1.as_bytes();
        let expected = file.file_name()?.as_encoded_bytes();
        let is_same = name == &expected[..expected.len().min(NAME_BYTES_MAX)];
        let faults_of_others = after.split_whitespace().nth(FAULTS_OF_OTHERS)?;
        Some(!is_same || faults_of_others != "0")
    }

    /// Reaps the leader; the group must have been killed.
    pub(super) fn reap(mut self) -> io::Result<LeaderExit> {
        self.reaped = true;
        let stopped = self.running.leave(self.pid());
        let status = self.child.wait()?;
        Ok(LeaderExit { status, stopped })
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
            self.running.leave(self.pid());
            // The caller already gets another error.
            let _ = self.child.wait();
        }
    }
}

/// Kills a group and its leader, which may have moved to another group. Errors are ignored: a process may be gone already,
/// or belong to another user.
fn kill_group(leader: Pid) {
    let _ = rustix::process::kill_process_group(leader, Signal::KILL);
    let _ = rustix::process::kill_process(leader, Signal::KILL);
}
