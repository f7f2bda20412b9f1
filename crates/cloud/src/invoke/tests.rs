use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_lambda::config::{Credentials, SharedCredentialsProvider};
use concord_protocol::ports::InvokeFunction;
use concord_protocol::{FunctionReply, FunctionTarget, Invocation, InvokeError};
use concord_testkit::{Answer, Call, FakeLambda};
use futures::FutureExt;
use futures::executor::block_on;
use tokio::runtime::Runtime;

use super::functions::REQUEST_BYTES_MAX;
use super::reply::REPLY_BYTES_MAX;
use super::{CheckError, Functions};

const MINUTE: Duration = Duration::from_mins(1);

/// A fake Lambda server, and the runtime that calls it. The tests wait on a thread outside this runtime.
struct Fixture {
    runtime: Runtime,
    lambda: FakeLambda,
}

impl Fixture {
    fn new(plan: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        Self { runtime, lambda: FakeLambda::start(plan) }
    }

    fn functions(&self) -> Functions {
        functions(&self.runtime, &self.lambda.url())
    }

    fn call(&self, payload: &[u8], timeout: Duration) -> Result<FunctionReply, InvokeError> {
        block_on(self.functions().invoke_function(invocation(payload, timeout)))
    }

    #[track_caller]
    fn fails(&self, expect: &str, calls: usize) {
        assert_eq!(reason(self.call(b"{}", MINUTE)), expect);
        assert_eq!(self.lambda.calls(), calls);
    }
}

fn functions(runtime: &Runtime, url: &str) -> Functions {
    let credentials = Credentials::new("test", "test", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(url);
    Functions::new(runtime.handle().clone(), &config.build())
}

fn target() -> FunctionTarget<'static> {
    FunctionTarget { name: "clmath", qualifier: Some("3"), region: "eu-west-1" }
}

fn invocation(payload: &[u8], timeout: Duration) -> Invocation<'static> {
    Invocation { target: target(), payload: payload.into(), timeout }
}

fn reason(called: Result<FunctionReply, InvokeError>) -> String {
    called.unwrap_err().to_string()
}

#[test]
fn the_bytes_of_payload_and_reply_are_not_changed() {
    let payload = b"[ 1.0,\xff\x00 ]";
    let fixture = Fixture::new(|call| {
        assert_eq!((call.function.as_str(), call.query.as_str()), ("clmath", "Qualifier=3"));
        assert_eq!(call.headers["x-amz-invocation-type"], "RequestResponse");
        assert_eq!(call.headers["x-amz-log-type"], "Tail");
        assert!(call.headers["authorization"].contains("/eu-west-1/lambda/"), "{:?}", call.headers);
        Answer::reply(&*call.body).with("X-Amz-Log-Result", "bG9nZ2VkCg==")
    });
    let output = fixture.call(payload, MINUTE).unwrap();
    assert_eq!((&output.bytes[..], &output.log_tail[..]), (&payload[..], &b"logged\n"[..]));
}

#[test]
fn a_call_waits_for_a_slow_reply() {
    let fixture = Fixture::new(|_| Answer::reply("late").after(Duration::from_millis(400)));
    assert_eq!(fixture.call(b"{}", MINUTE).unwrap().bytes, b"late");
    assert_eq!(fixture.lambda.calls(), 1);
}

#[test]
fn one_thread_can_have_many_calls_in_flight() {
    let fixture = Fixture::new(|_| Answer::reply("1").once_in_flight(20));
    let functions = fixture.functions();
    let calls = (0..20).map(|_| functions.invoke_function(invocation(b"{}", MINUTE)));
    let outputs = block_on(futures::future::join_all(calls));
    assert!(outputs.iter().all(Result::is_ok), "{outputs:?}");
    assert_eq!(fixture.lambda.in_flight_most(), 20);
}

