//! Threads that work together, and end before what they were made for does.

use std::thread::JoinHandle;

use crate::error::{Error, Result};

/// A pool of threads. When it is dropped they have ended: libraries that NetCDF may bring along, such as OpenSSL, crash where a thread ends while
/// the process does.
#[derive(Debug)]
pub(crate) struct Pool {
    /// Always there until it is dropped.
    pool: Option<rayon::ThreadPool>,
    handles: Vec<JoinHandle<()>>,
}

impl Pool {
    /// # Errors
    /// [`Error::Selection`] where so many threads cannot be started.
    pub fn new(threads: usize) -> Result<Self> {
        let mut handles = Vec::new();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .spawn_handler(|thread| {
                handles.push(std::thread::Builder::new().spawn(|| thread.run())?);
                Ok(())
            })
            .build();
        let pool = pool.map_err(|error| {
            Error::selection("--threads", threads, format!("the threads cannot be started: {error}"))
        })?;
        Ok(Pool { pool: Some(pool), handles })
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
