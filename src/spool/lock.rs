//! Locks that survive network file systems and dead owners.
//!
//! A lock is a file that can be made only once. Its owner writes into it every few seconds, and how far it is. Whoever finds
//! the file there can tell that the owner is dead: at once where the owner ran on the same machine, or was an earlier start
//! of the same job of Slurm; otherwise when the file did not change for [`SILENCE`]. No clock is compared with that
//! of another machine, and nothing depends on the locks of the file system.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::observer::Observer;
use crate::plan::Share;
use crate::shared::{self, unique};

use super::{Task, path_of, tasks};

mod owner;

pub use owner::{Owner, State, host};

/// How often an owner writes.
pub const BEAT: Duration = Duration::from_secs(5);

/// How long a lock of another machine must be silent before its owner counts as dead.
pub const SILENCE: Duration = Duration::from_secs(40);

/// A lock's file is not longer than this.
const LONGEST: u64 = 1 << 16;

/// The owner that a lock's file names; `None` while it is being made, or where it is damaged.
pub fn owner_of(path: &Path) -> Option<Owner> {
    serde_json::from_slice(&shared::read(path, LONGEST).ok()?).ok()
}

/// All locks of a spool.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io).
pub fn owners(folder: &Path) -> Result<Vec<(Task, Option<Owner>)>> {
    let of = |task| (task, owner_of(&path_of(folder, "lock", task)));
    Ok(tasks(folder, "lock")?.into_iter().map(of).collect())
}

/// An observer that does not wait for a lock.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwilling;

impl Observer for Unwilling {
    fn is_stopped(&self) -> bool {
        true
    }
}

/// A lock that is held; dropping it gives it back.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    owner: Owner,
    start: Instant,
    /// Which file it is.
    id: (u64, u64),
}

impl Lock {
    /// Takes the lock of a task.
    ///
    /// # Errors
    /// [`Busy`](crate::ErrorKind::Busy) where the owner lives; [`Stopped`](crate::ErrorKind::Stopped), [`Io`](crate::ErrorKind::Io).
    pub fn take(folder: &Path, task: Task, share: Option<Share>, observer: &dyn Observer) -> Result<Self> {
        let path = path_of(folder, "lock", task);
        Lock::take_at(path, share, observer)
    }

    /// Takes the lock that is a file of a name of its own.
    ///
    /// # Errors
    /// Those of [`Lock::take`].
    pub(crate) fn take_at(path: PathBuf, share: Option<Share>, observer: &dyn Observer) -> Result<Self> {
        let owner = Owner::me(share);
        while !make(&path, &owner)? {
            wait_for_deaths(vec![path.clone()], &owner, observer)?;
        }
        let made = std::fs::symlink_metadata(&path).map_err(|source| Error::io("look at", &path, source))?;
        Ok(Lock { path, owner, start: Instant::now(), id: shared::id_of(&made) })
    }

    /// A name that no other holder of a lock has.
    pub fn unique(&self) -> &str {
        &self.owner.unique
    }

    /// Whether a file is that of the lock. One that has come in its place may even have its number, but not its length.
    fn is_it(&self, file: &File) -> bool {
        let is_it = |found: std::fs::Metadata| {
            shared::id_of(&found) == self.id && found.len() >= owner::LENGTH as u64
        };
        file.metadata().is_ok_and(is_it)
    }

    /// Gives a sign of life.
    ///
    /// # Errors
    /// [`Busy`](crate::ErrorKind::Busy) where another process holds the lock now. A sign that cannot be written, as on a full disk, is
    /// no error: the next one may be.
    pub fn beat(&mut self, state: State) -> Result<()> {
        let lost = || Error::lock_lost(self.path.clone());
        let file = match shared::open_own(&self.path, File::options().read(true).write(true)) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(lost()),
            Err(error) if shared::is_foreign(&error) => return Err(lost()),
            Err(_) => return Ok(()),
        };
        if !self.is_it(&file) {
            return Err(lost());
        }
        let found: Option<Owner> =
            std::io::read_to_string(&file).ok().and_then(|text| serde_json::from_str(&text).ok());
        if found.is_some_and(|found| found.unique != self.owner.unique) {
            return Err(lost());
        }
        self.owner.beat += 1;
        self.owner.state = State { seconds: self.start.elapsed().as_secs_f64(), ..state };
        let _ = file.write_all_at(&self.owner.text(), 0);
        Ok(())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let is_mine = |owner: Option<Owner>| owner.is_none_or(|found| found.unique == self.owner.unique);
        let file = shared::open_own(&self.path, File::options().read(true));
        if file.is_ok_and(|file| self.is_it(&file)) && is_mine(owner_of(&self.path)) {
            shared::remove_same(&self.path, self.id);
        }
    }
}

