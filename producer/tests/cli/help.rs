//! What the program says of itself.

use crate::harness::Sandbox;

#[test]
fn help_is_data() {
    let sandbox = Sandbox::new();
    sandbox.run(&["--help"]).exits(0).prints("Does this computation give the same answer");
    sandbox.run(&["submit", "--help"]).exits(0).prints("Examples:");
}

#[test]
fn completions_and_the_manual_come_from_the_same_source() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        sandbox.run(&["completions", shell]).exits(0).prints("fail-fast");
    }
    sandbox.run(&["man"]).exits(0).prints(".TH producer 1").prints("submit");
    sandbox.run(&["man", "submit"]).exits(0).prints("fail\\-fast");
    sandbox.run(&["man", "nothing"]).exits(2).says("there is no verb");
    sandbox.run(&["--version"]).exits(0).prints(env!("CARGO_PKG_VERSION"));
}

#[test]
fn color_is_for_terminals_or_on_demand() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let submit = |color: &str| {
        sandbox
            .run(&["submit", "p", "--copies", "1", "--color", color, "--allow-empty", "--", "true"])
            .exits(0)
    };
    assert!(!submit("auto").stdout.contains('\u{1b}'));
    assert!(!submit("never").stdout.contains('\u{1b}'));
    assert!(submit("always").stdout.contains("\u{1b}[1m\u{1b}[32mreproducible"));
}

#[test]
fn without_a_terminal_each_change_of_state_is_a_line() {
    let sandbox = Sandbox::new();
    sandbox.write("p", "{}");
    let run =
        sandbox.run(&["submit", "p", "--copies", "40", "--job", "s", "--", "sh", "-c", "sleep 0.1; echo $$"]);
    let run = run.exits(1);
    let lines: Vec<_> = run.stderr.lines().collect();
    assert!(lines[0].starts_with("s: running "), "{lines:?}");
    assert!(lines[1].starts_with("s: divergent "), "{lines:?}");
    assert_eq!(lines.len(), 2, "{lines:?}");
}
