//! An open file of the NetCDF library.
//!
//! NetCDF and HDF5 have one lock, which is held for each call; here is another for all the calls that belong together.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result, Verdict};
use crate::guard::guarded;

/// Does some work with NetCDF or HDF5 while no other thread that reads grids does. Must not be called within itself.
pub(super) fn library<T>(work: impl FnOnce() -> T) -> T {
    static LIBRARY: Mutex<()> = Mutex::new(());
    let _alone = LIBRARY.lock().unwrap_or_else(PoisonError::into_inner);
    work()
}

/// Opens a file that was looked at before ([`crate::probe::look`]), for those who read more of it than a grid.
///
/// # Errors
/// What the library says.
pub(crate) fn open_plain(path: &Path) -> std::result::Result<netcdf::File, Verdict> {
    netcdf::open(path).map_err(Verdict::from)
}

/// What tells a file from others, so that one that was replaced is not taken for the one that was looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Stamp { device: metadata.dev(), inode: metadata.ino(), bytes: metadata.len(), modified }
    }

    /// Whether a file is still what it was.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn check(&self, metadata: std::io::Result<Metadata>) -> std::result::Result<(), String> {
        let metadata = metadata.map_err(|error| error.to_string())?;
        match Stamp::of(&metadata) == *self {
            true => Ok(()),
            false => Err("it was changed while it was drawn; draw it again".to_owned()),
        }
    }
}

/// A file of the library: opened where it is read, closed while no other thread uses the library.
pub(super) struct Handle {
    path: PathBuf,
    stamp: Stamp,
    file: Mutex<Option<netcdf::File>>,
}

impl Handle {
    /// Opens a file that may be foreign or damaged, and looks into it. It stays open.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where it cannot be read, [`Library`](crate::ErrorKind::Library) where it is damaged, and those of `look`.
    pub(super) fn open<T>(
        path: &Path,
        look: impl FnOnce(&netcdf::File, Stamp) -> Result<T>,
    ) -> Result<(Self, T)> {
        let read = |source| Error::io("read", path, source);
        let fail = |action: &str, reason: Verdict| Error::netcdf(path, action, reason);
        let metadata = crate::shared::open_input(path).and_then(|file| file.metadata());
        let stamp = Stamp::of(&metadata.map_err(read)?);
        crate::probe::look(path)?;
        // Without the filter only files that need it cannot be read; those then say so.
        let _ = crate::write::register_zstd();
        let sound = || {
            let file = open_plain(path).map_err(|reason| fail("open", reason))?;
            let length = std::fs::metadata(path).map_err(read)?.len();
            crate::probe::fits(&file, length).map_err(|reason| fail("use", reason.into()))?;
            let seen = look(&file, stamp)?;
            Ok((file, seen))
        };
        let (file, seen) = guarded(|| library(sound))
            .unwrap_or_else(|| Err(fail("open", Verdict::damaged("it is damaged"))))?;
        Ok((Handle { path: path.to_owned(), stamp, file: Mutex::new(Some(file)) }, seen))
    }

    /// Does something with the file.
    ///
    /// # Errors
    /// Where it cannot be opened any more, in words.
    pub(super) fn with<T>(&self, work: impl FnOnce(&netcdf::File) -> T) -> std::result::Result<T, Verdict> {
        library(|| {
            let mut held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let file = match held.take() {
                Some(file) => file,
                None => {
                    self.stamp.check(std::fs::metadata(&self.path))?;
                    open_plain(&self.path)?
                }
            };
            Ok(work(held.insert(file)))
        })
    }

    /// Closes the file until it is read again.
    pub(super) fn close(&self) {
        library(|| drop(self.file.lock().unwrap_or_else(PoisonError::into_inner).take()));
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}
