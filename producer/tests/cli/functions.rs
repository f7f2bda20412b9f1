//! Functions: a server on this machine plays Lambda.

use std::process::{Child, Command};

use crate::harness::{Run, Sandbox};
use concord_testkit::{Answer, Call, FakeLambda};

/// A folder of its own, and what plays Lambda for it.
struct Fixture {
    sandbox: Sandbox,
    lambda: FakeLambda,
}

impl Fixture {
    fn new(plan: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        let sandbox = Sandbox::new();
        sandbox.write("p", "{\"n\": 1.0}");
        Self { sandbox, lambda: FakeLambda::start(plan) }
    }

    /// The program with the usual variables of AWS.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.sandbox.command(args);
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        command.env("AWS_REGION", "eu-west-1").env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_ENDPOINT_URL", self.lambda.url());
        command
    }

    fn run(&self, args: &[&str]) -> Run {
        Run::of(self.command(args).output().unwrap())
    }

    fn submit(&self, args: &[&str]) -> Run {
        self.run(&[&["submit", "p", "--function", "clmath", "--job", "f"], args].concat())
    }

    fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }

    #[track_caller]
    fn made_nothing(&self) {
        assert_eq!((self.sandbox.jobs().len(), self.lambda.calls()), (0, 0), "something was made or called");
    }
}

#[test]
fn all_copies_are_in_flight_at_once() {
    // Not one is answered before all have come in.
    let fixture = Fixture::new(|call| Answer::reply(&*call.body).once_in_flight(180));
    let run = fixture.submit(&["--copies", "180"]).exits(0);
    run.prints("180 of 180 copies gave a digest, 1 distinct")
        .prints("function clmath in eu-west-1")
        .prints("the machines that ran it are not seen")
        .says("warning: the machines that ran the function are not seen");
    assert_eq!((fixture.lambda.calls(), fixture.lambda.dry_runs()), (180, 1));
    let report = fixture.sandbox.status("f");
    // SHA-256 of the payload: it came back byte for byte.
    assert_eq!(report["digests"][0]["digest"], report["payload_digest"]);
    let expected = serde_json::json!(
        {"kind": "function", "name": "clmath", "qualifier": null, "region": "eu-west-1"}
    );
    assert_eq!(report["calculation"], expected);
    fixture.run(&["list"]).exits(0).prints("function clmath in eu-west-1");
}

#[test]
fn a_bound_on_copies_in_flight_is_exact() {
    let fixture = Fixture::new(|_| Answer::reply("1").once_in_flight(7));
    fixture.submit(&["--copies", "40", "-j", "7"]).exits(0);
    assert_eq!((fixture.lambda.calls(), fixture.lambda.in_flight_most()), (40, 7));
}

#[test]
fn replies_that_differ_are_a_divergence() {
    let fixture = Fixture::new(|call| Answer::reply(if call.index == 3 { "\u{0}b" } else { "a" }));
    let run = fixture.submit(&["--copies", "20"]).exits(1).prints("2 distinct");
    run.prints("difference: A and B: 1 of 1 bytes differ, the first at byte 0");
}

#[test]
fn replies_are_any_bytes() {
    let fixture = Fixture::new(|_| Answer::reply([0xff, 0x00, b'"']));
    fixture.submit(&["--copies", "2"]).exits(0).prints("3 bytes");
    let copy = fixture.sandbox.json(&["copies", "f"]).remove(0);
    // SHA-256 of the three bytes ff 00 22.
    let digest = "sha256:d655543cc988bc61d264e93ded6af0ee86b9a0e77f2a31f3fd3005e6e1f161c2";
    assert_eq!(copy["digest"], digest);
}

