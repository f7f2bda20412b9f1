//! Which file is run, and with what: words, folder, environment.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;
use crate::calc::command::ProgramError;

fn find(argv: &[&str], folder: &Path, search_path: Option<&str>) -> Result<Program, ProgramError> {
    let argv: Vec<String> = argv.iter().map(ToString::to_string).collect();
    Program::find(&argv, folder, search_path.map(OsStr::new))
}

#[test]
fn words_arrive_as_they_are() {
    let words = ["a b", "", "\"q\"", "it's", "$HOME", "*", "a\nb", "\\", "-n", "~", "é"];
    let mut argv = vec!["sh", "-c", "printf '[%s]' \"$0\" \"$@\""];
    argv.extend(words);
    let expected = words.map(|word| format!("[{word}]")).concat();
    assert_eq!(output_of(&program(&argv)), expected);
}

#[test]
fn first_word_stays_as_it_was_written() {
    assert_eq!(output_of(&program(&["cat", "/proc/self/cmdline"])), "cat\0/proc/self/cmdline\0");
}

#[test]
fn environment_is_inherited() {
    let finished = run_with(&program(&["cat", "/proc/self/environ"]), b"", &limits()).unwrap();
    let mut theirs: Vec<&[u8]> = finished.output.split_inclusive(|byte| *byte == 0).collect();
    let ours: Vec<Vec<u8>> = std::env::vars_os()
        .map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes(), b"\0"].concat())
        .collect();
    let mut ours: Vec<&[u8]> = ours.iter().map(Vec::as_slice).collect();
    theirs.sort_unstable();
    ours.sort_unstable();
    assert_eq!(theirs, ours);
}

#[test]
fn programs_run_in_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("here.txt"), "here").unwrap();
    assert_eq!(output_of(&program_in(&["cat", "here.txt"], folder.path())), "here");
}

#[test]
fn names_are_searched_as_from_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["folder", "file", "link"] {
        fs::create_dir(path(name)).unwrap();
    }
    fs::create_dir(path("folder/tool")).unwrap();
    fs::write(path("file/tool"), "").unwrap();
    symlink("/bin/sh", path("link/tool")).unwrap();
    symlink("/bin/sh", path("here")).unwrap();
    let check = |name: &str, search_path: Option<&str>, expected: &str| {
        let found = find(&[name, "-c", "exit 0"], folder.path(), search_path).unwrap();
        assert_eq!(found.path(), path(expected), "{name} in {search_path:?}");
        assert!(run_with(&found, b"", &limits()).is_ok());
    };
    check("link/tool", None, "link/tool");
    check("./here", Some("/nowhere"), "./here");
    check("/bin/sh", Some(""), "/bin/sh");
    check("tool", Some("/nowhere:folder:file:link"), "link/tool");
    check("tool", Some(path("link").to_str().unwrap()), "link/tool");
    check("here", Some("/nowhere:"), "here");
    assert!(find(&["sh"], folder.path(), None).unwrap().path().ends_with("bin/sh"));
}

#[test]
fn what_cannot_run_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let check = |argv: &[&str], search_path: &str, expected: &str| {
        let error = find(argv, folder.path(), Some(search_path)).unwrap_err();
        assert_eq!(error.to_string(), expected.replace('@', place), "{argv:?}");
    };
    check(&[], "", "the command is empty");
    check(&["", "word"], "", "the command is empty");
    check(&["a", "b\0c"], "", "word 1 of the command holds a nul byte");
    check(&["no-such"], "/a:/b", "no program no-such in /a:/b");
    check(&["./no-such"], "", "no program at @/./no-such");
    check(&["./file/below"], "", "no program at @/./file/below");
    check(&["./file"], "", "@/./file is not executable");
    check(&["file"], "/a:.", "@/./file is not executable");
    check(&["/dev/null"], "", "/dev/null is not executable");
    check(&["./folder"], "", "@/./folder is a folder, not a program");
    check(&["folder"], ".", "@/./folder is a folder, not a program");
    for name in ["no-such", "file"] {
        let error = find(&["sh"], &folder.path().join(name), None).unwrap_err();
        assert_eq!(error.to_string(), format!("failed to use {place}/{name} as the folder to run in"));
    }
}

/// Writes an executable text file. A shell does the writing: a descriptor for writing in this process would be
/// copied to children that start meanwhile, and the kernel does not run what somebody can write to.
fn script(folder: &Path, text: &str) -> Program {
    let write = program_in(&["/bin/sh", "-c", "printf '%s' \"$1\" > script", "sh", text], folder);
    run_with(&write, b"", &limits()).unwrap();
    fs::set_permissions(folder.join("script"), Permissions::from_mode(0o755)).unwrap();
    program_in(&["./script"], folder)
}

#[test]
fn scripts_need_a_first_line_that_names_their_interpreter() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str, expected: &str| {
        let error = run_with(&script(folder.path(), text), b"", &limits()).unwrap_err();
        let place = folder.path().join("./script");
        assert_eq!(error.to_string(), format!("failed to start {}: {expected}", place.display()));
        assert!(!folder.path().join("mark").exists(), "a shell has run it");
    };
    check("echo > mark\n", "not a program for this machine, and no script that begins with #!");
    check("", "not a program for this machine, and no script that begins with #!");
    check("#!/no/such/sh\necho > mark\n", "the interpreter that it names is missing");
    check("#!/bin/sh\r\necho > mark\n", "the interpreter that it names is missing");
    let runs = script(folder.path(), "#!/bin/sh\necho runs\n");
    assert_eq!(output_of(&runs), "runs\n");
}

#[test]
fn program_that_vanished_is_reported_with_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    symlink("/bin/sh", folder.path().join("tool")).unwrap();
    let gone = program_in(&["./tool"], folder.path());
    fs::remove_file(folder.path().join("tool")).unwrap();
    match run_with(&gone, b"", &limits()) {
        Err(RunError::NotStarted { program, source }) => {
            assert_eq!(program, gone.path());
            assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
        }
        other => panic!("{other:?}"),
    }
}
