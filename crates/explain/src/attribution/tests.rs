use std::collections::BTreeMap;

use concord_protocol::Facts;
use proptest::prelude::*;

use super::*;
use crate::classify;

/// One run: its digest, sandbox and facts.
type Row = (String, Option<String>, Facts);

fn with<T>(rows: &[Row], order: &[usize], then: impl FnOnce(&[ObservedRun<'_>]) -> T) -> T {
    let nothing = Facts::default();
    let run = |&row: &usize| ObservedRun {
        copy: u32::try_from(row).unwrap(),
        digest: &rows[row].0,
        bytes: 8,
        started_at_ms: row as u64,
        run_us: 1,
        sandbox: rows[row].1.as_deref(),
        environment: &nothing,
        facts: &rows[row].2,
    };
    then(&order.iter().map(run).collect::<Vec<_>>())
}

fn attributed(rows: &[Row]) -> Attribution {
    let order: Vec<_> = (0..rows.len()).collect();
    with(rows, &order, |runs| attribute(runs, &classify(runs), Scope::default()))
}

fn facts(pairs: &[(&str, String)]) -> Facts {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn rows(
    copies: usize,
    digest: impl Fn(usize) -> &'static str,
    facts_of: impl Fn(usize) -> Facts,
) -> Vec<Row> {
    (0..copies).map(|copy| (digest(copy).to_owned(), Some((copy / 4).to_string()), facts_of(copy))).collect()
}

#[test]
fn the_start_of_the_worker_says_nothing_of_copies_with_processes_of_their_own() {
    let start = |copy: usize| if copy < 10 { "cold" } else { "warm" }.to_owned();
    let rows = rows(20, |copy| a_or_b(copy >= 10), |copy| facts(&[("sandbox.start", start(copy))]));
    let found = |separate| {
        with(&rows, &(0..20).collect::<Vec<_>>(), |runs| {
            attribute(runs, &classify(runs), Scope { separate, ..Scope::default() }).separators.len()
        })
    };
    assert_eq!((found(false), found(true)), (1, 0));
}

fn a_or_b(is_b: bool) -> &'static str {
    if is_b { "b" } else { "a" }
}

#[test]
fn the_cause_comes_first_and_identical_splits_are_one_separator() {
    let found = attributed(&rows(
        40,
        |copy| a_or_b(copy % 8 < 4),
        |copy| {
            let is_cause = copy % 8 < 4;
            let mut facts = facts(&[
                ("sandbox.id", (copy / 4).to_string()),
                ("zone.name", is_cause.to_string()),
                ("canary.class", if is_cause { "c1" } else { "c0" }.to_owned()),
                ("host.kernel", "6.1".to_owned()),
                // Each run was looked at, so a variable that is missing is not set.
                ("loaded.libc", "libc.so.6".to_owned()),
                ("sandbox.call", copy.to_string()),
                ("cpu.parity", (copy % 2).to_string()),
            ]);
            if is_cause {
                facts.record("variable.X", "1");
            }
            facts
        },
    ));
    assert_eq!((found.copies, found.facts_tested, found.facts_constant), (40, 6, 2));
    let shown: Vec<_> = found
        .separators
        .iter()
        .map(|found| {
            (found.facts.join(" "), found.perfect, found.significant, found.unique, found.values_total)
        })
        .collect();
    let expect = [
        ("variable.X canary.class zone.name", true, true, false, 2),
        ("cpu.parity", false, false, false, 2),
        ("sandbox.id", true, false, false, 10),
        ("sandbox.call", true, false, true, 40),
    ];
    assert_eq!(
        shown,
        expect.map(|(facts, perfect, significant, unique, values)| {
            (facts.to_owned(), perfect, significant, unique, values)
        })
    );
    let first = &found.separators[0];
    let of_c1 = Value {
        value: ["1", "c1", "true"].map(str::to_owned).to_vec(),
        runs: 20,
        classes: [("A".to_owned(), 20)].into(),
    };
    let of_c0 = Value {
        value: ["(none)", "c0", "false"].map(str::to_owned).to_vec(),
        runs: 20,
        classes: [("B".to_owned(), 20)].into(),
    };
    assert_eq!(first.values, [of_c0, of_c1]);
    let by_sandbox = first.sandboxes.unwrap();
    assert_eq!(by_sandbox.n, 10);
    assert!((by_sandbox.p - 2.0 / 252.0).abs() < 1e-12, "{by_sandbox:?}");
    assert!((by_sandbox.p_holm - 4.0 / 252.0).abs() < 1e-12, "{by_sandbox:?}");
    assert_eq!(found.separators[2].sandboxes, Some(UnitTest { n: 10, p: 1.0, p_holm: 1.0, within: false }));
    assert_eq!(found.separators[3].sandboxes, None);
    assert_eq!(found.splits, []);
}

#[test]
fn without_a_second_class_nothing_is_tested() {
    let one = attributed(&rows(
        8,
        |_| "a",
        |copy| facts(&[("cpu.x", copy.to_string()), ("cpu.y", "1".to_owned())]),
    ));
    assert_eq!((one.copies, one.facts_tested, one.facts_constant), (8, 0, 1));
    assert_eq!((one.separators, one.splits), (Vec::new(), Vec::new()));
    assert_eq!(attributed(&[]).copies, 0);
}

#[test]
fn three_classes_and_many_values_are_tested_too() {
    let found = attributed(&rows(
        90,
        |copy| ["a", "b", "c"][copy % 3],
        |copy| facts(&[("cpu.kind", (copy % 6).to_string()), ("host.boot_id", (copy / 9).to_string())]),
    ));
    let first = &found.separators[0];
    assert_eq!(
        (first.facts.join(" "), first.perfect, first.significant),
        ("cpu.kind".to_owned(), true, true)
    );
    assert!(!found.separators[1].significant, "{:?}", found.separators[1]);
}

#[test]
fn shared_and_separate_environments_give_the_same_result() {
    let environments: Vec<Facts> =
        (0..3).map(|place| facts(&[("cpu.x", place.to_string()), ("cpu.y", "own".to_owned())])).collect();
    let own: Vec<Facts> = (0..30).map(|copy| facts(&[("cpu.y", (copy % 2).to_string())])).collect();
    let copied: Vec<Facts> = (0..30).map(|copy| environments[copy % 3].clone()).collect();
    let nothing = Facts::default();
    let found = |is_shared: bool| {
        let run = |copy: usize| ObservedRun {
            copy: u32::try_from(copy).unwrap(),
            digest: a_or_b(copy.is_multiple_of(3)),
            bytes: 8,
            started_at_ms: 0,
            run_us: 1,
            sandbox: None,
            environment: if is_shared { &environments[copy % 3] } else { &copied[copy] },
            facts: if copy < 20 { &own[copy] } else { &nothing },
        };
        let runs: Vec<_> = (0..30).map(run).collect();
        attribute(&runs, &classify(&runs), Scope::default())
    };
    assert_eq!(found(true), found(false));
    let found = found(true);
    let values = &found.separators.iter().find(|found| found.facts == ["cpu.y"]).unwrap().values;
    assert_eq!(values.iter().map(|value| value.value[0].as_str()).collect::<Vec<_>>(), ["0", "1", "own"]);
}

fn any_rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (0_u8..3, 0_u8..6, prop::collection::btree_map("[a-e]", 0_u8..4, 0..5));
    prop::collection::vec(row, 0..40).prop_map(|rows| {
        let facts_of = |facts: BTreeMap<String, u8>| {
            facts.into_iter().map(|(name, value)| (format!("cpu.{name}"), value.to_string())).collect()
        };
        rows.into_iter()
            .map(|(digest, sandbox, facts)| {
                (digest.to_string(), (sandbox > 0).then(|| sandbox.to_string()), facts_of(facts))
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn the_order_of_runs_changes_nothing(rows in any_rows(), seed in any::<u64>()) {
        let mut order: Vec<_> = (0..rows.len()).collect();
        fastrand::Rng::with_seed(seed).shuffle(&mut order);
        let shuffled = with(&rows, &order, |runs| attribute(runs, &classify(runs), Scope::default()));
        prop_assert_eq!(shuffled, attributed(&rows));
    }

    #[test]
    fn the_names_of_classes_change_nothing(rows in any_rows()) {
        let renamed: Vec<Row> = rows
            .iter()
            .map(|(digest, sandbox, facts)| (format!("{}", 9 - digest.parse::<u8>().unwrap()), sandbox.clone(), facts.clone()))
            .collect();
        prop_assert_eq!(attributed(&renamed), attributed(&rows));
    }

    #[test]
    fn a_fact_under_two_names_is_one_separator(rows in any_rows()) {
        let doubled: Vec<Row> = rows
            .iter()
            .map(|(digest, sandbox, facts)| {
                let renamed = facts.iter().map(|(name, value)| (format!("{name}.again"), format!("other {value}")));
                let own = facts.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
                (digest.clone(), sandbox.clone(), own.chain(renamed).collect())
            })
            .collect();
        let (once, twice) = (attributed(&rows), attributed(&doubled));
        prop_assert_eq!(twice.separators.len(), once.separators.len());
        prop_assert_eq!(twice.facts_tested, 2 * once.facts_tested);
        for (once, twice) in once.separators.iter().zip(&twice.separators) {
            prop_assert_eq!(twice.facts.len(), 2 * once.facts.len());
            prop_assert_eq!((once.p.to_bits(), once.p_holm.to_bits()), (twice.p.to_bits(), twice.p_holm.to_bits()));
        }
    }

    #[test]
    fn each_fact_that_varies_belongs_to_one_separator(rows in any_rows()) {
        let found = attributed(&rows);
        let names: Vec<_> = found.separators.iter().flat_map(|separator| &separator.facts).collect();
        prop_assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        prop_assert_eq!(names.len() as u64, found.facts_tested);
        for separator in &found.separators {
            prop_assert!(separator.p > 0.0 && separator.p <= separator.p_holm && separator.p_holm <= 1.0);
        }
    }
}
