//! Random documents: what was written is what is read.

use concord_difference::{Comparison, MismatchKind, Options, OutputFormat, compare};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A document that keeps its numbers as texts.
#[derive(Clone, Debug)]
enum Document {
    Word(&'static str),
    Number(String),
    Text(String),
    Array(Vec<Document>),
    Object(Vec<(String, Document)>),
}

fn number() -> impl Strategy<Value = String> {
    let finite = any::<f64>().prop_filter("finite", |number| number.is_finite());
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        finite.prop_map(|number| format!("{number:?}")),
        "-?[1-9][0-9]{20,60}",
        "-?(0|[1-9][0-9]{0,3})\\.[0-9]{1,30}([eE][+-]?[0-9]{1,3})?",
        select(vec!["-0.0", "0.0", "-0", "0", "NaN", "Infinity", "-Infinity"]).prop_map(str::to_owned),
    ]
}

fn document() -> impl Strategy<Value = Document> {
    let leaf = prop_oneof![
        select(vec!["null", "true", "false"]).prop_map(Document::Word),
        number().prop_map(Document::Number),
        ".{0,8}".prop_map(Document::Text),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Document::Array),
            vec(("[a-e/~é\"]{0,2}", inner), 0..6).prop_map(Document::Object),
        ]
    })
}

/// How a document is written.
#[derive(Clone, Copy)]
struct Style {
    space: &'static str,
    /// Whether all characters of texts are escaped.
    escaped: bool,
}

const PLAIN: Style = Style { space: "", escaped: false };
const SPACED: Style = Style { space: " \n\t", escaped: false };
const ESCAPED: Style = Style { space: "", escaped: true };

fn quoted(text: &str, style: Style) -> String {
    if style.escaped {
        let units: Vec<_> = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        return format!("\"{}\"", units.concat());
    }
    serde_json::json!(text).to_string()
}

impl Document {
    fn written(&self, style: Style) -> String {
        let space = style.space;
        let joined = |items: Vec<String>| items.join(&format!("{space},{space}"));
        match self {
            Self::Word(word) => (*word).to_owned(),
            Self::Number(number) => number.clone(),
            Self::Text(text) => quoted(text, style),
            Self::Array(items) => {
                format!("[{space}{}{space}]", joined(items.iter().map(|item| item.written(style)).collect()))
            }
            Self::Object(members) => {
                let member = |(key, value): &(String, Self)| {
                    format!("{}{space}:{space}{}", quoted(key, style), value.written(style))
                };
                format!("{{{space}{}{space}}}", joined(members.iter().map(member).collect()))
            }
        }
    }

    fn numbers(&self) -> u64 {
        match self {
            Self::Word(_) | Self::Text(_) => 0,
            Self::Number(_) => 1,
            Self::Array(items) => items.iter().map(Self::numbers).sum(),
            Self::Object(members) => members.iter().map(|(_, value)| value.numbers()).sum(),
        }
    }

    /// The document with the members of each object in reverse order.
    fn turned(&self) -> Self {
        match self {
            Self::Array(items) => Self::Array(items.iter().map(Self::turned).collect()),
            Self::Object(members) => {
                Self::Object(members.iter().rev().map(|(key, value)| (key.clone(), value.turned())).collect())
            }
            other => other.clone(),
        }
    }

    /// Whether an object has the same key twice.
    fn repeats(&self) -> bool {
        match self {
            Self::Array(items) => items.iter().any(Self::repeats),
            Self::Object(members) => {
                let mut keys: Vec<_> = members.iter().map(|(key, _)| key).collect();
                keys.sort();
                keys.windows(2).any(|pair| pair[0] == pair[1])
                    || members.iter().any(|(_, value)| value.repeats())
            }
            _ => false,
        }
    }
}

fn json(left: &str, right: &str) -> Comparison {
    let options = Options { format: OutputFormat::Json, ..Options::default() };
    let comparison = compare(left.as_bytes(), right.as_bytes(), &options);
    assert_eq!((comparison.format, &comparison.note), (OutputFormat::Json, &None));
    comparison
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn white_space_and_escapes_change_no_value(document in document()) {
        let plain = document.written(PLAIN);
        let spaced = json(&plain, &document.written(SPACED));
        prop_assert_eq!((spaced.mismatches_total, spaced.values_different), (0, 0));
        prop_assert_eq!(spaced.values_compared, document.numbers());
        let escaped = json(&plain, &document.written(ESCAPED));
        prop_assert_eq!(escaped.values_different, 0);
        prop_assert!(escaped.mismatches.iter().all(|mismatch| mismatch.kind == MismatchKind::Text));
    }

    #[test]
    fn the_order_of_keys_changes_no_value(document in document()) {
        prop_assume!(!document.repeats());
        let turned = json(&document.written(PLAIN), &document.turned().written(ESCAPED));
        prop_assert_eq!((turned.values_compared, turned.values_different), (document.numbers(), 0));
        prop_assert!(turned.mismatches.iter().all(|mismatch| [MismatchKind::Order, MismatchKind::Text].contains(&mismatch.kind)));
    }

    #[test]
    fn one_different_number_is_found_and_shown_as_written(before in vec(document(), 0..4), after in document(), step in 1_u8..9, number: f64) {
        prop_assume!(number.is_finite());
        let other = (0..step).fold(number, |number, _| number.next_up());
        prop_assume!(other.is_finite());
        let with = |number: f64| {
            let mut items = before.clone();
            items.push(Document::Object(vec![("a/b".to_owned(), Document::Number(format!("{number:?}")))]));
            items.push(after.clone());
            Document::Array(items).written(PLAIN)
        };
        let comparison = json(&with(number), &with(other));
        prop_assert_eq!(comparison.values_different, 1);
        let path = &comparison.paths[0];
        prop_assert_eq!(&path.path, "/*/a~1b");
        prop_assert_eq!(path.first_index.clone(), Some(vec![before.len() as u64]));
        prop_assert_eq!(path.first.clone(), Some([format!("{number:?}"), format!("{other:?}")]));
        prop_assert_eq!(path.ulp_max.clone(), Some(step.to_string()));
        prop_assert_eq!(path.absolute_max, Some(other - number));
    }
}
