//! Replays the simulation of one seed, and prints every event. Or simulates many seeds, and prints the seeds that
//! broke a promise and how often each event happened.

#![expect(clippy::print_stdout, reason = "this program exists to print events")]

use std::ops::Range;
use std::process::ExitCode;

use concord_acceptance::simulation::{Counts, SimulationSettings, simulate};

const USAGE: &str = "usage: cargo run -p concord-acceptance --bin replay -- SEED | FIRST..END";

fn main() -> ExitCode {
    let asked = std::env::args().nth(1).unwrap_or_default();
    if let Ok(seed) = asked.parse() {
        return replay(seed);
    }
    let ends = asked.split_once("..").and_then(|(first, end)| Some(first.parse().ok()?..end.parse().ok()?));
    ends.map_or_else(
        || {
            println!("{USAGE}");
            ExitCode::from(2)
        },
        search,
    )
}

fn replay(seed: u64) -> ExitCode {
    let report = simulate(seed, SimulationSettings { traced: true, ..SimulationSettings::default() });
    for event in &report.trace {
        println!("{event}");
    }
    println!("{report}");
    ExitCode::from(u8::from(report.violation.is_some()))
}

fn search(seeds: Range<u64>) -> ExitCode {
    let mut counts = Counts::default();
    let mut broken = 0_u64;
    for report in seeds.map(|seed| simulate(seed, SimulationSettings::default())) {
        counts.merge(&report.counts);
        if report.violation.is_some() {
            println!("{report}");
            broken += 1;
        }
    }
    println!("{counts}{broken:>9}  seeds broke a promise");
    ExitCode::from(u8::from(broken > 0))
}
