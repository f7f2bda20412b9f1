use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures::future::BoxFuture;
use futures::task::noop_waker_ref;

use super::handled::Handled;
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
    /// The delivery that the task handles, if any.
    pub(super) handled: Option<Handled>,
    pub(super) future: BoxFuture<'static, ()>,
}

/// All unfinished tasks, each with its number.
#[derive(Default)]
pub(super) struct Tasks {
    tasks: Vec<(u64, SimulatedTask)>,
    started: u64,
}

impl Tasks {
    pub(super) fn spawn(&mut self, task: SimulatedTask) {
        self.started += 1;
        self.tasks.push((self.started, task));
    }

    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// The process of a task.
    pub(super) fn process(&self, place: usize) -> Option<usize> {
        self.tasks.get(place).map(|(_, task)| task.process)
    }

    /// Lets one task continue to its next pause.
    pub(super) fn poll(&mut self, place: usize, world: &World) {
        if self.poll_once(place, world) {
            self.tasks.swap_remove(place);
        }
    }

    /// Lets every task run to its end, side by side.
    pub(super) fn finish(&mut self, world: &World) {
        loop {
            let place = world.lock().chance.place(self.tasks.len());
            let Some(place) = place else { break };
            self.poll(place, world);
        }
    }

    fn poll_once(&mut self, place: usize, world: &World) -> bool {
        let Some((number, task)) = self.tasks.get_mut(place) else { return false };
        world.lock().run_task(*number, task.handled.take());
        PAUSED.take().iter().for_each(Waker::wake_by_ref);
        let future: Pin<&mut _> = task.future.as_mut();
        future.poll(&mut Context::from_waker(noop_waker_ref())) == Poll::Ready(())
    }

    /// Kills a process between two of its steps. Returns the numbers of its unfinished tasks.
    pub(super) fn kill(&mut self, process: usize) -> Vec<u64> {
        let killed = self.tasks.extract_if(.., |(_, task)| task.process == process);
        killed.map(|(number, _)| number).collect()
    }
}
