//! Synthetic jobs with one planted cause each, for a comparison of power: `acceptance/statistics/run` asks standard tests the
//! same question. Each line of the output is a JSON object: the kind of the cause, the data, and whether the sentence of the
//! job names the cause.
//!
//! ```sh
//! cargo run --release -p concord-explain --example power -- [JOBS]
//! ```

use std::io::{Result, Write, stdout};

mod jobs;

use jobs::{Job, Kind};

/// Jobs of each kind, strength and size.
const JOBS: u64 = 100;

const COPIES: [usize; 2] = [50, 200];

/// The rates of class B without and with the cause.
const RATES: [(f64, f64); 3] = [(0.2, 0.5), (0.1, 0.5), (0.05, 0.7)];

fn main() -> Result<()> {
    let jobs = std::env::args().nth(1).and_then(|jobs| jobs.parse().ok()).unwrap_or(JOBS);
    let mut out = stdout().lock();
    for kind in [Kind::Threshold, Kind::Table, Kind::Change] {
        for copies in COPIES {
            for rates in RATES {
                for seed in 0..jobs {
                    writeln!(out, "{}", Job::new(seed, kind, copies, rates).told())?;
                }
            }
        }
    }
    Ok(())
}
