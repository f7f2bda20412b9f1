//! Reports in all their forms: what one says, the others say too.

use serde_json::Value;

use crate::harness::{Run, Sandbox, repository_file};

/// A shell script whose copies take numbers: the first one that makes folder N gets N.
const NUMBERED: &str =
    r#"copy=0; while ! mkdir "$HOME/slot-$copy" 2>/dev/null; do copy=$((copy + 1)); done; "#;

/// Submits 20 copies of a shell script that knows the number of its copy, two at a time.
fn submit(sandbox: &Sandbox, flags: &[&str], script: &str) -> Run {
    sandbox.write("p", "{}");
    let script = format!("{}{script}", NUMBERED.replace("$HOME", &sandbox.path("").display().to_string()));
    let words = [&["submit", "p", "--copies", "20", "-j", "2"], flags, &["--", "sh", "-c", &script]];
    sandbox.run(&words.concat())
}

/// The report of a job as text, as Markdown and as JUnit, without the marks of Markdown and with blanks in place of line
/// ends.
fn forms(sandbox: &Sandbox, job: &str) -> [(&'static str, String); 3] {
    ["text", "markdown", "junit"].map(|form| {
        let report = sandbox.run(&["report", job, "--as", form, "-o", "-"]).exits(0).stdout;
        let plain = report.replace("&lt;", "<").replace(['`', '\\'], "").replace(" | ", " ");
        (form, plain.split_whitespace().collect::<Vec<_>>().join(" "))
    })
}

#[track_caller]
fn all_say(forms: &[(&str, String)], words: &str) {
    for (form, report) in forms {
        assert!(report.contains(words), "no {words:?} in {form}: {report}");
    }
}

#[test]
fn every_form_lists_the_artifacts() {
    let sandbox = Sandbox::new();
    let script = "for n in 1 2 3; do echo $n >$n.txt; done; echo 1.5 >log.txt; \
                  [ $copy -lt 9 ] || { echo 1.25 >log.txt; echo 1 >more.txt; }";
    submit(&sandbox, &["--job", "d", "--artifact", "*.txt"], script).exits(1);
    let forms = forms(&sandbox, "d");
    all_say(&forms, "3 of 5 artifacts are stable");
    all_say(&forms, "1.txt, 2.txt, 3.txt");
    all_say(&forms, "2 contents");
    all_say(&forms, "1 content, missing in 1 class");
    all_say(&forms, "A and B: 1 of 1 numbers differs, by at most ");
    all_say(&forms, "A and B: only A has it");
    // A job that passes says so, too.
    submit(&sandbox, &["--job", "s", "--artifact", "1.txt"], "echo 1 >1.txt").exits(0);
    all_say(&self::forms(&sandbox, "s"), "1 of 1 artifacts are stable");
}

#[test]
fn a_long_list_of_artifacts_says_what_it_leaves_out() {
    let sandbox = Sandbox::new();
    let script = "for n in $(seq 10 29); do echo 1 >s$n; echo $copy >d$n; done";
    submit(&sandbox, &["--job", "l", "--artifact", "[sd]*"], script).exits(1);
    let forms = forms(&sandbox, "l");
    all_say(&forms, "20 of 40 artifacts are stable");
    all_say(&forms, "… 12 more differ");
    all_say(&forms, "s16, s17 and 12 more");
    for (form, report) in &forms {
        assert!(!report.contains(" d18 "), "{form}: {report}");
    }
}

#[test]
fn every_form_names_failures_and_those_that_a_retry_hid() {
    let sandbox = Sandbox::new();
    submit(&sandbox, &["--job", "f", "--attempts", "1"], "[ $copy -lt 4 ] && exit 7; cat").exits(3);
    all_say(&forms(&sandbox, "f"), "4 command exited with code 7");
    for slot in 0..20 {
        std::fs::remove_dir(sandbox.path(&format!("slot-{slot}"))).unwrap();
    }
    submit(&sandbox, &["--job", "h", "--attempts", "2"], "[ $copy = 3 ] && kill -11 $$; cat").exits(0);
    let forms = forms(&sandbox, "h");
    all_say(&forms, "failed at first, and gave a digest at a later attempt");
    all_say(&forms, "1 command was killed by signal 11");
}

#[test]
fn every_form_lists_the_patterns() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let script = format!("{NUMBERED}[ $copy -lt 25 ] && echo 1.5 || echo 1.25");
    let script = script.replace("$HOME", &sandbox.path("").display().to_string());
    let submit = ["submit", "p", "--job", "c", "--copies", "40", "-j", "1", "--", "sh", "-c", &script];
    sandbox.run(&submit).exits(1);
    let explained = sandbox.json(&["explain", "c"]).remove(0);
    let patterns = explained["attribution"]["patterns"].as_array().unwrap();
    assert!(!patterns.is_empty(), "{explained:#}");
    let forms = forms(&sandbox, "c");
    for pattern in patterns {
        all_say(&forms, pattern["statement"].as_str().unwrap());
    }
    all_say(&forms, "The classes change at copy 25: B in all 15 copies from there");
    all_say(&forms, "after correction)");
    all_say(&forms, "one machine gave more than one class");
    // What a pattern says is not said a second time.
    for (form, report) in &forms {
        assert!(!report.contains("The mix of classes changes"), "{form}: {report}");
    }
}

