use super::comparison::{Comparison, MismatchKind};
use super::findings::Findings;
use super::options::{Options, OutputFormat};
use super::paths::ROOT;
use super::tolerance::Tolerances;

/// The number of bytes that are compared in one step.
const CHUNK_BYTES: usize = 4096;

/// The index of the first byte that differs or that only one output has.
pub(super) fn first_different(left: &[u8], right: &[u8]) -> Option<usize> {
    let chunks = left.chunks(CHUNK_BYTES).zip(right.chunks(CHUNK_BYTES));
    let equal = chunks.take_while(|(left, right)| left == right).count() * CHUNK_BYTES;
    let start = equal.min(left.len()).min(right.len());
    let pairs = left[start..].iter().zip(&right[start..]);
    let common = start + pairs.take_while(|(left, right)| left == right).count();
    (common < left.len() || common < right.len()).then_some(common)
}

/// Compares the outputs as bytes without a meaning.
pub(super) fn compare(left: &[u8], right: &[u8], options: &Options) -> Comparison {
    let mut findings = Findings::new(options);
    if left.len() != right.len() {
        let texts = || [left, right].map(|side| format!("[{}]", side.len()));
        findings.mismatch(ROOT, MismatchKind::Shape, &[], texts);
    }
    let chunks = left.chunks(CHUNK_BYTES).zip(right.chunks(CHUNK_BYTES));
    let different: usize = chunks
        .filter(|(left, right)| left != right)
        .map(|(left, right)| left.iter().zip(right).filter(|(left, right)| left != right).count())
        .sum();
    let rules = options.tolerances.iter().flat_map(Tolerances::rules);
    let comparison = findings.finish(OutputFormat::Bytes);
    Comparison {
        values_compared: left.len().min(right.len()) as u64,
        values_different: different as u64,
        equivalent: comparison.equivalent.map(|_| left == right),
        // Bytes have no paths, and no numbers.
        unmatched_rules: rules.map(str::to_owned).collect(),
        ..comparison
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_found_across_chunks() {
        let long = vec![7; 3 * CHUNK_BYTES + 5];
        for at in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 3 * CHUNK_BYTES + 4] {
            let mut other = long.clone();
            other[at] = 8;
            assert_eq!(first_different(&long, &other), Some(at));
            assert_eq!(first_different(&long, &long[..at]), Some(at));
            assert_eq!(first_different(&long[..at], &long), Some(at));
        }
        assert_eq!((first_different(&long, &long), first_different(b"", b"")), (None, None));
    }
}