/// Makes a lock's file with all that is in it, unless there is one.
fn make(path: &Path, owner: &Owner) -> Result<bool> {
    use std::io::{ErrorKind, Write};
    let temporary = path.with_file_name(format!(".lock.{}", owner.unique));
    let write = |path: &Path| {
        let mut file = shared::make(path)?;
        file.write_all(&owner.text())?;
        file.sync_all()
    };
    let made = write(&temporary).map_err(|source| Error::io("write to", &temporary, source));
    let linked = made.map(|()| std::fs::hard_link(&temporary, path));
    let _ = std::fs::remove_file(&temporary);
    match linked? {
        Ok(()) => Ok(true),
        // A server that repeats a request may find what it made itself.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Ok(owner_of(path).is_some_and(|found| found.unique == owner.unique))
        }
        // Some file systems have no links; there, for a moment, the file is without its text.
        Err(_) => match write(path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(source) => Err(Error::io("make", path, source)),
        },
    }
}

/// Refuses to go on while another process holds a lock for which `matters` is true. Locks of dead owners are removed.
///
/// # Errors
/// [`Busy`](crate::ErrorKind::Busy), [`Stopped`](crate::ErrorKind::Stopped), [`Io`](crate::ErrorKind::Io).
pub fn refuse_others(
    folder: &Path,
    matters: impl Fn(Task, Option<Share>) -> bool,
    observer: &dyn Observer,
) -> Result<()> {
    let others = owners(folder)?.into_iter();
    let others = others.filter(|(task, owner)| matters(*task, owner.as_ref().and_then(|owner| owner.share)));
    let paths = others.map(|(task, _)| path_of(folder, "lock", task)).collect();
    wait_for_deaths(paths, &Owner::me(None), observer)
}

