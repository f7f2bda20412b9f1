use concord_protocol::{Facts, LibraryNames, Setting, SettingChange, VariationDesign};

use super::sentences::listed;
use super::*;
use crate::classify;

fn setting(name: &str, value: &str) -> Setting {
    let change = match name {
        "command" => SettingChange::Program { program: value.to_owned() },
        name => SettingChange::Variable { name: name.to_owned(), value: value.to_owned() },
    };
    Setting {
        factor: "custom".to_owned(),
        name: name.to_owned(),
        library: None,
        report: None,
        names: None,
        value: value.to_owned(),
        changes: vec![change],
    }
}

/// What is found if copies with these settings, in words, give the digest that `digest` says, and there are `rounds` copies
/// of each combination.
fn found(
    design: VariationDesign,
    settings: &[(&str, &str)],
    rounds: u32,
    digest: impl Fn(&str, u32) -> String,
) -> Variations {
    let settings = settings.iter().map(|(name, value)| setting(name, value)).collect();
    found_of(design, settings, rounds, digest)
}

fn found_of(
    design: VariationDesign,
    settings: Vec<Setting>,
    rounds: u32,
    digest: impl Fn(&str, u32) -> String,
) -> Variations {
    let plan = VariationPlan {
        request: Vec::new(),
        design,
        chose_copies: true,
        settings,
        left_out: Vec::new(),
        pinned: Vec::new(),
    };
    let nothing = Facts::default();
    let copies = rounds * plan.combinations();
    let digests: Vec<_> = (0..copies).map(|copy| digest(&plan.told(copy), copy)).collect();
    let runs: Vec<_> = (0..)
        .zip(&digests)
        .map(|(copy, digest)| ObservedRun {
            copy,
            digest,
            bytes: 1,
            started_at_ms: 0,
            run_us: 1,
            sandbox: None,
            environment: &nothing,
            facts: &nothing,
        })
        .collect();
    Variations::of(&plan, &runs, &classify(&runs))
}

const THREADS: [(&str, &str); 6] =
    [("T", "1"), ("T", "2"), ("T", "4"), ("SEED", "0"), ("SEED", "1"), ("command", "./b")];

fn changed(found: &Variations) -> Vec<String> {
    let changed = found.settings.iter().filter(|setting| setting.changed);
    changed.map(|setting| format!("{}={}", setting.name, setting.value)).collect()
}

#[test]
fn a_setting_that_changes_the_result_is_the_cause() {
    let found = found(VariationDesign::One, &THREADS, 3, |told, _| (told == "T=4").to_string());
    assert_eq!(changed(&found), ["T=4"]);
    let [cause] = &found.causes[..] else { panic!("{:?}", found.causes) };
    let values: Vec<_> =
        cause.values_by_class.iter().map(|(class, values)| (class.as_str(), listed(values))).collect();
    assert_eq!(values, [("A", "as is, 1 and 2".to_owned()), ("B", "4".to_owned())]);
    let told = found.separates.unwrap();
    assert!(told.starts_with("T changes the result: A with as is, 1 and 2; B with 4 (p <= 0.0"), "{told}");
    assert_eq!(found.in_spite_of, None);
    let reached = |name: &str| found.settings.iter().find(|setting| setting.name == name).unwrap().reached;
    assert_eq!((reached("SEED"), reached("command")), (SettingReach::Unknown, SettingReach::Yes));
}

#[test]
fn settings_that_change_nothing_are_no_evidence() {
    let found = found(VariationDesign::One, &THREADS, 3, |_, _| String::new());
    assert!(changed(&found).is_empty() && found.causes.is_empty() && found.separates.is_none());
    assert_eq!(
        found.in_spite_of.as_deref(),
        Some(
            "held in spite of command (1 value); no effect of SEED (2 values) and T (3 values) could be seen, so the copies \
             say nothing about them"
        )
    );
}

#[test]
fn noise_is_said_first_and_names_no_cause() {
    let noise = found(VariationDesign::One, &THREADS, 3, |_, copy| copy.to_string());
    assert!(noise.causes.is_empty());
    assert_eq!(
        noise.separates.as_deref(),
        Some(
            "without any setting, 3 copies gave 3 digests; no setting that was tried changes the result beyond chance"
        )
    );
    // Half of the copies at random.
    let random = |_: &str, copy: u32| (copy.wrapping_mul(2_654_435_761) >> 31).to_string();
    assert!(found(VariationDesign::One, &THREADS, 4, random).causes.is_empty());
}

#[test]
fn a_setting_that_makes_a_random_result_stable_is_a_cause() {
    let digest =
        |told: &str, copy: u32| if told.starts_with("SEED") { told.to_owned() } else { copy.to_string() };
    let found = found(VariationDesign::One, &THREADS, 4, digest);
    assert_eq!(changed(&found), ["SEED=0", "SEED=1"]);
    let told = found.separates.unwrap();
    assert!(
        told.starts_with("without any setting, 4 copies gave 4 digests; SEED makes the result stable: "),
        "{told}"
    );
}

