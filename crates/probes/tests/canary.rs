//! The canary sees which variant of a function the C library has picked, which no name of a processor tells.

use std::process::Command;

use concord_probes::canary;

/// What a child of this test prints before its canary.
const MARK: &str = "canary: ";

/// Not a check of its own: the other test runs it in a child, since the C library picks its variants at the start.
#[test]
fn prints_its_canary() {
    let canary = canary();
    println!("{MARK}{} {} {}", canary.class, canary.libm, canary.fma);
}

#[test]
fn the_variant_that_the_c_library_picks_is_seen() {
    let (usual, plain) = (of_a_child(""), of_a_child("glibc.cpu.hwcaps=-AVX2,-FMA"));
    assert_eq!(usual, of_a_child(""), "two processes of one machine differ");
    assert_eq!(usual.2, plain.2, "what does not come from the C library differs");
    if has_variants() {
        assert_ne!((&usual.0, &usual.1), (&plain.0, &plain.1));
    } else {
        assert_eq!(usual, plain);
    }
}

/// Whether the C library has variants that the tunable switches off.
fn has_variants() -> bool {
    #[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
    return std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma");
    #[cfg(not(all(target_arch = "x86_64", target_env = "gnu")))]
    return false;
}

/// Class, functions of the C library, and matrix product, as a process with these tunables has them.
fn of_a_child(tunables: &str) -> (String, String, String) {
    let output = Command::new(std::env::current_exe().expect("this test is a program"))
        .args(["--exact", "prints_its_canary", "--nocapture"])
        .env("GLIBC_TUNABLES", tunables)
        .output()
        .expect("this program starts again");
    let text = String::from_utf8(output.stdout).expect("a test prints text");
    let (_, printed) = text.split_once(MARK).unwrap_or_else(|| panic!("no canary in {text:?}"));
    let mut words = printed.split_whitespace().map(str::to_owned);
    let mut word = || words.next().expect("a canary has three words");
    (word(), word(), word())
}
