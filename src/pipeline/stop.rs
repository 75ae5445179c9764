//! How work ends before its end: on request, with some time to finish what is begun, or by an error.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

use crate::sync::lock;

/// A request to stop, made from a signal handler's thread or any other.
#[derive(Debug)]
pub struct Stop {
    requested: OnceLock<Instant>,
    grace: Duration,
}

impl Default for Stop {
    /// Twenty seconds of grace.
    fn default() -> Self {
        Stop::new(Duration::from_secs(20))
    }
}

impl Stop {
    /// After a request, units that are being worked on have this long to become finished; then they are dropped.
    pub fn new(grace: Duration) -> Self {
        Stop { requested: OnceLock::new(), grace }
    }

    /// Asks to take no new units.
    pub fn request(&self) {
        let _ = self.requested.set(Instant::now());
    }

    /// Whether that was asked for.
    pub fn is_requested(&self) -> bool {
        self.requested.get().is_some()
    }

    /// Whether the time is up.
    fn is_over(&self) -> bool {
        self.requested.get().is_some_and(|since| since.elapsed() >= self.grace)
    }
}

/// Whether to go on, asked by all threads before each step.
pub(super) struct Halt<'a> {
    stop: &'a Stop,
    failed: AtomicBool,
    error: Mutex<Option<Error>>,
}

impl<'a> Halt<'a> {
    pub fn new(stop: &'a Stop) -> Self {
        Halt { stop, failed: AtomicBool::new(false), error: Mutex::default() }
    }

    /// Ends all work with an error; the first one counts.
    pub fn fail(&self, error: Error) {
        lock(&self.error).get_or_insert(error);
        self.failed.store(true, Ordering::Release);
    }

    /// Whether nothing new is to be begun.
    pub fn is_closing(&self) -> bool {
        self.stop.is_requested() || self.failed.load(Ordering::Acquire)
    }

    /// Whether even what is begun is to be dropped.
    pub fn is_over(&self) -> bool {
        self.failed.load(Ordering::Acquire) || self.stop.is_over()
    }

    /// The error, if there was one.
    pub fn check(&self) -> Result<()> {
        lock(&self.error).take().map_or(Ok(()), Err)
    }
}
