//! Input that is refused: a clear error, exit code 2 or 4, and nothing left in the store.

use crate::harness::{Run, Sandbox, repository_file};

/// Runs with bad input, and asserts the exit code, the words of the error, a hint, and that no job was made.
#[track_caller]
fn check(sandbox: &Sandbox, args: &[&str], stdin: &[u8], code: i32, words: &str) {
    let run = sandbox.run_with_stdin(args, stdin).exits(code).says(words);
    assert!(run.stdout.is_empty(), "{run:#?}");
    assert_eq!(sandbox.jobs(), [] as [&str; 0], "{args:?} left a job");
}

#[test]
fn payloads_that_cannot_be_used() {
    let sandbox = Sandbox::new();
    for (name, contents) in [
        ("empty.json", ""),
        ("object.json", r#"{"probe":"echo"}"#),
        ("empty-list.json", " [ ] "),
        ("text", "plain text"),
        ("broken-list.json", "[1, 2"),
        ("unknown.json", r#"{"probe":"guess"}"#),
        ("field.json", r#"{"probe":"matmul","size":4}"#),
        ("large.json", r#"{"probe":"matmul","n":100000}"#),
    ] {
        sandbox.write(name, contents);
    }
    sandbox.write("huge.bin", vec![0; 32 * 1024 * 1024 + 1]);
    let check = |args: &[&str], words| check(&sandbox, args, b"", 2, words);
    check(&["submit", "missing.json"], "cannot read the payload missing.json: No such file");
    check(&["submit", "."], "Is a directory");
    check(&["submit", "empty.json"], "the payload is empty");
    check(&["submit", "-"], "the payload is empty: standard input has no bytes");
    check(&["submit", "text"], "the payload is not JSON");
    check(&["submit", "unknown.json"], "unknown probe \"guess\"");
    check(&["submit", "field.json"], "unknown field `size`");
    check(&["submit", "large.json"], "n: invalid value");
    check(&["submit", "huge.bin", "--", "cat"], "more than the 33554432 bytes");
    check(&["submit", "--each", "object.json"], "--each cannot cut object.json: expected a JSON array");
    check(&["submit", "--each", "empty-list.json"], "the list is empty");
    check(&["submit", "--each", "broken-list.json"], "not JSON at byte 5");
    check(&["submit", "--each", "text"], "not JSON");
    check(&["submit", "object.json", "missing.json"], "missing.json");
    check(&["submit", "-", "-"], "standard input can be read once only");
}

#[test]
fn flags_that_cannot_be_used() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let check = |args: &[&str], words| check(&sandbox, args, b"", 2, words);
    check(&["submit"], "required");
    check(&["submit", "p", "--copies", "0", "--", "cat"], "0 is not in 1..=1000000");
    check(&["submit", "p", "--copies", "1000001", "--", "cat"], "1000001 is not in 1..=1000000");
    check(&["submit", "p", "--copies", "ten", "--", "cat"], "invalid digit");
    check(&["submit", "p", "--attempts", "0", "--", "cat"], "0 is not in 1..=100");
    check(&["submit", "p", "--timeout", "5", "--", "cat"], "a time with its unit");
    check(&["submit", "p", "--timeout", "0s", "--", "cat"], "between 1ms and 14d");
    check(&["submit", "p", "--timeout", "15d", "--", "cat"], "between 1ms and 14d");
    check(&["submit", "p", "--copy-timeout=-5s", "--", "cat"], "between 1ms and 14d");
    check(&["submit", "p", "--select", "a/b", "--", "cat"], "JSON pointer");
    check(&["submit", "p", "--job", "a b", "--", "cat"], "not a job id");
    check(&["submit", "p", "-j", "0", "--", "cat"], "0 is not in 1..=1024");
    check(&["list", "--verdict", "maybe"], "possible values: running, reproducible");
    check(&["frobnicate"], "unrecognized subcommand");
}

#[test]
fn commands_that_cannot_be_run() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    sandbox.write("not-executable", "#!/bin/sh\n");
    let check = |args: &[&str], words| check(&sandbox, args, b"", 2, words);
    check(&["submit", "p", "--", "no-such-program-anywhere"], "no program no-such-program-anywhere");
    check(&["submit", "p", "--", "./missing"], "missing");
    check(&["submit", "p", "--", "./not-executable"], "not executable");
    check(&["submit", "p", "--", "."], "folder");
    check(&["submit", "p", "--", ""], "error: ");
}

#[test]
fn jobs_that_are_not_there() {
    let sandbox = Sandbox::new();
    for verb in ["status", "wait", "copies", "retry", "cancel"] {
        sandbox.run(&[verb, "nobody"]).exits(2).says("there is no store at");
        assert!(!sandbox.store().exists(), "{verb} made a store");
    }
    sandbox.run(&["list"]).exits(0).says("there is no store at");
    sandbox.run(&["wait"]).exits(0).says("no job is unfinished");
    let matmul = repository_file("examples/matmul.json");
    for job in ["alpha-1", "alpha-2"] {
        sandbox.run(&["submit", &matmul, "--copies", "1", "--job", job]).exits(0);
    }
    for verb in ["status", "wait", "copies", "retry", "cancel"] {
        sandbox.run(&[verb, "nobody"]).exits(2).says("there is no job \"nobody\" here");
        sandbox.run(&[verb, "alpha"]).exits(2).says("2 jobs begin with \"alpha\": alpha-2, alpha-1");
    }
    for verb in ["status", "copies", "retry", "cancel"] {
        sandbox.run(&[verb, ""]).exits(2).says("the name of a job is empty");
    }
    sandbox.run(&["status", "alpha-2"]).exits(0).prints("reproducible  job alpha-2");
}

#[test]
fn a_name_that_is_taken_by_another_job() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    sandbox.write("q", "{ }");
    let submit = |args: &[&str]| sandbox.run(&[&["submit", "--job", "mine", "--copies", "2"], args].concat());
    submit(&["p", "--", "cat"]).exits(0);
    submit(&["p", "--", "cat"]).exits(0).says("was submitted before").prints("reproducible  job mine");
    submit(&["q", "--", "cat"]).exits(2).says("payload: sha256:");
    submit(&["p", "--attempts", "3", "--", "cat"]).exits(2).says("attempts: 2 before, 3 now");
    submit(&["p", "--", "cat", "-"]).exits(2).says("calculation: command [\"cat\"] before");
    submit(&["p", "q", "--", "cat"]).exits(2).says("with other payloads: 1 before, 2 now");
    assert_eq!(sandbox.jobs(), ["mine"]);
    let several =
        |args: &[&str]| sandbox.run(&[&["submit", "--job", "several", "--copies", "1"], args].concat());
    several(&["p", "q", "--", "cat"]).exits(0);
    several(&["p", "q", "--", "cat"]).exits(0).says("was submitted before");
    several(&["p", "--", "cat"]).exits(2).says("with other payloads: 2 before, 1 now");
    several(&["p", "q", "p", "--", "cat"]).exits(2).says("with other payloads: 2 before, 3 now");
    several(&["q", "p", "--", "cat"]).exits(2).says("payload: sha256:");
    assert_eq!(sandbox.jobs(), ["several.1", "several.0", "mine"]);
}

#[test]
fn a_change_of_several_jobs_is_made_to_all_or_none() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    sandbox.run(&["submit", "p", "--copies", "1", "--job", "done", "--allow-empty", "--", "true"]).exits(0);
    sandbox
        .run(&["submit", "p", "--copies", "1", "--job", "open", "--detach", "--allow-empty", "--", "true"])
        .exits(0);
    sandbox.run(&["cancel", "open", "done"]).exits(2).says("job done: a reproducible job has ended");
    assert_eq!(sandbox.status("open")["verdict"], "running");
    sandbox.run(&["cancel", "open"]).exits(0);
}

