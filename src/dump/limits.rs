//! Bounds on what reading one dump may cost.

/// What one dump may take before reading it is refused.
///
/// A dump is foreign data: a kilobyte of it can ask for a terabyte. These bounds hold for each file by itself; memory
/// use stays below twice `decoded_bytes` (the stream, and what must be copied out of it), plus about 100 bytes a value,
/// plus the dictionary while it decompresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// Largest size of the decompressed stream, in bytes.
    pub decoded_bytes: usize,
    /// Largest number of values (numbers, strings, containers; an array counts as one) in a pickle. A value counts
    /// again each time the pickle stores or names it.
    pub values: usize,
    /// Largest number of bytes that a decompressor may use for its own dictionary.
    pub dictionary_bytes: u64,
}

impl Limits {
    /// How deep pickles may stand inside of pickles (object arrays of joblib do that once).
    pub(crate) const NESTED_PICKLES: u32 = 4;
}

impl Default for Limits {
    /// 1 GiB decoded, four million values, 256 MiB of dictionary: tens of times what a real dump needs.
    fn default() -> Self {
        Limits { decoded_bytes: 1 << 30, values: 4 << 20, dictionary_bytes: 256 << 20 }
    }
}
