mod traps;

use super::*;
use crate::{
    Assessment, Attribution, Class, Confidence, Design, ObservedRun, Quantiles, Scope, Separator, Share,
    Stage, Unit, UnitTest,
};
use concord_protocol::Facts;
use concord_statistics::Level;

/// A job, by the index of each copy.
struct Scene<'a> {
    copies: u32,
    digest: &'a dyn Fn(u32) -> String,
    sandbox: &'a dyn Fn(u32) -> Option<String>,
    facts: &'a dyn Fn(u32) -> Vec<(&'static str, String)>,
    started_at_ms: &'a dyn Fn(u32) -> u64,
    run_us: &'a dyn Fn(u32) -> u64,
    design: Design,
}

impl Scene<'_> {
    fn new(copies: u32) -> Self {
        Self {
            copies,
            digest: &|_| "a".to_owned(),
            sandbox: &|_| None,
            facts: &|_| Vec::new(),
            started_at_ms: &|_| 0,
            run_us: &|_| 1,
            design: Design::plain(Stage::Ended),
        }
    }

    fn assessed(&self) -> Assessment {
        let nothing = Facts::default();
        let digests: Vec<_> = (0..self.copies).map(self.digest).collect();
        let sandboxes: Vec<_> = (0..self.copies).map(self.sandbox).collect();
        let named =
            |copy| (self.facts)(copy).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let facts: Vec<Facts> = (0..self.copies).map(named).collect();
        let run = |copy: u32| ObservedRun {
            copy,
            digest: &digests[copy as usize],
            bytes: 8,
            started_at_ms: (self.started_at_ms)(copy),
            run_us: (self.run_us)(copy),
            sandbox: sandboxes[copy as usize].as_deref(),
            environment: &nothing,
            facts: &facts[copy as usize],
        };
        let runs: Vec<_> = (0..self.copies).map(run).collect();
        let assessment = Assessment::of(&runs, Level::default(), &self.design, None);
        for sentence in [&assessment.separates, &assessment.supports] {
            assert!(sentence.chars().count() <= STATEMENT_CHARACTERS_MAX, "{sentence}");
        }
        assessment
    }

    #[track_caller]
    fn separates(&self, expect: &str) {
        assert_eq!(self.assessed().separates, expect);
    }

    #[track_caller]
    fn supports(&self, expect: &str) {
        assert_eq!(self.assessed().supports, expect);
    }
}

fn a_or_b(is_b: bool) -> String {
    if is_b { "b" } else { "a" }.to_owned()
}

/// A number that looks like chance.
fn mixed(copy: u32) -> u32 {
    let mixed = (copy + 1).wrapping_mul(2_654_435_761);
    (mixed ^ (mixed >> 15)).wrapping_mul(2_246_822_507) >> 16
}

fn on_one_machine() -> Design {
    Design {
        scope: Scope { unit: Unit::Machine, ..Scope::default() },
        is_command: true,
        ..Design::plain(Stage::Ended)
    }
}

#[test]
fn no_copy_or_one_class_leaves_nothing_to_separate() {
    let none = Scene::new(0);
    none.separates("no copy gave a digest, so there is nothing to explain");
    none.supports("no copy gave a digest, so nothing is known of the divergence rate");
    let one = Scene { facts: &|copy| vec![("x.y", copy.to_string())], ..Scene::new(180) };
    one.separates("all copies that gave a digest agree, so there is nothing to separate");
    one.supports("all 180 copies agree: below 1.7 % of such runs differ (95 %)");
    Scene::new(1).supports("one copy gave an output, so nothing is known of other runs");
}

#[test]
fn the_bound_over_sandboxes_leads() {
    let five = Scene { sandbox: &|copy| Some((copy % 5).to_string()), ..Scene::new(100) };
    five.supports(
        "all 5 sandboxes agree: up to 46 % of sandboxes could still differ. Within ones like these, below 3.0 % of copies \
         (95 %)",
    );
    let one = Scene { sandbox: &|_| Some("s".to_owned()), ..Scene::new(20) };
    one.supports(
        "all 20 copies agree on this one sandbox (below 14 % of such runs differ, 95 %); nothing is known of other \
         sandboxes",
    );
}

