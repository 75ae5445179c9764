//! The containers of dumps.

use std::fmt;

/// What a dump is compressed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Container {
    /// Not compressed.
    Plain,
    /// LZ4 frames.
    Lz4,
    /// A zlib stream (RFC 1950).
    Zlib,
    /// gzip members (RFC 1952).
    Gzip,
    /// bzip2 streams.
    Bzip2,
    /// The old `.lzma` format, without a checksum.
    LzmaAlone,
    /// xz streams.
    Xz,
    /// Zstandard frames (RFC 8878).
    Zstd,
}

impl Container {
    /// Tells the container from a file's first bytes; `None` where they belong to none.
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Self::Lz4),
            // A skippable frame may stand before the first frame of LZ4 and of zstd alike; joblib writes none.
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0x00, ..] => Some(Self::Xz),
            [0x5d, 0x00, 0x00, ..] => Some(Self::LzmaAlone),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Self::Bzip2),
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x80, 2..=5, ..] => Some(Self::Plain),
            [cmf, flags, ..] if cmf & 0x0f == 8 && (u16::from(*cmf) << 8 | u16::from(*flags)) % 31 == 0 => {
                Some(Self::Zlib)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "uncompressed",
            Self::Lz4 => "LZ4",
            Self::Zlib => "zlib",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::LzmaAlone => "lzma",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        })
    }
}
