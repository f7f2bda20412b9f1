//! Why a job diverged, and how sure its verdict is.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::harness::{Run, Sandbox, repository_file, runs_with_argument, signal, until};

/// Half of the fused arithmetic of an x86-64 processor, hidden from the C library.
const TUNABLES: &str = "glibc.cpu.hwcaps=-AVX2,-FMA";

/// Calls C library functions whose results depend on the processor, and runs long enough to be sampled.
const CALLS_LIBM: &str = r#"
import json, math, time
numbers = [0.1 + 0.0517 * place for place in range(20000)]
output = {"sin": [math.sin(x) for x in numbers], "pow": [math.pow(x, 1.7) for x in numbers], "n": len(numbers)}
time.sleep(0.15)
print(json.dumps(output))
"#;

/// Every second copy runs under [`TUNABLES`]. The first copy that makes folder N gets number N.
const ALTERNATES: &str = r#"#!/bin/sh
copy=0
while ! mkdir "slot-$copy" 2>/dev/null; do copy=$((copy + 1)); done
[ $((copy % 2)) = 0 ] || export GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA
exec python3 libm.py
"#;

/// Every second copy of the first producer fails; another producer runs it again.
const FAILS_AT_FIRST: &str = r#"#!/bin/sh
copy=0
while ! mkdir "slot-$copy" 2>/dev/null; do copy=$((copy + 1)); done
[ $((copy % 2)) = 0 ] || [ -e second ] || exit 1
exec python3 libm.py
"#;

/// Every fourth of the first 40 attempts fails, with another seed than all other attempts. The first attempt that makes
/// folder N gets number N.
const FAILS_WITH_SEED: &str = r#"#!/bin/sh
attempt=0
while ! mkdir "$1-$attempt" 2>/dev/null; do attempt=$((attempt + 1)); done
seed=7
[ $((attempt % 4)) = 0 ] && [ $attempt -lt 40 ] && seed=13
echo "concord-facts {\"seed\": $seed}" >&2
[ $seed = 7 ] || exit 3
echo same
"#;

/// Whether [`TUNABLES`] make a difference to the C library of this machine.
fn tunables_matter(sandbox: &Sandbox) -> bool {
    let output = |tunables: &str| {
        let mut python = std::process::Command::new("python3");
        python.arg(sandbox.path("libm.py")).env("GLIBC_TUNABLES", tunables).output().unwrap().stdout
    };
    output("") != output(TUNABLES)
}

fn separators(explained: &Value) -> &Vec<Value> {
    explained["attribution"]["separators"].as_array().unwrap()
}

fn has_fact(separator: &Value, fact: &str) -> bool {
    separator["facts"].as_array().unwrap().iter().any(|name| name == fact)
}

/// The largest distance between two outputs of the program, in representable numbers, by their bits.
fn ulp_max(left: &[u8], right: &[u8]) -> u64 {
    let numbers = |output: &[u8]| -> Vec<u64> {
        let output: Value = serde_json::from_slice(output).unwrap();
        let all = ["sin", "pow"].iter().flat_map(|name| output[name].as_array().unwrap().clone());
        all.map(|number| number.as_f64().unwrap().to_bits()).collect()
    };
    // Numbers of equal sign stand in the order of their bits; those of the program never straddle zero.
    numbers(left).into_iter().zip(numbers(right)).map(|(left, right)| left.abs_diff(right)).max().unwrap()
}

