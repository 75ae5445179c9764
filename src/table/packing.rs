//! How files of text are compressed; who writes them and who reads them asks here.

/// How a text file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// Not at all.
    Plain,
    /// gzip: members one after another.
    Gzip,
    /// zstd: frames one after another.
    Zstd,
}
