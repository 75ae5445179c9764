//! Files, as all of the program opens and makes them.
//!
//! What somebody names to be read is opened by `open_input` and its like, behind links as well. All else is where others may
//! write, too: opened without following links, made anew, given its name when it is whole.
//!
//! An output folder is shared, so what lies in it is foreign, links and pipes included. Three rules hold for every file that
//! gridloom opens, makes or removes there:
//!
//! - **Names** that come out of a file (a journal, a plan, a report) are an [`Inside`] before anything is done with them.
//! - **A new file is a draft**: made exclusively under a name that nobody can know before, written, synced, renamed. The name
//!   that it gets is replaced, whatever it was; a link is replaced, not followed.
//! - **What is appended to or removed** is a plain file with a single name, and known by what is in it.
//!
//! The output folder itself may be a link, and may lie behind links. Inside of it none is followed.

#![cfg_attr(
    not(feature = "netcdf"),
    allow(dead_code, unused_imports, reason = "what writes files needs all of it")
)]

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;

use crate::error::{Error, Result};

mod draft;
mod ends;
mod input;
mod inside;
mod standing;

pub use draft::{Draft, Site, abandon, write_whole};
pub(crate) use draft::{mark_of, remove_left};
use ends::Ends;
pub(crate) use input::{check_input, not_a_run, open_input, open_text};
pub use input::{read_input, read_text};
pub use inside::Inside;
pub(crate) use standing::Standing;

/// Why a file that is there is not used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Foreign(&'static str);

fn foreign(reason: &'static str) -> io::Error {
    io::Error::other(Foreign(reason))
}

const LINK: &str = "it is a link, which is not followed inside of an output folder";
const NOT_PLAIN: &str = "it is not a plain file";
const SECOND_NAME: &str = "it has another name as well (a hard link), so that it may be somebody else's file";
const TOO_LONG: &str = "it is longer than any file of its kind";

/// Whether an error says that a file is foreign.
pub(crate) fn is_foreign(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Foreign>())
}

/// An error of the system, or that a file is foreign.
pub(crate) fn error(action: &'static str, path: &Path, source: io::Error) -> Error {
    match source.get_ref().and_then(|inner| inner.downcast_ref::<Foreign>()) {
        Some(Foreign(reason)) => Error::foreign(path, *reason),
        None => Error::io(action, path, source),
    }
}

/// Opens a plain file. A link is not followed, and a pipe not waited for.
pub(crate) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = options.custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits()).open(path);
    plain(file.map_err(of_strange)?)
}

/// Opens a plain file that is to be changed: it has no other name, by which it would be somebody else's.
pub(crate) fn open_own(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = open(path, options)?;
    if file.metadata()?.nlink() > 1 { Err(foreign(SECOND_NAME)) } else { Ok(file) }
}

fn plain(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(foreign(NOT_PLAIN)) }
}

/// What the system says of a name that is not a plain file's.
fn of_strange(error: io::Error) -> io::Error {
    use nix::errno::Errno;
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ELOOP) => foreign(LINK),
        Some(Errno::EISDIR) => foreign(NOT_PLAIN),
        _ => error,
    }
}

/// Reads a plain file of at most so many bytes.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open(path, File::options().read(true))?;
    let mut bytes = Vec::new();
    (&file).take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(foreign(TOO_LONG)) } else { Ok(bytes) }
}

/// Makes a file that is not there.
pub(crate) fn make(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create_new(true).open(path)
}

/// Refuses what stands where a folder inside of an output folder should be.
///
/// # Errors
/// [`Foreign`](crate::ErrorKind::Foreign) where it is a link or a file.
pub(crate) fn refuse_strange_folder(path: &Path) -> Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(there) if there.is_symlink() => Err(Error::foreign(path, LINK)),
        Ok(there) if !there.is_dir() => Err(Error::foreign(path, "it is not a folder")),
        _ => Ok(()),
    }
}

