//! Stores that cannot be used: exit code 4, nothing lost, and words that help.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::harness::{Run, Sandbox, until};

const SUBMIT: [&str; 6] = ["submit", "p", "--copies", "3", "--", "cat"];

#[test]
fn files_that_are_no_store() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    sandbox.write("store.db", "this is a text and not a database, however long one looks at it");
    for verb in [&SUBMIT[..], &["list"], &["status", "x"]] {
        sandbox.run(verb).exits(4).says("is not a database").says("hint: ");
    }
    assert!(
        std::fs::read_to_string(sandbox.store()).unwrap().starts_with("this is a text"),
        "it was written to"
    );
}

#[test]
fn databases_of_others_and_of_other_versions() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let alter = |statements: &str| {
        rusqlite::Connection::open(sandbox.store()).unwrap().execute_batch(statements).unwrap();
    };
    alter("CREATE TABLE recipes (name TEXT)");
    sandbox.run(&SUBMIT).exits(4).says("not a store of this program");
    std::fs::remove_file(sandbox.store()).unwrap();
    sandbox.run(&SUBMIT).exits(0);
    alter("PRAGMA user_version = 99");
    sandbox.run(&SUBMIT).exits(4).says("was written by a newer version: its schema is 99");
    alter("PRAGMA user_version = 1");
    sandbox.run(&SUBMIT).exits(4).says("was written by an older version: its schema is 1");
    alter("PRAGMA user_version = 4");
    assert_eq!(sandbox.jobs().len(), 1);
}

#[test]
fn places_where_nothing_can_be_kept() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    for place in ["missing/folder/store.db", ".", "/proc/store.db"] {
        sandbox
            .run(&[&["submit", "--store", place], &SUBMIT[1..]].concat())
            .exits(4)
            .says("cannot open the store");
    }
    let run =
        Run::of(sandbox.command(&SUBMIT).env_remove("CONCORD_STORE").env_remove("HOME").output().unwrap());
    run.exits(2).says("neither XDG_STATE_HOME nor HOME is set").says("--store PATH");
    let home = sandbox.command(&SUBMIT).env_remove("CONCORD_STORE").output().unwrap();
    Run::of(home).exits(0);
    assert!(sandbox.path(".local/state/concord/concord.db").exists());
}

/// The superuser may write anywhere, so the program is run as nobody when the tests run as root.
#[test]
fn a_folder_that_may_not_be_written() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let locked = sandbox.path("locked");
    std::fs::create_dir(&locked).unwrap();
    let set_mode = |path: &std::path::Path, mode: &str| {
        assert!(Command::new("chmod").arg(mode).arg(path).status().unwrap().success());
    };
    set_mode(&locked, "555");
    set_mode(locked.parent().unwrap(), "755");
    let mut command = sandbox.command(&SUBMIT);
    command.env("CONCORD_STORE", locked.join("store.db"));
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if root {
        // A copy, since the folder of the build may be closed to others.
        let program = sandbox.path("producer");
        std::fs::copy(env!("CARGO_BIN_EXE_producer"), &program).unwrap();
        command = Command::new(program);
        command.args(SUBMIT).current_dir(sandbox.path("")).env_clear().env("PATH", env!("PATH")).uid(65_534);
        command.env("CONCORD_STORE", locked.join("store.db")).stdin(Stdio::null());
    }
    Run::of(command.output().unwrap()).exits(4).says("cannot open the store").says("writable");
    set_mode(&locked, "755");
}

/// A bound on the size of files stands for a full disk: a write beyond it fails as one on a full disk does.
#[test]
fn a_disk_that_is_full() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let limited = |blocks: &str, args: &[&str]| {
        let mut command = sandbox.command(&[]);
        let script = "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"";
        let mut shell = Command::new("sh");
        shell.args(["-c", script, "sh", blocks, env!("CARGO_BIN_EXE_producer")]).args(args);
        shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.current_dir(command.current_dir(sandbox.path("")).get_current_dir().unwrap());
        Run::of(shell.stdin(Stdio::null()).output().unwrap())
    };
    // No room for the tables.
    limited("16", &SUBMIT).exits(4).says("hint: ");
    // Room for the tables and the job, not for all of its outcomes.
    std::fs::remove_file(sandbox.store()).unwrap();
    sandbox
        .run(&["submit", "p", "--detach", "--job", "big", "--copies", "20000", "--allow-empty", "--", "true"])
        .exits(0);
    let echo = sandbox.write("echo.json", r#"{"probe":"echo"}"#);
    let submit = ["submit", echo.to_str().unwrap(), "--job", "full", "--copies", "200000"];
    sandbox.run(&["cancel", "big"]).exits(0);
    limited("4000", &submit)
        .exits(4)
        .says("the store cannot go on")
        .says("hint: ")
        .says("producer wait full");
    // With room again, it goes on from what was recorded.
    let before = sandbox.status("full");
    assert_eq!(before["verdict"], "running");
    sandbox.run(&["wait", "full"]).exits(0).prints("200,000 of 200,000 copies gave a digest, 1 distinct");
}

