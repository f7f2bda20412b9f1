use super::*;
use crate::{Assessment, FactMap, ObservedRun, Stage};
use concord_statistics::Level;

/// The sentences about `copies` runs. The index of a run gives its digest, sandbox and facts.
fn sentences(
    copies: u32,
    digest: impl Fn(u32) -> &'static str,
    sandbox: impl Fn(u32) -> Option<String>,
    facts: impl Fn(u32) -> Vec<(&'static str, String)>,
) -> (String, String) {
    let nothing = FactMap::new();
    let sandboxes: Vec<_> = (0..copies).map(sandbox).collect();
    let facts: Vec<FactMap> = (0..copies)
        .map(|copy| facts(copy).into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        .collect();
    let runs: Vec<_> = (0..copies)
        .map(|copy| ObservedRun {
            copy,
            digest: digest(copy),
            bytes: 8,
            started_at_ms: 0,
            run_us: 1,
            sandbox: sandboxes[copy as usize].as_deref(),
            environment: &nothing,
            facts: &facts[copy as usize],
        })
        .collect();
    let assessment = Assessment::of(&runs, Level::default(), Stage::Ended);
    for sentence in [&assessment.separates, &assessment.supports] {
        assert!(sentence.chars().count() <= STATEMENT_CHARACTERS_MAX, "{sentence}");
    }
    (assessment.separates, assessment.supports)
}

fn a_or_b(is_b: bool) -> &'static str {
    if is_b { "b" } else { "a" }
}

#[test]
fn no_copy_or_one_class_leaves_nothing_to_separate() {
    let (separates, supports) = sentences(0, |_| "a", |_| None, |_| Vec::new());
    assert_eq!(separates, "no copy gave a digest, so there is nothing to explain");
    assert_eq!(supports, "no copy gave a digest, so nothing is known of the divergence rate");
    let (separates, supports) = sentences(
        180,
        |_| "a",
        |copy| Some(format!("s{}", copy % 12)),
        |copy| vec![("x.y", copy.to_string())],
    );
    assert_eq!(separates, "all copies that gave a digest agree, so there is nothing to separate");
    assert_eq!(
        supports,
        "180 of 180 copies agree in 12 sandboxes: the divergence rate is below 1.7 % of copies, below 23 % of \
         sandboxes (95 %)"
    );
}

#[test]
fn a_planted_variable_is_named() {
    let (separates, supports) = sentences(
        20,
        |copy| a_or_b(copy >= 10),
        |_| None,
        |copy| {
            vec![("variable.GLIBC_TUNABLES", (copy >= 10).to_string()), ("sandbox.call", copy.to_string())]
        },
    );
    assert_eq!(
        separates,
        "variable.GLIBC_TUNABLES separates the classes perfectly (20 copies, p = 2.2e-5 after correction)"
    );
    assert_eq!(supports, "10 of 20 copies differ from class A: the rate is 27 % to 73 % of copies (95 %)");
}

#[test]
fn few_sandboxes_are_a_warning() {
    let sandbox = |copy: u32| copy / 20;
    let (separates, supports) = sentences(
        60,
        |copy| a_or_b(sandbox(copy) == 2),
        |copy| Some(sandbox(copy).to_string()),
        |copy| {
            vec![
                ("cpu.model", (sandbox(copy) == 2).to_string()),
                ("host.kernel", (sandbox(copy) == 2).to_string()),
            ]
        },
    );
    assert_eq!(
        separates,
        "cpu.model (like 1 more) separates the classes perfectly (60 copies in 3 sandboxes, p = 2.4e-16 after correction; by \
         sandbox p = 0.33, maybe chance)"
    );
    assert_eq!(
        supports,
        "20 of 60 copies and 1 of 3 sandboxes differ from class A: the rate is 21 % to 47 % of copies, 0.84 % to 91 % of \
         sandboxes (95 %)"
    );
}

#[test]
fn one_divergent_copy_in_twenty_is_never_beyond_chance_among_many_facts() {
    let facts = |copy: u32| vec![("variable.X", (copy == 3).to_string()), ("cpu.y", (copy % 2).to_string())];
    let (separates, _) = sentences(20, |copy| a_or_b(copy == 3), |_| None, facts);
    assert_eq!(
        separates,
        "variable.X separates the classes perfectly, but not beyond chance: p = 0.05 for it alone, with 2 facts tested"
    );
}

#[test]
fn an_identifier_alone_separates_nothing() {
    let facts = |copy: u32| vec![("sandbox.call", copy.to_string()), ("cpu.y", (copy % 2).to_string())];
    let (separates, _) = sentences(40, |copy| a_or_b(copy / 2 % 2 == 0), |_| None, facts);
    assert_eq!(
        separates,
        "no recorded fact separates the classes: look for races, order of arrival, uninitialised memory, random seeds"
    );
}

#[test]
fn rivals_are_counted() {
    let facts = |copy: u32| {
        let kind = if copy < 20 {
            "k0"
        } else if copy < 30 {
            "k1"
        } else {
            "k2"
        };
        let id = (copy / 10).to_string();
        vec![("variable.X", (copy < 20).to_string()), ("cpu.kind", kind.to_owned()), ("host.boot_id", id)]
    };
    let (separates, _) = sentences(40, |copy| a_or_b(copy < 20), |_| None, facts);
    assert_eq!(
        separates,
        "variable.X separates the classes perfectly (40 copies, p = 4.4e-11 after correction; 1 other fact does too)"
    );
}

#[test]
fn the_longest_sentences_fit() {
    let separator = |facts: &[&str], perfect: bool, sandboxes| Separator {
        facts: facts.iter().map(|&fact| fact.to_owned()).collect(),
        perfect,
        p: f64::MIN_POSITIVE,
        p_holm: f64::MIN_POSITIVE,
        significant: true,
        exact: true,
        unique: false,
        sandboxes,
        values: Vec::new(),
        values_total: 2,
    };
    let long = "variable.A_VERY_LONG_NAME_OF_A_VARIABLE_THAT_SOMEBODY_CHOSE_ON_A_RAINY_DAY";
    let by_sandbox = crate::UnitTest { n: 1_000_000, p: 0.051, p_holm: 0.051 };
    for facts in [&["cpu.x"][..], &[long], &[long; 100]] {
        for (perfect, sandboxes) in
            [(true, None), (false, None), (true, Some(by_sandbox)), (false, Some(by_sandbox))]
        {
            let sentence = significant(&separator(facts, perfect, sandboxes), 1_234, 1_000_000);
            assert!(sentence.chars().count() <= STATEMENT_CHARACTERS_MAX, "{sentence}");
            assert!(sentence.contains("maybe chance") == sandboxes.is_some(), "{sentence}");
        }
    }
    let confidence = |different, n| {
        let share = |different, n| crate::Share::of(different, n, Level::default(), Stage::Running);
        Confidence {
            level: Level::new(0.999_9).unwrap(),
            copies: share(different, n),
            sandboxes: share(different, n),
            unseen: crate::Unseen { copies: None, sandboxes: None, copies_high: None, sandboxes_high: None },
        }
    };
    for (different, n) in [(0, 1_000_000), (1, 1_000_000), (499_999, 1_000_000), (1, 2)] {
        let sentence = supports(&confidence(different, n));
        assert!(sentence.chars().count() <= STATEMENT_CHARACTERS_MAX, "{sentence}");
    }
}
