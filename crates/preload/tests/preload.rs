//! The library in real programs: it loads without effect, each setting works and is reported, and a wrong list is ignored.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"), target_env = "gnu"))]
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as expected")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use concord_preload::{LIBRARY, ROUNDING_LIBRARY, Report, VARIABLE};
use elf::ElfBytes;
use elf::abi::{DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_TEXTREL, DT_VERNEED, STB_WEAK};
use elf::endian::LittleEndian;
use tempfile::TempDir;

/// A folder with both libraries in it, a program, and a file for reports.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("preload.so"), LIBRARY.unwrap()).unwrap();
        fs::write(folder.path().join("rounding.so"), ROUNDING_LIBRARY.unwrap()).unwrap();
        let bench = Self { folder };
        bench.empty_report();
        bench
    }

    /// Compiles one of the programs in `tests/programs`.
    fn with(name: &str, flags: &[&str]) -> Self {
        let bench = Self::new();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs").join(name);
        let flags = ["-O1", "-Wall", "-Werror", "-fno-builtin", "-pthread"].iter().chain(flags);
        let mut compiler = Command::new("cc");
        compiler.args(flags).arg("-o").arg(bench.path("program")).arg(source).arg("-lm");
        let output = compiler.output().unwrap();
        assert!(output.status.success(), "{compiler:?}: {}", String::from_utf8_lossy(&output.stderr));
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn empty_report(&self) {
        fs::write(self.path("report"), "").unwrap();
    }

    /// The standard output of a command that succeeds.
    #[track_caller]
    fn output(command: &mut Command) -> String {
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.is_empty(), "{command:?}: {}: {told}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// The output of the program without the library.
    #[track_caller]
    fn plain(&self) -> String {
        Self::output(Command::new(self.path("program")).env_remove("LD_PRELOAD").env_remove(VARIABLE))
    }

    /// The output of a program with the library that the list needs, and what was reported. `%` in the list is the path of
    /// the reports.
    #[track_caller]
    fn run_program(&self, program: &mut Command, list: &str) -> (String, Vec<u8>) {
        self.empty_report();
        let list = list.replace('%', &self.path("report").display().to_string());
        let library = self.path(if list.contains("rounding=") { "rounding.so" } else { "preload.so" });
        let output = Self::output(program.env("LD_PRELOAD", library).env(VARIABLE, list));
        (output, fs::read(self.path("report")).unwrap())
    }

    #[track_caller]
    fn run(&self, list: &str) -> (String, Vec<u8>) {
        self.run_program(&mut Command::new(self.path("program")), list)
    }
}

/// What was reported is this, in any order and once each.
#[track_caller]
fn check_report(file: &[u8], expect: &[Report]) {
    let mut file = file.to_vec();
    file.sort_unstable();
    let mut expect: Vec<u8> = expect.iter().map(|report| *report as u8).collect();
    expect.sort_unstable();
    assert_eq!(String::from_utf8_lossy(&file), String::from_utf8_lossy(&expect));
}

/// The names that a library asks for, and the names that it gives. Every name that it asks for may be absent.
fn symbols(library: &[u8]) -> (BTreeSet<String>, BTreeSet<String>) {
    let elf = ElfBytes::<LittleEndian>::minimal_parse(library).unwrap();
    let forbidden = [DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_TEXTREL, DT_VERNEED];
    for entry in elf.dynamic().unwrap().unwrap() {
        assert!(!forbidden.contains(&entry.d_tag), "the tag {:#x}", entry.d_tag);
    }
    let (symbols, names) = elf.dynamic_symbol_table().unwrap().unwrap();
    let (asked, given): (Vec<_>, Vec<_>) =
        symbols.iter().skip(1).partition(elf::symbol::Symbol::is_undefined);
    let name = |symbol: &elf::symbol::Symbol| names.get(symbol.st_name as usize).unwrap().to_owned();
    for symbol in &asked {
        assert_eq!(symbol.st_bind(), STB_WEAK, "{} must exist", name(symbol));
    }
    (asked.iter().map(name).collect(), given.iter().map(name).collect())
}

fn names(names: &str) -> BTreeSet<String> {
    names.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn it_needs_no_library_and_no_version_of_one() {
    // A function that the compiler brings in would be a new name here.
    let may_ask =
        names("__errno_location __libc_dlopen_mode __libc_dlsym __sysconf dlopen dlsym environ free malloc");
    let cores = names(
        "get_nprocs get_nprocs_conf pthread_attr_setaffinity_np pthread_getaffinity_np pthread_setaffinity_np \
         sched_getaffinity sched_setaffinity sysconf",
    );
    let math = names(
        "exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh cbrt lgamma tgamma erf \
         erfc pow atan2 hypot sincos",
    );
    assert_eq!(symbols(LIBRARY.unwrap()), (may_ask.clone(), cores.clone()));
    let floats = math.iter().map(|name| format!("{name}f"));
    let all = cores.into_iter().chain(math.iter().cloned()).chain(floats).collect();
    assert_eq!(symbols(ROUNDING_LIBRARY.unwrap()), (may_ask, all));
}

#[test]
fn it_changes_nothing_unless_asked() {
    for name in ["cores.c", "heap.c", "math.c", "exact.c"] {
        let bench = Bench::with(name, &[]);
        let plain = bench.plain();
        for library in ["preload.so", "rounding.so"] {
            let run = |list: Option<&str>| {
                let mut program = Command::new(bench.path("program"));
                program.env("LD_PRELOAD", bench.path(library)).env_remove(VARIABLE);
                Bench::output(program.envs(list.map(|list| (VARIABLE, list))))
            };
            assert_eq!(run(None), plain, "{name}, {library}, unset");
            assert_eq!(run(Some("")), plain, "{name}, {library}, empty");
        }
        let (output, report) = bench.run("report=%");
        assert_eq!(output, plain, "{name}, only a report");
        check_report(&report, &[Report::Loaded]);
    }
}

#[test]
fn a_program_believes_in_other_cores() {
    let bench = Bench::with("cores.c", &[]);
    let page = bench.plain().lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
    for cores in [1, 3, 8, 64, 65, 1024] {
        let (output, report) = bench.run(&format!("cores={cores},report=%"));
        // One word has room for 64 cores, as with the kernel's own answer (22 is EINVAL, 3 is ESRCH).
        let word = match cores {
            65.. => "-1 22 0".to_owned(),
            64 => format!("0 0 {:x}", u64::MAX),
            _ => format!("0 0 {:x}", (1_u64 << cores) - 1),
        };
        let expect = format!(
            "sysconf {cores} {cores} page {page}\nget_nprocs {cores} {cores}\nsched_getaffinity 0 {cores}\none word {word}\n\
             no process -1 3\nno name -1\nattribute 0\ncreate 0\ncreate 0\nthread {cores}\nthread {cores}\nbind 0 0\n"
        );
        assert_eq!(output, expect);
        check_report(&report, &[Report::Loaded, Report::Cores]);
    }
}

#[test]
fn python_believes_in_other_cores() {
    let bench = Bench::new();
    let code = "import os; print(os.cpu_count(), len(os.sched_getaffinity(0)))";
    let (output, report) =
        bench.run_program(Command::new("python3").args(["-S", "-c", code]), "cores=7,report=%");
    assert_eq!(output, "7 7\n");
    assert!(Report::Loaded.is_in(&report) && Report::Cores.is_in(&report), "{report:?}");
}

#[test]
fn the_heap_moves_by_what_was_asked_for() {
    let bench = Bench::with("heap.c", &[]);
    let places =
        |output: &str| output.split_whitespace().map(|place| place.parse().unwrap()).collect::<Vec<u32>>();
    let plain = places(&bench.plain());
    for shift in [0, 16, 32, 48, 64, 80, 4096] {
        let (output, report) = bench.run(&format!("heap={shift:02},report=%"));
        assert_eq!(
            places(&output),
            plain.iter().map(|place| (place + shift) % 64).collect::<Vec<_>>(),
            "{shift}"
        );
        check_report(&report, &[Report::Loaded, Report::Heap]);
    }
}

/// The bits of each function's results, and the other lines.
fn results(output: &str) -> (BTreeMap<&str, Vec<u64>>, Vec<&str>) {
    let (lines, numbers): (Vec<_>, Vec<_>) = output.lines().partition(|line| line.split(' ').count() < 10);
    let row = |line: &str| line.split(' ').skip(1).map(|bits| bits.parse().unwrap()).collect();
    (numbers.into_iter().map(|line: &str| (line.split_once(' ').unwrap().0, row(line))).collect(), lines)
}

#[test]
fn results_of_libm_move_by_one_ulp_at_most() {
    let bench = Bench::with("math.c", &[]);
    let plain = bench.plain();
    let (plain, _) = results(&plain);
    assert_eq!(plain.len(), 58);
    let mut seen = BTreeSet::new();
    for seed in [0_u32, 1, 7, u32::MAX] {
        let (output, report) = bench.run(&format!("rounding={seed},report=%"));
        assert_eq!(bench.run(&format!("rounding={seed},report=%")).0, output, "a seed gives the same again");
        assert!(seen.insert(output.clone()), "another seed gives other results");
        assert!(Report::Rounding.is_in(&report) && !Report::Wrong.is_in(&report), "{report:?}");
        let (moved, lines) = results(&output);
        assert_eq!(lines, ["same 1", "errors 0"], "two threads get the same, and errno stays");
        for (name, plain) in &plain {
            let mut steps = [0; 3];
            for (moved, plain) in moved[name].iter().zip(plain) {
                let step = moved.wrapping_sub(*plain).wrapping_add(1);
                assert!(step <= 2, "{name} moved from {plain:#x} to {moved:#x}");
                steps[usize::try_from(step).unwrap()] += 1;
            }
            // About a third each: 67 of 200.
            assert!(
                steps.iter().all(|count| *count > 25),
                "{name} moved {steps:?} times by -1, 0 and +1 with the seed {seed}"
            );
        }
        assert_eq!(moved["sin"], moved["sincos.sin"]);
        assert_eq!(moved["cosf"], moved["sincos.cosf"]);
    }
}

#[test]
fn exact_results_stay() {
    let bench = Bench::with("exact.c", &[]);
    let plain = bench.plain();
    for seed in 0..30 {
        let (output, report) = bench.run(&format!("rounding={seed},report=%"));
        assert_eq!(output, plain, "{seed}");
        check_report(&report, &[Report::Loaded, Report::Rounding]);
    }
}

#[test]
fn python_rounds_otherwise() {
    let bench = Bench::new();
    let code = "import math; print(*[f(x / 10) for f in (math.exp, math.sin, math.log) for x in range(1, 40)], math.exp(0))";
    let mut python = Command::new("python3");
    python.args(["-S", "-c", code]);
    let plain = bench.run_program(&mut python, "").0;
    let (output, report) = bench.run_program(&mut python, "rounding=5,report=%");
    assert_ne!(output, plain);
    assert!(output.ends_with(" 1.0\n"), "{output}");
    assert!(Report::Rounding.is_in(&report), "{report:?}");
}

#[test]
fn settings_work_together() {
    let bench = Bench::with("cores.c", &[]);
    let (output, report) = bench.run("rounding=00000007,heap=16,cores=0008,report=%");
    assert!(output.starts_with("sysconf 8 8 "), "{output}");
    check_report(&report, &[Report::Loaded, Report::Heap, Report::Cores]);
}

#[test]
fn a_wrong_list_is_ignored_and_reported() {
    let bench = Bench::with("cores.c", &[]);
    let plain = bench.plain();
    let wrong = [
        "cores=0",
        "cores=1025",
        "cores=99999999999999999999999999",
        "cores=",
        "cores",
        "cores=8x",
        "cores=-8",
        "cores= 8",
        "Cores=8",
        "heap=8",
        "heap=4112",
        "rounding=4294967296",
        "rounding=",
        "affinity=1",
        "rounding=1,cores",
        "",
        "cores=8,",
        "cores=8,heap=1",
        "heap=1,cores=8",
    ];
    for list in wrong {
        let (output, report) = bench.run(&format!("{list},report=%"));
        assert_eq!(output, plain, "{list}");
        check_report(&report, &[Report::Loaded, Report::Wrong]);
    }
    // Only the library that rounds knows this entry.
    let mut program = Command::new(bench.path("program"));
    program.env("LD_PRELOAD", bench.path("preload.so")).env(VARIABLE, "cores=8,rounding=1");
    assert_eq!(Bench::output(&mut program), plain);
    let long = format!("cores=8,report=/{}", "x".repeat(4095));
    for list in ["cores=8,report=", "cores=8,report=report", &long] {
        let (output, report) = bench.run(list);
        assert_eq!(output, plain, "{list}");
        check_report(&report, &[]);
    }
}

#[test]
fn a_file_that_does_not_exist_is_not_made() {
    let bench = Bench::with("cores.c", &[]);
    let (output, _) = bench.run("cores=8,report=%.absent");
    assert!(output.starts_with("sysconf 8 8 "), "{output}");
    assert!(!bench.path("report.absent").exists());
}

#[test]
fn a_path_may_contain_commas() {
    let bench = Bench::with("cores.c", &[]);
    fs::write(bench.path("report,cores=9"), "").unwrap();
    let (output, _) = bench.run("cores=8,report=%,cores=9");
    assert!(output.starts_with("sysconf 8 8 "), "{output}");
    check_report(&fs::read(bench.path("report,cores=9")).unwrap(), &[Report::Loaded, Report::Cores]);
}

#[test]
fn a_static_program_runs_and_reports_nothing() {
    let bench = Bench::with("cores.c", &["-static"]);
    let (output, report) = bench.run("cores=77,heap=16,rounding=1,report=%");
    assert_eq!(output, bench.plain());
    check_report(&report, &[]);
}

#[test]
fn children_inherit_it() {
    let bench = Bench::with("cores.c", &[]);
    let script = r#""$0"; "$0""#;
    let (output, report) = bench
        .run_program(Command::new("sh").args(["-c", script]).arg(bench.path("program")), "cores=5,report=%");
    assert_eq!(output.matches("sysconf 5 5 ").count(), 2, "{output}");
    check_report(&report, &[Report::Loaded, Report::Loaded, Report::Loaded, Report::Cores, Report::Cores]);
}
