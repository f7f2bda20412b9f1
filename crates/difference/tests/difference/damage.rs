//! Outputs that are damaged at random, each from a seed. Nothing may panic, and swapping the two outputs must not
//! change the findings.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use concord_difference::{Comparison, Options, OutputFormat, Tolerances, compare};
use fastrand::Rng;
use serde::de::IgnoredAny;

use super::is_json;

/// The number of damaged outputs that are compared, for each format.
const ROUNDS: u64 = 5_000;

/// Pieces that have a meaning for one of the readers.
const PIECES: [&[u8]; 28] = [
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\\ud800",
    b"\\u0061",
    b"\n",
    b" ",
    b"\t",
    b"-",
    b"0",
    b"-0",
    b"1e999",
    b"5e-324",
    b"NaN",
    b"Infinity",
    b"nan",
    b"inf",
    b"null",
    b"\"a\":",
    b"\x00",
    b"\xff",
    b"(3,)",
    b"'<f8'",
];

/// The cases of `JSONTestSuite`, in the order of their names. The scanner of JSON is tested with them too.
fn json_cases() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../json/tests/json_suite");
    let files =
        fs::read_dir(folder).expect("the folder of the suite").map(|file| file.expect("an entry").path());
    let mut paths: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).expect("a case")).collect()
}

/// Undamaged outputs of each format, in addition to those of the suite.
fn whole_outputs() -> Vec<Vec<u8>> {
    let mut outputs: Vec<Vec<u8>> = json_cases();
    let of_suite = outputs.len();
    for text in [
        "{\"energies\":[0.1,0.2,-0.0,1e300,NaN],\"n\":9007199254740993,\"at\":{\"x\":1.5,\"y\":2.5,\"x\":3}}",
        "[{\"a\":1,\"b\":[1.5,2.5]},{\"b\":[1.5],\"a\":2},{\"a\":null}]",
        "{\"a\":1.5}\n{\"a\":2.5}\n{\"a\":3.5}\n",
        "x,y,name\n1,0.5,a\n2,1.5,\"b,c\"\n3,nan,d\n",
        "1.5 2.5 3.5\n4.5 5.5 6.5\n",
        "# t;v\n1;2.5\n2;3.5\n",
        "no format at all",
        "step 1 energy = -1.5 eV in 0.25s\nstep 2 energy -2.5 eV\n\nend of 2 steps: 0x1f 1.2.3",
    ] {
        outputs.push(text.as_bytes().to_vec());
    }
    for (description, shape, bytes) in
        [("<f8", "(2, 3)", 48), ("<c8", "(3,)", 24), ("|i1", "(7,)", 7), ("<f2", "()", 2)]
    {
        let header = format!("{{'descr': '{description}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let length = u8::try_from(header.len()).expect("a short header");
        let elements = (0..bytes).map(|byte: u8| byte.wrapping_mul(37));
        let mut output = b"\x93NUMPY\x01\x00".to_vec();
        output.extend([length, 0]);
        output.extend(header.as_bytes());
        output.extend(elements);
        outputs.push(output);
    }
    // As many of these as of the suite.
    let own = outputs.split_off(of_suite);
    outputs.extend(own.iter().cycle().take(of_suite).cloned());
    outputs
}

fn damaged(output: &[u8], others: &[Vec<u8>], random: &mut Rng) -> Vec<u8> {
    let mut damaged = output.to_vec();
    for _ in 0..random.usize(1..4) {
        let at = random.usize(0..=damaged.len());
        let end = random.usize(at..=damaged.len().min(at + 8));
        let piece: Vec<u8> = match random.u8(0..6) {
            0 => Vec::new(),
            1 => vec![random.u8(..)],
            // As long as the piece that it replaces, so that an array keeps its length.
            2 => damaged[at..end].iter().map(|byte| byte ^ random.u8(..)).collect(),
            3 => damaged[at..end].repeat(2),
            4 => {
                let other = &others[random.usize(..others.len())];
                let start = random.usize(0..=other.len());
                other[start..random.usize(start..=other.len().min(start + 20))].to_vec()
            }
            _ => PIECES[random.usize(..PIECES.len())].to_vec(),
        };
        damaged.splice(at..end, piece);
    }
    damaged
}

/// The findings that must not depend on which output comes first. Columns and members are named by the first one.
fn sides_alike(comparison: &Comparison) -> impl PartialEq + std::fmt::Debug + use<> {
    let mut furthest: Vec<_> = comparison.paths.iter().map(|path| path.ulp_max.clone()).collect();
    furthest.sort();
    (
        (
            comparison.format,
            comparison.identical_bytes,
            comparison.first_different_byte,
            comparison.equivalent,
        ),
        (comparison.values_compared, comparison.values_different, comparison.mismatches_total),
        (comparison.truncated.is_some(), furthest),
    )
}

#[test]
fn damaged_outputs_are_compared_alike_from_both_sides() {
    let outputs = whole_outputs();
    let tolerances = ["ulp=4", "/a: ignore", "/energies/*: rel=1e-9"].map(str::to_owned);
    let tolerances = Some(Tolerances::parse(&tolerances).unwrap());
    let mut detected: HashMap<OutputFormat, u32> = HashMap::new();
    for seed in 0..ROUNDS {
        let mut random = Rng::with_seed(seed);
        let output = &outputs[random.usize(..outputs.len())];
        let damaged = damaged(output, &outputs, &mut random);
        for format in OutputFormat::ALL {
            let options = Options { format, tolerances: tolerances.clone(), ..Options::default() };
            let one = compare(output, &damaged, &options);
            let other = compare(&damaged, output, &options);
            assert_eq!(sides_alike(&one), sides_alike(&other), "seed {seed} {format:?}");
            assert!(one.statement().chars().count() <= 160, "seed {seed} {format:?}");
            let same = compare(&damaged, &damaged, &options);
            let differences = same.mismatches_total + same.values_different;
            assert_eq!(
                (same.identical_bytes, differences, same.equivalent),
                (true, 0, Some(true)),
                "seed {seed}"
            );
            if format == OutputFormat::Auto {
                *detected.entry(one.format).or_insert(0) += 1;
            }
        }
    }
    for format in
        [OutputFormat::Json, OutputFormat::Csv, OutputFormat::Text, OutputFormat::Npy, OutputFormat::Bytes]
    {
        let times = detected.get(&format).copied().unwrap_or(0);
        assert!(times > 20, "damaged outputs are {format:?} {times} times: the test proves little");
    }
}

#[test]
fn another_reader_agrees_on_what_is_json() {
    let outputs = whole_outputs();
    let mut read = 0;
    for seed in 0..8 * ROUNDS {
        let mut random = Rng::with_seed(seed);
        let output = &outputs[random.usize(..outputs.len())];
        let damaged = damaged(output, &outputs, &mut random);
        // The other reader has no bound on nesting. This one has a bound of 512.
        if damaged.iter().filter(|byte| b"[{".contains(byte)).count() > 512 {
            continue;
        }
        let text = std::str::from_utf8(&damaged);
        let expect = text.is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
        assert_eq!(is_json(&damaged, true), expect, "seed {seed}: {}", String::from_utf8_lossy(&damaged));
        read += u32::from(expect);
    }
    assert!(read > 1_000, "only {read} of the damaged outputs are JSON: the test proves little");
}
