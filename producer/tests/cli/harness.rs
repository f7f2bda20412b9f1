//! A folder of its own for each test, and the program in it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with a store that is not there yet.
pub(crate) struct Sandbox {
    folder: TempDir,
}

/// What a run of the program gave.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path("store.db")
    }

    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, contents).unwrap();
        path
    }

    /// The program with arguments, in the folder, with nothing of the tester's environment but `PATH`, and with signals as a
    /// terminal leaves them: the tester may ignore some (`nohup`, a background job of a script).
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("env");
        command.args(["--default-signal=HUP,INT,QUIT,TERM,TSTP", env!("CARGO_BIN_EXE_producer")]).args(args);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command.env_clear().env("PATH", env!("PATH")).env("HOME", self.folder.path());
        command.env("CONCORD_STORE", self.store());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::of(self.command(args).output().unwrap())
    }

    pub(crate) fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }

    pub(crate) fn run_with_stdin(&self, args: &[&str], stdin: &[u8]) -> Run {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin).unwrap();
        Run::of(child.wait_with_output().unwrap())
    }

    /// Runs a verb with `--format json` and gives the objects that it printed.
    pub(crate) fn json(&self, args: &[&str]) -> Vec<Value> {
        // Before the command, if there is one.
        let verb = [&args[..1], &["--format", "json"], &args[1..]].concat();
        let run = self.run(&verb);
        run.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{run:?}")))
            .collect()
    }

    /// How one job stands.
    pub(crate) fn status(&self, job: &str) -> Value {
        self.json(&["status", job]).remove(0)
    }

    /// The ids of all jobs in the store.
    pub(crate) fn jobs(&self) -> Vec<String> {
        let text = |job: &Value| job["job"].as_str().unwrap().to_owned();
        self.json(&["list"]).iter().map(text).collect()
    }
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts the exit code; prints the whole run when the code differs.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "no {words:?} in {self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn prints(self, words: &str) -> Self {
        assert!(self.stdout.contains(words), "no {words:?} in {self:#?}");
        self
    }
}

/// The folder of this repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A file of the repository, as an argument.
pub(crate) fn repository_file(name: &str) -> String {
    repository().join(name).to_str().unwrap().to_owned()
}

/// Whether a process with this argument runs anywhere on this machine.
pub(crate) fn runs_with_argument(argument: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let command_lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    command_lines.map(|line| String::from_utf8_lossy(&line).into_owned()).any(|line| {
        // The program itself has the argument too.
        !line.contains("producer") && line.split('\0').any(|word| word == argument)
    })
}

/// Sends a signal to a process.
pub(crate) fn signal(child: &Child, signal: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
}

/// Waits until `seen`, for half a minute at most.
#[track_caller]
pub(crate) fn until(what: &str, mut seen: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !seen() {
        assert!(started.elapsed().as_secs() < 30, "still waiting for: {what}");
        std::thread::yield_now();
    }
}
