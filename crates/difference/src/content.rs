//! What a text in decimal is: an integer, a float or no number.

/// The type of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Integer,
    Float,
    Text,
}

/// The type of a text. Numbers are written as Python, C and R write and read them: `1`, `-1.5`, `.5`, `5.`, `+1e9`,
/// `nan`, `inf`, `Infinity`.
pub(super) fn content(text: &[u8]) -> Content {
    let text = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    if text.first().is_some_and(u8::is_ascii_alphabetic) {
        let names: [&[u8]; 3] = [b"nan", b"inf", b"infinity"];
        return if names.iter().any(|name| text.eq_ignore_ascii_case(name)) {
            Content::Float
        } else {
            Content::Text
        };
    }
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(text);
    let (mut rest, mut fraction) = (&text[whole..], 0);
    if whole > 0 && rest.is_empty() {
        return Content::Integer;
    }
    if let [b'.', after @ ..] = rest {
        fraction = digits(after);
        rest = &after[fraction..];
    }
    if let [b'e' | b'E', b'+' | b'-', after @ ..] | [b'e' | b'E', after @ ..] = rest {
        let exponent = digits(after);
        rest = if exponent == 0 { rest } else { &after[exponent..] };
    }
    if whole + fraction > 0 && rest.is_empty() { Content::Float } else { Content::Text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_recognised() {
        for (texts, expect) in [
            (&["0", "-0", "+1", "007", "123456789012345678901234567890"][..], Content::Integer),
            (&["1.0", ".5", "5.", "-1e9", "1E-3", "nan", "-NaN", "inf", "+Infinity"], Content::Float),
            (
                &[
                    "",
                    "-",
                    ".",
                    "e5",
                    "1e",
                    "1e+",
                    "1.5x",
                    "0x10",
                    "1 2",
                    "infinit",
                    "2024-01-01",
                    "1,5",
                    "é",
                ],
                Content::Text,
            ),
        ] {
            for text in texts {
                assert_eq!(content(text.as_bytes()), expect, "{text}");
                let parsed = text.parse::<f64>().is_ok();
                assert_eq!(parsed, expect != Content::Text, "{text}");
            }
        }
    }
}
