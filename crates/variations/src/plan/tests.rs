use std::collections::BTreeSet;

use super::*;
use crate::BlasFolder;

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A machine that has everything.
fn host() -> Host {
    Host {
        arch: "x86_64".to_owned(),
        levels: texts(&["v1", "v2", "v2-avx", "v3", "v4"]).into_iter().collect(),
        cores: 2,
        cpu: 3,
        programs: Host::PROGRAMS.map(str::to_owned).into_iter().collect(),
        models: texts(&["Haswell", "max"]).into_iter().collect(),
        blas: vec![BlasFolder { name: "atlas".to_owned(), folder: "/usr/lib/atlas".to_owned() }],
        has_preload: true,
    }
}

#[track_caller]
fn planned(
    request: &[&str],
    design: VariationDesign,
    copies: Option<u32>,
    host: &Host,
) -> Result<(VariationPlan, u32), RequestError> {
    plan(&texts(request), design, copies, 20, host).map(Option::unwrap)
}

fn one(request: &[&str], host: &Host) -> VariationPlan {
    planned(request, VariationDesign::One, None, host).unwrap().0
}

fn values(plan: &VariationPlan, name: &str) -> Vec<String> {
    plan.settings.iter().filter(|setting| setting.name == name).map(|setting| setting.value.clone()).collect()
}

#[test]
fn settings_come_from_variables_arguments_and_programs() {
    let request = ["A=1,2", "arg:--tol=1e-6,x=y", "command=./a,./b"];
    let (plan, copies) = planned(&request, VariationDesign::One, None, &host()).unwrap();
    let told: Vec<_> = (0..7).map(|index| plan.told(index)).collect();
    assert_eq!(
        told,
        ["baseline", "A=1", "A=2", "arg:--tol=1e-6", "arg:--tol=x=y", "command=./a", "command=./b"]
    );
    assert_eq!((copies, plan.chose_copies), (20, true));
    let change = |place: usize| plan.settings[place].changes[0].clone();
    assert_eq!(change(0), SettingChange::Variable { name: "A".to_owned(), value: "1".to_owned() });
    assert_eq!(change(3), SettingChange::Argument { flag: "--tol".to_owned(), value: "x=y".to_owned() });
    assert_eq!(change(5), SettingChange::Program { program: "./b".to_owned() });
}

#[test]
fn a_variable_of_the_table_brings_its_library() {
    let plan = one(&["OPENBLAS_CORETYPE=Zen", "NPY_DISABLE_CPU_FEATURES=AVX512F", "MINE=1"], &host());
    let [openblas, numpy, mine] = &plan.settings[..] else { panic!("{plan:?}") };
    assert_eq!(openblas.library.as_deref(), Some("OpenBLAS"));
    assert_eq!(openblas.report.as_ref().unwrap().says, "Core: Zen");
    assert!(numpy.names.as_ref().unwrap().ignores("2.4.6", &numpy.value));
    assert_eq!((&mine.library, &mine.report, &mine.names), (&None, &None, &None));
}

#[test]
fn the_number_of_copies_fits_the_settings() {
    let copies = |request: &[&str], design, copies| planned(request, design, copies, &host()).unwrap().1;
    assert_eq!(copies(&["A=1,2,3"], VariationDesign::One, None), 20);
    assert_eq!(copies(&["A=1,2,3,4,5,6,7,8,9,10"], VariationDesign::One, None), 22);
    assert_eq!(copies(&["A=1,2,3", "B=1,2,3,4"], VariationDesign::All, None), 26);
    assert_eq!(copies(&["A=1,2,3"], VariationDesign::One, Some(9)), 9);
    assert!(plan(&[], VariationDesign::One, None, 20, &host()).unwrap().is_none());
}

#[test]
fn a_cpu_generation_is_a_set_and_each_of_its_knobs_names_a_library() {
    let plan = one(&["cpu"], &host());
    assert_eq!(values(&plan, "cpu_generation"), ["v1", "v2", "v2-avx", "v3", "v4"]);
    assert_eq!(
        values(&plan, "OPENBLAS_CORETYPE"),
        ["Prescott", "Nehalem", "Sandybridge", "Haswell", "SkylakeX"]
    );
    // Where two levels have one value, it is tried once.
    assert_eq!(values(&plan, "GLIBC_TUNABLES").len(), 2);
    let set = plan.settings.iter().find(|setting| setting.value == "v3").unwrap();
    let knob = plan.settings.iter().find(|setting| setting.value == "Haswell").unwrap();
    assert!(set.includes(knob) && !knob.includes(set));
    assert_eq!(knob.library.as_deref(), Some("OpenBLAS"));
    assert_eq!(knob.report.as_ref().unwrap().says, "Core: Haswell");
    assert!(set.variables().any(|variable| variable == ("MKL_CBWR", "AVX2")));
    assert!(plan.left_out.is_empty());
}

