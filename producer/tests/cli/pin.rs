//! The settings that hold.

use serde_json::{Value, json};

use crate::harness::{Run, Sandbox};

/// A divergent job `j` that varies `vary`.
fn divergent(vary: &str, script: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    sandbox.run(&["submit", "p", "--job", "j", "--vary", vary, "--", "sh", "-c", script]).exits(1);
    sandbox
}

fn pin(sandbox: &Sandbox, flags: &[&str]) -> Run {
    sandbox.run(&[&["pin", "j"], flags].concat())
}

/// The result is stable only if both variables have their first value.
const PAIR: &str =
    "[ \"$OMP_NUM_THREADS$PYTHONHASHSEED\" = 10 ] && echo 1 || echo \"$OMP_NUM_THREADS $PYTHONHASHSEED\"";

#[test]
fn a_pair_is_found_where_each_setting_fails_alone_and_is_confirmed_by_a_fresh_job() {
    let sandbox = divergent("threads,hash", PAIR);
    let report = sandbox.json(&["pin", "j"]).remove(0);
    assert_eq!(report["holds"], true);
    assert_eq!(report["pin"], json!({"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}));
    let without: Vec<_> =
        report["members"].as_array().unwrap().iter().map(|member| &member["without"]).collect();
    assert_eq!(without, ["divergent", "divergent"]);
    let confirmed = &report["confirmed"];
    assert_eq!((&confirmed["copies"], &confirmed["verdict"]), (&json!(299), &json!("reproducible")));
    let job = confirmed["job"].as_str().unwrap();
    // Everything that is not pinned goes on varying in the fresh job; what is pinned does not.
    let varied = sandbox.status(job);
    let names: Vec<_> =
        varied["variations"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"OPENBLAS_NUM_THREADS") && names.contains(&"cores_believed"), "{names:?}");
    assert!(!names.contains(&"OMP_NUM_THREADS") && !names.contains(&"PYTHONHASHSEED"), "{names:?}");
    assert!(report["cost"]["ratio"].as_f64().unwrap() > 0.0);
    // What was tried is not run again.
    let copies = |report: &Value| report["copies"].as_u64().unwrap();
    assert_eq!(copies(&sandbox.json(&["pin", "j"]).remove(0)), copies(&report));
    let before = sandbox.json(&["list"]).len();
    pin(&sandbox, &[])
        .exits(0)
        .prints("j: 2 settings make it reproducible")
        .prints("without it the job diverges");
    assert_eq!(sandbox.json(&["list"]).len(), before);
}

#[test]
fn the_settings_are_printed_as_files_take_them() {
    let sandbox = divergent("hash", "echo ${PYTHONHASHSEED:-1}");
    pin(&sandbox, &["--as", "shell"]).exits(0).prints("export PYTHONHASHSEED=0\n");
    pin(&sandbox, &["--as", "dockerfile"]).exits(0).prints("ENV PYTHONHASHSEED=\"0\"\n");
    pin(&sandbox, &["--as", "cloudformation"]).exits(0).prints("    PYTHONHASHSEED: \"0\"\n");
    pin(&sandbox, &["--as", "pytest"]).exits(0).prints("os.environ[\"PYTHONHASHSEED\"] = \"0\"\n");
}

#[test]
fn nothing_holds_for_a_result_that_no_setting_reaches() {
    let sandbox = divergent("hash", "echo $$");
    let run = pin(&sandbox, &[]).exits(1);
    run.prints("j: no settings make it reproducible").prints("What remains").prints("differ from each other");
    // What does not hold is not for a file.
    let form = pin(&sandbox, &["--as", "dockerfile"]).exits(1).says("no settings make it reproducible");
    assert_eq!(form.stdout, "");
    let report = sandbox.run(&["pin", "j", "--format", "json"]).exits(1);
    report.prints("\"holds\":false").prints("\"confirmed\":null");
}

#[test]
fn the_budget_ends_the_search_which_then_goes_on() {
    let sandbox = divergent("threads,hash", PAIR);
    pin(&sandbox, &["--budget", "25"])
        .exits(3)
        .prints("j: the budget is spent, after 20 copies; a larger --budget");
    pin(&sandbox, &["--budget", "1ms"]).exits(3).prints("the budget is spent");
    pin(&sandbox, &["--budget", "0"]).exits(2).says("a number of copies above 0");
    pin(&sandbox, &[]).exits(0);
}

#[test]
fn a_submit_may_pin_at_once() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let flags = ["submit", "p", "--vary", "hash", "--pin", "--", "sh", "-c"];
    let run = sandbox.run(&[&flags[..], &["echo ${PYTHONHASHSEED:-1}"]].concat()).exits(0);
    run.prints("divergent").prints("1 setting makes it reproducible");
    sandbox.run(&[&flags[..], &["echo 1"]].concat()).exits(0);
    sandbox.run(&["submit", "p", "--pin", "--", "true"]).exits(2).says("--vary");
}

#[test]
fn arguments_are_pinned_too() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let args = ["submit", "p", "--job", "j", "--vary", "arg:--n=1,2", "--", "printf", "%s", "--n=3"];
    sandbox.run(&args).exits(1);
    pin(&sandbox, &["--as", "shell"]).exits(0).prints("# run the command with --n=1\n");
}

