use super::arrays::{doubles, npy};
use super::*;

/// A ZIP archive of these files, compressed or not (APPNOTE.TXT of PKWARE, 4.3).
fn archive(files: &[(&str, Vec<u8>)], compressed: bool) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, file) in files {
        let data = if compressed { miniz_oxide::deflate::compress_to_vec(file, 6) } else { file.clone() };
        let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let method = if compressed { 8 } else { 0 };
        let mut common = vec![20, 0, 0, 0, method, 0, 0, 0, 0, 0];
        common.extend(rawzip::crc32(file).to_le_bytes());
        common.extend([size(&data), size(file)].concat());
        common.extend([u8::try_from(name.len()).unwrap(), 0, 0, 0]);
        directory
            .extend([b"PK\x01\x02\x14\0", &common[..], &[0; 10], &size(&archive), name.as_bytes()].concat());
        archive.extend([b"PK\x03\x04", &common[..], name.as_bytes(), &data].concat());
    }
    let files = [u8::try_from(files.len()).unwrap(), 0];
    let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let end =
        [b"PK\x05\x06\0\0\0\0", &files[..], &files, &size(&directory), &size(&archive), &[0, 0]].concat();
    [archive, directory, end].concat()
}

fn array(values: &[f64]) -> Vec<u8> {
    npy("<f8", false, &format!("({},)", values.len()), &doubles(values))
}

#[test]
fn archives_are_compared_array_by_array() {
    let energies = || array(&[1.0, 2.0]);
    let other = || array(&[1.0, 2.0_f64.next_up()]);
    for (left, right, expect) in [
        (
            &[("e.npy", energies()), ("n.npy", energies())][..],
            &[("e.npy", other()), ("n.npy", energies())][..],
            &["/e/* f64 1/2 1", "/n/* f64 0/2 -"][..],
        ),
        (
            &[("a.npy", energies()), ("b.npy", energies())],
            &[("b.npy", energies()), ("a.npy", energies())],
            &["order  a|b", "/a/* f64 0/2 -", "/b/* f64 0/2 -"],
        ),
        (
            &[("a.npy", energies()), ("b.npy", energies())],
            &[("a.npy", array(&[1.0])), ("c.npy", energies())],
            &["shape /a [2]|[1]", "key /b an array|", "key /c |an array", "/a/* f64 0/1 -"],
        ),
        (
            &[("a.npy", b"no array".to_vec())],
            &[("a.npy", b"another".to_vec())],
            &[
                "text /a 8 bytes that are not a readable array: it does not start with the mark of the format|7 bytes that are not a readable array: it does not start with the mark of the format",
            ],
        ),
    ] {
        for compressed in [[false, false], [true, true], [false, true]] {
            let [left, right] = [archive(left, compressed[0]), archive(right, compressed[1])];
            let comparison = compare(&left, &right, &Options::default());
            assert_eq!((comparison.format, comparison.note.as_deref()), (OutputFormat::Npz, None));
            assert_eq!(all(&comparison), expect);
        }
    }
}

#[test]
fn archives_have_bounds() {
    let [left, right] = [1.0, 2.0].map(|value| archive(&[("a.npy", array(&[value; 100]))], true));
    let limits = ComparisonLimits { inflated_bytes_max: 900, ..ComparisonLimits::default() };
    let comparison = compare(&left, &right, &Options { limits, ..options(&["ulp=4"]) });
    assert_eq!(comparison.truncated.as_deref(), Some("the array a is longer than 900 bytes"));
    assert_eq!(comparison.equivalent, Some(false));
    let mut broken = right.clone();
    broken[50..60].fill(0xff);
    let mismatches = mismatches(&compare(&left, &broken, &Options::default()));
    assert!(mismatches[0].contains("cannot be decompressed"), "{mismatches:?}");
    let plain = archive(&[("readme.txt", b"text".to_vec())], false);
    assert_eq!(compare(&plain, &left, &Options::default()).format, OutputFormat::Bytes);
    let asked = Options { format: OutputFormat::Npz, ..Options::default() };
    let note = compare(&left, b"PK", &asked).note.unwrap_or_default();
    assert!(note.starts_with("the second output is not a readable archive of arrays: "), "{note}");
}

#[test]
fn an_array_with_a_wrong_checksum_is_named_and_never_equivalent() {
    for compressed in [false, true] {
        let files = [("e.npy", array(&[1.0, 2.0])), ("n.npy", array(&[3.0]))];
        let good = archive(&files, compressed);
        let mut damaged = good.clone();
        // The checksum in the directory, which is what readers use.
        let at = damaged.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap() + 16;
        damaged[at] ^= 1;
        for (left, right) in [(&good, &damaged), (&damaged, &damaged)] {
            let comparison = compare(left, right, &options(&["ulp=4"]));
            let bytes = files[0].1.len();
            let one = if left == right { "with a wrong checksum" } else { "of an array" };
            let expect = format!("text /e {bytes} bytes {one}|{bytes} bytes with a wrong checksum");
            assert_eq!(all(&comparison), [expect, "/n/* f64 0/1 -".to_owned()]);
            assert_eq!(comparison.equivalent, Some(false));
        }
    }
}
