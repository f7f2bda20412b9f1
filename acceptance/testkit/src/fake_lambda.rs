//! The part of Lambda's HTTP interface that a call needs, on a port of this machine. A closure gives the answers. A
//! reply can be held until a number of calls are in flight, or until the test releases it. No thread sleeps.

#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as expected")]
#![expect(clippy::missing_panics_doc, reason = "a panic of the server ends the test that started it")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// The largest number of connections at once.
const CONNECTIONS_MAX: usize = 2_048;

/// The longest time for which a reply is held.
const HOLD_MAX: Duration = Duration::from_secs(30);

/// A request for `/2015-03-31/functions/{name}/invocations`.
#[derive(Clone, Debug)]
pub struct Call {
    /// The name of the function in the path, percent-encoded.
    pub function: String,
    /// The part of the target after `?`.
    pub query: String,
    /// The headers, with lower-case names.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
    /// The number of earlier calls. Dry runs are not counted.
    pub index: usize,
}

/// A reply, and the moment at which it is sent.
#[derive(Clone, Debug)]
pub struct Answer {
    hold: Hold,
    /// `None` closes the connection instead.
    status: Option<u16>,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Hold {
    No,
    /// Until this number of calls were in flight at once.
    UntilInFlight(usize),
    UntilReleased,
    For(Duration),
}

impl Answer {
    /// An answer with status 200 and this body.
    #[must_use]
    pub fn reply(body: impl Into<Vec<u8>>) -> Self {
        Self { hold: Hold::No, status: Some(200), headers: Vec::new(), body: body.into() }
    }

    /// An answer with an error of Lambda itself.
    #[must_use]
    pub fn error(status: u16, code: &str) -> Self {
        let body = format!(r#"{{"Type":"User","Message":"{code} it is"}}"#);
        Self { status: Some(status), ..Self::reply(body) }.with("x-amzn-errortype", code)
    }

    /// An answer with this status and an empty body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status: Some(status), ..Self::reply("") }
    }

    /// An answer that closes the connection without a reply.
    #[must_use]
    pub fn closed() -> Self {
        Self { status: None, ..Self::reply("") }
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The same answer, sent once `count` calls were in flight at once.
    #[must_use]
    pub fn once_in_flight(self, count: usize) -> Self {
        Self { hold: Hold::UntilInFlight(count), ..self }
    }

    /// The same answer, sent once the test calls [`FakeLambda::release`].
    #[must_use]
    pub fn once_released(self) -> Self {
        Self { hold: Hold::UntilReleased, ..self }
    }

    /// The same answer, sent after `time`.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        Self { hold: Hold::For(time), ..self }
    }
}

/// A server that stops when it is dropped.
pub struct FakeLambda {
    port: u16,
    server: Arc<Server>,
}

type Plan = dyn Fn(&Call) -> Answer + Send + Sync;

struct Server {
    plan: Box<Plan>,
    state: Mutex<ServerState>,
    changed: Condvar,
}

#[derive(Default)]
struct ServerState {
    connections: usize,
    calls: usize,
    dry_runs: usize,
    in_flight: usize,
    in_flight_most: usize,
    released: bool,
    closed: bool,
}

impl FakeLambda {
    /// Starts a server that answers each call with the result of `plan`. A dry run is answered in the same way, but
    /// with status 204.
    pub fn start(plan: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server =
            Arc::new(Server { plan: Box::new(plan), state: Mutex::default(), changed: Condvar::new() });
        let listening = Arc::clone(&server);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut state = listening.state.lock().unwrap();
                if state.closed {
                    break;
                }
                assert!(state.connections < CONNECTIONS_MAX);
                state.connections += 1;
                drop(state);
                let connection = Arc::clone(&listening);
                std::thread::spawn(move || {
                    connection.serve(stream);
                    connection.state.lock().unwrap().connections -= 1;
                });
            }
        });
        Self { port, server }
    }

    /// The address of the server.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The number of calls that came in.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.server.state.lock().unwrap().calls
    }

    /// The number of dry runs that came in.
    #[must_use]
    pub fn dry_runs(&self) -> usize {
        self.server.state.lock().unwrap().dry_runs
    }

    /// The largest number of calls that were in flight at once.
    #[must_use]
    pub fn in_flight_most(&self) -> usize {
        self.server.state.lock().unwrap().in_flight_most
    }

    /// Waits until `count` calls came in.
    pub fn wait_for_calls(&self, count: usize) {
        let state = self.server.state.lock().unwrap();
        let (state, waited) =
            self.server.changed.wait_timeout_while(state, HOLD_MAX, |state| state.calls < count).unwrap();
        assert!(!waited.timed_out(), "{} calls of {count} came in", state.calls);
    }

    /// Sends the replies that are held.
    pub fn release(&self) {
        self.server.state.lock().unwrap().released = true;
        self.server.changed.notify_all();
    }
}

impl Drop for FakeLambda {
    fn drop(&mut self) {
        if let Ok(mut state) = self.server.state.lock() {
            (state.closed, state.released) = (true, true);
        }
        self.server.changed.notify_all();
        // Wakes the listener, so that it sees that the server is closed.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Server {
    /// Answers one request after the other, until the connection ends.
    fn serve(&self, stream: TcpStream) {
        let mut writer = stream.try_clone().unwrap();
        let mut reader = BufReader::new(stream);
        while let Some(mut call) = read(&mut reader) {
            let dry_run = call.headers.get("x-amz-invocation-type").is_some_and(|kind| kind == "DryRun");
            call.index = self.enter(dry_run);
            let answer = (self.plan)(&call);
            if !dry_run {
                self.hold(answer.hold);
                // Before the answer: the caller may call again as soon as it has the answer.
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
            Hold::UntilReleased => (HOLD_MAX, usize::MAX),
        };
        let goes_on = |state: &mut ServerState| !state.released && state.in_flight_most < count;
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
    Some(Call { function: function.to_owned(), query: query.to_owned(), headers, body, index: 0 })
}

fn write(writer: &mut TcpStream, status: u16, answer: &Answer, with_body: bool) -> std::io::Result<()> {
    let body = if with_body { &answer.body[..] } else { &[] };
    let mut head = format!("HTTP/1.1 {status} Status\r\n");
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