#[test]
fn what_cannot_be_pinned_is_said() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    sandbox.run(&["submit", "p", "--job", "j", "--copies", "4", "--", "sh", "-c", "echo $$"]).exits(1);
    pin(&sandbox, &[]).exits(2).says("job j varies nothing").says("--vary");
    sandbox.run(&["submit", "p", "--job", "k", "--vary", "hash", "--", "sh", "-c", "exit 1"]).exits(3);
    sandbox.run(&["pin", "k"]).exits(2).says("job k is inconclusive");
    sandbox.run(&["pin", "nothing"]).exits(2).says("there is no job");
    sandbox.run(&["submit", "p", "--job", "r", "--vary", "hash", "--", "echo", "1"]).exits(0);
    sandbox.run(&["pin", "r"]).exits(0).prints("nothing needs to be pinned");
}

#[test]
fn a_rare_difference_that_few_copies_miss_is_found_by_the_confirmation() {
    // Without a seed of 0, copies whose index ends in 51 differ.
    let script = "case $PYTHONHASHSEED-$CONCORD_COPY in 0-*) echo a;; *51) echo b;; *) echo a;; esac";
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let flags = ["submit", "p", "--job", "j", "--copies", "120", "--vary", "PYTHONHASHSEED=0,1"];
    sandbox.run(&[&flags[..], &["--", "sh", "-c", script]].concat()).exits(1);
    let report = sandbox.json(&["pin", "j"]).remove(0);
    assert_eq!((&report["holds"], &report["pin"]), (&json!(true), &json!({"PYTHONHASHSEED": "0"})));
}

#[test]
fn a_trial_whose_copies_fail_is_no_answer() {
    let script = "[ -n \"$BAD\" ] && exit 1; echo ${PYTHONHASHSEED:-1}";
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let flags = ["submit", "p", "--job", "j", "--vary", "hash", "--vary", "BAD=1", "--attempts", "1"];
    sandbox.run(&[&flags[..], &["--", "sh", "-c", script]].concat()).exits(1);
    // What makes all copies fail is not pinned, and goes on varying: so the trials have copies that fail.
    pin(&sandbox, &[])
        .exits(2)
        .says("is inconclusive, so it says nothing of its settings")
        .says("producer retry");
}

#[test]
fn a_set_is_pinned_by_its_variables() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let flags = ["submit", "p", "--job", "j", "--vary", "threads", "--vary-plan", "all", "--", "sh", "-c"];
    sandbox.run(&[&flags[..], &["echo ${OMP_NUM_THREADS:-1}"]].concat()).exits(1);
    pin(&sandbox, &["--as", "shell"]).exits(0).prints("export OMP_NUM_THREADS=1\n");
}

#[test]
fn what_cannot_be_pinned_is_named_if_nothing_holds() {
    let sandbox = divergent("memory", "case $CONCORD_PRELOAD in *heap=32*) echo b;; *) echo a;; esac");
    pin(&sandbox, &[]).exits(1).prints("heap_shift changes the result and cannot be pinned");
}