#[test]
fn functions_that_fail_use_their_attempts_and_say_why() {
    let fixture = Fixture::new(|call| {
        let error = format!(r#"{{"errorType":"ValueError","errorMessage":"{}"}}"#, call.index);
        Answer::reply(error)
            .with("X-Amz-Function-Error", "Unhandled")
            .with("X-Amz-Log-Result", "U1RBUlQKVmFsdWVFcnJvcjogbm8gY29udmVyZ2VuY2UK")
    });
    let run = fixture.submit(&["--copies", "3", "--attempts", "2"]).exits(3);
    run.prints("3 x failed: function error: Unhandled ValueError");
    assert_eq!(fixture.lambda.calls(), 6);
    let copy = fixture.sandbox.json(&["copies", "f"]).remove(0);
    assert_eq!(copy["stderr_tail"], "START\nValueError: no convergence\n");
    assert_eq!(copy["attempt"], 2);
    let copies = fixture.sandbox.run(&["copies", "f"]).exits(0);
    copies.prints("function error: Unhandled ValueError: ValueError: no convergence");
}

#[test]
fn throttling_is_no_failure() {
    let fixture = Fixture::new(|call| match call.index {
        0 | 1 => Answer::error(429, "TooManyRequestsException"),
        _ => Answer::reply("1"),
    });
    fixture.submit(&["--copies", "1", "--attempts", "1"]).exits(0);
    assert_eq!(fixture.lambda.calls(), 3);
    assert_eq!(fixture.sandbox.json(&["copies", "f"])[0]["attempt"], 1);
}

#[test]
fn a_call_that_takes_too_long_is_given_up_and_may_be_retried() {
    let fixture = Fixture::new(|_| Answer::reply("1").once_released());
    let run = fixture.submit(&["--copies", "2", "--attempts", "1", "--copy-timeout", "200ms"]).exits(3);
    run.prints("2 x failed: function was given up after its timeout of 200ms");
    fixture.lambda.release();
    fixture.run(&["retry", "f"]).exits(0).prints("2 of 2 copies gave a digest");
    assert_eq!((fixture.lambda.calls(), fixture.lambda.dry_runs()), (4, 2));
}

#[test]
fn without_credentials_nothing_is_made() {
    let fixture = Fixture::new(|_| Answer::reply("1"));
    let without = |args: &[&str]| {
        let mut command = fixture.command(args);
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        Run::of(command.output().unwrap()).exits(4).says("credentials").says("hint: name a profile")
    };
    without(&["submit", "p", "--function", "clmath"]);
    without(&["submit", "p", "--function", "clmath", "--profile", "nobody"]);
    fixture.made_nothing();
    let mut command = fixture.command(&["submit", "p", "--function", "clmath"]);
    let run = Run::of(command.env_remove("AWS_REGION").output().unwrap());
    run.exits(2).says("no AWS region is named").says("--region");
    fixture.made_nothing();
}

#[test]
fn functions_that_cannot_be_called_make_nothing() {
    let check = |status, code: &'static str, exit, words| {
        let fixture = Fixture::new(move |_| Answer::error(status, code));
        let run =
            fixture.submit(&[]).exits(exit).says("cannot call function clmath in eu-west-1").says(words);
        assert!(run.stderr.contains(" hint: ") && run.stdout.is_empty(), "{run:#?}");
        fixture.made_nothing();
    };
    check(404, "ResourceNotFoundException", 2, "there is no such function: ResourceNotFoundException it is");
    check(400, "InvalidParameterValueException", 2, "InvalidParameterValueException");
    check(403, "AccessDeniedException", 4, "lambda:InvokeFunction");
    check(403, "ExpiredTokenException", 4, "aws sso login");
    let fixture = Fixture::new(|_| Answer::reply("1"));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nowhere = format!("http://{free}");
    let run = fixture.submit(&["--endpoint-url", &nowhere]).exits(4);
    run.says("cannot reach Lambda").says("Connection refused").says("--endpoint-url");
    fixture.made_nothing();
}

#[test]
fn usage_is_checked_before_anything_is_asked() {
    let fixture = Fixture::new(|_| Answer::reply("1"));
    let check = |args: &[&str], words| {
        fixture.run(&[&["submit", "p"], args].concat()).exits(2).says(words);
    };
    check(&["--function", "clmath", "--", "cat"], "cannot be used with");
    check(&["--qualifier", "3"], "--function");
    check(&["--qualifier", "3", "--", "cat"], "cannot be used with");
    check(&["--function", "cl math"], "not the name of a function");
    check(
        &["--function", "clmath:3", "--qualifier", "4"],
        "names the qualifier 3, and --qualifier another: 4",
    );
    check(&["--function", "arn:aws:sqs:eu-west-1:1:q"], "not the ARN of a function");
    fixture.sandbox.write("large", vec![b'1'; 6 * 1024 * 1024 + 1]);
    fixture.run(&["submit", "large", "--function", "clmath"]).exits(2).says("more than the 6291456 bytes");
    assert_eq!(fixture.lambda.dry_runs(), 0);
    fixture.made_nothing();
}

