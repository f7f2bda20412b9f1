//! An explanation as Markdown, for pull requests and issues.

use std::fmt::Write as _;

use concord_difference::{Comparison, unmatched_rules_sentence};
use concord_explain::FailedCopies;
use concord_protocol::is_hidden;

use super::artifacts::ArtifactWords;
use super::explanation::places;
use super::sentences::{
    class_counts, copies, coverage, equivalence, hidden_failures_head, spread, strength, told,
};
use super::words::{SHOWN_MAX, grouped, microseconds};
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
    let summary = &explanation.summary;
    let labelled = [
        ("separates", summary.separates.as_deref()),
        ("failures", summary.failures.as_deref()),
        ("difference", summary.difference.as_deref()),
        ("supports", Some(summary.supports.as_str())),
    ];
    labelled
        .into_iter()
        .filter_map(|(name, words)| Some((name, words?)))
        .for_each(|(name, words)| item(&format!("{name}: {words}")));
    item(&coverage(&explanation.coverage, explanation.unit, explained.produced));
    explanation.equivalence.iter().for_each(|found| item(&format!("tolerance: {}", equivalence(found))));
    classes(&mut text, explained);
    failures(&mut text, "failed", &explanation.failures);
    failures(&mut text, &hidden_failures_head(explained), &explanation.hidden_failures);
    artifacts(&mut text, explained);
    separators(&mut text, explained);
    patterns(&mut text, explained);
    for difference in explanation.differences.iter().take(SHOWN_MAX) {
        let _ = writeln!(text, "\n### {}\n", plain(&difference.title()));
        match (&difference.comparison, &difference.unavailable) {
            (Some(comparison), _) => numbers(&mut text, comparison),
            (None, reason) => {
                let _ = writeln!(text, "{}", plain(reason.as_deref().unwrap_or("not compared")));
            }
        }
    }
    if explanation.differences.len() > SHOWN_MAX {
        let _ = writeln!(text, "\n… {} comparisons in all", explanation.differences.len());
    }
    text.push('\n');
    text
}

fn classes(text: &mut String, explained: &ExplainedJob) {
    if explained.explanation.classes.is_empty() {
        return;
    }
    let places = places(explained);
    let noun = explained.explanation.unit.nouns()[1];
    let [head, rule] = places.map_or_else(Default::default, |_| [format!(" {noun} |"), "--:|".to_owned()]);
    let _ = writeln!(
        text,
        "\n| class | copies |{head} bytes | median run | digest |\n|---|--:|{rule}--:|--:|---|"
    );
    for class in explained.explanation.classes.iter().take(SHOWN_MAX) {
        let _ = writeln!(
            text,
            "| {} | {} |{} {} | {} | {} |",
            class.class,
            grouped(class.copies),
            places.map_or_else(String::new, |count| format!(" {} |", grouped(count(class)))),
            grouped(class.bytes),
            microseconds(class.run_us.median),
            code(&class.digest)
        );
    }
    if explained.distinct_digests > SHOWN_MAX {
        let _ = writeln!(text, "\n… {} classes in all", grouped(explained.distinct_digests as u64));
    }
}

fn failures(text: &mut String, head: &str, failures: &[FailedCopies]) {
    if failures.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n| copies | {head} |\n|--:|---|");
    for failed in failures.iter().take(SHOWN_MAX) {
        let _ = writeln!(text, "| {} | {} |", grouped(failed.copies), plain(&failed.reason));
    }
    if failures.len() > SHOWN_MAX {
        let _ = writeln!(text, "\n… {} reasons in all", failures.len());
    }
}

