//! Work on threads of its own, while the calling thread looks after Python: its signals, and whoever wants to know how far the work is.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use gridloom::observer::{Counted, Observer};
use gridloom::threads::Pool;
use gridloom::{ErrorKind, Reason};
use pyo3::prelude::*;

use super::errors::{bug, raise};

/// How long the calling thread waits before it looks after Python again.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long what is begun may take once the work is to stop.
const GRACE: Duration = Duration::from_secs(20);

/// Who watches the work: keeps what is told until the calling thread asks.
#[derive(Default)]
pub(crate) struct Watch {
    state: Mutex<State>,
    ended: Condvar,
    is_stopped: AtomicBool,
    is_over: AtomicBool,
}

#[derive(Default)]
struct State {
    /// How many are done, and of how many; 0 where nobody can know.
    counts: BTreeMap<&'static str, (u64, u64)>,
    is_new: bool,
    notes: Vec<String>,
    has_ended: bool,
}

impl Watch {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits a while; whether the work has ended.
    fn wait(&self) -> bool {
        let state = self.state();
        let waited = self.ended.wait_timeout_while(state, PATIENCE, |state| !state.has_ended);
        waited.map_or(true, |(state, _)| state.has_ended)
    }

    /// Tells Python what is new.
    fn tell(&self, progress: &Bound<'_, PyAny>) -> PyResult<()> {
        let (counts, notes) = {
            let mut state = self.state();
            let is_new = std::mem::take(&mut state.is_new);
            (is_new.then(|| state.counts.clone()), std::mem::take(&mut state.notes))
        };
        for note in notes {
            progress.call_method1("note", (note,))?;
        }
        if let Some(counts) = counts {
            progress.call_method1("counts", (counts,))?;
        }
        Ok(())
    }
}

fn word(what: Counted) -> &'static str {
    match what {
        Counted::Units => "units",
        Counted::Dumps => "dumps",
        Counted::Inputs => "inputs",
        Counted::Cells => "cells",
        Counted::Chunks => "chunks",
        Counted::Faults => "faults",
        Counted::Files => "files",
        _ => "others",
    }
}

impl Observer for Watch {
    fn started(&self, what: Counted, all: u64, done: u64) {
        let mut state = self.state();
        state.counts.insert(word(what), (done, all));
        state.is_new = true;
    }

    fn advanced(&self, what: Counted, by: u64) {
        let mut state = self.state();
        state.counts.entry(word(what)).or_default().0 += by;
        state.is_new = true;
    }

    fn note(&self, note: &Reason) {
        self.state().notes.push(note.to_string());
    }

    fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

/// Does work on so many threads. A signal's exception, such as `KeyboardInterrupt`, or one of `progress` stops it, in the way in which
/// it can be continued; that exception is then the result. A second one gives up what is begun.
pub(crate) fn work<T: Send>(
    py: Python<'_>,
    threads: usize,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Watch) -> gridloom::Result<T> + Send,
) -> PyResult<T> {
    let watch = Watch::default();
    let mut refusal: Option<(PyErr, Instant)> = None;
    let result = std::thread::scope(|scope| {
        let watch = &watch;
        let own = Builder::new().name("gridloom".to_owned()).spawn_scoped(scope, move || {
            // What works on all cores does so in this pool; the library has none that would outlive it, nor one that a fork would lose.
            let result = catch_unwind(AssertUnwindSafe(|| Pool::new(threads)?.install(|| work(watch))));
            watch.state().has_ended = true;
            watch.ended.notify_all();
            result
        });
        let own = match own {
            Ok(own) => own,
            Err(error) => return Err(bug(format!("no thread can be started: {error}"))),
        };
        loop {
            let has_ended = py.detach(|| watch.wait());
            let looked = py.check_signals().and_then(|()| progress.map_or(Ok(()), |all| watch.tell(all)));
            match (looked, &refusal) {
                (Err(error), None) => {
                    watch.is_stopped.store(true, Ordering::Relaxed);
                    refusal = Some((error, Instant::now()));
                }
                (Err(_), Some(_)) => watch.is_over.store(true, Ordering::Relaxed),
                (Ok(()), Some((_, since))) if since.elapsed() > GRACE => {
                    watch.is_over.store(true, Ordering::Relaxed);
                }
                _ => {}
            }
            if has_ended {
                break;
            }
        }
        Ok(py.detach(|| own.join()))
    })?;
    let result = match result {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) | Err(panic) => return Err(bug(words(&*panic))),
    };
    match (result, refusal) {
        (result, Some((error, _))) => {
            let is_kept = matches!(&result, Err(error) if error.kind() == ErrorKind::Stopped);
            if is_kept {
                let note = "what is done is kept: the same call continues";
                let _ = error.value(py).call_method1("add_note", (note,));
            }
            Err(error)
        }
        (Ok(done), None) => Ok(done),
        (Err(error), None) => Err(raise(&error)),
    }
}

/// What a panic says.
pub(crate) fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}
