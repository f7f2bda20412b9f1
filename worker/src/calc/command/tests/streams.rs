//! Stdin, stdout and stderr.

use std::process::Command;

use super::*;
use crate::calc::command::capture::{Capture, Ending, Stream};
use crate::calc::command::sampler::Sampler;

/// Bytes in which a lost, doubled or moved block shows.
fn pattern(bytes: usize) -> Vec<u8> {
    (0_u32..).flat_map(u32::to_le_bytes).take(bytes).collect()
}

#[test]
fn payload_comes_back_as_it_is() {
    for payload in [&b""[..], b"{\"n\": 1}\n", b"\0\xff\n\r", &pattern(10 << 20)] {
        let finished = run_with(&program(&["cat"]), payload, &limits()).unwrap();
        assert!(finished.output == payload, "{} bytes were not echoed", payload.len());
        assert_eq!(finished.traces.stderr_tail, b"");
    }
}

#[test]
fn payload_need_not_be_read() {
    let payload = pattern(8 << 20);
    assert_eq!(run_with(&sh("echo done"), &payload, &limits()).unwrap().output, b"done\n");
    assert_eq!(run_with(&sh("exec <&-; echo done"), &payload, &limits()).unwrap().output, b"done\n");
    assert_eq!(run_with(&program(&["head", "-c", "5"]), &payload, &limits()).unwrap().output, payload[..5]);
}

#[test]
fn every_run_reads_the_shared_payload_from_its_start() {
    let (payload, running) = (StdinFile::new(b"first second").unwrap(), Running::new());
    let head = program(&["head", "-c", "6"]);
    for _ in 0..2 {
        assert_eq!(run_on(&running, &head, &payload, &limits()).unwrap().output, b"first ");
    }
}

#[test]
fn no_run_can_change_the_shared_payload() {
    let (payload, running) = (StdinFile::new(b"unchanged").unwrap(), Running::new());
    let vandal = python(
        "import os\n\
         try: os.write(0, b'x')\n\
         except OSError: pass\n\
         fd = os.open('/proc/self/fd/0', os.O_RDWR)\n\
         for change in (lambda: os.write(fd, b'x'), lambda: os.ftruncate(fd, 0), lambda: os.ftruncate(fd, 99)):\n\
         \ttry: change()\n\
         \texcept PermissionError: print('refused')",
    );
    let finished = run_on(&running, &vandal, &payload, &limits()).unwrap();
    assert_eq!(finished.output, b"refused\nrefused\nrefused\n");
    assert_eq!(run_on(&running, &program(&["cat"]), &payload, &limits()).unwrap().output, b"unchanged");
}

#[test]
fn output_may_fill_its_bound_and_no_more() {
    let check = |bytes: usize, output_bytes_max: usize, fits: bool| {
        let program = program(&["head", "-c", &bytes.to_string(), "/dev/zero"]);
        match run_with(&program, b"", &RunLimits { output_bytes_max, ..limits() }) {
            Ok(finished) if fits => assert_eq!(finished.output.len(), bytes),
            Err(RunError::OutputTooLarge { bytes_max, .. }) if !fits => {
                assert_eq!(bytes_max, output_bytes_max);
            }
            other => panic!("{bytes} of {output_bytes_max} bytes: {:?}", other.map(|_| "fits")),
        }
    };
    check(0, 0, true);
    check(1, 0, false);
    check(1000, 1000, true);
    check(1001, 1000, false);
    check(1 << 20, 1 << 20, true);
    check((1 << 20) + 1, 1 << 20, false);
}

#[test]
fn output_without_end_is_cut_off_with_the_whole_group() {
    let endless = sh("sleep 30 & echo $! >&2; cat /dev/zero");
    match run_with(&endless, b"", &RunLimits { output_bytes_max: 1 << 20, ..limits() }) {
        Err(RunError::OutputTooLarge { traces, .. }) => {
            assert_gone(std::str::from_utf8(&traces.stderr_tail).unwrap());
        }
        other => panic!("{:?}", other.map(|_| "finished")),
    }
}

#[test]
fn stderr_and_stdout_are_read_side_by_side() {
    let interleaved = python(
        "import os\n\
         for i in range(1024):\n\
         \tos.write(2, b'%01023d\\n' % i)\n\
         \tos.write(1, b'%01023d\\n' % -i)",
    );
    let finished = run_with(&interleaved, b"", &limits()).unwrap();
    assert_eq!(finished.output.len(), 1 << 20);
    let tail = [1020, 1021, 1022, 1023].map(|i| format!("{i:01023}\n")).concat();
    assert_eq!(String::from_utf8(finished.traces.stderr_tail).unwrap(), tail);
}

