//! How a product that gridloom made is known again: a file, or a folder of files.

use std::fs::{File, Metadata};
use std::hash::Hasher;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use twox_hash::XxHash3_64;

use super::{Ends, Inside, foreign, of_strange};

/// Folders within a folder that is a product.
const DEEPEST: usize = 8;

/// What a product is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Its bytes.
    pub bytes: u64,
    /// When it was changed last, in nanoseconds since 1970.
    pub modified: i64,
    /// A digest of the beginnings and ends of its files.
    pub seal: u64,
    /// Whether gridloom's name is in them.
    pub is_marked: bool,
}

fn modified(metadata: &Metadata) -> i64 {
    metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec())
}

impl Standing {
    /// Looks at a product of an output folder.
    ///
    /// # Errors
    /// What the system says; that it is a link, or has one in it.
    pub fn of(root: &Path, product: &Inside) -> io::Result<Self> {
        let opened = product.open_any(root)?;
        if opened.metadata()?.is_dir() {
            return Self::of_folder(opened.into());
        }
        Self::of_file(&opened)
    }

    fn of_file(file: &File) -> io::Result<Self> {
        let (metadata, ends) = (file.metadata()?, Ends::of(file)?);
        let (bytes, modified) = (metadata.len(), modified(&metadata));
        Ok(Standing { bytes, modified, seal: ends.digest, is_marked: ends.is_marked })
    }

    fn of_folder(folder: OwnedFd) -> io::Result<Self> {
        let mut all = Standing { bytes: 0, modified: i64::MIN, seal: 0, is_marked: false };
        let mut hasher = XxHash3_64::new();
        each_file(&folder, &mut |name, file| {
            let one = Standing::of_file(file)?;
            all.bytes += one.bytes;
            all.modified = all.modified.max(one.modified);
            all.is_marked |= one.is_marked;
            hasher.write(name.as_bytes());
            hasher.write(&one.seal.to_le_bytes());
            Ok(())
        })?;
        Ok(Standing { seal: hasher.finish(), ..all })
    }
}

/// Shows all files of a folder, in the order of their names. Links are not followed.
pub(super) fn each_file(
    folder: &OwnedFd,
    visit: &mut dyn FnMut(&str, &File) -> io::Result<()>,
) -> io::Result<()> {
    walk(folder, "", DEEPEST, visit, &mut |_| Ok(()))
}

/// The same, and shows each folder behind what is in it.
pub(super) fn each(
    folder: &OwnedFd,
    visit: &mut dyn FnMut(&str, &File) -> io::Result<()>,
    behind: &mut dyn FnMut(&OwnedFd) -> io::Result<()>,
) -> io::Result<()> {
    walk(folder, "", DEEPEST, visit, behind)
}

fn walk(
    folder: &OwnedFd,
    before: &str,
    depth: usize,
    visit: &mut dyn FnMut(&str, &File) -> io::Result<()>,
    behind: &mut dyn FnMut(&OwnedFd) -> io::Result<()>,
) -> io::Result<()> {
    let mut names = Vec::new();
    // By its handle, so that nobody can put another one in its place.
    for entry in std::fs::read_dir(format!("/proc/self/fd/{}", folder.as_raw_fd()))? {
        let name = entry?.file_name();
        names.push(name.into_string().map_err(|_| foreign("it holds a name that is not UTF-8"))?);
    }
    names.sort_unstable();
    for name in names {
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let opened = openat(folder, name.as_str(), flags, Mode::empty());
        let opened = File::from(opened.map_err(|error| of_strange(error.into()))?);
        let kind = opened.metadata()?.file_type();
        let name = format!("{before}{name}");
        match (kind.is_dir(), depth.checked_sub(1)) {
            (true, Some(depth)) => walk(&opened.into(), &format!("{name}/"), depth, visit, behind)?,
            (false, _) if kind.is_file() => visit(&name, &opened)?,
            _ => {
                return Err(foreign(
                    "it holds something that is neither a file nor a folder, or is too deep",
                ));
            }
        }
    }
    behind(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_by_all_of_its_files() {
        let out = tempfile::tempdir().expect("a folder");
        let folder = out.path().join("npp.store");
        std::fs::create_dir_all(folder.join("c/0")).expect("a folder");
        std::fs::write(folder.join("about"), b"gridloom").expect("a file");
        std::fs::write(folder.join("c/0/1"), b"values").expect("a file");
        let product = Inside::new("npp.store").expect("inside");
        let first = Standing::of(out.path(), &product).expect("a product");
        assert!(first.is_marked && first.bytes == 14);
        assert_eq!(Standing::of(out.path(), &product).expect("a product"), first);
        std::fs::rename(folder.join("c/0/1"), folder.join("c/0/2")).expect("a file");
        let renamed = Standing::of(out.path(), &product).expect("a product");
        assert_ne!(renamed.seal, first.seal);
        std::fs::write(folder.join("c/0/2"), b"VALUES").expect("a file");
        assert_ne!(Standing::of(out.path(), &product).expect("a product").seal, renamed.seal);
        std::os::unix::fs::symlink("/etc", folder.join("link")).expect("a link");
        assert!(Standing::of(out.path(), &product).is_err());
    }
}
