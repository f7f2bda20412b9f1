//! Files that a command writes: empty outputs, artifacts, folders of their own, and a folder that copies share.

use serde_json::Value;

use crate::harness::{Run, Sandbox};

/// Submits 6 copies of a shell script, two at a time.
fn submit(sandbox: &Sandbox, flags: &[&str], script: &str) -> Run {
    sandbox.write("p", "{}");
    let words = [&["submit", "p", "--copies", "6", "-j", "2"], flags, &["--", "sh", "-c", script]];
    sandbox.run(&words.concat())
}

#[test]
fn copies_that_print_nothing_show_nothing() {
    let sandbox = Sandbox::new();
    let random = "echo $$ >result.txt";
    submit(&sandbox, &["--job", "e"], random)
        .exits(3)
        .prints("inconclusive  job e")
        .prints("every output is empty")
        .says("--artifact")
        .says("--allow-empty");
    let status = sandbox.status("e");
    assert_eq!((&status["verdict"], &status["cause"]), (&"inconclusive".into(), &"empty".into()));
    submit(&sandbox, &["--allow-empty"], "exit 0").exits(0).prints("reproducible");
    // An empty output that differs from another one is a divergence.
    submit(&sandbox, &[], "mkdir seen 2>/dev/null || echo 1").exits(1).prints("divergent");
    let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    submit(&sandbox, &["--expect", empty], "exit 0").exits(0).prints("as expected");
}

#[test]
fn artifacts_are_compared_one_by_one() {
    let sandbox = Sandbox::new();
    // The second file differs between two copies: `first` is in the common folder.
    let script = "mkdir -p out/x; echo 1.5 >out/a.txt; echo noise $$; \
                  if mkdir $HOME/first 2>/dev/null; then echo 1.5 >out/x/b.txt; else echo 1.25 >out/x/b.txt; fi";
    let script = script.replace("$HOME", &sandbox.path("").display().to_string());
    let divergent = ["--job", "d", "--artifact", "out/**/*.txt"];
    submit(&sandbox, &divergent, &script).exits(1).prints("1 of 2 artifacts are stable; out/x/b.txt differs");
    let explained = sandbox.json(&["explain", "d"]).remove(0);
    let [difference] = &explained["differences"].as_array().unwrap()[..] else { panic!("{explained}") };
    assert_eq!(difference["artifact"], "out/x/b.txt");
    assert_eq!(difference["comparison"]["paths"][0]["absolute_max"], 0.25);
    assert_eq!(explained["artifacts"][0]["name"], "out/a.txt");
    // Standard output differs in every copy, and counts only when it is named.
    submit(&sandbox, &["--artifact", "out/a.txt"], &script).exits(0).prints("1 of 1 artifacts are stable");
    submit(&sandbox, &["--artifact", "out/a.txt", "--artifact", "stdout"], &script)
        .exits(1)
        .prints("1 of 2 artifacts are stable; stdout differs");
    // Nothing is left in the folder of the user.
    assert!(!sandbox.path("out").exists());
    let within = ["--artifact", "out/**/*.txt", "--equivalent", "abs=0.5", "--accept", "equivalent"];
    std::fs::remove_dir(sandbox.path("first")).unwrap();
    submit(&sandbox, &within, &script).exits(0).prints("divergent");
}

#[test]
fn the_digest_of_artifacts_can_be_computed_by_hand() {
    let sandbox = Sandbox::new();
    let script = "echo 1 >b.txt; printf 22 >a.txt";
    let report = submit(&sandbox, &["--artifact", "*.txt", "--format", "json"], script).exits(0).stdout;
    let report: Value = serde_json::from_str(&report).unwrap();
    // As docs/artifacts.md shows it.
    let by_hand = "echo 1 >b.txt; printf 22 >a.txt; for name in a.txt b.txt; do \
                   echo \"$(sha256sum <$name | cut -c1-64) $(stat -c %s $name) $name\"; done | sha256sum | cut -c1-64";
    let output =
        std::process::Command::new("sh").args(["-c", by_hand]).current_dir(sandbox.path("")).output();
    let hex = String::from_utf8(output.unwrap().stdout).unwrap();
    assert_eq!(report["digests"][0]["digest"], format!("sha256:{}", hex.trim()));
    assert_eq!(report["digests"][0]["bytes"], 4);
}

