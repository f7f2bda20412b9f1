//! Synthetic jobs with 30 recorded facts. One of the facts may decide the class of a copy. The same seed gives the
//! same job.

use concord_explain::{Assessment, Design, ObservedRun, Separator, Stage};
use concord_protocol::Facts;
use concord_statistics::Level;
use fastrand::Rng;

/// The name of the deciding fact. Neither its kind nor its place in the alphabet puts it before other facts.
pub(crate) const PLANTED: &str = "zone.planted";

/// What decides the class of a copy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cause {
    /// The planted fact, except for this share of the copies, which get another class.
    Planted { noise: f64 },
    /// Chance, independently for each copy.
    Chance,
    /// A property of a sandbox that is not recorded.
    Hidden,
}

/// The result of one job.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is counted separately")]
pub(crate) struct Judged {
    /// The deciding property is the same in all copies of a sandbox.
    pub(crate) of_sandbox: bool,
    /// The number of copies of the rarest class.
    pub(crate) rarest: u64,
    /// The planted fact is in the first line.
    pub(crate) first: bool,
    /// Another fact that is not an identifier separates the classes perfectly too. Nothing in the job distinguishes
    /// the two.
    pub(crate) rivalled: bool,
    /// The planted fact has as many values as there are classes.
    pub(crate) value_a_class: bool,
    /// The first line names an identifier of a sandbox or a host.
    pub(crate) names_a_place: bool,
    /// Something goes with the classes beyond chance: a fact or a pattern.
    pub(crate) claimed: bool,
    /// The same, and the sentence has no warning.
    pub(crate) claimed_firmly: bool,
    /// The sentence says that a fact happens to fit.
    pub(crate) named_with_doubt: bool,
}

const SHARES: [f64; 5] = [0.05, 0.1, 0.2, 0.35, 0.5];
const DIGESTS: [&str; 4] = ["sha256:0", "sha256:1", "sha256:2", "sha256:3"];

struct Job {
    random: Rng,
    copies: usize,
    sandboxes: usize,
    of_sandboxes: Vec<Facts>,
    of_copies: Vec<Facts>,
}

/// Makes a job and explains it; `None` if all copies agree, or if the planted fact has only one value.
pub(crate) fn judged(seed: u64, copies: usize, cause: Cause) -> Option<Judged> {
    let mut job = Job::new(seed, copies);
    let (of_sandbox, classes) = job.classes(cause);
    job.others(cause);
    let sandboxes: Vec<String> = (0..job.sandboxes).map(|sandbox| sandbox.to_string()).collect();
    let run = |copy: usize| ObservedRun {
        copy: u32::try_from(copy).unwrap_or(u32::MAX),
        digest: DIGESTS[classes[copy]],
        bytes: 8,
        started_at_ms: copy as u64,
        run_us: 1,
        sandbox: Some(&sandboxes[copy % job.sandboxes]),
        environment: &job.of_sandboxes[copy % job.sandboxes],
        facts: &job.of_copies[copy],
    };
    let runs: Vec<_> = (0..copies).map(run).collect();
    let evidence = Assessment::of(&runs, Level::default(), &Design::plain(Stage::Ended), None);
    let separators = &evidence.attribution.separators;
    let is_planted = |separator: &&Separator| separator.facts.iter().any(|fact| fact == PLANTED);
    let is_claimed = |first: &Separator| {
        let patterns = &evidence.attribution.patterns;
        (first.significant && !first.consequence) || patterns.iter().any(|pattern| !pattern.consequence)
    };
    if cause.is_planted() {
        separators.iter().find(is_planted)?;
    }
    let first = separators.first()?;
    let planted_values = separators.iter().find(is_planted).map(|separator| separator.values_total);
    let is_rival =
        |separator: &Separator| separator.perfect && !separator.unique && !is_place(&separator.facts[0]);
    Some(Judged {
        of_sandbox,
        rarest: evidence.classes.last()?.copies,
        first: is_planted(&first),
        rivalled: separators.iter().any(|separator| is_rival(separator) && !is_planted(&separator)),
        value_a_class: planted_values == Some(evidence.classes.len() as u64),
        names_a_place: is_place(&first.facts[0]),
        claimed: is_claimed(first),
        claimed_firmly: is_claimed(first) && !evidence.separates.contains("maybe chance"),
        named_with_doubt: evidence.separates.contains("happens to fit"),
    })
}

/// The share of the jobs for which `holds` is true; `None` without jobs.
pub(crate) fn share(judged: &[Judged], holds: impl Fn(&Judged) -> bool) -> Option<f64> {
    let count = |jobs: usize| f64::from(u32::try_from(jobs).unwrap_or(u32::MAX));
    let hits = judged.iter().filter(|judged| holds(judged)).count();
    (!judged.is_empty()).then(|| count(hits) / count(judged.len()))
}

fn is_place(fact: &str) -> bool {
    ["sandbox.id", "host.boot_id"].contains(&fact)
}

