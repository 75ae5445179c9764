//! Reading while an archive is changed: the old state or the new one, never a mixture.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gridloom::model::grid::Cell;

use super::change::{COMMANDS, Change};
use super::*;

/// How long a reader may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Everything that `cells stream` prints of an archive, by another process.
fn stream(path: &Path) -> Vec<u8> {
    let output = program::command().args(["cells", "stream"]).arg(path).output().expect("the program");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Ends the readers, also where the change fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Many commands one after another, each by a process of its own, while other processes and a thread read.
#[test]
fn readers_see_the_old_or_the_new() {
    for name in COMMANDS {
        let change = Change::new(name);
        let (old, new, out) = (change.out("old"), change.out("new"), change.out("read"));
        change.finish(&new).expect("changed");
        let printed = [stream(&old.join("a.nc")), stream(&new.join("a.nc"))];
        let path = out.join("a.nc");
        let done = AtomicBool::new(false);
        let (looks, reads) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let threads = std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let mut seen = [0; 2];
                let mut look = || {
                    seen[change.state(&out).expect("one of the two states")] += 1;
                    looks.fetch_add(1, Ordering::Relaxed);
                };
                while !done.load(Ordering::Relaxed) {
                    look();
                }
                look();
                seen
            });
            let process = scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let text = stream(&path);
                    assert!(printed.contains(&text), "{name}: neither the old values nor the new");
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
            let end = End(&done);
            // Both read before anything changes, and when all is changed.
            let again = || {
                let counts = || [&looks, &reads].map(|count| count.load(Ordering::Relaxed));
                let (before, start) = (counts(), Instant::now());
                while counts().iter().zip(before).any(|(now, before)| *now == before)
                    && start.elapsed() < PATIENCE
                {
                    std::thread::sleep(Duration::from_millis(1));
                }
            };
            again();
            change.finish(&out).expect("changed");
            // A change that comes to the same again; there is nothing left to drop.
            for _ in 0..4 {
                change.finish(&out).expect("changed again");
            }
            again();
            drop(end);
            process.join().expect("a reader");
            thread.join().expect("a reader")
        });
        let processes = reads.into_inner();
        println!("{name}: threads saw {threads:?}, processes {processes}");
        assert!(threads.iter().all(|&count| count > 0) && processes > 1, "{name}: {threads:?}, {processes}");
        assert!(stream(&path) == printed[1], "{name}");
    }
}

/// Whoever has an archive open reads what was there, to the end.
#[test]
fn what_is_open_does_not_change() {
    for name in COMMANDS {
        let change = Change::new(name);
        let out = change.out("held");
        let held = Archive::open(out.join("a.nc")).expect("an archive");
        change.finish(&out).expect("changed");
        for ((cell, name), bytes) in change.before() {
            let Ok(Cell { row, column }) = cell.parse() else { continue };
            let cell = held.cell(Cell { row, column }).expect("a cell");
            if let Some(column) = name.strip_prefix("annual/") {
                let columns = cell.annual().expect("years");
                let column = columns.iter().find(|one| one.name() == column).expect("a column");
                assert_eq!(column.all().expect("values").bytes, *bytes);
            } else if name != "records" {
                let variable = cell.variable(name).expect("a variable");
                assert_eq!(variable.all().expect("values").bytes, *bytes);
            }
        }
    }
}
