use crate::numbers::{count, level_percent, percent_at_least, percent_at_most};
use crate::{Class, Confidence, Design, Share, Unit};

/// The most classes that are named with their numbers of copies.
const CLASSES_NAMED_MAX: usize = 3;

/// The sentence about how far the copies agree, and what that says about others.
#[must_use]
pub fn supports(confidence: &Confidence, classes: &[Class], design: &Design) -> String {
    let copies = confidence.copies;
    if copies.n == 0 {
        return "no copy gave a digest, so nothing is known of the divergence rate".to_owned();
    }
    if copies.different > 0 {
        return answers(confidence, classes, design);
    }
    if without(design) > 0 { some_agree(copies.n, design) } else { agree(confidence, design) }
}

/// The number of copies that were wanted and gave no output.
fn without(design: &Design) -> u64 {
    design.failed + design.absent
}

/// The sentence if all outputs agree, and some copies gave none.
fn some_agree(gave: u64, design: &Design) -> String {
    let how = if design.crashed { "crashed" } else { "failed" };
    let lost = [(design.failed, how), (design.absent, "gave no outcome")];
    let lost: Vec<_> = lost.iter().filter(|(copies, _)| *copies > 0).collect();
    let lost: Vec<_> = lost.iter().map(|(copies, what)| format!("{} {what}", count(*copies))).collect();
    format!(
        "{} of {} copies gave an output{}; {}, so nothing is known of {}",
        count(gave),
        count(gave + without(design)),
        if gave == 1 { "" } else { ", all alike" },
        lost.join(" and "),
        if without(design) == 1 { "it" } else { "them" }
    )
}

/// The sentence if all copies agree.
fn agree(confidence: &Confidence, design: &Design) -> String {
    let copies = confidence.copies;
    let level = level_percent(confidence.level.get());
    let below = percent_at_most(copies.rate_high);
    let [one, many] = design.scope.unit.nouns();
    let units = units(confidence, design);
    let all = match copies.n {
        1 => return "one copy gave an output, so nothing is known of other runs".to_owned(),
        n => format!("all {} copies agree", count(n)),
    };
    match (design.scope.unit, units.n) {
        (Unit::Unseen, _) => {
            format!(
                "{all} (below {below} % of such runs differ, {level} %); the machines that ran them are not seen"
            )
        }
        (_, 0) => format!("{all}: below {below} % of such runs differ ({level} %)"),
        (_, 1) => format!(
            "{all} on this one {one} (below {below} % of such runs differ, {level} %); nothing is known of other {many}"
        ),
        (_, n) => format!(
            "all {} {many} agree: up to {} % of {many} could still differ. Within ones like these, below {below} % of \
             copies ({level} %)",
            count(n),
            percent_at_most(units.rate_high)
        ),
    }
}

/// The share of what copies have in common.
fn units(confidence: &Confidence, design: &Design) -> Share {
    if design.scope.unit == Unit::Machine { confidence.machines } else { confidence.sandboxes }
}

/// The sentence if copies differ.
fn answers(confidence: &Confidence, classes: &[Class], design: &Design) -> String {
    let n = confidence.copies.n;
    let failed = match without(design) {
        0 => String::new(),
        without => format!("; {} gave none", count(without)),
    };
    let answers = design.answers.unwrap_or(classes.len());
    if answers as u64 == n && classes.iter().all(|class| class.copies == 1) {
        return format!("no two of {} copies agree{failed}", count(n));
    }
    let number = match answers {
        2 => "two".to_owned(),
        3 => "three".to_owned(),
        more => count(more as u64),
    };
    let mut named: Vec<String> = Vec::new();
    for class in classes.iter().take(CLASSES_NAMED_MAX) {
        let noun = if !named.is_empty() {
            ""
        } else if class.copies == 1 {
            " copy"
        } else {
            " copies"
        };
        named.push(format!("{} in {}{noun}", class.class, count(class.copies)));
    }
    let others = n.saturating_sub(classes.iter().take(CLASSES_NAMED_MAX).map(|class| class.copies).sum());
    if others > 0 {
        named.push(format!("others in {}", count(others)));
    }
    let units = units(confidence, design);
    let spread = if units.n < 2 || design.scope.unit == Unit::Unseen {
        String::new()
    } else {
        format!(
            "; {} of {} {} gave another answer than A ({} % to {} %, {} %)",
            count(units.different),
            count(units.n),
            design.scope.unit.nouns()[1],
            percent_at_least(units.rate_low),
            percent_at_most(units.rate_high),
            level_percent(confidence.level.get())
        )
    };
    format!("{number} answers: {}{failed}{spread}", named.join(", "))
}
