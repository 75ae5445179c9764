//! Threads that work together, and end before what they were made for does.

use std::io;
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle};

use crate::error::{Error, Result};

/// That a thread cannot be started.
pub(crate) fn cannot_start(source: io::Error) -> Error {
    Error::io("start", std::path::Path::new("a thread"), source)
}

/// Starts a thread of a scope. The standard library's own way ends the program where the system refuses.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io).
pub(crate) fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>> {
    Builder::new().spawn_scoped(scope, work).map_err(cannot_start)
}

/// A pool of threads. When it is dropped they have ended: libraries that NetCDF may bring along, such as OpenSSL, crash where a thread ends while
/// the process does.
#[derive(Debug)]
pub struct Pool {
    /// Always there until it is dropped.
    pool: Option<rayon::ThreadPool>,
    handles: Vec<JoinHandle<()>>,
}

impl Pool {
    /// So many threads, or as many as the system allows: the result does not depend on their number.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where not even one can be started.
    pub fn new(threads: usize) -> Result<Self> {
        let mut count = threads.max(1);
        loop {
            match Self::of(count) {
                Err(_) if count > 1 => count /= 2,
                made => return made,
            }
        }
    }

    fn of(threads: usize) -> Result<Self> {
        let mut handles = Vec::new();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .spawn_handler(|thread| {
                handles.push(std::thread::Builder::new().spawn(|| thread.run())?);
                Ok(())
            })
            .build();
        match pool {
            Ok(pool) => Ok(Pool { pool: Some(pool), handles }),
            Err(error) => {
                // Those that were started have been told to end.
                handles.into_iter().for_each(|thread| _ = thread.join());
                Err(cannot_start(io::Error::other(error)))
            }
        }
    }

    /// Does work on them.
    pub fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.pool = None;
        for handle in self.handles.drain(..) {
            let _ = handle.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    thread_local! {
        static LAST: std::cell::RefCell<Option<Slow>> = const { std::cell::RefCell::new(None) };
    }
    static ENDED: AtomicBool = AtomicBool::new(false);

    struct Slow;

    impl Drop for Slow {
        fn drop(&mut self) {
            std::thread::sleep(std::time::Duration::from_millis(50));
            ENDED.store(true, Ordering::SeqCst);
        }
    }

    #[test]
    fn threads_have_ended_when_their_pool_is_dropped() {
        let pool = Pool::new(2).expect("threads");
        assert_eq!(pool.install(rayon::current_num_threads), 2);
        pool.install(|| LAST.set(Some(Slow)));
        drop(pool);
        assert!(ENDED.load(Ordering::SeqCst));
    }
}
