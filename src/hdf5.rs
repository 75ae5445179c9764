//! The part of the HDF5 format that archives and gridded files are made of, written without a library, and of archives read.
//!
//! Follows the *HDF5 File Format Specification* 3.0: superblock version 2 (§II.A), object headers of version 2 (§IV.A.1.b), links in
//! the header of their group, dimension lists in a global heap collection (§III.E). Chunks of archives are under a version 2 B-tree
//! (§III.A.2), which any library from HDF5 1.10 on reads; those of gridded files under one of version 1 (§III.A.1), which any from
//! 1.8 on reads, and all readers without the library.
//!
//! In an archive nothing that a superblock leads to is ever written again. A change puts new objects behind the old ones, and the last
//! write of it is the superblock, 48 bytes, which leads to the new root. That is why archives have a writer of their own: the library
//! changes files in place, and a file that it was changing when it was killed is lost. Gridded files are written here so that their
//! metadata stand before their data, on any thread, without the library's work for each of many small files.
//!
//! # Limits
//! Read is what archives have: no old-style groups, no continued headers, no shared messages. A file that another program
//! has changed is refused with what was found.

pub(crate) mod attribute;
mod checksum;
pub(crate) mod chunks;
pub(crate) mod dataset;
pub(crate) mod datatype;
pub(crate) mod group;
pub(crate) mod header;
pub(crate) mod heap;
#[cfg(feature = "netcdf")]
pub(crate) mod old_tree;
pub(crate) mod scale;
pub(crate) mod superblock;
pub(crate) mod tree;

use std::path::Path;

use crate::error::Error;

/// An address or extent that is not there.
pub(crate) const NONE: u64 = u64::MAX;

/// What is wrong with a part of a file, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Problem {
    text: String,
    /// Whether the file is of another kind.
    is_other: bool,
}

impl Problem {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Problem { text: text.into(), is_other: false }
    }

    /// The file is of another kind.
    pub(crate) fn other(text: impl Into<String>) -> Self {
        Problem { text: text.into(), is_other: true }
    }

    /// As what is wrong with a file as a whole.
    pub(crate) fn of(self, path: &Path) -> Error {
        match self.is_other {
            true => Error::other_archive(path, self.text),
            false => Error::archive(path, None, None, self.text),
        }
    }
}

type Result<T> = std::result::Result<T, Problem>;

/// Reads little-endian fields one after another; none lies behind the end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// The next bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count).ok_or_else(|| Problem::new("it is cut off"))?;
        self.0 = rest;
        Ok(bytes)
    }

    /// The next number of up to eight bytes.
    pub fn number(&mut self, bytes: usize) -> Result<u64> {
        let mut wide = [0; 8];
        let field = self.take(bytes)?;
        match wide.get_mut(..bytes) {
            Some(wide) => wide.copy_from_slice(field),
            None => return Err(Problem::new("a number has more than eight bytes")),
        }
        Ok(u64::from_le_bytes(wide))
    }

    /// The next byte.
    pub fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?.first().copied().unwrap_or(0))
    }

    /// Checks for bytes that must be there.
    pub fn require(&mut self, bytes: &[u8], what: &str) -> Result<()> {
        match self.take(bytes.len())? == bytes {
            true => Ok(()),
            false => Err(Problem::new(format!("{what} does not begin as it should"))),
        }
    }
}

/// Checks and takes away the checksum that ends a structure.
pub(crate) fn checked<'a>(bytes: &'a [u8], what: &str) -> Result<&'a [u8]> {
    let (body, stored) =
        bytes.split_last_chunk::<4>().ok_or_else(|| Problem::new(format!("{what} is cut off")))?;
    // What fuzzing makes up has no right checksums, and would never get behind them.
    match cfg!(fuzzing) || checksum::lookup3(body) == u32::from_le_bytes(*stored) {
        true => Ok(body),
        false => Err(Problem::new(format!("{what} is damaged: its checksum is wrong"))),
    }
}

/// Puts the checksum behind a structure.
pub(crate) fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = checksum::lookup3(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}
