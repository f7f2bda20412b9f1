//! An explanation as Markdown, for pull requests and issues.

use std::fmt::Write as _;

use concord_difference::{Comparison, unmatched_rules_sentence};

use super::sentences::{class_counts, copies, coverage, equivalence, strength};
use super::words::{SHOWN_MAX, microseconds};
use crate::result::explanation::ExplainedJob;

/// The explanation of a job.
pub(crate) fn markdown(explained: &ExplainedJob) -> String {
    let mut text = format!("## Job {}: {}\n\n", code(explained.job.as_str()), explained.verdict);
    let explanation = &explained.explanation;
    let mut item = |words: &str| {
        let _ = writeln!(text, "- {}", plain(words));
    };
    item(&explained.calculation);
    item(&copies(explained));
    [&explanation.summary.separates, &explanation.summary.difference]
        .into_iter()
        .flatten()
        .for_each(|line| item(line));
    item(&explanation.summary.supports);
    item(&coverage(&explanation.coverage, explained.produced));
    explanation.equivalence.iter().for_each(|found| item(&equivalence(found)));
    classes(&mut text, explained);
    failures(&mut text, explained);
    separators(&mut text, explained);
    for difference in explanation.differences.iter().take(SHOWN_MAX) {
        let _ = writeln!(text, "\n### {}\n", plain(&difference.title()));
        match (&difference.comparison, &difference.unavailable) {
            (Some(comparison), _) => numbers(&mut text, comparison),
            (None, reason) => {
                let _ = writeln!(text, "{}", plain(reason.as_deref().unwrap_or("not compared")));
            }
        }
    }
    text.push('\n');
    text
}

fn classes(text: &mut String, explained: &ExplainedJob) {
    if explained.explanation.classes.is_empty() {
        return;
    }
    text.push_str(
        "\n| class | copies | sandboxes | bytes | median run | digest |\n|---|--:|--:|--:|--:|---|\n",
    );
    for class in explained.explanation.classes.iter().take(SHOWN_MAX) {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            class.class,
            class.copies,
            class.sandboxes,
            class.bytes,
            microseconds(class.run_us.median),
            code(&class.digest)
        );
    }
}

fn failures(text: &mut String, explained: &ExplainedJob) {
    if explained.explanation.failures.is_empty() {
        return;
    }
    text.push_str("\n| copies | failed |\n|--:|---|\n");
    for failed in explained.explanation.failures.iter().take(SHOWN_MAX) {
        let _ = writeln!(text, "| {} | {} |", failed.copies, plain(&failed.reason));
    }
}

fn separators(text: &mut String, explained: &ExplainedJob) {
    let separators = &explained.explanation.attribution.separators;
    for separator in separators.iter().filter(|separator| separator.significant).take(SHOWN_MAX) {
        let facts: Vec<_> = separator.facts.iter().map(|fact| code(fact)).collect();
        let _ = writeln!(
            text,
            "\n{}: {}\n\n| value | copies |\n|---|---|",
            facts.join(", "),
            strength(separator)
        );
        for value in separator.values.iter().take(SHOWN_MAX) {
            let values: Vec<_> = value.value.iter().map(|value| code(value)).collect();
            let _ = writeln!(text, "| {} | {} |", values.join(", "), class_counts(value));
        }
    }
}

fn numbers(text: &mut String, comparison: &Comparison) {
    let _ = writeln!(text, "{}", plain(&comparison.statement()));
    if let Some(unmatched) = unmatched_rules_sentence(&comparison.unmatched_rules) {
        let _ = writeln!(text, "\n{}", plain(&unmatched));
    }
    let differing: Vec<_> =
        comparison.paths.iter().filter(|path| path.different > 0).take(SHOWN_MAX).collect();
    if differing.is_empty() {
        return;
    }
    text.push_str(
        "\n| at | differ | of | max ulp | max absolute | max relative |\n|---|--:|--:|--:|--:|--:|\n",
    );
    let float = |number: Option<f64>| number.map_or_else(|| "-".to_owned(), |number| format!("{number:.2e}"));
    for path in differing {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            code(&path.path),
            path.different,
            path.compared,
            path.ulp_max.as_deref().unwrap_or("-"),
            float(path.absolute_max),
            float(path.relative_max)
        );
    }
}

/// Escapes text so that Markdown shows it unchanged, also in a table.
fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '~' => {
                shown.extend(['\\', letter]);
            }
            control if control.is_control() => shown.push(' '),
            letter => shown.push(letter),
        }
    }
    shown
}

/// Text as code, also in a table.
fn code(text: &str) -> String {
    let ticks = "`".repeat(1 + text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0));
    let space = if text.is_empty() || text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    let printable = |letter: char| if letter.is_control() { ' ' } else { letter };
    format!(
        "{ticks}{space}{}{space}{ticks}",
        text.chars().map(printable).collect::<String>().replace('|', "\\|")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_wrote_is_shown_and_not_read() {
        assert_eq!(plain("a|b <c> *d*\n# e"), "a\\|b \\<c\\> \\*d\\* \\# e");
        assert_eq!(code("a`b|c"), "``a`b\\|c``");
        assert_eq!(code("`"), "`` ` ``");
    }
}
