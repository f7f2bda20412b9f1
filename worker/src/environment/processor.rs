//! What kind of processor it is, as far as the system says. A hypervisor may mask what it says: what the arithmetic
//! itself gives is in the canary.

use std::collections::BTreeSet;

use concord_protocol::{Digest, Facts};

use super::short;
use super::system::{System, field};

/// Fields of `/proc/cpuinfo` that are recorded as they are, by the name of the fact.
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

/// The flags that each level adds to those below it, in the words of `/proc/cpuinfo`: `abm` is LZCNT, `pni` is SSE3,
/// `lahf_lm` is LAHF-SAHF. OSFXSR and OSXSAVE have no flag of their own: without them the kernel would not list SSE
/// and AVX (System V ABI, AMD64 supplement, "Micro-architecture levels", table 3.1).
const LEVELS: [(&str, &[&str]); 4] = [
    ("x86-64-v1", &["cmov", "cx8", "fpu", "fxsr", "mmx", "sse", "sse2"]),
    ("x86-64-v2", &["cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"]),
    ("x86-64-v3", &["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"]),
    ("x86-64-v4", &["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]),
];

/// Records the processor.
pub(super) fn record(system: &System, facts: &mut Facts) {
    facts.record("host.architecture", std::env::consts::ARCH);
    let text = system.text("proc/cpuinfo").unwrap_or_default();
    // All processors of a machine are taken to be alike; where they are not, the first is the one described.
    let first = text.split("\n\n").next().unwrap_or_default();
    for (name, of) in FIELDS {
        if let Some(value) = field(first, of).filter(|value| !value.is_empty()) {
            facts.record(name, value);
        }
    }
    let listed = field(first, "flags").or_else(|| field(first, "Features"));
    let flags: BTreeSet<&str> = listed.unwrap_or_default().split_whitespace().collect();
    record_flags(&flags, facts);
    // What the processor says to this process may be less, or more, than what the kernel lists.
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
    // `asimd` is on every 64-bit ARM, and with it fused multiply-add.
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

/// The highest level whose flags, and those of the levels below it, are all there.
pub(super) fn level(flags: &BTreeSet<&str>) -> Option<&'static str> {
    let reached = LEVELS.iter().take_while(|(_, added)| added.iter().all(|flag| flags.contains(flag)));
    reached.last().map(|(level, _)| *level)
}

/// The flags of the levels that the processor and the kernel grant to this process, asked by CPUID and not by `/proc`.
#[cfg(target_arch = "x86_64")]
pub(super) fn detected() -> Vec<&'static str> {
    macro_rules! detect {
        ($($flag:literal = $feature:tt),* $(,)?) => {
            [$(($flag, std::arch::is_x86_feature_detected!($feature))),*]
        };
    }
    let asked = detect!(
        "cx16" = "cmpxchg16b",
        "popcnt" = "popcnt",
        "pni" = "sse3",
        "sse4_1" = "sse4.1",
        "sse4_2" = "sse4.2",
        "ssse3" = "ssse3",
        "avx" = "avx",
        "avx2" = "avx2",
        "bmi1" = "bmi1",
        "bmi2" = "bmi2",
        "f16c" = "f16c",
        "fma" = "fma",
        "abm" = "lzcnt",
        "movbe" = "movbe",
        "avx512f" = "avx512f",
        "avx512bw" = "avx512bw",
        "avx512cd" = "avx512cd",
        "avx512dq" = "avx512dq",
        "avx512vl" = "avx512vl",
    );
    // This program itself needs the first level; LAHF-SAHF cannot be asked for, and is in every processor with SSE3.
    let granted = asked.iter().filter(|(_, granted)| *granted).map(|(flag, _)| *flag);
    LEVELS[0].1.iter().copied().chain(["lahf_lm"]).chain(granted).collect()
}

/// There are no such levels.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn detected() -> Vec<&'static str> {
    Vec::new()
}
