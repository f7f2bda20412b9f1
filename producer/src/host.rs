//! The machine on which a plan is made.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use concord_variations::{BlasFolder, Host};
use concord_worker::calc::HAS_PRELOAD;
use concord_worker::calc::command::Program;

use crate::settings::Settings;

/// The program that emulates processors.
const EMULATOR: &str = "qemu-x86_64";

/// The file of a library with the BLAS interface, as Debian names it. Each library has a folder of its own.
const BLAS_FILE: &str = "libblas.so.3";

/// Folders whose folders may have a BLAS library.
const LIBRARY_FOLDERS: [&str; 3] = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64"];

/// What is known of this machine, as far as the words of `--vary` need it.
pub(crate) fn read(request: &[String], settings: &Settings) -> Host {
    if request.is_empty() {
        return Host::default();
    }
    let cpu = first_cpu().unwrap_or_default();
    let search_path = settings.search_path.as_deref();
    let works = |program: &&str| works(program, cpu, search_path);
    let programs: BTreeSet<_> = Host::PROGRAMS.into_iter().filter(works).map(str::to_owned).collect();
    let asks = |word: &str| request.iter().any(|words| words.contains(word));
    Host {
        arch: std::env::consts::ARCH.to_owned(),
        levels: levels().into_iter().map(str::to_owned).collect(),
        cores: u32::try_from(settings.cores).unwrap_or(u32::MAX),
        cpu,
        models: if asks("emulate") && programs.contains(EMULATOR) {
            models(search_path)
        } else {
            BTreeSet::new()
        },
        programs,
        blas: blas(),
        has_preload: HAS_PRELOAD,
    }
}

/// Whether a program can be started and may do here what a setting needs. A container may forbid it.
fn works(program: &str, cpu: u32, search_path: Option<&OsStr>) -> bool {
    let cpu = cpu.to_string();
    let words = match program {
        "taskset" => vec!["taskset", "-c", &cpu, "true"],
        "setarch" => vec!["setarch", "-R", "true"],
        "nice" => vec!["nice", "-n", "19", "true"],
        program => vec![program, "--version"],
    };
    let argv: Vec<_> = words.into_iter().map(str::to_owned).collect();
    let Ok(found) = Program::find(&argv, Path::new("/"), search_path) else { return false };
    let mut command = Command::new(found.path());
    command.args(&argv[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The CPU generations in which this processor can take part.
#[cfg(target_arch = "x86_64")]
fn levels() -> Vec<&'static str> {
    use std::arch::is_x86_feature_detected as has;
    let v2 = has!("sse4.2") && has!("ssse3") && has!("popcnt");
    let v2_avx = v2 && has!("avx");
    let v3 = v2_avx && has!("avx2") && has!("fma") && has!("bmi1") && has!("bmi2") && has!("f16c");
    let v4 =
        v3 && has!("avx512f") && has!("avx512bw") && has!("avx512cd") && has!("avx512dq") && has!("avx512vl");
    let has = [("v1", true), ("v2", v2), ("v2-avx", v2_avx), ("v3", v3), ("v4", v4)];
    has.into_iter().filter(|(_, has)| *has).map(|(level, _)| level).collect()
}

/// The CPU generations in which this processor can take part.
#[cfg(not(target_arch = "x86_64"))]
fn levels() -> Vec<&'static str> {
    vec!["armv8"]
}

/// The first processor on which this process may run.
fn first_cpu() -> Option<u32> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    list.trim().split(['-', ',']).next()?.parse().ok()
}

/// The models that the emulator lists; none if it does not.
fn models(search_path: Option<&OsStr>) -> BTreeSet<String> {
    let Ok(found) = Program::find(&[EMULATOR.to_owned()], Path::new("/"), search_path) else {
        return BTreeSet::new();
    };
    let listed = Command::new(found.path()).args(["-cpu", "help"]).stdin(Stdio::null()).output();
    let text = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let model = |line: &str| {
        line.trim().strip_prefix("x86").and_then(|line| line.split_whitespace().next().map(str::to_owned))
    };
    text.lines().filter_map(model).collect()
}

/// The BLAS libraries that are installed, each in a folder of its own.
fn blas() -> Vec<BlasFolder> {
    let folders = LIBRARY_FOLDERS.iter().filter_map(|folder| Path::new(folder).read_dir().ok()).flatten();
    let of_folder = |path: &Path| {
        let name = path.file_name()?.to_str()?.to_owned();
        path.join(BLAS_FILE).exists().then(|| Some(BlasFolder { name, folder: path.to_str()?.to_owned() }))?
    };
    let mut blas: Vec<_> = folders.flatten().filter_map(|entry| of_folder(&entry.path())).collect();
    blas.sort_by(|one, other| one.name.cmp(&other.name));
    blas
}
