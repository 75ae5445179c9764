//! One process at a time changes an archive. Readers need no lock: what they have open does not change.
//!
//! What is locked is the file, by whichever of its names it was asked for. Links are resolved once, and all that follows is
//! done under the name that was found. Of the two locks one is a file beside the archive, `.RUN.nc.lock`, which says who has
//! it and holds for an archive that is not there yet; the other is of the archive itself, and holds for its other names.
//!
//! The archive's own is a lock of one byte far behind its end. On a local disk HDF5's locks are of another kind; on a network
//! file system the server sees both alike, and then the byte tells them apart.
//!
//! Where a file system has no locks, the file beside the archive can be made only once, and its owner gives signs of life, as
//! in a spool ([`crate::spool::lock`]). That does not see other names of the archive.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::error::{Error, Result, Trouble};
use crate::observer::Nobody;
use crate::shared;
use crate::spool::lock::{self as spool, BEAT, State, host};

/// A lock's file is not longer than this.
const LONGEST: u64 = 1 << 16;

/// The right to change an archive. It is given back when this is dropped, or when the process ends in any way.
#[derive(Debug)]
pub(super) struct Lock {
    target: PathBuf,
    /// Held, not read; the archive's own first.
    _own: Option<Own>,
    _beside: Beside,
}

impl Lock {
    /// Takes the lock of an archive, which need not be there yet.
    ///
    /// # Errors
    /// [`Busy`](crate::ErrorKind::Busy) where another process has it; [`Foreign`](crate::ErrorKind::Foreign) where it is a link that leads nowhere, or something
    /// else has the name of its lock.
    pub fn take(archive: &Path) -> Result<Self> {
        let target = resolve(archive)?;
        let beside = Beside::take(archive, &target)?;
        let own = own(archive, &target)?;
        let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        shared::remove_left(shared::folder_of(&target), &name);
        Ok(Lock { target, _own: own, _beside: beside })
    }

