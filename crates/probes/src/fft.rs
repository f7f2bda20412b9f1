use rustfft::FftPlanner;
use rustfft::num_complex::Complex;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::bounded::{Seed, Whole};
use crate::inputs::Inputs;
use crate::output::le_bytes;

/// A transform of 2^20 points takes a fraction of a second. It needs at most 200 MiB, with the scratch space of a prime
/// length.
const N_POINTS_MAX: u64 = 1 << 20;

/// `fft`: the forward discrete Fourier transform of a random complex signal, without normalisation.
///
/// rustfft picks AVX with FMA, SSE4.1, NEON or plain kernels at run time. Each kind of kernel decomposes `n` in another
/// way, so machines of different kinds may differ. The twiddle factors are sines and cosines of the C library.
///
/// | field | default | bounds | meaning |
/// |---|---|---|---|
/// | `n` | 4096 | 1 to 1048576 | points; any length, not only powers of two |
/// | `seed` | 0 | 0 to 2^64 - 1 | chooses the points: real, then imaginary part, each uniform in [-1, 1) |
///
/// Output: `n` complex values, real then imaginary part, little-endian binary64: `16 * n` bytes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Fft {
    #[serde(rename = "probe")]
    _probe: IgnoredAny,
    n: Whole<1, N_POINTS_MAX>,
    seed: Seed,
}

impl Default for Fft {
    fn default() -> Self {
        Self { _probe: IgnoredAny, n: Whole::of(4096), seed: Seed::of(0) }
    }
}

impl Fft {
    pub(crate) fn run(&self) -> Vec<u8> {
        let mut signal = self.inputs();
        FftPlanner::new().plan_fft_forward(signal.len()).process(&mut signal);
        le_bytes(signal.iter().flat_map(|point| [point.re, point.im]))
    }

    fn inputs(&self) -> Vec<Complex<f64>> {
        let mut inputs = Inputs::new(self.seed);
        (0..self.n.len()).map(|_| Complex::new(inputs.signed(), inputs.signed())).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use proptest::prelude::*;

    use super::*;
    use crate::output::values;

    #[expect(clippy::cast_precision_loss, reason = "indices of a short signal are exact")]
    fn naive(signal: &[Complex<f64>]) -> Vec<f64> {
        let points = signal.len();
        let turn = |index: usize| Complex::from_polar(1.0, -TAU * (index % points) as f64 / points as f64);
        (0..points)
            .map(|bin| signal.iter().enumerate().map(|(time, point)| point * turn(bin * time)).sum())
            .flat_map(|value: Complex<f64>| [value.re, value.im])
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn equals_the_naive_transform(n in 1u64..200, seed: u64) {
            let fft = Fft { n: Whole::of(n), seed: Seed::of(seed), ..Fft::default() };
            let spectrum = values(&fft.run());
            let expected = naive(&fft.inputs());
            prop_assert_eq!(spectrum.len(), expected.len());
            for (got, want) in spectrum.iter().zip(&expected) {
                prop_assert!((got - want).abs() < 1e-10, "{} is not {}", got, want);
            }
        }
    }
}
