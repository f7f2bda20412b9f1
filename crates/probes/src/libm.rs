use std::f64::consts::TAU;
use std::hint::black_box;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::bounded::{Seed, Whole};
use crate::inputs::Inputs;
use crate::output::le_bytes;

/// Twenty functions at 250 thousand points take a fraction of a second, and give 40 MB of output.
const N_POINTS_MAX: u64 = 250_000;

/// `libm`: elementary functions of the platform's C library at random arguments.
///
/// Rust's standard library calls libm for these functions, and does not promise their precision. glibc picks variants
/// with fused multiply-add at run time; musl and macOS have other implementations. Arguments pass through [`black_box`],
/// so that the compiler cannot replace a call by a result of its own library.
///
/// | field | default | bounds | meaning |
/// |---|---|---|---|
/// | `n` | 1000 | 1 to 250000 | arguments of each function |
/// | `seed` | 0 | 0 to 2^64 - 1 | chooses the arguments, uniform in each function's range |
///
/// Output: the `n` values of each function, little-endian binary64: `8 * 20 * n` bytes. The order of the functions is sin,
/// cos, tan, asin, acos, atan, sinh, cosh, tanh, exp, exp2, expm1, log, log10, log2, log1p, cbrt, pow, hypot, atan2.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Libm {
    #[serde(rename = "probe")]
    _probe: IgnoredAny,
    n: Whole<1, N_POINTS_MAX>,
    seed: Seed,
}

impl Default for Libm {
    fn default() -> Self {
        Self { _probe: IgnoredAny, n: Whole::of(1000), seed: Seed::of(0) }
    }
}

/// The lowest and the highest argument, in the unit of the function (radians, or none).
pub(crate) type Range = (f64, f64);

pub(crate) type Unary = fn(f64) -> f64;
pub(crate) type Binary = fn(f64, f64) -> f64;

/// Functions of one argument. Within the ranges, results are finite and not trivial.
pub(crate) const UNARY: [(Unary, Range); 17] = [
    (f64::sin, (-100.0 * TAU, 100.0 * TAU)),
    (f64::cos, (-100.0 * TAU, 100.0 * TAU)),
    (f64::tan, (-100.0 * TAU, 100.0 * TAU)),
    (f64::asin, (-1.0, 1.0)),
    (f64::acos, (-1.0, 1.0)),
    (f64::atan, (-10.0, 10.0)),
    (f64::sinh, (-20.0, 20.0)),
    (f64::cosh, (-20.0, 20.0)),
    (f64::tanh, (-5.0, 5.0)),
    (f64::exp, (-700.0, 700.0)),
    (f64::exp2, (-1000.0, 1000.0)),
    (f64::exp_m1, (-2.0, 2.0)),
    (f64::ln, (0.001, 1000.0)),
    (f64::log10, (0.001, 1000.0)),
    (f64::log2, (0.001, 1000.0)),
    (f64::ln_1p, (-0.9, 2.0)),
    (f64::cbrt, (-1000.0, 1000.0)),
];

/// Functions of two arguments.
pub(crate) const BINARY: [(Binary, Range, Range); 3] = [
    (f64::powf, (0.001, 1000.0), (-50.0, 50.0)),
    (f64::hypot, (-1000.0, 1000.0), (-1000.0, 1000.0)),
    (f64::atan2, (-10.0, 10.0), (-10.0, 10.0)),
];

impl Libm {
    pub(crate) fn run(&self) -> Vec<u8> {
        let points = self.n.len();
        let mut inputs = Inputs::new(self.seed);
        let mut results = Vec::with_capacity((UNARY.len() + BINARY.len()) * points);
        for (function, range) in UNARY {
            results.extend((0..points).map(|_| black_box(function)(black_box(draw(&mut inputs, range)))));
        }
        for (function, first, second) in BINARY {
            results.extend((0..points).map(|_| {
                let arguments = (draw(&mut inputs, first), draw(&mut inputs, second));
                black_box(function)(black_box(arguments.0), black_box(arguments.1))
            }));
        }
        le_bytes(results)
    }
}

fn draw(inputs: &mut Inputs, (low, high): Range) -> f64 {
    low + (high - low) * inputs.unit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::values;

    const N: u64 = 50;

    fn results() -> Vec<f64> {
        values(&Libm { n: Whole::of(N), seed: Seed::of(11), ..Libm::default() }.run())
    }

    #[test]
    fn results_are_those_of_direct_calls() {
        let results = results();
        let mut inputs = Inputs::new(Seed::of(11));
        for got in &results[..50] {
            let argument = draw(&mut inputs, (-100.0 * TAU, 100.0 * TAU));
            assert_eq!(got.to_bits(), black_box(argument).sin().to_bits());
        }
        for _ in 50..17 * 50 {
            inputs.unit();
        }
        for got in &results[17 * 50..18 * 50] {
            let (base, exponent) = (draw(&mut inputs, (0.001, 1000.0)), draw(&mut inputs, (-50.0, 50.0)));
            assert_eq!(got.to_bits(), black_box(base).powf(black_box(exponent)).to_bits());
        }
    }

    #[test]
    fn every_function_gives_finite_results_that_vary() {
        let results = results();
        let (functions, rest) = results.as_chunks::<50>();
        assert!(rest.is_empty());
        assert_eq!(functions.len(), 20);
        for (index, results) in functions.iter().enumerate() {
            assert!(results.iter().all(|result| result.is_finite()), "function {index}: {results:?}");
            assert!(
                results.windows(2).any(|pair| pair[0].to_bits() != pair[1].to_bits()),
                "function {index}"
            );
        }
    }

    #[test]
    fn functions_obey_their_identities_at_each_argument() {
        let close =
            |got: f64, want: f64| assert!((got - want).abs() <= 1e-12 * want.abs().max(1.0), "{got} {want}");
        let mut inputs = Inputs::new(Seed::of(3));
        for _ in 0..200 {
            let [
                [sin, cos, tan],
                [asin, acos, atan],
                [sinh, cosh, tanh],
                [exp, exp2, expm1],
                [ln, log10, log2],
            ] = [0, 3, 6, 9, 12].map(|first| [0, 1, 2].map(|next| UNARY[first + next].0));
            let x = inputs.signed();
            close(sin(x) * sin(x) + cos(x) * cos(x), 1.0);
            close(tan(x), sin(x) / cos(x));
            close(sin(asin(x)), x);
            close(cos(acos(x)), x);
            close(tan(atan(x)), x);
            close(cosh(x) * cosh(x) - sinh(x) * sinh(x), 1.0);
            close(tanh(x), sinh(x) / cosh(x));
            close(ln(exp(x)), x);
            close(log2(exp2(x)), x);
            close(log10(BINARY[0].0(10.0, x)), x);
            close(UNARY[15].0(expm1(x)), x);
            close(UNARY[16].0(x).powi(3), x);
            close(BINARY[1].0(3.0 * x, 4.0 * x), 5.0 * x.abs());
            close(BINARY[2].0(x, 1.0), atan(x));
        }
    }
}
