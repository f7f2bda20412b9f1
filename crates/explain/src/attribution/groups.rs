//! Two groups of runs, and how the classes are spread over them.

use std::collections::BTreeMap;

use concord_statistics::{Table, real};

use crate::Classes;
use crate::numbers::count;

/// The number of runs of each class.
type ClassCounts = BTreeMap<usize, u64>;

/// A group of runs and all others that are known.
pub(super) struct Groups {
    /// The group first.
    runs: [u64; 2],
    classes: [ClassCounts; 2],
    table: Table,
}

impl Groups {
    /// `None` if one of the groups has no run.
    pub(super) fn of(is_in: impl Iterator<Item = Option<bool>>, classes: &Classes) -> Option<Self> {
        let known: Vec<(usize, usize)> = is_in
            .zip(&classes.of_run)
            .filter_map(|(is_in, &class)| Some((usize::from(!is_in?), class)))
            .collect();
        let (mut runs, mut counts) = ([0; 2], [ClassCounts::new(), ClassCounts::new()]);
        for &(group, class) in &known {
            runs[group] += 1;
            *counts[group].entry(class).or_default() += 1;
        }
        let groups = Self { runs, classes: counts, table: Table::count(known.into_iter()) };
        (runs[0] > 0 && runs[1] > 0).then_some(groups)
    }

    pub(super) fn is_perfect(&self) -> bool {
        let [one, other] = &self.classes;
        let is_one_class = one.len() == 1 || other.len() == 1;
        is_one_class && one.keys().all(|class| !other.contains_key(class))
    }

    /// The share of the uncertainty (entropy) about the class that the groups explain.
    pub(super) fn explained(&self) -> f64 {
        explained(&self.table)
    }

    /// "B in 49 of 102 copies with A=1, in none of the 98 others". It speaks of the class whose share differs most
    /// between the groups, and first of the group with the larger share.
    pub(super) fn statement(&self, classes: &Classes, where_: &[String; 2]) -> String {
        let share = |group: usize, class: usize| {
            real(self.classes[group].get(&class).copied().unwrap_or(0)) / real(self.runs[group])
        };
        let seen = self.classes.iter().flat_map(|counts| counts.keys().copied()).filter(|&class| class > 0);
        let apart = |&class: &usize| (share(0, class) - share(1, class)).abs();
        let class = seen.max_by(|one, other| apart(one).total_cmp(&apart(other)).then(other.cmp(one)));
        let class = class.unwrap_or(0);
        let order = if share(0, class) >= share(1, class) { [0, 1] } else { [1, 0] };
        let [first, second] = order.map(|group| {
            let hits = self.classes[group].get(&class).copied().unwrap_or(0);
            (hits, self.runs[group], where_[group].as_str())
        });
        format!("{} {}, {}", classes.classes[class].class, within(first, true), within(second, false))
    }
}

/// "in 49 of 102 copies with A=1", "in the only copy with A=1"; the noun is not repeated.
pub(crate) fn within((hits, runs, where_): (u64, u64, &str), is_first: bool) -> String {
    if runs == 1 {
        let copy = match (where_, is_first) {
            ("others", true) => "the only other copy".to_owned(),
            ("others", false) => "the other copy".to_owned(),
            (where_, true) => format!("the only copy {where_}"),
            (where_, false) => format!("the only one {where_}"),
        };
        return if hits == 1 { format!("in {copy}") } else { format!("not in {copy}") };
    }
    let (of, copies) = match (where_, is_first) {
        ("others", true) => ("", "other copies".to_owned()),
        ("others", false) => ("the other ", String::new()),
        (where_, true) => ("", format!("copies {where_}")),
        (where_, false) => ("", where_.to_owned()),
    };
    let runs_text = count(runs);
    let words = match hits {
        0 if is_first || !of.is_empty() => format!("in none of {of}{runs_text} {copies}"),
        0 => format!("in none of the {runs_text} {copies}"),
        hits if hits == runs => format!("in all {}{runs_text} {copies}", of.trim_start_matches("the ")),
        hits => format!("in {} of {of}{runs_text} {copies}", count(hits)),
    };
    words.trim_end().to_owned()
}

/// The share of the uncertainty about the class that the value explains: the uncertainty coefficient of H. Theil, "On the
/// estimation of relationships involving qualitative variables", 1970.
pub(super) fn explained(table: &Table) -> f64 {
    let x_log_x = |count: u64| real(count) * real(count).ln();
    let sum = |totals: &[u64]| totals.iter().map(|&total| x_log_x(total)).sum::<f64>();
    let uncertain = x_log_x(table.units()) - sum(table.classes());
    let joint: f64 = table.cells().iter().map(|cell| x_log_x(cell.count)).sum();
    if uncertain <= 0.0 {
        0.0
    } else {
        ((uncertain - sum(table.values()) + joint) / uncertain).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn a_group_of_one_copy_is_told_in_the_singular() {
        let check = |hits, runs, where_, is_first, expect| {
            assert_eq!(within((hits, runs, where_), is_first), expect);
        };
        check(1, 1, "with A=1", true, "in the only copy with A=1");
        check(0, 1, "with A=1", true, "not in the only copy with A=1");
        check(1, 1, "with A=0", false, "in the only one with A=0");
        check(0, 1, "others", false, "not in the other copy");
        check(1, 1, "others", true, "in the only other copy");
        check(2, 2, "others", true, "in all 2 other copies");
        check(2, 2, "with A=0", false, "in all 2 with A=0");
        check(0, 3, "others", false, "in none of the other 3");
        check(1, 3, "others", false, "in 1 of the other 3");
    }
}
