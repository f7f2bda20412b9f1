use super::*;

fn split(block_of: Vec<u32>) -> Candidate {
    let blocks =
        block_of.iter().filter(|&&block| block != UNKNOWN).max().map_or(0, |&last| last as usize + 1);
    Candidate::Split { block_of, blocks }
}

fn cut(step_of: Vec<u32>) -> Candidate {
    let steps = step_of.iter().max().map_or(0, |&last| last as usize + 1);
    Candidate::Cut { step_of, steps }
}

fn study(classes: Vec<u8>, candidates: Vec<Candidate>) -> Study {
    let ln_weight = -real(candidates.len() as u64).ln();
    let weighted = |candidate| Weighted { candidate, ln_weight, ln_p: None };
    Study {
        classes,
        candidates: candidates.into_iter().map(weighted).collect(),
        ln_weight_of_pairs: f64::NEG_INFINITY,
        seed: 7,
        permutations_max: PERMUTATIONS_MAX,
        ..Study::default()
    }
}

fn units(count: u32, value: impl Fn(u32) -> u32) -> Vec<u32> {
    (0..count).map(value).collect()
}

fn classes(count: u32, is_marked: impl Fn(u32) -> bool) -> Vec<u8> {
    (0..count).map(|unit| u8::from(is_marked(unit))).collect()
}

#[test]
fn a_fact_that_fits_is_significant_and_another_is_not() {
    let fits = split(units(40, |unit| u32::from(unit % 8 == 3)));
    let other = split(units(40, |unit| unit % 2));
    let found = study(classes(40, |unit| unit % 8 == 3), vec![fits, other]).test();
    assert!(found.candidates[0].p_corrected <= 2.0 / 10_000.0, "{found:?}");
    assert!(found.candidates[1].p_corrected > 0.05, "{found:?}");
    assert!(!found.candidates[0].exact);
    // The share of permutations is near the exact p-value.
    let p = found.candidates[1].p_permuted;
    let expect = ln_fisher([[5, 15], [0, 20]]).exp();
    assert!(p >= expect && p - expect < 0.02, "{p} {expect}");
}

#[test]
fn an_exact_bound_that_is_small_needs_no_permutation() {
    let marked = classes(40, |unit| unit % 4 == 3);
    let mut study = study(marked, vec![split(units(40, |unit| u32::from(unit % 4 == 3)))]);
    study.candidates[0].ln_p = Some(ln_fisher([[10, 0], [0, 30]]));
    let found = study.test();
    assert_eq!((found.permutations, found.candidates[0].exact), (0, true));
    assert!((found.candidates[0].p_corrected - 1.0 / 847_660_528.0).abs() < 1e-15, "{found:?}");
}

#[test]
fn the_best_cut_is_found() {
    let late = study(classes(200, |unit| unit >= 150), vec![cut(units(200, |unit| unit))]).test();
    assert_eq!(late.candidates[0].cut, Some(150));
    assert!(late.candidates[0].p_corrected <= 1.0 / 9_999.0, "{late:?}");
    let none = study(classes(200, |unit| unit * 7 % 5 == 0), vec![cut(units(200, |unit| unit))]).test();
    assert!(none.candidates[0].p_corrected > 0.05, "{none:?}");
}

#[test]
fn units_in_blocks_have_few_runs() {
    let runs = || vec![Candidate::Runs { order: units(120, |unit| unit) }];
    let blocks = study(classes(120, |unit| unit / 10 % 2 == 1), runs()).test();
    assert!(blocks.candidates[0].p_corrected <= 1.0 / 9_999.0, "{blocks:?}");
    let mixed = study(classes(120, |unit| unit * unit * unit % 101 < 40), runs()).test();
    assert!(mixed.candidates[0].p_corrected > 0.05, "{mixed:?}");
}

