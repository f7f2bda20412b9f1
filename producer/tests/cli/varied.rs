//! Copies that run under different settings.

use serde_json::{Value, json};

use crate::harness::{Run, Sandbox};

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    sandbox
}

fn submit(sandbox: &Sandbox, flags: &[&str], script: &str) -> Run {
    sandbox.run(&[&["submit", "p"], flags, &["--", "sh", "-c", script]].concat())
}

/// The row of a setting in the JSON of a job.
fn row<'a>(job: &'a Value, name: &str, value: &str) -> &'a Value {
    let rows = job["variations"].as_array().unwrap();
    rows.iter().find(|row| row["name"] == name && row["value"] == value).unwrap_or_else(|| panic!("{rows:?}"))
}

#[test]
fn the_setting_that_changes_the_result_is_named_however_short_the_command_is() {
    let sandbox = sandbox();
    let flags = ["--job", "v", "--vary", "N=1,2,4", "--vary", "M=x"];
    let run = submit(&sandbox, &flags, "[ \"$N\" = 4 ] && echo 1.5 || echo 1.0").exits(1);
    run.says("v: 20 copies of 5 settings with the baseline, 4 at least of each")
        .prints("separates: N changes the result: A with as is, 1 and 2; B with 4 (p <=");
    sandbox
        .run(&["explain", "v"])
        .exits(0)
        .prints("4  N=4: changed the result; B")
        .prints("M=x: no effect could be seen; A");
    for job in [sandbox.status("v"), sandbox.json(&["explain", "v"]).remove(0)] {
        let changed = row(&job, "N", "4");
        let expect = json!({"factor": "custom", "name": "N", "library": null, "value": "4", "copies": 4,
            "classes": {"B": 4}, "reached": "yes", "changed": true});
        assert_eq!(changed, &expect);
        assert_eq!(
            (&row(&job, "M", "x")["reached"], &row(&job, "M", "x")["changed"]),
            (&json!("unknown"), &json!(false))
        );
        let [cause] = &job["causes"].as_array().unwrap()[..] else { panic!("{}", job["causes"]) };
        assert_eq!(cause["values_by_class"], json!({"A": ["as is", "1", "2"], "B": ["4"]}));
        assert_eq!(cause["max_ulp"], json!(1_u64 << 51));
        assert!(cause["p"].as_f64().unwrap() < 0.01, "{cause}");
    }
    let copies = sandbox.json(&["copies", "v"]);
    let settings: Vec<_> =
        copies.iter().take(6).map(|copy| copy["facts"]["run.setting"].as_str().unwrap()).collect();
    assert_eq!(settings, ["baseline", "N=1", "N=2", "N=4", "M=x", "baseline"]);
    assert_eq!(copies[3]["facts"]["variable.N"], "4");
}

#[test]
fn a_setting_without_an_effect_is_no_evidence() {
    let sandbox = sandbox();
    submit(&sandbox, &["--vary", "N=1,2"], "echo 1")
        .exits(0)
        .prints("no effect of N\n    (2 values) could be seen, so the copies say nothing about it");
}

#[test]
fn arguments_and_programs_are_varied() {
    let sandbox = sandbox();
    let flags = ["submit", "p", "--job", "a", "--vary", "arg:--n=1,2", "--vary", "command=printf,echo"];
    sandbox.run(&[&flags[..], &["--", "printf", "%s", "--n=1"]].concat()).exits(1);
    let job = sandbox.status("a");
    // echo prints its first argument and a line feed.
    let changed = |name: &str, value: &str| row(&job, name, value)["changed"].as_bool().unwrap();
    assert!(changed("arg:--n", "2") && changed("command", "echo"));
    assert!(!changed("arg:--n", "1") && !changed("command", "printf"));
    assert_eq!(row(&job, "command", "printf")["reached"], "yes");
    let missing = ["submit", "p", "--vary", "command=./nowhere", "--", "printf", "x"];
    sandbox.run(&missing).exits(2).says("no program at").says("--vary command=");
}

#[test]
fn a_result_that_varies_by_itself_is_said_first() {
    let sandbox = sandbox();
    let run = submit(&sandbox, &["--job", "r", "--vary", "SEED=1,2"], "echo ${SEED:-$$}").exits(1);
    run.prints("separates: without any setting, 7 copies gave 7 digests; SEED makes the result\n    stable: A with 1; B with 2");
    let run = submit(&sandbox, &["--job", "n", "--vary", "SEED=1,2"], "echo $$").exits(1);
    run.prints("no setting that was").prints("beyond chance");
    assert_eq!(sandbox.status("n")["causes"], json!([]));
}

#[test]
fn all_combinations_find_two_settings_that_act_together() {
    let sandbox = sandbox();
    let flags = ["--job", "c", "--vary", "N=1,2", "--vary", "M=x,y", "--vary-plan", "all"];
    submit(&sandbox, &flags, "[ \"$N$M\" = 2y ] && echo 1 || echo 0").exits(1);
    let job = sandbox.status("c");
    assert!(row(&job, "N", "2")["changed"] == true && row(&job, "M", "y")["changed"] == true, "{job}");
    assert!(row(&job, "N", "1")["changed"] == false && row(&job, "M", "x")["changed"] == false, "{job}");
}

