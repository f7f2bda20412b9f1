//! The fleet without faults, until nothing is left to do, and the checks that follow.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concord_protocol::limits::{CHUNK_COPIES, OUTPUTS_KEPT_MAX};
use concord_protocol::ports::{PortResult, ReadOutcomes, ReadOutput, ReadTally};
use concord_protocol::{Digest, Job, JobId, Outcome, SandboxHash, Timestamp, Verdict};
use futures::FutureExt;

use super::actors;
use super::counts::Count;
use super::facts::JobFacts;
use super::fleet::SimulatedFleet;
use super::handled::Handled;
use super::plan::Faults;
use super::store::SimulatedStore;

/// The largest number of turns until the fleet must have come to rest.
const TURNS_MAX: u32 = 10_000;

/// DynamoDB keeps the changes of its stream for a day.
const DAY_MS: u64 = 86_400_000;

/// The number of messages or changes that are received at once.
const AT_ONCE: usize = 500;

impl<S: SimulatedStore> SimulatedFleet<S> {
    /// Runs the fleet until nothing is left to do. Then no open job may depend on its deadline, unless one of its
    /// messages was lost for good.
    pub(super) fn rest_before_deadlines(&mut self) -> Result<(), String> {
        self.world.lock().faults = Faults::NONE;
        self.stopped = None;
        self.world.lock().say(|| "no more faults".to_owned());
        self.set_clocks_right();
        self.spawn(actors::release_abandoned(self.ports.clone()).boxed());
        self.rest()?;
        let world = self.world.lock();
        for (job, facts) in world.facts.jobs() {
            if facts.state.ended_at().is_none() && !facts.lost {
                return Err(format!(
                    "{job} is open, and nothing is left to do except to wait for its deadline"
                ));
            }
        }
        Ok(())
    }

    /// Passes every deadline, and then checks that every job has ended with the right state.
    pub(super) fn rest_after_deadlines(&mut self) -> Result<(), String> {
        while let Some(deadline_at) = self.next_deadline() {
            self.clock.advance_ms(deadline_at);
            self.rest()?;
        }
        if let Some(damage) = self.ports.store.damage(true) {
            return Err(damage);
        }
        self.stored().iter().try_for_each(|job| self.check_ended(job))
    }

    /// Retries every inconclusive job. A retry must be able to complete it, whatever made it inconclusive.
    pub(super) fn retry_what_is_inconclusive(&mut self) -> Result<(), String> {
        let inconclusive =
            self.stored().into_iter().filter(|job| job.state.verdict() == Verdict::Inconclusive);
        for job in inconclusive.map(|job| job.spec.job.clone()) {
            self.world.lock().facts.job(&job).lost = false;
            self.spawn(actors::retry(self.user.clone(), job).boxed());
        }
        self.rest_before_deadlines()?;
        self.rest_after_deadlines()
    }

    /// Every change that there ever was comes again a day later, in any order, and so does every deadline. No state may
    /// change.
    pub(super) fn replay_after_a_day(&mut self) -> Result<(), String> {
        self.clock.advance_ms(DAY_MS);
        let before = self.stored();
        let mut replayed: Vec<_> = {
            let mut world = self.world.lock();
            world.say(|| "every change comes again".to_owned());
            world.counts.add(Count::ReplayedAfterADay);
            world.ever_fed.values().cloned().collect()
        };
        while !replayed.is_empty() {
            let batch = {
                let mut world = self.world.lock();
                let count_max = usize::try_from(world.chance.between(1, 100)).unwrap_or(1);
                world.chance.take(&mut replayed, count_max)
            };
            self.spawn(actors::fold(Arc::clone(&self.aggregator), self.ports.clone(), batch).boxed());
        }
        for job in &before {
            let (aggregator, ports) = (Arc::clone(&self.aggregator), self.ports.clone());
            self.spawn(actors::meet_deadline(aggregator, ports, job.spec.job.clone()).boxed());
        }
        self.rest()?;
        let changed = self.stored().into_iter().zip(before).find(|(after, before)| after != before);
        changed.map_or(Ok(()), |(after, before)| {
            Err(format!(
                "{} turned from {:?} into {:?} by a replay",
                after.spec.job, before.state, after.state
            ))
        })
    }

