//! Reading an archive's structures by positioned reads: no library, no lock, and nothing that is not asked for.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::hdf5::chunks::{self, Chunk};
use super::hdf5::dataset::{Dataset, Storage};
use super::hdf5::group::Group;
use super::hdf5::header;
use super::hdf5::superblock::{self, Superblock};
use super::hdf5::{NONE, Problem};
use crate::error::{Error, Result};

/// Bytes that are read at first of an object of unknown length: most headers are shorter.
const FIRST: usize = 4096;
/// A header is not longer than this: the links to more cells than any grid has.
const LONGEST: usize = 1 << 28;

/// A file in one of its states.
#[derive(Debug)]
pub(super) struct Source {
    pub file: File,
    pub path: PathBuf,
    pub state: Superblock,
}

/// The state that a file is in, and whether its superblock is torn and the state's mark tells it.
pub(super) fn state(file: &File, path: &Path) -> Result<(Superblock, bool)> {
    let read = |source| Error::io("read", path, source);
    let length = file.metadata().map_err(read)?.len();
    let mut problem = Problem::new("it is too short");
    // Another process may be at the one write that switches from state to state.
    for attempt in 0..3 {
        let mut bytes = vec![0; superblock::LENGTH];
        if length < superblock::LENGTH as u64 {
            break;
        }
        file.read_exact_at(&mut bytes, 0).map_err(read)?;
        match Superblock::decode(&bytes) {
            Ok(state) => {
                // The file may have grown since.
                let length = file.metadata().map_err(read)?.len();
                if state.end > length {
                    let (end, length) = (state.end, length);
                    problem = Problem::new(format!("it is cut off: {length} bytes of {end} are there"));
                    break;
                }
                return Ok((state, false));
            }
            Err(other) => problem = other,
        }
        if attempt < 2 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
    if let Some(start) = length.checked_sub(superblock::MARK as u64) {
        let mut mark = vec![0; superblock::MARK];
        file.read_exact_at(&mut mark, start).map_err(read)?;
        if let Some(state) = Superblock::of_mark(&mark).filter(|state| state.end == length) {
            return Ok((state, true));
        }
    }
    Err(Error::archive(path, None, None, problem.to_string()))
}

impl Source {
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
        let (state, _) = state(&file, path)?;
        Ok(Source { file, path: path.to_owned(), state })
    }

    /// Bytes at an address.
    pub fn bytes(&self, address: u64, length: usize) -> std::result::Result<Vec<u8>, Problem> {
        let end = address.checked_add(length as u64).filter(|&end| end <= self.state.end);
        if end.is_none() {
            return Err(Problem::new(format!("{length} bytes at {address} are not in the file")));
        }
        let mut bytes = vec![0; length];
        match self.file.read_exact_at(&mut bytes, address) {
            Ok(()) => Ok(bytes),
            Err(error) => Err(Problem::new(format!("{length} bytes at {address} cannot be read: {error}"))),
        }
    }

    fn header(&self, address: u64) -> std::result::Result<Vec<u8>, Problem> {
        let left = self.state.end.saturating_sub(address);
        let first = FIRST.min(usize::try_from(left).unwrap_or(FIRST));
        let mut bytes = self.bytes(address, first)?;
        let length = header::length(&bytes)?;
        if length > LONGEST {
            return Err(Problem::new(format!("an object header of {length} bytes is too long")));
        }
        if length > bytes.len() {
            let more = self.bytes(address + bytes.len() as u64, length - bytes.len())?;
            bytes.extend(more);
        }
        bytes.truncate(length);
        Ok(bytes)
    }

    pub fn group(&self, address: u64) -> std::result::Result<Group, Problem> {
        Group::decode(&self.header(address)?)
    }

    pub fn dataset(&self, address: u64) -> std::result::Result<Dataset, Problem> {
        Dataset::decode(&self.header(address)?)
    }

    /// Where the chunks of a dataset are, in their order.
    pub fn chunks(&self, dataset: &Dataset) -> std::result::Result<Vec<Chunk>, Problem> {
        let Storage::Chunked { shape, index } = &dataset.storage else { return Ok(Vec::new()) };
        if *index == NONE {
            return Ok(Vec::new());
        }
        let bytes = super::hdf5::attribute::count(shape)?.saturating_mul(dataset.kind.size() as u64);
        let (count, root) = chunks::decode_head(&self.bytes(*index, chunks::HEAD)?)?;
        let length = chunks::node_length(shape.len(), bytes, count);
        chunks::decode_node(&self.bytes(root, length)?, shape.len(), bytes)
    }
}
