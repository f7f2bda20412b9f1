use super::comparison::UlpCount;
use super::float::Distance;
use super::number::Written;

/// One bar for distance 0 and one for each power of two that a `u64` can hold.
const BARS: usize = 65;

/// The numbers of one path: how many there are, and how far they are apart.
#[derive(Default)]
pub(super) struct Spread<'a> {
    pub(super) number: Option<&'static str>,
    pub(super) compared: u64,
    pub(super) different: u64,
    /// The different pairs that have a distance.
    pub(super) measured: u64,
    /// The pairs that differ only in the sign of zero.
    pub(super) zero_signs: u64,
    pub(super) beyond: u64,
    pub(super) first: Option<Place<'a>>,
    /// The largest magnitude among the different pairs that have a distance.
    pub(super) scale: f64,
    /// The largest differences of all different pairs.
    pub(super) of_different: Largest<'a>,
    /// The largest differences of the pairs beyond the tolerance.
    of_beyond: Option<Box<Largest<'a>>>,
    pub(super) common_bits_min: Option<u32>,
    bars: Option<Box<[u64; BARS]>>,
}

/// Some of the pairs of numbers of a path.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pairs {
    /// Those that are not the same number.
    Different,
    /// Those that are beyond the tolerance.
    Beyond,
}

/// Where a pair of numbers is, and how it is written.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) index: Vec<u64>,
    pub(super) written: Written<'a>,
}

/// A pair of numbers that has the largest difference in some measure.
pub(super) struct Extreme<'a> {
    pub(super) distance: Distance,
    pub(super) place: Place<'a>,
}

/// The largest differences of floats, and of integers, which are not measured in ulp.
#[derive(Default)]
pub(super) struct Largest<'a> {
    pub(super) floats: Extremes<'a>,
    pub(super) integers: Extremes<'a>,
}

/// The pairs with the largest differences in each measure.
#[derive(Default)]
pub(super) struct Extremes<'a> {
    ulp: Option<Extreme<'a>>,
    pub(super) absolute: Option<Extreme<'a>>,
    pub(super) relative: Option<Extreme<'a>>,
}

impl<'a> Largest<'a> {
    /// The largest differences of the kind that has such a distance: integers have none in ulp.
    fn of(&mut self, distance: &Distance) -> &mut Extremes<'a> {
        if distance.ulp.is_some() { &mut self.floats } else { &mut self.integers }
    }

    pub(super) fn absolute(&self) -> Option<&Extreme<'a>> {
        larger(self.floats.absolute.as_ref(), self.integers.absolute.as_ref(), |distance| distance.absolute)
    }

    pub(super) fn relative(&self) -> Option<&Extreme<'a>> {
        larger(self.floats.relative.as_ref(), self.integers.relative.as_ref(), |distance| distance.relative)
    }
}

/// The larger one in a measure; the first one if they are equal.
fn larger<'e, 'a>(
    one: Option<&'e Extreme<'a>>,
    other: Option<&'e Extreme<'a>>,
    measure: impl Fn(&Distance) -> f64,
) -> Option<&'e Extreme<'a>> {
    match (one, other) {
        (Some(one), Some(other)) if measure(&other.distance) > measure(&one.distance) => Some(other),
        (one, other) => one.or(other),
    }
}

impl<'a> Extremes<'a> {
    /// The pair with the largest distance in ulp. Many pairs may have it; where the pair with the largest relative
    /// difference is one of them, it is that one.
    pub(super) fn ulp(&self) -> Option<&Extreme<'a>> {
        let ulp = self.ulp.as_ref()?;
        self.relative.as_ref().filter(|relative| relative.distance.ulp == ulp.distance.ulp).or(Some(ulp))
    }

    /// Adds a pair if it is larger than all before it in some measure; `place` is called at most once.
    fn add(&mut self, distance: &Distance, place: &mut impl FnMut() -> Place<'a>) {
        let exceeds = |extreme: &Option<Extreme<'_>>, larger: &dyn Fn(&Distance) -> bool| {
            extreme.as_ref().is_none_or(|extreme| larger(&extreme.distance))
        };
        let grown = [
            distance.ulp.is_some() && exceeds(&self.ulp, &|known| distance.ulp > known.ulp),
            exceeds(&self.absolute, &|known| distance.absolute > known.absolute),
            exceeds(&self.relative, &|known| distance.relative > known.relative),
        ];
        if grown == [false; 3] {
            return;
        }
        let place = place();
        for (extreme, _) in [&mut self.ulp, &mut self.absolute, &mut self.relative]
            .into_iter()
            .zip(grown)
            .filter(|(_, grown)| *grown)
        {
            *extreme = Some(Extreme { distance: *distance, place: place.clone() });
        }
    }
}

