//! The part of Lambda's HTTP interface that a call needs, on a port of this machine. Answers are given by a closure;
//! replies can be held until so many calls are in flight, or until the test lets them go. Nothing sleeps.
//!
//! Also compiled into the tests of the command line.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Connections at once, at most.
const CONNECTIONS_MAX: usize = 2_048;

/// How long anything is held, at most.
const HOLD_MAX: Duration = Duration::from_secs(30);

/// A request for `/2015-03-31/functions/{name}/invocations`.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The name as it stands in the path, percent-encoded.
    pub(crate) function: String,
    pub(crate) query: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
    /// Which call it is, from 0; questions whether a call would be accepted are not counted.
    pub(crate) place: usize,
}

/// What is answered, and when.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    hold: Hold,
    /// None: the connection is closed instead.
    status: Option<u16>,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Hold {
    No,
    /// Until so many calls were in flight at some moment.
    UntilInFlight(usize),
    UntilLetGo,
    For(Duration),
}

impl Answer {
    pub(crate) fn reply(body: impl Into<Vec<u8>>) -> Self {
        Self { hold: Hold::No, status: Some(200), headers: Vec::new(), body: body.into() }
    }

    /// An error of Lambda itself.
    pub(crate) fn error(status: u16, code: &str) -> Self {
        let body = format!(r#"{{"Type":"User","Message":"{code} it is"}}"#);
        Self { status: Some(status), ..Self::reply(body) }.with("x-amzn-errortype", code)
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status: Some(status), ..Self::reply("") }
    }

    /// The connection ends without an answer.
    pub(crate) fn closed() -> Self {
        Self { status: None, ..Self::reply("") }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn once_in_flight(self, count: usize) -> Self {
        Self { hold: Hold::UntilInFlight(count), ..self }
    }

    pub(crate) fn once_let_go(self) -> Self {
        Self { hold: Hold::UntilLetGo, ..self }
    }

    pub(crate) fn after(self, time: Duration) -> Self {
        Self { hold: Hold::For(time), ..self }
    }
}

/// A server that lives as long as this does.
pub(crate) struct FakeLambda {
    port: u16,
    shared: Arc<Shared>,
}

type Plan = dyn Fn(&Call) -> Answer + Send + Sync;

struct Shared {
    plan: Box<Plan>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    connections: usize,
    calls: usize,
    dry_runs: usize,
    in_flight: usize,
    in_flight_most: usize,
    let_go: bool,
    closed: bool,
}

impl FakeLambda {
    /// A server which answers each call as `plan` says, and each dry run with what it says for that call.
    pub(crate) fn start(plan: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared =
            Arc::new(Shared { plan: Box::new(plan), state: Mutex::default(), changed: Condvar::new() });
        let serves = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut state = serves.state.lock().unwrap();
                if state.closed {
                    break;
                }
                assert!(state.connections < CONNECTIONS_MAX);
                state.connections += 1;
                drop(state);
                let serves = Arc::clone(&serves);
                std::thread::spawn(move || {
                    serves.serve(stream);
                    serves.state.lock().unwrap().connections -= 1;
                });
            }
        });
        Self { port, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Calls that came in.
    pub(crate) fn calls(&self) -> usize {
        self.shared.state.lock().unwrap().calls
    }

    /// Questions that came in.
    pub(crate) fn dry_runs(&self) -> usize {
        self.shared.state.lock().unwrap().dry_runs
    }

    /// The most calls that were in flight at some moment.
    pub(crate) fn in_flight_most(&self) -> usize {
        self.shared.state.lock().unwrap().in_flight_most
    }

    /// Waits until so many calls came in.
    pub(crate) fn wait_for_calls(&self, count: usize) {
        let state = self.shared.state.lock().unwrap();
        let (state, waited) =
            self.shared.changed.wait_timeout_while(state, HOLD_MAX, |state| state.calls < count).unwrap();
        assert!(!waited.timed_out(), "{} calls of {count} came in", state.calls);
    }

    /// Lets go what is held.
    pub(crate) fn let_go(&self) {
        self.shared.state.lock().unwrap().let_go = true;
        self.shared.changed.notify_all();
    }
}

impl Drop for FakeLambda {
    fn drop(&mut self) {
        if let Ok(mut state) = self.shared.state.lock() {
            (state.closed, state.let_go) = (true, true);
        }
        self.shared.changed.notify_all();
        // Has the listener look up.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    /// Answers one request after the other, as long as the connection stays.
    fn serve(&self, stream: TcpStream) {
        let mut writer = stream.try_clone().unwrap();
        let mut reader = BufReader::new(stream);
        while let Some(mut call) = read(&mut reader) {
            let dry_run = call.headers.get("x-amz-invocation-type").is_some_and(|kind| kind == "DryRun");
            call.place = self.enter(dry_run);
            let answer = (self.plan)(&call);
            if !dry_run {
                self.hold(answer.hold);
                // Before the answer: whoever has it may call again at once.
                self.state.lock().unwrap().in_flight -= 1;
            }
            let Some(status) = answer.status else { return };
            let status = if dry_run && status == 200 { 204 } else { status };
            if write(&mut writer, status, &answer, status != 204).is_err() {
                return;
            }
        }
    }

    fn enter(&self, dry_run: bool) -> usize {
        let mut state = self.state.lock().unwrap();
        if dry_run {
            state.dry_runs += 1;
            return 0;
        }
        state.calls += 1;
        state.in_flight += 1;
        state.in_flight_most = state.in_flight_most.max(state.in_flight);
        self.changed.notify_all();
        state.calls - 1
    }

    fn hold(&self, hold: Hold) {
        let state = self.state.lock().unwrap();
        let (time, count) = match hold {
            Hold::No => return,
            Hold::For(time) => (time, usize::MAX),
            Hold::UntilInFlight(count) => (HOLD_MAX, count),
            Hold::UntilLetGo => (HOLD_MAX, usize::MAX),
        };
        let goes_on = |state: &mut State| !state.let_go && state.in_flight_most < count;
        drop(self.changed.wait_timeout_while(state, time, goes_on).unwrap());
    }
}

fn read(reader: &mut impl BufRead) -> Option<Call> {
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0).map(|_| line.trim_end().to_owned())
    };
    let request = line()?;
    let target = request.split(' ').nth(1)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let function = path.strip_prefix("/2015-03-31/functions/")?.strip_suffix("/invocations")?;
    let mut headers = HashMap::new();
    loop {
        let header = line()?;
        let Some((name, value)) = header.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some(Call { function: function.to_owned(), query: query.to_owned(), headers, body, place: 0 })
}

fn write(writer: &mut TcpStream, status: u16, answer: &Answer, with_body: bool) -> std::io::Result<()> {
    let body = if with_body { &answer.body[..] } else { &[] };
    let mut head = format!("HTTP/1.1 {status} Whatever\r\n");
    if with_body {
        head.push_str("content-length: ");
        head.push_str(&body.len().to_string());
        head.push_str("\r\n");
    }
    for (name, value) in &answer.headers {
        head.push_str(&[name, ": ", value, "\r\n"].concat());
    }
    writer.write_all(&[head.as_bytes(), b"\r\n", body].concat())
}