impl Cause {
    pub(crate) fn is_planted(self) -> bool {
        matches!(self, Self::Planted { .. })
    }
}

impl Job {
    fn new(seed: u64, copies: usize) -> Self {
        let sandboxes = (copies / 15).max(4);
        let (of_sandboxes, of_copies) = (vec![Facts::default(); sandboxes], vec![Facts::default(); copies]);
        Self { random: Rng::with_seed(seed), copies, sandboxes, of_sandboxes, of_copies }
    }

    /// The class of each copy, and whether a sandbox has one class. Plants the fact that decides the class.
    fn classes(&mut self, cause: Cause) -> (bool, Vec<usize>) {
        let share = SHARES[self.random.usize(..SHARES.len())];
        let is_of_sandbox = cause == Cause::Hidden || (cause != Cause::Chance && self.random.bool());
        // Two values and two classes, three of each, or four values and two classes.
        let (values, classes) = [(2, 2), (3, 3), (4, 2)][self.random.usize(..3)];
        let units = if is_of_sandbox { self.sandboxes } else { self.copies };
        let drawn: Vec<usize> = (0..units)
            .map(|_| if self.random.f64() < share { 1 + self.random.usize(..values - 1) } else { 0 })
            .collect();
        let value = |copy: usize| drawn[copy % units];
        if cause.is_planted() {
            self.record(PLANTED, is_of_sandbox, |unit| value(unit).to_string());
        }
        let noise = if let Cause::Planted { noise } = cause { noise } else { 0.0 };
        let mut class = |copy: usize| {
            let class = value(copy) % classes;
            if self.random.f64() < noise {
                (class + 1 + self.random.usize(..classes - 1)) % classes
            } else {
                class
            }
        };
        (is_of_sandbox, (0..self.copies).map(&mut class).collect())
    }

    fn record(&mut self, name: &str, is_of_sandbox: bool, value: impl Fn(usize) -> String) {
        let units = if is_of_sandbox { &mut self.of_sandboxes } else { &mut self.of_copies };
        for (unit, facts) in units.iter_mut().enumerate() {
            facts.record(name, value(unit));
        }
    }

    /// Adds the other facts, which decide nothing. There are 30 facts in all.
    fn others(&mut self, cause: Cause) {
        self.record("sandbox.id", true, |sandbox| sandbox.to_string());
        self.record("host.boot_id", true, |sandbox| (sandbox / 3).to_string());
        self.record("sandbox.call", false, |copy| copy.to_string());
        for unique in ["memory.peak", "queue.wait"] {
            let first = self.random.u64(..1_000_000);
            self.record(unique, false, |copy| (first + 7 * copy as u64).to_string());
        }
        for (place, prefix) in
            ["variable.", "cpu.", "host.", "sandbox."].into_iter().cycle().enumerate().take(17)
        {
            let values = match place {
                0..8 => 2,
                8..13 => 3 + self.random.usize(..4),
                _ => 20.max(self.copies / 4),
            };
            self.draw(&format!("{prefix}x{place}"), place % 2 == 0, values);
        }
        for (place, noise) in [0.0, 0.1, 0.1, 0.2].into_iter().enumerate() {
            self.follow(
                ["variable.x0", "cpu.x1", "host.x2", "sandbox.x3"][place],
                &format!("cpu.like{place}"),
                noise,
            );
        }
        let near = if cause.is_planted() { PLANTED } else { "variable.x4" };
        for (place, noise) in [0.1, 0.2, 0.3].into_iter().enumerate() {
            self.follow(near, &format!("variable.near{place}"), noise);
        }
        if near != PLANTED {
            self.draw("cpu.more", false, 2);
        }
    }

    /// Adds a fact with this number of values. The first value is the most frequent one.
    fn draw(&mut self, name: &str, is_of_sandbox: bool, values: usize) {
        let others = if values > 2 { 0.8 } else { SHARES[self.random.usize(..SHARES.len())] };
        let units = if is_of_sandbox { self.sandboxes } else { self.copies };
        let drawn: Vec<usize> = (0..units)
            .map(|_| if self.random.f64() < others { self.random.usize(1..values) } else { 0 })
            .collect();
        self.record(name, is_of_sandbox, |unit| drawn[unit].to_string());
    }

    /// Adds a fact that copies another fact under another name, except for a share of its units.
    fn follow(&mut self, followed: &str, name: &str, noise: f64) {
        let is_of_sandbox = self.of_sandboxes[0].get(followed).is_some();
        let units = if is_of_sandbox { &self.of_sandboxes } else { &self.of_copies };
        let values: Vec<String> =
            units.iter().map(|facts| facts.get(followed).unwrap_or_default().to_owned()).collect();
        let strays: Vec<Option<usize>> = values
            .iter()
            .map(|_| (self.random.f64() < noise).then(|| self.random.usize(..values.len())))
            .collect();
        self.record(name, is_of_sandbox, |unit| format!("like {}", values[strays[unit].unwrap_or(unit)]));
    }
}