#[test]
fn a_pair_is_found_where_each_alone_says_nothing() {
    let one = split(units(80, |unit| unit % 2));
    let other = split(units(80, |unit| unit / 2 % 2));
    let mut either = study(classes(80, |unit| unit % 2 != unit / 2 % 2), vec![one, other]);
    either.pairs = vec![[0, 1]];
    either.ln_weight_of_pairs = f64::ln(0.5);
    let found = either.test();
    assert_eq!(found.candidates[0].p_corrected.to_bits(), 1.0_f64.to_bits(), "{found:?}");
    let pair = found.pair.unwrap();
    assert_eq!((pair.pair, pair.combination), ([0, 1], Combination::Either));
    assert_eq!((pair.units, pair.marked, pair.finding.exact), (40, 40, true));
    let mut both = either.clone();
    both.classes = classes(80, |unit| unit % 4 == 3);
    let pair = both.test().pair.unwrap();
    assert_eq!(pair.combination, Combination::Both { left: true, right: true });
    assert_eq!((pair.units, pair.marked), (20, 20));
}

#[test]
fn units_without_a_value_are_left_out() {
    let seen = |unit: u32| if unit.is_multiple_of(2) { unit / 2 % 2 } else { UNKNOWN };
    let found = study(classes(80, |unit| unit % 4 >= 2), vec![split(units(80, seen))]).test();
    assert!(found.candidates[0].p_corrected <= 1.0 / 9_999.0, "{found:?}");
    // Half of the units are known, and all of these are of one class.
    let found = study(classes(80, |unit| unit % 2 == 1), vec![split(units(80, seen))]).test();
    assert!(found.candidates[0].p_corrected > 0.5, "{found:?}");
}

#[test]
fn within_strata_nothing_separates_what_differs_between_them() {
    let block = units(80, |unit| unit / 40);
    let mut study = study(classes(80, |unit| unit >= 40), vec![split(block.clone())]);
    study.strata = Some(block);
    let found = study.test();
    assert_eq!((found.permutations, found.candidates[0].p_corrected.to_bits()), (0, 1.0_f64.to_bits()));
    study.classes = classes(80, |unit| unit % 2 == 1);
    study.candidates[0].candidate = split(units(80, |unit| unit % 2));
    assert!(study.test().candidates[0].p_corrected <= 1.0 / 9_999.0);
}

#[test]
fn among_random_classes_a_claim_is_rare() {
    let mut random = crate::random::Random::new(3);
    let claims = (0..400).filter(|&seed| {
        let count = 60;
        let mut draw =
            |values: usize| (0..count).map(|_| u32::try_from(random.below(values)).unwrap()).collect();
        let candidates: Vec<Candidate> =
            [2, 2, 2, 3, 5].map(|values| split(draw(values))).into_iter().chain([cut(draw(30))]).collect();
        let marked: Vec<u8> = draw(4).into_iter().map(|value: u32| u8::from(value == 0)).collect();
        let mut study = study(marked, candidates);
        study.seed = seed;
        study.pairs = vec![[0, 1], [0, 2], [1, 2]];
        study.ln_weight_of_pairs = f64::ln(0.2);
        let found = study.test();
        let singles = found.candidates.iter().map(|found| found.p_corrected);
        singles.chain(found.pair.map(|pair| pair.finding.p_corrected)).any(|p| p <= 0.05)
    });
    // 5 % are 20; the chance of 32 or more is below 1 %.
    let claims = claims.count();
    assert!((5..32).contains(&claims), "{claims}");
}

#[test]
fn three_classes_are_tested_too() {
    let three: Vec<u8> = (0..90).map(|unit| unit % 3).collect();
    let found = study(three, vec![split(units(90, |unit| unit % 3)), cut(units(90, |unit| unit))]).test();
    assert!(found.candidates[0].p_corrected <= 1.0 / 9_999.0, "{found:?}");
    assert!(found.candidates[1].p_corrected > 0.05, "{found:?}");
}
