//! Keeps the libraries from ending the process: the NetCDF crate panics where the library cannot tell an attribute. NetCDF and HDF5
//! have one lock, which is held for each call; figures hold one of their own for all the calls that belong together.

use std::cell::Cell;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Does some work with NetCDF or HDF5 while no other thread of figures does. Must not be called within itself.
pub(crate) fn library<T>(work: impl FnOnce() -> T) -> T {
    static LIBRARY: Mutex<()> = Mutex::new(());
    let _alone = LIBRARY.lock().unwrap_or_else(PoisonError::into_inner);
    work()
}

/// What the library says, without its number and name.
pub(crate) fn words(error: &netcdf::Error) -> String {
    match error {
        netcdf::Error::Netcdf(-51) => crate::error::NOT_NETCDF.to_owned(),
        error => error.to_string(),
    }
}

/// What tells a file from others, so that one that was replaced is not taken for the one that was looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Stamp { device: metadata.dev(), inode: metadata.ino(), bytes: metadata.len(), modified }
    }

    /// Whether a file is still what it was.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(crate) fn check(&self, metadata: std::io::Result<Metadata>) -> Result<(), String> {
        let metadata = metadata.map_err(|error| error.to_string())?;
        match Stamp::of(&metadata) == *self {
            true => Ok(()),
            false => Err("it was changed while it was drawn; draw it again".to_owned()),
        }
    }
}

/// A file of the library: opened where it is read, closed while no other thread uses the library.
pub(crate) struct Open {
    path: PathBuf,
    stamp: Stamp,
    file: Mutex<Option<netcdf::File>>,
}

impl Open {
    pub(crate) fn new(path: &Path, stamp: Stamp) -> Self {
        Open { path: path.to_owned(), stamp, file: Mutex::new(None) }
    }

    /// Does something with the file.
    ///
    /// # Errors
    /// Where it cannot be opened any more, in words.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&netcdf::File) -> T) -> Result<T, String> {
        library(|| {
            let mut held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let file = match held.take() {
                Some(file) => file,
                None => {
                    self.stamp.check(std::fs::metadata(&self.path))?;
                    netcdf::open(&self.path).map_err(|error| words(&error))?
                }
            };
            Ok(work(held.insert(file)))
        })
    }

    pub(crate) fn close(&self) {
        library(|| drop(self.file.lock().unwrap_or_else(PoisonError::into_inner).take()));
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.close();
    }
}

/// Does some work; `None` where it panicked, of which nothing is printed.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                before(panic);
            }
        }));
    });
    let was_quiet = QUIET.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(was_quiet);
    result.ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_panic_is_no_result() {
        assert_eq!(super::guarded(|| 7), Some(7));
        assert_eq!(super::guarded(|| -> u8 { panic!("seen by nobody") }), None);
    }
}
