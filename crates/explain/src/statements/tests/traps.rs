//! Jobs in which something goes with the classes and is not their cause.

use super::*;

#[test]
fn what_merely_grows_while_a_job_runs_does_not_hide_a_change() {
    // In one process the number of the call is the index of the copy, and the wait grows with it.
    let wait = |copy: u32| (3 * copy + mixed(copy) % 2).to_string();
    let facts = |copy: u32| vec![("run.queue_wait_ms", wait(copy)), ("sandbox.call", (copy + 1).to_string())];
    for flips in [0, 3] {
        let digest = |copy: u32| a_or_b((copy >= 70) != (copy % 20 < flips && copy < 20));
        let found = Scene { digest: &digest, facts: &facts, ..Scene::new(100) }.assessed();
        assert!(found.separates.contains("The classes change at copy 70: B in "), "{}", found.separates);
    }
    // With several processes it may be the number of the call that decides.
    let call = |copy: u32| 1 + copy / 5 % 8;
    let digest = |copy: u32| a_or_b(call(copy) >= 6);
    let facts = |copy: u32| vec![("sandbox.call", call(copy).to_string())];
    let found = Scene { digest: &digest, facts: &facts, ..Scene::new(120) }.assessed();
    assert!(
        found.separates.starts_with("B in all 45 copies with sandbox.call of 6 or more"),
        "{}",
        found.separates
    );
}

#[test]
fn a_variable_of_a_run_that_was_not_looked_at_is_unknown() {
    // A wrapper sets the variable for every third copy. Few copies run long enough to be looked at.
    let is_set = |copy: u32| copy.is_multiple_of(3);
    let facts = |copy: u32| {
        let mut facts = vec![("cpu.y", (copy % 2).to_string())];
        if copy.is_multiple_of(5) {
            facts.push(("run.peak_memory_mb", "3".to_owned()));
            facts.extend(is_set(copy).then(|| ("variable.X", "4".to_owned())));
        }
        facts
    };
    let scene = Scene { digest: &|copy| a_or_b(is_set(copy)), facts: &facts, ..Scene::new(60) };
    scene.separates(
        "variable.X separates the classes perfectly: B in all 4 copies with 4, in none of the 8 with (none) (p <= 0.0021, 10,000 \
         permutations; not seen in 48 copies)",
    );
}

#[test]
fn a_variable_of_a_run_that_was_looked_at_before_the_program_is_unknown() {
    // Every wrapper sets the variable, but of quick copies only the wrapper was seen, before it set anything.
    let is_slow = |copy: u32| mixed(copy).is_multiple_of(3);
    let facts = |copy: u32| {
        let program = if is_slow(copy) { "model" } else { "sh" };
        let seen = [("run.peak_memory_mb", "3"), ("run.program", program), ("variable.X", "4")];
        let seen = seen.map(|(name, value)| (name, value.to_owned()));
        seen.into_iter().take(2 + usize::from(is_slow(copy))).collect()
    };
    let found = Scene { digest: &|copy| a_or_b(is_slow(copy)), facts: &facts, ..Scene::new(60) }.assessed();
    assert!(found.separates.starts_with("no cause was recorded. run.program follows"), "{}", found.separates);
}

#[test]
fn a_library_of_a_run_that_was_not_looked_at_is_unknown() {
    // The rare copies are slow, and only slow copies are looked at.
    let is_slow = |copy: u32| mixed(copy).is_multiple_of(3);
    let facts = |copy: u32| {
        let seen = [("run.peak_memory_mb", "3".to_owned()), ("loaded.libc", "libc.so.6".to_owned())];
        // Of a few quick copies too, but too early to see the library.
        let shown = if is_slow(copy) { 2 } else { usize::from(mixed(copy) % 8 == 1) };
        seen.into_iter().take(shown).collect()
    };
    let run_us = |copy: u32| if is_slow(copy) { 100_000 + u64::from(copy) } else { 5_000 + u64::from(copy) };
    let digest = |copy: u32| a_or_b(is_slow(copy));
    let found = Scene { digest: &digest, facts: &facts, run_us: &run_us, ..Scene::new(80) }.assessed();
    assert!(found.separates.starts_with("no cause was recorded. "), "{}", found.separates);
}

#[test]
fn a_library_that_some_of_the_looks_show_is_named() {
    let is_b = |copy: u32| mixed(copy).is_multiple_of(3);
    let is_looked_at = |copy: u32| !copy.is_multiple_of(4);
    let facts = |copy: u32| {
        let seen = [("run.peak_memory_mb", "3".to_owned()), ("loaded.libmkl", "libmkl.so".to_owned())];
        seen.into_iter().take(if is_looked_at(copy) { 1 + usize::from(is_b(copy)) } else { 0 }).collect()
    };
    let found = Scene { digest: &|copy| a_or_b(is_b(copy)), facts: &facts, ..Scene::new(80) }.assessed();
    assert!(
        found.separates.contains("copies in which loaded.libmkl was seen, in none of the "),
        "{}",
        found.separates
    );
    assert!(found.separates.contains(" seen without it ("), "{}", found.separates);
}

#[test]
fn classes_of_one_size_are_not_told_apart_by_their_first_copies() {
    // The first copies have the lowest labels. That is how labels are given, and no change at a copy.
    // Two of 60 copies agree.
    let digest = |copy: u32| format!("{:02}", if copy == 41 { 20 } else { copy });
    assert_eq!(Scene { digest: &digest, ..Scene::new(60) }.assessed().attribution.patterns, []);
    // 97 digests, of which nine have one copy more.
    let digest = |copy: u32| format!("{:03}", copy % 97);
    assert_eq!(Scene { digest: &digest, ..Scene::new(300) }.assessed().attribution.patterns, []);
}
