//! What goes on beside the work: signs of life, and the way of finished pieces to the disk.

use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::spool::Spool;
use crate::spool::lock::{BEAT, Lock};

use crate::threads::spawn;

use super::progress::Progress;
use super::stats::{Stage, Stats};
use super::stop::Halt;
use crate::sync::lock;

/// How much work a loss of power may cost. Nothing that is right depends on it, since every piece is checked before it is used.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// A slow disk is not kept busy with it: it rests so many times as long as the last sync took, but no longer than `SYNC_LATEST`.
const REST: u32 = 9;
const SYNC_LATEST: Duration = Duration::from_secs(30);

/// Tells the threads beside the work that it is over.
#[derive(Default)]
struct Over {
    is_over: Mutex<bool>,
    changed: Condvar,
}

impl Over {
    /// Waits for some time; says whether the work is over.
    fn wait(&self, time: Duration) -> bool {
        let guard = lock(&self.is_over);
        match self.changed.wait_timeout_while(guard, time, |is_over| !*is_over) {
            Ok((is_over, _)) => *is_over,
            Err(_) => true,
        }
    }
}

/// Ends the threads however the work ends.
struct End<'a>(&'a Over);

impl Drop for End<'_> {
    fn drop(&mut self) {
        *lock(&self.0.is_over) = true;
        self.0.changed.notify_all();
    }
}

/// Does some work while the lock is kept alive and the spool synced.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io) where the threads for that cannot be started; nothing is done then.
pub(super) fn keep<T>(
    mut held: Lock,
    spool: &Spool,
    stats: &Stats,
    progress: &Progress<'_>,
    halt: &Halt<'_>,
    work: impl FnOnce() -> T,
) -> Result<(T, Lock)> {
    let over = Over::default();
    std::thread::scope(|scope| {
        let end = End(&over);
        let beating = spawn(scope, || {
            // More often at first, for whoever looks at a run that just started.
            let mut pause = Duration::from_millis(250);
            loop {
                if let Err(error) = held.beat(progress.state()) {
                    halt.fail(error);
                }
                if over.wait(pause) {
                    return held;
                }
                pause = BEAT.min(2 * pause);
            }
        })?;
        spawn(scope, || {
            let mut pause = SYNC_EVERY;
            while !over.wait(pause) {
                if !spool.has_news() {
                    continue;
                }
                let start = Instant::now();
                let synced = stats.time(Stage::Sync, || "spool".to_owned(), || (spool.sync(), 0));
                if let Err(error) = synced {
                    halt.fail(error);
                }
                pause = (REST * start.elapsed()).clamp(SYNC_EVERY, SYNC_LATEST);
            }
        })?;
        let result = work();
        drop(end);
        match beating.join() {
            Ok(held) => Ok((result, held)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
