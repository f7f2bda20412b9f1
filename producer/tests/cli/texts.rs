//! Nothing from outside hides or turns what the program says: not a path, an argument, an output, nor a reason.

use crate::harness::{Run, Sandbox};

/// Begins a colour, turns the direction of text, has no width, begins a sequence of a terminal (CSI), deletes.
const HIDDEN: [char; 5] = ['\u{1b}', '\u{202e}', '\u{200b}', '\u{9b}', '\u{7f}'];

/// A name with all of them.
const ODD: &str = "a\u{1b}[31mb\u{202e}c\u{200b}d\u{9b}31me\u{7f}f";

#[track_caller]
fn check(run: &Run, code: i32, part: &str) {
    let run = run.clone().exits(code);
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(HIDDEN), "{text:?}");
    }
    assert!(format!("{}{}", run.stdout, run.stderr).contains(part), "no {part:?} in {run:#?}");
}

#[test]
fn paths_and_arguments_are_readable_in_every_message() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    sandbox.write(ODD, "{}");
    std::fs::create_dir(sandbox.path("folder")).unwrap();
    let missing = format!("missing-{ODD}");
    let within = format!("missing-{ODD}/x.html");
    let report = format!("{ODD}.html");
    let flag = format!("--{ODD}");
    sandbox.run(&["submit", "p", "--copies", "2", "--job", "j", "--", "cat"]).exits(0);
    let shown = "\\u{202e}";
    let cases: [(&[&str], i32); 13] = [
        (&["submit", &missing, "--", "cat"], 2),
        (&["submit", "p", "--", &missing], 2),
        (&["submit", "p", "--expect", &missing, "--", "cat"], 2),
        (&["submit", "p", "--job", ODD, "--", "cat"], 2),
        (&["submit", "p", "--comparator", &missing, "--accept", "equivalent", "--", "cat"], 2),
        (&["submit", "p", "--artifact", &format!("[{ODD}"), "--", "cat"], 2),
        (&["submit", "p", "--select", &format!("{ODD}:/x"), "--", "cat"], 2),
        (&["submit", "p", "--store", &format!("{missing}/s"), "--", "cat"], 4),
        (&["list", "--store", &missing], 0),
        (&["status", ODD], 2),
        (&["report", "j", "-o", &within], 2),
        (&["report", "j", "-o", &report], 0),
        (&["status", &flag], 2),
    ];
    for (args, code) in cases {
        check(&sandbox.run(args), code, shown);
    }
    let odd_store = sandbox.run(&["submit", "--store", ODD, "p", "--", "cat"]);
    check(&odd_store, 4, shown);
}

#[test]
fn outputs_reasons_and_facts_are_readable_in_every_form() {
    let sandbox = Sandbox::new();
    sandbox.write(ODD, "{}");
    // The name of the payload, the words of the command, its output, its log, and an artifact's name are odd.
    let script = r#"echo "$1" >&2; echo "$1 $$"; echo $$ >"$1.txt""#;
    let args = [
        "submit",
        ODD,
        "--copies",
        "3",
        "--job",
        "odd",
        "--artifact",
        "*.txt",
        "--artifact",
        "stdout",
        "--",
        "sh",
    ];
    check(&sandbox.run(&[&args[..], &["-c", script, "sh", ODD]].concat()), 1, "divergent");
    let args = [
        "submit",
        ODD,
        "--copies",
        "2",
        "--attempts",
        "1",
        "--job",
        "fails",
        "--artifact",
        "*.txt",
        "--",
        "sh",
    ];
    check(&sandbox.run(&[&args[..], &["-c", "ln -s / \"$1.txt\"", "sh", ODD]].concat()), 3, "inconclusive");
    check(&sandbox.run(&["copies", "odd", "--format", "json"]), 0, "\\u202e");
    for job in ["odd", "fails"] {
        for verb in ["status", "copies", "explain"] {
            check(&sandbox.run(&[verb, job]), 0, "");
            check(&sandbox.run(&[verb, job, "--format", "json"]), 0, "");
        }
        for form in ["text", "markdown", "junit", "html", "json"] {
            check(&sandbox.run(&["report", job, "--as", form, "-o", "-"]), 0, "");
        }
    }
}
