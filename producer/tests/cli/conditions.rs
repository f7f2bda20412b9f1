//! Conditions of a job in addition to equal digests.

use crate::harness::Sandbox;

/// SHA-256 of the seven bytes "payload".
const DIGEST: &str = "sha256:239f59ed55e737c77147cf55ad0c1b030b6d7ee748a7426952f9b852d5a935e5";

#[test]
fn another_output_than_the_expected_one_is_a_drift() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "payload");
    sandbox.write("golden", "payload");
    sandbox.write("other", "another");
    let submit = |expect: &str, program: &[&str]| {
        sandbox.json(&[&["submit", "p", "--copies", "4", "--expect", expect, "--"], program].concat())
    };
    for expect in [DIGEST, "golden"] {
        let job = submit(expect, &["cat"]).remove(0);
        assert_eq!((&job["verdict"], &job["cause"]), (&"reproducible".into(), &serde_json::Value::Null));
        assert_eq!(job["expected"], DIGEST);
    }
    let job = submit("other", &["cat"]).remove(0);
    assert_eq!((&job["verdict"], &job["cause"]), (&"divergent".into(), &"drift".into()));
    let job = submit("other", &["sh", "-c", "mkdir seen 2>/dev/null && echo one || echo two"]).remove(0);
    assert_eq!((&job["verdict"], &job["cause"]), (&"divergent".into(), &serde_json::Value::Null));
    sandbox
        .run(&["submit", "p", "--job", "text", "--expect", "other", "--", "cat"])
        .exits(1)
        .prints("drift: all copies agree, but the expected digest is sha256:");
}

#[test]
fn of_a_file_the_selected_part_is_expected() {
    let sandbox = Sandbox::new();
    sandbox.write("p", r#"{"at": 1, "value": [1.0]}"#);
    sandbox.write("golden", r#"{"at": 2, "value": [1.0]}"#);
    let submit = |select: &str| {
        sandbox.run(&["submit", "p", "--copies", "2", "--expect", "golden", "--select", select, "--", "cat"])
    };
    submit("/value").exits(0);
    submit("/at").exits(1);
    submit("/other").exits(2).says("the expected output golden: cannot select /other");
}

#[test]
fn an_expectation_that_is_none_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "payload");
    let submit = |expect: &str| sandbox.run(&["submit", "p", "--expect", expect, "--", "cat"]);
    submit("sha256:12").exits(2).says("--expect");
    submit("nowhere").exits(2).says("cannot read the expected output nowhere");
    assert!(!sandbox.store().exists(), "nothing was submitted");
}

#[test]
fn one_producer_is_one_sandbox() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "payload");
    let submit = |sandboxes: &str| {
        sandbox.run(&["submit", "p", "--copies", "3", "--sandboxes", sandboxes, "--", "cat"])
    };
    submit("1").exits(0).prints("1 of 1 sandboxes gave a digest");
    submit("2")
        .exits(3)
        .prints("1 of 2 sandboxes gave a digest")
        .says("but in 1 sandbox; the job asks for 2")
        .says("one producer is one sandbox");
    let job = sandbox.json(&["list", "--verdict", "inconclusive"]).remove(0);
    assert_eq!((&job["cause"], &job["sandboxes"]), (&"coverage".into(), &1.into()));
    submit("4").exits(2).says("3 copies cannot run in 4 sandboxes");
    submit("0").exits(2);
    submit("1001").exits(2);
}

#[test]
fn a_producer_holds_no_sandbox() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "payload");
    let submit = |hold: &str| sandbox.run(&["submit", "p", "--hold", hold, "--", "cat"]);
    submit("2s").exits(2).says("--hold needs a stack");
    submit("61s").exits(2).says("a sandbox can be held for 1m at most");
    assert!(!sandbox.store().exists(), "nothing was submitted");
}

#[test]
fn a_job_is_extended_up_to_its_bound() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "payload");
    let submit = |others: &[&str], program: &[&str]| {
        let job = ["submit", "p", "--copies", "3", "--extend", "7"];
        sandbox.run(&[&job[..], others, &["--"], program].concat())
    };
    submit(&[], &["cat"]).exits(0).prints("3 of 3 copies");
    submit(&["--sandboxes", "2"], &["cat"])
        .exits(3)
        .prints("7 of 7 copies")
        .prints("extended from 3 copies to 7")
        .prints("1 of 2 sandboxes");
    // Each copy gives another output, and nothing that is recorded goes with it.
    submit(&["--job", "divergent"], &["sh", "-c", "mktemp -u XXXXXXXX"]).exits(1).prints("7 of 7 copies");
    let job = sandbox.status("divergent");
    assert_eq!((&job["copies"], &job["copies_submitted"]), (&7.into(), &3.into()));
    submit(&["--fail-fast"], &["cat"]).exits(2);
    sandbox
        .run(&["submit", "p", "--copies", "7", "--extend", "7", "--", "cat"])
        .exits(2)
        .says("cannot be extended to 7");
}

#[test]
fn as_many_copies_are_run_as_find_a_divergence() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "payload");
    let submit =
        |args: &[&str]| sandbox.run(&[&["submit", "p"], args, &["--allow-empty", "--", "true"]].concat());
    submit(&["--detect", "5%"]).exits(0).prints("59 of 59 copies");
    submit(&["--detect", "0.5", "--confidence", "75 %"]).exits(0).prints("2 of 2 copies");
    let strict = submit(&["--copies", "20", "--confidence", "99%"]).exits(0);
    strict.prints("below 21 % of such runs\n    differ, 99 %)");
    submit(&["--confidence", "1"]).exits(2).says("such as 99% or 0.99");
    submit(&["--detect", "0.0000001"]).exits(2).says("a job has 1000000 at most");
    submit(&["--detect", "5%", "--copies", "3"]).exits(2);
    submit(&["--detect", "100%"]).exits(2).says("expected a share between 0 and 1");
}
