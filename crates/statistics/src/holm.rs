use super::probability::real;

/// Holm's correction of ln p-values for their number. Returns the corrected ones in the given order, at most 0 (a p
/// of 1).
///
/// The chance that any true hypothesis gets a corrected p-value of at most a level is at most that level, however the
/// tests depend on each other. Source: S. Holm, "A simple sequentially rejective multiple test procedure", 1979.
#[must_use]
pub fn ln_holm(ln_ps: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ln_ps.len()).collect();
    order.sort_by(|&left, &right| ln_ps[left].total_cmp(&ln_ps[right]));
    let mut corrected = vec![0.0; ln_ps.len()];
    let mut highest = f64::NEG_INFINITY;
    for (rank, place) in order.into_iter().enumerate() {
        let remaining = real((ln_ps.len() - rank) as u64);
        highest = highest.max(ln_ps[place] + remaining.ln()).min(0.0);
        corrected[place] = highest;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_p_value_is_multiplied_most_and_the_order_stays() {
        let check = |ps: &[f64], expect: &[f64]| {
            let found = ln_holm(&ps.iter().map(|p| p.ln()).collect::<Vec<_>>());
            assert_eq!(found.len(), expect.len());
            for (found, expect) in found.into_iter().zip(expect) {
                assert!((found.exp() - expect).abs() < 1e-15, "{ps:?}: {} {expect}", found.exp());
            }
        };
        check(&[], &[]);
        check(&[0.01], &[0.01]);
        check(&[0.04, 0.01, 0.03], &[0.06, 0.03, 0.06]);
        check(&[0.6, 0.5], &[1.0, 1.0]);
    }
}
