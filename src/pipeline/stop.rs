//! How work ends before its end: on request, with some time to finish what is begun, or by an error.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};
use crate::observer::Observer;
use crate::sync::lock;

/// Whether to go on, asked by all threads before each step.
pub(super) struct Halt<'a> {
    observer: &'a dyn Observer,
    failed: AtomicBool,
    error: Mutex<Option<Error>>,
}

impl<'a> Halt<'a> {
    pub fn new(observer: &'a dyn Observer) -> Self {
        Halt { observer, failed: AtomicBool::new(false), error: Mutex::default() }
    }

    /// Ends all work with an error; the first one counts.
    pub fn fail(&self, error: Error) {
        lock(&self.error).get_or_insert(error);
        self.failed.store(true, Ordering::Release);
    }

    /// Whether nothing new is to be begun.
    pub fn is_closing(&self) -> bool {
        self.observer.is_stopped() || self.failed.load(Ordering::Acquire)
    }

    /// Whether even what is begun is to be dropped.
    pub fn is_over(&self) -> bool {
        self.failed.load(Ordering::Acquire) || (self.observer.is_stopped() && self.observer.is_over())
    }

    /// The error, if there was one.
    pub fn check(&self) -> Result<()> {
        lock(&self.error).take().map_or(Ok(()), Err)
    }
}