#[test]
fn a_generation_that_the_processor_does_not_have_is_left_out_and_said() {
    let old = Host { levels: texts(&["v1", "v2"]).into_iter().collect(), ..host() };
    let plan = one(&["cpu"], &old);
    assert_eq!(values(&plan, "cpu_generation"), ["v1", "v2"]);
    assert_eq!(values(&plan, "OPENBLAS_CORETYPE"), ["Prescott", "Nehalem"]);
    let left_out: Vec<_> = plan.left_out.iter().map(|left| left.name.as_str()).collect();
    assert_eq!(left_out, ["cpu_generation=v2-avx", "cpu_generation=v3", "cpu_generation=v4"]);
}

#[test]
fn threads_go_beyond_the_cores_where_a_library_asks_for_their_number() {
    let plan = one(&["threads"], &host());
    assert_eq!(values(&plan, "threads"), ["1", "2", "3", "4", "8"]);
    assert_eq!(values(&plan, "OMP_NUM_THREADS"), ["1", "2", "3", "4", "8"]);
    let eight = plan.settings.iter().find(|setting| setting.to_string() == "OPENBLAS_NUM_THREADS=8").unwrap();
    let cores = SettingChange::Preload { knob: "cores".to_owned(), value: "8".to_owned() };
    assert!(eight.changes.contains(&cores));
    // Where the machine has as many cores, nothing but the variable is changed: what else asks for the cores is not meant.
    let two = plan.settings.iter().find(|setting| setting.to_string() == "OPENBLAS_NUM_THREADS=2").unwrap();
    assert_eq!(two.changes.len(), 1);
    let believed = plan.settings.iter().find(|setting| setting.to_string() == "cores_believed=8").unwrap();
    assert!(eight.includes(believed));
    let mkl = plan.settings.iter().find(|setting| setting.to_string() == "MKL_NUM_THREADS=8").unwrap();
    assert!(mkl.variables().any(|variable| variable == ("MKL_DYNAMIC", "FALSE")));
    assert!(!mkl.changes.contains(&cores));
    let affinity = plan.settings.iter().find(|setting| setting.name == "affinity").unwrap();
    assert_eq!(affinity.changes, [SettingChange::Wrapper { words: texts(&["taskset", "-c", "3"]) }]);
}

#[test]
fn what_is_not_installed_is_left_out_or_refused_if_it_was_asked_for_by_name() {
    let bare = Host { programs: BTreeSet::new(), blas: Vec::new(), has_preload: false, ..host() };
    let plan = one(&["memory,blas"], &bare);
    let left_out: Vec<_> = plan.left_out.iter().map(|left| left.name.as_str()).collect();
    assert_eq!(left_out, ["heap_shift", "aslr", "blas"]);
    let error = planned(&["emulate"], VariationDesign::One, None, &bare).unwrap_err();
    assert!(error.text.contains("qemu-x86_64 is not installed"), "{error}");
    let error = planned(&["blas"], VariationDesign::One, None, &bare).unwrap_err();
    assert!(error.hint.contains("no BLAS library is installed"), "{error:?}");
}

#[test]
fn models_of_processors_are_emulated_by_name() {
    let plan = one(&["emulate=Haswell"], &host());
    let words = texts(&["qemu-x86_64", "-cpu", "Haswell"]);
    assert_eq!(plan.settings[0].changes, [SettingChange::Emulator { words }]);
    let all = one(&["emulate"], &host());
    assert_eq!((all.settings.len(), all.left_out.len()), (1, 3), "the emulator knows one of four: {all:?}");
    for model in ["emulate=max", "emulate=Pentium9"] {
        let error = planned(&[model], VariationDesign::One, None, &host()).unwrap_err();
        assert!(error.text.contains("does not emulate"), "{error}");
    }
}

#[test]
fn all_combinations_have_the_sets_and_not_their_knobs() {
    let (plan, _) = planned(&["cpu,hash"], VariationDesign::All, None, &host()).unwrap();
    assert_eq!(plan.combinations(), 1 + 5 * 5);
}

#[test]
fn everything_fits_the_bound() {
    let plan = one(&["all"], &host());
    assert!(plan.combinations() < 200, "{}", plan.combinations());
    let bytes =
        plan.settings.iter().flat_map(Setting::variables).map(|(name, value)| name.len() + value.len());
    assert!(bytes.sum::<usize>() < 64 * 1024);
}

#[test]
fn a_plan_that_cannot_be_is_refused_with_a_hint() {
    let check = |request: &[&str], copies, text: &str| {
        let error = planned(request, VariationDesign::All, copies, &host()).unwrap_err();
        assert!(error.text.contains(text), "{error:?}");
        assert!(!error.hint.is_empty());
    };
    check(&["A=1", "A=2"], None, "names A twice");
    check(&["A=1,2"], Some(5), "3 settings, with the baseline, take 6 copies at least");
    let values = (0..101).map(|value| value.to_string()).collect::<Vec<_>>().join(",");
    check(&[&format!("A={values}"), &format!("B={values}")], None, "10202 combinations");
}
