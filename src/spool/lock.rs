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
use crate::plan::Share;

use super::snapshot::unique;
use super::{Task, path_of, tasks};

/// How often an owner writes.
pub const BEAT: Duration = Duration::from_secs(5);

/// How long a lock of another machine must be silent before its owner counts as dead.
pub const SILENCE: Duration = Duration::from_secs(40);

/// The size of a lock's file: a shorter text never leaves a longer one's end behind.
const LENGTH: usize = 2048;

/// Who holds a lock, and how far it is.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Owner {
    /// The machine's name.
    pub host: String,
    /// The process.
    pub process: u32,
    /// Which start of the machine, which space of process numbers, and when the process started in it: with `process`,
    /// what no other process has.
    identity: String,
    started_at: u64,
    /// Job, task of the array and number of restarts, where Slurm started the process.
    slurm: Option<(String, String, u32)>,
    unique: String,
    /// Counts up with each sign of life.
    pub beat: u64,
    /// The owner's share of the work, where it is shared.
    pub share: Option<Share>,
    /// How far it is.
    pub state: State,
}

/// How far a process is.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct State {
    /// Seconds since it started.
    pub seconds: f64,
    /// Units of its share, and those done, found ones included.
    pub units: u64,
    /// Units done.
    pub units_done: u64,
    /// Units that were done when it started.
    pub units_found: u64,
    /// Dumps that it has to read.
    pub dumps: u64,
    /// Dumps read.
    pub dumps_done: u64,
    /// Dumps among them of units that were done when it started.
    pub dumps_found: u64,
    /// Inputs that could not be used.
    pub faults: u64,
    /// Files to publish.
    pub files: u64,
    /// Files published.
    pub files_done: u64,
}

impl Owner {
    /// This process.
    pub fn me(share: Option<Share>) -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let process = std::process::id();
        Owner {
            host: host(),
            process,
            identity: identity(),
            started_at: started_at(&read("/proc/self/stat")).unwrap_or(0),
            slurm: slurm(),
            unique: unique(),
            share,
            ..Owner::default()
        }
    }

    /// Whether the owner can be told to be dead, or alive, without waiting.
    pub fn is_dead(&self, me: &Owner) -> Option<bool> {
        if let (Some((job, task, restarts)), Some((my_job, my_task, my_restarts))) = (&self.slurm, &me.slurm)
            && (job, task) == (my_job, my_task)
            && restarts < my_restarts
        {
            // Slurm starts a job again only when all of its processes are gone.
            return Some(true);
        }
        if self.identity.is_empty() || self.identity != me.identity {
            return None;
        }
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process));
        Some(stat.ok().and_then(|stat| started_at(&stat)) != Some(self.started_at))
    }

    /// Who that is, in words.
    pub fn describe(&self) -> String {
        let share = self.share.map(|share| format!(", shard {share}")).unwrap_or_default();
        format!("process {} on {}{share}", self.process, self.host)
    }

    fn text(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec(self).unwrap_or_default();
        text.resize(LENGTH.max(text.len() + 1), b' ');
        if let Some(last) = text.last_mut() {
            *last = b'\n';
        }
        text
    }
}

/// The machine's name.
pub fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = name.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_default();
    if name.trim().is_empty() { "an unknown machine".to_owned() } else { name.trim().to_owned() }
}

/// Where process numbers mean the same; empty where the system does not tell.
fn identity() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let space = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    match (boot.trim(), space.to_str()) {
        ("", _) | (_, None | Some("")) => String::new(),
        (boot, Some(space)) => format!("{boot} {space}"),
    }
}

/// The 22nd field of /proc/PID/stat; the second, a name, may have spaces and brackets in it. A process that is dead but
/// not buried yet counts as dead.
fn started_at(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    (!matches!(state, "Z" | "X")).then(|| fields.nth(18)?.parse().ok())?
}

fn slurm() -> Option<(String, String, u32)> {
    let variable = |name: &str| std::env::var(name).ok();
    let job = variable("SLURM_ARRAY_JOB_ID").or_else(|| variable("SLURM_JOB_ID"))?;
    let task = variable("SLURM_ARRAY_TASK_ID").unwrap_or_default();
    let restarts = variable("SLURM_RESTART_COUNT").and_then(|text| text.parse().ok()).unwrap_or(0);
    Some((job, task, restarts))
}

/// The owner that a lock's file names; `None` while it is being made, or where it is damaged.
pub fn owner(path: &Path) -> Option<Owner> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// All locks of a spool.
///
/// # Errors
/// [`Error::Io`].
pub fn owners(folder: &Path) -> Result<Vec<(Task, Option<Owner>)>> {
    let of = |task| (task, owner(&path_of(folder, "lock", task)));
    Ok(tasks(folder, "lock")?.into_iter().map(of).collect())
}

/// A lock that is held; dropping it gives it back.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    owner: Owner,
    start: Instant,
}

impl Lock {
    /// Takes the lock of a task. `waiting` is told once, if a lock of another machine has to be watched before it can be
    /// taken over.
    ///
    /// # Errors
    /// [`Error::Locked`] where the owner lives; [`Error::Io`].
    pub fn take(folder: &Path, task: Task, share: Option<Share>, waiting: &dyn Fn(&str)) -> Result<Self> {
        let path = path_of(folder, "lock", task);
        let owner = Owner::me(share);
        while !make(&path, &owner)? {
            wait_for_death(&path, &owner, waiting)?;
        }
        Ok(Lock { path, owner, start: Instant::now() })
    }

