//! The scheduler while faults happen.

use std::sync::Arc;

use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::ports::{Clock as _, DeleteMessage, Delivery};
use concord_protocol::{CopyId, JobId};
use futures::FutureExt;

use super::actors;
use super::counts::Count;
use super::fleet::{OTHERS, SimulatedFleet};
use super::handled::Handled;
use super::store::SimulatedStore;
use super::world::WorldState;
use crate::conformance::FedChange;

/// The largest number of tasks at once.
const TASKS_MAX: usize = 40;

/// By how many milliseconds somebody sets a clock at most: a day.
const CLOCK_STEP_MS_MAX: u64 = 86_400_000;

impl<S: SimulatedStore> SimulatedFleet<S> {
    /// Takes the random steps of the plan.
    pub(super) fn chaos(&mut self) -> Result<(), String> {
        for _ in 0..self.plan.steps {
            self.step();
            self.checked()?;
        }
        Ok(())
    }

    fn below(&self, bound: u64) -> u64 {
        self.world.lock().chance.below(bound)
    }

    fn per_mille(&self, times: u64) -> bool {
        self.world.lock().chance.per_mille(times)
    }

    fn step(&mut self) {
        if self.per_mille(self.plan.faults.kill) {
            return self.kill();
        }
        let faults = self.plan.faults;
        if self.per_mille(faults.cancel)
            && let Some(job) = self.any_job()
        {
            return self.spawn(actors::cancel(self.user.clone(), job).boxed());
        }
        if self.per_mille(faults.retry)
            && let Some(job) = self.any_job()
        {
            return self.spawn(actors::retry(self.user.clone(), job).boxed());
        }
        if self.per_mille(faults.stop) {
            return self.stop();
        }
        if self.per_mille(faults.clock_step) {
            return self.step_clock();
        }
        match self.below(100) {
            0..=69 => self.go_on(),
            70..=71 => self.pass_time(),
            _ if self.tasks.len() >= TASKS_MAX => self.go_on(),
            72..=74 => self.enqueue(),
            75..=79 => self.receive_some(),
            80..=89 => self.deliver(),
            90..=91 => self.read_feed(),
            92..=95 => self.fold(),
            96 | 97 => self.meet_deadlines(),
            98 => self.spawn(actors::release_abandoned(self.ports.clone()).boxed()),
            _ => self.give_up_dead_letters(),
        }
    }

    fn any_job(&self) -> Option<JobId> {
        let place = self.world.lock().chance.place(self.plan.jobs.len())?;
        Some(self.plan.jobs[place].new.spec.job.clone())
    }

    /// Lets one task continue to its next pause, unless its process is stopped.
    fn go_on(&mut self) {
        let Some(place) = self.world.lock().chance.place(self.tasks.len()) else { return };
        match &mut self.stopped {
            Some((process, steps)) if *steps > 0 => {
                *steps -= 1;
                if self.tasks.process(place) == Some(*process) {
                    return;
                }
            }
            _ => {}
        }
        self.tasks.poll(place, &self.world);
    }

    /// A worker process, or one of the processes that were started last, because they may still have a task.
    fn any_process(&self) -> usize {
        if self.per_mille(500) {
            return self.any_worker();
        }
        let back = usize::try_from(self.below(8)).unwrap_or(0);
        self.last_other().saturating_sub(back).max(OTHERS)
    }

    fn any_worker(&self) -> usize {
        self.world.lock().chance.place(self.workers.len()).unwrap_or(0)
    }

    /// Stops a process for a while, as `kill -STOP` does. Then it goes on where it was.
    fn stop(&mut self) {
        let process = self.any_process();
        let mut world = self.world.lock();
        let steps = world.chance.between(20, 400);
        world.counts.add(Count::Stopped);
        world.say(|| format!("process {process} is stopped for {steps} steps"));
        self.stopped = Some((process, steps));
    }

    /// Sets the wall clock of a worker or of the user, by up to a day.
    fn step_clock(&mut self) {
        let process = self.any_process();
        let wall = self.workers.get(process).map_or(&self.user_wall, |worker| &worker.wall);
        let mut world = self.world.lock();
        let most = [100, 3_600_000, CLOCK_STEP_MS_MAX][world.chance.place(3).unwrap_or(0)];
        let ms = i64::try_from(world.chance.between(1, most)).unwrap_or(i64::MAX);
        let is_back = world.chance.per_mille(500);
        world.counts.add(if is_back { Count::ClockBack } else { Count::ClockForwards });
        world.say(|| {
            format!("the clock of process {process} is set by {}{ms} ms", if is_back { '-' } else { '+' })
        });
        world.clock_steps += u64::from(S::FOLLOWS_WALL);
        wall.step_ms(if is_back { -ms } else { ms });
    }

    fn pass_time(&mut self) {
        let next = self.ports.store.next_visible_at();
        let mut world = self.world.lock();
        let ms = match (world.chance.below(10), next) {
            (0..=2, Some(next)) => next.ms_since(self.ports.clock.now()),
            (3, _) => world.chance.between(1, 100_000),
            _ => world.chance.between(1, self.plan.pace_ms),
        };
        self.clock.advance_ms(ms);
    }

    /// Kills a process and starts it again.
    fn kill(&mut self) {
        let process = self.any_process();
        let killed = self.tasks.kill(process);
        {
            let mut world = self.world.lock();
            world.counts.add(Count::Kill);
            world.kill(&killed);
            // What the process has received and not begun ends with it.
            world.arrivals.retain(|(receiver, _)| *receiver != process);
            world.say(|| format!("process {process} is killed, with {} unfinished calls", killed.len()));
        }
        if process < self.workers.len() {
            self.restart(process);
        }
        if let Some(damage) = self.ports.store.damage(false) {
            self.world.lock().check(Err(damage));
        }
    }

