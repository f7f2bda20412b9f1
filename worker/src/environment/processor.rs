//! The kind of processor, as the system reports it. A hypervisor may mask this report; the canary shows what the arithmetic
//! itself gives.

use std::collections::BTreeSet;

use concord_protocol::{Digest, Facts};

use super::build::short;
use super::cpuid::LEVELS;
use super::system::{System, field};

/// The facts that repeat a field of `/proc/cpuinfo` unchanged: the name of the fact, then the field.
const FIELDS: [(&str, &str); 10] = [
    ("cpu.vendor", "vendor_id"),
    ("cpu.family", "cpu family"),
    ("cpu.model", "model"),
    ("cpu.stepping", "stepping"),
    ("cpu.model_name", "model name"),
    ("cpu.microcode", "microcode"),
    ("cpu.implementer", "CPU implementer"),
    ("cpu.part", "CPU part"),
    ("cpu.variant", "CPU variant"),
    ("cpu.revision", "CPU revision"),
];

/// Records the facts about the processor.
pub(super) fn record(system: &System, facts: &mut Facts) {
    facts.record("host.architecture", std::env::consts::ARCH);
    let text = system.text("proc/cpuinfo").unwrap_or_default();
    // All processors of a machine are assumed to be alike; otherwise the facts describe the first.
    let first = text.split("\n\n").next().unwrap_or_default();
    for (name, of) in FIELDS {
        if let Some(value) = field(first, of).filter(|value| !value.is_empty()) {
            facts.record(name, value);
        }
    }
    let listed = field(first, "flags").or_else(|| field(first, "Features"));
    let flags: BTreeSet<&str> = listed.unwrap_or_default().split_whitespace().collect();
    record_flags(&flags, facts);
    // The processor may report fewer or more flags to this process than the kernel lists.
    let detected: BTreeSet<&str> = system.detected().iter().copied().collect();
    if let Some(level) = level(&detected).filter(|level| facts.get("cpu.level") != Some(level)) {
        facts.record("cpu.level_detected", level);
    }
}

fn record_flags(flags: &BTreeSet<&str>, facts: &mut Facts) {
    if flags.is_empty() {
        return;
    }
    let sorted: Vec<&str> = flags.iter().copied().collect();
    facts.record("cpu.flags", short(Digest::of(sorted.join(" ").as_bytes()).as_bytes(), 16));
    let yes_or_no = |has: bool| if has { "yes" } else { "no" };
    let none_or = |words: Vec<&str>| if words.is_empty() { "none".to_owned() } else { words.join(" ") };
    let beginning = |prefix: &str| sorted.iter().copied().filter(|flag| flag.starts_with(prefix)).collect();
    // Every 64-bit ARM processor has `asimd`, and also fused multiply-add.
    if flags.contains("asimd") {
        facts.record("cpu.fma", "yes");
        facts.record("cpu.sve", none_or(beginning("sve")));
        return;
    }
    if let Some(level) = level(flags) {
        facts.record("cpu.level", level);
    }
    facts.record("cpu.fma", yes_or_no(flags.contains("fma")));
    facts.record("cpu.avx2", yes_or_no(flags.contains("avx2")));
    facts.record("cpu.avx512", none_or(beginning("avx512")));
    facts.record("cpu.amx", none_or(beginning("amx")));
}

/// The highest level such that its flags and the flags of all levels below it are present.
pub(super) fn level(flags: &BTreeSet<&str>) -> Option<&'static str> {
    let reached = LEVELS.iter().take_while(|(_, added)| added.iter().all(|flag| flags.contains(flag)));
    reached.last().map(|(level, _)| *level)
}