    /// Gives a sign of life.
    ///
    /// # Errors
    /// [`Error::LockLost`] where another process holds the lock now. A sign that cannot be written, as on a full disk, is
    /// no error: the next one may be.
    pub fn beat(&mut self, state: State) -> Result<()> {
        let lost = || Error::LockLost { path: self.path.clone() };
        let file = match File::options().read(true).write(true).open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(lost()),
            Err(_) => return Ok(()),
        };
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
        if owner(&self.path).is_none_or(|found| found.unique == self.owner.unique) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Makes a lock's file with all that is in it, unless there is one.
fn make(path: &Path, owner: &Owner) -> Result<bool> {
    use std::io::{ErrorKind, Write};
    let temporary = path.with_file_name(format!(".lock.{}", owner.unique));
    let write = |path: &Path| {
        let mut file = File::create_new(path)?;
        file.write_all(&owner.text())?;
        file.sync_all()
    };
    let made = write(&temporary).map_err(|source| Error::io("write to", &temporary, source));
    let linked = made.map(|()| std::fs::hard_link(&temporary, path));
    let _ = std::fs::remove_file(&temporary);
    match linked? {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
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
/// [`Error::Locked`], [`Error::Io`].
pub fn refuse_others(
    folder: &Path,
    matters: impl Fn(Task, Option<Share>) -> bool,
    waiting: &dyn Fn(&str),
) -> Result<()> {
    let me = Owner::me(None);
    for (task, owner) in owners(folder)? {
        if matters(task, owner.and_then(|owner| owner.share)) {
            wait_for_death(&path_of(folder, "lock", task), &me, waiting)?;
        }
    }
    Ok(())
}

/// Returns when a lock is free, having removed that of a dead owner.
fn wait_for_death(path: &Path, me: &Owner, waiting: &dyn Fn(&str)) -> Result<()> {
    let output = path.parent().and_then(Path::parent).unwrap_or(path);
    let locked = |owner: String| Error::Locked { path: output.to_owned(), owner };
    let first = std::fs::read(path).unwrap_or_default();
    let start = Instant::now();
    let mut has_told = false;
    loop {
        let now = match std::fs::read(path) {
            Ok(now) => now,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(Error::io("read", path, source)),
        };
        let owner: Option<Owner> = serde_json::from_slice(&now).ok();
        let words = owner.as_ref().map_or_else(|| "a process that just started".to_owned(), Owner::describe);
        // A text that is no owner's is one that is just being written, or what a crash left of it.
        let is_silent = start.elapsed() > if owner.is_some() { SILENCE } else { 2 * BEAT };
        match owner.as_ref().and_then(|owner| owner.is_dead(me)) {
            Some(false) => return Err(locked(words)),
            None if now != first && owner.is_some() => return Err(locked(words)),
            None if !is_silent => {}
            _ => return bury(path, &now, locked),
        }
        if !std::mem::replace(&mut has_told, true) && owner.is_some() {
            let seconds = SILENCE.as_secs();
            waiting(&format!(
                "{words} held this folder; it counts as dead after {seconds} s without a sign of life"
            ));
        }
        std::thread::sleep(Duration::from_millis(if owner.is_some() { 500 } else { 50 }));
    }
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
    let found = std::fs::read(&grave).unwrap_or_default();
    let result = if found == dead {
        Ok(())
    } else {
        // That was a living one's: give it back.
        let _ = std::fs::hard_link(&grave, path);
        Err(locked("a process that just started".to_owned()))
    };
    let _ = std::fs::remove_file(&grave);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn take(folder: &Path) -> Result<Lock> {
        Lock::take(folder, Task::number(0), None, &|_| {})
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
        assert!(matches!(take(folder.path()), Err(Error::Locked { .. })));
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
            let mut owner = owner(&path).expect("an owner");
            owner.beat += 1;
            std::fs::write(&path, owner.text()).expect("a beat");
        });
        let told = std::cell::Cell::new(0);
        let taken = Lock::take(folder.path(), Task::number(0), None, &|_| told.set(told.get() + 1));
        assert!(matches!(taken, Err(Error::Locked { .. })) && told.get() == 1);
        beating.join().expect("a thread");
    }

    #[test]
    fn an_owner_that_was_taken_for_dead_notices() {
        let folder = folder();
        let mut lock = take(folder.path()).expect("free");
        lock.beat(State::default()).expect("still mine");
        leave(folder.path(), |_| {});
        assert!(matches!(lock.beat(State::default()), Err(Error::LockLost { .. })));
        drop(lock);
        assert!(path_of(folder.path(), "lock", Task::number(0)).exists(), "the other's lock stays");
        std::fs::remove_file(path_of(folder.path(), "lock", Task::number(0))).expect("a file");
        let mut lock = take(folder.path()).expect("free");
        std::fs::remove_file(path_of(folder.path(), "lock", Task::number(0))).expect("a file");
        assert!(matches!(lock.beat(State::default()), Err(Error::LockLost { .. })));
    }
}
