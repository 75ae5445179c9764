//! Files under temporary names, until they are whole.

use std::fs::{File, Metadata};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use std::os::fd::OwnedFd;

use nix::fcntl::{Flock, FlockArg, OFlag, open};
use nix::sys::stat::Mode;

use super::standing::each;
use super::{Inside, Standing, folder_of, id_of, is_mark, is_still, make, open_own, remove_same, unique};
use crate::error::{Error, Result};

/// Bytes of a file's name that its temporary name keeps; with mark and ending it is as long as names may be.
const KEPT: usize = 160;

/// The drafts of this process.
static DRAFTS: Mutex<Vec<(PathBuf, (u64, u64))>> = Mutex::new(Vec::new());

fn drafts() -> std::sync::MutexGuard<'static, Vec<(PathBuf, (u64, u64))>> {
    crate::sync::lock(&DRAFTS)
}

/// Removes all temporary files of this process, which ends without coming back to them.
pub fn abandon() {
    for (path, id) in drafts().drain(..) {
        remove_draft(&path, id);
    }
}

/// Removes a draft, if it is still the one of this process.
fn remove_draft(path: &Path, id: (u64, u64)) {
    match is_still(path, id) && path.is_dir() {
        true => drop(std::fs::remove_dir_all(path)),
        false => remove_same(path, id),
    }
}

/// A file that is being made, or a folder of files. It is removed when this is dropped, unless it was published.
#[derive(Debug)]
pub struct Draft {
    /// Its temporary name; libraries that write it open it by that.
    pub(crate) path: PathBuf,
    id: (u64, u64),
    /// Says that it is being made; of files that libraries write they have locks of their own.
    _lock: Option<Flock<File>>,
}

impl Draft {
    /// Makes a file under a name that bears a process's mark, for a library that will write it.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub(crate) fn marked(folder: &Path, mark: &str, file: &str) -> Result<Self> {
        let path = folder.join(name_of(mark, file));
        let made = make(&path).map_err(|source| Error::io("make", &path, source))?;
        Draft::of(path, &made, None)
    }

    /// Makes a folder under a name that bears a process's mark, for files that will be one product together.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub(crate) fn marked_folder(folder: &Path, mark: &str, name: &str) -> Result<Self> {
        let path = folder.join(name_of(mark, name));
        let make = || std::fs::create_dir(&path).and_then(|()| std::fs::symlink_metadata(&path));
        let metadata = make().map_err(|source| Error::io("make", &path, source))?;
        let id = id_of(&metadata);
        drafts().push((path.clone(), id));
        Ok(Draft { path, id, _lock: None })
    }

    /// Where it is written: an empty file, or an empty folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a file in the folder of the one that it will become. What killed processes left there of the same is removed.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub(crate) fn beside(path: &Path) -> Result<(Self, File)> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let folder = folder_of(path);
        remove_left(folder, &name);
        loop {
            let temporary = folder.join(name_of(&unique(), &name));
            let fail = |source| Error::io("make", &temporary, source);
            let file = make(&temporary).map_err(fail)?;
            let lock = Flock::lock(file.try_clone().map_err(fail)?, FlockArg::LockExclusiveNonblock).ok();
            // Between the two another process may have taken it for left behind.
            if is_still(&temporary, id_of(&file.metadata().map_err(fail)?)) {
                return Ok((Draft::of(temporary, &file, lock)?, file));
            }
        }
    }

    fn of(path: PathBuf, file: &File, lock: Option<Flock<File>>) -> Result<Self> {
        let metadata = file.metadata().map_err(|source| Error::io("look at", &path, source))?;
        let id = id_of(&metadata);
        drafts().push((path.clone(), id));
        Ok(Draft { path, id, _lock: lock })
    }

    /// Its temporary name, without the folder.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Waits until it is on the disk.
    fn sync(&self) -> Result<File> {
        let open = super::open(&self.path, File::options().read(true));
        let file = open.map_err(|source| super::error("open", &self.path, source))?;
        let metadata = file.metadata().map_err(|source| Error::io("look at", &self.path, source))?;
        if id_of(&metadata) != self.id {
            let reason = "another file has taken the place of the one that was written".to_owned();
            return Err(Error::foreign(self.path.clone(), reason));
        }
        file.sync_all().map_err(|source| Error::io("write to the disk", &self.path, source))?;
        Ok(file)
    }

    /// Waits until all files of a folder are on the disk, with their names.
    fn sync_folder(&self) -> Result<()> {
        let sync = || {
            let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            let folder = open(&self.path, flags, Mode::empty())?;
            let mut behind = |folder: &OwnedFd| Ok(nix::unistd::fsync(folder)?);
            each(&folder, &mut |_, file| file.sync_all(), &mut behind)
        };
        sync().map_err(|source| super::error("write to the disk", &self.path, source))
    }

    fn named(self, file: &File, path: &Path) -> Result<Metadata> {
        drafts().retain(|(draft, _)| *draft != self.path);
        file.metadata().map_err(|source| Error::io("look at", path, source))
    }

    /// Waits until it is on the disk, then gives it its name. Returns what the system says of it.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io); [`Foreign`](crate::ErrorKind::Foreign) where another file has its temporary name.
    pub(crate) fn publish(self, path: &Path) -> Result<Metadata> {
        let file = self.sync()?;
        std::fs::rename(&self.path, path).map_err(|source| Error::io("rename to", path, source))?;
        self.named(&file, path)
    }

    /// The same, of a path inside of the folder that it lies in. Of a folder that is there already, nothing is left.
    ///
    /// # Errors
    /// Those of [`Draft::publish`]; [`Foreign`](crate::ErrorKind::Foreign) where a folder of the path is a link, or where a folder stands that gridloom did
    /// not make.
    pub(crate) fn publish_inside(self, folder: &Path, file: &Inside) -> Result<Standing> {
        let path = file.below(folder);
        let fail = |action: &'static str| {
            let path = path.clone();
            move |source| super::error(action, &path, source)
        };
        let of = |made: std::io::Result<Metadata>| made.map_err(fail("look at"));
        if of(std::fs::symlink_metadata(&self.path))?.is_file() {
            let opened = self.sync()?;
            file.take(folder, &self.name()).map_err(fail("rename to"))?;
            self.named(&opened, &path)?;
        } else {
            self.sync_folder()?;
            if !is_still(&self.path, self.id) {
                let reason = "another folder has taken the place of the one that was written";
                return Err(Error::foreign(self.path.clone(), reason));
            }
            let there = std::fs::symlink_metadata(&path).is_ok_and(|there| there.is_dir());
            if there && !Standing::of(folder, file).is_ok_and(|there| there.is_marked) {
                return Err(Error::foreign(path, "it is a folder that gridloom did not make"));
            }
            file.exchange(folder, &self.name()).map_err(fail("rename to"))?;
            drafts().retain(|(draft, _)| *draft != self.path);
            // What had the name before.
            match std::fs::symlink_metadata(&self.path).map(|left| left.is_dir()) {
                Ok(true) => std::fs::remove_dir_all(&self.path).map_err(fail("remove what was at"))?,
                Ok(false) => super::remove(&self.path)?,
                Err(_) => {}
            }
        }
        Standing::of(folder, file).map_err(fail("read"))
    }

    /// Gives it its name, whether it is on the disk or not.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub(crate) fn rename(self, path: &Path) -> Result<()> {
        std::fs::rename(&self.path, path).map_err(|source| Error::io("rename to", path, source))?;
        drafts().retain(|(draft, _)| *draft != self.path);
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        remove_draft(&self.path, self.id);
        drafts().retain(|(draft, _)| *draft != self.path);
    }
}

