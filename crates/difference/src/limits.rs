/// The bounds of a comparison: of its memory, its time and the length of its texts. With the defaults, the comparison
/// takes less than 60 MB of memory beside the two outputs, whatever they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparisonLimits {
    /// Nesting of arrays and objects. JSON that goes deeper is compared as bytes.
    pub depth_max: usize,
    /// Paths that are counted separately. Values below the last of them are counted there.
    pub paths_max: usize,
    /// Keys that are counted separately, in all objects at one path together. Other keys count as `*`, unless a
    /// tolerance names them.
    pub keys_max: usize,
    /// Bytes of a key. Longer ones count as `*`.
    pub key_bytes_max: usize,
    /// Members of objects, on both sides together, that are held at once to find the same keys in another order. A
    /// larger object is left out, and the comparison says so.
    pub members_max: usize,
    /// How often all bytes may be read again for that, because objects are nested. Objects beyond it are left out as
    /// well.
    pub readings_max: u64,
    /// Paths in the list of a comparison.
    pub paths_listed_max: usize,
    /// Mismatches of one kind in the list of a comparison, each at another path.
    pub mismatches_listed_max: usize,
    /// Characters of a text that is shown.
    pub text_chars_max: usize,
    /// Columns of a table. A text whose first row has more columns is no table. In a later row, all further columns
    /// count as one text.
    pub columns_max: usize,
}

impl Default for ComparisonLimits {
    fn default() -> Self {
        Self {
            depth_max: 512,
            paths_max: 10_000,
            keys_max: 1_000,
            key_bytes_max: 256,
            members_max: 1 << 19,
            readings_max: 8,
            paths_listed_max: 100,
            mismatches_listed_max: 20,
            text_chars_max: 80,
            columns_max: 10_000,
        }
    }
}