#[test]
fn processes_on_one_machine_are_no_sandboxes() {
    let here = |copy: u32| vec![("host.boot_id", (copy / 100).to_string())];
    // Two producers on one machine.
    let sandbox = |copy: u32| Some((copy % 2).to_string());
    let one = Scene { facts: &here, sandbox: &sandbox, design: on_one_machine(), ..Scene::new(20) };
    one.supports(
        "all 20 copies agree on this one machine (below 14 % of such runs differ, 95 %); nothing is known of other machines",
    );
    let two = Scene { copies: 200, ..one };
    two.supports(
        "all 2 machines agree: up to 78 % of machines could still differ. Within ones like these, below 1.5 % of copies \
         (95 %)",
    );
}

#[test]
fn failed_copies_never_count_as_agreement() {
    let failed = |failed, crashed| Scene {
        design: Design { failed, crashed, ..Design::plain(Stage::Ended) },
        ..Scene::new(66)
    };
    failed(34, true)
        .supports("66 of 100 copies gave an output, all alike; 34 crashed, so nothing is known of them");
    failed(1, false)
        .supports("66 of 67 copies gave an output, all alike; 1 failed, so nothing is known of it");
}

#[test]
fn answers_are_counted() {
    let two = Scene { digest: &|copy| a_or_b(copy.is_multiple_of(2)), ..Scene::new(20) };
    two.supports("two answers: A in 10 copies, B in 10");
    let each = Scene { digest: &|copy| copy.to_string(), ..Scene::new(20) };
    each.supports("no two of 20 copies agree");
    each.separates(
        "each copy has an answer of its own, so no fact can separate them: look for a time, a process id, a random seed or \
         uninitialised memory in the output",
    );
    let many = Scene { digest: &|copy| copy.min(4).to_string(), ..Scene::new(20) };
    many.supports("5 answers: A in 16 copies, B in 1, C in 1, others in 2");
    let sandboxes = Scene {
        digest: &|copy| a_or_b(copy / 20 == 2),
        sandbox: &|copy| Some((copy / 20).to_string()),
        ..Scene::new(60)
    };
    sandboxes.supports(
        "two answers: A in 40 copies, B in 20; 1 of 3 sandboxes gave another answer than A (0.84 % to 91 %, 95 %)",
    );
}

#[test]
fn a_planted_variable_is_named_with_its_counts() {
    let facts = |copy: u32| {
        vec![("variable.GLIBC_TUNABLES", (copy >= 10).to_string()), ("sandbox.call", copy.to_string())]
    };
    let scene = Scene { digest: &|copy| a_or_b(copy >= 10), facts: &facts, ..Scene::new(20) };
    scene.separates(
        "variable.GLIBC_TUNABLES separates the classes perfectly: B in all 10 copies with true, in none of the 10 with false \
         (p = 2.2e-5 after correction)",
    );
}

#[test]
fn an_imperfect_fact_is_told_with_its_counts_and_its_share() {
    let facts = |copy: u32| vec![("variable.A", u32::from(copy < 102).to_string())];
    let scene = Scene {
        digest: &|copy| a_or_b(copy < 102 && mixed(copy).is_multiple_of(2)),
        facts: &facts,
        ..Scene::new(200)
    };
    let found = scene.assessed();
    assert!(found.separates.starts_with("B in "), "{}", found.separates);
    assert!(
        found
            .separates
            .contains(" of 102 copies with variable.A=1, in none of the 98 with variable.A=0 (explains ")
    );
}

#[test]
fn two_facts_that_fit_only_together_are_named() {
    let facts =
        |copy: u32| vec![("variable.A", (copy % 2).to_string()), ("variable.B", (copy / 2 % 2).to_string())];
    let digest = |copy: u32| a_or_b(copy % 4 == 3);
    let found = Scene { digest: &digest, facts: &facts, ..Scene::new(200) }.assessed();
    assert!(
        found.separates.ends_with("; variable.A and variable.B together fit all 200"),
        "{}",
        found.separates
    );
    let either = |copy: u32| a_or_b(copy % 2 != copy / 2 % 2);
    Scene { digest: &either, facts: &facts, ..Scene::new(200) }.separates(
        "B in all 100 copies with exactly one of variable.A=1 and variable.B=1, in none of the other 100 (p = 1.1e-57 after \
         correction)",
    );
}

