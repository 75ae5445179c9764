//! The threads that the program has for work outside of the library's own pools.

use std::io;
use std::path::Path;
use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};

use gridloom::Error;

/// Starts the threads that work outside of a [`Pool`](gridloom::threads::Pool) has, as many as the system allows: a limit on processes or on memory may
/// leave fewer than there are processors. To be called once, before anything works.
///
/// # Errors
/// Where not even one can be started.
pub(crate) fn start() -> gridloom::Result<()> {
    let there = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let most = std::env::var("RAYON_NUM_THREADS").ok().and_then(|text| text.parse().ok());
    let wanted = most.filter(|&most| most > 0).unwrap_or(there);
    // The pool is made once: what it may have is tried first.
    let (count, error) = allowed(wanted);
    match (rayon::ThreadPoolBuilder::new().num_threads(count.max(1)).build_global(), error) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(error)) => Err(cannot_start(error)),
        (Err(error), None) => Err(cannot_start(io::Error::other(error))),
    }
}

/// How many threads can be there at a time, and why no more.
fn allowed(wanted: usize) -> (usize, Option<io::Error>) {
    let mut waiting = Vec::new();
    let mut error = None;
    for _ in 0..wanted {
        let (end, ended) = mpsc::channel::<()>();
        match Builder::new().spawn(move || _ = ended.recv()) {
            Ok(thread) => waiting.push((end, thread)),
            Err(other) => {
                error = Some(other);
                break;
            }
        }
    }
    let count = waiting.len();
    let threads: Vec<JoinHandle<()>> = waiting.into_iter().map(|(_, thread)| thread).collect();
    threads.into_iter().for_each(|thread| _ = thread.join());
    (count, error)
}

/// That a thread cannot be started.
pub(crate) fn cannot_start(source: io::Error) -> Error {
    Error::io("start", Path::new("a thread"), source)
}
