use std::fmt::Write as _;
use std::hint::black_box;

use sha2::{Digest as _, Sha256};

use crate::bounded::{Seed, Whole};
use crate::inputs::Inputs;
use crate::libm::{BINARY, Range, UNARY, Unary};
use crate::matmul::Matmul;
use crate::output::le_bytes;

/// The number of arguments of each function of the C library, within its usual range.
const ARGUMENTS: u32 = 512;

/// The number of rows of the matrices. It is more than one block of any kernel of the matrix product, in each direction.
const ROWS: u64 = 48;

/// The number of terms of the sum. An eighth as many triples are multiplied and added.
const TERMS: usize = 2_048;

/// Any seed works, but it must not change: a new one would give every machine another class.
const SEED: u64 = 20_251;

/// The number of hexadecimal digits of a part of the canary.
const PART_DIGITS: usize = 8;

/// The number of hexadecimal digits of the class.
const CLASS_DIGITS: usize = 16;

/// Arguments at which argument reduction, overflow and underflow begin, and arguments beyond these.
const EXTREMES: [f64; 12] = [
    5e-324,
    -2.3e-308,
    1e-300,
    -1e-20,
    0.5,
    -1.0,
    std::f64::consts::FRAC_PI_2,
    709.5,
    -745.0,
    1e10,
    -1e22,
    f64::MAX,
];

/// Arguments, as bits, at which the variants of glibc 2.36 with and without fused multiply-add differ. On x86-64 they differ
/// in the last digit at one argument in a thousand, or in a hundred thousand, so a grid alone might miss all of them.
const HARD: [(Unary, &[u64]); 14] = [
    (f64::sin, &[0xc083_3ffd_c9c4_da90, 0xc068_54c1_54c9_85f0, 0x4066_cadf_a43f_e5c8]),
    (f64::cos, &[0xc083_7daf_a2f0_5a71, 0xc064_5645_4de7_ea60, 0x4082_1bff_1950_331e]),
    (f64::tan, &[0xc07b_7e1f_212d_7732]),
    (f64::asin, &[0xbfed_1134_04ea_4a8c, 0xbfd7_8c7e_2824_0b78, 0x3fce_a10e_0221_4270]),
    (f64::acos, &[0xbfec_9e06_0fe4_7992, 0x3fdf_bca9_691a_75cc, 0x3fe8_66a5_5087_0110]),
    (f64::atan, &[0xc023_f7c1_bda5_119d, 0xc00b_6cbf_b15b_573e, 0x3fd9_8793_dd97_f620]),
    (f64::sinh, &[0xc033_cab3_67a0_f909, 0xc00e_6f00_68db_8bb0, 0x4012_9de6_9ad4_2c3c]),
    (f64::cosh, &[0xc033_5f2e_48e8_a71e, 0xc00e_eb85_1eb8_51e8, 0x401f_b7b4_a233_9c10]),
    (f64::tanh, &[0xbffd_b886_594a_f4f0, 0xbfc0_3611_3404_ea40, 0x3fbc_6dc5_d638_8640]),
    (f64::exp, &[0xc07f_2cc8_b439_5810, 0xc062_f8fd_f3b6_45a0, 0x4073_da72_b020_c49c]),
    (f64::exp_m1, &[0xbffb_8a1d_fb93_89b5, 0x3fc6_c41d_d1a2_1ea0, 0x3fd9_e0b4_e11d_bca8]),
    (f64::ln, &[0x407f_7491_6500_e0a6, 0x4086_a900_901d_1915]),
    (f64::log2, &[0x4060_4407_2042_95a7, 0x4086_3d3e_07d0_d9cd]),
    (f64::ln_1p, &[0xbfe9_259d_12ca_dddf, 0x3fd0_011b_1d92_b7fe, 0x3fdc_c86a_d2dc_b146]),
];

/// Such arguments of a power: base and exponent.
const HARD_POWERS: [(f64, f64); 3] =
    [(27.711_000_000_000_002, -47.229), (223.781, -27.622), (781.051, 28.105_000_000_000_004)];

/// The arithmetic of this process on this machine: the first digits of the SHA-256 of the results of fixed calculations.
/// Machines with the same arithmetic have the same digits. The name and flags of the processor are not part of it, because a
/// hypervisor may mask them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Canary {
    /// The digits of all parts together: 16 hexadecimal digits.
    pub class: String,
    /// The 8 digits of the elementary functions of the C library, which picks variants by the processor.
    pub libm: String,
    /// The 8 digits of fused multiply-add, and of a matrix product whose kernel is picked at run time.
    pub fma: String,
    /// The 8 digits of arithmetic on numbers below the smallest normal number. Some machines replace such numbers by zero.
    pub subnormals: String,
    /// The 8 digits of a sum in a fixed order. Another rounding direction changes them.
    pub reduction: String,
}