#[test]
fn copies_without_an_outcome_are_no_agreement() {
    let check = |gave: u32, failed: u64, absent: u64, expect: &str| {
        let design = Design { failed, absent, crashed: failed > 0, ..on_one_machine() };
        let scene = Scene { design, ..Scene::new(gave) };
        assert_eq!(scene.assessed().supports, expect);
    };
    check(
        5,
        0,
        7,
        "5 of 12 copies gave an output, all alike; 7 gave no outcome, so nothing is known of them",
    );
    check(1, 0, 1, "1 of 2 copies gave an output; 1 gave no outcome, so nothing is known of it");
    check(
        4,
        1,
        7,
        "4 of 12 copies gave an output, all alike; 1 crashed and 7 gave no outcome, so nothing is known of them",
    );
    let design = Design { failed: 1, absent: 2, ..on_one_machine() };
    let digest = |copy: u32| a_or_b(copy == 1);
    assert_eq!(
        Scene { digest: &digest, design, ..Scene::new(5) }.assessed().supports,
        "two answers: A in 4 copies, B in 1; 3 gave none"
    );
}

#[test]
fn a_threshold_is_named() {
    let wait = |copy: u32| mixed(copy) % 1_000;
    let digest = |copy: u32| a_or_b(wait(copy) >= 700);
    let facts = |copy: u32| vec![("run.queue_wait_ms", wait(copy).to_string())];
    let found = Scene { digest: &digest, facts: &facts, ..Scene::new(100) }.assessed();
    assert!(found.separates.contains(" copies with run.queue_wait_ms of 7"), "{}", found.separates);
    assert!(found.separates.contains(" or more, in none of the "), "{}", found.separates);
    assert!(found.separates.contains("below (p <= 1.0e-4, 10,000 permutations)"), "{}", found.separates);
}

#[test]
fn a_change_at_a_copy_is_named_before_races_are_suspected() {
    let digest = |copy: u32| a_or_b(copy >= 150);
    let facts = |copy: u32| vec![("cpu.y", (copy % 2).to_string())];
    Scene { digest: &digest, facts: &facts, ..Scene::new(200) }.separates(
        "no single fact, threshold or pair of those tested separates them. The classes change at copy 150: B in all 50 copies \
         from there, in none of the 150 before (p <= 1.0e-4, 10,000 permutations)",
    );
}

#[test]
fn a_change_with_time_is_told_from_one_at_a_copy() {
    let start = |copy: u32| u64::from(mixed(copy));
    let digest = |copy: u32| a_or_b(start(copy) >= 40_000);
    let found = Scene { digest: &digest, started_at_ms: &start, ..Scene::new(120) }.assessed();
    assert!(
        found.separates.contains("The classes change with time, after the first "),
        "{}",
        found.separates
    );
}

#[test]
fn copies_in_blocks_are_named() {
    let digest = |copy: u32| a_or_b(copy / 10 % 2 == 1);
    let found = Scene { digest: &digest, ..Scene::new(120) }.assessed();
    assert!(
        found.separates.contains(
            "Copies of one class come in blocks by copy index: 12 runs of one class, where about 61 are expected"
        ),
        "{}",
        found.separates
    );
}

#[test]
fn a_fact_that_was_seen_in_one_class_only_is_named() {
    let digest = |copy: u32| a_or_b(mixed(copy).is_multiple_of(4));
    let facts = |copy: u32| {
        let mut facts = vec![("loaded.libm", "libm.so.6".to_owned())];
        if mixed(copy).is_multiple_of(4) {
            facts.push(("loaded.libmkl", "libmkl.so".to_owned()));
        }
        facts
    };
    let found = Scene { digest: &digest, facts: &facts, ..Scene::new(80) }.assessed();
    assert!(
        found.separates.contains("copies in which loaded.libmkl was seen, in none of the other"),
        "{}",
        found.separates
    );
}

