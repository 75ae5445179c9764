//! Reading a decompressed stream from front to back.

use std::ops::Range;

use super::error::{DumpError, PickleProblem};

/// The longest name of a module or class, in bytes. Real ones are short; a long one would make every look at it dear.
pub(super) const LONGEST_NAME: usize = 4095;

/// A position in the decompressed stream. Every read is checked; nothing is read twice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stream<'a> {
    bytes: &'a [u8],
    pub(super) position: usize,
}

impl<'a> Stream<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Stream { bytes, position: 0 }
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.position >= self.bytes.len()
    }

    /// Steps over `count` bytes and tells where they are.
    pub(super) fn take(&mut self, count: u64) -> Result<Range<usize>, DumpError> {
        let available = self.bytes.len() - self.position;
        match usize::try_from(count) {
            Ok(count) if count <= available => {
                let start = self.position;
                self.position += count;
                Ok(start..self.position)
            }
            _ => Err(DumpError::Truncated { offset: self.position, wanted: count, available }),
        }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DumpError> {
        let range = self.take(N as u64)?;
        let mut array = [0; N];
        array.copy_from_slice(self.bytes.get(range).unwrap_or(&[0; N]));
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, DumpError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Result<u32, DumpError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, DumpError> {
        self.array().map(u64::from_le_bytes)
    }

    /// Steps over so many bytes of UTF-8.
    pub(super) fn text(&mut self, count: u64) -> Result<Range<usize>, DumpError> {
        let range = self.take(count)?;
        match std::str::from_utf8(self.bytes.get(range.clone()).unwrap_or_default()) {
            Ok(_) => Ok(range),
            Err(_) => Err(self.problem(PickleProblem::Text)),
        }
    }

    /// Steps over a line and its end; tells where the line is.
    pub(super) fn line(&mut self) -> Result<Range<usize>, DumpError> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let length = rest
            .iter()
            .take(LONGEST_NAME + 1)
            .position(|&byte| byte == b'\n')
            .ok_or(DumpError::Truncated { offset: self.position, wanted: 1, available: 0 })?;
        let range = self.text(length as u64)?;
        self.position += 1;
        Ok(range)
    }

    pub(super) fn problem(&self, reason: PickleProblem) -> DumpError {
        DumpError::Pickle { offset: self.position, reason }
    }
}
