//! Killed, or without power, at any moment of a change: the archive is as before or as after.

use std::collections::HashSet;

use super::*;
use disk::{Disk, Survival};
use preload::{Call, Fault, Shim, read_log};

/// A run that grew behind its archive.
struct Grown {
    folder: Folder,
    /// The archive before, and what it must hold before and after.
    bytes: Vec<u8>,
    states: [Contents; 2],
}

const PERIODS: [(i64, i64); 2] = [(0, 300), (300, 120)];

impl Grown {
    fn new() -> Self {
        let folder = model(&PERIODS[..1]).write();
        write(&folder, &small()).expect("an archive");
        let bytes = std::fs::read(file(&folder)).expect("a file");
        let before = contents(&file(&folder)).expect("contents");
        let folder = model(&PERIODS).write_to(folder);
        append(&folder).expect("appended");
        let after = contents(&file(&folder)).expect("contents");
        assert!(before != after);
        Grown { folder, bytes, states: [before, after] }
    }

    /// A folder with the archive as it was before.
    fn out(&self, name: impl std::fmt::Display) -> PathBuf {
        let out = self.folder.path().join(format!("out-{name}"));
        std::fs::create_dir(&out).expect("a folder");
        std::fs::write(out.join("a.nc"), &self.bytes).expect("a file");
        out
    }

    fn command(&self, out: &Path) -> assert_cmd::Command {
        let mut command = work::program();
        command.args(["cells", "append", "--quiet", "--threads", "2"]).arg(self.folder.run());
        command.arg(out.join("a.nc"));
        command
    }

    /// Which of the states an archive is in.
    fn state(&self, out: &Path) -> std::result::Result<usize, String> {
        let found = contents(&out.join("a.nc")).map_err(|error| error.to_string())?;
        let state = self.states.iter().position(|state| *state == found);
        state.ok_or_else(|| "it is neither as before nor as after".to_owned())
    }

