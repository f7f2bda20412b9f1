//! Jobs from submit to verdict.

use crate::harness::{Sandbox, repository_file};

#[test]
fn the_examples_give_what_the_readme_says() {
    let sandbox = Sandbox::new();
    let example = |name: &str| repository_file(&format!("examples/{name}"));
    let submit = |args: &[&str]| sandbox.run(&[&["submit"], args].concat());
    submit(&[&example("matmul.json")]).exits(0).prints("20 of 20 copies gave a digest, 1 distinct");
    submit(&[&example("racing-sum.json"), "--copies", "50"])
        .exits(1)
        .prints("divergent")
        .prints("separates: ")
        .prints(" ulp");
    let run = submit(&[&example("payloads.json"), "--each"]).exits(0);
    assert_eq!(run.stdout.matches("reproducible").count(), 3, "{run:#?}");
    let python = |name: &str| {
        let (payload, program) =
            (example(&format!("python/{name}.json")), example(&format!("python/{name}.py")));
        submit(&[&payload, "--copies", "8", "--", "python3", &program])
    };
    python("spectrum").exits(0).prints("8 of 8 copies gave a digest, 1 distinct");
    python("set_order").exits(1).prints("divergent");
}

/// The text of a report, without what differs from machine to machine and from run to run. What separates the classes depends
/// on whether a copy ran long enough to be looked at.
fn redacted(report: &str) -> String {
    let line = |line: &str| match line.rsplit_once("; ") {
        _ if line.starts_with("  seen: ") => "  seen: [machine]".to_owned(),
        Some((words, elapsed)) if elapsed.ends_with(" s") => format!("{words}; [elapsed]"),
        _ => line.to_owned(),
    };
    let lines = report.lines().map(line).collect::<Vec<_>>().join("\n");
    match (lines.find("  separates: "), lines.find("  difference: ")) {
        (Some(from), Some(to)) => format!("{}  separates: [facts]\n{}", &lines[..from], &lines[to..]),
        _ => lines,
    }
}

#[test]
fn reports_read_well() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "payload");
    let check = |name: &str, code: i32, program: &str| {
        let run = sandbox
            .run(&["submit", "p", "--copies", "4", "--job", name, "-j", "1", "--", "sh", "-c", program]);
        let copies = sandbox.run(&["copies", name]).exits(0).stdout;
        // The third column is a time.
        let digests =
            copies.lines().map(|line| line.get(24..).unwrap_or(line)).collect::<Vec<_>>().join("\n");
        let report = redacted(&run.exits(code).stdout);
        insta::assert_snapshot!(format!("report_{name}"), format!("{report}\n\n{digests}"));
    };
    check("reproducible", 0, "cat");
    check("divergent", 1, "mkdir seen 2>/dev/null && echo another || echo one");
    check(
        "inconclusive",
        3,
        "echo first line >&2; echo what went wrong >&2; mkdir made 2>/dev/null || exit 9",
    );
}

