//! The seal of a grid: what its metadata were when it was published, so that a flipped bit is found before a library reads it.
//!
//! HDF5 has checksums for a part of its metadata only. A wrong bit in the rest makes its readers spin, crash, or take chunks for
//! unwritten. Chunks have checksums of their own, so the seal is of all that lies around them: headers, attributes,
//! coordinates, and the index of chunks. It stands behind the end that the superblock names, where readers do not look and
//! writers cut it off: a file that another program has changed has no seal any more, and nothing is held against it.
//!
//! ```text
//! head     "GLSEAL1\n"
//! data     count × { start: u64, length: u64 }   stretches of chunks, in their order
//! tail     digest: u64                           XXH3 of all other bytes before the seal
//!          length: u64                           of the file before the seal
//!          count: u64
//!          check: u64                            XXH3 of the seal up to here
//!          "GLSEAL1\n"
//! ```

use std::fs::{File, OpenOptions};
use std::hash::Hasher;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use twox_hash::XxHash3_64;

const MAGIC: &[u8; 8] = b"GLSEAL1\n";
const HEAD: u64 = 8;
const TAIL: u64 = 40;

/// What a file's seal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seal {
    /// Nothing: there is none.
    Absent,
    /// The metadata are what was published.
    Sound,
    /// They are not.
    Broken,
}

/// Seals a file that is complete; `data` are the places of its chunks.
pub(crate) fn put(path: &Path, data: Vec<Range<u64>>) -> io::Result<()> {
    let mut file = crate::shared::open(path, OpenOptions::new().read(true).append(true))?;
    let length = file.metadata()?.len();
    let data = joined(data, length);
    let mut seal = MAGIC.to_vec();
    for stretch in &data {
        seal.extend_from_slice(&stretch.start.to_le_bytes());
        seal.extend_from_slice(&(stretch.end - stretch.start).to_le_bytes());
    }
    seal.extend_from_slice(&digest(&file, &data, length)?.to_le_bytes());
    seal.extend_from_slice(&length.to_le_bytes());
    seal.extend_from_slice(&(data.len() as u64).to_le_bytes());
    let check = XxHash3_64::oneshot(&seal);
    seal.extend_from_slice(&check.to_le_bytes());
    seal.extend_from_slice(MAGIC);
    file.write_all(&seal)
}

/// Looks at a file's seal. Reads what is not chunks, once.
pub(crate) fn look(path: &Path) -> io::Result<Seal> {
    let file = crate::shared::open_input(path)?;
    let all = file.metadata()?.len();
    let mut tail = [0; TAIL as usize];
    let start = all.saturating_sub(TAIL);
    if all >= TAIL {
        file.read_exact_at(&mut tail, start)?;
    }
    if !tail.ends_with(MAGIC) {
        return Ok(if is_cut(&file, all)? { Seal::Broken } else { Seal::Absent });
    }
    let number = |place: usize| {
        let bytes = tail.get(place * 8..place * 8 + 8).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u64::from_le_bytes)
    };
    let (wanted, length, count, check) = (number(0), number(1), number(2), number(3));
    let stretches = count.checked_mul(16).and_then(|bytes| bytes.checked_add(HEAD));
    let stretches = stretches.filter(|bytes| length.checked_add(*bytes) == Some(start));
    let Some(bytes) = stretches.and_then(|bytes| usize::try_from(bytes).ok()) else {
        return Ok(Seal::Broken);
    };
    let mut seal = vec![0; bytes];
    file.read_exact_at(&mut seal, length)?;
    let data: Vec<Range<u64>> = seal
        .get(MAGIC.len()..)
        .unwrap_or_default()
        .as_chunks::<16>()
        .0
        .iter()
        .map(|&both| {
            let both = u128::from_le_bytes(both);
            let (from, length) = (both as u64, (both >> 64) as u64);
            from..from.saturating_add(length)
        })
        .collect();
    seal.extend_from_slice(tail.get(..24).unwrap_or_default());
    let is_ordered = data.is_sorted_by(|one, next| one.end <= next.start);
    let is_inside = data.last().is_none_or(|last| last.end <= length);
    if XxHash3_64::oneshot(&seal) != check || !is_ordered || !is_inside {
        return Ok(Seal::Broken);
    }
    if digest(&file, &data, length)? == wanted {
        return Ok(Seal::Sound);
    }
    // HDF5 marks a file that it has open for writing, and cuts off the seal when it closes it.
    let lock = rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockShared);
    Ok(if lock == Err(rustix::io::Errno::WOULDBLOCK) { Seal::Absent } else { Seal::Broken })
}