#[test]
fn copies_on_one_machine_have_no_sandboxes() {
    let sandbox = Sandbox::new();
    submit(&sandbox, &["--job", "r"], "cat").exits(0);
    submit(&sandbox, &["--job", "d"], "echo $((copy % 3))").exits(1);
    for job in ["r", "d"] {
        let reports = forms(&sandbox, job).map(|(_, report)| report);
        let status = sandbox.run(&["status", job]).exits(0).stdout;
        for report in reports.into_iter().chain([status]) {
            // The names of facts stay.
            let words = report.replace("sandbox.", "");
            assert!(!words.contains("sandbox"), "{report}");
            assert!(words.contains("20 copies on 1 machine, 1 kind of CPU"), "{report}");
        }
    }
}

#[test]
fn a_report_is_a_file_in_the_form_of_its_name() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "[1, 2]");
    let program = ["sh", "-c", "mkdir seen 2>/dev/null && echo '[1.5, \"</script><b>\"]' || cat"];
    sandbox.run(&[&["submit", "p", "--job", "j", "--copies", "6", "--"], &program[..]].concat()).exits(1);
    let written = |name: &str| {
        sandbox.run(&["report", "j", "-o", name]).exits(0).says("wrote ");
        std::fs::read_to_string(sandbox.path(name)).unwrap()
    };
    let page = written("report.html");
    assert!(page.starts_with("<!doctype html>") || page.starts_with("<!DOCTYPE html>"), "{page:.80}");
    assert!(!page.contains("\"</script><b>\""), "what a program wrote breaks out of nothing");
    assert!(written("report.md").starts_with("## Job `j`: divergent\n"));
    let junit = written("report.xml");
    for part in ["<testsuites name=\"concord\" tests=\"1\"", "<testcase name=\"j\"", "<failure message="] {
        assert!(junit.contains(part), "no {part} in {junit}");
    }
    assert_eq!(serde_json::from_str::<Value>(&written("report.json")).unwrap()["schema"], 1);
    assert!(written("report.txt").starts_with("divergent  job j\n"));
    sandbox.run(&["report", "j", "-o", "-", "--as", "markdown"]).exits(0).prints("## Job `j`: divergent");
    sandbox.run(&["report", "j", "-o", "report"]).exits(2).says("the form of the report is not clear");
    sandbox
        .run(&["report", "j", "-o", "no/such/report.html"])
        .exits(2)
        .says("cannot write no/such/report.html");
    let left: Vec<_> =
        std::fs::read_dir(sandbox.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".report-")), "{left:?}");
}

#[test]
fn a_report_goes_where_a_symbolic_link_leads_whether_a_file_is_there_or_not() {
    use std::os::unix::fs::symlink;

    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    sandbox.run(&["submit", "p", "--copies", "2", "--job", "l", "--", "cat"]).exits(0);
    let report =
        |name: &str, code: i32| sandbox.run(&["report", "l", "--as", "json", "-o", name]).exits(code);
    std::fs::create_dir(sandbox.path("folder")).unwrap();
    symlink("middle", sandbox.path("link")).unwrap();
    symlink("folder/target", sandbox.path("middle")).unwrap();
    // The target is made, and then replaced.
    for _ in 0..2 {
        report("link", 0);
        assert!(std::fs::read_to_string(sandbox.path("folder/target")).unwrap().starts_with('{'));
        assert!(sandbox.path("link").is_symlink() && sandbox.path("middle").is_symlink());
    }
    symlink("missing/target", sandbox.path("astray")).unwrap();
    report("astray", 2).says("cannot write astray");
    assert!(sandbox.path("astray").is_symlink());
    symlink("around", sandbox.path("around")).unwrap();
    report("around", 2).says("cannot write around");
}

#[test]
fn texts_fit_a_terminal() {
    let sandbox = Sandbox::new();
    let racing = repository_file("examples/racing-sum.json");
    sandbox.run(&["submit", &racing, "--job", "race", "--copies", "40", "--equivalent", "ulp=1"]).exits(1);
    for verb in ["explain", "status"] {
        let run = sandbox.run(&[verb, "race"]).exits(0);
        let long: Vec<_> = run.stdout.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(long.is_empty(), "{verb}: {long:#?}");
    }
}

#[test]
fn no_text_from_outside_hides_or_turns_what_a_report_says() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    // A colour, a text from right to left, and a character without width: in the program, its output, its log and its facts.
    let odd = "\u{1b}[31mred\u{202e}turned\u{200b}";
    let script = r#"printf 'concord-facts {"seed":"%s"}\n%s\n' "$1" "$1" >&2; mkdir x-$$ && printf '{"%s":%s}' "$1" $$"#;
    sandbox
        .run(&["submit", "p", "--copies", "4", "--job", "odd", "--", "sh", "-c", script, "sh", odd])
        .exits(1);
    let hidden = ['\u{1b}', '\u{202e}', '\u{200b}'];
    let check = |name: &str, text: &str| assert!(!text.contains(hidden), "{name}: {text:?}");
    for verb in [&["status", "odd"][..], &["list"], &["copies", "odd"], &["explain", "odd"]] {
        check(verb[0], &sandbox.run(verb).exits(0).stdout);
    }
    for form in ["text", "markdown", "junit", "html"] {
        check(form, &sandbox.run(&["report", "odd", "--as", form, "-o", "-"]).exits(0).stdout);
    }
    let refused = sandbox.run(&["status", odd]).exits(2);
    check("error", &refused.stderr);
    assert!(refused.stderr.contains("\\u{202e}"), "{refused:?}");
}