#[test]
fn a_new_store_is_for_its_user_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let mode = |name: &str| sandbox.path(name).metadata().unwrap().permissions().mode() & 0o777;
    let home = || sandbox.command(&SUBMIT).env_remove("CONCORD_STORE").output().unwrap();
    Run::of(home()).exits(0);
    assert_eq!(mode(".local/state/concord"), 0o700);
    assert_eq!(mode(".local/state/concord/concord.db"), 0o600);
    // A mode that the user chose is kept.
    let store = sandbox.path(".local/state/concord/concord.db");
    std::fs::set_permissions(&store, std::fs::Permissions::from_mode(0o640)).unwrap();
    Run::of(home()).exits(0);
    assert_eq!(mode(".local/state/concord/concord.db"), 0o640);
}

#[test]
fn every_name_of_a_store_is_the_name_of_a_file() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    for name in [":memory:", "file:x", "file:y?mode=memory"] {
        sandbox.run(&[&["submit", "--store", name, "--job", "j"], &SUBMIT[1..]].concat()).exits(0);
        assert!(sandbox.path(name).metadata().unwrap().len() > 0, "{name}");
        sandbox.run(&["status", "--store", name, "j"]).exits(0);
    }
}

#[test]
fn a_store_that_is_removed_while_it_is_used_is_missed() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let removes = ["submit", "p", "--copies", "3", "--", "sh", "-c", "rm -f store.db; echo 1"];
    sandbox.run(&removes).exits(4).says("was removed or replaced while the jobs ran").says("hint: ");
}

/// What a reader prints of a job, with exit code 0.
fn read_all(sandbox: &Sandbox, job: &str) -> Vec<String> {
    let read = |verb: &[&str]| sandbox.run(verb).exits(0).stdout;
    [
        &["status", job][..],
        &["list"],
        &["copies", job],
        &["explain", job],
        &["report", job, "-o", "-", "--as", "text"],
    ]
    .map(read)
    .to_vec()
}

#[test]
fn who_reads_waits_for_no_writer() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    sandbox
        .run(&["submit", "p", "--job", "r", "--copies", "3000", "--detach", "--allow-empty", "--", "true"])
        .exits(0);
    let mut child = sandbox.start(&["wait", "r", "-j", "2"]);
    until("some copies are done", || sandbox.json(&["list"])[0]["succeeded"].as_u64() > Some(100));
    child.kill().unwrap();
    child.wait().unwrap();
    // A process that is stopped within a commit holds the lock like this.
    let writer = rusqlite::Connection::open(sandbox.store()).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let count = |sql: &str| writer.query_row(sql, [], |row| row.get::<_, u32>(0)).unwrap();
    let recorded = count("SELECT count(*) FROM outcomes");
    let unfolded = count("SELECT count(*) FROM feed");
    // What the killed process did not fold any more is counted all the same.
    assert_eq!(sandbox.status("r")["succeeded"].as_u64(), Some(recorded.into()));
    let seen = read_all(&sandbox, "r");
    assert_eq!(count("SELECT count(*) FROM feed"), unfolded, "a reader wrote");
    writer.execute_batch("ROLLBACK").unwrap();
    drop(writer);
    assert_eq!(read_all(&sandbox, "r")[2], seen[2]);
    sandbox.run(&["wait", "r"]).exits(0).prints("3,000 of 3,000 copies");
}

#[test]
fn a_store_on_a_disk_that_cannot_be_written_is_read() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    std::fs::create_dir(sandbox.path("disk")).unwrap();
    std::fs::create_dir(sandbox.path("mounted")).unwrap();
    let on_disk = |store: &str, args: &[&str]| {
        let program = sandbox.command(args);
        let mount = "mount --bind disk mounted && mount -o remount,bind,ro mounted || exit 77; exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]);
        command.arg(program.get_program()).args(program.get_args()).current_dir(sandbox.path(""));
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("CONCORD_STORE", store);
        Run::of(command.output().unwrap())
    };
    let submit = |job: &str| {
        sandbox
            .run(&["submit", "--store", "disk/s.db", "p", "--job", job, "--copies", "3", "--", "cat"])
            .exits(0);
    };
    submit("one");
    let run = on_disk("mounted/s.db", &["status", "one"]);
    if run.stderr.contains("unshare failed") || run.code == Some(77) {
        // The system forbids name spaces: then there is no such disk to test on.
        return;
    }
    run.exits(0).prints("3 of 3 copies");
    // As long as somebody has the store open, a part of it is in its log.
    let open = rusqlite::Connection::open(sandbox.path("disk/s.db")).unwrap();
    open.query_row("SELECT count(*) FROM jobs", [], |row| row.get::<_, u32>(0)).unwrap();
    submit("two");
    assert!(sandbox.path("disk/s.db-wal").metadata().unwrap().len() > 0);
    on_disk("mounted/s.db", &["status", "two"]).exits(0).prints("3 of 3 copies");
    on_disk("mounted/s.db", &["explain", "two"]).exits(0);
    on_disk("mounted/s.db", &["submit", "p", "--", "cat"])
        .exits(4)
        .says("attempt to write a readonly database");
}