    /// Every wall clock shows the time again.
    fn set_clocks_right(&self) {
        for wall in self.workers.iter().map(|worker| &worker.wall).chain([&self.user_wall]) {
            wall.set_right();
        }
        let mut world = self.world.lock();
        world.clock_steps += u64::from(world.clock_steps > 0);
    }

    /// Milliseconds to the next deadline of an open job.
    fn next_deadline(&self) -> Option<u64> {
        let open = self.stored().into_iter().filter(|job| job.state.ended_at().is_none());
        open.map(|job| job.state.deadline_at().ms_since(self.ports.clock.now())).min()
    }

    /// Does all the work that there is until nothing is left to do.
    fn rest(&mut self) -> Result<(), String> {
        for _ in 0..TURNS_MAX {
            self.tasks.finish(&self.world);
            self.checked()?;
            self.start_all_work();
            if self.tasks.len() > 0 {
                continue;
            }
            let Some(visible_at) = self.ports.store.next_visible_at() else { return Ok(()) };
            self.clock.advance_ms(visible_at.ms_since(self.ports.clock.now()));
            let process = self.world.lock().chance.place(self.workers.len()).unwrap_or(0);
            self.receive(process, AT_ONCE);
        }
        Err("the fleet did not come to rest".to_owned())
    }

    fn start_all_work(&mut self) {
        let arrivals = std::mem::take(&mut self.world.lock().arrivals);
        for (process, delivery) in arrivals {
            self.run(Handled::until(Timestamp::NEVER, delivery), process);
        }
        for (job, round, copies) in self.to_enqueue() {
            let (aggregator, ports) = (Arc::clone(&self.aggregator), self.ports.clone());
            self.spawn(actors::enqueue(aggregator, ports, job, round, copies).boxed());
        }
        let mut batch = std::mem::take(&mut self.world.lock().fed);
        if batch.is_empty() && self.ports.store.has_changes() {
            self.spawn(actors::read_feed(self.ports.clone(), AT_ONCE).boxed());
        }
        // Several aggregators at once, so that the last changes of a job meet too.
        while !batch.is_empty() {
            let part = self.world.lock().chance.between(1, AT_ONCE as u64);
            let part = batch.split_off(batch.len().saturating_sub(usize::try_from(part).unwrap_or(AT_ONCE)));
            let (aggregator, ports) = (Arc::clone(&self.aggregator), self.ports.clone());
            self.spawn(actors::fold(aggregator, ports, part).boxed());
        }
        for job in self.overdue() {
            let (aggregator, ports) = (Arc::clone(&self.aggregator), self.ports.clone());
            self.spawn(actors::meet_deadline(aggregator, ports, job).boxed());
        }
        if self.ports.store.has_dead_letters() {
            let (aggregator, ports) = (Arc::clone(&self.aggregator), self.ports.clone());
            self.spawn(actors::give_up(aggregator, ports, AT_ONCE).boxed());
        }
    }

    /// What the store says; `None` if it cannot.
    fn asked<'a, T, F: Future<Output = PortResult<T>>>(
        &'a self,
        ask: impl FnOnce(&'a S::Ports) -> F,
    ) -> Option<T> {
        let store = &self.ports.store;
        store.run(ask(store.ports()), false).ok()
    }

    fn check_ended(&self, job: &Job) -> Result<(), String> {
        let id = &job.spec.job;
        let job_that = |what: &str| format!("{id} {what}");
        let mut world = self.world.lock();
        let facts = world.facts.job(id);
        if job.state.ended_at().is_none() {
            return Err(job_that("never ended"));
        }
        if facts.state != job.state {
            return Err(job_that("has another state than the one that was written"));
        }
        let ended_as = (job.state.verdict(), job.state.cause());
        if ended_as != facts.calls_for() {
            return Err(job_that(&format!(
                "is {ended_as:?}, but its outcomes call for {:?}",
                facts.calls_for()
            )));
        }
        let announced = self.ports.store.announced(id);
        if announced != facts.decided {
            return Err(job_that(&format!("was announced as {announced:?}, but became {:?}", facts.decided)));
        }
        if job.state.copies() > job.spec.copies.max(job.spec.policy.copies_max) {
            return Err(job_that("wants more copies than its policy allows"));
        }
        if self.ports.store.queued(id) > 0 {
            return Err(job_that("has messages after its end"));
        }
        self.check_outcomes(id, facts)?;
        self.check_tally(id, facts)?;
        self.check_outputs(id, facts)
    }

