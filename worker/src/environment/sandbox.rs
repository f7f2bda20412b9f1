//! The sandbox, as Lambda describes it to the function that runs in it, and the program.

use concord_protocol::Facts;

use super::build::build_id;
use super::system::System;

pub(super) const FUNCTION: &str = "AWS_LAMBDA_FUNCTION_NAME";
pub(super) const VERSION: &str = "AWS_LAMBDA_FUNCTION_VERSION";
pub(super) const MEMORY_MB: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
pub(super) const REGION: &str = "AWS_REGION";
pub(super) const INITIALIZATION: &str = "AWS_LAMBDA_INITIALIZATION_TYPE";
pub(super) const LOG_STREAM: &str = "AWS_LAMBDA_LOG_STREAM_NAME";
/// Set by whoever deploys: the digest of the function's code or image.
pub(super) const CODE_SHA256: &str = "CONCORD_CODE_SHA256";

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
    // Without the first it is no sandbox of Lambda, and the region of a developer's shell says nothing of the machine.
    if variables.get(FUNCTION).is_some() {
        for (name, variable) in FACTS {
            if let Some(value) = variables.get(variable) {
                facts.record(name, value);
            }
        }
    }
}

/// What names this sandbox alone, beside `sandbox` itself.
pub(super) fn identity(system: &System, sandbox: &str) -> Facts {
    let log_stream = system.variables().get(LOG_STREAM).filter(|log_stream| *log_stream != sandbox);
    log_stream.map(|log_stream| ("sandbox.log_stream", log_stream)).into_iter().collect()
}

/// The program that runs: the build id that its linker gave it, or else its version and size. A digest of the whole
/// file would take longer than everything else at the start.
fn program(system: &System) -> Option<String> {
    let path = system.path("proc/self/exe");
    if let Some(id) = build_id(&path) {
        return Some(format!("build {id}"));
    }
    let bytes = path.metadata().ok()?.len();
    Some(format!("{} of {bytes} bytes", env!("CARGO_PKG_VERSION")))
}