/// Whether a seal begins where HDF5's part of a file ends, of which the end is not there.
fn is_cut(file: &File, all: u64) -> io::Result<bool> {
    let mut superblock = [0; 48];
    if all < superblock.len() as u64 {
        return Ok(false);
    }
    file.read_exact_at(&mut superblock, 0)?;
    // The end of the file, by the version of the superblock.
    let place = match superblock.get(..10) {
        Some([0x89, b'H', b'D', b'F', b'\r', b'\n', 0x1a, b'\n', 0, _]) => 40,
        Some([0x89, b'H', b'D', b'F', b'\r', b'\n', 0x1a, b'\n', 2 | 3, 8]) => 28,
        _ => return Ok(false),
    };
    let end = superblock.get(place..place + 8).and_then(|bytes| bytes.try_into().ok());
    let end = end.map_or(u64::MAX, u64::from_le_bytes);
    let Some(behind) = all.checked_sub(end).filter(|&behind| behind > 0) else { return Ok(false) };
    let mut start = vec![0; behind.min(HEAD) as usize];
    file.read_exact_at(&mut start, end)?;
    Ok(MAGIC.starts_with(&start))
}

/// Stretches in their order; those that follow each other are one.
fn joined(mut data: Vec<Range<u64>>, length: u64) -> Vec<Range<u64>> {
    data.retain(|stretch| stretch.start < stretch.end && stretch.end <= length);
    data.sort_unstable_by_key(|stretch| stretch.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for stretch in data {
        match joined.last_mut() {
            Some(last) if stretch.start <= last.end => last.end = last.end.max(stretch.end),
            _ => joined.push(stretch),
        }
    }
    joined
}

/// The digest of all bytes that are not data.
fn digest(file: &File, data: &[Range<u64>], length: u64) -> io::Result<u64> {
    let mut hasher = XxHash3_64::new();
    let mut buffer = vec![0; 1 << 16];
    let mut from = 0;
    let ends = data.iter().cloned().chain(std::iter::once(length..length));
    for Range { start: to, end: next } in ends {
        while from < to {
            let part = usize::try_from(to - from).unwrap_or(usize::MAX).min(buffer.len());
            let part = buffer.get_mut(..part).unwrap_or_default();
            file.read_exact_at(part, from)?;
            hasher.write(part);
            from += part.len() as u64;
        }
        from = next;
    }
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flip_around_the_data_breaks_the_seal() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let bytes: Vec<u8> = (0..300u16).map(|number| number as u8).collect();
        std::fs::write(&path, &bytes).expect("a file");
        assert_eq!(look(&path).expect("a look"), Seal::Absent);
        put(&path, vec![100..120, 40..50, 50..60]).expect("a seal");
        let sealed = std::fs::read(&path).expect("a file");
        assert_eq!(sealed.len(), 300 + 2 * 16 + (HEAD + TAIL) as usize);
        assert_eq!(look(&path).expect("a look"), Seal::Sound);
        for (place, bit) in (0..sealed.len()).flat_map(|place| (0..8).map(move |bit| (place, bit))) {
            let mut flipped = sealed.clone();
            flipped[place] ^= 1 << bit;
            std::fs::write(&path, &flipped).expect("a file");
            let found = look(&path).expect("a look");
            match place {
                40..60 | 100..120 => assert_eq!(found, Seal::Sound, "byte {place}"),
                372.. => assert_eq!(found, Seal::Absent, "byte {place}"),
                _ => assert_eq!(found, Seal::Broken, "byte {place}"),
            }
        }
    }

    #[test]
    fn a_seal_that_is_cut_is_broken() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let mut bytes = vec![7; 300];
        bytes[..12].copy_from_slice(b"\x89HDF\r\n\x1a\n\x02\x08\x08\x00");
        bytes[28..36].copy_from_slice(&300u64.to_le_bytes());
        std::fs::write(&path, &bytes).expect("a file");
        put(&path, vec![100..110, 110..120]).expect("a seal");
        let sealed = std::fs::read(&path).expect("a file");
        assert_eq!(look(&path).expect("a look"), Seal::Sound);
        for length in 301..sealed.len() {
            std::fs::write(&path, &sealed[..length]).expect("a file");
            assert_eq!(look(&path).expect("a look"), Seal::Broken, "{length} bytes");
        }
        // What others have put behind the end is theirs.
        for (behind, found) in [(&b""[..], Seal::Absent), (b"padding", Seal::Absent)] {
            std::fs::write(&path, [&bytes[..], behind].concat()).expect("a file");
            assert_eq!(look(&path).expect("a look"), found);
        }
    }

    #[test]
    fn a_seal_that_says_too_much_is_broken() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let mut bytes = vec![0; 16];
        bytes.extend_from_slice(MAGIC);
        for number in [0, 16, u64::MAX >> 4, 0] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(MAGIC);
        std::fs::write(&path, &bytes).expect("a file");
        assert_eq!(look(&path).expect("a look"), Seal::Broken);
    }
}
