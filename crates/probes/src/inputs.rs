//! Input values from a seed: the same on every platform and in every release.
//!
//! Words come from the `ChaCha8` stream, which is specified, and become floating-point numbers by setting bits and by
//! operations that are exact. No rounding mode, fused operation or C library can change an input.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::bounded::Seed;

const MANTISSA_BITS: u32 = 52;
const EXPONENT_BIAS: u64 = 1023;
const SIGN_BIT: u64 = 1 << 63;

/// A stream of input values.
pub(crate) struct Inputs(ChaCha8Rng);

impl Inputs {
    /// The first stream of a seed.
    pub(crate) fn new(seed: Seed) -> Self {
        Self::stream(seed, 0)
    }

    /// One of the independent streams of a seed, for parts that are drawn in parallel.
    pub(crate) fn stream(seed: Seed, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.get().to_le_bytes());
        let mut words = ChaCha8Rng::from_seed(key);
        words.set_stream(stream);
        Self(words)
    }

    /// Uniform in [0, 1), a multiple of 2^-52.
    pub(crate) fn unit(&mut self) -> f64 {
        let mantissa = self.0.next_u64() >> (64 - MANTISSA_BITS);
        f64::from_bits(EXPONENT_BIAS << MANTISSA_BITS | mantissa) - 1.0
    }

    /// Uniform in [-1, 1), a multiple of 2^-51.
    pub(crate) fn signed(&mut self) -> f64 {
        self.unit() * 2.0 - 1.0
    }

    /// Of either sign, with a magnitude in [2^-32, 2^32) whose exponent is uniform: adding such values rounds
    /// differently in each order.
    pub(crate) fn wide(&mut self) -> f64 {
        let word = self.0.next_u64();
        let mantissa = word & ((1 << MANTISSA_BITS) - 1);
        let exponent = EXPONENT_BIAS - 32 + (word >> MANTISSA_BITS) % 64;
        f64::from_bits(word & SIGN_BIT | exponent << MANTISSA_BITS | mantissa)
    }

    /// The next `len` values of [`Inputs::signed`].
    pub(crate) fn signed_vec(&mut self, len: usize) -> Vec<f64> {
        (0..len).map(|_| self.signed()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers from an implementation of its own, written in Python from the specification of `ChaCha`.
    #[test]
    fn the_stream_is_that_of_every_earlier_release() {
        let mut inputs = Inputs::new(Seed::of(42));
        let drawn = [inputs.signed(), inputs.signed(), inputs.wide(), Inputs::stream(Seed::of(42), 1).unit()];
        let expect =
            [0xbfd3_6c65_c773_3830, 0xbfdb_6e3a_adf4_b108, 0x4044_361f_64fc_90f6, 0x3fe8_dc11_8d3d_08d2];
        assert_eq!(drawn.map(f64::to_bits), expect);
    }

    #[test]
    fn values_lie_in_their_ranges() {
        let mut inputs = Inputs::new(Seed::of(7));
        for _ in 0..10_000 {
            assert!((0.0..1.0).contains(&inputs.unit()));
            assert!((-1.0..1.0).contains(&inputs.signed()));
            let magnitude = inputs.wide().abs();
            assert!((2f64.powi(-32)..2f64.powi(32)).contains(&magnitude), "{magnitude}");
        }
    }

    #[test]
    fn seeds_and_streams_differ() {
        let first = |seed, stream| Inputs::stream(Seed::of(seed), stream).unit().to_bits();
        assert_ne!(first(1, 0), first(2, 0));
        assert_ne!(first(1, 0), first(1, 1));
    }
}
