use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use concord_protocol::CopyId;
use futures::future::BoxFuture;
use futures::task::noop_waker_ref;

use super::world::World;

thread_local! {
    /// Who has paused since the last step. A fleet lives on one thread.
    static PAUSED: RefCell<Vec<Waker>> = const { RefCell::new(Vec::new()) };
}

/// Lets the scheduler choose who goes on, or that this one does not. What runs side by side within one task pauses
/// together, and goes on together.
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

/// Something under way in a process.
pub(super) struct Task {
    pub(super) process: usize,
    /// The copy that is being run, when one is.
    pub(super) copy: Option<CopyId>,
    pub(super) future: BoxFuture<'static, ()>,
}

/// All that is under way.
#[derive(Default)]
pub(super) struct Tasks(Vec<Task>);

impl Tasks {
    pub(super) fn spawn(&mut self, task: Task) {
        self.0.push(task);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Lets one task go on to its next pause.
    pub(super) fn poll(&mut self, place: usize, world: &World) {
        if self.poll_once(place, world) {
            self.0.swap_remove(place);
        }
    }

    /// Lets every task go on to its end, one after the other.
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

    /// Ends a process between two of its steps, and says how much was under way in it.
    pub(super) fn kill(&mut self, process: usize) -> usize {
        let before = self.0.len();
        self.0.retain(|task| task.process != process);
        before - self.0.len()
    }
}
