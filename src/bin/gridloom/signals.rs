//! Signals that ask to stop.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGABRT, SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};
use signal_hook::iterator::Signals;

use gridloom::shared;

use super::Exit;
use super::talk::tell;
use super::threads::cannot_start;

/// The shells' status of a process that SIGINT ended.
const INTERRUPTED: i32 = 130;

/// After the time of grace, threads are given this long to come back.
const PATIENCE: Duration = Duration::from_secs(2);

/// A request to stop.
pub(super) struct Stop {
    since: OnceLock<Instant>,
    grace: Duration,
}

impl Stop {
    /// Whether it was made.
    pub(super) fn is_requested(&self) -> bool {
        self.since.get().is_some()
    }

    /// Whether the time is up that what is begun may still take.
    pub(super) fn is_over(&self) -> bool {
        self.since.get().is_some_and(|since| since.elapsed() >= self.grace)
    }
}

/// A limit on the size of files is then an error of writing like others, and names the file. Where the system gives no more
/// memory, the standard library says so and aborts; that is then the exit status of what failed, and no crash.
pub(super) fn let_limits_be_errors() {
    // Without them only a worse message or status is to be had.
    let always = Arc::new(AtomicBool::new(true));
    let _ = signal_hook::flag::register_conditional_shutdown(SIGABRT, Exit::Failed as i32, always);
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// Turns SIGINT, SIGTERM and SIGUSR1 into a request to stop; a second SIGINT leaves at once.
pub(super) fn watch(grace: Duration, quiet: bool) -> anyhow::Result<Arc<Stop>> {
    let stop = Arc::new(Stop { since: OnceLock::new(), grace });
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGUSR1])?;
    let asked = stop.clone();
    let watching = std::thread::Builder::new().spawn(move || {
        for signal in signals.forever() {
            if signal == SIGINT && asked.is_requested() {
                signal_hook::low_level::exit(INTERRUPTED);
            }
            let is_first = asked.since.set(Instant::now()).is_ok();
            if is_first {
                // Where the system allows no more threads, the work ends by itself.
                let _ = std::thread::Builder::new().spawn(move || leave_after(grace + PATIENCE));
            }
            // Told when it is so: whoever reads it may count on it.
            if is_first && !quiet {
                let seconds = grace.as_secs_f64();
                tell!(
                    "stopping: what is begun has {seconds} s to finish; Ctrl-C once more leaves at once, which is safe"
                );
            }
        }
    });
    watching.map_err(cannot_start)?;
    Ok(stop)
}

/// Has a signal that ends the process take its temporary files away first. For work that has nothing else to save.
pub(super) fn leave_nothing() -> anyhow::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let watching = std::thread::Builder::new().spawn(move || {
        for signal in signals.forever() {
            shared::abandon();
            // The end is that of the signal, as the caller expects it.
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    });
    watching.map_err(cannot_start)?;
    Ok(())
}

/// Ends the process where a thread does not come back, as from a file server that hangs. What is finished is in the
/// journal; nothing else would be saved by waiting.
fn leave_after(time: Duration) {
    std::thread::sleep(time);
    signal_hook::low_level::exit(Exit::Stopped as i32);
}