impl<'a> Spread<'a> {
    /// Counts pairs of numbers of the type `number`. If a path has both, a float type or the type of a file replaces
    /// `integer`.
    pub(super) fn compare(&mut self, number: &'static str, count: u64) {
        if self.number.is_none_or(|known| known == "integer") {
            self.number = Some(number);
        }
        self.compared += count;
    }

    /// Adds the distance of a pair of different finite numbers.
    pub(super) fn measure(
        &mut self,
        distance: &Distance,
        beyond: bool,
        mut place: impl FnMut() -> Place<'a>,
    ) {
        self.measured += 1;
        self.scale = self.scale.max(distance.magnitude);
        let of_beyond = beyond.then(|| &mut **self.of_beyond.get_or_insert_default());
        for largest in [Some(&mut self.of_different), of_beyond].into_iter().flatten() {
            largest.of(distance).add(distance, &mut place);
        }
        if let Some(bits) = distance.common_bits {
            self.common_bits_min = Some(self.common_bits_min.map_or(bits, |min| min.min(bits)));
        }
        if let Some(ulp) = distance.ulp {
            self.zero_signs += u64::from(ulp == 0);
            let bar = (u64::BITS - ulp.leading_zeros()) as usize;
            self.bars.get_or_insert_with(|| Box::new([0; BARS]))[bar] += 1;
        }
    }

    pub(super) fn count(&self, pairs: Pairs) -> u64 {
        match pairs {
            Pairs::Different => self.different,
            Pairs::Beyond => self.beyond,
        }
    }

    /// The largest differences of these pairs; `None` if there are no such pairs.
    pub(super) fn largest(&self, pairs: Pairs) -> Option<&Largest<'a>> {
        match pairs {
            Pairs::Different => Some(&self.of_different),
            Pairs::Beyond => self.of_beyond.as_deref(),
        }
    }

    /// The largest `|a - b|` relative to the scale of the data of this path. Infinite if a pair has no distance, and 0 if
    /// all of the path is noise around zero beside `scale`, the largest magnitude of all paths.
    pub(super) fn weight(&self, scale: f64) -> f64 {
        if self.measured < self.different {
            return f64::INFINITY;
        }
        let epsilon = match self.number {
            Some("f16") => 1.0 / 1024.0,
            Some("f32") => f64::from(f32::EPSILON),
            Some("f80") => f64::EPSILON / 2048.0,
            _ => f64::EPSILON,
        };
        let absolute = self.of_different.absolute().map_or(0.0, |extreme| extreme.distance.absolute);
        if self.scale <= epsilon * scale {
            0.0
        } else if absolute.is_infinite() {
            // Only numbers of different signs can be further apart than the largest double.
            2.0
        } else {
            absolute / self.scale
        }
    }

    pub(super) fn histogram(&self) -> Vec<UlpCount> {
        let bars = self.bars.iter().flat_map(|bars| bars.iter().enumerate());
        bars.filter(|(_, values)| **values > 0)
            .map(|(bar, &values)| UlpCount { ulp: range(bar), values })
            .collect()
    }
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

    fn distance(ulp: u64, absolute: f64, relative: f64) -> Distance {
        Distance { ulp: Some(ulp), absolute, relative, magnitude: 1.0, common_bits: None }
    }

    #[test]
    fn bars_are_powers_of_two() {
        let mut spread = Spread::default();
        for ulp in [0, 1, 2, 3, 4, 7, 8, u64::MAX] {
            let place = || Place { index: Vec::new(), written: Written::Text([b"", b""]) };
            spread.measure(&distance(ulp, 0.0, 0.0), false, place);
        }
        let shown: Vec<_> =
            spread.histogram().iter().map(|bar| format!("{}: {}", bar.ulp, bar.values)).collect();
        let expect =
            ["0: 1", "1: 1", "2-3: 2", "4-7: 2", "8-15: 1", "9223372036854775808-18446744073709551615: 1"];
        assert_eq!(shown, expect);
    }

    #[test]
    fn each_measure_has_a_place_of_its_own() {
        let mut spread = Spread::default();
        for (at, distance) in
            [distance(2, 0.1, 0.1), distance(1, 0.3, 0.2), distance(2, 0.2, 0.3), distance(2, 0.3, 0.3)]
                .iter()
                .enumerate()
        {
            let place = || Place { index: vec![at as u64], written: Written::Text([b"", b""]) };
            spread.measure(distance, at < 2, place);
        }
        let places = |largest: &Largest<'_>| {
            let Extremes { absolute, relative, .. } = &largest.floats;
            [largest.floats.ulp(), absolute.as_ref(), relative.as_ref()]
                .map(|extreme| extreme.map(|extreme| extreme.place.index[0]))
        };
        // The third pair has the largest distance in ulp too, as the first has.
        assert_eq!(places(&spread.of_different), [Some(2), Some(1), Some(2)]);
        assert_eq!(spread.of_beyond.map(|largest| places(&largest)), Some([Some(0), Some(1), Some(1)]));
    }
}
