/// The order of facts that separate the classes equally well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// A setting that somebody chose and can change.
    Cause,
    /// A fact that is known to change results, or a sign that results changed.
    Specific,
    /// Anything else.
    Other,
    /// A fact that follows from what a run did.
    Consequence,
    /// A fact that identifies a run, a sandbox or a host and says nothing else about it.
    Identifier,
}

const CAUSES: [&str; 1] = ["variable."];

const SPECIFIC: [&str; 4] = ["canary.", "cpu.", "loaded.", "numerics."];

const CONSEQUENCES: [&str; 9] = [
    "run.peak_memory_mb",
    "run.program",
    "run.folder_changed",
    "run.folder_in_output",
    "run.folder_not_kept",
    "run.failed_attempts",
    "run.first_failure",
    "function.peak_memory_mb",
    RUN_TIME,
];

const IDENTIFIERS: [&str; 4] = ["sandbox.id", "sandbox.call", "sandbox.log_stream", "host.boot_id"];

/// Facts whose numbers grow while a job runs, whatever happens in it.
const GROWING: [&str; 2] = ["run.queue_wait_ms", "sandbox.call"];

/// The fact that tells the first run of a sandbox from the others.
pub(super) const START_OF_SANDBOX: &str = "sandbox.start";

/// The name under which the run time is tested. It is not a recorded fact.
pub(super) const RUN_TIME: &str = "run time";

impl Standing {
    pub(super) fn of(name: &str) -> Self {
        if CAUSES.iter().any(|prefix| name.starts_with(prefix)) {
            return Self::Cause;
        }
        if SPECIFIC.iter().any(|prefix| name.starts_with(prefix)) {
            return Self::Specific;
        }
        if CONSEQUENCES.contains(&name) {
            return Self::Consequence;
        }
        if IDENTIFIERS.contains(&name) { Self::Identifier } else { Self::Other }
    }
}

/// Whether the numbers of a fact grow while a job runs. In one process they say nothing that the order of the copies does
/// not say.
pub(super) fn grows(name: &str) -> bool {
    GROWING.contains(&name)
}

/// Whether a run that lacks the fact has the value "none". The worker reads all variables of its list, so a variable
/// without a value is not set. Any other fact that is missing was not observed.
pub(super) fn is_absence_a_value(name: &str) -> bool {
    name.starts_with("variable.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_come_last() {
        let check = |name, expect| assert_eq!(Standing::of(name), expect, "{name}");
        check("variable.OMP_NUM_THREADS", Standing::Cause);
        check("canary.class", Standing::Specific);
        check("cpu.model_name", Standing::Specific);
        check("cpus.online", Standing::Other);
        check("sandbox.memory_mb", Standing::Other);
        check("sandbox.start", Standing::Other);
        check("sandbox.image", Standing::Other);
        check("host.architecture", Standing::Other);
        check("run.peak_memory_mb", Standing::Consequence);
        check("host.boot_id", Standing::Identifier);
        check("sandbox.id", Standing::Identifier);
        check("sandbox.call", Standing::Identifier);
        assert!(
            Standing::Cause < Standing::Specific
                && Standing::Specific < Standing::Other
                && Standing::Other < Standing::Consequence
                && Standing::Consequence < Standing::Identifier
        );
    }
}
