use std::cmp::Ordering;

use super::comparison::UlpCount;
use super::float::Distance;

/// One bar for distance 0 and one for each power of two that a `u64` can hold.
const BARS: usize = 65;

/// The numbers of one path: how many there are, and how far they are apart.
#[derive(Default)]
pub(super) struct Spread {
    pub(super) number: Option<&'static str>,
    pub(super) compared: u64,
    pub(super) different: u64,
    pub(super) beyond: u64,
    pub(super) first: Option<First>,
    pub(super) ulp_max: Option<u64>,
    pub(super) absolute_max: Option<f64>,
    pub(super) relative_max: Option<f64>,
    pub(super) common_bits_min: Option<u32>,
    /// The distance of the furthest pair, and its indices in arrays.
    pub(super) furthest: Option<(Distance, Vec<u64>)>,
    bars: Option<Box<[u64; BARS]>>,
}

/// The first pair of different numbers.
pub(super) struct First {
    pub(super) index: Vec<u64>,
    pub(super) texts: [String; 2],
}

impl Spread {
    /// Counts pairs of numbers of the type `number`. If a path has both, a float type or the type of a file replaces
    /// `integer`.
    pub(super) fn compare(&mut self, number: &'static str, count: u64) {
        if self.number.is_none_or(|known| known == "integer") {
            self.number = Some(number);
        }
        self.compared += count;
    }

    /// Adds the distance of a pair of different finite numbers.
    pub(super) fn measure(&mut self, distance: &Distance, index: impl Fn() -> Vec<u64>) {
        if self.furthest.as_ref().is_none_or(|(furthest, _)| further(distance, furthest)) {
            self.furthest = Some((*distance, index()));
        }
        self.ulp_max = self.ulp_max.max(distance.ulp);
        self.absolute_max =
            Some(self.absolute_max.map_or(distance.absolute, |max| max.max(distance.absolute)));
        self.relative_max =
            Some(self.relative_max.map_or(distance.relative, |max| max.max(distance.relative)));
        if let Some(bits) = distance.common_bits {
            self.common_bits_min = Some(self.common_bits_min.map_or(bits, |min| min.min(bits)));
        }
        if let Some(ulp) = distance.ulp {
            let bar = (u64::BITS - ulp.leading_zeros()) as usize;
            self.bars.get_or_insert_with(|| Box::new([0; BARS]))[bar] += 1;
        }
    }

    pub(super) fn histogram(&self) -> Vec<UlpCount> {
        let bars = self.bars.iter().flat_map(|bars| bars.iter().enumerate());
        bars.filter(|(_, values)| **values > 0)
            .map(|(bar, &values)| UlpCount { ulp: range(bar), values })
            .collect()
    }
}

/// Whether `one` is larger than `other`: first in representable numbers, then in absolute terms. Integers that are
/// too large for the first measure count as the furthest.
pub(super) fn further(one: &Distance, other: &Distance) -> bool {
    by_distance(one, other).is_gt()
}

/// Orders distances like [`further`], the smallest first.
pub(super) fn by_distance(one: &Distance, other: &Distance) -> Ordering {
    let ulp = |distance: &Distance| distance.ulp.unwrap_or(u64::MAX);
    ulp(one).cmp(&ulp(other)).then(one.absolute.total_cmp(&other.absolute))
}

/// The distances of a bar. Bar `n` holds the distances from 2^(n-1) to 2^n - 1.
fn range(bar: usize) -> String {
    match bar {
        0 | 1 => bar.to_string(),
        _ => {
            let low = 1_u64 << (bar - 1);
            format!("{low}-{}", low + (low - 1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_powers_of_two() {
        let mut spread = Spread::default();
        for ulp in [0, 1, 2, 3, 4, 7, 8, u64::MAX] {
            spread.measure(
                &Distance { ulp: Some(ulp), absolute: 0.0, relative: 0.0, common_bits: None },
                Vec::new,
            );
        }
        let shown: Vec<_> =
            spread.histogram().iter().map(|bar| format!("{}: {}", bar.ulp, bar.values)).collect();
        let expect =
            ["0: 1", "1: 1", "2-3: 2", "4-7: 2", "8-15: 1", "9223372036854775808-18446744073709551615: 1"];
        assert_eq!(shown, expect);
    }
}