/// Where a product is made: under a temporary name in the output folder.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    folder: &'a Path,
    mark: &'a str,
    name: &'a str,
}

impl<'a> Site<'a> {
    /// The place of a product of this name; `mark` is what temporary names bear.
    pub(crate) fn new(folder: &'a Path, mark: &'a str, name: &'a str) -> Self {
        Site { folder, mark, name }
    }

    /// The path that the product will have.
    pub fn path(&self) -> PathBuf {
        self.folder.join(self.name)
    }

    /// An empty file that will be the product.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn file(&self) -> Result<Draft> {
        Draft::marked(self.folder, self.mark, self.name)
    }

    /// An empty folder that will be the product, with all files that are put into it.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn folder(&self) -> Result<Draft> {
        Draft::marked_folder(self.folder, self.mark, self.name)
    }
}

/// Writes a small file, whole or not at all.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io).
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<Metadata> {
    let (draft, mut file) = Draft::beside(path)?;
    file.write_all(bytes).map_err(|source| Error::io("write", path, source))?;
    draft.publish(path)
}

/// The temporary name of a file.
fn name_of(mark: &str, file: &str) -> String {
    let mut file = file.replace('/', "_");
    if file.len() > KEPT {
        // What is cut off still tells two files of one process apart.
        let digest = twox_hash::XxHash3_64::oneshot(file.as_bytes());
        let end = (KEPT - 40..=KEPT - 36).find(|&end| file.is_char_boundary(end)).unwrap_or(0);
        // The ending says what it will be.
        let ending = file.rsplit_once('.').map(|(_, ending)| ending.to_owned()).filter(|it| it.len() < 16);
        file.truncate(end);
        file = format!("{file}~{digest:016x}.{}", ending.unwrap_or_default());
    }
    format!(".{mark}.{file}.part")
}