#[test]
fn outputs_that_differ_only_in_a_time_or_a_process_are_told_by_name() {
    let sandbox = Sandbox::new();
    let script = "echo \"{\\\"energy\\\": 1.5, \\\"pid\\\": $$}\"";
    let run = submit(&sandbox, &["--job", "p"], script).exits(1);
    let told = sandbox.status("p")["summary"]["difference"].as_str().unwrap().to_owned();
    let sentence = "Only /pid differs, and by its name it may differ in every run: digest another part with --select, or add \
                    --equivalent \"/pid: ignore\"";
    assert!(told.ends_with(sentence), "{told}");
    run.prints("Only /pid differs, and by its name");
    // What it says helps.
    submit(&sandbox, &["--select", "/energy"], script).exits(0);
    let ignoring = ["--job", "i", "--equivalent", "/pid: ignore", "--accept", "equivalent"];
    submit(&sandbox, &ignoring, script).exits(0);
    let told = sandbox.status("i")["summary"]["difference"].as_str().unwrap().to_owned();
    assert!(!told.contains("by its name"), "{told}");
    submit(&sandbox, &["--artifact", "*"], "echo $$ >timing.log; echo 1 >result.txt")
        .exits(1)
        .prints("Only timing.log differs");
}

#[test]
fn a_part_of_an_artifact_and_a_folder_of_expected_artifacts() {
    let sandbox = Sandbox::new();
    let script = r#"echo "{\"at\": $$, \"energy\": 1.50}" >r.json"#;
    submit(&sandbox, &["--artifact", "r.json"], script).exits(1);
    submit(&sandbox, &["--artifact", "r.json", "--select", "r.json:/energy"], script).exits(0);
    submit(&sandbox, &["--artifact", "r.json", "--select", "r.json:/other"], script)
        .exits(3)
        .prints("artifact r.json: cannot select /other");
    std::fs::create_dir(sandbox.path("golden")).unwrap();
    sandbox.write("golden/r.json", r#"{"energy": 1.50}"#);
    let expect = ["--artifact", "r.json", "--select", "r.json:/energy", "--expect", "golden"];
    submit(&sandbox, &expect, script).exits(0).prints("as expected");
    sandbox.write("golden/r.json", r#"{"energy": 1.75}"#);
    submit(&sandbox, &expect, script).exits(1).prints("drift").prints("r.json:/energy differs");
    submit(&sandbox, &["--artifact", "r.json", "--golden"], script)
        .exits(2)
        .says("there is no golden result");
    submit(&sandbox, &["--job", "g", "--artifact", "r.json", "--select", "r.json:/energy"], script).exits(0);
    sandbox.run(&["accept", "g"]).exits(0);
    submit(&sandbox, &["--artifact", "r.json", "--select", "r.json:/energy", "--golden"], script).exits(0);
}

#[test]
fn a_drift_from_golden_artifacts_is_explained_file_by_file() {
    let sandbox = Sandbox::new();
    let accept = |version: &str, files: u64| {
        sandbox.write("version", version);
        let flags = ["--job", &format!("g{version}"), "--artifact", "*.txt"];
        submit(&sandbox, &flags, "cp version a.txt; echo same >b.txt").exits(0);
        let accepted = sandbox.json(&["accept", &format!("g{version}")]).remove(0);
        assert_eq!(
            (&accepted["output_kept"], accepted["artifacts_kept"].as_u64()),
            (&true.into(), Some(files))
        );
    };
    let drifts = |words: &str| {
        let script = "cp version a.txt; echo same >b.txt";
        submit(&sandbox, &["--artifact", "*.txt", "--golden"], script)
            .exits(1)
            .prints("1 of 2 artifacts are stable; a.txt differs. expected and A, a.txt")
            .prints(words);
    };
    accept("1.5", 2);
    sandbox.write("version", "1.75");
    drifts("1.4e-1 relative");
    // A later result replaces the contents too.
    accept("1.75", 2);
    sandbox.write("version", "1.5");
    drifts("1.4e-1 relative");
    // The store that has the golden result need not have the job any more that gave it.
    sandbox.write("version", "3.5");
    drifts("1 of 1 numbers differs");
}

#[test]
fn artifacts_that_are_missing_are_differences_and_others_that_are_no_files_are_failures() {
    let sandbox = Sandbox::new();
    let first = sandbox.path("first").display().to_string();
    let script = format!("echo 1 >a.txt; mkdir {first} 2>/dev/null && echo 2 >b.txt; exit 0");
    submit(&sandbox, &["--job", "m", "--artifact", "*.txt"], &script).exits(1).prints("b.txt differs");
    sandbox.run(&["explain", "m"]).exits(0).prints("A and B, b.txt").prints("only B has it");
    let check = |script: &str, reason: &str| {
        submit(&sandbox, &["--attempts", "1", "--artifact", "*.txt"], script).exits(3).prints(reason);
    };
    check("ln -s /etc/passwd a.txt", "artifact a.txt is a symbolic link");
    check("mkfifo a.txt", "artifact a.txt is not a file");
    check("for n in $(seq 1001); do : >$n.txt; done", "more than 1000 artifacts");
    submit(&sandbox, &["--artifact", "*.npy"], "echo 1 >a.txt").exits(3).prints("every output is empty");
    // Files that are too large to be kept are digested.
    let huge = "truncate -s 70M a.txt; mkdir DIR 2>/dev/null && truncate -s 71M a.txt; exit 0";
    let huge = huge.replace("DIR", &sandbox.path("large").display().to_string());
    submit(&sandbox, &["--job", "h", "--artifact", "*.txt"], &huge).exits(1);
    sandbox.run(&["explain", "h"]).exits(0).prints("the artifact a.txt of A was not kept");
}

#[test]
fn a_copy_in_a_folder_of_its_own_disturbs_no_other() {
    let sandbox = Sandbox::new();
    sandbox.write("input.txt", "7\n");
    // Reads a shown file, and appends to a file: in a common folder the second copy would print two lines.
    let script = "cat input.txt >>sum.txt; cat sum.txt";
    submit(&sandbox, &["--scratch"], script).exits(0).prints("reproducible");
    assert!(!sandbox.path("sum.txt").exists());
    let warning = "sum.txt changed in the common folder while several copies ran";
    let run = submit(&sandbox, &["--job", "c"], script).exits(1).says(warning).says("--scratch").says("-j1");
    run.prints("divergent");
    // Who asks later is told, too.
    sandbox.run(&["status", "c"]).exits(0).says(warning);
    submit(&sandbox, &["--scratch"], "pwd").says("stdout has the path of the folder in which the copy ran");
}

#[test]
fn files_of_the_program_itself_and_of_python_are_no_disturbance() {
    let sandbox = Sandbox::new();
    let script = "mkdir -p __pycache__; echo $$ >__pycache__/a.pyc; sleep 0.05; echo 1";
    let run = submit(&sandbox, &[], script).exits(0);
    assert!(!run.stderr.contains("changed in the common folder"), "{}", run.stderr);
}

#[test]
fn what_is_no_artifact_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("probe", r#"{"probe":"sum","n":10,"order":"ordered"}"#);
    sandbox.run(&["submit", "probe", "--artifact", "a.txt"]).exits(2).says("--artifact is for a command");
    sandbox.run(&["submit", "probe", "--scratch"]).exits(2).says("--scratch is for a command");
    let check = |flags: &[&str], words: &str| {
        submit(&sandbox, flags, "echo 1").exits(2).says(words);
    };
    check(&["--artifact", "/tmp/a"], "leads out");
    check(&["--artifact", "[a"], "is not a pattern");
    check(&["--artifact", "a.json", "--select", "/x"], "does not say of which artifact");
    check(&["--select", "a.json:/x"], "the job has none");
    check(&["--select", "/x", "--select", "/y"], "two parts of one output");
    check(&["--artifact", "*", "--expect", "p"], "p is not a folder");
    check(&["--artifact", "*", "--expect", "missing"], "is not a folder");
}

#[test]
fn a_folder_that_cannot_be_made_is_a_failure_that_says_what_helps() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let args = ["submit", "p", "--copies", "2", "--attempts", "1", "--scratch", "--", "echo"];
    // The second place cannot be written even by root.
    for place in [sandbox.path("missing"), "/sys".into()] {
        let run = Run::of(sandbox.command(&args).env("TMPDIR", &place).output().unwrap()).exits(3);
        run.prints(&format!("2 x failed: no folder for the copy in {}: ", place.display()))
            .prints("; name one that exists and can be written with TMPDIR");
    }
}

#[test]
fn a_full_disk_is_a_failure_that_says_what_helps_and_nothing_is_left_on_it() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("tmp")).unwrap();
    for number in 0..20 {
        sandbox.write(&format!("shown-{number}"), "");
    }
    let submit =
        sandbox.command(&["submit", "p", "--copies", "2", "--attempts", "1", "--job", "f", "--scratch"]);
    sandbox.write("p", "{}");
    // A file system of its own for 12 files, seen by nobody else. A user without rights may mount it too, unless the system
    // forbids name spaces: then there is no full disk to test on.
    let script = "mount -t tmpfs -o nr_inodes=12 none tmp || exit 77; \"$@\" -- echo 1; code=$?; \
                  ls -A tmp >left; umount tmp; exit $code";
    let mut command = sandbox.command(&[]);
    let mut wrapped = std::process::Command::new("unshare");
    wrapped.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]);
    wrapped.arg(submit.get_program()).args(submit.get_args()).current_dir(sandbox.path(""));
    wrapped.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    wrapped.env("TMPDIR", sandbox.path("tmp")).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.stdout(std::process::Stdio::piped());
    let run = Run::of(wrapped.output().unwrap());
    if run.stderr.contains("unshare failed") || run.code == Some(77) {
        return;
    }
    let run = run
        .exits(3)
        .prints("No space left on device")
        .prints("make room there, or name another one with TMPDIR");
    assert!(run.stdout.contains("2 x failed: no folder for the copy in "), "{run:#?}");
    assert_eq!(std::fs::read_to_string(sandbox.path("left")).unwrap(), "");
    // Nothing is lost: the job goes on where there is room.
    sandbox.run(&["retry", "f"]).exits(0).prints("2 of 2 copies gave a digest");
}

#[test]
fn a_folder_of_100_000_entries_that_nobody_may_write_to_is_shown() {
    let sandbox = Sandbox::new();
    // In memory, where there is such a place: this is about the number of files, not about a disk.
    let around = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let shown = around.path().join("shown");
    std::fs::create_dir(&shown).unwrap();
    for number in 0..100_000 {
        std::fs::File::create(shown.join(number.to_string())).unwrap();
    }
    let payload = sandbox.write("p", "{}").display().to_string();
    std::fs::set_permissions(&shown, std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
    let args = ["submit", &payload, "--copies", "4", "-j1", "--job", "m", "--artifact", "a.txt"];
    let mut command = sandbox.command(&args);
    command.current_dir(&shown).env("TMPDIR", around.path()).args([
        "--",
        "sh",
        "-c",
        "count=$(ls | wc -l); echo $count >a.txt",
    ]);
    let run = Run::of(command.output().unwrap());
    std::fs::set_permissions(&shown, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    run.exits(0).prints("4 of 4 copies gave a digest, 1 distinct");
    let artifacts = &sandbox.status("m")["artifacts"];
    assert_eq!((&artifacts[0]["name"], &artifacts[0]["contents"]), (&"a.txt".into(), &1.into()));
}
