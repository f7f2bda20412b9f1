//! The processor's own answer to a process, by the instruction CPUID.

/// The flags that each level adds to those below it, in the words of `/proc/cpuinfo`: `abm` is LZCNT, `pni` is SSE3,
/// `lahf_lm` is LAHF-SAHF. OSFXSR and OSXSAVE have no flag of their own: without them the kernel would not list SSE
/// and AVX (System V ABI, AMD64 supplement, "Micro-architecture levels", table 3.1).
pub(super) const LEVELS: [(&str, &[&str]); 4] = [
    ("x86-64-v1", &["cmov", "cx8", "fpu", "fxsr", "mmx", "sse", "sse2"]),
    ("x86-64-v2", &["cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"]),
    ("x86-64-v3", &["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"]),
    ("x86-64-v4", &["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]),
];

/// The flags of the levels that the processor and the kernel grant to this process, by CPUID and not from `/proc`.
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
    // This program itself needs the first level. There is no test for LAHF-SAHF; every processor with SSE3 has it.
    let granted = asked.iter().filter(|(_, granted)| *granted).map(|(flag, _)| *flag);
    LEVELS[0].1.iter().copied().chain(["lahf_lm"]).chain(granted).collect()
}

/// Other architectures have no such levels.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn detected() -> Vec<&'static str> {
    Vec::new()
}