#[test]
fn with_all_combinations_each_value_is_compared_with_the_first_of_its_name() {
    let settings = [("T", "1"), ("T", "2"), ("SEED", "0"), ("SEED", "1")];
    // Only both together give another result.
    let found = found(VariationDesign::All, &settings, 4, |told, _| (told == "T=2 SEED=1").to_string());
    assert_eq!(changed(&found), ["T=2", "SEED=1"]);
    let names: Vec<_> = found.causes.iter().map(|cause| cause.name.as_str()).collect();
    assert_eq!(names, ["T", "SEED"]);
}

/// What is found of settings if all copies agree and every run has these facts.
fn agreeing(settings: Vec<Setting>, facts: &[(&str, &str)]) -> Variations {
    let plan = VariationPlan {
        request: Vec::new(),
        design: VariationDesign::One,
        chose_copies: true,
        settings,
        left_out: Vec::new(),
        pinned: Vec::new(),
    };
    let mut recorded = Facts::default();
    for (name, value) in facts {
        recorded.record(name, *value);
    }
    let nothing = Facts::default();
    let runs: Vec<_> = (0..4 * plan.combinations())
        .map(|copy| ObservedRun {
            copy,
            digest: "d",
            bytes: 1,
            started_at_ms: 0,
            run_us: 1,
            sandbox: None,
            environment: &nothing,
            facts: &recorded,
        })
        .collect();
    Variations::of(&plan, &runs, &classify(&runs))
}

#[test]
fn a_setting_reached_the_program_if_its_library_says_so() {
    let facts = [("reached.CORE", "yes"), ("reached.cores_believed", "no")];
    let settings = vec![setting("CORE", "a"), setting("cores_believed", "8"), setting("OTHER", "x")];
    let found = agreeing(settings, &facts);
    let reached: Vec<_> = found.settings.iter().map(|setting| setting.reached).collect();
    assert_eq!(reached, [SettingReach::Yes, SettingReach::No, SettingReach::Unknown]);
    assert_eq!(
        found.in_spite_of.as_deref(),
        Some(
            "held in spite of CORE (1 value); cores_believed (1 value) did not reach this program; no effect of OTHER \
             (1 value) could be seen, so the copies say nothing about it"
        )
    );
}

#[test]
fn a_name_that_the_library_does_not_know_did_not_reach_it() {
    let names = LibraryNames {
        fact: "loaded.numpy".to_owned(),
        since: "2.4".to_owned(),
        known: vec!["X86_V4".to_owned()],
    };
    let of_numpy =
        |value: &str| Setting { names: Some(names.clone()), ..setting("NPY_DISABLE_CPU_FEATURES", value) };
    let reached = |version: &str| -> Vec<SettingReach> {
        let found = agreeing(vec![of_numpy("AVX512F"), of_numpy("X86_V4")], &[("loaded.numpy", version)]);
        found.settings.iter().map(|setting| setting.reached).collect()
    };
    assert_eq!(reached("2.4.6"), [SettingReach::No, SettingReach::Unknown]);
    assert_eq!(reached("2.3.0"), [SettingReach::Unknown, SettingReach::Unknown]);
}

#[test]
fn a_set_is_no_cause_beside_a_member_that_changes_the_result_alone() {
    let members = [setting("CORE", "old"), setting("LIBM", "old")];
    let mut set = setting("generation", "old");
    set.changes = members.iter().flat_map(|member| member.changes.clone()).collect();
    let settings = || [vec![set.clone()], members.to_vec()].concat();
    let causes = |digest: &dyn Fn(&str) -> bool| -> Vec<String> {
        let found = found_of(VariationDesign::One, settings(), 4, |told, _| digest(told).to_string());
        found.causes.into_iter().map(|cause| cause.name).collect()
    };
    assert_eq!(causes(&|told| told == "generation=old" || told == "CORE=old"), ["CORE"]);
    // Both together change what neither changes alone.
    assert_eq!(causes(&|told| told == "generation=old"), ["generation"]);
}

#[test]
fn many_values_that_each_agree_are_a_cause_together() {
    let settings: Vec<_> = ["0", "1", "2", "3", "4"].map(|value| setting("SEED", value)).to_vec();
    let others: Vec<_> = ["1", "2", "3", "4"].map(|value| setting("OTHER", value)).to_vec();
    // Each combination has three copies: without a seed, the second one differs.
    let digest = |told: &str, copy: u32| {
        if told.starts_with("SEED") { "0".to_owned() } else { (copy / 10 % 2).to_string() }
    };
    let found = found_of(VariationDesign::One, [settings, others].concat(), 3, digest);
    assert!(found.causes.iter().all(|cause| cause.name == "SEED"), "{:?}", found.causes);
    assert_eq!(found.settings.iter().filter(|setting| setting.changed).count(), 5, "{:?}", found.settings);
}
