use nalgebra::DMatrix;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::bounded::{Seed, Whole};
use crate::inputs::Inputs;
use crate::output::le_bytes;

/// A product of this size takes 17 billion floating-point operations (a second or two on one core) and 128 MiB.
const N_ROWS_MAX: u64 = 2048;

/// `matmul`: the product of two random square matrices.
///
/// nalgebra hands matrices of more than five rows to `matrixmultiply::dgemm`, which picks an AVX-512, FMA, AVX, NEON
/// or plain kernel at run time. A kernel that fuses multiplication and addition rounds once; other kernels round
/// twice. So machines of different kinds may differ.
///
/// | field | default | bounds | meaning |
/// |---|---|---|---|
/// | `n` | 256 | 1 to 2048 | rows and columns of each matrix |
/// | `seed` | 0 | 0 to 2^64 - 1 | chooses the elements, uniform in [-1, 1): the left matrix, then the right, row by row |
///
/// Output: `n * n` elements of the product, row by row, little-endian binary64: `8 * n * n` bytes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Matmul {
    #[serde(rename = "probe")]
    _probe: IgnoredAny,
    n: Whole<1, N_ROWS_MAX>,
    seed: Seed,
}

impl Default for Matmul {
    fn default() -> Self {
        Self { _probe: IgnoredAny, n: Whole::of(256), seed: Seed::of(0) }
    }
}

impl Matmul {
    pub(crate) fn of(n: Whole<1, N_ROWS_MAX>, seed: Seed) -> Self {
        Self { n, seed, ..Self::default() }
    }

    pub(crate) fn run(&self) -> Vec<u8> {
        le_bytes(self.product())
    }

    /// The elements of the product, row by row.
    pub(crate) fn product(&self) -> Vec<f64> {
        let rows = self.n.len();
        let [left, right] = self.inputs();
        // nalgebra stores a matrix column by column, so elements that are given row by row make its transpose. The
        // transpose of a product is the product of the transposes in the other order.
        let left_transposed = DMatrix::from_vec(rows, rows, left);
        let right_transposed = DMatrix::from_vec(rows, rows, right);
        let product_transposed = right_transposed * left_transposed;
        product_transposed.data.into()
    }

    /// The left and the right matrix, row by row.
    fn inputs(&self) -> [Vec<f64>; 2] {
        let elements = self.n.len() * self.n.len();
        let mut inputs = Inputs::new(self.seed);
        [inputs.signed_vec(elements), inputs.signed_vec(elements)]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::output::values;

    fn naive([left, right]: &[Vec<f64>; 2], rows: usize) -> Vec<f64> {
        let dot = |row: usize, column: usize| {
            (0..rows).map(|inner| left[row * rows + inner] * right[inner * rows + column]).sum()
        };
        (0..rows * rows).map(|element| dot(element / rows, element % rows)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn equals_the_naive_triple_loop(n in 1u64..48, seed: u64) {
            let matmul = Matmul { n: Whole::of(n), seed: Seed::of(seed), ..Matmul::default() };
            let product = values(&matmul.run());
            let expected = naive(&matmul.inputs(), matmul.n.len());
            prop_assert_eq!(product.len(), expected.len());
            for (got, want) in product.iter().zip(&expected) {
                prop_assert!((got - want).abs() < 1e-12, "{} is not {}", got, want);
            }
        }
    }
}