fn artifacts(text: &mut String, explained: &ExplainedJob) {
    let Some(words) = ArtifactWords::of(&explained.explanation) else { return };
    let _ = writeln!(text, "\n{}", words.head);
    if !words.differing.is_empty() {
        text.push_str("\n| artifact | contents | difference |\n|---|---|---|\n");
    }
    for artifact in &words.differing {
        let _ =
            writeln!(text, "| {} | {} | {} |", code(&artifact.name), artifact.contents, plain(&artifact.how));
    }
    if words.differing_left_out > 0 {
        let _ = writeln!(text, "\n… {} more differ", words.differing_left_out);
    }
    if !words.stable.is_empty() {
        let names: Vec<_> = words.stable.iter().map(|name| code(name)).collect();
        let more = match words.stable_left_out {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let _ = writeln!(text, "\nStable: {}{more}", names.join(", "));
    }
}

fn separators(text: &mut String, explained: &ExplainedJob) {
    let separators = &explained.explanation.attribution.separators;
    let named: Vec<_> = separators.iter().filter(|separator| separator.significant).collect();
    for separator in named.iter().take(SHOWN_MAX) {
        let facts: Vec<_> = separator.facts.iter().map(|fact| code(fact)).collect();
        let _ = writeln!(
            text,
            "\n{}: {}\n\n| value | copies |\n|---|---|",
            facts.join(", "),
            strength(separator, explained.explanation.unit)
        );
        for value in separator.values.iter().take(SHOWN_MAX) {
            let values: Vec<_> = value.value.iter().map(|value| code(value)).collect();
            let _ = writeln!(text, "| {} | {} |", values.join(", "), class_counts(value));
        }
        if separator.values_total > SHOWN_MAX as u64 {
            let _ = writeln!(text, "\n… {} values in all", separator.values_total);
        }
    }
    if named.len() > SHOWN_MAX {
        let _ = writeln!(text, "\n… {} facts in all go with the classes", named.len());
    }
}

/// What else goes with the classes, and how they are spread.
fn patterns(text: &mut String, explained: &ExplainedJob) {
    let attribution = &explained.explanation.attribution;
    let patterns = attribution.patterns.iter().take(SHOWN_MAX);
    let patterns = patterns.map(|pattern| told(pattern, explained.explanation.unit));
    let lines: Vec<_> = patterns.chain(spread(&attribution.splits)).collect();
    if !lines.is_empty() {
        text.push('\n');
    }
    for line in lines {
        let _ = writeln!(text, "- {}", plain(&line));
    }
    if attribution.patterns.len() > SHOWN_MAX {
        let _ = writeln!(text, "\n… {} patterns in all", attribution.patterns.len());
    }
}

fn numbers(text: &mut String, comparison: &Comparison) {
    let _ = writeln!(text, "{}", plain(&comparison.statement()));
    if let Some(unmatched) = unmatched_rules_sentence(&comparison.unmatched_rules) {
        let _ = writeln!(text, "\n{}", plain(&unmatched));
    }
    let differing: Vec<_> = comparison.paths.iter().filter(|path| path.different > 0).collect();
    if differing.is_empty() {
        return;
    }
    text.push_str(
        "\n| at | differ | of | max ulp | max absolute | max relative |\n|---|--:|--:|--:|--:|--:|\n",
    );
    let float = |number: Option<f64>| number.map_or_else(|| "-".to_owned(), |number| format!("{number:.2e}"));
    for path in differing.iter().take(SHOWN_MAX) {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            code(if path.path.is_empty() { "/" } else { &path.path }),
            grouped(path.different),
            grouped(path.compared),
            path.ulp_max.as_deref().unwrap_or("-"),
            float(path.absolute_max),
            float(path.relative_max)
        );
    }
    if differing.len() > SHOWN_MAX {
        let _ = writeln!(text, "\n… {} paths in all", comparison.paths_total);
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
            hidden if is_hidden(hidden) => shown.push(' '),
            letter => shown.push(letter),
        }
    }
    shown
}

/// Text as code, also in a table.
fn code(text: &str) -> String {
    let ticks = "`".repeat(1 + text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0));
    let space = if text.is_empty() || text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    let printable = |letter: char| if is_hidden(letter) { ' ' } else { letter };
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
