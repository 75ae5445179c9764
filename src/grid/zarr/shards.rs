//! Shards: files of many chunks, and where each is in them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Chunks that a shard has at most, so that its index is one small read.
const MOST_CHUNKS: usize = 4096;

/// Bytes that the values of a shard have at most, before they are compressed.
const MOST_BYTES: usize = 512 << 20;

/// How many chunks a shard has in each dimension. `counts` are those of the array, `bytes` those of a chunk's values, and `most` is what a
/// dimension may have at most. The last dimensions are taken whole first, so that chunks come in the order in which shards are filled.
pub(super) fn chunks_of_shard(counts: &[usize], bytes: usize, most: &[usize]) -> Vec<usize> {
    let mut room = MOST_CHUNKS.min(MOST_BYTES / bytes.max(1)).max(1);
    let mut shard = vec![1; counts.len()];
    for ((own, &count), &most) in shard.iter_mut().zip(counts).zip(most).rev() {
        let count = count.max(1).min(most.max(1));
        // In parts that are equally long, as far as that goes.
        *own = count.div_ceil(count.div_ceil(room));
        room /= *own;
        if *own < count || room == 0 {
            break;
        }
    }
    shard
}

/// What is known of a shard that is being written.
struct Shard {
    length: u64,
    /// First byte and length of each chunk.
    places: Vec<Option<(u64, u64)>>,
}

/// The shards of an array that is being written. Chunks come in any order; one file is open at a time.
pub(super) struct Shards {
    folder: PathBuf,
    /// Chunks of a shard in each dimension.
    chunks: Vec<usize>,
    begun: BTreeMap<Vec<usize>, Shard>,
    open: Option<(Vec<usize>, File)>,
}

impl Shards {
    /// Those of an array in this folder.
    pub fn new(folder: &Path, chunks: Vec<usize>) -> Self {
        Shards { folder: folder.to_owned(), chunks, begun: BTreeMap::new(), open: None }
    }

    /// Adds a chunk; `index` counts chunks in each dimension.
    pub fn put(&mut self, index: &[usize], bytes: &[u8]) -> io::Result<()> {
        let shard: Vec<usize> = index.iter().zip(&self.chunks).map(|(index, count)| index / count).collect();
        let within =
            index.iter().zip(&self.chunks).fold(0, |place, (index, count)| place * count + index % count);
        let file = self.file(&shard)?;
        file.write_all(bytes)?;
        let all = self.chunks.iter().product();
        let empty = || Shard { length: 0, places: vec![None; all] };
        let shard = self.begun.entry(shard).or_insert_with(empty);
        if let Some(place) = shard.places.get_mut(within) {
            *place = Some((shard.length, bytes.len() as u64));
        }
        shard.length += bytes.len() as u64;
        Ok(())
    }

    fn file(&mut self, shard: &[usize]) -> io::Result<&mut File> {
        let open = match self.open.take() {
            Some((own, file)) if own == shard => (own, file),
            _ => {
                let path = path_of(&self.folder, shard);
                let file = match self.begun.contains_key(shard) {
                    true => File::options().append(true).open(path)?,
                    false => make(&path)?,
                };
                (shard.to_vec(), file)
            }
        };
        let (_, file) = self.open.insert(open);
        Ok(file)
    }

    /// Writes where the chunks are behind those of each shard.
    pub fn finish(mut self) -> io::Result<()> {
        let begun = std::mem::take(&mut self.begun);
        for (shard, Shard { places, .. }) in &begun {
            let mut index = Vec::with_capacity(places.len() * 16 + 4);
            for place in places {
                let (first, length) = place.unwrap_or((u64::MAX, u64::MAX));
                index.extend(first.to_le_bytes());
                index.extend(length.to_le_bytes());
            }
            index.extend(crc32c::crc32c(&index).to_le_bytes());
            let open = self.open.take().filter(|(own, _)| own == shard);
            let mut file = match open {
                Some((_, file)) => file,
                None => File::options().append(true).open(path_of(&self.folder, shard))?,
            };
            file.write_all(&index)?;
        }
        Ok(())
    }
}

/// Where a shard or chunk of an array is.
pub(super) fn path_of(folder: &Path, index: &[usize]) -> PathBuf {
    index.iter().fold(folder.join("c"), |path, part| path.join(part.to_string()))
}

/// Makes a file, and the folders that it is in.
pub(super) fn make(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    crate::shared::make(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shards_are_few_and_of_bounded_size(
            counts in prop::collection::vec(1usize..300, 1..5),
            bytes in 1usize..(1 << 31),
        ) {
            let most = vec![usize::MAX; counts.len()];
            let shard = chunks_of_shard(&counts, bytes, &most);
            let chunks: usize = shard.iter().product();
            prop_assert!(chunks == 1 || (chunks <= MOST_CHUNKS && chunks * bytes <= MOST_BYTES));
            prop_assert!(shard.iter().zip(&counts).all(|(own, count)| (1..=*count).contains(own)));
            // What was not taken whole has only single chunks before it.
            let cut = shard.iter().zip(&counts).rposition(|(own, count)| own < count);
            prop_assert!(shard.iter().take(cut.unwrap_or(0)).all(|own| *own == 1));
        }
    }

    #[test]
    fn chunks_come_in_any_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut shards = Shards::new(folder.path(), vec![2, 1]);
        for (index, bytes) in [([0, 0], "a"), ([2, 0], "bb"), ([1, 0], "ccc"), ([0, 1], "d")] {
            shards.put(&index, bytes.as_bytes()).expect("a chunk");
        }
        shards.finish().expect("an index");
        let read = |name: &str| std::fs::read(folder.path().join(name)).expect("a shard");
        let first = read("c/0/0");
        assert_eq!((&first[..4], first.len()), (&b"accc"[..], 4 + 36));
        assert_eq!(first[4..36], [0u64, 1, 1, 3].map(u64::to_le_bytes).concat());
        assert_eq!(first[36..], crc32c::crc32c(&first[4..36]).to_le_bytes());
        assert_eq!(read("c/1/0")[2..34], [0, 2, u64::MAX, u64::MAX].map(u64::to_le_bytes).concat());
        assert_eq!(read("c/0/1").len(), 1 + 36);
    }
}