/// Computes the canary. It takes about a millisecond.
#[must_use]
pub fn canary() -> Canary {
    let parts = [libm(), fma(), subnormals(), reduction()].map(le_bytes);
    let [libm, fma, subnormals, reduction] = parts.each_ref().map(|bytes| digits(bytes, PART_DIGITS));
    Canary { class: digits(&parts.concat(), CLASS_DIGITS), libm, fma, subnormals, reduction }
}

fn digits(bytes: &[u8], count: usize) -> String {
    let mut hex = String::with_capacity(count);
    for byte in Sha256::digest(bytes).iter().take(count / 2) {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// The results of the elementary functions. Every NaN is replaced by the same NaN, because machines with the same
/// arithmetic may give NaNs of different sign and payload.
fn libm() -> Vec<f64> {
    let unary = UNARY.iter().flat_map(|&(function, range)| grid(range).map(move |x| call(function, x)));
    let extreme = UNARY.iter().flat_map(|&(function, _)| EXTREMES.map(|x| call(function, x)));
    let binary = BINARY.iter().flat_map(|&(function, first, second)| {
        let arguments = grid(first).zip(grid(second).rev());
        arguments.map(move |(x, y)| black_box(function)(black_box(x), black_box(y)))
    });
    let hard = HARD
        .iter()
        .flat_map(|&(function, bits)| bits.iter().map(move |bits| call(function, f64::from_bits(*bits))));
    let hard_powers = HARD_POWERS.map(|(base, exponent)| black_box(base).powf(black_box(exponent)));
    let all = unary.chain(extreme).chain(binary).chain(hard).chain(hard_powers);
    all.map(|value| if value.is_nan() { f64::NAN } else { value }).collect()
}

fn call(function: Unary, x: f64) -> f64 {
    black_box(function)(black_box(x))
}

fn grid((low, high): Range) -> impl DoubleEndedIterator<Item = f64> {
    let step = (high - low) / f64::from(ARGUMENTS);
    (0..ARGUMENTS).map(move |place| low + step * (f64::from(place) + 0.5))
}

fn fma() -> Vec<f64> {
    let mut inputs = Inputs::new(Seed::of(SEED));
    let mut fused: Vec<f64> = (0..TERMS / 8)
        .map(|_| {
            let [x, y, z] = [inputs.signed(), inputs.signed(), inputs.signed()];
            black_box(x).mul_add(black_box(y), black_box(-x * y + z * f64::EPSILON))
        })
        .collect();
    fused.extend(Matmul::of(Whole::of(ROWS), Seed::of(SEED)).product());
    fused
}

fn subnormals() -> Vec<f64> {
    let smallest = f64::MIN_POSITIVE;
    (1_u32..=52)
        .flat_map(|place| {
            let tiny = black_box(f64::from_bits(0x000f_ffff_ffff_ffff >> place));
            let factor = black_box(1.0 - 1.0 / f64::from(place + 1));
            [
                black_box(smallest) * factor,
                tiny * factor,
                tiny + tiny,
                black_box(smallest) - tiny,
                tiny * 1e300,
            ]
        })
        .collect()
}

fn reduction() -> Vec<f64> {
    let mut inputs = Inputs::new(Seed::of(SEED));
    let terms: Vec<f64> = (0..TERMS).map(|_| black_box(inputs.wide())).collect();
    // The partial sums are results too, because a difference in one of them may be lost in the whole sum.
    let partial = terms.chunks(64).map(|chunk| chunk.iter().sum::<f64>());
    let whole = terms.iter().fold(0.0, |sum, term| sum + term);
    let quotients = terms.windows(2).take(64).map(|pair| (pair[0] / pair[1]).abs().sqrt());
    partial.chain([whole]).chain(quotients).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_one_class() {
        let first = canary();
        let parts = [&first.libm, &first.fma, &first.subnormals, &first.reduction];
        assert!(parts.iter().all(|part| part.len() == PART_DIGITS), "{first:?}");
        assert_eq!(first.class.len(), CLASS_DIGITS);
        let in_another_thread = std::thread::spawn(canary).join().unwrap();
        assert_eq!(in_another_thread, first);
    }

    /// Every machine that follows IEEE 754 with its default rounding gives these digits. If they change, the canary has
    /// changed, and classes that were recorded before cannot be compared with later ones.
    #[test]
    fn parts_without_a_library_have_their_known_values() {
        let canary = canary();
        assert_eq!((canary.subnormals.as_str(), canary.reduction.as_str()), ("7e5fd9a3", "2d40eab4"));
    }

    #[test]
    fn each_calculation_gives_many_values() {
        let check = |values: Vec<f64>, distinct_min: usize| {
            let distinct: std::collections::HashSet<_> = values.iter().map(|value| value.to_bits()).collect();
            assert!(distinct.len() >= distinct_min, "{} of {}", distinct.len(), values.len());
        };
        check(libm(), 9_000);
        check(fma(), 2_000);
        check(subnormals(), 150);
        check(reduction(), 90);
    }
}
