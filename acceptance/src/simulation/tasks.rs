use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use concord_protocol::CopyId;
use futures::future::BoxFuture;
use futures::task::noop_waker_ref;

use super::world::World;

thread_local! {
    /// The tasks that have paused since the last step. A fleet runs on one thread.
    static PAUSED: RefCell<Vec<Waker>> = const { RefCell::new(Vec::new()) };
}

/// Pauses the task. The scheduler then chooses the task that continues, or kills one. Futures that run side by side
/// within one task pause together, and continue together.
pub(super) async fn pause() {
    let mut paused = false;
    poll_fn(|context| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        PAUSED.with_borrow_mut(|wakers| wakers.push(context.waker().clone()));
        Poll::Pending
    })
    .await;
}

/// A task of a process.
pub(super) struct SimulatedTask {
    pub(super) process: usize,
    /// The copy that the task runs, if any.
    pub(super) copy: Option<CopyId>,
    pub(super) future: BoxFuture<'static, ()>,
}

/// All unfinished tasks.
#[derive(Default)]
pub(super) struct Tasks(Vec<SimulatedTask>);

impl Tasks {
    pub(super) fn spawn(&mut self, task: SimulatedTask) {
        self.0.push(task);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Lets one task continue to its next pause.
    pub(super) fn poll(&mut self, place: usize, world: &World) {
        if self.poll_once(place, world) {
            self.0.swap_remove(place);
        }
    }

    /// Lets every task run to its end, one after the other.
    pub(super) fn finish(&mut self, world: &World) {
        for place in 0..self.0.len() {
            while !self.poll_once(place, world) {}
        }
        self.0.clear();
    }

    fn poll_once(&mut self, place: usize, world: &World) -> bool {
        let Some(task) = self.0.get_mut(place) else { return false };
        world.lock().running.clone_from(&task.copy);
        PAUSED.take().iter().for_each(Waker::wake_by_ref);
        let future: Pin<&mut _> = task.future.as_mut();
        future.poll(&mut Context::from_waker(noop_waker_ref())) == Poll::Ready(())
    }

    /// Kills a process between two of its steps. Returns the number of its unfinished tasks.
    pub(super) fn kill(&mut self, process: usize) -> usize {
        let before = self.0.len();
        self.0.retain(|task| task.process != process);
        before - self.0.len()
    }
}
