//! Keeps libraries from ending the process: some panic at damaged files, as the NetCDF crate where the library cannot tell an
//! attribute, and Parquet's at some metadata.
//!
//! A panic frees the lock of NetCDF and HDF5 on its way, which is not poisoned by it. What was worked on is dropped: nobody sees it half done.
//! To print nothing, the process's hook of panics is wrapped once, and those of other work go on to the hook that was there. A program that sets a
//! hook of its own later has that told of guarded panics as well. Where panics abort (`panic = "abort"`), nothing is guarded.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Does some work; `None` where it panicked, of which nothing is printed.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                before(panic);
            }
        }));
    });
    let was_quiet = QUIET.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(was_quiet);
    result.ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_panic_is_no_result() {
        assert_eq!(super::guarded(|| 7), Some(7));
        assert_eq!(super::guarded(|| -> u8 { panic!("seen by nobody") }), None);
    }
}
