//! Processes that are stopped for a while, the locks that they hold, signals that are ignored, and files that the caller
//! left open.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Run, Sandbox, runs_with_argument, signal, until};

/// A program that begins a transaction in the store, and stops itself in it if it is told to.
const HOLDER: &str = "
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute('BEGIN IMMEDIATE')
print('holds', flush=True)
if sys.argv[2] == 'stopped':
    os.kill(os.getpid(), signal.SIGSTOP)
else:
    sys.stdin.read()
connection.execute('COMMIT')
";

/// Another process that holds the write lock of the store. It ends when it is dropped.
struct Holder(Child);

impl Holder {
    fn start(store: &Path, how: &str) -> Self {
        let mut command = Command::new("python3");
        command.args(["-c", HOLDER]).arg(store).arg(how).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = Self(command.spawn().unwrap());
        let mut line = String::new();
        BufReader::new(holder.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "holds\n");
        if how == "stopped" {
            until("the process that holds the lock is stopped", || is_stopped(&holder.0));
        }
        holder
    }

    fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn is_stopped(child: &Child) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    stat.rsplit_once(") ").unwrap().1.starts_with('T')
}

/// Starts the verb while another process holds the lock, lets that process go on once the verb has said that it waits, and
/// gives the whole run.
fn run_while_held(sandbox: &Sandbox, holder: &mut Holder, args: &[&str], says: &str) -> Run {
    let mut child = sandbox.start(args);
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains(says) {
        assert!(errors.read_line(&mut said).unwrap() > 0, "{args:?} never said {says:?}: {said}");
    }
    if is_stopped(&holder.0) {
        signal(&holder.0, "CONT");
    } else {
        drop(holder.0.stdin.take());
    }
    holder.0.wait().unwrap();
    std::io::Read::read_to_string(&mut errors, &mut said).unwrap();
    let run = Run::of(child.wait_with_output().unwrap());
    Run { stderr: said, ..run }
}

#[test]
fn who_waits_for_a_lock_says_for_whom_and_goes_on_when_it_is_free() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let submit = |job: &'static str| ["submit", "p", "--copies", "2", "--job", job, "--", "cat"];
    sandbox.run(&["submit", "p", "--copies", "2", "--job", "failed", "--", "false"]).exits(3);
    let verbs: [(&[&str], i32); 3] =
        [(&submit("next"), 0), (&["retry", "failed", "--detach"], 0), (&["cancel", "failed"], 0)];
    for (args, code) in verbs {
        let mut holder = Holder::start(&sandbox.store(), "stopped");
        let id = holder.id();
        let says =
            format!("waiting for process {id} (stopped), which holds the write lock of the store\n hint: ");
        run_while_held(&sandbox, &mut holder, args, &says)
            .exits(code)
            .says(&format!("continue it with `kill -CONT {id}`, or end it"));
    }
    let mut holder = Holder::start(&sandbox.store(), "running");
    let says = format!("waiting for process {} (running), which holds", holder.id());
    run_while_held(&sandbox, &mut holder, &submit("last"), &says).exits(0);
}

#[test]
fn a_lock_that_is_never_free_is_an_error_that_names_who_holds_it() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    sandbox.run(&["submit", "p", "--copies", "2", "--job", "j", "--detach", "--", "cat"]).exits(0);
    let holder = Holder::start(&sandbox.store(), "stopped");
    let id = holder.id();
    sandbox
        .run(&["cancel", "j"])
        .exits(4)
        .says(&format!("process {id} (stopped) has held the write lock of the store for 30 s"))
        .says(&format!("hint: continue it with `kill -CONT {id}`, or end it"));
}

/// Stops the program 50 times at random moments of its work, as Ctrl-Z does. Others never wait for it.
#[test]
fn a_stopped_process_holds_no_lock() {
    let sandbox = Sandbox::new();
    sandbox.write("echo", r#"{"probe":"echo"}"#);
    sandbox.write("p", "{}");
    let mut child = sandbox.start(&["submit", "echo", "--copies", "1000000", "-j", "2", "--job", "much"]);
    until("the job is there", || sandbox.store().exists() && !sandbox.jobs().is_empty());
    until("it works", || sandbox.json(&["list"])[0]["succeeded"].as_u64() > Some(0));
    for round in 0..50 {
        let started = Instant::now();
        let chance =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos();
        let life = Duration::from_micros(u64::from(chance / 1_000 % 40_000));
        until("its time has come", || started.elapsed() >= life);
        signal(&child, "TSTP");
        until("the process is stopped", || is_stopped(&child));
        let job = format!("other-{round}");
        let run = sandbox.run(&["submit", "p", "--job", &job, "--detach", "--", "cat"]).exits(0);
        assert!(!run.stderr.contains("waiting for"), "round {round}: {run:#?}");
        signal(&child, "CONT");
    }
    assert!(child.try_wait().unwrap().is_none(), "it ended");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The program started by a shell that ignores signals, as `nohup` and background jobs of a script do.
fn start_ignoring(sandbox: &Sandbox, signals: &str, args: &[&str]) -> Child {
    let program = sandbox.command(args);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("trap '' {signals}; exec \"$@\""), "sh", env!("CARGO_BIN_EXE_producer")]);
    command.args(args).current_dir(sandbox.path("")).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn signals_that_were_ignored_at_the_start_stay_ignored() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let program = "touch started; until test -e go; do sleep 0.1; done; echo 1";
    let args = ["submit", "p", "--copies", "2", "--job", "n", "--", "sh", "-c", program];
    let child = start_ignoring(&sandbox, "INT HUP TSTP", &args);
    until("a copy runs", || sandbox.path("started").exists());
    for ignored in ["INT", "HUP", "TSTP"] {
        signal(&child, ignored);
    }
    sandbox.write("go", "");
    Run::of(child.wait_with_output().unwrap()).exits(0).prints("2 of 2 copies");
    // The others still end it in good order.
    let args = ["submit", "p", "--copies", "2", "--job", "t", "--", "sleep", "79"];
    let child = start_ignoring(&sandbox, "INT HUP", &args);
    until("a copy runs", || runs_with_argument("79"));
    signal(&child, "TERM");
    Run::of(child.wait_with_output().unwrap()).exits(130).says("interrupted");
}

#[test]
fn files_that_the_caller_left_open_are_closed_to_commands() {
    let sandbox = Sandbox::new();
    sandbox.write("secret", "secret\n");
    sandbox.write("p", "{}");
    sandbox.write("expected", "closed\n");
    let submit = sandbox.command(&["submit", "p", "--copies", "2", "--expect", "expected", "--"]);
    let mut shell = Command::new("sh");
    let program = "(exec <&9) 2>/dev/null && echo open || echo closed";
    shell.args(["-c", "exec \"$@\" 9<secret", "sh"]).arg(submit.get_program()).args(submit.get_args());
    shell.args(["sh", "-c", program]).current_dir(sandbox.path("")).env_clear();
    shell.envs(submit.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Run::of(shell.stdin(Stdio::null()).output().unwrap()).exits(0).prints("as expected");
}