    fn enqueue(&mut self) {
        let mut missing = self.to_enqueue();
        let taken = self.world.lock().chance.take(&mut missing, 1);
        for (job, round, copies) in taken {
            let length = self.world.lock().chance.small(1, copies.end - copies.start);
            let copies = copies.start..copies.start + length;
            let (aggregator, ports) = (Arc::clone(&self.aggregator), self.ports.clone());
            self.spawn(actors::enqueue(aggregator, ports, job, round, copies).boxed());
        }
    }

    fn receive_some(&mut self) {
        let count_max = usize::try_from(self.below(10)).unwrap_or(0) + 1;
        let process = self.any_worker();
        self.receive(process, count_max);
    }

    /// Gives a delivery to the worker that received it, or to none, and perhaps to another worker too.
    fn deliver(&mut self) {
        let faults = self.plan.faults;
        let shared = Arc::clone(&self.world);
        let mut world = shared.lock();
        let world = &mut *world;
        let Some((process, delivery)) = world.chance.take(&mut world.arrivals, 1).pop() else { return };
        if world.chance.per_mille(faults.delivery_dropped) {
            world.counts.add(Count::DeliveryDropped);
        } else if self.ports.store.loses_messages() && world.chance.per_mille(faults.message_lost) {
            self.lose(world, &delivery);
        } else {
            if world.chance.per_mille(faults.delivery_doubled) {
                world.counts.add(Count::DeliveryDoubled);
                let other = world.chance.place(self.workers.len()).unwrap_or(0);
                world.arrivals.push((other, delivery.clone()));
            }
            let handled = self.handled(world, process, delivery);
            self.run(handled, process);
        }
    }

    /// A delivery in the hands of a worker that perhaps has little time left. Perhaps it names a copy that the job does
    /// not have instead.
    fn handled(&self, world: &mut WorldState, process: usize, mut delivery: Delivery) -> Handled {
        let faults = self.plan.faults;
        let is_stray = world.chance.per_mille(faults.stray);
        if is_stray {
            world.counts.add(Count::Stray);
            let beyond =
                if world.chance.per_mille(500) { 0 } else { world.chance.small(0, 2 * CHUNK_COPIES) };
            // The job may be extended before the worker reads it, but not beyond its bound.
            let copies = world.facts.job(&delivery.copy.job).copies_most();
            delivery = Delivery { copy: CopyId { index: copies + beyond, ..delivery.copy }, ..delivery };
        }
        let is_short = world.chance.per_mille(faults.time_short);
        if is_short {
            world.counts.add(Count::TimeShort);
        }
        let now = self.workers[process].ports.clock.now();
        let left_ms = if is_short { world.chance.between(0, 3_000) } else { u64::MAX };
        Handled { is_refused: is_stray, ..Handled::until(now.plus_ms(left_ms), delivery) }
    }

    /// Loses a message, which a queue should never do. Only the deadline can account for its copy.
    fn lose(&self, world: &mut WorldState, delivery: &Delivery) {
        let store = &self.ports.store;
        let deleted = store.run(store.ports().delete_message(delivery), false);
        assert!(matches!(deleted, Ok(())), "the store deletes a message");
        world.counts.add(Count::MessageLost);
        world.facts.job(&delivery.copy.job).lost = true;
        world.say(|| format!("{:?} is lost", delivery.copy));
    }

    fn read_feed(&mut self) {
        let count_max = usize::try_from(self.below(30)).unwrap_or(0) + 1;
        self.spawn(actors::read_feed(self.ports.clone(), count_max).boxed());
    }

    fn fold(&mut self) {
        let batch = self.batch();
        if !batch.is_empty() {
            self.spawn(actors::fold(Arc::clone(&self.aggregator), self.ports.clone(), batch).boxed());
        }
    }

    /// A batch of waiting changes in any order, with some that were folded before.
    fn batch(&self) -> Vec<FedChange> {
        let mut world = self.world.lock();
        let world = &mut *world;
        let count_max = usize::try_from(world.chance.below(12)).unwrap_or(0) + 1;
        let mut batch = world.chance.take(&mut world.fed, count_max);
        while world.chance.per_mille(self.plan.faults.change_replayed)
            && let Some(last) = world.ever_fed.last_key_value().map(|(sequence, _)| *sequence)
        {
            let from = world.chance.below(last + 1);
            if let Some((_, replayed)) = world.ever_fed.range(from..).next() {
                world.counts.add(Count::ChangeReplayed);
                batch.push(replayed.clone());
            }
        }
        batch
    }

    /// Meets deadlines, sometimes of jobs that are not due.
    fn meet_deadlines(&mut self) {
        let mut due = self.overdue();
        if self.per_mille(300) {
            due.extend(self.any_job());
        }
        for job in due {
            let (aggregator, ports) = (Arc::clone(&self.aggregator), self.ports.clone());
            self.spawn(actors::meet_deadline(aggregator, ports, job).boxed());
        }
    }

    fn give_up_dead_letters(&mut self) {
        if self.ports.store.has_dead_letters() {
            let (aggregator, ports) = (Arc::clone(&self.aggregator), self.ports.clone());
            self.spawn(actors::give_up(aggregator, ports, 10).boxed());
        }
    }
}
