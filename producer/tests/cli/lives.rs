//! Processes that are interrupted, killed, or share a store.

use std::collections::HashSet;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::harness::{Run, Sandbox, repository_file, runs_with_argument, signal, until};

fn ended(child: Child) -> Run {
    Run::of(child.wait_with_output().unwrap())
}

#[test]
fn the_first_interrupt_ends_in_good_order_and_the_job_goes_on() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    // The first two copies never end by themselves; those that come after the interrupt do.
    let program = "test -e interrupted || exec sleep 71; echo 1";
    let child =
        sandbox.start(&["submit", "p", "--copies", "4", "-j", "2", "--job", "i", "--", "sh", "-c", program]);
    until("a copy runs", || runs_with_argument("71"));
    signal(&child, "INT");
    ended(child).exits(130).says("interrupted").says("producer wait i");
    assert!(!runs_with_argument("71"), "a command is left");
    assert_eq!(sandbox.status("i")["verdict"], "running");
    sandbox.write("interrupted", "");
    sandbox.run(&["wait", "i"]).exits(0).prints("4 of 4 copies");
    let attempts: HashSet<_> =
        sandbox.json(&["copies", "i"]).iter().map(|copy| copy["attempt"].as_u64()).collect();
    assert_eq!(attempts, HashSet::from([Some(1)]), "an interruption is no attempt");
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let sandbox = Sandbox::new();
    // A probe cannot be killed: the first interrupt waits for it.
    sandbox.write("p", r#"{"probe":"logistic","n":200000000}"#);
    let child = sandbox.start(&["submit", "p", "--copies", "1000", "-j", "1"]);
    until("the job is there", || sandbox.store().exists() && !sandbox.jobs().is_empty());
    until("a first copy is done", || sandbox.json(&["list"])[0]["succeeded"].as_u64() > Some(0));
    signal(&child, "INT");
    signal(&child, "TERM");
    let run = ended(child).exits(130);
    assert!(!run.stderr.contains("interrupted;"), "it waited for the probe: {run:#?}");
}

#[test]
fn cancel_kills_what_another_process_runs() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let child = sandbox.start(&["submit", "p", "--copies", "4", "--job", "c", "--", "sleep", "72"]);
    until("a copy runs", || runs_with_argument("72"));
    sandbox.run(&["cancel", "c"]).exits(0).prints("cancelled  job c");
    ended(child).exits(3).prints("cancelled  job c");
    until("the commands are gone", || !runs_with_argument("72"));
    sandbox.run(&["cancel", "c"]).exits(2).says("a cancelled job has ended");
    sandbox.run(&["retry", "c"]).exits(2).says("a cancelled job cannot be retried");
    sandbox.run(&["wait", "c"]).exits(3);
}

/// Kills the program at random moments, and starts it again each time.
#[test]
fn a_killed_run_goes_on_where_it_was() {
    const COPIES: usize = 2_000;
    const KILLS: u32 = 20;
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let copies = COPIES.to_string();
    sandbox
        .run(&["submit", "p", "--job", "k", "--copies", &copies, "--detach", "--allow-empty", "--", "true"])
        .exits(0);
    let mut unfinished = 0;
    for _ in 0..KILLS {
        let mut child = sandbox.start(&["wait", "k", "-j", "2"]);
        // At random, from before it has opened the store to well into its work.
        let chance =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos();
        let life = Duration::from_millis(u64::from(5 + chance / 1_000 % 140));
        let started = Instant::now();
        until("its time has come", || started.elapsed() >= life);
        unfinished += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(unfinished > KILLS / 4, "only {unfinished} of {KILLS} were killed at work");
    sandbox.run(&["wait", "k"]).exits(0).prints("2,000 of 2,000 copies gave a digest, 1 distinct");
    let outcomes = sandbox.json(&["copies", "k"]);
    let indices: HashSet<_> = outcomes.iter().map(|copy| copy["copy"].as_u64()).collect();
    assert_eq!((outcomes.len(), indices.len()), (COPIES, COPIES));
    assert!(outcomes.iter().all(|copy| copy["second"] == false && copy["digest"].is_string()));
}

#[test]
fn two_producers_share_the_work_and_run_no_copy_twice() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let program = "echo run >> runs; sleep 0.02; echo 1";
    let args = ["submit", "p", "--job", "two", "--copies", "200", "-j", "2", "--", "sh", "-c", program];
    let one = sandbox.start(&args);
    let other = sandbox.start(&args);
    for child in [one, other] {
        ended(child).exits(0).prints("200 of 200 copies gave a digest, 1 distinct");
    }
    assert_eq!(std::fs::read_to_string(sandbox.path("runs")).unwrap().lines().count(), 200);
    assert_eq!(sandbox.status("two")["worker_processes"], 2);
}

#[test]
fn the_next_submit_works_on_what_was_left() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    sandbox
        .run(&["submit", "p", "--detach", "--job", "left", "--copies", "50", "--allow-empty", "--", "true"])
        .exits(0);
    sandbox.run(&["submit", "p", "--job", "next", "--copies", "400", "--allow-empty", "--", "true"]).exits(0);
    assert_eq!(sandbox.status("left")["verdict"], "reproducible");
}

