use super::*;

/// The file of an array, version 1.
pub(super) fn npy(description: &str, fortran: bool, shape: &str, elements: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let description =
        if description.starts_with('[') { description.to_owned() } else { format!("'{description}'") };
    let mut header = format!("{{'descr': {description}, 'fortran_order': {order}, 'shape': {shape}, }}");
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), elements].concat()
}

pub(super) fn doubles(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn big_endian(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

fn singles(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[test]
fn arrays_are_compared_in_their_own_type() {
    let f8 = |shape: &str, values: &[f64]| npy("<f8", false, shape, &doubles(values));
    for (left, right, expect) in [
        (f8("(3,)", &[1.0, 2.0, 3.0]), f8("(3,)", &[1.0, 2.0, 3.0_f64.next_up()]), &["/* f64 1/3 1"][..]),
        (f8("()", &[1.0]), f8("()", &[1.5]), &[" f64 1/1 2251799813685248"]),
        (f8("(0,)", &[]), f8("(0,)", &[]), &[]),
        (
            f8("(2, 2)", &[0.0, 1.0, 2.0, 3.0]),
            f8("(2, 2)", &[-0.0, f64::NAN, f64::INFINITY, 3.0]),
            &[
                "nan /*/* [0, 1] 1.0|NaN (0x7ff8000000000000)",
                "infinity /*/* [1, 0] 2.0|inf",
                "sign /*/* [0, 0] 0.0|-0.0",
                "/*/* f64 3/4 0",
            ],
        ),
        (f8("(3,)", &[1.0, 2.0, 3.0]), f8("(2,)", &[1.0, 2.0]), &["shape  [3]|[2]", "/* f64 0/2 -"]),
        (
            f8("(2, 1)", &[1.0, 2.0]),
            f8("(3, 1)", &[1.0, 2.0, 3.0]),
            &["shape  [2, 1]|[3, 1]", "/*/* f64 0/2 -"],
        ),
        (f8("(1, 2)", &[1.0, 2.0]), f8("(1, 3)", &[1.0, 2.0, 3.0]), &["shape  [1, 2]|[1, 3]"]),
        (
            f8("(2, 3)", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
            npy("<f8", true, "(2, 3)", &doubles(&[1.0, 4.0, 2.0, 5.0, 3.0, 7.0])),
            &["shape  [2, 3] in C's order|[2, 3] in Fortran's order", "/*/* f64 1/6 1125899906842624"],
        ),
        (
            f8("(2,)", &[1.0, 2.0]),
            npy(">f8", false, "(2,)", &big_endian(&[1.0, 2.5])),
            &["type  <f8|>f8", "/* f64 1/2 1125899906842624"],
        ),
        (
            npy("<f4", false, "(2,)", &singles(&[1.0, 2.0])),
            npy("<f4", false, "(2,)", &singles(&[1.0_f32.next_up(), 2.0])),
            &["/* f32 1/2 1"],
        ),
        (npy("<f4", false, "(1,)", &singles(&[1.0])), f8("(1,)", &[1.0]), &["type  <f4|<f8"]),
        (
            npy("<c8", false, "(2,)", &singles(&[1.0, 2.0, 3.0, 4.0])),
            npy("<c8", false, "(2,)", &singles(&[1.0, 2.0, 3.0, 4.0_f32.next_up().next_up()])),
            &["/imag f32 1/2 2", "/real f32 0/2 -"],
        ),
        (npy("<f2", false, "(1,)", &[0, 0x3c]), npy("<f2", false, "(1,)", &[3, 0x3c]), &["/* f16 1/1 3"]),
        (npy("|i1", false, "(2,)", &[0xff, 1]), npy("|i1", false, "(2,)", &[1, 1]), &["/* i8 1/2 -"]),
        (npy("<u8", false, "(1,)", &[0xff; 8]), npy("<u8", false, "(1,)", &[0xfe; 8]), &["/* u64 1/1 -"]),
        (npy("|b1", false, "(2,)", &[0, 1]), npy("|b1", false, "(2,)", &[1, 1]), &["/* bool 1/2 -"]),
    ] {
        let comparison = compare(&left, &right, &Options::default());
        assert_eq!((comparison.format, comparison.note.as_deref()), (OutputFormat::Npy, None));
        assert_eq!(all(&comparison), expect);
    }
}

#[test]
fn fields_of_records_are_compared_by_name() {
    let record = "[('x', '<f8'), ('', '|V2'), ('in', [('v', '>i2', (2,)), (('title', 'z'), '<c8')]), ('s', '<U2'), ('b', '|S3')]";
    let element = |x: f64, v: i16, imaginary: f32, s: char, b: &[u8; 3]| {
        let mut bytes = x.to_le_bytes().to_vec();
        bytes.extend([0xaa, 0xbb]);
        bytes.extend([7_i16, v].iter().flat_map(|value| value.to_be_bytes()));
        bytes.extend([1.0, imaginary].iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend([s, '\0'].iter().flat_map(|letter| u32::from(*letter).to_le_bytes()));
        bytes.extend(b);
        bytes
    };
    let same = element(1.5, 2, 0.5, 'ä', b"ab\0");
    let other = element(1.5_f64.next_up(), -2, 0.5_f32.next_up(), 'b', b"abc");
    let left = npy(record, false, "(3,)", &[&same[..], &same, &same].concat());
    let right = npy(record, false, "(3,)", &[&same[..], &other, &same].concat());
    let comparison = compare(&left, &right, &Options::default());
    assert_eq!((comparison.format, comparison.note.as_deref()), (OutputFormat::Npy, None));
    assert_eq!(
        all(&comparison),
        [
            "text /*/s [1] ä|b",
            "text /*/b [1] ab|abc",
            "/*/in/v/* i16 1/6 -",
            "/*/in/z f32 1/6 1",
            "/*/x f64 1/3 1",
        ]
    );
    assert_eq!(comparison.paths[2].ulp_at.as_ref().map(|place| &*place.at), Some("/1/x"));
    let texts = |a: &[u8; 4]| npy("|S2", true, "(2, 1)", a);
    assert_eq!(
        all(&compare(&texts(b"abcd"), &texts(b"abce"), &Options::default())),
        ["text /*/* [1, 0] cd|ce"]
    );
    let renamed = npy(&record.replace("'x'", "'y'"), false, "(3,)", &same.repeat(3));
    assert_eq!(compare(&left, &renamed, &Options::default()).mismatches[0].kind, MismatchKind::Type);
    let empty = npy("[('s', '|S0', (1152921504606846976,)), ('t', '|S1')]", false, "(1,)", b"a");
    let filled = npy("[('s', '|S0', (1152921504606846976,)), ('t', '|S1')]", false, "(1,)", b"b");
    assert_eq!(all(&compare(&empty, &filled, &Options::default())), ["text /*/t [0] a|b"]);
}

#[test]
fn unreadable_arrays_are_compared_as_bytes() {
    let good = npy("<f8", false, "(1,)", &doubles(&[1.0]));
    let why = |why| format!("the second output is not a readable array: {why}");
    for (bad, expect) in [
        (npy("<f8", false, "(2,)", &doubles(&[1.0])), why("its length does not fit its shape")),
        (npy("<f8", false, "(9223372036854775807, 9)", &[]), why("its shape is too large")),
        (npy("|O", false, "(1,)", &[]), why("its elements are of a type that is not read: '|O'")),
        (npy("|f8", false, "(1,)", &[0; 8]), why("its elements are of a type that is not read: '|f8'")),
        (npy("é", false, "(1,)", &[0; 8]), why("its elements are of a type that is not read: 'é'")),
        (
            npy("[('t', '<M8[ns]')]", false, "(1,)", &[0; 8]),
            why("its elements are of a type that is not read: [('t', '<M8[ns]')]"),
        ),
        (
            // A third in the format of ARM.
            npy(
                "<f16",
                false,
                "(1,)",
                &[[0x55; 14], [0xfd, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat()[..16],
            ),
            why("its long doubles are not those of the x87, as those of another machine"),
        ),
        (npy("<f8", false, "(1.5)", &[0; 8]), why("its header is not understood")),
        (b"\x93NUMPY\x04\x00\x00\x00".to_vec(), why("its version is not 1, 2 or 3")),
        (b"\x93NUMPY\x01\x00\xff\x00".to_vec(), why("it ends in its header")),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(), why("its header is too long")),
        (b"[1]".to_vec(), "the first output is npy, the second json".to_owned()),
    ] {
        let comparison = compare(&good, &bad, &Options::default());
        assert_eq!((comparison.format, comparison.note), (OutputFormat::Bytes, Some(expect)));
    }
    let zero = npy("<f8", false, "(0, 9223372036854775807, 9223372036854775807)", &[]);
    let other = npy("<f8", false, "(0, 3, 9223372036854775807)", &[]);
    assert_eq!(compare(&zero, &other, &Options::default()).format, OutputFormat::Npy);
}

#[test]
fn raw_numbers_are_read_when_asked_for() {
    let f32s = |left: &[u8], right: &[u8]| {
        compare(left, right, &Options { format: OutputFormat::F32, ..Options::default() })
    };
    let f64s = |left: &[u8], right: &[u8]| {
        compare(left, right, &Options { format: OutputFormat::F64, ..Options::default() })
    };
    let long: Vec<_> = (0..2_000_u16).map(f64::from).collect();
    let mut other = long.clone();
    other[1_500] = 1_500.0_f64.next_down();
    for (comparison, expect) in [
        (f64s(&doubles(&long), &doubles(&other)), &["/* f64 1/2000 1"][..]),
        (
            f64s(&doubles(&long), &doubles(&long[1..])),
            &["shape  [2000]|[1999]", "/* f64 1999/1999 4607182418800017408"],
        ),
        (f32s(&singles(&[0.1]), &singles(&[0.1_f32.next_up()])), &["/* f32 1/1 1"]),
        (
            f32s(&[1, 2, 3, 4, 5], &[1, 2, 3, 4, 6]),
            &["text  [05] at the end|[06] at the end", "/* f32 0/1 -"],
        ),
        (f32s(&[1, 2, 3, 4, 5], &[1, 2, 3, 4]), &["shape  [1] and 1 bytes|[1]", "/* f32 0/1 -"]),
        (
            f32s(&[0, 0, 0xc0, 0x7f], &[1, 0, 0xc0, 0x7f]),
            &["nan /* [0] NaN (0x7fc00000)|NaN (0x7fc00001)", "/* f32 1/1 -"],
        ),
    ] {
        assert_eq!(all(&comparison), expect);
    }
    let place = f64s(&doubles(&long), &doubles(&other));
    assert_eq!(place.statement(), "1 of 2,000 numbers differs, by at most 1 ulp (1.5e-16 relative) at /1500");
    assert_eq!(compare(&doubles(&long), &doubles(&other), &Options::default()).format, OutputFormat::Bytes);
}

/// A long double of the x87 with these bits, and with bytes behind them that mean nothing.
fn extended(sign_and_exponent: u16, significand: u64, padding: u8) -> Vec<u8> {
    [&significand.to_le_bytes()[..], &sign_and_exponent.to_le_bytes(), &[padding; 6]].concat()
}

#[test]
fn long_doubles_are_compared_in_units_of_their_64_bits() {
    let one = |padding| extended(0x3fff, 1 << 63, padding);
    let next = extended(0x3fff, 1 << 63 | 1, 0);
    let array =
        |elements: &[Vec<u8>]| npy("<f16", false, &format!("({},)", elements.len()), &elements.concat());
    let comparison =
        compare(&array(&[one(0), one(0)]), &array(&[one(7), next.clone()]), &options(&["ulp=1"]));
    assert_eq!(all(&comparison), ["/* f80 1/2 1"]);
    assert_eq!(comparison.equivalent, Some(true));
    let place = comparison.paths[0].ulp_at.as_ref().unwrap();
    assert_eq!((&*place.at, &*place.left, &*place.right), ("/1", "1.0", "1.00000000000000000011"));
    assert_eq!(comparison.paths[0].common_bits_min, Some(79));
    // Bytes that mean nothing make no difference.
    let padded = compare(&array(&[one(0)]), &array(&[one(9)]), &Options::default());
    assert_eq!((all(&padded), padded.values_different), (vec!["/* f80 0/1 -".to_owned()], 0));
    let other = [extended(0x7fff, 1 << 63, 0), extended(0xbfff, 1 << 63, 0), extended(0x7fff, 3 << 62, 0)];
    let comparison = compare(&array(&[one(0), one(0), one(0)]), &array(&other), &Options::default());
    assert_eq!(
        all(&comparison),
        [
            "nan /* [2] 1.0|NaN (0x7fffc000000000000000)",
            "infinity /* [0] 1.0|inf",
            "sign /* [1] 1.0|-1.0",
            "/* f80 3/3 18446744073709551615",
        ]
    );
    // Complex, in a record, and with the other order of bytes.
    let complex = |imaginary: &[u8]| npy("<c32", false, "(1,)", &[&one(0), imaginary].concat());
    assert_eq!(
        all(&compare(&complex(&one(0)), &complex(&next), &Options::default())),
        ["/imag f80 1/1 1", "/real f80 0/1 -"]
    );
    let record = |value: &[u8]| {
        let reversed: Vec<u8> = value.iter().rev().copied().collect();
        npy("[('n', '<i2'), ('v', '>f16')]", false, "(1,)", &[&[1, 0], &reversed[..]].concat())
    };
    assert_eq!(
        all(&compare(&record(&one(0)), &record(&next), &Options::default())),
        ["/*/v f80 1/1 1", "/*/n i16 0/1 -"]
    );
}

#[test]
fn arrays_of_records_in_records_are_compared_by_index() {
    let description = "[('k', '<i4'), ('p', [('x', '<f8'), ('v', '<i2', (2,))], (2, 1))]";
    let element = |x: f64, v: i16| {
        let inner = |x: f64, v: i16| [&x.to_le_bytes()[..], &[1, 0], &v.to_le_bytes()].concat();
        [&7_i32.to_le_bytes()[..], &inner(1.5, 2), &inner(x, v)].concat()
    };
    let left = npy(description, false, "(1,)", &element(1.5, 2));
    let right = npy(description, false, "(1,)", &element(1.5_f64.next_up(), 3));
    assert_eq!(
        all(&compare(&left, &right, &Options::default())),
        [
            "/*/p/1/0/v/* i16 1/2 -",
            "/*/p/1/0/x f64 1/1 1",
            "/*/k i32 0/1 -",
            "/*/p/0/0/x f64 0/1 -",
            "/*/p/0/0/v/* i16 0/2 -",
        ]
    );
    let many = npy("[('p', [('x', '<f8')], (1001,))]", false, "(0,)", &[]);
    let note = compare(&many, &many, &Options::default()).note.unwrap();
    assert!(note.ends_with("of a type that is not read: [('p', [('x', '<f8')], (1001,))]"), "{note}");
}
