//! Systems as texts.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use concord_protocol::{Environment, Facts};

use super::*;

mod groups;

const INTEL: &str = "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: Intel(R) \
    Xeon(R) Processor @ 2.50GHz\nstepping\t: 7\nmicrocode\t: 0x5003801\nflags\t\t: fpu vme cx8 cmov mmx fxsr sse sse2 \
    pni ssse3 fma cx16 sse4_1 sse4_2 movbe popcnt avx f16c lahf_lm abm bmi1 avx2 bmi2 avx512f avx512dq avx512cd \
    avx512bw avx512vl avx512_vnni\nbogomips\t: 5000.00\n\nprocessor\t: 1\nvendor_id\t: Other\n";

const AMD: &str = "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 23\nmodel\t\t: 49\nmodel name\t: AMD EPYC \
    7R32\nstepping\t: 0\nmicrocode\t: 0x830107d\nflags\t\t: fpu cx8 cmov mmx fxsr sse sse2 pni ssse3 fma cx16 sse4_1 \
    sse4_2 movbe popcnt avx f16c lahf_lm abm bmi1 avx2 bmi2\n";

const GRAVITON: &str = "processor\t: 0\nBogoMIPS\t: 2100.00\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 \
    atomics fphp asimdhp sve svebf16 svei8mm\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x1\nCPU \
    part\t: 0xd40\nCPU revision\t: 1\n\nprocessor\t: 1\n";

/// The environment of a system with these files and variables.
fn of(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Environment {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        fs::write(path, text).unwrap();
    }
    let value = |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| value);
    let variables = Variables::read(|name| value(name).map(OsString::from));
    environment("s".to_owned(), &System::below(root.path(), variables))
}

#[track_caller]
fn assert_facts(facts: &Facts, expect: &[(&str, Option<&str>)]) {
    for (name, value) in expect {
        assert_eq!(facts.get(name), *value, "{name}");
    }
}

#[test]
fn processors_are_described_by_what_the_system_says() {
    let check = |cpuinfo: &str, expect: &[(&str, Option<&str>)]| {
        assert_facts(&of(&[("proc/cpuinfo", cpuinfo)], &[]).facts, expect);
    };
    check(
        INTEL,
        &[
            ("cpu.vendor", Some("GenuineIntel")),
            ("cpu.family", Some("6")),
            ("cpu.model", Some("85")),
            ("cpu.stepping", Some("7")),
            ("cpu.model_name", Some("Intel(R) Xeon(R) Processor @ 2.50GHz")),
            ("cpu.microcode", Some("0x5003801")),
            ("cpu.level", Some("x86-64-v4")),
            ("cpu.fma", Some("yes")),
            ("cpu.avx2", Some("yes")),
            ("cpu.avx512", Some("avx512_vnni avx512bw avx512cd avx512dq avx512f avx512vl")),
            ("cpu.amx", Some("none")),
            ("cpu.sve", None),
            ("host.cores", Some("2")),
        ],
    );
    check(
        AMD,
        &[
            ("cpu.vendor", Some("AuthenticAMD")),
            ("cpu.level", Some("x86-64-v3")),
            ("cpu.avx512", Some("none")),
            ("host.cores", Some("1")),
        ],
    );
    check(
        GRAVITON,
        &[
            ("cpu.vendor", None),
            ("cpu.implementer", Some("0x41")),
            ("cpu.part", Some("0xd40")),
            ("cpu.variant", Some("0x1")),
            ("cpu.revision", Some("1")),
            ("cpu.sve", Some("sve svebf16 svei8mm")),
            ("cpu.fma", Some("yes")),
            ("cpu.level", None),
            ("cpu.avx512", None),
        ],
    );
    check("", &[("cpu.vendor", None), ("cpu.flags", None), ("cpu.fma", None), ("host.cores", None)]);
}

#[test]
fn the_order_of_the_flags_does_not_matter() {
    let flags = |flags: &str| {
        let cpuinfo = format!("flags : {flags}\n");
        of(&[("proc/cpuinfo", &cpuinfo)], &[]).facts.get("cpu.flags").unwrap().to_owned()
    };
    assert_eq!(flags("sse avx"), flags("avx  sse"));
    assert_eq!(flags("sse avx").len(), 16);
    assert_ne!(flags("sse avx"), flags("sse avx fma"));
}

#[test]
fn a_level_needs_all_flags_of_those_below_it() {
    let all: Vec<&str> =
        INTEL.split("flags\t\t: ").nth(1).unwrap().lines().next().unwrap().split(' ').collect();
    let check = |without: &[&str], expect: Option<&str>| {
        let flags = all.iter().copied().filter(|flag| !without.contains(flag)).collect();
        assert_eq!(processor::level(&flags), expect, "without {without:?}");
    };
    check(&[], Some("x86-64-v4"));
    check(&["avx512vl"], Some("x86-64-v3"));
    check(&["fma"], Some("x86-64-v2"));
    check(&["lahf_lm"], Some("x86-64-v1"));
    check(&["sse2"], None);
}