#[test]
fn the_region_of_an_arn_and_the_qualifier_go_with_the_job() {
    let fixture =
        Fixture::new(|call| Answer::reply(format!("{} {}", call.query, call.headers["authorization"])));
    let arn = "arn:aws:lambda:us-east-2:123456789012:function:clmath";
    let named = format!("{arn}:live");
    let submit = |function: &[&str]| {
        fixture.run(&[&["submit", "p", "--copies", "1", "--job", "f", "--function"], function].concat())
    };
    submit(&[&named]).exits(0).prints(&format!("function {named} in us-east-2"));
    submit(&[&named]).exits(0).says("was submitted before");
    submit(&[arn, "--qualifier", "live"]).exits(0).says("was submitted before");
    let run = submit(&[arn, "--qualifier", "3"]).exits(2);
    run.says(&format!(
        "calculation: function {named} in us-east-2 before, function {arn}:3 in us-east-2 now"
    ));
    assert_eq!(fixture.lambda.calls(), 1);
}

#[test]
fn an_interrupt_ends_the_wait_and_the_job_goes_on() {
    let fixture = Fixture::new(|_| Answer::reply("1").once_released());
    let child =
        fixture.start(&["submit", "p", "--function", "clmath", "--job", "i", "--region", "eu-west-1"]);
    fixture.lambda.wait_for_calls(20);
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &id]).status().unwrap().success());
    let run = Run::of(child.wait_with_output().unwrap()).exits(130);
    run.says("producer wait i --region eu-west-1 goes on");
    assert_eq!(fixture.sandbox.status("i")["verdict"], "running");
    // Whoever waits for something else leaves the function alone, and is not held up by it.
    fixture.sandbox.write("echo", r#"{"probe":"echo"}"#);
    let other = fixture.sandbox.run(&["submit", "echo"]).exits(0);
    assert!(!other.stderr.contains("worked on too"), "{other:#?}");
    assert_eq!(fixture.lambda.calls(), 20);
    fixture.lambda.release();
    fixture.run(&["wait"]).exits(0).prints("20 of 20 copies gave a digest, 1 distinct");
    let copies = fixture.sandbox.json(&["copies", "i"]);
    assert!(copies.iter().all(|copy| copy["attempt"] == 1), "an interruption is no attempt: {copies:?}");
}

#[test]
fn a_killed_run_goes_on() {
    let fixture = Fixture::new(|_| Answer::reply("1").once_released());
    let mut child = fixture.start(&["submit", "p", "--function", "clmath", "--job", "k"]);
    fixture.lambda.wait_for_calls(20);
    child.kill().unwrap();
    child.wait().unwrap();
    fixture.lambda.release();
    fixture.run(&["wait", "k"]).exits(0).prints("20 of 20 copies gave a digest, 1 distinct");
    assert_eq!(fixture.lambda.calls(), 40);
}

#[test]
fn a_cancel_ends_the_wait_of_another_process() {
    let fixture = Fixture::new(|_| Answer::reply("1").once_released());
    let child = fixture.start(&["submit", "p", "--function", "clmath", "--job", "c"]);
    fixture.lambda.wait_for_calls(20);
    fixture.sandbox.run(&["cancel", "c"]).exits(0).prints("cancelled  job c");
    Run::of(child.wait_with_output().unwrap()).exits(3).prints("cancelled  job c");
}

#[test]
fn a_detached_job_is_called_by_whoever_waits() {
    let fixture = Fixture::new(|_| Answer::reply("1"));
    fixture.submit(&["--detach", "--copies", "5"]).exits(0).prints("5 to go");
    assert_eq!((fixture.lambda.calls(), fixture.lambda.dry_runs()), (0, 1));
    let mut without = fixture.command(&["wait", "f"]);
    Run::of(without.env_remove("AWS_ACCESS_KEY_ID").output().unwrap()).exits(4).says("credentials");
    fixture.run(&["wait", "f"]).exits(0).prints("5 of 5 copies gave a digest");
}