#[test]
fn the_json_of_a_job_has_the_documented_fields() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "payload");
    let report = sandbox.json(&["submit", "p", "--copies", "3", "--job", "one", "--", "cat"]).remove(0);
    let digest = "sha256:239f59ed55e737c77147cf55ad0c1b030b6d7ee748a7426952f9b852d5a935e5";
    let expected = serde_json::json!({
        "job": "one", "submission": "one", "verdict": "reproducible", "cause": null, "copies": 3, "succeeded": 3,
        "failed": 0, "unaccounted": 0, "distinct_digests": 1, "failures": [], "ended": true, "fail_fast": false,
        "digests": [{"digest": digest, "copies": 3, "first_copy": 0, "bytes": 7}],
        "payload_digest": digest, "payload_bytes": 7, "first_difference": null, "worker_processes": 1,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&report[field], value, "{field} in {report:#}");
    }
    assert!(report["elapsed_ms"].is_u64() && report["submitted_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(report["calculation"]["kind"], "command");
    assert_eq!(report["calculation"]["argv"], serde_json::json!(["cat"]));
    assert!((report["divergence_rate_below"].as_f64().unwrap() - 0.631_596).abs() < 1e-5);
    assert_eq!(report["warnings"].as_array().unwrap().len(), 1);
    let copies = sandbox.json(&["copies", "one"]);
    assert_eq!(copies.len(), 3);
    for (index, copy) in copies.iter().enumerate() {
        assert_eq!(copy["copy"], index);
        assert_eq!((&copy["digest"], &copy["attempt"]), (&digest.into(), &1.into()));
        assert!(copy["environment"]["sandbox"].as_str().unwrap().starts_with("local-"));
    }
}

#[test]
fn each_cuts_a_list_byte_for_byte() {
    let sandbox = Sandbox::new();
    sandbox.write("list.json", "[ {\"a\": 1.0},\n -0.0 ,\"\\u0041\" ]");
    let jobs = sandbox.json(&["submit", "list.json", "--each", "--copies", "1", "--job", "e", "--", "cat"]);
    let bytes: Vec<_> = jobs.iter().map(|job| job["payload_bytes"].as_u64().unwrap()).collect();
    assert_eq!(bytes, [10, 4, 8]);
    assert_eq!(jobs[1]["job"], "e.1");
    assert_eq!(jobs[1]["submission"], "e");

    // SHA-256 of the four bytes "-0.0".
    assert_eq!(
        jobs[1]["digests"][0]["digest"],
        "sha256:c26617c7ccbcaa6631b45d851b8cf56e21d2ca624bdb1193afdbd4b560702cec"
    );
    assert_eq!(sandbox.json(&["status", "e"]).len(), 3, "a submission stands for its jobs");
    let lines = sandbox
        .run_with_stdin(&["submit", "-", "--each", "--copies", "1", "--", "cat"], b"{\"a\":1}\n{\"a\":2}\n");
    lines.exits(0).prints(".1\n");
    sandbox.write("one.jsonl", "{\"a\":1}\n");
    sandbox.run(&["submit", "one.jsonl", "--each", "--copies", "1", "--", "cat"]).exits(0).prints(".0\n");
}

#[test]
fn several_jobs_exit_with_the_worst() {
    let sandbox = Sandbox::new();
    for name in ["0", "1", "3"] {
        sandbox.write(name, name);
    }
    let program = "read code; case $code in 0) echo 0 ;; 1) echo $$ ;; 3) exit 3 ;; esac; exit 0";
    let program = program.replace("exit 0", "").replace("read code", "code=$(cat)");
    let submit = |names: &[&str]| {
        sandbox.run(&[&["submit", "--copies", "3"], names, &["--", "sh", "-c", &program]].concat())
    };
    submit(&["0"]).exits(0);
    submit(&["0", "3"]).exits(3);
    submit(&["3", "1", "0"]).exits(1);
}

#[test]
fn a_job_that_fails_fast_starts_hardly_a_copy_after_the_second_digest() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    // The third copy and those after it give another output.
    let program =
        "echo run >> runs; mkdir one 2>/dev/null || mkdir two 2>/dev/null || { echo 2; exit; }; echo 1";
    let args = ["submit", "p", "--copies", "300", "-j", "2", "--fail-fast", "--", "sh", "-c", program];
    sandbox.run(&args).exits(1).prints("saved by --fail-fast");
    let runs = std::fs::read_to_string(sandbox.path("runs")).unwrap().lines().count();
    // Two run at once, and some may have started before the second digest was seen.
    assert!(runs <= 10, "{runs} copies ran");
}

#[test]
fn failures_are_attempted_again_and_then_recorded_with_their_reason() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let fails = "echo one >> runs; echo because of this >&2; exit 7";
    let run = sandbox.run(&[
        "submit",
        "p",
        "--copies",
        "2",
        "--attempts",
        "3",
        "--job",
        "f",
        "--",
        "sh",
        "-c",
        fails,
    ]);
    run.exits(3).prints("inconclusive").prints("2 x failed: command exited with code 7");
    assert_eq!(std::fs::read_to_string(sandbox.path("runs")).unwrap().lines().count(), 6);
    sandbox.run(&["copies", "f"]).exits(0).prints("code 7: because of this");
    let copy = sandbox.json(&["copies", "f"]).remove(0);
    assert_eq!((&copy["attempt"], &copy["stderr_tail"]), (&3.into(), &"because of this\n".into()));

    let once = "test -e tried || { touch tried; exit 1; }; echo 1";
    let hidden = sandbox.run(&["submit", "p", "--copies", "1", "--job", "hidden", "--", "sh", "-c", once]);
    hidden.exits(0).prints("1 x failed at first: command exited with code 1").says("1 copy failed at first");
    std::fs::remove_file(sandbox.path("tried")).unwrap();
    sandbox.run(&["submit", "p", "--copies", "1", "--", "sh", "-c", once]).exits(0);
    sandbox
        .run(&["submit", "p", "--copies", "1", "--", "sh", "-c", "kill -9 $$"])
        .exits(3)
        .prints("signal 9");
}

