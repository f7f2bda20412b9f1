//! The environment of a worker process: what it can know of its machine, its sandbox and its arithmetic.
//!
//! Everything is read once, at the start, from a [`System`]. What cannot be read is no error: the fact is absent.
//! `docs/facts.md` has the list of all names.

mod build;
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
use build::short;
pub(crate) use float_mode::FloatMode;
pub(crate) use host::{kilobytes, peak_memory_mb};
pub use system::System;
pub(crate) use system::text;
pub use variables::Variables;

/// Whether the machine that computes is seen: recorded only where it is not, with [`NO`].
const HOST_SEEN: &str = "host.seen";

/// Value of a fact that denies.
const NO: &str = "no";

/// The environment of this process, of which `sandbox` names this start. Takes a few milliseconds, one of them for the
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
    identity.record_all(sandbox::identity(system, &sandbox));
    Environment { sandbox, identity, facts }
}

/// The environment of a calculation that runs on a machine which this process does not see, such as a function that it
/// calls: nothing but the caller.
#[must_use]
pub fn unseen(sandbox: String) -> Environment {
    let facts = [(HOST_SEEN, NO)].into_iter().collect();
    Environment { sandbox, identity: Facts::default(), facts }
}

/// Whether it is one that [`unseen`] made.
pub(crate) fn is_unseen(environment: &Environment) -> bool {
    environment.facts.get(HOST_SEEN) == Some(NO)
}
