//! Which process groups run now, so that another thread can end them.

use std::io;
use std::process::{Child, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal};

/// The handle by which one thread ends what other threads run.
///
/// Any number of runs may share one handle: [`stop`](Running::stop) ends them all and refuses later ones, until
/// [`reset`](Running::reset).
#[derive(Debug, Default)]
pub struct Running {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    /// Leaders that are not reaped yet, so that their ids cannot belong to anybody else.
    leaders: Vec<Pid>,
}

impl Running {
    /// A handle on which nothing runs and nothing is refused.
    #[must_use]
    pub fn new() -> Running {
        Running::default()
    }

    /// Kills every process group that runs on this handle and refuses to start others. Does not wait for the
    /// runs to return, which they do at once, with [`RunError::Stopped`](super::RunError::Stopped).
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

    /// From here on a stop reaches this leader; one that came while it started is made up for.
    fn enter(&self, leader: Pid) {
        let mut state = self.lock();
        state.leaders.push(leader);
        if state.stopped {
            kill_group(leader);
        }
    }

    /// Must come before the leader is reaped. Says whether a stop has come.
    fn leave(&self, leader: Pid) -> bool {
        let mut state = self.lock();
        state.leaders.retain(|other| *other != leader);
        state.stopped
    }

    /// A panic cannot leave the state half changed, so a poisoned lock is as good as another.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A child that leads a process group of its own. However it goes out of scope, nothing is left of the group and
/// the child is no zombie.
pub(super) struct Leader<'a> {
    child: Child,
    running: &'a Running,
    reaped: bool,
}

/// How a group ended.
pub(super) struct Ended {
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

    /// Kills what is there of the group; the leader stays unreaped and so keeps the group's id its own.
    pub(super) fn kill(&self) {
        kill_group(self.pid());
    }

    /// Reaps the leader; the group must have been killed.
    pub(super) fn reap(mut self) -> io::Result<Ended> {
        self.reaped = true;
        let stopped = self.running.leave(self.pid());
        let status = self.child.wait()?;
        Ok(Ended { status, stopped })
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
            self.running.leave(self.pid());
            // Nobody is left to tell: an error is already on its way to the caller.
            let _ = self.child.wait();
        }
    }
}

/// The leader is named too, since it may have moved itself to another group. That somebody is gone already, or
/// belongs to another user, is no reason to spare the rest.
fn kill_group(leader: Pid) {
    let _ = rustix::process::kill_process_group(leader, Signal::KILL);
    let _ = rustix::process::kill_process(leader, Signal::KILL);
}
