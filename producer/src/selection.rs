//! The part of an output that `--select` names.

use std::str::FromStr;

use concord_json::{Pointer, PointerError};

/// A JSON pointer into standard output or into an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    /// The name of the artifact; `None` for standard output of a job without artifacts.
    pub(crate) artifact: Option<String>,
    pub(crate) pointer: Pointer,
}

impl FromStr for Selection {
    type Err = PointerError;

    /// Parses `/pointer` or `NAME:/pointer`.
    fn from_str(text: &str) -> Result<Self, PointerError> {
        let named = text.find(":/").filter(|colon| *colon > 0 && !text.starts_with('/'));
        Ok(match named {
            Some(colon) => {
                Self { artifact: Some(text[..colon].to_owned()), pointer: text[colon + 1..].parse()? }
            }
            None => Self { artifact: None, pointer: text.parse()? },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_is_a_pointer_with_or_without_the_name_of_an_artifact() {
        let check = |text: &str, artifact: Option<&str>, pointer: &str| {
            let selection: Selection = text.parse().unwrap();
            assert_eq!(
                (selection.artifact.as_deref(), selection.pointer.to_string().as_str()),
                (artifact, pointer)
            );
        };
        check("/a/b", None, "/a/b");
        check("", None, "");
        check("/a:/b", None, "/a:/b");
        check("results/x.json:/a/b", Some("results/x.json"), "/a/b");
        check("stdout:/a:/b", Some("stdout"), "/a:/b");
        assert!("a".parse::<Selection>().is_err());
        assert!(":/a".parse::<Selection>().is_err());
    }
}