#[test]
fn the_variable_of_half_of_the_copies_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    sandbox.write("libm.py", CALLS_LIBM);
    sandbox.write("alternates", ALTERNATES);
    let matters = tunables_matter(&sandbox);
    let submit = ["submit", "p", "--job", "half", "--copies", "24", "-j", "2", "--", "sh", "alternates"];
    sandbox.run(&submit).exits(i32::from(matters));
    let explained = sandbox.json(&["explain", "half"]).remove(0);
    if !matters {
        // A processor without these instructions has nothing to hide.
        assert_eq!(explained["classes"].as_array().unwrap().len(), 1);
        return;
    }
    let best = &separators(&explained)[0];
    assert!(has_fact(best, "variable.GLIBC_TUNABLES"), "{best:#}");
    assert_eq!((&best["perfect"], &best["significant"]), (&true.into(), &true.into()), "{best:#}");
    let comparison = &explained["differences"][0]["comparison"];
    let ulps = comparison["paths"].as_array().unwrap().iter().filter_map(|path| path["ulp_max"].as_str());
    let kept = |class: usize| explained["classes"][class]["digest"].as_str().unwrap().to_owned();
    let outputs = [kept(0), kept(1)].map(|digest| output(&sandbox, "half", &digest));
    let expected = ulp_max(&outputs[0], &outputs[1]);
    assert!(expected > 0);
    assert_eq!(ulps.map(|ulp| ulp.parse::<u64>().unwrap()).max(), Some(expected));
    sandbox
        .run(&["explain", "half"])
        .exits(0)
        .prints("variable.GLIBC_TUNABLES separates the classes perfectly")
        .prints(&format!("by at most {expected} ulp"));
    let status = sandbox.run(&["status", "half"]).exits(0);
    for line in [
        "separates: variable.GLIBC_TUNABLES",
        "difference: A and B",
        "supports: two answers: A in 12 copies, B in 12",
    ] {
        status.clone().prints(line);
    }
}

/// The bytes of an output, from the store itself.
fn output(sandbox: &Sandbox, job: &str, digest: &str) -> Vec<u8> {
    let store = rusqlite::Connection::open(sandbox.store()).unwrap();
    let sql = "SELECT outputs.bytes FROM outputs JOIN jobs ON jobs.id = outputs.job
               WHERE jobs.job = ?1 AND lower(hex(outputs.digest)) = ?2";
    let hex = digest.strip_prefix("sha256:").unwrap();
    store.query_row(sql, [job, hex], |row| row.get(0)).unwrap()
}

#[test]
fn a_worker_that_computes_otherwise_shows_in_its_canary() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    sandbox.write("libm.py", CALLS_LIBM);
    sandbox.write("fails", FAILS_AT_FIRST);
    if !tunables_matter(&sandbox) {
        return;
    }
    let submit = ["submit", "p", "--job", "two", "--copies", "24", "--attempts", "1", "--", "sh", "fails"];
    sandbox.run(&submit).exits(3);
    sandbox.write("second", "");
    let retry = sandbox.command(&["retry", "two"]).env("GLIBC_TUNABLES", TUNABLES).output().unwrap();
    assert_eq!(retry.status.code(), Some(1), "{retry:?}");
    let explained = sandbox.json(&["explain", "two"]).remove(0);
    let best = &separators(&explained)[0];
    for fact in ["variable.GLIBC_TUNABLES", "canary.class", "canary.libm"] {
        assert!(has_fact(best, fact), "{:#}", explained["outcomes"]);
    }
    assert_eq!(best["perfect"], true);
    let coverage = &explained["coverage"];
    assert_eq!((&coverage["sandboxes"], &coverage["canary_classes"]), (&2.into(), &2.into()));
}

#[test]
fn of_a_race_no_fact_is_named() {
    let sandbox = Sandbox::new();
    let racing = repository_file("examples/racing-sum.json");
    sandbox.run(&["submit", &racing, "--job", "race", "--copies", "60"]).exits(1);
    let explained = sandbox.json(&["explain", "race"]).remove(0);
    assert!(
        separators(&explained).iter().all(|separator| separator["significant"] == false),
        "{explained:#}"
    );
    let sentence = explained["summary"]["separates"].as_str().unwrap();
    assert!(!sentence.contains("perfectly") && !sentence.contains("happens to fit"), "{sentence}");
    let comparison = &explained["differences"][0]["comparison"];
    assert!(comparison["paths"][0]["ulp_max"].as_str().unwrap().parse::<u64>().unwrap() > 0);
    sandbox
        .run(&["explain", "race"])
        .exits(0)
        .prints("What separates the classes")
        .prints(" ulp")
        .prints("    numbers by ulp  ")
        .prints("    at /0: ");
}