    /// Where the archive is, behind all links.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Refuses to put another file in the place of one that has other names: under those the old one would stay.
    ///
    /// # Errors
    /// [`Foreign`](crate::ErrorKind::Foreign).
    pub fn refuse_names(&self) -> Result<()> {
        match std::fs::symlink_metadata(&self.target) {
            Ok(there) if there.nlink() > 1 => Err(Error::foreign(
                self.target.clone(),
                format!(
                    "it has {} names (hard links), and a file that is written anew gets one of them; copy it, or remove the others",
                    there.nlink()
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// The path of a file behind all links; it need not be there.
fn resolve(path: &Path) -> Result<PathBuf> {
    let fail = |source| Error::io("open", path, source);
    match path.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound && path.is_symlink() => {
            Err(Error::foreign(path, "it is a link that leads nowhere"))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = shared::folder_of(path).canonicalize().map_err(fail)?;
            Ok(folder.join(path.file_name().unwrap_or_default()))
        }
        resolved => resolved.map_err(fail),
    }
}

fn locked(archive: &Path, owner: String) -> Error {
    Error::locked(archive, owner)
}

/// The archive itself, while it is locked.
#[derive(Debug)]
struct Own(File);

impl Drop for Own {
    /// A process that is just being started has the open file as well, until it is another program. So closing is not enough.
    fn drop(&mut self) {
        byte::unlock(&self.0);
    }
}

/// The lock of the archive itself; `None` where it is not there, or the file system has no such locks.
fn own(archive: &Path, target: &Path) -> Result<Option<Own>> {
    shared::refuse_folder(target)?;
    loop {
        let file = match shared::open(target, File::options().read(true).write(true)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|source| shared::error("open for writing", target, source))?,
        };
        match byte::lock(&file) {
            Ok(()) => {}
            Err(Errno::EAGAIN | Errno::EACCES) if byte::is_ours(&file) => {
                return Err(locked(archive, "a process that has it by another name".to_owned()));
            }
            // A reader's lock of all of the file, on a network file system; the lock beside the archive must do.
            Err(Errno::EAGAIN | Errno::EACCES) => return Ok(None),
            Err(error) if shared::has_no_locks(error) => return Ok(None),
            Err(error) => return Err(Error::io("lock", target, error.into())),
        }
        let own = Own(file);
        // Whoever held it before may have put another file in its place.
        let id = own.0.metadata().map_err(|source| Error::io("look at", target, source))?;
        if shared::is_still(target, shared::id_of(&id)) {
            return Ok(Some(own));
        }
    }
}

/// A lock of one byte that goes with an open file, not with the process.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod byte {
    use std::fs::File;

    use nix::errno::Errno;
    use nix::fcntl::{FcntlArg, fcntl};
    use nix::libc;

    /// Far behind the end of any file.
    const PLACE: libc::off_t = libc::off_t::MAX / 4 + 1;

    fn description(kind: libc::c_int) -> libc::flock {
        libc::flock {
            l_type: kind as libc::c_short,
            l_whence: libc::SEEK_SET as libc::c_short,
            l_start: PLACE,
            l_len: 1,
            l_pid: 0,
        }
    }

    pub fn lock(file: &File) -> Result<(), Errno> {
        fcntl(file, FcntlArg::F_OFD_SETLK(&description(libc::F_WRLCK))).map(drop)
    }

    pub fn unlock(file: &File) {
        // Without success it is unlocked when the last handle is closed.
        let _ = fcntl(file, FcntlArg::F_OFD_SETLK(&description(libc::F_UNLCK)));
    }

    /// Whether what is in the way is the lock of another gridloom.
    pub fn is_ours(file: &File) -> bool {
        let mut found = description(libc::F_WRLCK);
        let asked = fcntl(file, FcntlArg::F_OFD_GETLK(&mut found));
        // Where it has just been given back, or nobody knows: the careful answer.
        asked.is_err() || found.l_type == libc::F_UNLCK as libc::c_short || found.l_start == PLACE
    }
}

/// Other systems have only locks that a process loses by closing any handle of the file.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod byte {
    use std::fs::File;

    use nix::errno::Errno;

    pub fn lock(_: &File) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    pub fn unlock(_: &File) {}

    pub fn is_ours(_: &File) -> bool {
        true
    }
}

/// The lock beside the archive.
#[derive(Debug)]
enum Beside {
    /// A file that is locked.
    Locked { path: PathBuf, id: (u64, u64), _file: Flock<File> },
    /// A file that only one process can make.
    Made(#[expect(dead_code, reason = "held, not read")] Living),
}

impl Beside {
    fn take(archive: &Path, target: &Path) -> Result<Self> {
        let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let path = target.with_file_name(format!(".{name}.lock"));
        let fail = |source| shared::error("lock", &path, source);
        loop {
            let mut options = File::options();
            let file = shared::open_own(&path, options.read(true).write(true).create(true).truncate(false));
            let file = match file {
                // What its owner has just removed has no name any more.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                file => file.map_err(fail)?,
            };
            let mut text = Vec::new();
            (&file).take(LONGEST).read_to_end(&mut text).map_err(fail)?;
            if !is_owner(&text) {
                let reason = "it is not a lock of gridloom".to_owned();
                return Err(Error::foreign(path, reason));
            }
            let id = shared::id_of(&file.metadata().map_err(fail)?);
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                // Whoever held it before may just have removed the file.
                Ok(_) if !shared::is_still(&path, id) => {}
                Ok(file) => {
                    let _ = file.set_len(0);
                    let owner = format!("process {} on {}", std::process::id(), host());
                    let _ = (&*file).write_all(owner.as_bytes());
                    return Ok(Beside::Locked { path, id, _file: file });
                }
                Err((_, Errno::EAGAIN)) => {
                    let owner = String::from_utf8_lossy(&text).replace('\0', "").trim().to_owned();
                    let owner = if owner.is_empty() { "a process".to_owned() } else { owner };
                    return Err(locked(archive, owner));
                }
                Err((_, error)) if shared::has_no_locks(error) => {
                    if text.is_empty() {
                        shared::remove_same(&path, id);
                    }
                    return Living::take(archive, path).map(Beside::Made);
                }
                Err((_, error)) => return Err(fail(error.into())),
            }
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if let Beside::Locked { path, id, .. } = self {
            shared::remove_same(path, *id);
        }
    }
}

/// Whether a text is what a lock has in it: its owner in one of two forms, or what a kill or a loss of power leaves of it.
fn is_owner(text: &[u8]) -> bool {
    let is_or_lost = |&byte: &u8, wanted: &dyn Fn(u8) -> bool| byte == 0 || wanted(byte);
    let begins = text.iter().zip(b"process ").all(|(byte, &letter)| is_or_lost(byte, &|byte| byte == letter));
    let number = text.get(8).is_none_or(|byte| is_or_lost(byte, &|byte| byte.is_ascii_digit()));
    let is_line = text.len() < 300 && text.iter().all(|byte| is_or_lost(byte, &|byte| byte >= b' '));
    (begins && number && is_line) || serde_json::from_slice::<spool::Owner>(text).is_ok()
}

/// A lock whose owner gives signs of life.
#[derive(Debug)]
struct Living {
    over: Option<mpsc::Sender<()>>,
    beating: Option<std::thread::JoinHandle<()>>,
}

impl Living {
    fn take(archive: &Path, path: PathBuf) -> Result<Self> {
        let taken = spool::Lock::take_at(path, None, &Nobody);
        let mut held = taken.map_err(|error| match error.into_trouble() {
            Trouble::Locked { owner, .. } => locked(archive, owner),
            trouble => trouble.into(),
        })?;
        let (over, ended) = mpsc::channel();
        let beating = std::thread::Builder::new().spawn(move || {
            while ended.recv_timeout(BEAT) == Err(mpsc::RecvTimeoutError::Timeout) {
                // Nothing better than to go on can be done about one that was lost.
                let _ = held.beat(State::default());
            }
        });
        let beating = beating.map_err(crate::threads::cannot_start)?;
        Ok(Living { over: Some(over), beating: Some(beating) })
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        self.over = None;
        if let Some(beating) = self.beating.take() {
            let _ = beating.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_known_by_what_is_in_them() {
        let owner = b"process 4711 on node07";
        for end in 0..=owner.len() {
            let mut torn = owner.to_vec();
            torn[..end].fill(0);
            assert!(is_owner(owner.get(..end).unwrap_or_default()) && is_owner(&torn), "{end}");
        }
        for other in [
            &b"mine"[..],
            b"process",
            b"processes of mine",
            b"process 1\nprocess 2",
            b"ssh-ed25519 AAAA",
            b"{}",
        ] {
            assert_eq!(is_owner(other), other == b"process", "{other:?}");
        }
    }
}
