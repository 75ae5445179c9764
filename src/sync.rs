//! Locks of threads.

use std::sync::{Mutex, MutexGuard};

/// A lock whose holder cannot have left it in between: every holder only stores finished values.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poison| poison.into_inner())
}
