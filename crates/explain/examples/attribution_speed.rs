//! Measures how long all the statistics of a large job take: 20,000 copies, 80 facts, 2 to 20,000 digests, with a few
//! shared environments or one environment per copy.
//!
//! ```sh
//! cargo run --release -p concord-explain --example attribution_speed
//! ```

use std::io::{Result, Write, stdout};
use std::time::Instant;

use concord_explain::{Assessment, Design, ObservedRun, Stage};
use concord_protocol::Facts;
use concord_statistics::Level;
use fastrand::Rng;

const COPIES: usize = 20_000;
const FACTS: usize = 80;
/// The number of facts that differ from copy to copy.
const OWN: usize = 5;

fn main() -> Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{COPIES} copies, {FACTS} facts, best of 5")?;
    for places in [5, 200, COPIES] {
        for digests in [2, 3, COPIES] {
            let ms = (0..5).map(|seed| measured_ms(seed, places, digests)).fold(f64::INFINITY, f64::min);
            writeln!(out, "{places} places, {digests} digests: {ms:.0} ms")?;
        }
    }
    Ok(())
}

fn measured_ms(seed: u64, places: usize, digests: usize) -> f64 {
    let mut random = Rng::with_seed(seed);
    let environments: Vec<Facts> = (0..places)
        .map(|place| {
            let value = |fact: usize| if fact == 0 { place } else { random.usize(..2 + fact / 4) };
            (0..FACTS - OWN)
                .map(value)
                .enumerate()
                .map(|(fact, value)| (format!("cpu.x{fact}"), value.to_string()))
                .collect()
        })
        .collect();
    let own: Vec<Facts> = (0..COPIES)
        .map(|copy| {
            let value = |fact: usize| {
                if fact == 0 { copy } else { random.usize(..10_usize.pow(u32::try_from(fact).unwrap_or(1))) }
            };
            (0..OWN)
                .map(value)
                .enumerate()
                .map(|(fact, value)| (format!("own.x{fact}"), value.to_string()))
                .collect()
        })
        .collect();
    let texts: Vec<String> = (0..digests).map(|digest| format!("sha256:{digest:064x}")).collect();
    let sandboxes: Vec<String> = (0..places).map(|place| place.to_string()).collect();
    let run = |copy: usize| ObservedRun {
        copy: u32::try_from(copy).unwrap_or(u32::MAX),
        digest: if digests == COPIES { &texts[copy] } else { &texts[random.usize(..digests)] },
        bytes: 8,
        started_at_ms: copy as u64,
        run_us: 1,
        sandbox: Some(&sandboxes[copy % places]),
        environment: &environments[copy % places],
        facts: &own[copy],
    };
    let runs: Vec<_> = (0..COPIES).map(run).collect();
    let began = Instant::now();
    let evidence = Assessment::of(&runs, Level::default(), &Design::plain(Stage::Ended), None);
    let took_ms = began.elapsed().as_secs_f64() * 1_000.0;
    assert_eq!(evidence.attribution.copies, COPIES as u64);
    took_ms
}