#[test]
fn every_command_knows_its_job_and_its_copy_in_an_environment_of_one_length() {
    let sandbox = sandbox();
    let flags = ["--job", "k", "--copies", "3", "--fail-fast"];
    submit(&sandbox, &flags, "echo \"$CONCORD_JOB ${#CONCORD_COPY} ${CONCORD_SCRATCH:-none}\"").exits(0);
    let digests = |job: &str| -> Vec<Value> {
        sandbox.json(&["copies", job]).iter().map(|copy| copy["digest"].clone()).collect()
    };
    sandbox.write("k", "k 6 none\n");
    submit(
        &sandbox,
        &[&flags[2..], &["--job", "k2", "--expect", "k"]].concat(),
        "echo k ${#CONCORD_COPY} none",
    )
    .exits(0);
    assert_eq!(digests("k"), digests("k2"));
    submit(
        &sandbox,
        &["--job", "s", "--scratch", "--copies", "4"],
        "[ \"$CONCORD_SCRATCH\" = \"$PWD\" ] && echo yes",
    )
    .exits(0);
    // The copies write files of their own, named by their index.
    submit(&sandbox, &["--job", "i", "--copies", "3"], "echo > copy-$CONCORD_COPY; echo 1").exits(0);
    for copy in ["000000", "000001", "000002"] {
        assert!(sandbox.path(&format!("copy-{copy}")).exists(), "{copy}");
    }
}

#[test]
fn a_dry_run_prints_the_plan_and_creates_nothing() {
    let sandbox = sandbox();
    let flags = ["--job", "d", "--vary", "N=1,2", "--vary", "arg:--tol=3", "--dry-run"];
    submit(&sandbox, &flags, "echo")
        .exits(0)
        .prints("1 job of 20 copies: nothing was created")
        .prints("     5      1  N=1\n");
    let args = [&["submit", "p"], &flags[..], &["--", "true"]].concat();
    let plan = sandbox.json(&args).remove(0);
    let first = |place: usize| plan["combinations"][place]["settings"].clone();
    assert_eq!(first(0), json!([]));
    assert_eq!(first(3), json!([{"factor": "custom", "name": "arg:--tol", "library": null, "value": "3"}]));
    assert_eq!(plan["combinations"][1]["copies"], 5);
    assert!(!sandbox.store().exists(), "nothing was created");
}

#[test]
fn a_repeated_submission_is_compared_by_its_request() {
    let sandbox = sandbox();
    let again = |vary: &str| submit(&sandbox, &["--job", "again", "--vary", vary], "echo 1");
    again("N=1,2").exits(0);
    again("N=1,2").exits(0).says("again was submitted before; going on with it");
    again("N=1,3").exits(2).says("vary: N=1,2, plan one before, N=1,3, plan one now");
}

