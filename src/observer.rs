//! Who watches work while it goes on, and may stop it.
//!
//! Grids, tables, databases, archives and figures all take an [`Observer`]; [`Nobody`] is one that does not care.

use crate::error::Reason;

/// What is counted while work goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Counted {
    /// Units of work, each of which is kept by itself.
    Units,
    /// Inputs that are read.
    Dumps,
    /// Files of records that are read before a run is known.
    Inputs,
    /// Cells that are copied from one archive to another.
    Cells,
    /// Chunks that are encoded.
    Chunks,
    /// Inputs that are missing or cannot be used.
    Faults,
    /// Files that are published.
    Files,
}

/// Who watches work, and may stop it. Every method has an answer already; they are called by all threads that work, and
/// often, so that they must not wait for anything.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use gridloom::observer::{Counted, Observer};
///
/// /// Stops after some dumps.
/// struct Few(AtomicU64);
///
/// impl Observer for Few {
///     fn advanced(&self, what: Counted, by: u64) {
///         if what == Counted::Dumps {
///             self.0.fetch_add(by, Ordering::Relaxed);
///         }
///     }
///
///     fn is_stopped(&self) -> bool {
///         self.0.load(Ordering::Relaxed) >= 100
///     }
/// }
/// ```
pub trait Observer: Sync {
    /// There are so many in all, of which some are done already; `all` is 0 where nobody can know. What was told before of the
    /// same thing does not hold any more.
    fn started(&self, what: Counted, all: u64, done: u64) {
        let _ = (what, all, done);
    }

    /// So many more are done.
    fn advanced(&self, what: Counted, by: u64) {
        let _ = (what, by);
    }

    /// Something that a user wants to know at once.
    fn note(&self, note: &Reason) {
        let _ = note;
    }

    /// Whether to stop. What is finished by then is kept where the work can be continued.
    fn is_stopped(&self) -> bool {
        false
    }

    /// Whether even what is begun is to be dropped, once the work is to stop. It may take its time where nobody says more.
    fn is_over(&self) -> bool {
        false
    }
}

/// An observer that does not care.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

impl Observer for Nobody {}
