//! The seal of a Parquet file: what its bytes were when it was published. Pages have no checksums, and a bit of a page that is
//! another one often still decodes.
//!
//! It stands among the file's key-value metadata: its length, and the digest of all its bytes with zeros in the seal's place. A
//! program that copies the metadata into a file of its own makes one of another length, of which the seal says nothing.

use std::fs::File;
use std::hash::Hasher;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use twox_hash::XxHash3_64;

use crate::seal::Seal;

/// The key of the metadata.
pub(crate) const KEY: &str = "gridloom_seal";
/// What stands in its place at first: twenty digits of length, sixteen of the digest.
pub(in crate::table) const EMPTY: &str = "00000000000000000000-0000000000000000";

/// Bytes of the magic number at the end and the length of the footer before it.
const END: u64 = 8;
/// A footer is not longer than this.
const LONGEST: u64 = 1 << 28;

/// Takes the digest of what passes through it.
pub(super) struct Digesting<W> {
    inner: W,
    hasher: XxHash3_64,
    length: u64,
}

impl<W> Digesting<W> {
    pub fn new(inner: W) -> Self {
        Digesting { inner, hasher: XxHash3_64::new(), length: 0 }
    }

    /// What it wrote to, and the seal.
    pub fn finish(self) -> (W, String) {
        (self.inner, format!("{:020}-{:016x}", self.length, self.hasher.finish()))
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.write(bytes.get(..count).unwrap_or_default());
        self.length += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Puts a seal in its place in a file that is complete.
pub(super) fn put(path: &Path, seal: &str) -> io::Result<()> {
    let file = crate::shared::open(path, File::options().read(true).write(true))?;
    match place(&file)? {
        Some(place) if place.end - place.start == seal.len() as u64 => {
            file.write_all_at(seal.as_bytes(), place.start)
        }
        _ => Err(io::Error::other("the table has no place for its seal")),
    }
}

/// Looks at a file's seal. Reads all of the file, where it has one.
pub(crate) fn look(path: &Path) -> io::Result<Seal> {
    let file = crate::shared::open_input(path)?;
    let length = file.metadata()?.len();
    let Some(place) = place(&file)? else { return Ok(Seal::Absent) };
    let mut seal = vec![0; EMPTY.len()];
    file.read_exact_at(&mut seal, place.start)?;
    let seal = String::from_utf8_lossy(&seal).into_owned();
    if seal.split_once('-').and_then(|(digits, _)| digits.parse().ok()) != Some(length) {
        return Ok(Seal::Absent);
    }
    let mut hasher = Digesting::new(io::sink());
    let mut buffer = vec![0; 1 << 17];
    let mut from = 0;
    while from < length {
        let part = usize::try_from(length - from).unwrap_or(usize::MAX).min(buffer.len());
        let part = buffer.get_mut(..part).unwrap_or_default();
        file.read_exact_at(part, from)?;
        for (at, empty) in (place.start..).zip(EMPTY.bytes()) {
            let within = at.checked_sub(from).and_then(|at| part.get_mut(usize::try_from(at).ok()?));
            within.into_iter().for_each(|byte| *byte = empty);
        }
        from += part.len() as u64;
        hasher.write_all(part)?;
    }
    Ok(if hasher.finish().1 == seal { Seal::Sound } else { Seal::Broken })
}

/// Where the seal is: behind its key in the footer, with two bytes between that say that it is a text of its length.
fn place(file: &File) -> io::Result<Option<Range<u64>>> {
    let length = file.metadata()?.len();
    let Some(end) = length.checked_sub(END) else { return Ok(None) };
    let mut last = [0; END as usize];
    file.read_exact_at(&mut last, end)?;
    let [a, b, c, d, ..] = last;
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    let Some(start) = end.checked_sub(footer).filter(|_| footer <= LONGEST) else { return Ok(None) };
    let mut bytes = vec![0; footer as usize];
    file.read_exact_at(&mut bytes, start)?;
    let mark = [KEY.as_bytes(), &[0x18, EMPTY.len() as u8]].concat();
    let found = bytes.windows(mark.len()).position(|window| window == mark);
    let from = found.map(|at| start + (at + mark.len()) as u64);
    Ok(from.map(|from| from..from + EMPTY.len() as u64).filter(|place| place.end <= end))
}