/// Refuses what stands where a file should be.
///
/// # Errors
/// [`Foreign`](crate::ErrorKind::Foreign) where it is a link, or not a plain file.
pub(crate) fn refuse_strange_file(path: &Path) -> Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(there) if there.is_symlink() => Err(Error::foreign(path, LINK)),
        Ok(there) if !there.is_file() => Err(Error::foreign(path, NOT_PLAIN)),
        _ => Ok(()),
    }
}

/// Refuses a folder where a file is to be written, and a name that ends as only a folder's does.
///
/// # Errors
/// [`WrongPlace`](crate::ErrorKind::WrongPlace).
pub fn refuse_folder(path: &Path) -> Result<()> {
    use std::os::unix::ffi::OsStrExt;
    match path.is_dir() || path.as_os_str().as_bytes().ends_with(b"/") {
        true => Err(Error::output_is_folder(path)),
        false => Ok(()),
    }
}

/// Which file it is, whatever its names are.
pub(crate) fn id_of(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Whether a name, without following it, is of a file.
pub(crate) fn is_still(path: &Path, id: (u64, u64)) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|now| id_of(&now) == id)
}

/// Removes a name, if it is still of a file.
pub(crate) fn remove_same(path: &Path, id: (u64, u64)) {
    if is_still(path, id) {
        let _ = std::fs::remove_file(path);
    }
}

/// Removes a file; one that is not there is as good.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path, error)),
        _ => Ok(()),
    }
}

/// Removes a temporary file, or a temporary folder with all that is in it.
pub(crate) fn remove_temporary(path: &Path) -> Result<()> {
    match std::fs::symlink_metadata(path).is_ok_and(|there| there.is_dir()) {
        true => std::fs::remove_dir_all(path).map_err(|source| Error::io("remove", path, source)),
        false => remove(path),
    }
}

/// The folder that a path is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A mark that no other process makes, and that nobody can know before.
pub(crate) fn unique() -> String {
    use std::hash::{BuildHasher, Hasher};
    // The standard library's only source of random numbers.
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    format!("{:x}-{random:016x}", std::process::id())
}

/// Whether a text is a mark that [`unique`] made.
pub(crate) fn is_mark(text: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let parts = text.split_once('-');
    parts.is_some_and(|(process, random)| {
        (1..=8).contains(&process.len()) && random.len() == 16 && is_hex(process) && is_hex(random)
    })
}

/// Waits until the names in a folder are on the disk.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    let sync = || File::open(folder)?.sync_all();
    sync().map_err(|source| Error::io("write to the disk", folder, source))
}

/// Whether an error of a lock says that the file system has none.
pub(crate) fn has_no_locks(error: nix::errno::Errno) -> bool {
    use nix::errno::Errno;
    // Network file systems answer with 524 (ENOTSUPP) as well, which is unknown to the C library.
    matches!(
        error,
        Errno::ENOLCK
            | Errno::EOPNOTSUPP
            | Errno::ENOSYS
            | Errno::EROFS
            | Errno::EINVAL
            | Errno::UnknownErrno
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_known_by_their_form() {
        for _ in 0..100 {
            assert!(is_mark(&unique()));
        }
        for other in [
            "",
            "-",
            "backup",
            "1a2b-0123",
            "1A2B-0123456789ABCDEF",
            "-0123456789abcdef",
            "12-0123456789abcdef0",
        ] {
            assert!(!is_mark(other), "{other}");
        }
    }

    #[test]
    fn links_and_second_names_are_not_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let [victim, link, second] = ["victim", "link", "second"].map(|name| folder.path().join(name));
        std::fs::write(&victim, b"dear").expect("a file");
        std::os::unix::fs::symlink(&victim, &link).expect("a link");
        assert!(open(&link, File::options().read(true)).is_err());
        assert!(open_own(&victim, File::options().write(true)).is_ok());
        std::fs::hard_link(&victim, &second).expect("a link");
        assert!(open_own(&second, File::options().write(true)).is_err());
        assert!(open(&second, File::options().read(true)).is_ok());
        assert!(read(&victim, 3).is_err() && read(&victim, 4).is_ok());
    }
}
