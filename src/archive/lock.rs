//! One process at a time changes an archive. Readers need no lock: what they have open does not change.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::error::{Error, Result};
use crate::spool::lock::host;

/// The right to change an archive. It is given back when this is dropped, or when the process ends in any way.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    /// Held, not read.
    _file: File,
}

impl Lock {
    /// Takes the lock of an archive: that of a file beside it, which is there only while it is held.
    ///
    /// # Errors
    /// [`Error::Locked`] where another process has it.
    pub fn take(archive: &Path) -> Result<Self> {
        let name = archive.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let path = archive.with_file_name(format!(".{name}.lock"));
        let fail = |source| Error::io("lock", &path, source);
        loop {
            let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
            let mut file = file.map_err(fail)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => {
                    let mut owner = String::new();
                    let _ = file.read_to_string(&mut owner);
                    let owner = if owner.is_empty() { "a process".to_owned() } else { owner };
                    return Err(Error::Locked { path: archive.to_owned(), owner });
                }
                // File systems without locks have one user at a time, or must do without.
                Err(rustix::io::Errno::NOTSUP | rustix::io::Errno::NOSYS | rustix::io::Errno::NOLCK) => {}
                Err(error) => return Err(fail(error.into())),
            }
            // Whoever held it before may just have removed the file.
            let is_same = |held: std::fs::Metadata| {
                std::fs::metadata(&path).is_ok_and(|now| (now.ino(), now.dev()) == (held.ino(), held.dev()))
            };
            if file.metadata().is_ok_and(is_same) {
                let _ = file.set_len(0);
                let _ = write!(file, "process {} on {}", std::process::id(), host());
                return Ok(Lock { path, _file: file });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