/// Changes the store as a bad disk would: the checksums stay as they were.
fn rots(sandbox: &Sandbox, statements: &str) {
    let store = rusqlite::Connection::open(sandbox.store()).unwrap();
    store.execute_batch(statements).unwrap();
}

/// A store with the finished job `done`, and the job `open` of which nothing ran yet.
fn given_two_jobs(sandbox: &Sandbox) {
    sandbox.write("p", "{}");
    sandbox.run(&[&["submit", "--job", "done"], &SUBMIT[1..]].concat()).exits(0);
    sandbox.run(&[&["submit", "--job", "open", "--detach"], &SUBMIT[1..]].concat()).exits(0);
}

#[test]
fn a_damaged_row_gives_no_verdict() {
    for (damage, job) in [
        ("UPDATE jobs SET state = replace(state, '\"copies\":3', '\"copies\":2') WHERE job = 'open'", "open"),
        ("UPDATE jobs SET enqueued = 2 WHERE job = 'open'", "open"),
        ("UPDATE payloads SET bytes = x'00'", "open"),
        ("UPDATE outcomes SET digest = zeroblob(32) WHERE copy = 1", "done"),
        ("UPDATE tally_digests SET copies = zeroblob(128)", "done"),
    ] {
        let sandbox = Sandbox::new();
        given_two_jobs(&sandbox);
        rots(&sandbox, damage);
        let verb = if job == "open" { "wait" } else { "explain" };
        let run = sandbox.run(&[verb, job]).exits(4).says("damaged").says("store.db").says("check-store");
        assert!(run.stdout.is_empty(), "{damage}: {run:?}");
        let found = sandbox.run(&["check-store"]).exits(4).prints("DAMAGED").says("hint: ");
        assert!(found.stdout.contains(job) || found.stdout.contains("payloads"), "{damage}: {found:?}");
        let found = sandbox.json(&["check-store"]).remove(0);
        assert_eq!(found["whole"], false, "{damage}");
        assert_ne!(found["damages"][0]["what"], serde_json::Value::Null, "{damage}");
    }
}

#[test]
fn a_damaged_output_is_found() {
    let sandbox = Sandbox::new();
    given_two_jobs(&sandbox);
    rots(&sandbox, "UPDATE outputs SET bytes = x'00'");
    let run = sandbox.run(&["check-store"]).exits(4);
    run.prints("job done, table outputs: a row does not fit its digest");
}

#[test]
fn a_damaged_file_says_what_helps() {
    let sandbox = Sandbox::new();
    given_two_jobs(&sandbox);
    // A page in the middle.
    let mut bytes = std::fs::read(sandbox.store()).unwrap();
    bytes[3 * 4_096..4 * 4_096].fill(0xff);
    std::fs::write(sandbox.store(), bytes).unwrap();
    sandbox.run(&["wait", "open"]).exits(4).says("store.db is damaged: SQLite says").says("check-store");
    sandbox.run(&["check-store"]).exits(4);
}

#[test]
fn a_whole_store_is_found_whole() {
    let sandbox = Sandbox::new();
    sandbox.run(&["check-store"]).exits(2).says("there is no store at").says("hint: ");
    given_two_jobs(&sandbox);
    sandbox.run(&["submit", "p", "--job", "fails", "--attempts", "1", "--", "false"]).exits(3);
    sandbox.run(&["submit", "p", "--job", "differ", "--", "sh", "-c", "echo $$"]).exits(1);
    sandbox.run(&["retry", "fails"]).exits(3);
    sandbox.run(&["check-store"]).exits(0).prints("whole").prints("outcomes 46, ");
    let found = sandbox.json(&["check-store"]).remove(0);
    assert_eq!((&found["whole"], &found["rows"]["jobs"]), (&true.into(), &4.into()), "{found}");
    sandbox.run(&["check-store", "--stack", "s"]).exits(2).says("not a stack");
}
