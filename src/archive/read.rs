//! Reading an archive's structures by positioned reads: no library, no lock, and nothing that is not asked for.

use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::hdf5::chunks::Chunk;
use crate::hdf5::dataset::{Dataset, Storage};
use crate::hdf5::group::Group;
use crate::hdf5::header;
use crate::hdf5::superblock::{self, Superblock};
use crate::hdf5::tree::{self, Nodes};
use crate::hdf5::{NONE, Problem};

/// Bytes that are read at first of an object of unknown length: most headers are shorter.
const FIRST: usize = 4096;
/// A header is not longer than this: the links to more cells than any grid has.
const LONGEST: usize = 1 << 28;

/// Data in one piece are not longer than this: as many rows as a variable may have.
const MOST_IN_A_PIECE: usize = 1 << 26;

/// From this length on it counts whether memory is made zero before it is read into.
const LARGE: usize = 64 << 10;

/// A file in one of its states.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub file: File,
    pub path: PathBuf,
    pub state: Superblock,
}

/// A state of an archive's file, by which other processes read the same: what is added later stands behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct State {
    /// The number by which the file system knows the file.
    inode: u64,
    /// Where its root is.
    root: u64,
    /// Bytes that count.
    end: u64,
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
    Err(problem.of(path))
}

impl OpenFile {
    /// A file of which so many bytes count.
    pub fn new(file: File, path: &Path, end: u64) -> Self {
        OpenFile { file, path: path.to_owned(), state: Superblock { root: NONE, end } }
    }

    pub fn open(path: &Path) -> Result<Self> {
        let file = crate::shared::open_input(path).map_err(|source| Error::io("read", path, source))?;
        let (state, _) = state(&file, path)?;
        Ok(OpenFile { file, path: path.to_owned(), state })
    }

    /// A file in a state that it was in before, whatever was put behind it since.
    pub fn open_in(path: &Path, known: &State) -> Result<Self> {
        let read = |source| Error::io("read", path, source);
        let file = crate::shared::open_input(path).map_err(read)?;
        let found = file.metadata().map_err(read)?;
        if found.ino() != known.inode || found.len() < known.end {
            return Err(Error::changed(path, "another file is in its place"));
        }
        let state = Superblock { root: known.root, end: known.end };
        Ok(OpenFile { file, path: path.to_owned(), state })
    }

    /// Which state of which file it is.
    pub fn known(&self) -> Result<State> {
        let found = self.file.metadata().map_err(|source| Error::io("read", &self.path, source))?;
        Ok(State { inode: found.ino(), root: self.state.root, end: self.state.end })
    }

    /// Bytes at an address.
    pub fn bytes(&self, address: u64, length: usize) -> std::result::Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        self.read(address, length, &mut bytes)?;
        Ok(bytes)
    }

    /// Reads bytes at an address behind what is in `bytes`.
    pub fn read(&self, address: u64, length: usize, bytes: &mut Vec<u8>) -> std::result::Result<(), Problem> {
        let end = address.checked_add(length as u64).filter(|&end| end <= self.state.end);
        if end.is_none() {
            return Err(Problem::new(format!("{length} bytes at {address} are not in the file")));
        }
        let fail = |error: std::io::Error| {
            Problem::new(format!("{length} bytes at {address} cannot be read: {error}"))
        };
        let room = bytes.try_reserve_exact(length);
        room.map_err(|_| Problem::new(format!("there is no memory for {length} bytes")))?;
        let (start, end) = (bytes.len(), bytes.len() + length);
        if length < LARGE || bytes.capacity() - start > length + length / 4 {
            bytes.resize(end, 0);
            return self
                .file
                .read_exact_at(bytes.get_mut(start..).unwrap_or_default(), address)
                .map_err(fail);
        }
        // Into memory as it comes, which need not be zero before.
        while bytes.len() < end {
            let at = address + (bytes.len() - start) as u64;
            match rustix::io::pread(&self.file, rustix::buffer::spare_capacity(bytes), at) {
                Ok(0) => return Err(fail(std::io::ErrorKind::UnexpectedEof.into())),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(fail(error.into())),
            }
        }
        bytes.truncate(end);
        Ok(())
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
        let mut dataset = Dataset::decode(&self.header(address)?)?;
        if let Storage::There { address, length } = dataset.storage {
            let length = usize::try_from(length).ok().filter(|&length| length <= MOST_IN_A_PIECE);
            let length = length
                .ok_or_else(|| Problem::new("its data in one piece is longer than any written here"))?;
            dataset.storage = Storage::Small(self.bytes(address, length)?);
        }
        Ok(dataset)
    }

    /// Where the chunks of a dataset are, in their order, and the nodes of their index.
    pub fn index(&self, dataset: &Dataset) -> std::result::Result<(Vec<Chunk>, Nodes), Problem> {
        match (&dataset.storage, dataset.form()?) {
            (Storage::Chunked { index, .. }, Some(form)) if *index != NONE => {
                tree::decode(*index, form, self.state.end, &|address, length| self.bytes(address, length))
            }
            _ => Ok(Default::default()),
        }
    }

    /// Where the chunks of a dataset are, in their order.
    pub fn chunks(&self, dataset: &Dataset) -> std::result::Result<Vec<Chunk>, Problem> {
        Ok(self.index(dataset)?.0)
    }
}
