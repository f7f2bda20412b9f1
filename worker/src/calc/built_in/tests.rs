//! Functions as calculations: what is passed on, and how a wait for one ends.

use std::sync::atomic::{AtomicUsize, Ordering};

use concord_protocol::JobSpec;
use concord_testkit::{PAYLOAD, spec};
use futures::channel::oneshot::{self, Receiver};
use futures::executor::block_on;
use futures::future::Shared;
use futures::{FutureExt, join};

use super::*;

/// Functions whose replies are held until the sender of `let_go` is dropped.
struct HeldFunctions {
    let_go: Shared<Receiver<()>>,
    calls: Arc<AtomicUsize>,
    reply: Result<FunctionReply, InvokeError>,
}

impl InvokeFunction for HeldFunctions {
    async fn invoke_function(&self, invocation: Invocation<'_>) -> Result<FunctionReply, InvokeError> {
        assert_eq!(
            invocation.target,
            FunctionTarget { name: "clmath", qualifier: Some("3"), region: "eu-west-1" }
        );
        assert_eq!((&*invocation.payload, invocation.timeout), (PAYLOAD, Duration::from_mins(1)));
        self.calls.fetch_add(1, Ordering::Relaxed);
        let _ = self.let_go.clone().await;
        self.reply.clone()
    }
}

fn task() -> Task {
    let spec = JobSpec {
        calculation: Calculation::Function {
            name: "clmath".to_owned(),
            qualifier: Some("3".to_owned()),
            region: "eu-west-1".to_owned(),
        },
        ..spec("job", 1)
    };
    let payload = Arc::new(Payload::new(PAYLOAD.into()));
    Task::new(Arc::new(spec), 0, payload, Duration::from_mins(1))
}

/// Calculates the task with functions that give `reply` at once.
fn calculated(reply: Result<FunctionReply, InvokeError>) -> Result<Output, CalculationError> {
    let let_go = oneshot::channel().1.shared();
    let functions = HeldFunctions { let_go, calls: Arc::default(), reply };
    let built_in = BuiltIn::new(Arc::default(), None, std::env::temp_dir()).with_functions(Some(functions));
    block_on(built_in.calculate(task()))
}

#[test]
fn a_reply_is_an_output_and_an_error_a_failure() {
    let facts: Facts = [("function.version", "3")].into_iter().collect();
    let reply = FunctionReply { bytes: b"1".to_vec(), log_tail: b"log".to_vec(), facts: facts.clone() };
    let output = Output { bytes: b"1".to_vec(), stderr_tail: b"log".to_vec(), facts, ..Output::default() };
    assert_eq!(calculated(Ok(reply)), Ok(output));
    let error = InvokeError::Failed { error: "Unhandled ValueError".to_owned(), log_tail: b"log".to_vec() };
    assert_eq!(
        calculated(Err(error)),
        Err(CalculationError::failed("function error: Unhandled ValueError", b"log"))
    );
    assert_eq!(
        calculated(Err(InvokeError::Throttled)),
        Err(CalculationError::failed("function throttled", b""))
    );
    let without = BuiltIn::new(Arc::default(), None, std::env::temp_dir());
    let expect = Err(CalculationError::failed("this worker calls no functions", b""));
    assert_eq!(block_on(without.calculate(task())), expect);
}

#[test]
fn a_stop_ends_the_wait_for_a_function_and_refuses_later_calls() {
    let runs = Arc::<Runs>::default();
    let (sender, receiver) = oneshot::channel();
    let reply = Ok(FunctionReply { bytes: b"1".to_vec(), ..FunctionReply::default() });
    let calls = Arc::<AtomicUsize>::default();
    let functions = HeldFunctions { let_go: receiver.shared(), calls: Arc::clone(&calls), reply };
    let built_in =
        BuiltIn::new(Arc::clone(&runs), None, std::env::temp_dir()).with_functions(Some(functions));
    let task = task();
    let calculated = block_on(async {
        let mut calculation = Box::pin(built_in.calculate(task.clone()));
        assert!(calculation.as_mut().now_or_never().is_none());
        join!(calculation, async { runs.stop(&task.spec.job) }).0
    });
    assert_eq!(calculated, Err(CalculationError::Stopped));
    assert_eq!(block_on(built_in.calculate(task.clone())), Err(CalculationError::Stopped));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    runs.forget(&task.spec.job);
    drop(sender);
    assert_eq!(block_on(built_in.calculate(task.clone())).unwrap().bytes, b"1");
    runs.stop_all();
    assert_eq!(block_on(built_in.calculate(task)), Err(CalculationError::Stopped));
}
