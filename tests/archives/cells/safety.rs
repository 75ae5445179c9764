//! Killed, or without power, at any moment of a change: the archive is as before or as after.

use std::collections::HashSet;

use gridloom_testkit::disk::{Disk, Survival};
use gridloom_testkit::shim::{Call, Fault, Shim, read_log};

use super::change::{COMMANDS, Change};
use super::*;

fn record(change: &Change, shim: &Shim, out: &Path) -> Vec<Call> {
    let log = out.with_extension("log");
    let mut command = change.command(out);
    shim.record(&mut command, out, &log);
    command.assert().success();
    read_log(&log)
}

/// Kills a command at every call, and gives it once more.
fn kill_at_any_call(shim: &Shim, change: &Change, name: &str) {
    let calls = record(change, shim, &change.out("recorded")).len();
    assert!(calls > 8, "{name}: {calls} calls");
    let mut seen = [0; 2];
    for at in 1..=calls {
        let out = change.out(at);
        let mut command = change.command(&out);
        let fault = Fault { call: "any", word: String::new(), at, what: "kill", sticky: false };
        shim.fail(&mut command, &out, &out.with_extension("log"), &fault);
        command.assert().failure();
        let place = format!("{name} killed at call {at} of {calls}");
        let state = change.state(&out).unwrap_or_else(|wrong| panic!("{place}: {wrong}"));
        seen[state] += 1;
        change.finish(&out).unwrap_or_else(|wrong| panic!("after {place}: {wrong}"));
    }
    println!("{name}: {calls} calls, {seen:?}");
    assert!(seen.iter().all(|&count| count > 0), "{name}: {seen:?}");
}

#[test]
fn killed_at_any_call_an_archive_is_as_before_or_as_after() {
    let Some(shim) = Shim::build() else { return };
    for name in COMMANDS {
        kill_at_any_call(&shim, &Change::new(name), name);
    }
}

/// An archive with a torn superblock is only told by the end of the file, which the change then moves.
#[test]
fn killed_at_any_call_a_torn_archive_is_as_before_or_as_after() {
    let Some(shim) = Shim::build() else { return };
    for name in ["append", "drop"] {
        kill_at_any_call(&shim, &Change::new(name).torn(), name);
    }
}

/// Errors of the disk instead: the archive is as before or as after, the error is told, and the command goes through later.
#[test]
fn a_disk_that_fails_leaves_the_archive_as_it_was() {
    let Some(shim) = Shim::build() else { return };
    for name in COMMANDS {
        let change = Change::new(name);
        let calls = record(&change, &shim, &change.out("recorded"));
        let faults = [
            ("pwrite", "ENOSPC"),
            ("fsync", "EIO"),
            ("pwrite", "short"),
            ("ftruncate", "EROFS"),
            ("rename", "EACCES"),
        ];
        for (call, what) in faults {
            let count = calls.iter().filter(|one| one.name == call).count();
            for at in 1..=count {
                let out = change.out(format!("{call}-{what}-{at}"));
                let mut command = change.command(&out);
                let fault = Fault { call, word: "a.nc".to_owned(), at, what, sticky: false };
                shim.fail(&mut command, &out, &out.with_extension("log"), &fault);
                let output = command.output().expect("the program");
                // Writing goes on after a short write; a lock file that is not cut is as good.
                let is_over = what == "short" || output.status.code() == Some(0);
                assert!(is_over || output.status.code() == Some(1), "{name}: {output:?}");
                let place = format!("{name}, {fault:?}");
                change.state(&out).unwrap_or_else(|wrong| panic!("{place}: {wrong}"));
                change.finish(&out).unwrap_or_else(|wrong| panic!("{place}: {wrong}"));
            }
        }
    }
}

/// Every moment, and what of it a disk can have kept.
#[test]
fn power_is_lost_while_an_archive_is_changed() {
    let Some(shim) = Shim::build() else { return };
    let seeds = if std::env::var("GRIDLOOM_POWER_LOSS").is_ok_and(|value| value == "all") { 40 } else { 6 };
    for name in COMMANDS {
        let change = Change::new(name);
        let out = change.out("recorded");
        let start = Disk::load(&out);
        let calls = record(&change, &shim, &out);
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
                let out = change.folder.path().join(format!("lost-{}", tried.len()));
                tree.write(&out);
                let at = || format!("{name}: {survival:?} after {moment} of {} calls\n{tree}", calls.len());
                let state = change.state(&out).unwrap_or_else(|wrong| panic!("{}: {wrong}", at()));
                seen[state] += 1;
                if tried.len() % 4 == 0 {
                    change.finish(&out).unwrap_or_else(|wrong| panic!("{}: {wrong}", at()));
                }
                std::fs::remove_dir_all(&out).expect("a folder");
            }
        }
        println!("{name}: {} states of {} calls: {seen:?}", tried.len(), calls.len());
        assert!(seen.iter().all(|&count| count > 0), "{name}: {seen:?}");
        let last = disk.survivors(Survival::Synced);
        let out = change.folder.path().join("last");
        last.write(&out);
        assert_eq!(change.state(&out), Ok(1), "{name}: what is told to be done is on the disk");
    }
}

/// A new archive is whole or not there.
#[test]
fn power_is_lost_while_an_archive_is_written() {
    let Some(shim) = Shim::build() else { return };
    let folder = model(&[(0, 300), (300, 120)]).write();
    write(&folder, &settings()).expect("an archive");
    let right = contents(&file(&folder)).expect("contents");
    let (out, log) = (folder.path().join("out"), folder.path().join("log"));
    std::fs::create_dir(&out).expect("a folder");
    let mut disk = Disk::load(&out);
    let mut command = program::command();
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
