/// The bounds of a comparison: of its memory, its time and the length of its texts. With the defaults, the comparison
/// takes less than 60 MB of memory in addition to the two outputs, whatever they hold, and to two arrays of a compressed
/// archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparisonLimits {
    /// The deepest nesting of arrays and objects. JSON with deeper nesting is not read as JSON.
    pub depth_max: usize,
    /// The number of paths that are counted separately. Values below the last of these paths are counted at that
    /// path.
    pub paths_max: usize,
    /// The number of keys that are counted separately, in all objects at one path together. Other keys count as `*`,
    /// unless a tolerance names them.
    pub keys_max: usize,
    /// The longest key, in bytes. A longer key counts as `*`.
    pub key_bytes_max: usize,
    /// The number of members, on both sides together, that are held at once to match keys in another order. A larger
    /// object is left out, and the comparison says so.
    pub members_max: usize,
    /// How often all bytes may be read again to match keys, because objects are nested. Further objects are left out,
    /// and the comparison says so.
    pub readings_max: u64,
    /// The number of paths in the list of a comparison.
    pub paths_listed_max: usize,
    /// The number of mismatches of one kind in the list of a comparison, each at another path.
    pub mismatches_listed_max: usize,
    /// The number of characters of a text that is shown.
    pub text_chars_max: usize,
    /// The longest array of a compressed archive that is decompressed, in bytes. The two arrays that are compared are held in
    /// memory, one pair after the other. A longer array is left out, and the comparison says so.
    pub inflated_bytes_max: usize,
    /// The number of columns of a table. A text whose first row has more columns is not a table. In a later row, all
    /// further columns count as one text.
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
            inflated_bytes_max: 64 << 20,
            columns_max: 10_000,
        }
    }
}