#[test]
fn the_failure_of_a_function_has_its_log() {
    let fixture = Fixture::new(|_| {
        Answer::reply(r#"{"errorType":"ValueError","errorMessage":"at 0x7f12"}"#)
            .with("X-Amz-Function-Error", "Unhandled")
            .with("X-Amz-Log-Result", "VHJhY2ViYWNrCg==")
    });
    let error = fixture.call(b"{}", MINUTE).unwrap_err();
    assert_eq!(error.to_string(), "function error: Unhandled ValueError");
    assert_eq!(error.into_log_tail(), b"Traceback\n");
    assert_eq!(fixture.lambda.calls(), 1, "a failed function is called again");
}

#[test]
fn a_throttled_call_is_sent_again() {
    let throttles =
        [(429, "TooManyRequestsException"), (502, "EC2ThrottledException"), (503, "ServiceException")];
    let fixture = Fixture::new(move |call| match throttles.get(call.index) {
        Some((status, code)) => Answer::error(*status, code),
        None => Answer::reply("1"),
    });
    assert_eq!(fixture.call(b"{}", MINUTE).unwrap().bytes, b"1");
    assert_eq!(fixture.lambda.calls(), 4);
}

#[test]
fn throttling_until_the_timeout_is_a_failure() {
    let fixture = Fixture::new(|_| Answer::error(429, "TooManyRequestsException"));
    assert_eq!(reason(fixture.call(b"{}", Duration::from_millis(300))), "function throttled");
    assert!(fixture.lambda.calls() > 1);
}

#[test]
fn a_call_that_may_have_run_is_not_sent_again() {
    Fixture::new(|_| Answer::closed()).fails("the connection to Lambda broke off before the reply", 1);
    Fixture::new(|_| Answer::error(500, "ServiceException")).fails("Lambda refused: ServiceException", 1);
    Fixture::new(|_| Answer::status(504)).fails("Lambda answered with status 504", 1);
    Fixture::new(|_| Answer::status(202)).fails("Lambda answered with status 202", 1);
}

#[test]
fn a_refused_call_fails_at_once() {
    let check = |status, code: &'static str| {
        Fixture::new(move |_| Answer::error(status, code)).fails(&format!("Lambda refused: {code}"), 1);
    };
    check(404, "ResourceNotFoundException");
    check(403, "AccessDeniedException");
    check(400, "InvalidParameterValueException");
    check(413, "RequestTooLargeException");
}

#[test]
fn the_sizes_of_payloads_and_replies_are_bounded() {
    let fixture = Fixture::new(|_| Answer::reply(vec![b'a'; REPLY_BYTES_MAX + 1]));
    fixture.fails("reply over 6291556 bytes", 1);
    let too_large = fixture.call(&vec![b'a'; REQUEST_BYTES_MAX + 1], MINUTE);
    assert_eq!(reason(too_large), "payload over the 6291456 bytes that a function takes");
    assert_eq!(fixture.lambda.calls(), 1, "the large payload was sent");
}

#[test]
fn a_call_ends_at_its_timeout() {
    let fixture = Fixture::new(|_| Answer::reply("1").once_released());
    let called = fixture.call(b"{}", Duration::from_millis(100));
    assert_eq!(reason(called), "function was given up after its timeout of 100ms");
    // On a busy machine the timeout may pass before the call arrives.
    assert!(fixture.lambda.calls() <= 1, "the call was sent again");
}

#[test]
fn an_unreachable_endpoint_is_tried_a_few_times() {
    let fixture = Fixture::new(|_| Answer::reply("1"));
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let functions = functions(&fixture.runtime, &format!("http://{free}"));
    let called = block_on(functions.invoke_function(invocation(b"{}", MINUTE)));
    assert_eq!(reason(called), "no connection to Lambda");
    let checked = block_on(functions.check(&target()));
    assert!(matches!(checked, Err(CheckError::Unreachable(_))), "{checked:?}");
}

#[test]
fn checking_a_function_does_not_call_it() {
    let check = |answer: fn(&Call) -> Answer| {
        let fixture = Fixture::new(answer);
        let checked = block_on(fixture.functions().check(&target()));
        assert_eq!((fixture.lambda.calls(), fixture.lambda.dry_runs() > 0), (0, true));
        checked
    };
    assert!(check(|_| Answer::status(204)).is_ok());
    assert!(check(|_| Answer::reply("an emulator")).is_ok());
    assert!(check(|_| Answer::error(429, "TooManyRequestsException")).is_ok(), "a busy function exists");
    let unknown = check(|_| Answer::error(404, "ResourceNotFoundException"));
    assert!(matches!(unknown, Err(CheckError::Unknown { .. })), "{unknown:?}");
    let invalid = check(|_| Answer::error(400, "InvalidParameterValueException"));
    assert!(matches!(invalid, Err(CheckError::Invalid { .. })), "{invalid:?}");
    let denied = check(|_| Answer::error(403, "AccessDeniedException"));
    assert!(matches!(denied, Err(CheckError::Denied { .. })), "{denied:?}");
    let other = check(|_| Answer::status(503));
    assert!(matches!(other, Err(CheckError::Unreachable(_))), "{other:?}");
}

#[test]
fn a_dropped_call_is_not_sent_again() {
    let fixture = Fixture::new(|_| Answer::reply("1").once_released());
    let functions = fixture.functions();
    let mut call = Box::pin(functions.invoke_function(invocation(b"{}", MINUTE)));
    assert!(call.as_mut().now_or_never().is_none());
    fixture.lambda.wait_for_calls(1);
    drop(call);
    fixture.lambda.release();
    assert_eq!(fixture.call(b"{}", MINUTE).unwrap().bytes, b"1");
    assert_eq!(fixture.lambda.calls(), 2, "the dropped call was sent again");
}