/// Returns when locks are free, having removed those of dead owners. All are watched at the same time.
fn wait_for_deaths(paths: Vec<PathBuf>, me: &Owner, observer: &dyn Observer) -> Result<()> {
    let start = Instant::now();
    let mut watched: Vec<(PathBuf, Vec<u8>)> =
        paths.into_iter().map(|path| (path.clone(), text_of(&path).unwrap_or_default())).collect();
    let mut has_told = false;
    loop {
        let mut left = Vec::new();
        for (path, first) in watched {
            if let Some(words) = look(&path, &first, start.elapsed(), me)? {
                if !std::mem::replace(&mut has_told, true) {
                    observer.note(&words.as_str().into());
                }
                left.push((path, first));
            }
        }
        if left.is_empty() {
            return Ok(());
        }
        if observer.is_stopped() {
            return Err(Error::stopped(0, 0));
        }
        watched = left;
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Looks at a lock that had some content a while ago. `None` where it is free now; otherwise what is waited for.
fn look(path: &Path, first: &[u8], watched: Duration, me: &Owner) -> Result<Option<String>> {
    let output = path.parent().and_then(Path::parent).unwrap_or(path);
    let locked = |owner: String| Error::locked(output, owner);
    let now = match text_of(path) {
        Ok(now) => now,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(shared::error("read", path, source)),
    };
    let owner: Option<Owner> = serde_json::from_slice(&now).ok();
    let words = owner.as_ref().map_or_else(|| "a process that just started".to_owned(), Owner::describe);
    // A text that is no owner's is one that is just being written, or what a crash left of it.
    let silence = if owner.is_some() { SILENCE } else { 2 * BEAT };
    match owner.as_ref().and_then(|owner| owner.is_dead(me)) {
        Some(false) => Err(locked(words)),
        None if now != first && owner.is_some() => Err(locked(words)),
        None if watched <= silence => {
            let seconds = silence.as_secs();
            Ok(Some(format!(
                "{words} held this folder; it counts as dead after {seconds} s without a sign of life"
            )))
        }
        _ => bury(path, &now, locked).map(|()| None),
    }
}

fn text_of(path: &Path) -> std::io::Result<Vec<u8>> {
    shared::read(path, LONGEST)
}

/// Removes a dead owner's lock, unless another process has just done so and made its own.
fn bury(path: &Path, dead: &[u8], locked: impl Fn(String) -> Error) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let grave = path.with_file_name(format!(".{name}.{}", unique()));
    match std::fs::rename(path, &grave) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(Error::io("remove", path, source)),
    }
    let found = text_of(&grave).unwrap_or_default();
    let result = if found == dead {
        Ok(())
    } else {
        // That was a living one's: give it back.
        let give_back = || shared::make(path).and_then(|file| file.write_all_at(&found, 0));
        let _ = std::fs::hard_link(&grave, path).or_else(|_| give_back());
        Err(locked("a process that just started".to_owned()))
    };
    let _ = std::fs::remove_file(&grave);
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ErrorKind, Reason};
    use crate::observer::Nobody;
    use crate::sync::lock;

    fn kind<T>(result: Result<T>) -> ErrorKind {
        result.err().expect("an error").kind()
    }

    /// Keeps what it is told.
    #[derive(Default)]
    struct Told(std::sync::Mutex<Vec<Reason>>);

    impl Observer for Told {
        fn note(&self, note: &Reason) {
            lock(&self.0).push(note.clone());
        }
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn take(folder: &Path) -> Result<Lock> {
        Lock::take(folder, Task::number(0), None, &Nobody)
    }

    fn leave(folder: &Path, change: impl FnOnce(&mut Owner)) {
        let mut owner = Owner::me(None);
        change(&mut owner);
        std::fs::write(path_of(folder, "lock", Task::number(0)), owner.text()).expect("a lock");
    }

    #[test]
    fn a_lock_is_held_once_and_given_back() {
        let folder = folder();
        let lock = take(folder.path()).expect("free");
        assert!(kind(take(folder.path())) == ErrorKind::Busy);
        drop(lock);
        drop(take(folder.path()).expect("free again"));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn a_dead_owner_on_this_machine_is_known_at_once() {
        let folder = folder();
        leave(folder.path(), |owner| owner.process = 4_190_001);
        drop(take(folder.path()).expect("the process is not there"));
        // The number is in use again, by a process that started at another time.
        leave(folder.path(), |owner| owner.started_at += 1);
        drop(take(folder.path()).expect("another process"));
    }

    #[test]
    fn an_earlier_start_of_the_same_job_is_dead() {
        let me = Owner { slurm: Some(("7".into(), "3".into(), 1)), ..Owner::me(None) };
        let elsewhere = Owner { identity: "another machine".into(), ..me.clone() };
        let of = |job: &str, task: &str, restarts| {
            Owner { slurm: Some((job.into(), task.into(), restarts)), ..elsewhere.clone() }.is_dead(&me)
        };
        assert_eq!(of("7", "3", 0), Some(true));
        assert_eq!(of("7", "3", 1), None);
        assert_eq!(of("7", "4", 0), None);
        assert_eq!(of("8", "3", 0), None);
    }

    #[test]
    fn a_living_owner_on_another_machine_gives_a_sign() {
        let folder = folder();
        leave(folder.path(), |owner| owner.identity = "another machine".into());
        let path = path_of(folder.path(), "lock", Task::number(0));
        let beating = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            let mut owner = owner_of(&path).expect("an owner");
            owner.beat += 1;
            std::fs::write(&path, owner.text()).expect("a beat");
        });
        let told = Told::default();
        let taken = Lock::take(folder.path(), Task::number(0), None, &told);
        assert!(kind(taken) == ErrorKind::Busy && lock(&told.0).len() == 1);
        beating.join().expect("a thread");
    }

    #[test]
    fn waiting_ends_on_request() {
        let folder = folder();
        leave(folder.path(), |owner| owner.identity = "another machine".into());
        let taken = Lock::take(folder.path(), Task::number(0), None, &Unwilling);
        assert!(kind(taken) == ErrorKind::Stopped);
    }

    #[test]
    fn an_owner_that_was_taken_for_dead_notices() {
        let folder = folder();
        let mut lock = take(folder.path()).expect("free");
        lock.beat(State::default()).expect("still mine");
        leave(folder.path(), |_| {});
        assert!(kind(lock.beat(State::default())) == ErrorKind::Busy);
        drop(lock);
        assert!(path_of(folder.path(), "lock", Task::number(0)).exists(), "the other's lock stays");
        std::fs::remove_file(path_of(folder.path(), "lock", Task::number(0))).expect("a file");
        let mut lock = take(folder.path()).expect("free");
        std::fs::remove_file(path_of(folder.path(), "lock", Task::number(0))).expect("a file");
        assert!(kind(lock.beat(State::default())) == ErrorKind::Busy);
    }
}