    /// Gives the command once more; all must be there then, and nothing else.
    fn finish(&self, out: &Path) -> std::result::Result<(), String> {
        let output = self.command(out).output().expect("the program");
        if output.status.code() != Some(0) {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let names: Vec<String> = std::fs::read_dir(out)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        match (self.state(out)?, names.as_slice()) {
            (1, [_]) => Ok(()),
            (state, names) => Err(format!("state {state}, {names:?}")),
        }
    }
}

fn record(grown: &Grown, shim: &Shim, out: &Path) -> Vec<Call> {
    let log = out.with_extension("log");
    let mut command = grown.command(out);
    shim.record(&mut command, out, &log);
    command.assert().success();
    read_log(&log)
}

#[test]
fn killed_at_any_call_an_archive_is_as_before_or_as_after() {
    let Some(shim) = Shim::build() else { return };
    let grown = Grown::new();
    let calls = record(&grown, &shim, &grown.out("recorded")).len();
    assert!(calls > 10, "{calls} calls");
    let mut seen = [0; 2];
    for at in 1..=calls {
        let out = grown.out(at);
        let mut command = grown.command(&out);
        let fault = Fault { call: "any", word: String::new(), at, what: "kill", sticky: false };
        shim.fail(&mut command, &out, &out.with_extension("log"), &fault);
        command.assert().failure();
        let state =
            grown.state(&out).unwrap_or_else(|wrong| panic!("killed at call {at} of {calls}: {wrong}"));
        seen[state] += 1;
        grown.finish(&out).unwrap_or_else(|wrong| panic!("after a kill at call {at} of {calls}: {wrong}"));
    }
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
}

/// Errors of the disk instead: the archive is as before or as after, the error is told, and the command goes through later.
#[test]
fn a_disk_that_fails_leaves_the_archive_as_it_was() {
    let Some(shim) = Shim::build() else { return };
    let grown = Grown::new();
    let calls = record(&grown, &shim, &grown.out("recorded"));
    for (call, what) in [("pwrite", "ENOSPC"), ("fsync", "EIO"), ("pwrite", "short"), ("ftruncate", "EROFS")]
    {
        let count = calls.iter().filter(|one| one.name == call).count();
        for at in 1..=count {
            let out = grown.out(format!("{call}-{what}-{at}"));
            let mut command = grown.command(&out);
            let fault = Fault { call, word: "a.nc".to_owned(), at, what, sticky: false };
            shim.fail(&mut command, &out, &out.with_extension("log"), &fault);
            let output = command.output().expect("the program");
            // Writing goes on after a short write; a lock file that is not cut is as good.
            let is_over = what == "short" || output.status.code() == Some(0);
            assert!(is_over || output.status.code() == Some(1), "{output:?}");
            grown.state(&out).unwrap_or_else(|wrong| panic!("{fault:?}: {wrong}"));
            grown.finish(&out).unwrap_or_else(|wrong| panic!("{fault:?}: {wrong}"));
        }
    }
}

/// Every moment, and what of it a disk can have kept.
#[test]
fn power_is_lost_while_an_archive_grows() {
    let Some(shim) = Shim::build() else { return };
    let grown = Grown::new();
    let out = grown.out("recorded");
    let start = Disk::load(&out);
    let calls = record(&grown, &shim, &out);
    let seeds = if std::env::var("GRIDLOOM_POWER_LOSS").is_ok_and(|value| value == "all") { 40 } else { 6 };
    let (mut disk, mut tried, mut seen) = (start, HashSet::new(), [0; 2]);
    for moment in 0..=calls.len() {
        if let Some(call) = moment.checked_sub(1).and_then(|last| calls.get(last)) {
            disk.apply(call);
        }
        let fixed = [Survival::Everything, Survival::Synced, Survival::Names, Survival::Bytes];
        let chances = (0..seeds).map(|seed| Survival::Chance(moment as u64 * 1000 + seed));
        for survival in fixed.into_iter().chain(chances) {
            let tree = disk.survivors(survival);
            if !tried.insert(tree.to_string()) {
                continue;
            }
            let out = grown.folder.path().join(format!("lost-{}", tried.len()));
            tree.write(&out);
            let at = || format!("{survival:?} after {moment} of {} calls\n{tree}", calls.len());
            let state = grown.state(&out).unwrap_or_else(|wrong| panic!("{}: {wrong}", at()));
            seen[state] += 1;
            if tried.len() % 4 == 0 {
                grown.finish(&out).unwrap_or_else(|wrong| panic!("{}: {wrong}", at()));
            }
            std::fs::remove_dir_all(&out).expect("a folder");
        }
    }
    println!("{} states of {} calls: {seen:?}", tried.len(), calls.len());
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
    let last = disk.survivors(Survival::Synced);
    let out = grown.folder.path().join("last");
    last.write(&out);
    assert_eq!(grown.state(&out), Ok(1), "what is told to be done is on the disk");
}

/// A new archive is whole or not there.
#[test]
fn power_is_lost_while_an_archive_is_written() {
    let Some(shim) = Shim::build() else { return };
    let folder = model(&PERIODS).write();
    write(&folder, &settings()).expect("an archive");
    let right = contents(&file(&folder)).expect("contents");
    let (out, log) = (folder.path().join("out"), folder.path().join("log"));
    std::fs::create_dir(&out).expect("a folder");
    let mut disk = Disk::load(&out);
    let mut command = work::program();
    command.args(["cells", "write", "--quiet"]).arg(folder.run()).arg("-o").arg(out.join("a.nc"));
    shim.record(&mut command, &out, &log);
    command.assert().success();
    let (mut tried, mut whole) = (0, 0);
    for (moment, call) in read_log(&log).iter().enumerate() {
        disk.apply(call);
        let fixed = [Survival::Everything, Survival::Synced, Survival::Names, Survival::Bytes];
        let chances = (0..4).map(|seed| Survival::Chance(moment as u64 * 1000 + seed));
        for survival in fixed.into_iter().chain(chances) {
            let tree = disk.survivors(survival);
            tried += 1;
            if let Some(bytes) = tree.bytes("a.nc") {
                let path = folder.path().join("lost.nc");
                std::fs::write(&path, bytes).expect("a file");
                assert!(contents(&path).expect("a whole archive") == right, "{survival:?}\n{tree}");
                whole += 1;
            }
        }
    }
    assert!(whole > 0 && whole < tried, "{whole} of {tried}");
}

/// Readers in another thread see one state or the other, never a mixture.
#[test]
fn readers_see_the_old_or_the_new() {
    let grown = Grown::new();
    let out = grown.out("read");
    let path = out.join("a.nc");
    let done = std::sync::atomic::AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = [0; 2];
            while !done.load(std::sync::atomic::Ordering::Relaxed) || seen[1] == 0 {
                seen[grown.state(&out).expect("one of the two states")] += 1;
            }
            seen
        });
        std::thread::sleep(std::time::Duration::from_millis(100));
        grown.finish(&out).expect("appended");
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        reader.join().expect("a reader")
    });
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
    let _ = path;
}
