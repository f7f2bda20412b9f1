/// How a fact stands to others that separate the classes equally well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// What somebody has set, and can set otherwise.
    Cause,
    /// What is known to change how a program computes, or shows that it does.
    Specific,
    /// Anything else.
    Other,
    /// What tells one place from another, and says nothing about it.
    Identifier,
}

const CAUSES: [&str; 1] = ["variable."];

const SPECIFIC: [&str; 4] = ["canary.", "cpu.", "loaded.", "numerics."];

/// Under `sandbox.`, but a property of it: memory decides how many processors a Lambda sandbox has.
const SANDBOX_PROPERTIES: [&str; 1] = ["sandbox.memory_mb"];

impl Standing {
    pub(super) fn of(name: &str) -> Self {
        if CAUSES.iter().any(|prefix| name.starts_with(prefix)) {
            return Self::Cause;
        }
        if SPECIFIC.iter().any(|prefix| name.starts_with(prefix)) {
            return Self::Specific;
        }
        let is_of_sandbox = name.starts_with("sandbox.") && !SANDBOX_PROPERTIES.contains(&name);
        if is_of_sandbox || name == "host.boot_id" { Self::Identifier } else { Self::Other }
    }
}

/// Whether a fact is seen by looking at a program from outside while it runs: where it lacks, it was not seen, which says
/// nothing, and is no value beside the only one that was.
pub(super) fn is_glimpsed(name: &str) -> bool {
    name.starts_with("loaded.") || name == "run.peak_memory_mb"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_stand_last() {
        let check = |name, expect| assert_eq!(Standing::of(name), expect, "{name}");
        check("variable.OMP_NUM_THREADS", Standing::Cause);
        check("canary.class", Standing::Specific);
        check("cpu.model_name", Standing::Specific);
        check("cpus.online", Standing::Other);
        check("sandbox.memory_mb", Standing::Other);
        check("host.architecture", Standing::Other);
        check("host.boot_id", Standing::Identifier);
        check("sandbox.id", Standing::Identifier);
        assert!(
            Standing::Cause < Standing::Specific
                && Standing::Specific < Standing::Other
                && Standing::Other < Standing::Identifier
        );
    }
}