    /// Every recorded digest is stored, and the first digest of each copy comes first.
    fn check_outcomes(&self, job: &JobId, facts: &JobFacts) -> Result<(), String> {
        let read = self.asked(|ports| ports.read_outcomes(job, 0..facts.copies));
        let mut stored = BTreeMap::<u32, Vec<Digest>>::new();
        for Outcome { copy, result, .. } in read.unwrap_or_default() {
            if let Ok(produced) = result {
                stored.entry(copy.index).or_default().push(produced.digest);
            }
        }
        // Those that differ from the first stand beside it, in an order of the store.
        let in_order = |digests: &BTreeMap<u32, Vec<Digest>>| {
            let mut digests = digests.clone();
            for of_copy in digests.values_mut() {
                of_copy[1..].sort_unstable();
            }
            digests
        };
        if in_order(&stored) == in_order(&facts.digests) {
            Ok(())
        } else {
            Err(format!("{job} has lost an outcome, or has one that was never recorded"))
        }
    }

    /// The tally has exactly the copies that gave each digest and the copies that failed, each once.
    fn check_tally(&self, job: &JobId, facts: &JobFacts) -> Result<(), String> {
        let tally = self.asked(|ports| ports.read_tally(job)).unwrap_or_default();
        let mut digests = BTreeSet::new();
        let mut failures = BTreeSet::new();
        for (chunk, tally) in &tally.chunks {
            let copy = |place| chunk * CHUNK_COPIES + place;
            for (digest, copies) in &tally.digests {
                digests.extend(copies.iter().map(|place| (copy(place), *digest)));
            }
            for ((round, reason), copies) in &tally.failures {
                failures.extend(copies.iter().map(|place| (copy(place), *round, reason.clone())));
            }
        }
        let produced =
            facts.digests.iter().flat_map(|(copy, given)| given.iter().map(|digest| (*copy, *digest)));
        let failed = facts.failures.iter().flat_map(|(copy, failures)| {
            failures.iter().map(|(round, reason)| (*copy, *round, reason.clone()))
        });
        if digests != produced.collect() || failures != failed.collect() {
            return Err(format!("the tally of {job} differs from its outcomes"));
        }
        let counts = tally.digests();
        let right = counts.iter().all(|count| {
            let gave = facts.digests.values().filter(|given| given.contains(&count.digest)).count();
            gave == count.copies as usize
        });
        for round in 0..=facts.state.round() {
            let failed: Vec<_> = facts.failed_in(round).collect();
            let mut reasons = BTreeMap::<String, u32>::new();
            for (_, reason) in &failed {
                *reasons.entry((*reason).to_owned()).or_default() += 1;
            }
            let counted = tally.failures(round, facts.copies).into_iter().collect::<BTreeMap<_, _>>();
            if counted != reasons || tally.failed(round, facts.copies) as usize != failed.len() {
                return Err(format!("the failures of {job} in round {round} are counted wrongly"));
            }
        }
        let hashes: BTreeSet<_> = facts.sandboxes.iter().map(|name| SandboxHash::of(name)).collect();
        let kept = hashes.into_iter().take(facts.sandboxes_min as usize);
        if !tally.sandboxes().iter().eq(kept) {
            return Err(format!("the sandboxes of {job} are counted wrongly"));
        }
        let counted = right && counts.len() == facts.distinct().len();
        let produced = tally.produced() as usize == facts.digests.len();
        if counted && produced { Ok(()) } else { Err(format!("the copies of {job} are counted wrongly")) }
    }

    /// Every recorded digest has its output, which can explain it.
    fn check_outputs(&self, job: &JobId, facts: &JobFacts) -> Result<(), String> {
        for digest in facts.distinct().into_iter().take(OUTPUTS_KEPT_MAX) {
            let output = self.asked(|ports| ports.read_output(job, digest)).flatten();
            if output.is_none_or(|bytes| Digest::of(&bytes) != digest) {
                return Err(format!("{job} has a digest without its output"));
            }
        }
        Ok(())
    }
}
