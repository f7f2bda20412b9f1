//! Replays the simulation of one seed, and prints every event. Or simulates many seeds, and prints the seeds that
//! broke a promise and how often each event happened.

#![expect(clippy::print_stdout, reason = "this program exists to print events")]

use std::ops::Range;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use concord_acceptance::simulation::{SimulationSettings, simulate, simulate_all};

const USAGE: &str = "usage: replay SEED
       replay [--first] [--minutes COUNT] FIRST..END

Prints every event of one simulated fleet. Or simulates the fleets of the seeds from FIRST to END, END not included.
  --first           stop at the first seed that breaks a promise
  --minutes COUNT   stop after this time, although seeds are left";

/// What was asked for.
#[derive(Default)]
struct ReplayArgs {
    seeds: Range<u64>,
    /// Whether one seed is replayed.
    replays: bool,
    stops_at_first: bool,
    time_max: Option<Duration>,
}

fn main() -> ExitCode {
    match asked(std::env::args().skip(1)) {
        Some(asked) if asked.replays => replay(asked.seeds.start),
        Some(asked) => search(asked),
        None => {
            println!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn asked(mut words: impl Iterator<Item = String>) -> Option<ReplayArgs> {
    let mut asked = ReplayArgs::default();
    let mut seeds = None;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--first" => asked.stops_at_first = true,
            "--minutes" => {
                asked.time_max = Some(Duration::from_secs(60 * words.next()?.parse::<u64>().ok()?));
            }
            _ if seeds.is_some() => return None,
            range => seeds = Some(range.to_owned()),
        }
    }
    let seeds = seeds?;
    if let Some((first, end)) = seeds.split_once("..") {
        return Some(ReplayArgs { seeds: first.parse().ok()?..end.parse().ok()?, ..asked });
    }
    let seed = seeds.parse().ok()?;
    Some(ReplayArgs { seeds: seed..seed, replays: true, ..asked })
}

fn replay(seed: u64) -> ExitCode {
    let report = simulate(seed, SimulationSettings { traced: true, ..SimulationSettings::default() });
    for event in &report.trace {
        println!("{event}");
    }
    println!("{report}");
    ExitCode::from(u8::from(report.violation.is_some()))
}

fn search(asked: ReplayArgs) -> ExitCode {
    let ReplayArgs { seeds, stops_at_first, time_max, .. } = asked;
    let started = Instant::now();
    let report = simulate_all(seeds, SimulationSettings::default(), |so_far| {
        let in_time = time_max.is_none_or(|most| started.elapsed() < most);
        in_time && (so_far.broken.is_empty() || !stops_at_first)
    });
    for broken in &report.broken {
        println!("{broken}");
    }
    print!("{}", report.counts);
    println!("{:>9}  seeds were simulated, in {:.1} s", report.seeds, started.elapsed().as_secs_f64());
    println!("{:>9}  seeds broke a promise", report.broken.len());
    ExitCode::from(u8::from(!report.broken.is_empty()))
}
