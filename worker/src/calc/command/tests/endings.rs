//! How a run ends, and what it leaves behind: nothing.

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::Command;

use rustix::process::Signal;

use super::*;
use crate::calc::command::running::Leader;

#[test]
fn exit_codes_are_told_apart() {
    assert!(run_with(&sh("exit 0"), b"", &limits()).is_ok());
    for code in [1, 3, 126, 127, 255] {
        assert_exit(run_with(&sh(&format!("exit {code}")), b"", &limits()), code);
    }
}

#[test]
fn signals_are_told_apart() {
    // A broken pipe too: this process ignores that signal, its commands must not.
    for (name, number) in [("TERM", 15), ("SEGV", 11), ("KILL", 9), ("PIPE", 13)] {
        match run_with(&sh(&format!("kill -{name} $$")), b"", &limits()) {
            Err(RunError::Signal { signal, .. }) => assert_eq!(signal, number),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn commands_start_with_default_signals() {
    let status = output_of(&program(&["cat", "/proc/self/status"]));
    let mask = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap()
    };
    assert_eq!(mask("SigBlk:"), 0);
    assert_eq!(mask("SigIgn:") & 1 << (Signal::PIPE.as_raw() - 1), 0);
}

#[test]
fn timeout_kills_the_whole_group() {
    let family = sh("sleep 30 & echo $! >&2; wait");
    match run_with(&family, b"", &timeout(2000)) {
        Err(RunError::TimedOut { after, traces }) => {
            assert_eq!(after, Duration::from_secs(2));
            assert_gone(std::str::from_utf8(&traces.stderr_tail).unwrap());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn timeout_holds_for_a_command_that_writes_all_the_time() {
    let busy = sh("exec cat /dev/zero >&2");
    let result = run_with(&busy, b"", &timeout(300));
    assert!(matches!(result, Err(RunError::TimedOut { .. })), "{result:?}");
}

#[test]
fn timeout_may_be_longer_than_time() {
    let endless = RunLimits { timeout: Duration::MAX, ..limits() };
    assert!(run_with(&sh("exit 0"), b"", &endless).is_ok());
}

#[test]
fn those_left_behind_are_not_waited_for_and_killed() {
    let family = sh("sleep 30 & echo $!; echo $! >&2; head -c 60000 /dev/zero");
    let finished = run_with(&family, b"", &limits()).unwrap();
    let pid = String::from_utf8(finished.traces.stderr_tail).unwrap();
    assert_eq!(finished.output.len(), pid.len() + 60_000);
    assert_gone(&pid);
}

#[test]
fn those_who_left_the_group_are_not_waited_for_either() {
    let family = python(
        "import os, time\n\
         reader, writer = os.pipe()\n\
         if (pid := os.fork()) == 0:\n\
         \tos.setsid()\n\
         \tos.write(writer, b'x')\n\
         \ttime.sleep(30)\n\
         os.read(reader, 1)\n\
         print(pid)",
    );
    let pid: i32 = output_of(&family).trim().parse().unwrap();
    // Still there, or this would be an error; and it must not outlive the test.
    rustix::process::kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

#[test]
fn stop_ends_every_run_on_the_handle_until_reset() {
    let folder = tempfile::tempdir().unwrap();
    let (payload, running) = (StdinFile::new(b"").unwrap(), Running::new());
    let mut started = fifo(&folder.path().join("started"));
    let family = program_in(&["/bin/sh", "-c", "sleep 30 & echo $! > started; wait"], folder.path());
    std::thread::scope(|scope| {
        let runs = [(); 2].map(|()| scope.spawn(|| run_on(&running, &family, &payload, &limits())));
        let pids = read_lines(&mut started, 2);
        running.stop();
        for run in runs {
            let result = run.join().unwrap();
            assert!(matches!(result, Err(RunError::Stopped)), "{result:?}");
        }
        pids.lines().for_each(assert_gone);
    });
    assert!(running.is_stopped());
    running.reset();
    assert!(run_on(&running, &sh("exit 0"), &payload, &limits()).is_ok());
}

#[test]
fn stop_reaches_a_leader_that_left_its_group() {
    let deserter = "import os, time\n\
                    if (other := os.fork()) == 0: time.sleep(30)\n\
                    os.setpgid(other, other)\n\
                    os.setpgid(0, other)\n\
                    open('started', 'w').write(f'{other}\\n')\n\
                    time.sleep(30)";
    let folder = tempfile::tempdir().unwrap();
    let (payload, running) = (StdinFile::new(b"").unwrap(), Running::new());
    let mut started = fifo(&folder.path().join("started"));
    let deserter = program_in(&["python3", "-c", deserter], folder.path());
    std::thread::scope(|scope| {
        let run = scope.spawn(|| run_on(&running, &deserter, &payload, &limits()));
        let other = read_lines(&mut started, 1).trim().parse().unwrap();
        running.stop();
        let result = run.join().unwrap();
        // Not in the group any more, so it must not outlive the test.
        rustix::process::kill_process(Pid::from_raw(other).unwrap(), Signal::KILL).unwrap();
        assert!(matches!(result, Err(RunError::Stopped)), "{result:?}");
    });
}

#[test]
fn stop_before_the_start_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::new();
    running.stop();
    let mark = program_in(&["/bin/sh", "-c", "echo > mark"], folder.path());
    let result = run_on(&running, &mark, &StdinFile::new(b"").unwrap(), &limits());
    assert!(matches!(result, Err(RunError::Stopped)), "{result:?}");
    assert!(!folder.path().join("mark").exists());
}

#[test]
fn stop_during_the_start_is_made_up_for() {
    let running = Running::new();
    let child = Command::new("/bin/sleep").arg("30").process_group(0).spawn().unwrap();
    running.stop();
    let ended = Leader::new(child, &running).reap().unwrap();
    assert!(ended.stopped);
    assert_eq!(ended.status.signal(), Some(Signal::KILL.as_raw()));
}

#[test]
fn leader_that_is_given_up_is_killed_and_reaped() {
    let child = Command::new("/bin/sleep").arg("30").process_group(0).spawn().unwrap();
    let pid = child.id().to_string();
    drop(Leader::new(child, &Running::new()));
    assert_no_children();
    assert_gone(&pid);
}
