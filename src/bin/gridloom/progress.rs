//! Progress: a bar on a terminal, a plain line now and then in a log file, nothing with `--quiet`.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use gridloom::pipeline::Monitor;

use super::hints;
use super::talk::tell;

/// Seconds between two lines of a log.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How often a log is looked after for what has to be said at once.
const NOTES_EVERY: Duration = Duration::from_millis(500);

/// Watches a [`Monitor`] until it is dropped.
pub(super) struct Watch {
    done: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watch {
    pub(super) fn start(monitor: Arc<Monitor>, quiet: bool) -> Self {
        let done = Arc::new((Mutex::new(false), Condvar::new()));
        let thread = (!quiet).then(|| {
            let done = done.clone();
            // Where the system allows no more threads, the work goes on without a bar.
            let started = std::thread::Builder::new().spawn(move || {
                if std::io::stderr().is_terminal() {
                    bar(&monitor, &done)
                } else {
                    lines(&monitor, &done)
                }
                monitor.take_notes().iter().for_each(|note| tell!("{}", hints::reason(note)));
            });
            started.ok()
        });
        Watch { done, thread: thread.flatten() }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        *self.done.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.done.1.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Waits for some time, or until the work is over; says whether it is.
fn wait(done: &(Mutex<bool>, Condvar), time: Duration) -> bool {
    let over = done.0.lock().unwrap_or_else(PoisonError::into_inner);
    match done.1.wait_timeout_while(over, time, |over| !*over) {
        Ok((over, _)) => *over,
        Err(_) => true,
    }
}

fn get(value: &AtomicU64) -> u64 {
    value.load(Ordering::Relaxed)
}

fn state(monitor: &Monitor) -> String {
    let faults = match get(&monitor.faults) {
        0 => String::new(),
        count => format!(", {count} missing or damaged"),
    };
    match (get(&monitor.dumps_done), get(&monitor.dumps)) {
        (done, all) if done < all => format!("{} chunks encoded{faults}", get(&monitor.chunks)),
        _ => format!("publishing {}/{} files{faults}", get(&monitor.files_done), get(&monitor.files)),
    }
}

fn bar(monitor: &Monitor, done: &(Mutex<bool>, Condvar)) {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} dumps, {per_sec}, {eta} left; {msg}");
    let bar = ProgressBar::new(get(&monitor.dumps));
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut found = 0;
    while !wait(done, Duration::from_millis(100)) {
        for note in monitor.take_notes() {
            bar.suspend(|| tell!("{}", hints::reason(&note)));
        }
        bar.set_length(get(&monitor.dumps));
        bar.set_position(get(&monitor.dumps_done));
        if found != get(&monitor.dumps_found) {
            // What was done before says nothing of the speed.
            found = get(&monitor.dumps_found);
            bar.reset_eta();
        }
        bar.set_message(state(monitor));
    }
    bar.finish_and_clear();
}

fn lines(monitor: &Monitor, done: &(Mutex<bool>, Condvar)) {
    let start = Instant::now();
    let mut next = LINE_EVERY;
    while !wait(done, NOTES_EVERY) {
        monitor.take_notes().iter().for_each(|note| tell!("{}", hints::reason(note)));
        let (read, all) = (get(&monitor.dumps_done), get(&monitor.dumps));
        if start.elapsed() < next || all == 0 {
            continue;
        }
        next += LINE_EVERY;
        let seconds = start.elapsed().as_secs_f64();
        let rate = read.saturating_sub(get(&monitor.dumps_found)) as f64 / seconds.max(1e-9);
        let left = all.saturating_sub(read) as f64 / rate.max(1e-9);
        tell!("{read} of {all} dumps, {rate:.0} a second, about {left:.0} s left; {}", state(monitor));
    }
}
