//! Orders of the runs, in which the classes may change: by a number, by start, by copy.

use std::cmp::Ordering;

use concord_statistics::{UNKNOWN, real};

use super::columns::Columns;
use super::names::RUN_TIME;
use crate::ObservedRun;

/// A fact with more values than this is a measurement: equal values mean nothing, only thresholds are tested.
pub(super) const VALUES_OF_SETTING_MAX: usize = 10;

/// The most digits of a number. A digest is longer.
const DIGITS_MAX: usize = 15;

/// Runs in the order of something.
pub(super) struct Order {
    /// The facts that order the runs in this way; or what else does.
    pub(super) by: By,
    /// The step of each run; [`UNKNOWN`] for a run that has no place in the order.
    pub(super) step_of: Vec<u32>,
    /// The number of steps.
    pub(super) steps: usize,
    /// For each step, its first run.
    pub(super) first: Vec<usize>,
}

/// What orders runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The numbers of a fact.
    Fact(usize),
    /// The run time.
    RunTime,
    /// The start.
    Start,
    /// The index of the copy.
    Copy,
}

impl By {
    pub(super) fn name<'a>(&self, columns: &Columns<'a>) -> &'a str {
        match self {
            Self::Fact(fact) => columns.name(*fact),
            Self::RunTime => RUN_TIME,
            Self::Start => "start time",
            Self::Copy => "copy index",
        }
    }
}

/// The number that a value is, if it is a plain decimal number.
fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (is_plain && digits.len() <= DIGITS_MAX).then(|| text.parse().ok()).flatten()
}

/// Whether all values of a fact are numbers.
pub(super) fn is_number(columns: &Columns<'_>, fact: usize) -> bool {
    columns.values(fact).iter().all(|value| number(value).is_some())
}

