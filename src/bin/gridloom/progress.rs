//! Progress: a bar on a terminal, a plain line now and then in a log file, nothing with `--quiet`.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use gridloom::Reason;
use gridloom::observer::{Counted, Observer};

use super::hints;
use super::signals::Stop;
use super::talk::tell;

/// Seconds between two lines of a log.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How often a log is looked after for what has to be said at once.
const NOTES_EVERY: Duration = Duration::from_millis(500);

/// How many there are, are done, and were done when the work began.
#[derive(Default)]
struct Tally {
    all: AtomicU64,
    done: AtomicU64,
    found: AtomicU64,
}

/// What is known of the work.
#[derive(Default)]
struct State {
    dumps: Tally,
    cells: Tally,
    chunks: Tally,
    faults: Tally,
    files: Tally,
    notes: Mutex<Vec<Reason>>,
    is_over: Mutex<bool>,
    over: Condvar,
}

/// Shows how the work goes on until it is dropped, and asks the work to stop where a signal did.
pub(super) struct Watch {
    state: Arc<State>,
    stop: Arc<Stop>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watch {
    pub(super) fn start(stop: Arc<Stop>, quiet: bool) -> Self {
        let state = Arc::new(State::default());
        let thread = (!quiet).then(|| {
            let state = state.clone();
            // Where the system allows no more threads, the work goes on without a bar.
            let started = std::thread::Builder::new().spawn(move || {
                if std::io::stderr().is_terminal() {
                    bar(&state)
                } else {
                    lines(&state)
                }
                state.take_notes().iter().for_each(|note| tell!("{}", hints::reason(note)));
            });
            started.ok()
        });
        Watch { state, stop, thread: thread.flatten() }
    }
}

impl Observer for Watch {
    fn started(&self, what: Counted, all: u64, done: u64) {
        if let Some(tally) = self.state.tally(what) {
            tally.all.store(all, Ordering::Relaxed);
            tally.done.store(done, Ordering::Relaxed);
            tally.found.store(done, Ordering::Relaxed);
        }
    }

    fn advanced(&self, what: Counted, by: u64) {
        if let Some(tally) = self.state.tally(what) {
            tally.done.fetch_add(by, Ordering::Relaxed);
        }
    }

    fn note(&self, note: &Reason) {
        lock(&self.state.notes).push(note.clone());
    }

    fn is_stopped(&self) -> bool {
        self.stop.is_requested()
    }

    fn is_over(&self) -> bool {
        self.stop.is_over()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        *lock(&self.state.is_over) = true;
        self.state.over.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl State {
    fn tally(&self, what: Counted) -> Option<&Tally> {
        match what {
            Counted::Dumps => Some(&self.dumps),
            Counted::Cells => Some(&self.cells),
            Counted::Chunks => Some(&self.chunks),
            Counted::Faults => Some(&self.faults),
            Counted::Files => Some(&self.files),
            _ => None,
        }
    }

    /// What the work goes through, and what that is called.
    fn leading(&self) -> (&Tally, &'static str) {
        match get(&self.cells.all) {
            0 => (&self.dumps, "dumps"),
            _ => (&self.cells, "cells"),
        }
    }

    /// The lines that were left since this was called last.
    fn take_notes(&self) -> Vec<Reason> {
        std::mem::take(&mut lock(&self.notes))
    }

    /// Waits for some time, or until the work is over; says whether it is.
    fn wait(&self, time: Duration) -> bool {
        match self.over.wait_timeout_while(lock(&self.is_over), time, |over| !*over) {
            Ok((over, _)) => *over,
            Err(_) => true,
        }
    }

    fn words(&self) -> String {
        let faults = match get(&self.faults.done) {
            0 => String::new(),
            count => format!(", {count} missing or damaged"),
        };
        let (leading, _) = self.leading();
        match get(&leading.done) < get(&leading.all) {
            true => format!("{} chunks encoded{faults}", get(&self.chunks.done)),
            false => format!("publishing {}/{} files{faults}", get(&self.files.done), get(&self.files.all)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn get(value: &AtomicU64) -> u64 {
    value.load(Ordering::Relaxed)
}

fn bar(state: &State) {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {prefix}, {per_sec}, {eta} left; {msg}");
    let bar = ProgressBar::new(0);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut found = 0;
    while !state.wait(Duration::from_millis(100)) {
        for note in state.take_notes() {
            bar.suspend(|| tell!("{}", hints::reason(&note)));
        }
        let (leading, name) = state.leading();
        bar.set_prefix(name);
        bar.set_length(get(&leading.all));
        bar.set_position(get(&leading.done));
        if found != get(&leading.found) {
            // What was done before says nothing of the speed.
            found = get(&leading.found);
            bar.reset_eta();
        }
        bar.set_message(state.words());
    }
    bar.finish_and_clear();
}

fn lines(state: &State) {
    let start = Instant::now();
    let mut next = LINE_EVERY;
    while !state.wait(NOTES_EVERY) {
        state.take_notes().iter().for_each(|note| tell!("{}", hints::reason(note)));
        let (leading, name) = state.leading();
        let (read, all) = (get(&leading.done), get(&leading.all));
        if start.elapsed() < next || all == 0 {
            continue;
        }
        next += LINE_EVERY;
        let seconds = start.elapsed().as_secs_f64();
        let rate = read.saturating_sub(get(&leading.found)) as f64 / seconds.max(1e-9);
        let left = all.saturating_sub(read) as f64 / rate.max(1e-9);
        tell!("{read} of {all} {name}, {rate:.0} a second, about {left:.0} s left; {}", state.words());
    }
}
