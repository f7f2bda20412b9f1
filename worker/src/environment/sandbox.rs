//! The sandbox, as the variables of Lambda describe it, and the program.

use concord_protocol::Facts;

use super::build::build_id;
use super::system::System;
use super::variables::{CODE_SHA256, FUNCTION, INITIALIZATION, LOG_STREAM, MEMORY_MB, REGION, VERSION};

const FACTS: [(&str, &str); 5] = [
    ("sandbox.function", FUNCTION),
    ("sandbox.version", VERSION),
    ("sandbox.memory_mb", MEMORY_MB),
    ("sandbox.region", REGION),
    ("sandbox.initialization", INITIALIZATION),
];

/// Records the sandbox.
pub(super) fn record(system: &System, facts: &mut Facts) {
    let variables = system.variables();
    if let Some(image) = variables.get(CODE_SHA256).map(str::to_owned).or_else(|| program(system)) {
        facts.record("sandbox.image", image);
    }
    // Without the function's name this is not a sandbox of Lambda, and the region of a developer's shell says nothing
    // about the machine.
    if variables.get(FUNCTION).is_some() {
        for (name, variable) in FACTS {
            if let Some(value) = variables.get(variable) {
                facts.record(name, value);
            }
        }
    }
}

/// The facts that identify this sandbox, beside `sandbox` itself.
pub(super) fn identity(system: &System, sandbox: &str) -> Facts {
    let log_stream = system.variables().get(LOG_STREAM).filter(|log_stream| *log_stream != sandbox);
    log_stream.map(|log_stream| ("sandbox.log_stream", log_stream)).into_iter().collect()
}

/// The program that runs: the build id from its linker, otherwise its version and size. A digest of the whole file would
/// take longer than everything else at the start.
fn program(system: &System) -> Option<String> {
    let path = system.path("proc/self/exe");
    if let Some(id) = build_id(&path) {
        return Some(format!("build {id}"));
    }
    let bytes = path.metadata().ok()?.len();
    Some(format!("{} of {bytes} bytes", env!("CARGO_PKG_VERSION")))
}
