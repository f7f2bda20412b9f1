use nalgebra::{DMatrix, DVector};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::bounded::{Seed, Whole};
use crate::error::ProbeError;
use crate::inputs::Inputs;
use crate::output::le_bytes;

/// Two thirds of N^3 multiplications and additions and 18 MiB: about a second on one core.
const N_UNKNOWNS_MAX: u64 = 1536;

/// `solve`: a random dense system of linear equations, by LU decomposition with partial pivoting.
///
/// nalgebra's decomposition is plain multiplication, addition and division, compiled without fused operations, so
/// machines that follow IEEE 754 with its default rounding agree. Rounding differences would grow with the condition
/// of the matrix, and could change which row is the pivot.
///
/// | field | default | bounds | meaning |
/// |---|---|---|---|
/// | `n` | 256 | 1 to 1536 | equations and unknowns |
/// | `seed` | 0 | 0 to 2^64 - 1 | chooses the matrix, column by column, then the right-hand side, uniform in [-1, 1) |
///
/// Output: the `n` unknowns, little-endian binary64: `8 * n` bytes. A pivot of zero is an error.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Solve {
    #[serde(rename = "probe")]
    _probe: IgnoredAny,
    n: Whole<1, N_UNKNOWNS_MAX>,
    seed: Seed,
}

impl Default for Solve {
    fn default() -> Self {
        Self { _probe: IgnoredAny, n: Whole::of(256), seed: Seed::of(0) }
    }
}

impl Solve {
    pub(crate) fn run(&self) -> Result<Vec<u8>, ProbeError> {
        let (matrix, right_hand_side) = self.inputs();
        let unknowns = solve(matrix, &right_hand_side)?;
        Ok(le_bytes(unknowns.iter().copied()))
    }

    fn inputs(&self) -> (DMatrix<f64>, DVector<f64>) {
        let unknowns = self.n.len();
        let mut inputs = Inputs::new(self.seed);
        let matrix = DMatrix::from_vec(unknowns, unknowns, inputs.signed_vec(unknowns * unknowns));
        (matrix, DVector::from_vec(inputs.signed_vec(unknowns)))
    }
}

fn solve(matrix: DMatrix<f64>, right_hand_side: &DVector<f64>) -> Result<DVector<f64>, ProbeError> {
    let unknowns = right_hand_side.len();
    matrix.lu().solve(right_hand_side).ok_or(ProbeError::Singular { unknowns })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::output::values;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn the_residual_vanishes(n in 1u64..64, seed: u64) {
            let probe = Solve { n: Whole::of(n), seed: Seed::of(seed), ..Solve::default() };
            let unknowns = DVector::from_vec(values(&probe.run().unwrap()));
            let (matrix, right_hand_side) = probe.inputs();
            let residual = (&matrix * &unknowns - right_hand_side).amax();
            // Backward stability: small beside the terms of each equation, whatever the condition of the matrix.
            let scale = matrix.amax() * unknowns.lp_norm(1) + 1.0;
            prop_assert!(residual <= 1e-13 * scale, "{} of {}", residual, scale);
        }
    }

    #[test]
    fn a_singular_matrix_is_an_error() {
        let matrix = DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 2.0, 4.0]);
        let error = solve(matrix, &DVector::from_vec(vec![1.0, 1.0])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the matrix is singular, so the system of 2 equations has no single solution"
        );
    }
}
