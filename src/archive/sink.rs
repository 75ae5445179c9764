//! A file that grows at its end, and the switch from one state of it to the next.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::hdf5::superblock::{self, Superblock};
use crate::shared::{self, Draft};

/// What a change outlives once it is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// A loss of power: it is on the disk.
    #[default]
    Disk,
    /// The end of the process, however it ends. After a loss of power the file may be damaged; for what can be made again.
    Process,
}

/// The end of an archive, where new objects go.
#[derive(Debug)]
pub(super) struct Sink {
    pub file: File,
    path: PathBuf,
    end: u64,
    /// Where the state ends that the file is in, or that it may be in.
    committed: u64,
    /// Whether there may be bytes behind that.
    is_longer: bool,
}

impl Sink {
    /// Begins a new, empty file, with nothing but room for its superblock.
    pub fn begin(file: File, path: &Path) -> Self {
        let end = superblock::LENGTH as u64;
        Sink { file, path: path.to_owned(), end, committed: end, is_longer: false }
    }

    /// Goes on behind a state that is complete. What a killed process left behind it is cut off; a superblock that it left
    /// torn is mended first, since its other copy stands there.
    pub fn resume(path: &Path) -> Result<(Self, Superblock)> {
        let file = shared::open(path, File::options().read(true).write(true));
        let file = file.map_err(|source| shared::error("open for writing", path, source))?;
        let (state, is_torn) = super::read::state(&file, path)?;
        if is_torn {
            let fail = |source| Error::io("write", path, source);
            file.write_all_at(&state.encode(), 0).map_err(fail)?;
            file.sync_all().map_err(fail)?;
        }
        file.set_len(state.end).map_err(|source| Error::io("cut", path, source))?;
        let (path, end) = (path.to_owned(), state.end);
        Ok((Sink { file, path, end, committed: end, is_longer: false }, state))
    }

    /// Where the next bytes will stand.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Writes bytes at the end; says where they stand.
    pub fn append(&mut self, bytes: &[u8]) -> Result<u64> {
        let at = self.end;
        // A write that fails may have written a part.
        self.is_longer = true;
        self.file.write_all_at(bytes, at).map_err(|source| Error::io("write", &self.path, source))?;
        self.end += bytes.len() as u64;
        Ok(at)
    }

    /// Writes the last bytes at the end and makes what was written the file's state. With [`Durability::Disk`] all of it is on the disk before the superblock leads to it,
    /// and the superblock is when this returns.
    pub fn switch(&mut self, mut bytes: Vec<u8>, root: u64, durability: Durability) -> Result<Superblock> {
        let state = Superblock { root, end: self.end + (bytes.len() + superblock::MARK) as u64 };
        bytes.extend(state.mark());
        self.append(&bytes)?;
        let fail = |source| Error::io("write", &self.path, source);
        let sync = || match durability {
            Durability::Disk => self.file.sync_all().map_err(fail),
            Durability::Process => Ok(()),
        };
        sync()?;
        // From here on the file may be in the new state, whatever is said of the write.
        (self.committed, self.is_longer) = (state.end, false);
        self.file.write_all_at(&state.encode(), 0).map_err(fail)?;
        sync()?;
        Ok(state)
    }

    /// Gives up what was written behind the state.
    pub fn revert(&mut self) -> Result<()> {
        if self.is_longer {
            self.file.set_len(self.committed).map_err(|source| Error::io("cut", &self.path, source))?;
        }
        (self.end, self.is_longer) = (self.committed, false);
        Ok(())
    }

    /// [`Sink::switch`] for the last time.
    pub fn commit(mut self, bytes: Vec<u8>, root: u64) -> Result<u64> {
        Ok(self.switch(bytes, root, Durability::Disk)?.end)
    }
}

/// What was not committed takes no room.
impl Drop for Sink {
    fn drop(&mut self) {
        if self.is_longer {
            let _ = self.file.set_len(self.committed);
        }
    }
}

/// Gives an archive, which is on the disk, its name, and waits until that is on the disk as well.
pub(super) fn publish(draft: Draft, path: &Path) -> Result<()> {
    draft.rename(path)?;
    shared::sync_folder(shared::folder_of(path))
}