#[test]
fn a_wrong_variation_is_refused_before_anything_runs() {
    let sandbox = sandbox();
    let refused = |flags: &[&str], words: &str| {
        submit(&sandbox, flags, "echo 1").exits(2).says(words);
    };
    refused(&["--vary", "N"], "there is no preset N");
    refused(&["--vary", "N=1,"], "has an empty value");
    refused(&["--vary", "LD_PRELOAD=x"], "it loads code into the program");
    refused(&["--vary", "N=1,2", "--copies", "5"], "take 6 copies at least");
    sandbox.write("probe", r#"{"probe":"echo"}"#);
    sandbox
        .run(&["submit", "probe", "--vary", "N=1"])
        .exits(2)
        .says("--vary is for a command: a probe runs inside");
    assert!(!sandbox.store().exists(), "nothing was submitted");
}

#[test]
fn presets_become_settings_that_reach_the_command() {
    let sandbox = sandbox();
    let flags = ["--job", "p", "--vary", "hash,threads", "--vary", "memory,-hash"];
    let script = "[ \"$OMP_NUM_THREADS\" = 3 ] && echo 3.5 || echo 3.0";
    submit(&sandbox, &flags, script)
        .exits(1)
        .prints("OMP_NUM_THREADS (OpenMP) changes the result: A with as is, 1, 2,\n    4 and 8; B with 3");
    let job = sandbox.status("p");
    let changed = row(&job, "OMP_NUM_THREADS", "3");
    assert_eq!((&changed["factor"], &changed["library"]), (&json!("threads"), &json!("OpenMP")));
    assert!(changed["changed"] == true && row(&job, "GOMAXPROCS", "3")["changed"] == false);
    assert!(job["variations"].as_array().unwrap().iter().all(|row| row["name"] != "PYTHONHASHSEED"));
}

#[test]
fn settings_are_joined_to_what_the_command_has_and_start_it_in_other_programs() {
    let sandbox = sandbox();
    let flags = "--mine --xla_cpu_multi_thread_eigen=false";
    let script = format!("[ \"$XLA_FLAGS\" = '{flags}' ] && echo joined; nice; cat /proc/self/personality");
    let args = ["submit", "p", "--job", "j", "--vary", "threads,load,memory", "--", "sh", "-c", &script];
    Run::of(sandbox.command(&args).env("XLA_FLAGS", "--mine").output().unwrap()).exits(1);
    let job = sandbox.status("j");
    for (name, value) in
        [("nice", "19"), ("aslr", "off"), ("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")]
    {
        assert_eq!(row(&job, name, value)["changed"], true, "{name}");
    }
}

#[test]
fn what_is_known_to_reach_the_program_is_said() {
    let sandbox = sandbox();
    submit(&sandbox, &["--job", "n", "--vary", "threads"], "nproc").exits(1);
    let job = sandbox.status("n");
    assert_eq!(row(&job, "cores_believed", "8")["reached"], "yes");
    submit(&sandbox, &["--job", "s", "--vary", "memory"], "echo 1").exits(0);
    let job = sandbox.status("s");
    assert_eq!(row(&job, "environment", "16")["reached"], "yes");
    assert_eq!(row(&job, "MALLOC_PERTURB_", "85")["reached"], "unknown");
}

#[test]
fn a_variable_does_not_reach_a_static_program_that_does_not_name_it() {
    let sandbox = sandbox();
    let source = "#include <stdlib.h>\n#include <stdio.h>\nint main(int count, char **words) {\n\
        return count > 1 ? system(words[1]) : puts(getenv(\"MINE\") ? \"1\" : \"1\") < 0; }\n";
    sandbox.write("s.c", source);
    let compiled = std::process::Command::new("cc")
        .args(["-static", "-o"])
        .arg(sandbox.path("s"))
        .arg(sandbox.path("s.c"))
        .status();
    assert!(compiled.unwrap().success());
    let vary = ["--vary", "OTHER=1", "--vary", "MINE=1", "--vary", "memory"];
    let run = sandbox.run(&[&["submit", "p", "--job", "s"], &vary[..], &["--", "./s"]].concat()).exits(0);
    run.prints("did not reach this program").prints("MINE (1 value)");
    let job = sandbox.status("s");
    let reached = |name: &str, value: &str| row(&job, name, value)["reached"].as_str().unwrap().to_owned();
    assert_eq!((reached("OTHER", "1"), reached("heap_shift", "16")), ("no".to_owned(), "no".to_owned()));
    assert_eq!(reached("MINE", "1"), "unknown");
    // A program that it starts may read the variable.
    let started = ["--", "./s", "/bin/echo 1"];
    sandbox.run(&[&["submit", "p", "--job", "t"], &vary[..], &started].concat()).exits(0);
    assert_eq!(row(&sandbox.status("t"), "OTHER", "1")["reached"], "unknown");
}

#[test]
fn a_setting_whose_copies_all_fail_has_a_line_of_its_own() {
    let sandbox = sandbox();
    let flags = ["--job", "f", "--vary", "X=1,2", "--attempts", "1"];
    submit(&sandbox, &flags, "[ \"$X\" != 2 ] && echo 1").exits(3);
    sandbox
        .run(&["explain", "f"])
        .exits(0)
        .prints("0  X=2: all its copies failed")
        .prints("X=1: no effect could be seen");
}

#[test]
fn the_environment_of_all_settings_has_one_length() {
    let sandbox = sandbox();
    // A copy of a preset has many variables more than the baseline. (Of GLIBC_TUNABLES, glibc makes two lines.)
    let script =
        "cat /proc/self/environ | tr '\\0' '\\n' | grep -v '^_=' | wc -lc | awk '{print $1 * 8 + $2}'";
    submit(&sandbox, &["--job", "e", "--vary", "threads,hash"], script).exits(0);
    submit(&sandbox, &["--job", "m", "--vary", "memory"], script)
        .exits(1)
        .prints("environment changes the result");
}

#[test]
fn what_cannot_be_varied_here_is_an_error_before_anything_runs() {
    let sandbox = sandbox();
    let check = |vary: &str, says: &str| {
        submit(&sandbox, &["--vary", vary], "echo 1").exits(2).says(says);
        assert!(!sandbox.store().exists(), "nothing was created");
    };
    check("cpus", "there is no preset cpus");
    check("all,-cpus", "there is no preset cpus");
    check("LD_LIBRARY_PATH=/x", "it changes which code is loaded");
    let args = ["submit", "p", "--vary", "emulate", "--", "/bin/true"];
    std::fs::create_dir(sandbox.path("bin")).unwrap();
    std::os::unix::fs::symlink("/usr/bin/env", sandbox.path("bin/env")).unwrap();
    Run::of(sandbox.command(&args).env("PATH", sandbox.path("bin")).output().unwrap())
        .exits(2)
        .says("qemu-x86_64 is not installed");
}
