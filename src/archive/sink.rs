//! A file that grows at its end, and the switch from one state of it to the next.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::hdf5::superblock::{self, Superblock};
use crate::error::{Error, Result};

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
}

impl Sink {
    /// Makes a file that has nothing but room for its superblock.
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path);
        let file = file.map_err(|source| Error::io("make", path, source))?;
        Ok(Sink { file, path: path.to_owned(), end: superblock::LENGTH as u64 })
    }

    /// Goes on behind a state that is complete. What a killed process left behind it is cut off; a superblock that it left
    /// torn is mended first, since its other copy stands there.
    pub fn resume(path: &Path) -> Result<(Self, Superblock)> {
        let file = File::options().read(true).write(true).open(path);
        let file = file.map_err(|source| Error::io("open for writing", path, source))?;
        let (state, is_torn) = super::read::state(&file, path)?;
        if is_torn {
            let fail = |source| Error::io("write", path, source);
            file.write_all_at(&state.encode(), 0).map_err(fail)?;
            file.sync_all().map_err(fail)?;
        }
        file.set_len(state.end).map_err(|source| Error::io("cut", path, source))?;
        Ok((Sink { file, path: path.to_owned(), end: state.end }, state))
    }

    /// Where the next bytes will stand.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Writes bytes at the end; says where they stand.
    pub fn append(&mut self, bytes: &[u8]) -> Result<u64> {
        let at = self.end;
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
        self.file.write_all_at(&state.encode(), 0).map_err(fail)?;
        sync()?;
        Ok(state)
    }

    /// [`Sink::switch`] for the last time.
    pub fn commit(mut self, bytes: Vec<u8>, root: u64) -> Result<File> {
        self.switch(bytes, root, Durability::Disk)?;
        Ok(self.file)
    }
}

/// A file that is removed unless it is published.
#[derive(Debug)]
pub(super) struct Temporary {
    pub path: PathBuf,
}

impl Temporary {
    /// The temporary name of a file. What a killed process left under it is replaced: the file's lock is held.
    pub fn beside(path: &Path) -> Self {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Temporary { path: path.with_file_name(format!(".{name}.part")) }
    }

    /// Gives the file its name.
    pub fn rename(self, path: &Path) -> Result<()> {
        std::fs::rename(&self.path, path).map_err(|source| Error::io("rename to", path, source))
    }

    /// Gives the file, which is on the disk, its name, and waits until that is on the disk as well.
    pub fn publish(self, path: &Path) -> Result<()> {
        self.rename(path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        crate::spool::snapshot::sync_folder(folder.unwrap_or(Path::new(".")))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