#[test]
fn what_was_not_seen_is_left_out_and_counted() {
    let digest = |copy: u32| a_or_b(copy % 4 >= 2);
    let facts = |copy: u32| {
        let mut facts = vec![("cpu.y", "1".to_owned())];
        if copy.is_multiple_of(2) {
            facts.push(("reported.kernel", (copy / 2 % 2).to_string()));
        }
        facts
    };
    let found = Scene { digest: &digest, facts: &facts, ..Scene::new(80) }.assessed();
    let first = &found.attribution.separators[0];
    assert_eq!((first.perfect, first.not_seen, first.values_total), (true, 40, 2), "{first:?}");
}

#[test]
fn a_consequence_never_leads() {
    let digest = |copy: u32| a_or_b(mixed(copy).is_multiple_of(2));
    let facts = |copy: u32| {
        let is_b = mixed(copy).is_multiple_of(2);
        vec![
            ("run.peak_memory_mb", if is_b { "200" } else { "100" }.to_owned()),
            ("variable.X", (if copy < 2 { !is_b } else { is_b }).to_string()),
        ]
    };
    let found = Scene { digest: &digest, facts: &facts, ..Scene::new(80) }.assessed();
    assert!(found.separates.contains("variable.X="), "{}", found.separates);
    assert!(found.separates.ends_with("run.peak_memory_mb follows it"), "{}", found.separates);
}

#[test]
fn few_sandboxes_are_a_warning() {
    let sandbox = |copy: u32| copy / 20;
    let facts = |copy: u32| {
        let is_b = (sandbox(copy) == 2).to_string();
        vec![("cpu.model", is_b.clone()), ("host.kernel", is_b)]
    };
    let scene = Scene {
        digest: &|copy| a_or_b(sandbox(copy) == 2),
        sandbox: &|copy| Some(sandbox(copy).to_string()),
        facts: &facts,
        ..Scene::new(60)
    };
    scene.separates(
        "cpu.model (like 1 more) separates the classes perfectly: B in all 20 copies with true, in none of the 40 with false \
         (p = 4.8e-16 after correction; by sandbox p = 0.33 of 3, maybe chance)",
    );
    // One odd copy does not silence the warning.
    let odd = |copy: u32| vec![("cpu.model", ((sandbox(copy) == 2) != (copy == 7)).to_string())];
    let found = Scene { facts: &odd, ..scene }.assessed();
    assert!(found.separates.contains("within 3 sandboxes p <= 1, maybe chance"), "{}", found.separates);
}

#[test]
fn a_fact_within_sandboxes_has_no_warning() {
    let digest = |copy: u32| a_or_b(mixed(copy).is_multiple_of(3));
    let facts = |copy: u32| vec![("variable.X", (mixed(copy).is_multiple_of(3)).to_string())];
    let sandbox = |copy: u32| Some((copy / 20).to_string());
    let found = Scene { digest: &digest, facts: &facts, sandbox: &sandbox, ..Scene::new(80) }.assessed();
    assert!(!found.separates.contains("maybe chance"), "{}", found.separates);
    assert!(found.attribution.separators[0].sandboxes.is_some_and(|test| test.within && test.p_holm < 0.001));
}

#[test]
fn what_only_happens_to_fit_is_not_named_as_separating() {
    let facts = |copy: u32| vec![("variable.X", (copy == 3).to_string()), ("cpu.y", (copy % 2).to_string())];
    let digest = |copy: u32| a_or_b(copy == 3);
    Scene { digest: &digest, facts: &facts, ..Scene::new(20) }
        .separates("nothing beyond chance. variable.X happens to fit; of 2 facts about 0.1 would");
}

#[test]
fn what_was_not_looked_at_is_said_after_time_order_and_pairs() {
    let facts = |copy: u32| vec![("sandbox.call", copy.to_string()), ("cpu.y", (copy % 2).to_string())];
    let design = Design { is_python: true, ..Design::plain(Stage::Ended) };
    let digest = |copy: u32| a_or_b(mixed(copy).is_multiple_of(2));
    Scene { digest: &digest, facts: &facts, design, ..Scene::new(40) }.separates(
        "no single fact, threshold or pair of those tested separates the classes, nor does time or order. Not looked at: \
         variables outside the list, Python's hash seed (PYTHONHASHSEED is not set)",
    );
}

