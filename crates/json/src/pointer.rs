use std::fmt;
use std::str::FromStr;

/// A JSON pointer (RFC 6901) in its string form, section 5. The URI fragment form of section 6 is refused. The empty
/// pointer, which is also the default, names the value of the whole text. `Display` writes the pointer as it was
/// given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pointer {
    /// The reference tokens, unescaped.
    pub(crate) tokens: Vec<String>,
}

impl Pointer {
    /// The pointer with the first `depth` tokens.
    pub(crate) fn prefix(&self, depth: usize) -> Self {
        Self { tokens: self.tokens.iter().take(depth).cloned().collect() }
    }

    /// The last token; empty if there is none.
    pub(crate) fn last(&self) -> &str {
        self.tokens.last().map_or("", String::as_str)
    }

    /// The words of an error for the value one token up.
    pub(crate) fn parent(&self) -> String {
        let parent = self.prefix(self.tokens.len().saturating_sub(1)).to_string();
        if parent.is_empty() { "the top level".to_owned() } else { parent }
    }
}

/// The reason why a text is not a JSON pointer (RFC 6901, section 3).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// The text is not empty and does not begin with `/`.
    #[error("a JSON pointer must be empty or begin with '/', unlike {0:?}")]
    NoSlash(String),
    /// A `~` is not part of `~0` (for `~`) or `~1` (for `/`).
    #[error(
        "bad escape at byte {byte} of the JSON pointer {text:?}: '~' must be written ~0 and '/' in a key ~1"
    )]
    BadEscape {
        /// The text that was given.
        text: String,
        /// The offset of the `~` in the text.
        byte: usize,
    },
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        if !(text.is_empty() || text.starts_with('/')) {
            return Err(PointerError::NoSlash(text.to_owned()));
        }
        let bytes = text.as_bytes();
        let bad = |&(at, _): &(usize, &str)| !matches!(bytes.get(at + 1), Some(b'0' | b'1'));
        if let Some((byte, _)) = text.match_indices('~').find(bad) {
            return Err(PointerError::BadEscape { text: text.to_owned(), byte });
        }
        // The order matters by section 4: `~01` must become `~1` and not `/`.
        let unescape = |token: &str| token.replace("~1", "/").replace("~0", "~");
        Ok(Self { tokens: text.split('/').skip(1).map(unescape).collect() })
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tokens.iter().try_for_each(|token| write!(f, "/{}", token.replace('~', "~0").replace('/', "~1")))
    }
}
