//! What a library says of a file that it does not read, and why.

use std::fmt;

/// What is wrong with a file, in words, and what is known of why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    words: String,
    pub(super) cause: Cause,
}

/// Why a file is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// No more than it says.
    Unknown,
    /// The file is of another kind.
    #[cfg(feature = "netcdf")]
    NotNetcdf,
    /// A program has it open for writing.
    #[cfg(feature = "netcdf")]
    Written,
    /// It is damaged.
    #[cfg(feature = "netcdf")]
    Damaged,
    /// HDF5 gives up, and does not say of what: a file that another program has locked, or that is damaged.
    #[cfg(feature = "netcdf")]
    Unclear,
}

#[cfg(feature = "netcdf")]
impl Verdict {
    /// The file is damaged.
    pub(crate) fn damaged(words: impl Into<String>) -> Self {
        Verdict { words: words.into(), cause: Cause::Damaged }
    }

    /// A program has the file open for writing.
    pub(crate) fn written(words: impl Into<String>) -> Self {
        Verdict { words: words.into(), cause: Cause::Written }
    }
}

impl From<String> for Verdict {
    fn from(words: String) -> Self {
        Verdict { words, cause: Cause::Unknown }
    }
}

impl From<&str> for Verdict {
    fn from(words: &str) -> Self {
        words.to_owned().into()
    }
}

/// By the library's numbers: its texts are for people.
#[cfg(feature = "netcdf")]
impl From<netcdf::Error> for Verdict {
    fn from(error: netcdf::Error) -> Self {
        /// `NC_ENOTNC` and `NC_EHDFERR` of netcdf.h.
        const NOT_NETCDF: i32 = -51;
        const HDF_ERROR: i32 = -101;
        match error {
            netcdf::Error::Netcdf(NOT_NETCDF) => {
                Verdict { words: "it is not a NetCDF file".to_owned(), cause: Cause::NotNetcdf }
            }
            netcdf::Error::Netcdf(HDF_ERROR) => Verdict { words: error.to_string(), cause: Cause::Unclear },
            error => error.to_string().into(),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}