#[test]
fn a_sandbox_is_described_by_what_lambda_sets() {
    let lambda = [
        ("AWS_LAMBDA_FUNCTION_NAME", "concord-worker"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/23/[1]abc"),
        ("AWS_REGION", "eu-west-1"),
        ("CONCORD_CODE_SHA256", "sha256:12"),
    ];
    let environment = of(&[("proc/sys/kernel/random/boot_id", "f00d-1\n")], &lambda);
    let expect = [
        ("sandbox.function", Some("concord-worker")),
        ("sandbox.version", Some("$LATEST")),
        ("sandbox.memory_mb", Some("1769")),
        ("sandbox.initialization", Some("on-demand")),
        ("sandbox.region", Some("eu-west-1")),
        ("sandbox.image", Some("sha256:12")),
        ("host.boot_id", None),
    ];
    assert_facts(&environment.facts, &expect);
    let identity = [("host.boot_id", "f00d-1"), ("sandbox.log_stream", "2026/11/23/[1]abc")];
    assert_eq!(environment.identity, identity.into_iter().collect());
    // A developer's shell may have a region too.
    let expect = [("sandbox.function", None), ("sandbox.region", None), ("sandbox.image", None)];
    assert_facts(&of(&[], &[("AWS_REGION", "eu-west-1")]).facts, &expect);
}

#[test]
fn no_variable_is_asked_for_that_is_not_listed() {
    let secrets =
        ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "HOME", "PATH", "OMP_NUM_THREADS_", "omp_num_threads"];
    let asked = std::cell::RefCell::new(Vec::new());
    let variables = Variables::read(|name| {
        asked.borrow_mut().push(name.to_owned());
        Some(OsString::from("hidden"))
    });
    assert!(asked.borrow().iter().all(|name| !secrets.contains(&name.as_str())), "{asked:?}");
    assert_eq!(variables.of_programs().count() + 7, asked.borrow().len());
    let mut set: Vec<_> = secrets.map(|name| (name, "hidden")).to_vec();
    set.extend([("OMP_NUM_THREADS", "4"), ("LC_ALL", "")]);
    let environment = of(&[], &set);
    let recorded: Vec<_> = environment.iter().filter(|(name, _)| name.starts_with("variable.")).collect();
    assert_eq!(recorded, [("variable.LC_ALL", ""), ("variable.OMP_NUM_THREADS", "4")]);
    assert!(environment.iter().all(|(_, value)| value != "hidden"));
    let environ: Vec<u8> =
        set.iter().flat_map(|(name, value)| format!("{name}={value}\0").into_bytes()).collect();
    let parsed = Variables::parse(&environ);
    assert_eq!(parsed.of_programs().collect::<Vec<_>>(), [("LC_ALL", ""), ("OMP_NUM_THREADS", "4")]);
}

#[test]
fn variables_of_another_process_are_told_where_they_differ() {
    let (own, child) =
        (Variables::parse(b"TZ=UTC\0LANG=C\0"), Variables::parse(b"TZ=CET\0TZ=x\0=\0LC_ALL=C\0LANG=C\0"));
    let unlike: Vec<_> = child.unlike(&own).collect();
    assert_eq!(unlike, [("LC_ALL", Some("C")), ("TZ", Some("CET"))]);
    assert_eq!(own.unlike(&child).collect::<Vec<_>>(), [("LC_ALL", None), ("TZ", Some("UTC"))]);
}

#[test]
fn this_process_has_its_facts() {
    let environment = environment("s".to_owned(), &System::new(Variables::default()));
    for name in [
        "host.architecture",
        "host.kernel",
        "host.cores",
        "host.memory_mb",
        "numerics.libc",
        "canary.class",
        "sandbox.image",
    ] {
        assert!(environment.facts.get(name).is_some_and(|value| !value.is_empty()), "{name}");
    }
    assert_eq!(environment.facts.get("numerics.float_mode"), Some("nearest, subnormals kept"));
    assert_eq!(environment.identity.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["host.boot_id"]);
    if cfg!(target_env = "gnu") {
        assert!(environment.facts.get("numerics.libc").unwrap().starts_with("glibc 2."));
    }
}

#[test]
fn a_machine_that_is_not_seen_has_no_facts() {
    let environment = unseen("s".to_owned());
    assert!(is_unseen(&environment));
    assert_eq!(environment.iter().collect::<Vec<_>>(), [("sandbox.id", "s"), ("host.seen", "no")]);
    assert!(!is_unseen(&of(&[], &[])));
}
