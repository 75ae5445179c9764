//! Keeps the libraries from ending the process. The NetCDF crate panics where the library cannot tell an attribute; and it
//! has another lock than the HDF5 crate, though both are for the same library, which lets one thread in.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::{Mutex, Once, PoisonError};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Does some work with NetCDF or HDF5 while no other thread of figures does. Must not be called within itself.
pub(super) fn library<T>(work: impl FnOnce() -> T) -> T {
    static LIBRARY: Mutex<()> = Mutex::new(());
    let _alone = LIBRARY.lock().unwrap_or_else(PoisonError::into_inner);
    work()
}

/// An open file that is closed while no other thread uses the library.
pub(super) struct Open(Option<netcdf::File>);

impl Open {
    pub(super) fn new(file: netcdf::File) -> Self {
        Open(Some(file))
    }

    /// Does something with the file.
    pub(super) fn with<T>(&self, work: impl FnOnce(&netcdf::File) -> T) -> Option<T> {
        library(|| self.0.as_ref().map(work))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        library(|| drop(self.0.take()));
    }
}

/// Does some work; `None` where it panicked, of which nothing is printed.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
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
