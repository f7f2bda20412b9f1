//! Systems that refuse memory.

use std::process::{Command, Stdio};

use crate::harness::{Run, Sandbox};

/// Runs the program in an address space of so many KiB.
fn limited(sandbox: &Sandbox, kib: u64, args: &[&str]) -> Run {
    let program = sandbox.command(args);
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -v \"$0\"; exec \"$@\"", &kib.to_string()]);
    shell.arg(program.get_program()).args(program.get_args()).current_dir(sandbox.path("")).env_clear();
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    // Else each thread takes a large part of the address space for memory that it does not use.
    let output = shell.env("MALLOC_ARENA_MAX", "1").stdin(Stdio::null()).output().unwrap();
    Run::of(output)
}

#[test]
fn a_copy_without_memory_for_its_output_fails_alone() {
    const MIB: u64 = 1024;
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let submit = |kib: u64, job: &str, bytes: &str| {
        let program = ["head", "-c", bytes, "/dev/zero"];
        let args = ["submit", "p", "--copies", "2", "-j", "1", "--attempts", "1", "--job", job, "--"];
        limited(&sandbox, kib, &[&args[..], &program].concat())
    };
    // The least with which the program works.
    let least = (4..128)
        .map(|step| step * 16 * MIB)
        .find(|kib| submit(*kib, &format!("j{kib}"), "10").code == Some(0));
    let least = least.expect("the program works in 2 GiB");
    // An output has 60 MiB: there is no room to read it, or none to keep it.
    for (job, more) in [("read", 32), ("keep", 88)] {
        submit(least + more * MIB, job, "62914560").exits(3).prints("2 x failed: no memory for the output");
        sandbox.run(&["retry", job]).exits(0).prints("2 of 2 copies gave a digest, 1 distinct");
    }
}