#[test]
fn flags_that_exclude_or_need_each_other() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let submit = |args: &[&str], words| {
        check(&sandbox, &[&["submit", "p"], args, &["--", "cat"]].concat(), b"", 2, words);
    };
    submit(&["--accept", "equivalent"], "<--equivalent <RULE>|--comparator <PROGRAM>>");
    submit(&["--comparator", "cmp", "--equivalent", "ulp=4"], "cannot be used with");
    submit(&["--detach", "--comparator", "cmp"], "'--detach' cannot be used with '--comparator <PROGRAM>'");
    submit(&["--detach", "--accept", "equivalent", "--equivalent", "ulp=4"], "'--accept <VERDICT>'");
    submit(&["--copies", "9", "--detect", "1%"], "cannot be used with");
    submit(&["--function", "f"], "cannot be used with");
    submit(&["--golden", "--expect", "file"], "cannot be used with");
    submit(&["--fail-fast", "--extend", "99"], "cannot be used with");
    sandbox.run(&["list", "--stack", "s", "--store", "t"]).exits(2).says("cannot be used with");
    sandbox.run(&["list", "--queue-url", "http://127.0.0.1:1/q"]).exits(2).says("--table");
}

/// A program that was built without AWS says so wherever AWS would be needed.
#[cfg(not(feature = "aws"))]
#[test]
fn a_program_without_aws_says_how_to_build_one() {
    let sandbox = Sandbox::new();
    sandbox.write("p", r#"{"probe":"libm"}"#);
    let check = |run: Run| {
        let run = run.exits(4).says("this producer was built without AWS");
        run.says("make install").says("cargo install --path producer --features aws");
    };
    check(sandbox.run(&["doctor"]));
    check(sandbox.run(&["doctor", "--stack", "s"]));
    check(sandbox.run(&["list", "--stack", "s"]));
    check(sandbox.run(&["submit", "p", "--stack", "s"]));
    check(sandbox.run(&["submit", "p", "--function", "f"]));
    check(sandbox.run(&["list", "--queue-url", "http://127.0.0.1:1/q", "--table", "t"]));
    let mut command = sandbox.command(&["submit", "p"]);
    command.env("CONCORD_STACK", "s");
    check(Run::of(command.output().unwrap()));
    assert!(!sandbox.store().exists(), "something was made");
    sandbox.run(&["submit", "p"]).exits(0).prints("reproducible");
}

#[cfg(feature = "aws")]
#[test]
fn stacks_that_cannot_be_meant() {
    let sandbox = Sandbox::new();
    sandbox.write("p", r#"{"probe":"libm"}"#);
    sandbox.run(&["doctor"]).exits(2).says("no stack is named");
    let without_credentials = ["list", "--stack", "s", "--region", "eu-west-1"];
    let mut command = sandbox.command(&without_credentials);
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    Run::of(command.output().unwrap()).exits(4).says("there are no usable AWS credentials").says("hint:");
    let with_credentials = |args: &[&str]| {
        let mut command = sandbox.command(args);
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        Run::of(command.output().unwrap())
    };
    with_credentials(&["list", "--stack", "s"]).exits(2).says("no AWS region is named");
    // The discard port: nobody listens there.
    let nowhere = ["--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:9"];
    let submit = [&["submit", "p", "--stack", "s"][..], &nowhere].concat();
    with_credentials(&submit).exits(4).says("cannot read the stack \"s\"").says("hint:");
    assert!(!sandbox.store().exists(), "a stack needs no store");
}
