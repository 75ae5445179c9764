//! What a file is packed with, told by its first bytes, and why it cannot be read.

use std::io;

use super::rows::RecordFaultKind;

/// What a file is packed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Packing {
    /// Nothing.
    Plain,
    /// gzip, of one member or several.
    Gzip,
    /// Zstandard.
    Zstd,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// Parquet, which reads as lines of text with commas.
    Parquet,
    /// Arrow's IPC file, which reads as that, too.
    Arrow,
    /// A stream of it.
    ArrowStream,
    /// NetCDF of one cell, which reads as that, too.
    Netcdf,
}

impl Packing {
    /// Tells it from a file's first bytes; ten are enough.
    pub fn detect(bytes: &[u8]) -> Self {
        match bytes {
            [0x1f, 0x8b, 8, ..] => Packing::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Packing::Zstd,
            [b'P', b'A', b'R', b'1', ..] => Packing::Parquet,
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Packing::Arrow,
            // VIC's binary files have the same mark twice.
            [0xff, 0xff, 0xff, 0xff, a, b, c, 0, ..] if [*a, *b, *c] != [0xff; 3] => Packing::ArrowStream,
            [b'C', b'D', b'F', 1 | 2 | 5, ..] | [0x89, b'H', b'D', b'F', b'\r', b'\n', 0x1a, b'\n', ..] => {
                Packing::Netcdf
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Packing::Xz,
            // A block, or the end of a stream that has none: a text may begin with the letters alone.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Packing::Bzip2,
            _ => Packing::Plain,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Packing::Plain => "plain",
            Packing::Gzip => "gzip",
            Packing::Zstd => "zstd",
            Packing::Bzip2 => "bzip2",
            Packing::Xz => "xz",
            Packing::Parquet => "Parquet",
            Packing::Arrow | Packing::ArrowStream => "Arrow",
            Packing::Netcdf => "NetCDF",
        }
    }
}

/// Why a file cannot be read, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct InputFault {
    /// [`Unreadable`](RecordFaultKind::Unreadable), [`TooLarge`](RecordFaultKind::TooLarge) or [`Changed`](RecordFaultKind::Changed).
    pub kind: RecordFaultKind,
    /// The same in words.
    pub message: String,
}

impl InputFault {
    pub(super) fn new(kind: RecordFaultKind, message: impl Into<String>) -> Self {
        InputFault { kind, message: message.into() }
    }

    /// What an error of reading says.
    pub(super) fn of(error: &io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<InputFault>()) {
            Some(fault) => fault.clone(),
            None => InputFault::new(RecordFaultKind::Unreadable, error.to_string()),
        }
    }
}
