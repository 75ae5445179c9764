//! Writes bits, the lowest first, as RFC 1951 packs them.

/// Bits of a byte string under construction that do not fill a byte yet.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Rest {
    buffer: u64,
    count: u32,
}

/// A writer into bytes that are already there. What does not fit is dropped.
pub(super) struct Bits<'a> {
    target: &'a mut [u8],
    at: usize,
    buffer: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    /// Goes on behind `rest`. The target must have room for eight bytes more than will be written.
    pub(super) fn new(target: &'a mut [u8], rest: Rest) -> Self {
        Bits { target, at: 0, buffer: rest.buffer, count: rest.count }
    }

    /// Adds bits; at most 56 between two calls of [`Bits::flush`].
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        self.buffer |= bits << (self.count & 63);
        self.count += count;
    }

    /// Moves whole bytes to the target.
    #[inline(always)]
    pub(super) fn flush(&mut self) {
        // Always eight bytes: those behind the whole ones are written again by the next call.
        if let Some(target) = self.target.get_mut(self.at..self.at + 8) {
            target.copy_from_slice(&self.buffer.to_le_bytes());
        }
        self.at += (self.count >> 3) as usize;
        self.buffer >>= self.count & 56;
        self.count &= 7;
    }

    /// Fills the last byte with zeros.
    pub(super) fn align(&mut self) {
        self.count = self.count.next_multiple_of(8);
        self.flush();
    }

    /// Adds bytes, after [`Bits::align`].
    pub(super) fn put_bytes(&mut self, bytes: &[u8]) {
        if let Some(target) = self.target.get_mut(self.at..self.at + bytes.len()) {
            target.copy_from_slice(bytes);
        }
        self.at += bytes.len();
    }

    /// The number of bytes written, and the bits that are left.
    pub(super) fn finish(mut self) -> (usize, Rest) {
        self.flush();
        (self.at, Rest { buffer: self.buffer, count: self.count })
    }
}