/// The mark in a temporary name, if it is one.
pub(crate) fn mark_of(name: &str) -> Option<&str> {
    let (mark, _) = name.strip_prefix('.')?.strip_suffix(".part")?.split_once('.')?;
    is_mark(mark).then_some(mark)
}

/// Removes drafts of a file whose processes are gone: they hold no lock. Where the file system has no locks, they stay.
pub(crate) fn remove_left(folder: &Path, file: &str) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let mark = name.to_str().and_then(mark_of);
        if mark.is_none_or(|mark| *name != *name_of(mark, file)) {
            continue;
        }
        let path = entry.path();
        let Ok(left) = open_own(&path, File::options().read(true).write(true)) else { continue };
        if let Ok(left) = Flock::lock(left, FlockArg::LockExclusiveNonblock)
            && let Ok(metadata) = left.metadata()
        {
            remove_same(&path, id_of(&metadata));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).expect("a folder").flatten();
        names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn what_killed_processes_left_goes_and_what_others_write_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("map.png");
        let left = [name_of("1f-0123456789abcdef", "map.png"), name_of("1f-0123456789abcdef", "other.png")];
        let kept = [".draft.png.part", ".map.png.12.tmp", ".1f-x.map.png.part", left[1].as_str()];
        for name in kept.into_iter().chain([left[0].as_str()]) {
            std::fs::write(folder.path().join(name), b"x").expect("a file");
        }
        let (living, _file) = Draft::beside(&path).expect("a draft");
        write_whole(&path, b"all of it").expect("a file");
        let mut wanted: Vec<String> = kept.map(str::to_owned).to_vec();
        wanted.extend([living.name(), "map.png".to_owned()]);
        wanted.sort();
        let mut found = names(folder.path());
        found.sort();
        assert_eq!(found, wanted);
        drop(living);
        assert_eq!(names(folder.path()).len(), wanted.len() - 1);
    }

    #[test]
    fn a_link_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, victim) = (folder.path().join("map.png"), folder.path().join("victim"));
        std::fs::write(&victim, b"dear").expect("a file");
        std::os::unix::fs::symlink(&victim, &path).expect("a link");
        write_whole(&path, b"new").expect("a file");
        assert_eq!(std::fs::read(&victim).expect("a file"), b"dear");
        assert!(!path.is_symlink());
    }

    #[test]
    fn another_file_under_the_temporary_name_is_not_published() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.nc");
        let draft = Draft::marked(folder.path(), &unique(), "x.nc").expect("a draft");
        let other = folder.path().join("other");
        std::fs::write(&other, b"other").expect("a file");
        std::fs::rename(&other, &draft.path).expect("a file");
        let error = draft.publish(&path).expect_err("it is another file");
        assert_eq!(error.kind(), crate::error::ErrorKind::Foreign);
        assert!(!path.exists() && names(folder.path()).len() == 1, "the other's file stays");
    }

    #[test]
    fn a_folder_is_published_as_a_whole_and_nothing_of_the_last_one_is_left() {
        let out = tempfile::tempdir().expect("a folder");
        let product = Inside::new("npp.store").expect("inside");
        let mark = unique();
        let begun = |files: &[(&str, &str)]| {
            let draft = Site::new(out.path(), &mark, "npp.store").folder().expect("a draft");
            for (name, text) in files {
                std::fs::write(draft.path().join(name), text).expect("a file");
            }
            draft
        };
        drop(begun(&[("a", "left behind")]));
        assert!(names(out.path()).is_empty(), "a draft that is given up goes with all that is in it");
        let first = begun(&[("a", "by gridloom"), ("b", "old")]);
        let standing = first.publish_inside(out.path(), &product).expect("a product");
        assert_eq!((standing.bytes, names(out.path())), (14, vec!["npp.store".to_owned()]));
        begun(&[("a", "gridloom again")]).publish_inside(out.path(), &product).expect("a product");
        assert_eq!(names(out.path()), ["npp.store"]);
        assert_eq!(names(&out.path().join("npp.store")), ["a"]);
        std::fs::write(out.path().join("npp.store/a"), b"of somebody else").expect("a file");
        let error = begun(&[("a", "by gridloom")]).publish_inside(out.path(), &product);
        assert!(error.expect_err("a folder of somebody else").to_string().contains("did not make"));
        assert_eq!(names(out.path()), ["npp.store"]);
        product.remove(out.path()).expect("removed");
        assert!(names(out.path()).is_empty());
    }

    #[test]
    fn long_names_have_short_drafts() {
        let long = format!("{}.nc", "ü".repeat(125));
        let name = name_of(&unique(), &long);
        assert!(name.len() < 255 && name.ends_with(".nc.part") && mark_of(&name).is_some(), "{name}");
        assert_ne!(
            name_of("1f-0123456789abcdef", &long),
            name_of("1f-0123456789abcdef", &format!("{long}.nc"))
        );
    }
}
