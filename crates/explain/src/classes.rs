use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::ObservedRun;

/// The smallest number, the quartiles and the largest number. Each is one of the given numbers: the nearest rank,
/// rounded down for the median of an even count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Quantiles {
    /// The smallest.
    pub min: u64,
    /// A quarter of the numbers are at most this.
    pub p25: u64,
    /// Half of the numbers are at most this.
    pub median: u64,
    /// Three quarters of the numbers are at most this.
    pub p75: u64,
    /// The largest.
    pub max: u64,
}

impl Quantiles {
    /// The quantiles of `numbers`; `None` if there are no numbers.
    #[must_use]
    pub fn of(mut numbers: Vec<u64>) -> Option<Self> {
        numbers.sort_unstable();
        let (&min, &max) = (numbers.first()?, numbers.last()?);
        let quarter = |quarters: usize| numbers[(numbers.len() * quarters).div_ceil(4) - 1];
        Some(Self { min, p25: quarter(1), median: quarter(2), p75: quarter(3), max })
    }
}

/// The copies that gave one digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Class {
    /// The label of the class: A for the most frequent one, then B, .. Z, AA.
    pub class: String,
    /// The digest.
    pub digest: String,
    /// The number of copies that gave the digest.
    pub copies: u64,
    /// The number of distinct known sandboxes that gave the digest.
    pub sandboxes: u64,
    /// The number of distinct known machines that gave the digest, by `host.boot_id`.
    pub machines: u64,
    /// The lowest index of a copy that gave the digest.
    pub first_copy: u32,
    /// The number of bytes that were digested.
    pub bytes: u64,
    /// The run times, in microseconds.
    pub run_us: Quantiles,
}

/// The classes of a job, the most frequent first. Of equally frequent classes, the one with the lowest copy index
/// comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// The classes.
    pub classes: Vec<Class>,
    /// The index of each run's class in `classes`, in the order of the runs.
    pub of_run: Vec<usize>,
}

/// The label of the class with this index, from 0: A, B, .. Z, AA, AB, .. ZZ, AAA.
#[must_use]
pub fn class_label(place: usize) -> String {
    let mut letters = Vec::new();
    let mut left = place + 1;
    while left > 0 {
        let letter = u8::try_from((left - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + letter));
        left = (left - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// Sorts runs into classes by their digests.
#[must_use]
pub fn classify(runs: &[ObservedRun<'_>]) -> Classes {
    let mut by_digest = BTreeMap::<&str, Vec<&ObservedRun<'_>>>::new();
    for run in runs {
        by_digest.entry(run.digest).or_default().push(run);
    }
    let mut classes: Vec<Class> =
        by_digest.into_iter().filter_map(|(digest, runs)| class(digest, &runs)).collect();
    classes.sort_by(|left, right| {
        let order = right.copies.cmp(&left.copies).then(left.first_copy.cmp(&right.first_copy));
        order.then_with(|| left.digest.cmp(&right.digest))
    });
    for (place, class) in classes.iter_mut().enumerate() {
        class.class = class_label(place);
    }
    let places: BTreeMap<&str, usize> =
        classes.iter().enumerate().map(|(place, class)| (class.digest.as_str(), place)).collect();
    let of_run = runs.iter().map(|run| places[run.digest]).collect();
    Classes { classes, of_run }
}

fn class(digest: &str, runs: &[&ObservedRun<'_>]) -> Option<Class> {
    let copies: BTreeSet<u32> = runs.iter().map(|run| run.copy).collect();
    let sandboxes: BTreeSet<&str> = runs.iter().filter_map(|run| run.sandbox).collect();
    let machines: BTreeSet<&str> = runs.iter().filter_map(|run| run.fact("host.boot_id")).collect();
    Some(Class {
        class: String::new(),
        digest: digest.to_owned(),
        copies: copies.len() as u64,
        sandboxes: sandboxes.len() as u64,
        machines: machines.len() as u64,
        first_copy: *copies.first()?,
        bytes: runs.first()?.bytes,
        run_us: Quantiles::of(runs.iter().map(|run| run.run_us).collect())?,
    })
}

#[cfg(test)]
mod tests {
    use concord_protocol::Facts;

    use super::*;

    #[test]
    fn labels_continue_after_z() {
        let check = |place, expect: &str| assert_eq!(class_label(place), expect);
        check(0, "A");
        check(25, "Z");
        check(26, "AA");
        check(51, "AZ");
        check(52, "BA");
        check(701, "ZZ");
        check(702, "AAA");
    }

    #[test]
    fn quantiles_are_among_the_numbers() {
        let check = |numbers: &[u64], expect: Option<[u64; 5]>| {
            let found = Quantiles::of(numbers.to_vec())
                .map(|found| [found.min, found.p25, found.median, found.p75, found.max]);
            assert_eq!(found, expect, "{numbers:?}");
        };
        check(&[], None);
        check(&[7], Some([7; 5]));
        check(&[4, 1, 3, 2], Some([1, 1, 2, 3, 4]));
        check(&[5, 4, 3, 2, 1], Some([1, 2, 3, 4, 5]));
    }

    #[test]
    fn the_most_frequent_class_comes_first_then_the_lowest_copy() {
        let nothing = Facts::default();
        let run = |copy, digest, sandbox| ObservedRun {
            copy,
            digest,
            bytes: 8,
            started_at_ms: 0,
            run_us: u64::from(copy),
            sandbox,
            environment: &nothing,
            facts: &nothing,
        };
        let runs = [
            run(3, "x", Some("s1")),
            run(2, "y", Some("s1")),
            run(1, "z", None),
            run(0, "y", Some("s2")),
            run(2, "z", Some("s2")),
            run(4, "w", Some("s1")),
        ];
        let found = classify(&runs);
        let shown: Vec<_> = found
            .classes
            .iter()
            .map(|class| {
                (class.class.as_str(), class.digest.as_str(), class.copies, class.sandboxes, class.first_copy)
            })
            .collect();
        assert_eq!(
            shown,
            [("A", "y", 2, 2, 0), ("B", "z", 2, 1, 1), ("C", "x", 1, 1, 3), ("D", "w", 1, 1, 4)]
        );
        assert_eq!(found.of_run, [2, 0, 1, 0, 1, 3]);
        assert_eq!(classify(&[]), Classes::default());
    }
}
