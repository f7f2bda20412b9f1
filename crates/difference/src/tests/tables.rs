use super::*;

fn table(left: &str, right: &str) -> Comparison {
    compare(left.as_bytes(), right.as_bytes(), &Options::default())
}

#[test]
fn tables_are_compared_by_column() {
    for (left, right, expect) in [
        (
            "x,y\n1,0.1\n2,0.2\n",
            "x,y\n1,0.1\n2,0.20000000000000004\n",
            &["/y f64 1/2 1", "/x integer 0/2 -"][..],
        ),
        (
            "1;2.5\n3;4.5\n",
            "1;2.5\n3;-4.5\n",
            &["sign /1 [1] 4.5|-4.5", "/1 f64 1/2 9233505136016359424", "/0 integer 0/2 -"],
        ),
        ("# t v\n 0  1.5\n 1  2.5\n", "# t v\n0 1.5\n1 2.5", &["/t integer 0/2 -", "/v f64 0/2 -"]),
        ("a\t1\nb\t2\n", "a\t1\nc\t2\n", &["text /0 [1] b|c", "/1 integer 0/2 -"]),
        ("a,1\n\"b\",2\n", "a,1\nb,2\n", &["text /0 [1] \"b\"|b", "/1 integer 0/2 -"]),
        ("a,1\nb,2\n", "a,1\nb,x\n", &["type /1 [1] 2|x", "/1 integer 0/1 -"]),
        ("1,2\n3,4\n", "1,2\n3,4\n5,6\n", &["shape  [2, 2]|[3, 2]", "/0 integer 0/2 -", "/1 integer 0/2 -"]),
        ("1,2\n3,4\n", "1,2,0\n3,4,0\n", &["shape  [2, 2]|[2, 3]", "/0 integer 0/2 -", "/1 integer 0/2 -"]),
        ("x,y\n1,2\n", "y,x\n3,1\n", &["order  x|y", "/y integer 1/1 -", "/x integer 0/1 -"]),
        ("x,y\n1,2\n", "x,z\n1,2\n", &["key /y y|z", "/x integer 0/1 -", "/y integer 0/1 -"]),
        (
            "1.0 nan\n2.0 inf\n",
            "1.0 1.0\n2.0 -inf\n",
            &["nan /1 [0] nan|1.0", "infinity /1 [1] inf|-inf", "/1 f64 2/2 -", "/0 f64 0/2 -"],
        ),
        (
            "nan,inf\nNaN,1e999\n",
            "NaN,Infinity\nNaN,2e999\n",
            &[
                "infinity /1 [1] 1e999|2e999",
                "text /0 [0] nan|NaN",
                "text /1 [0] inf|Infinity",
                "/1 f64 1/2 -",
                "/0 f64 0/2 -",
            ],
        ),
        (
            "1,007\n2,8\n",
            "1,7\n2,8.0\n",
            &["type /1 [1] 8|8.0", "text /1 [0] 007|7", "/0 integer 0/2 -", "/1 f64 0/2 -"],
        ),
        ("0,1\n-0,1\n", "0,1\n0,1\n", &["sign /0 [1] -0|0", "/0 f64 1/2 0", "/1 integer 0/2 -"]),
        ("1.5\n2.5\n", "1.5\n3.5\n", &["/0 f64 1/2 2251799813685248"]),
    ] {
        let comparison = table(left, right);
        assert_eq!(
            (comparison.format, comparison.note.as_deref()),
            (OutputFormat::Csv, None),
            "{left:?} {right:?}"
        );
        assert_eq!(all(&comparison), expect, "{left:?} {right:?}");
    }
}

#[test]
fn rows_with_another_number_of_cells_are_reported() {
    let usual = "1,2\n".repeat(30);
    let comparison = table(&(usual.clone() + "3,4\n5,6\n"), &(usual + "3,4,5\n5,7\n"));
    assert_eq!(mismatches(&comparison), ["shape  [30] [2]|[3]"]);
    assert_eq!(paths(&comparison), ["/1 integer 1/32 -", "/0 integer 0/32 -"]);
    assert_eq!(table("x,y\n1,2\n", "x,y\n1,3\n").statement(), "/y [0] differs by 1 (an integer)");
}

#[test]
fn texts_that_are_not_tables_are_compared_as_bytes() {
    for (left, right, note) in [
        ("Hello, world\nhow, are\n", "Hello, you\nhow, are\n", None),
        ("the answer is 42\n", "an answer is 43\n", None),
        (
            "1,2\n",
            "1;2\n",
            Some("the first output has its columns separated by a comma, the second by a semicolon"),
        ),
        ("1,2\n", "hello\n", Some("the first output is csv, the second bytes")),
        ("[1,2]\n", "1,2\n", Some("the first output is json, the second csv")),
        ("", "1,2\n", Some("the first output is bytes, the second csv")),
    ] {
        let comparison = table(left, right);
        assert_eq!(
            (comparison.format, comparison.note.as_deref()),
            (OutputFormat::Bytes, note),
            "{left:?} {right:?}"
        );
    }
    let asked = Options { format: OutputFormat::Csv, ..Options::default() };
    let comparison = compare(b"1,2\n", b"hello\n", &asked);
    assert_eq!(comparison.note.as_deref(), Some("the second output is not a table with numbers"));
}

/// A statement once had more characters than it may, because a long one was escaped and cut in one step.
#[test]
fn a_statement_is_short_and_printable_whatever_a_column_is_called() {
    for length in [1, 20, 60, 500] {
        let name = "\x13\u{1b}\u{fffd}".repeat(length);
        let [left, right] = ["1,2\n3,4\n", "1,2\n3,5,6\n"].map(|rows| format!("x,{name}\n{rows}"));
        for other in [right, left.replace('2', "2.5"), left.replace("x,", "y,")] {
            let options = Options { format: OutputFormat::Csv, ..Options::default() };
            let statement = compare(left.as_bytes(), other.as_bytes(), &options).statement();
            assert!(statement.chars().count() <= 160, "{statement}");
            assert!(!statement.contains(char::is_control), "{statement:?}");
        }
    }
}