#[test]
fn a_run_that_takes_too_long_is_killed() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let submit = |args: &[&str]| sandbox.run(&[&["submit", "p", "--copies", "2"], args].concat());
    submit(&["--attempts", "1", "--copy-timeout", "100ms", "--", "sleep", "61"])
        .exits(3)
        .prints("timeout of 100ms");
    let run = submit(&["--timeout", "500ms", "--", "sleep", "62"]).exits(3);
    run.prints("inconclusive").prints("2 x failed: no outcome before the deadline");
    for argument in ["61", "62"] {
        assert!(!crate::harness::runs_with_argument(argument), "a sleep {argument} is left");
    }
}

#[test]
fn a_part_of_the_output_can_be_digested() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let program = "echo \"{\\\"pid\\\": $$, \\\"result\\\": {\\\"x\\\": [NaN, -0.0]}}\"";
    let submit = |select| sandbox.run(&["submit", "p", "--select", select, "--", "sh", "-c", program]);
    submit("/result/x").exits(0).prints("11 bytes");
    submit("/pid").exits(1);
    submit("/result/y").exits(3).prints("nothing at /result/y");
    sandbox.run(&["submit", "p", "--select", "/a", "--", "echo", "text"]).exits(3).prints("not JSON");
}

#[test]
fn fail_fast_saves_the_rest() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let args =
        ["submit", "p", "--copies", "100000", "--fail-fast", "--job", "ff", "--", "sh", "-c", "echo $$"];
    sandbox.run(&args).exits(1).prints("saved by --fail-fast");
    let report = sandbox.status("ff");
    let (succeeded, unaccounted) =
        (report["succeeded"].as_u64().unwrap(), report["unaccounted"].as_u64().unwrap());
    assert_eq!(succeeded + unaccounted, 100_000);
    assert!((2..50_000).contains(&succeeded), "{report:#}");
}

#[test]
fn retry_runs_only_what_gave_no_digest() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    // Every second run fails until the file is there.
    let program = "echo x >> runs; test -e fixed || mkdir lock$(($$ % 2)) 2>/dev/null || exit 1; echo 1";
    let args = [
        "submit",
        "p",
        "--copies",
        "6",
        "--attempts",
        "1",
        "--job",
        "r",
        "-j",
        "1",
        "--",
        "sh",
        "-c",
        program,
    ];
    sandbox.run(&args).exits(3);
    let runs = || std::fs::read_to_string(sandbox.path("runs")).unwrap().lines().count();
    let missing = 6 - usize::try_from(sandbox.status("r")["succeeded"].as_u64().unwrap()).unwrap();
    assert_eq!(runs(), 6);
    assert!(missing > 0 && missing < 6, "{missing}");
    sandbox.write("fixed", "");
    sandbox.run(&["retry", "r"]).exits(0).prints("6 of 6 copies gave a digest, 1 distinct");
    assert_eq!(runs(), 6 + missing);
    sandbox.run(&["retry", "r"]).exits(2).says("every copy gave a digest");
}

#[test]
fn a_detached_job_is_worked_on_by_whoever_waits() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let detached = sandbox.run(&["submit", "p", "--detach", "--job", "d", "--copies", "5", "--", "cat"]);
    detached.exits(0).prints("running  job d").prints("5 to go");
    assert_eq!(sandbox.status("d")["verdict"], "running");
    assert_eq!(sandbox.json(&["copies", "d"]).len(), 5);
    sandbox.run(&["retry", "d"]).exits(2).says("a running job cannot be retried");
    sandbox.run(&["wait"]).exits(0).prints("reproducible  job d");
    sandbox.run(&["wait", "d"]).exits(0).prints("reproducible  job d");
}

#[test]
fn lists_are_newest_first_and_filtered() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    for (job, program) in [("a", "true"), ("b", "false"), ("c", "true")] {
        sandbox.run(&[
            "submit",
            "p",
            "--copies",
            "1",
            "--attempts",
            "1",
            "--allow-empty",
            "--job",
            job,
            "--",
            program,
        ]);
    }
    assert_eq!(sandbox.jobs(), ["c", "b", "a"]);
    let verdict = sandbox.run(&["list", "--verdict", "inconclusive"]).exits(0);
    assert_eq!(verdict.stdout.lines().count(), 1);
    verdict.prints("inconclusive  b ");
    assert_eq!(sandbox.run(&["list", "--limit", "2"]).exits(0).stdout.lines().count(), 2);
    sandbox.run(&["list", "--verdict", "divergent"]).exits(0).says("no such jobs");
}
