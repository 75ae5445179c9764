//! Names that come out of a file, or are put together from what was read.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, RenameFlags, open, openat, renameat, renameat2};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::{foreign, of_strange, plain, unique};

/// Folders below an output folder that a file's path may have.
const DEEPEST: usize = 8;

const NOT_A_FOLDER: &str =
    "a folder of its path is a link or a file; no link is followed inside of an output folder";

/// The path of a file inside of an output folder: plain names, none of them hidden, that lead nowhere else.
///
/// Whatever is done with it starts at the folder and follows no link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Inside(String);

impl Inside {
    /// A path such as `npp.nc` or `daily/year=1990/part-0.parquet`; `None` for any that is not below a folder for certain.
    pub fn new(path: &str) -> Option<Self> {
        let is_plain = |name: &str| {
            !name.is_empty() && !name.starts_with('.') && name.len() <= 255 && !name.contains('\0')
        };
        let is_inside = path.split('/').count() <= DEEPEST && path.split('/').all(is_plain);
        is_inside.then(|| Inside(path.to_owned()))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The file's path, for people and for libraries that only read.
    pub fn below(&self, folder: &Path) -> PathBuf {
        folder.join(&self.0)
    }

    /// The folder that the file is in, and the file's name there.
    fn open_folder(&self, root: &Path, makes: bool) -> io::Result<(OwnedFd, &str)> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let (folders, name) = self.0.rsplit_once('/').unwrap_or(("", &self.0));
        let mut folder = open(root, flags, Mode::empty())?;
        for part in folders.split('/').filter(|part| !part.is_empty()) {
            let enter = |folder: &OwnedFd| openat(folder, part, flags | OFlag::O_NOFOLLOW, Mode::empty());
            folder = match enter(&folder) {
                Err(Errno::ENOENT) if makes => {
                    match mkdirat(&folder, part, Mode::from_bits_truncate(0o777)) {
                        Ok(()) | Err(Errno::EEXIST) => enter(&folder),
                        Err(error) => Err(error),
                    }
                }
                entered => entered,
            }
            .map_err(|error| match error {
                Errno::ELOOP | Errno::ENOTDIR => foreign(NOT_A_FOLDER),
                error => error.into(),
            })?;
        }
        Ok((folder, name))
    }

    /// Opens the file for reading.
    ///
    /// # Errors
    /// What the system says; that it, or a folder of its path, is a link.
    pub fn open(&self, root: &Path) -> io::Result<File> {
        plain(self.open_any(root)?)
    }

    /// Opens what has the path, a folder too.
    pub(super) fn open_any(&self, root: &Path) -> io::Result<File> {
        let (folder, name) = self.open_folder(root, false)?;
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let file = openat(&folder, name, flags, Mode::empty());
        Ok(File::from(file.map_err(|error| of_strange(error.into()))?))
    }

    /// Gives a file that lies in `root` itself this path; its folders are made.
    pub(crate) fn take(&self, root: &Path, temporary: &str) -> io::Result<()> {
        let (folder, name) = self.open_folder(root, true)?;
        let from = open(root, OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
        Ok(renameat(&from, temporary, &folder, name)?)
    }

    /// Gives a folder that lies in `root` itself this path. What has it gets the temporary name, so that it can be removed.
    pub(crate) fn exchange(&self, root: &Path, temporary: &str) -> io::Result<()> {
        let (folder, name) = self.open_folder(root, true)?;
        let from = open(root, OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
        let both = |flags| renameat2(&from, temporary, &folder, name, flags);
        match both(RenameFlags::RENAME_EXCHANGE) {
            Err(Errno::ENOENT) => Ok(both(RenameFlags::RENAME_NOREPLACE)?),
            // Some file systems exchange nothing: then nothing has the name for a moment.
            Err(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) => {
                let aside = format!("{temporary}.part");
                match renameat(&folder, name, &from, aside.as_str()) {
                    Err(Errno::ENOENT) => Ok(renameat(&from, temporary, &folder, name)?),
                    moved => {
                        moved?;
                        renameat(&from, temporary, &folder, name)?;
                        Ok(renameat(&from, aside.as_str(), &from, temporary)?)
                    }
                }
            }
            exchanged => Ok(exchanged?),
        }
    }

    /// Removes the file, or the folder with all that is in it.
    pub(crate) fn remove(&self, root: &Path) -> io::Result<()> {
        let (folder, name) = self.open_folder(root, false)?;
        match unlinkat(&folder, name, UnlinkatFlags::NoRemoveDir) {
            Err(Errno::EISDIR | Errno::EPERM) => {
                // Taken out of its place at first, so that no part of it stands there.
                let root_folder =
                    open(root, OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
                let aside = format!(".{}.removed.part", unique());
                renameat(&folder, name, &root_folder, aside.as_str())?;
                std::fs::remove_dir_all(root.join(aside))
            }
            removed => Ok(removed?),
        }
    }
}

impl TryFrom<String> for Inside {
    type Error = &'static str;

    fn try_from(path: String) -> Result<Self, Self::Error> {
        Inside::new(&path).ok_or("a path that leads out of the output folder")
    }
}

impl From<Inside> for String {
    fn from(inside: Inside) -> String {
        inside.0
    }
}

impl std::fmt::Display for Inside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for Inside {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_inside() {
        for path in
            ["npp.nc", "daily/year=1990/month=2/part-0.parquet", "stats.csv.gz", "a b.nc", "csoil~1.nc"]
        {
            assert!(Inside::new(path).is_some(), "{path}");
        }
        let long = "x".repeat(256);
        for path in [
            "",
            ".",
            "..",
            "/etc/passwd",
            "../x.nc",
            "daily/../../x.nc",
            "daily//x.nc",
            "daily/",
            "./x.nc",
            ".bashrc",
            ".gridloom/journal-0000",
            "daily/.x",
            "a\0b",
            &long,
            "1/2/3/4/5/6/7/8/9",
        ] {
            assert!(Inside::new(path).is_none(), "{path:?}");
        }
        assert!(serde_json::from_str::<Inside>("\"../x\"").is_err());
        assert_eq!(serde_json::to_string(&Inside::new("x.nc")).ok().as_deref(), Some("\"x.nc\""));
    }

    #[test]
    fn no_link_is_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (out, elsewhere) = (folder.path().join("out"), folder.path().join("elsewhere"));
        std::fs::create_dir(&out).expect("a folder");
        std::fs::create_dir(&elsewhere).expect("a folder");
        std::fs::write(elsewhere.join("x.nc"), b"dear").expect("a file");
        std::os::unix::fs::symlink(&elsewhere, out.join("daily")).expect("a link");
        std::os::unix::fs::symlink(elsewhere.join("x.nc"), out.join("x.nc")).expect("a link");
        std::fs::write(out.join("new"), b"new").expect("a file");
        let file = Inside::new("daily/x.nc").expect("inside");
        assert!(file.open(&out).is_err() && file.take(&out, "new").is_err() && file.remove(&out).is_err());
        assert!(Inside::new("x.nc").expect("inside").open(&out).is_err());
        assert_eq!(std::fs::read(elsewhere.join("x.nc")).expect("a file"), b"dear");
        let file = Inside::new("years/year=1/x.nc").expect("inside");
        file.take(&out, "new").expect("its folders are made");
        assert!(file.open(&out).is_ok());
        file.remove(&out).expect("a file");
        assert!(!file.below(&out).exists());
        // The folder itself may be a link.
        std::fs::write(out.join("new"), b"new").expect("a file");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&out, &link).expect("a link");
        file.take(&link, "new").expect("a file");
    }
}
