//! Folders of copies that are kept after their runs.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Run, Sandbox, runs_with_argument, signal, until};

/// A sandbox with a folder for temporary files of its own.
fn sandbox() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let temporary = sandbox.path("tmp");
    std::fs::create_dir(&temporary).unwrap();
    (sandbox, temporary)
}

/// Runs a script that may use `$HOME`, a folder that all copies share, and keeps folders.
fn submit(sandbox: &Sandbox, flags: &[&str], script: &str) -> Run {
    let words = [&["submit", "p", "-j", "2", "--keep-folders"], flags, &["--", "sh", "-c", script]].concat();
    let mut command = sandbox.command(&words);
    Run::of(command.env("TMPDIR", sandbox.path("tmp")).output().unwrap())
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn folders_of_failed_copies_and_of_minority_classes_are_kept() {
    let (sandbox, temporary) = sandbox();
    sandbox.write("input", "7");
    // One copy differs, one fails, and takes its own permissions away.
    let script = "echo $$ >pid; if mkdir $HOME/odd 2>/dev/null; then echo 2 >out.txt; exit; fi; \
                  if mkdir $HOME/bad 2>/dev/null; then echo lost >log; chmod 0 .; exit 3; fi; echo 1 >out.txt";
    let flags = ["--job", "k", "--copies", "9", "--attempts", "1", "--artifact", "out.txt"];
    let run = submit(&sandbox, &flags, script).exits(1);
    let place = temporary.join("concord-kept-k");
    run.prints("folders: those of the 2 copies that failed or differ are kept in")
        .prints(place.to_str().unwrap());
    let status = sandbox.status("k");
    let folders = &status["folders"];
    assert_eq!((folders["place"].as_str(), folders["not_kept"].as_u64()), (place.to_str(), Some(0)));
    let kept = folders["kept"].as_array().unwrap();
    assert_eq!(kept.len(), 2, "{folders}");
    let of = |field: &str| kept.iter().find(|folder| folder[field].is_string()).unwrap();
    let (odd, failed) = (of("class"), of("failure"));
    assert_eq!((&odd["class"], &failed["failure"]), (&"B".into(), &"command exited with code 3".into()));
    assert_eq!(odd["digest"], status["digests"][1]["digest"]);
    let path = |folder: &Value| place.join(folder["folder"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(path(odd).join("out.txt")).unwrap(), "2\n");
    assert_eq!(std::fs::read_to_string(path(odd).join("input")).unwrap(), "7");
    assert_eq!(std::fs::read_to_string(path(failed).join("log")).unwrap(), "lost\n");
    // Nothing else is left, and a later start leaves them where they are.
    assert_eq!(names(&temporary), ["concord-kept-k"]);
    submit(&sandbox, &["--scratch", "--job", "r", "--copies", "3"], "echo 1").exits(0);
    assert_eq!((names(&temporary).len(), names(&place).len()), (1, 2));
}

#[test]
fn a_failure_that_a_later_attempt_hid_keeps_its_folder_and_an_expected_result_does_not() {
    let (sandbox, temporary) = sandbox();
    let script = "mkdir $HOME/bad 2>/dev/null && exit 3; echo 1";
    submit(&sandbox, &["--job", "h", "--copies", "4", "--scratch"], script)
        .exits(0)
        .prints("folders: that of the 1 copy");
    let [folder] = &names(&temporary.join("concord-kept-h"))[..] else { panic!("not one folder") };
    assert!(folder.contains("-failed-"), "{folder}");
    sandbox.write("golden", "2\n");
    let flags = ["--job", "e", "--copies", "4", "--scratch", "--expect", "golden"];
    // The only class is not the expected one.
    submit(&sandbox, &flags, "echo 1").exits(1).prints("folders: those of 2 of the 4 copies that failed");
    submit(&sandbox, &[&flags[2..], &["--job", "f"]].concat(), "echo 2").exits(0);
    assert_eq!(names(&temporary), ["concord-kept-e", "concord-kept-h"]);
}

#[test]
fn the_number_of_kept_folders_is_bounded() {
    let (sandbox, temporary) = sandbox();
    submit(&sandbox, &["--job", "b", "--copies", "130", "--scratch"], "echo $$").exits(1);
    let kept = names(&temporary.join("concord-kept-b")).len();
    let folders = &sandbox.status("b")["folders"];
    assert!((99..=100).contains(&kept), "{kept}");
    assert_eq!(folders["not_kept"].as_u64(), Some(129 - kept as u64), "{folders}");
}

#[test]
fn an_interrupted_job_says_where_folders_are_and_goes_on_with_them() {
    let (sandbox, temporary) = sandbox();
    // The first copies end, and one waits until the job is interrupted.
    let script = "mkdir $HOME/one 2>/dev/null && exec echo 1; mkdir $HOME/two 2>/dev/null && exec echo 2; \
                  test -e $HOME/interrupted || exec sleep 73; echo 1";
    let words = [
        "submit",
        "p",
        "-j1",
        "--copies",
        "4",
        "--job",
        "i",
        "--scratch",
        "--keep-folders",
        "--",
        "sh",
        "-c",
        script,
    ];
    let child = sandbox.command(&words).env("TMPDIR", &temporary).spawn().unwrap();
    until("a copy waits", || runs_with_argument("73"));
    signal(&child, "INT");
    let place = temporary.join("concord-kept-i");
    let run = Run::of(child.wait_with_output().unwrap()).exits(130);
    run.says(&format!("folders of copies of i are in {}", place.display()));
    assert_eq!(names(&place).len(), 2);
    sandbox.run(&["status", "i"]).exits(0).prints("folders: those of 2 copies are kept so far in");
    sandbox.write("interrupted", "");
    let mut command = sandbox.command(&["wait", "i"]);
    Run::of(command.env("TMPDIR", &temporary).output().unwrap()).exits(1);
    let [folder] = &names(&place)[..] else { panic!("not one folder") };
    assert!(folder.starts_with("copy-000001-sha256-"), "{folder}");
}

#[test]
fn a_folder_that_cannot_be_kept_is_said() {
    let (sandbox, temporary) = sandbox();
    sandbox.write("tmp/concord-kept-n", "");
    let script = "mkdir $HOME/odd 2>/dev/null && exec echo 2; echo 1";
    let run = submit(&sandbox, &["--job", "n", "--copies", "4", "--scratch"], script);
    assert!(temporary.join("concord-kept-n").is_file());
    let run = run.exits(1).says("the folder of a copy could not be kept: ").says("TMPDIR");
    run.prints("folders: the folder of the 1 copy that failed or differs was not");
}

#[test]
fn folders_are_kept_only_of_a_command_with_folders_of_its_own() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let check = |flags: &[&str], words: &str| {
        let all = [&["submit", "p", "--keep-folders"], flags, &["--", "true"]].concat();
        sandbox.run(&all).exits(2).says(words);
    };
    check(&[], "--artifact <PATTERN>|--scratch");
    check(&["--scratch", "--stack", "s"], "cannot be used with '--stack <NAME>'");
    sandbox
        .run(&["submit", "p", "--scratch", "--keep-folders", "--function", "f"])
        .exits(2)
        .says("--function");
    sandbox.write("probe", r#"{"probe":"sum","n":10,"order":"ordered"}"#);
    let probe = ["submit", "probe", "--scratch", "--keep-folders"];
    sandbox.run(&probe).exits(2).says("--keep-folders is for a command on this machine");
}
