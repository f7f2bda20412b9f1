//! Measures how often the planted cause of a divergence is found, and how often a cause is claimed although there is
//! none. These are the figures of `docs/attribution.md`.
//!
//! ```sh
//! cargo run --release -p concord-explain --example planted -- [JOBS [claims]]
//! ```

use std::io::{Result, Write, stdout};

mod jobs;

use jobs::{Cause, Judged, judged, share};

const COPIES: [usize; 6] = [20, 50, 100, 180, 500, 1_000];
const JOBS: u64 = 1_000;

/// Jobs with a class of fewer copies are counted separately, because little can be said about such a class.
const FEW: u64 = 5;

fn main() -> Result<()> {
    let jobs = std::env::args().nth(1).and_then(|jobs| jobs.parse().ok()).unwrap_or(JOBS);
    let only_claims = std::env::args().nth(2).is_some_and(|table| table == "claims");
    let mut out = stdout().lock();
    if !only_claims {
        of_causes(&mut out, jobs)?;
    }
    of_claims(&mut out, jobs)
}

/// The table of jobs with a planted cause.
fn of_causes(out: &mut impl Write, jobs: u64) -> Result<()> {
    writeln!(
        out,
        "| noise | copies | jobs | first | first, no rival | a value a class: first | varies by copy: first | by sandbox: first | few: jobs | first |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|---|")?;
    for noise in [0.0, 0.05, 0.1, 0.2] {
        for copies in COPIES {
            planted(out, noise, copies, &all(jobs, copies, Cause::Planted { noise }))?;
        }
    }
    Ok(())
}

/// The table of claims in jobs without a recorded cause.
fn of_claims(out: &mut impl Write, jobs: u64) -> Result<()> {
    writeln!(
        out,
        "\n| decided by | copies | jobs | a claim | of an identifier | a claim without a warning | a perfect fact named with doubt |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|")?;
    for (name, cause) in [("chance", Cause::Chance), ("something hidden of a sandbox", Cause::Hidden)] {
        for copies in COPIES {
            let all = all(jobs, copies, cause);
            let shares = [
                percent(&all, |judged| judged.claimed),
                percent(&all, |judged| judged.claimed && judged.names_a_place),
                percent(&all, |judged| judged.claimed_firmly),
                percent(&all, |judged| judged.named_with_doubt),
            ];
            writeln!(out, "| {name} | {copies} | {} | {} |", all.len(), shares.join(" | "))?;
        }
    }
    Ok(())
}

/// Writes one line of the first table.
fn planted(out: &mut impl Write, noise: f64, copies: usize, all: &[Judged]) -> Result<()> {
    let (enough, few): (Vec<_>, Vec<_>) = all.iter().partition(|judged| judged.rarest >= FEW);
    let only = |keep: &dyn Fn(&Judged) -> bool| -> Vec<Judged> {
        enough.iter().filter(|judged| keep(judged)).copied().collect()
    };
    let shares = [
        &enough[..],
        &only(&|judged| !judged.rivalled),
        &only(&|judged| judged.value_a_class),
        &only(&|judged| !judged.of_sandbox),
        &only(&|judged| judged.of_sandbox),
    ]
    .map(|judged| percent(judged, |judged| judged.first));
    let few_first = percent(&few, |judged| judged.first);
    let (noise, found) = (100.0 * noise, shares.join(" | "));
    writeln!(out, "| {noise} % | {copies} | {} | {found} | {} | {few_first} |", enough.len(), few.len())
}

fn all(jobs: u64, copies: usize, cause: Cause) -> Vec<Judged> {
    (0..jobs).filter_map(|seed| judged(seed, copies, cause)).collect()
}

fn percent(judged: &[Judged], holds: impl Fn(&Judged) -> bool) -> String {
    share(judged, holds).map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", 100.0 * share))
}
