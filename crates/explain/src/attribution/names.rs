/// The order of facts that separate the classes equally well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// A setting that somebody chose and can change.
    Cause,
    /// A fact that is known to change results, or a sign that results changed.
    Specific,
    /// Anything else.
    Other,
    /// A fact that identifies a sandbox or a host and says nothing else about it.
    Identifier,
}

const CAUSES: [&str; 1] = ["variable."];

const SPECIFIC: [&str; 4] = ["canary.", "cpu.", "loaded.", "numerics."];

/// Facts under `sandbox.` that are properties and not identifiers. The memory of a Lambda sandbox decides how many
/// processors it has.
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

/// Whether a fact is sampled from outside while a program runs. If such a fact is missing, it was only not seen.
/// "Missing" is then not a second value next to the only value that was seen.
pub(super) fn is_glimpsed(name: &str) -> bool {
    name.starts_with("loaded.") || name == "run.peak_memory_mb"
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