#[test]
fn tolerances_are_a_second_opinion() {
    let sandbox = Sandbox::new();
    let racing = repository_file("examples/racing-sum.json");
    let submit = |more: &[&str]| sandbox.run(&[&["submit", &racing, "--copies", "40"], more].concat());
    submit(&["--equivalent", "rel=1e-6"]).exits(1).prints("equivalent under rel=1e-6; at most ");
    submit(&["--job", "accepted", "--equivalent", "rel=1e-6", "--accept", "equivalent"])
        .exits(0)
        .prints("divergent");
    // The job keeps the choice.
    sandbox.run(&["wait", "accepted"]).exits(0).prints("divergent");
    let junit = sandbox.run(&["report", "accepted", "--as", "junit", "-o", "-"]).exits(0).stdout;
    assert!(junit.contains(r#"failures="0""#) && !junit.contains("<failure"), "{junit}");
    submit(&["--equivalent", "abs=0", "--accept", "equivalent"])
        .exits(1)
        .prints("not equivalent under abs=0");
    submit(&["--equivalent", "rel=1e-6, /energy: ignore"])
        .exits(1)
        .says("no path of the compared outputs fits the rule \"/energy: ignore\"");
    submit(&["--accept", "equivalent"]).exits(2).says("<--equivalent <RULE>|--comparator <PROGRAM>>");
    submit(&["--equivalent", "ulps=4"]).exits(2).says("ulp=4");
}

#[test]
fn a_program_may_say_what_is_equivalent() {
    let sandbox = Sandbox::new();
    let racing = repository_file("examples/racing-sum.json");
    let comparator = |name: &str, script: &str| {
        let path = sandbox.write(name, format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    sandbox.run(&["submit", &racing, "--job", "race", "--copies", "40"]).exits(1);
    let calls = "[ -s \"$1\" ] && [ -s \"$2\" ] && ! cmp -s \"$1\" \"$2\" && echo called >>calls";
    let yes = comparator("yes", calls);
    sandbox.run(&["explain", "race", "--comparator", &yes]).exits(0).prints("equivalent under comparator");
    let classes = sandbox.json(&["explain", "race"]).remove(0)["classes"].as_array().unwrap().len();
    let calls = std::fs::read_to_string(sandbox.path("calls")).unwrap();
    assert_eq!(calls.lines().count(), classes - 1, "once a class");
    let no = comparator("no", "exit 1");
    sandbox.run(&["explain", "race", "--comparator", &no]).exits(0).prints("not equivalent under comparator");
    let broken = comparator("broken", "echo no such module >&2; exit 3");
    sandbox.run(&["explain", "race", "--comparator", &broken]).exits(2).says("no such module");
    sandbox.run(&["explain", "race", "--comparator", "nowhere-at-all"]).exits(2).says("--comparator");
    let submit = ["submit", &racing, "--copies", "40", "--comparator", &yes, "--accept", "equivalent"];
    sandbox.run(&submit).exits(0).prints("divergent");
    // The verdict is not lost with the opinion.
    let submit = ["submit", &racing, "--copies", "40", "--comparator", &broken, "--accept", "equivalent"];
    sandbox.run(&submit).exits(1).prints("divergent").says("no second opinion");
    let submit = ["submit", &racing, "--job", "late", "--comparator", "nowhere-at-all"];
    sandbox.run(&submit).exits(2).says("--comparator");
    sandbox.run(&["status", "late"]).exits(2).says("there is no job");
}

#[test]
fn an_opinion_on_a_part_is_none() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "1.0");
    // Two outputs within the tolerance, and then nothing but failures.
    let program =
        "mkdir first 2>/dev/null && exec echo 1.0; mkdir second 2>/dev/null && exec echo 1.1; exit 1";
    let submit = |more: &[&str]| {
        let head = ["submit", "p", "--copies", "4", "--attempts", "1", "--equivalent", "abs=1"];
        sandbox.run(&[&head, more, &["--accept", "equivalent", "--", "sh", "-c", program]].concat())
    };
    submit(&["--job", "part"]).exits(1).prints("2 failed");
    sandbox.write("q", "1.0");
    sandbox.run(&["submit", "q", "--job", "whole", "--copies", "2", "--", "cat"]).exits(0);
    sandbox.run(&["compare", "part", "whole"]).exits(3).prints("nothing to compare");
    let detached =
        ["submit", "q", "--detach", "--equivalent", "abs=1", "--accept", "equivalent", "--", "cat"];
    sandbox.run(&detached).exits(2).says("'--detach' cannot be used with '--accept <VERDICT>'");
}

#[test]
fn a_golden_result_is_expected_until_another_is_accepted() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "1.0 2.0\n");
    let submit = |job: &str| {
        sandbox.run(&["submit", "p", "--job", job, "--golden", "--copies", "4", "--", "sh", "model"])
    };
    sandbox.write("model", "cat");
    submit("none").exits(2).says("there is no golden result of command").says("producer accept");
    sandbox.run(&["submit", "p", "--job", "first", "--copies", "4", "--", "sh", "model"]).exits(0);
    sandbox.run(&["accept", "first"]).exits(0).prints("golden  sha256:");
    submit("same").exits(0);
    // The program changed under the same name.
    sandbox.write("model", "echo 1.0 2.0000000000000004");
    submit("drifted")
        .exits(1)
        .prints("drift")
        .prints("expected and A: 1 of 2 numbers differs, by at most 1 ulp");
    sandbox.run(&["explain", "drifted"]).exits(0).prints("expected and A");
    let compared = sandbox.run(&["compare", "first", "drifted"]).exits(1);
    compared.prints("different results").prints("by at most 1 ulp");
    sandbox
        .run(&["compare", "first", "drifted", "--equivalent", "ulp=1"])
        .exits(0)
        .prints("within the tolerances");
    sandbox.run(&["compare", "first", "same"]).exits(0).prints("the same result");
    let accepted = sandbox.json(&["accept", "drifted"]).remove(0);
    assert_eq!(accepted["replaced"], sandbox.status("first")["digests"][0]["digest"]);
    submit("new").exits(0);
}

