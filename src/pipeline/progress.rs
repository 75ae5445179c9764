//! How far a process's work is: for whoever watches it, and for the signs of life in its lock.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::error::Reason;
use crate::observer::{Counted, Observer};
use crate::spool::lock::State;

/// How many there are, are done, and were done when the process started.
#[derive(Default)]
struct Tally {
    all: AtomicU64,
    done: AtomicU64,
    found: AtomicU64,
}

/// How far the work is.
pub(super) struct Progress<'a> {
    pub observer: &'a dyn Observer,
    units: Tally,
    dumps: Tally,
    files: Tally,
    faults: Tally,
    /// Dumps of units that are done.
    recorded: AtomicU64,
}

impl<'a> Progress<'a> {
    pub fn new(observer: &'a dyn Observer) -> Self {
        let (units, dumps, files, faults) = Default::default();
        Progress { observer, units, dumps, files, faults, recorded: AtomicU64::new(0) }
    }

    fn tally(&self, what: Counted) -> Option<&Tally> {
        match what {
            Counted::Units => Some(&self.units),
            Counted::Dumps => Some(&self.dumps),
            Counted::Files => Some(&self.files),
            Counted::Faults => Some(&self.faults),
            _ => None,
        }
    }

    /// There are so many, of which some were found done.
    pub fn start(&self, what: Counted, all: u64, done: u64) {
        if let Some(tally) = self.tally(what) {
            tally.all.store(all, Relaxed);
            tally.done.store(done, Relaxed);
            tally.found.store(done, Relaxed);
        }
        if what == Counted::Dumps {
            self.recorded.store(done, Relaxed);
        }
        self.observer.started(what, all, done);
    }

    /// So many of the units that are done were there when the process started.
    pub fn found(&self, units: u64) {
        self.units.found.store(units, Relaxed);
    }

    /// So many more are done.
    pub fn advance(&self, what: Counted, by: u64) {
        if let Some(tally) = self.tally(what) {
            tally.done.fetch_add(by, Relaxed);
        }
        self.observer.advanced(what, by);
    }

    /// A unit of so many dumps is done and recorded.
    pub fn finish_unit(&self, dumps: u64) {
        self.recorded.fetch_add(dumps, Relaxed);
        self.advance(Counted::Units, 1);
    }

    /// Tells whoever watches.
    pub fn note(&self, text: impl Into<Reason>) {
        self.observer.note(&text.into());
    }

    /// Units done, and all of them.
    pub fn units(&self) -> (u64, u64) {
        (self.units.done.load(Relaxed), self.units.all.load(Relaxed))
    }

    /// For the lock.
    pub fn state(&self) -> State {
        let read = |value: &AtomicU64| value.load(Relaxed);
        State {
            seconds: 0.0,
            units: read(&self.units.all),
            units_done: read(&self.units.done),
            units_found: read(&self.units.found),
            dumps: read(&self.dumps.all),
            dumps_done: read(&self.dumps.done),
            dumps_found: read(&self.dumps.found),
            dumps_recorded: read(&self.recorded),
            faults: read(&self.faults.done),
            files: read(&self.files.all),
            files_done: read(&self.files.done),
        }
    }
}