/// The orders by facts with three or more numbers, and by the run time.
pub(super) fn by_number(runs: &[ObservedRun<'_>], columns: &Columns<'_>) -> Vec<Order> {
    let mut facts: Vec<(usize, &str)> = columns.names().collect();
    facts.sort_by_key(|&(_, name)| name);
    let is_ordered = |fact: usize| columns.values_total(fact) > 2 && is_number(columns, fact);
    let of_fact = |fact: usize| {
        let ranks = ranks(columns.values(fact));
        let keys: Vec<Option<usize>> =
            (0..runs.len()).map(|run| Some(ranks[columns.value_number(fact, run)?])).collect();
        Order::of_ranks(By::Fact(fact), &keys, columns.values_total(fact))
    };
    let mut orders: Vec<Order> = Vec::new();
    for order in facts.into_iter().filter(|&(fact, _)| is_ordered(fact)).map(|(fact, _)| of_fact(fact)) {
        // Facts that order the runs in the same way are one candidate: the first by name.
        if orders.iter().all(|known| known.step_of != order.step_of) {
            orders.push(order);
        }
    }
    let times: Vec<Option<u64>> = runs.iter().map(|run| Some(run.run_us)).collect();
    orders.push(Order::new(By::RunTime, &times, Ord::cmp));
    orders.retain(|order| order.steps > 1);
    orders
}

/// The orders by copy and by start, if these are two. Runs that started in one millisecond stand in one step.
pub(super) fn by_place(runs: &[ObservedRun<'_>]) -> Vec<Order> {
    let copies: Vec<Option<u64>> = runs.iter().map(|run| Some(u64::from(run.copy))).collect();
    let starts: Vec<Option<u64>> = runs.iter().map(|run| Some(run.started_at_ms)).collect();
    let mut orders = vec![Order::new(By::Copy, &copies, Ord::cmp)];
    let by_start = Order::new(By::Start, &starts, Ord::cmp);
    if by_start.step_of != orders[0].step_of {
        orders.push(by_start);
    }
    orders.retain(|order| order.steps > 1);
    orders
}

/// The runs, in the order of their steps; runs of one step stand in the order of their copies.
pub(super) fn in_order(step_of: &[u32]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..).take(step_of.len()).collect();
    order.sort_by_key(|&run| step_of[run as usize]);
    order
}

/// The place of each value among all numbers in order. Equal numbers have one place.
fn ranks(values: &[&str]) -> Vec<usize> {
    let mut order: Vec<(f64, usize)> =
        values.iter().enumerate().map(|(place, value)| (number(value).unwrap_or(f64::NAN), place)).collect();
    order.sort_by(|left, right| left.0.total_cmp(&right.0));
    let (mut ranks, mut rank) = (vec![0; values.len()], 0);
    for (place, &(value, of)) in order.iter().enumerate() {
        if place > 0 && order[place - 1].0.total_cmp(&value) != Ordering::Equal {
            rank += 1;
        }
        ranks[of] = rank;
    }
    ranks
}

/// Two orders are alike if their ranks have at least this correlation: a few neighbours may have changed places.
const LIKE_MIN: f64 = 0.99;

/// The rank of each step among all, less the mean of all ranks.
fn mean_ranks(steps: &[u32]) -> Vec<f64> {
    let mut sorted = steps.to_vec();
    sorted.sort_unstable();
    let rank = |step: &u32| {
        let below = sorted.partition_point(|other| other < step);
        let at_most = sorted.partition_point(|other| other <= step);
        (real((below + at_most) as u64) - real(sorted.len() as u64)) / 2.0
    };
    steps.iter().map(rank).collect()
}

impl Order {
    /// Whether both order the runs in nearly the same way: by the rank correlation of C. Spearman, "The proof and measurement
    /// of association between two things", 1904, among the runs that both have. Equal steps share the mean of their ranks.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let both =
            |(one, other): (&u32, &u32)| (*one != UNKNOWN && *other != UNKNOWN).then_some([*one, *other]);
        let steps: Vec<[u32; 2]> = self.step_of.iter().zip(&other.step_of).filter_map(both).collect();
        let ranks = [0, 1].map(|side| mean_ranks(&steps.iter().map(|pair| pair[side]).collect::<Vec<_>>()));
        let product = |one: usize, other: usize| -> f64 {
            ranks[one].iter().zip(&ranks[other]).map(|(one, other)| one * other).sum()
        };
        let spread = product(0, 0) * product(1, 1);
        spread > 0.0 && product(0, 1) >= LIKE_MIN * spread.sqrt()
    }

    /// Of runs whose places among `places` are known already.
    fn of_ranks(by: By, keys: &[Option<usize>], places: usize) -> Self {
        let mut first_of = vec![None; places];
        for (run, key) in keys.iter().enumerate().rev() {
            if let Some(key) = key {
                first_of[*key] = Some(run);
            }
        }
        let first: Vec<usize> = first_of.iter().flatten().copied().collect();
        let mut next = 0;
        let mut step = |has_run: &Option<usize>| {
            let step = next;
            next += u32::from(has_run.is_some());
            step
        };
        let steps: Vec<u32> = first_of.iter().map(&mut step).collect();
        let step_of = keys.iter().map(|key| key.map_or(UNKNOWN, |key| steps[key])).collect();
        Self { by, step_of, steps: first.len(), first }
    }

    fn new<K>(by: By, keys: &[Option<K>], compare: impl Fn(&K, &K) -> Ordering) -> Self {
        let mut known: Vec<(usize, &K)> =
            keys.iter().enumerate().filter_map(|(run, key)| Some((run, key.as_ref()?))).collect();
        known.sort_by(|(left_run, left), (right_run, right)| {
            compare(left, right).then(left_run.cmp(right_run))
        });
        let (mut step_of, mut first) = (vec![UNKNOWN; keys.len()], Vec::<usize>::new());
        let mut last = None::<&K>;
        for (run, key) in known {
            if last.is_none_or(|last| compare(last, key) != Ordering::Equal) {
                first.push(run);
            }
            step_of[run] = u32::try_from(first.len() - 1).unwrap_or(UNKNOWN);
            last = Some(key);
        }
        Self { by, step_of, steps: first.len(), first }
    }
}