#[test]
fn rivals_are_counted() {
    let facts = |copy: u32| {
        let kind = ["k0", "k0", "k1", "k2"][copy as usize / 10];
        let id = (copy / 10).to_string();
        vec![("variable.X", (copy < 20).to_string()), ("cpu.kind", kind.to_owned()), ("host.boot_id", id)]
    };
    Scene { digest: &|copy| a_or_b(copy < 20), facts: &facts, ..Scene::new(40) }.separates(
        "variable.X separates the classes perfectly: B in all 20 copies with false, in none of the 20 with true (p = 5.8e-11 \
         after correction; 1 other fact does too)",
    );
}

#[test]
fn each_look_costs() {
    let facts = |copy: u32| vec![("variable.X", (copy % 2).to_string())];
    let mut design = Design::plain(Stage::Ended);
    design.scope.looks = 4;
    Scene { digest: &|copy| a_or_b(copy % 2 == 1), facts: &facts, design, ..Scene::new(40) }.separates(
        "variable.X separates the classes perfectly: B in all 20 copies with 1, in none of the 20 with 0 (p = 1.2e-10 after \
         correction for 1 fact and 4 looks)",
    );
}

#[test]
fn the_longest_sentences_fit() {
    let long = "variable.A_VERY_LONG_NAME_OF_A_VARIABLE_THAT_SOMEBODY_CHOSE_ON_A_RAINY_DAY";
    let by_sandbox = UnitTest { n: 1_000_000, p: 0.051, p_holm: 0.051, within: true };
    let separator = |facts: &[&str], perfect: bool, sandboxes| Separator {
        facts: facts.iter().map(|&fact| fact.to_owned()).collect(),
        perfect,
        consequence: false,
        tested: true,
        p: f64::MIN_POSITIVE,
        p_holm: f64::MIN_POSITIVE,
        significant: true,
        exact: true,
        permuted: false,
        unique: false,
        explained: 0.5,
        not_seen: 999_999,
        sandboxes,
        values: Vec::new(),
        values_total: 2,
    };
    for facts in [&["cpu.x"][..], &[long], &[long; 100]] {
        for (perfect, sandboxes) in
            [(true, None), (false, None), (true, Some(by_sandbox)), (false, Some(by_sandbox))]
        {
            let attribution = Attribution {
                copies: 1_000_000,
                looks: 1_000,
                separators: vec![separator(facts, perfect, sandboxes); 3],
                ..Attribution::default()
            };
            let sentence = separates(&attribution, 2, &Design::plain(Stage::Ended), &[]);
            assert!(sentence.chars().count() <= STATEMENT_CHARACTERS_MAX, "{sentence}");
            assert!(sentence.contains("maybe chance") == sandboxes.is_some(), "{sentence}");
        }
    }
    let run_us = Quantiles { min: 1, p25: 1, median: 1, p75: 1, max: 1 };
    let class = |class: &str, copies| Class {
        class: class.to_owned(),
        digest: String::new(),
        copies,
        sandboxes: 1,
        machines: 1,
        first_copy: 0,
        bytes: 1,
        run_us,
    };
    for (different, n) in [(0, 1_000_000), (1, 1_000_000), (499_999, 1_000_000), (1, 2)] {
        let share = Share::of(different, n, Level::default(), Stage::Running);
        let unseen = crate::Unseen { copies: None, sandboxes: None, copies_high: None, sandboxes_high: None };
        let level = Level::new(0.999_9).unwrap();
        let confidence = Confidence { level, copies: share, sandboxes: share, machines: share, unseen };
        let classes = [class("A", n - different), class("B", different), class("C", 1), class("D", 1)];
        for design in [Design::plain(Stage::Running), on_one_machine()] {
            let sentence = supports(&confidence, &classes, &Design { failed: 1_000_000, ..design });
            assert!(sentence.chars().count() <= STATEMENT_CHARACTERS_MAX, "{sentence}");
        }
    }
}