#[test]
fn a_job_of_many_copies_is_counted_to_the_last() {
    let sandbox = Sandbox::new();
    let echo = sandbox.write("echo.json", r#"{"probe":"echo"}"#);
    let run = sandbox.run(&["submit", echo.to_str().unwrap(), "--copies", "25001", "--job", "many"]).exits(0);
    run.prints("25,001 of 25,001 copies gave a digest, 1 distinct");
    assert_eq!(sandbox.run(&["copies", "many"]).exits(0).stdout.lines().count(), 25_002);
}

#[test]
fn output_that_nobody_reads_any_more_is_no_error() {
    let sandbox = Sandbox::new();
    let matmul = repository_file("examples/matmul.json");
    sandbox.run(&["submit", &matmul, "--copies", "2", "--job", "m"]).exits(0);
    let mut command = sandbox.command(&["copies", "m"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command.stdout(writer);
    Run::of(command.output().unwrap()).exits(0);
}

/// Copies that take long are recorded before the next one starts, whatever they gave.
#[test]
fn what_has_finished_is_recorded_while_the_next_copy_runs() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    // The first two copies take a while and give different outputs; the third waits to be let go.
    let program = "mkdir one 2>/dev/null || mkdir two 2>/dev/null || until test -e go; do sleep 0.1; done
                   sleep 0.4; echo $$";
    let args = ["submit", "p", "--copies", "3", "-j", "1", "--job", "slow", "--", "sh", "-c", program];
    let child = sandbox.start(&args);
    until("the job is there", || sandbox.store().exists() && !sandbox.jobs().is_empty());
    until("two copies are recorded", || sandbox.status("slow")["succeeded"] == 2);
    until("the job is divergent", || sandbox.status("slow")["verdict"] == "divergent");
    assert_eq!(sandbox.status("slow")["ended"], false);
    sandbox.write("go", "");
    ended(child).exits(1).prints("3 of 3 copies");
}

/// Copies that take long are claimed only when they can be started.
#[test]
fn few_slow_copies_are_shared() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    // Each copy waits until both run.
    let program =
        "mkdir one 2>/dev/null || mkdir two; until test -e one && test -e two; do sleep 0.05; done; echo 1";
    let args = ["submit", "p", "--copies", "2", "-j", "1", "--job", "both", "--", "sh", "-c", program];
    let one = sandbox.start(&args);
    let other = sandbox.start(&args);
    ended(one).exits(0);
    ended(other).exits(0);
    assert_eq!(sandbox.status("both")["worker_processes"], 2);
}

/// A process that was stopped, as Ctrl-Z does, holds up nobody else.
#[test]
fn a_stopped_process_does_not_spoil_the_verdict_of_others() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let stopped = sandbox.start(&["submit", "p", "--copies", "2", "--job", "held", "--", "sleep", "73"]);
    until("a copy runs", || runs_with_argument("73"));
    signal(&stopped, "STOP");
    let run = sandbox.run(&[
        "submit",
        "p",
        "--copies",
        "10",
        "--timeout",
        "20s",
        "--job",
        "free",
        "--allow-empty",
        "--",
        "true",
    ]);
    signal(&stopped, "CONT");
    signal(&stopped, "INT");
    ended(stopped).exits(130);
    run.exits(0).prints("10 of 10 copies");
}

#[test]
fn a_resumed_run_starts_only_what_is_missing() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let program = "echo run >> runs; sleep 0.3; echo 1";
    let args = ["submit", "p", "--copies", "12", "-j", "1", "--job", "again", "--", "sh", "-c", program];
    let mut child = sandbox.start(&args);
    until("the job is there", || sandbox.store().exists() && !sandbox.jobs().is_empty());
    until("some copies are recorded", || sandbox.status("again")["succeeded"].as_u64() >= Some(4));
    child.kill().unwrap();
    child.wait().unwrap();
    sandbox.run(&["wait", "again"]).exits(0);
    let runs = std::fs::read_to_string(sandbox.path("runs")).unwrap().lines().count();
    // The one that was running when it was killed runs again.
    assert!((12..=13).contains(&runs), "{runs} runs of 12 copies");
}

#[test]
fn many_copies_at_once_have_the_files_they_need() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let limited = |limit: &str, jobs: &str| {
        let command = sandbox.command(&[]);
        let mut shell = Command::new("sh");
        let script = format!("ulimit {limit} && exec \"$@\"");
        shell.args([
            "-c",
            &script,
            "sh",
            env!("CARGO_BIN_EXE_producer"),
            "submit",
            "p",
            "--copies",
            "100",
            "-j",
            jobs,
        ]);
        shell.args(["--allow-empty", "--", "sleep", "0.1"]).env_clear();
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Run::of(shell.current_dir(sandbox.path("")).output().unwrap())
    };
    // The soft limit is raised; the hard one is not the program's to raise.
    limited("-Sn 128", "64").exits(0).prints("100 of 100 copies gave a digest");
    limited("-n 128", "64").exits(2).says("128 are allowed").says("ulimit -n");
}

#[test]
fn many_jobs_at_once_come_to_their_verdicts() {
    let sandbox = Sandbox::new();
    let payloads: Vec<_> = (0..500).map(|place| format!("{{\"probe\":\"echo\",\"n\":{place}}}")).collect();
    sandbox.write("list.json", format!("[{}]", payloads.join(",")));
    let run = sandbox.run(&["submit", "list.json", "--each", "--copies", "3", "--job", "all"]).exits(0);
    assert_eq!(run.stdout.matches("3 of 3 copies gave a digest, 1 distinct").count(), 500);
}
