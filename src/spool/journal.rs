//! Journals: text files of one record a line, each behind its checksum.
//!
//! Sixteen hexadecimal digits, which are XXH3 of the rest, a space, and the record as JSON. A line that is not so is no record:
//! the torn end after a crash, or damage. The lines around it count.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::de::DeserializeOwned;
use twox_hash::XxHash3_64;

use crate::error::{Argument, Error, Reason, Result};
use crate::shared;

/// Longer lines are damage: a unit's line has about 40 bytes a piece.
const LONGEST: u64 = 128 << 20;

/// A journal that is written.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Where the next line starts; `None` once a line could not be written whole.
    end: Mutex<Option<u64>>,
}

impl Journal {
    /// Opens a journal for appending. A torn line at its end is cut off.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io); [`Foreign`](crate::ErrorKind::Foreign) where it is a link, or not a plain file.
    pub fn open(path: &Path) -> Result<Self> {
        let open = |source| shared::error("open", path, source);
        let mut options = File::options();
        let mut file = shared::open_own(path, options.read(true).append(true).create(true)).map_err(open)?;
        let length = file.metadata().map_err(open)?.len();
        let end = whole_lines(&mut file, length).map_err(|source| Error::io("read", path, source))?;
        if end < length {
            file.set_len(end).map_err(|source| Error::io("shorten", path, source))?;
        }
        Ok(Journal { path: path.to_owned(), file, end: Mutex::new(Some(end)) })
    }

    /// Appends a record; returns where its line starts.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io); after that, for every further record too.
    pub fn append(&self, line: &impl serde::Serialize) -> Result<u64> {
        let fail = |source| Error::io("write to", &self.path, source);
        let json = serde_json::to_string(line).map_err(|error| fail(error.into()))?;
        if json.len() as u64 > LONGEST / 2 {
            let reason = Reason::from("a unit has too many chunks; choose larger ones with ");
            return Err(fail(std::io::Error::other(reason.naming(Argument::Chunk))));
        }
        let line = format!("{:016x} {json}\n", XxHash3_64::oneshot(json.as_bytes()));
        let mut end = crate::sync::lock(&self.end);
        let at =
            end.take().ok_or_else(|| fail(std::io::Error::other("an earlier line could not be written")))?;
        match (&self.file).write_all(line.as_bytes()) {
            Ok(()) => {
                *end = Some(at + line.len() as u64);
                Ok(at)
            }
            Err(source) => {
                let _ = self.file.set_len(at);
                Err(fail(source))
            }
        }
    }

    /// Waits until all lines are on the disk.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(|source| Error::io("write to the disk", &self.path, source))
    }

    /// Where the next line starts.
    pub fn end(&self) -> u64 {
        crate::sync::lock(&self.end).unwrap_or(0)
    }
}

/// Bytes of a file up to the end of its last whole line.
fn whole_lines(file: &mut File, length: u64) -> std::io::Result<u64> {
    let mut end = length;
    let mut block = vec![0; 1 << 16];
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let part = block.get_mut(..(end - start) as usize).unwrap_or_default();
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(part)?;
        if let Some(at) = part.iter().rposition(|&byte| byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// Hands every record of a journal to `each`, with where its line starts. A journal that is not there has none.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io); [`Foreign`](crate::ErrorKind::Foreign) where it is a link, or not a plain file.
pub fn read<T: DeserializeOwned>(path: &Path, each: impl FnMut(u64, T)) -> Result<()> {
    let file = match shared::open(path, File::options().read(true)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        file => file.map_err(|source| shared::error("open", path, source))?,
    };
    let reader = BufReader::with_capacity(1 << 16, file);
    read_from(reader, each).map_err(|source| Error::io("read", path, source))
}

/// The same of a journal that is not in a file.
///
/// # Errors
/// Those of the reader.
pub fn read_from<T: DeserializeOwned>(
    mut reader: impl BufRead,
    mut each: impl FnMut(u64, T),
) -> std::io::Result<()> {
    let (mut line, mut at) = (Vec::new(), 0);
    loop {
        line.clear();
        let mut length = (&mut reader).take(LONGEST).read_until(b'\n', &mut line)?;
        if length == 0 {
            return Ok(());
        }
        if line.ends_with(b"\n") {
            if let Some(line) = parse(&line) {
                each(at, line);
            }
        } else {
            length += reader.skip_until(b'\n')?;
        }
        at += length as u64;
    }
}

/// The content of a line, if it is whole and sound.
pub fn parse<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    let line = line.strip_suffix(b"\n")?;
    let (checksum, json) = line.split_at_checked(17)?;
    if checksum != format!("{:016x} ", XxHash3_64::oneshot(json)).as_bytes() {
        return None;
    }
    serde_json::from_slice(json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::record::{Line, Record, Under};
    use proptest::prelude::*;

    fn line(number: u64) -> Line {
        Line { under: Under { epoch: 1, plan: 2, number: 3 }, record: Record::Synced(number) }
    }

    fn records(path: &Path) -> Vec<(u64, u64)> {
        let mut found = Vec::new();
        read(path, |at, line: Line| {
            if let Record::Synced(number) = line.record {
                found.push((at, number));
            }
        })
        .expect("a journal");
        found
    }

    fn written(path: &Path, count: u64) -> Vec<(u64, u64)> {
        let journal = Journal::open(path).expect("a journal");
        let all = (0..count).map(|n| (journal.append(&line(n * 1_000_003)).expect("a line"), n * 1_000_003));
        all.collect()
    }

    proptest! {
        /// A journal that is cut anywhere gives its whole lines, and goes on behind them.
        #[test]
        fn a_torn_end_is_dropped(count in 0u64..20, cut in 0usize..1200) {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("journal");
            let all = written(&path, count);
            let bytes = std::fs::read(&path).expect("a file");
            let cut = cut.min(bytes.len());
            std::fs::write(&path, &bytes[..cut]).expect("a file");
            let ends = all.iter().skip(1).map(|&(at, _)| at).chain([bytes.len() as u64]);
            let whole: Vec<_> = all.iter().copied().zip(ends).filter(|&(_, end)| end <= cut as u64).map(|(r, _)| r).collect();
            prop_assert_eq!(&records(&path), &whole);
            let journal = Journal::open(&path).expect("a journal");
            let at = journal.append(&line(7)).expect("a line");
            prop_assert_eq!(records(&path), [whole, vec![(at, 7)]].concat());
        }

        /// A byte that is changed costs its own line, or two where it was the end of one.
        #[test]
        fn damage_costs_its_own_line(count in 1u64..20, at in 0usize..1200, flip in 1u8..) {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("journal");
            let all = written(&path, count);
            let mut bytes = std::fs::read(&path).expect("a file");
            let at = at % bytes.len();
            bytes[at] ^= flip;
            std::fs::write(&path, &bytes).expect("a file");
            let found = records(&path);
            prop_assert!(found.iter().all(|record| all.contains(record)));
            prop_assert!(found.len() + 2 >= all.len() && found.len() < all.len());
        }
    }
}
