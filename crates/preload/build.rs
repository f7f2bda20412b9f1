//! Builds `src/preload.c`, for Linux on x86-64 and 64-bit ARM. For other targets the libraries are empty files.
#![expect(clippy::disallowed_methods, reason = "Cargo speaks to this program in variables")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// No C library: the result must load under any. So no code may be generated that calls one, or a library of the compiler.
const FLAGS: [&str; 14] = [
    "-shared",
    "-fPIC",
    "-nostdlib",
    "-std=gnu11",
    "-O2",
    "-Wall",
    "-Wextra",
    "-ffreestanding",
    "-fno-builtin",
    "-fno-stack-protector",
    "-fno-sanitize=all",
    "-fno-lto",
    "-fvisibility=hidden",
    "-Wl,-z,now,-z,noexecstack,--build-id=none,--strip-all",
];

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=src/preload.c");
    let folder = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    match build(&folder.join("preload.so"), None)
        .and_then(|()| build(&folder.join("rounding.so"), Some("-DROUNDING")))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error=failed to build src/preload.c: {error}");
            ExitCode::FAILURE
        }
    }
}

fn has_preload() -> bool {
    let target = |name: &str| env::var(name).unwrap_or_default();
    target("CARGO_CFG_TARGET_OS") == "linux"
        && matches!(target("CARGO_CFG_TARGET_ARCH").as_str(), "x86_64" | "aarch64")
        && target("CARGO_CFG_TARGET_POINTER_WIDTH") == "64"
}

fn build(library: &Path, flag: Option<&str>) -> Result<(), String> {
    if has_preload() {
        compile(library, flag)
    } else {
        fs::write(library, []).map_err(|error| error.to_string())
    }
}

/// `cc` finds the C compiler for the target, as it does for SQLite.
fn compile(library: &Path, flag: Option<&str>) -> Result<(), String> {
    let mut build = cc::Build::new();
    build.opt_level(2).debug(false).pic(true).force_frame_pointer(false).warnings(false);
    let compiler = build.try_get_compiler().map_err(|error| error.to_string())?;
    let mut command = compiler.to_command();
    command.args(FLAGS).args(outline_atomics()).args(flag).arg("-o").arg(library).arg("src/preload.c");
    run(command)
}

/// On ARM, compilers otherwise call a library of theirs for atomic instructions.
fn outline_atomics() -> Option<&'static str> {
    (env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("aarch64")).then_some("-mno-outline-atomics")
}

fn run(mut command: Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr)))
}
