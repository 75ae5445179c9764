//! How a file that gridloom made is known again.

use std::fs::File;
use std::os::unix::fs::FileExt;

use twox_hash::XxHash3_64;

/// Bytes at a file's beginning, and as many at its end, that are looked at.
const PART: u64 = 64 << 10;

/// What formats with metadata say of who made them.
const MARK: &[u8] = b"gridloom";

/// What a file is known by, beside its size and time: its beginning and its end, where formats have their metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ends {
    /// A digest of both.
    pub digest: u64,
    /// Whether gridloom's name is in them.
    pub is_marked: bool,
}

impl Ends {
    /// Looks at a file.
    pub fn of(file: &File) -> std::io::Result<Self> {
        let length = file.metadata()?.len();
        let head = length.min(PART);
        let tail = (length - head).min(PART);
        let mut bytes = vec![0; (head + tail) as usize];
        let (first, last) = bytes.split_at_mut(head as usize);
        file.read_exact_at(first, 0)?;
        file.read_exact_at(last, length - tail)?;
        let is_marked = bytes.windows(MARK.len()).any(|part| part == MARK);
        bytes.extend_from_slice(&length.to_le_bytes());
        Ok(Ends { digest: XxHash3_64::oneshot(&bytes), is_marked })
    }
}
