//! Compares two files, as `bench/difference.py` measures it:
//!
//! ```sh
//! cargo run --release -p concord-difference --example difference -- FORMAT LEFT RIGHT [TOLERANCE...]
//! ```
//!
//! Prints the statement. Then prints one line of JSON: the seconds that the comparison took, the most memory that the
//! process used (with the two files in it), and the comparison.

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::time::Instant;

use concord_difference::{Options, Tolerances, compare};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [format, left, right, tolerances @ ..] = &arguments[..] else {
        return Err("usage: difference FORMAT LEFT RIGHT [TOLERANCE...]".into());
    };
    let tolerances = if tolerances.is_empty() { None } else { Some(Tolerances::parse(tolerances)?) };
    let format = serde_json::from_value(json!(format))?;
    let options = Options { format, tolerances, ..Options::default() };
    let (left, right) = (fs::read(left)?, fs::read(right)?);
    let before_kb = resident_kb_max();
    let started = Instant::now();
    let comparison = compare(&left, &right, &options);
    let seconds = started.elapsed().as_secs_f64();
    let told = json!({
        "seconds": seconds,
        "resident_kb_before": before_kb,
        "resident_kb_max": resident_kb_max(),
        "comparison": comparison,
    });
    writeln!(io::stdout(), "{}\n{told}", comparison.statement())?;
    Ok(())
}

/// The most memory that this process has used so far, in KiB (proc(5), `VmHWM`); 0 where the system does not say.
fn resident_kb_max() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}
