/// The reason why a text is not JSON, or is nested too deeply. Offsets count bytes from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// The text is not UTF-8, as RFC 8259, section 8.1, requires. Holds the offset of the first wrong byte.
    #[error("expected UTF-8 at byte {0}")]
    NotUtf8(usize),
    /// The text starts with U+FEFF, which RFC 8259, section 8.1, forbids.
    #[error("expected no byte order mark at byte 0")]
    ByteOrderMark,
    /// The text breaks the grammar.
    #[error("expected {expected} at byte {byte}")]
    Syntax {
        /// The offset at which the text stops being JSON.
        byte: usize,
        /// What would be correct there.
        expected: &'static str,
    },
    /// The value is complete, and something other than white space follows it at this offset.
    #[error("expected the end at byte {0}")]
    Trailing(usize),
    /// More arrays and objects are open at once than the reader allows. Holds the offset of the first bracket or
    /// brace beyond the bound.
    #[error("expected fewer open arrays and objects at byte {0}")]
    TooDeep(usize),
}
