//! Samples of real processes. A child that writes more than a pipe holds is there until it has been sampled.

use crate::calc::command::tests::{limits, program, run_with};

use super::*;

/// Waits as long as output needs to count, and writes more than a pipe holds.
const WRITES_MUCH: &str = "import math, sys, time\n\
    start = time.monotonic()\n\
    while time.monotonic() < start + 0.006: pass\n\
    sys.stdout.write('x' * 200000)";

fn facts_of(argv: &[&str]) -> Facts {
    run_with(&program(argv), b"", &limits()).unwrap().traces.facts
}

#[test]
fn libraries_and_memory_of_a_program_are_seen() {
    let facts = facts_of(&["python3", "-c", WRITES_MUCH]);
    assert!(facts.get("loaded.libm").is_some_and(|file| file.starts_with("libm")), "{facts:?}");
    assert!(facts.get("loaded.libc").is_some(), "{facts:?}");
    let memory: u64 = facts.get("run.peak_memory_mb").unwrap().parse().unwrap();
    assert!((1..1_000).contains(&memory), "{memory}");
    assert!(facts.iter().all(|(name, _)| !name.starts_with("variable.")), "{facts:?}");
}

#[test]
fn variables_of_a_descendant_are_seen_where_they_differ() {
    let script = "MKL_CBWR=AVX2 SECRET=hidden exec env -u LC_NUMERIC python3 -c \"$0\"; :";
    let below = format!("({script}); true");
    for script in [script, &below] {
        let facts = facts_of(&["/bin/sh", "-c", script, WRITES_MUCH]);
        assert_eq!(facts.get("variable.MKL_CBWR"), Some("AVX2"), "{facts:?}");
        assert!(facts.iter().all(|(name, value)| value != "hidden" && name != "variable.PATH"), "{facts:?}");
        assert!(facts.get("loaded.libm").is_some(), "{facts:?}");
    }
}

#[test]
fn samples_are_taken_at_their_times() {
    let check = |ms: u64, expect: usize| assert_eq!(passed(Duration::from_millis(ms)), expect, "{ms} ms");
    check(0, 0);
    check(9, 0);
    check(10, 1);
    check(29, 1);
    check(30, 2);
    check(1_000, 5);
    check(86_400_000, 10);
    let observer = Observer::default();
    let pid = rustix::process::getpid();
    let mut sampler = Sampler::new(&observer, pid, Instant::now());
    let limit = Duration::from_millis(1);
    assert_eq!(sampler.wait_at_most(Some(Duration::ZERO)), Some(Duration::ZERO));
    assert!(sampler.wait_at_most(None).is_some_and(|wait| wait <= Duration::from_millis(10)));
    sampler.passed = SAMPLES_AT_MS.len();
    assert_eq!((sampler.wait_at_most(None), sampler.wait_at_most(Some(limit))), (None, Some(limit)));
}

#[test]
fn variables_come_whole_however_many_there_are() {
    let variables = |bytes: usize| {
        let mut command = std::process::Command::new("sleep");
        command.arg("60").env_clear().env("MKL_CBWR", "AVX2");
        // One string has at most 128 KiB.
        for number in 0..bytes / 100_000 {
            command.env(format!("A{number}"), "x".repeat(100_000));
        }
        let mut child = command.env("TZ", "UTC").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let found = variables(&process(pid));
        child.kill().unwrap();
        child.wait().unwrap();
        (found, variables(&process(pid)))
    };
    for bytes in [0, 100_000, 1_000_000] {
        let (found, gone) = variables(bytes);
        let found = found.unwrap();
        assert_eq!((found.get("MKL_CBWR"), found.get("TZ")), (Some("AVX2"), Some("UTC")), "{bytes}");
        assert_eq!(gone, None);
    }
}

#[test]
fn a_process_that_is_gone_takes_nothing_away() {
    let observer = Observer::default();
    let mut sampler = Sampler::new(&observer, rustix::process::getpid(), Instant::now());
    sampler.sample();
    let seen = sampler.facts.clone();
    assert!(seen.get("run.peak_memory_mb").is_some());
    // No process has the highest number that there is.
    sampler.leader = Pid::from_raw(i32::MAX).unwrap();
    sampler.sample();
    assert_eq!(sampler.into_facts(), seen);
}
