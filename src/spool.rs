//! The spool: what is finished waits there until it can be published.
//!
//! One append-only segment file holds pieces: encoded chunks, and raw fragments of chunks that are not complete yet.
//! Threads reserve their place and write at the same time. Every piece has a checksum, which is looked at whenever it is
//! read back.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use twox_hash::XxHash3_64;

use crate::error::{Error, Result};

/// The folder inside of an output folder.
pub const FOLDER: &str = ".gridloom";

/// A segment file that is written.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    path: PathBuf,
    segment: File,
    end: AtomicU64,
}

/// Where a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    offset: u64,
    length: u32,
    checksum: u64,
}

impl Place {
    /// Bytes of the piece.
    pub fn len(&self) -> usize {
        self.length as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl Spool {
    /// Starts a spool in an output folder; what an earlier run left there is dropped.
    ///
    /// # Errors
    /// [`Error::Io`] where the folder or the file cannot be made.
    pub fn create(output: &Path) -> Result<Self> {
        let folder = output.join(FOLDER);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(|source| Error::io("empty", &folder, source))?;
        }
        std::fs::create_dir_all(&folder).map_err(|source| Error::io("make the folder", &folder, source))?;
        let path = folder.join("segment-0000.bin");
        let segment = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|source| Error::io("make", &path, source))?;
        Ok(Spool { folder, path, segment, end: AtomicU64::new(0) })
    }

    /// Writes a piece.
    ///
    /// # Errors
    /// [`Error::Io`], as when the disk is full.
    pub fn append(&self, bytes: &[u8]) -> Result<Place> {
        let offset = self.end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.segment
            .write_all_at(bytes, offset)
            .map_err(|source| Error::io("write to", &self.path, source))?;
        let length = u32::try_from(bytes.len()).map_err(|_| Error::Spool {
            path: self.path.clone(),
            offset,
            reason: "a piece is over 4 GiB",
        })?;
        Ok(Place { offset, length, checksum: XxHash3_64::oneshot(bytes) })
    }

    /// Reads a piece into `bytes`, whose old content is dropped.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Spool`] where the bytes are not those that were written.
    pub fn read(&self, place: &Place, bytes: &mut Vec<u8>) -> Result<()> {
        bytes.resize(place.len(), 0);
        self.segment
            .read_exact_at(bytes, place.offset)
            .map_err(|source| Error::io("read", &self.path, source))?;
        if XxHash3_64::oneshot(bytes) != place.checksum {
            let (path, offset) = (self.path.clone(), place.offset);
            return Err(Error::Spool { path, offset, reason: "the checksum of a piece is wrong" });
        }
        Ok(())
    }

    /// The segment file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.end.load(Ordering::Relaxed)
    }

    /// Removes the spool.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn remove(self) -> Result<()> {
        drop(self.segment);
        std::fs::remove_dir_all(&self.folder).map_err(|source| Error::io("remove", &self.folder, source))
    }
}