#[test]
fn stderr_keeps_its_tail() {
    let check = |stderr_tail_bytes: usize, expected: &str| {
        let program = sh("printf 0123456789 >&2");
        let finished = run_with(&program, b"", &RunLimits { stderr_tail_bytes, ..limits() }).unwrap();
        assert_eq!(String::from_utf8(finished.traces.stderr_tail).unwrap(), expected);
    };
    check(0, "");
    check(4, "6789");
    check(10, "0123456789");
    check(11, "0123456789");
}

#[test]
fn rest_is_read_to_its_end_while_somebody_could_still_write() {
    let ((output, stdout_writer), (stderr, stderr_writer)) =
        (Stream::open().unwrap(), Stream::open().unwrap());
    let mut capture = Capture { output, stderr, output_bytes_max: 60_000, stderr_tail_bytes: 10 };
    for (writer, bytes) in [(&stdout_writer, 60_000), (&stderr_writer, 20_000)] {
        assert_eq!(rustix::io::write(writer, &pattern(bytes)), Ok(bytes));
    }
    assert!(!capture.finish().unwrap());
    let (output, stderr_tail) = capture.into_bytes();
    assert!(output == pattern(60_000));
    assert_eq!(stderr_tail, pattern(20_000)[19_990..]);
}

#[test]
fn stderr_takes_little_memory_however_long_it_is() {
    let ((output, _stdout_writer), (stderr, stderr_writer)) =
        (Stream::open().unwrap(), Stream::open().unwrap());
    let mut capture = Capture { output, stderr, output_bytes_max: 0, stderr_tail_bytes: 4096 };
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "head -c 16777216 /dev/zero >&2"]).stderr(stderr_writer);
    let mut child = command.spawn().unwrap();
    let pidfd = rustix::process::pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).unwrap();
    let observer = Observer::default();
    let mut sampler = Sampler::new(&observer, Pid::from_child(&child), Instant::now());
    assert_eq!(capture.watch(pidfd.as_fd(), PATIENCE, &mut sampler).unwrap(), Ending::Exited);
    assert!(child.wait().unwrap().success());
    assert!(capture.stderr.bytes.capacity() < 1 << 20);
}

#[test]
fn stderr_is_kept_with_every_failure() {
    let check = |script: &str, limits: &RunLimits| {
        let error = run_with(&sh(&format!("printf why >&2; {script}")), b"", limits).unwrap_err();
        assert_eq!(error.traces().unwrap().stderr_tail, b"why", "{error}");
    };
    check("exit 3", &limits());
    check("kill -KILL $$", &limits());
    check("exec sleep 30", &timeout(2000));
    check("exec cat /dev/zero", &RunLimits { output_bytes_max: 10, ..limits() });
}

#[test]
fn streams_may_be_closed_before_the_end() {
    assert_eq!(output_of(&sh("echo early; exec >&- 2>&-; exit 0")), "early\n");
    assert_exit(run_with(&sh("exec >&- 2>&-; exit 3"), b"", &limits()), 3);
    let goes_on = sh("exec >&- 2>&-; exec sleep 30");
    let result = run_with(&goes_on, b"", &timeout(300));
    assert!(matches!(result, Err(RunError::TimedOut { .. })), "{result:?}");
}

#[test]
fn commands_get_no_other_descriptors_while_others_start() {
    let list = "echo /proc/self/fd/*";
    // Beside 0, 1, 2 and the folder that the shell reads, what this process was itself started with.
    let expected = Command::new("/bin/sh").args(["-c", list]).output().unwrap().stdout;
    let expected = String::from_utf8(expected).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..25).for_each(|_| assert_eq!(output_of(&sh(list)), expected)));
        }
    });
}

#[test]
fn threads_share_payload_and_handle_and_mix_nothing_up() {
    let (payload, running) = (StdinFile::new(&pattern(100_000)).unwrap(), Running::new());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (payload, running) = (&payload, &running);
            scope.spawn(move || {
                for _ in 0..25 {
                    let program = sh(&format!("echo {thread} >&2; cat; echo {thread}"));
                    let finished = run_on(running, &program, payload, &limits()).unwrap();
                    let line = format!("{thread}\n").into_bytes();
                    assert!(finished.output == [pattern(100_000), line.clone()].concat());
                    assert_eq!(finished.traces.stderr_tail, line);
                }
            });
        }
    });
}
