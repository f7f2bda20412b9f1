//! The environment of a worker process: facts about its machine, its sandbox and its arithmetic.
//!
//! Everything is read once, at the start, from a [`System`]. A fact that cannot be read is absent; that is not an error.
//! `docs/facts.md` has the list of all names.

mod build;
mod cpuid;
mod float_mode;
mod host;
mod numerics;
mod processor;
mod sandbox;
mod system;
#[cfg(test)]
mod tests;
mod variables;

use concord_protocol::{Environment, Facts};

pub(crate) use build::build_id;
pub(crate) use float_mode::FloatMode;
pub(crate) use host::{kilobytes, peak_memory_mb};
pub use system::System;
pub(crate) use system::text;
#[cfg(feature = "lambda")]
pub(crate) use variables::LOG_STREAM;
pub use variables::Variables;

/// Name of the fact which says that the machine that computes is not visible to the worker. Its only value is [`NO`].
const HOST_SEEN: &str = "host.seen";

/// Value of a fact that negates.
const NO: &str = "no";

/// The environment of this process. `sandbox` is unique to this start of it. Takes a few milliseconds, one of them for the
/// canary.
#[must_use]
pub fn environment(sandbox: String, system: &System) -> Environment {
    let mut facts = Facts::default();
    processor::record(system, &mut facts);
    host::record(system, &mut facts);
    sandbox::record(system, &mut facts);
    numerics::record(system, &mut facts);
    for (name, value) in system.variables().of_programs() {
        facts.record(&format!("variable.{name}"), value);
    }
    let mut identity = host::identity(system);
    identity.record_all(&sandbox::identity(system, &sandbox));
    Environment { sandbox, identity, facts }
}

/// The environment of a calculation that runs on a machine which this process cannot see, such as a function that it
/// calls. It names only the caller.
#[must_use]
pub fn unseen(sandbox: String) -> Environment {
    let facts = [(HOST_SEEN, NO)].into_iter().collect();
    Environment { sandbox, identity: Facts::default(), facts }
}

/// Whether `environment` was made by [`unseen`].
pub(crate) fn is_unseen(environment: &Environment) -> bool {
    environment.facts.get(HOST_SEEN) == Some(NO)
}