#[test]
fn what_differs_within_a_job_cannot_be_golden() {
    let sandbox = Sandbox::new();
    let racing = repository_file("examples/racing-sum.json");
    sandbox.run(&["submit", &racing, "--job", "race", "--copies", "40"]).exits(1);
    sandbox.run(&["accept", "race"]).exits(2).says("cannot be accepted: it is divergent");
    sandbox.run(&["compare", "race", "race"]).exits(3).prints("nothing to compare");
    sandbox.run(&["compare", "race", "other"]).exits(2).says("there is no job \"other\"");
}

#[test]
fn an_interrupt_ends_a_comparator_that_hangs() {
    let sandbox = Sandbox::new();
    let racing = repository_file("examples/racing-sum.json");
    sandbox.run(&["submit", &racing, "--job", "race", "--copies", "40"]).exits(1);
    let hangs = sandbox.write("hangs", "#!/bin/sh\nexec sleep 74\n");
    std::fs::set_permissions(&hangs, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::create_dir(sandbox.path("tmp")).unwrap();
    for name in ["INT", "TERM", "QUIT"] {
        let mut explain = sandbox.command(&["explain", "race", "--comparator", hangs.to_str().unwrap()]);
        let child = explain.env("TMPDIR", sandbox.path("tmp")).spawn().unwrap();
        until("the comparator runs", || runs_with_argument("74"));
        signal(&child, name);
        Run::of(child.wait_with_output().unwrap()).exits(130).says("interrupted while the comparator");
        assert!(!runs_with_argument("74"), "the comparator is left");
        assert_eq!(std::fs::read_dir(sandbox.path("tmp")).unwrap().count(), 0, "its files are left");
    }
}

#[test]
fn what_goes_with_failures_is_named_even_if_a_later_attempt_hid_them() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "payload");
    sandbox.write("fails.sh", FAILS_WITH_SEED);
    let submit = |job: &str, attempts: &str| {
        let submit = ["submit", "p", "--copies", "40", "-j1", "--job", job, "--attempts", attempts];
        sandbox.run(&[&submit[..], &["--", "sh", "fails.sh", job]].concat())
    };
    let told = "failures: reported.seed separates the failures perfectly";
    submit("once", "1").exits(3).prints(told).prints("in all 10 copies with 13, in none of the 30 with 7");
    // An attempt that is repeated may fail again while others are among the first 40.
    submit("often", "10").exits(0).prints("x failed at first: command exited with code 3").prints(told);
}
