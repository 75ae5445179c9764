//! Killed, or without power, at any moment of any change: the file is in a state that was committed, and the next change goes on from there.

use std::collections::HashSet;
use std::path::PathBuf;

use gridloom_testkit::disk::{Disk, Survival};
use gridloom_testkit::program;
use gridloom_testkit::shim::{Fault, Shim, read_log};

use super::*;

/// Commits; a writer that could not must not go on as if it had.
fn commit(writer: &mut Writer, durability: Durability) -> Result<()> {
    let result = writer.commit(durability);
    assert!(result.is_ok() || writer.commit(durability).is_err(), "WENT ON after {result:?}");
    result
}

/// Makes and changes arrays; tells the contents after each commit, in order.
fn work(path: &Path, durability: Durability, told: &mut dyn FnMut(Contents)) -> Result<()> {
    let mut model = Contents::new();
    let mut writer = Writer::create(path, true)?;
    for (name, codec) in [("plain", None), ("packed", Some(Codec::Deflate(4)))] {
        writer.add(name, Element::Float32, &[10], Layout { chunk_bytes: 160, codec })?;
        let rows = bytes(40 * 700, 1);
        writer.append(name, &rows)?;
        model.insert(name.to_owned(), rows);
    }
    commit(&mut writer, durability)?;
    told(model.clone());
    for round in 0..4u64 {
        for name in ["plain", "packed"] {
            let rows: Vec<u64> = (0..9).map(|nth| (nth * 83 + round * 41) % 700).collect();
            let new = bytes(40 * rows.len(), round);
            writer.replace(name, &rows, &new)?;
            let more = bytes(40 * 7, round + 9);
            writer.append(name, &more)?;
            let all = model.get_mut(name).unwrap();
            for (row, new) in rows.iter().zip(new.chunks(40)) {
                all[*row as usize * 40..][..40].copy_from_slice(new);
            }
            all.extend(more);
        }
        commit(&mut writer, durability)?;
        told(model.clone());
        if round == 1 {
            drop(writer);
            writer = Writer::open(path)?;
        }
    }
    writer.remove("packed")?;
    model.remove("packed");
    commit(&mut writer, durability)?;
    told(model);
    Ok(())
}

/// Not a test: the process that the others kill.
#[test]
#[ignore = "run by other tests, in a process of its own"]
fn worker() {
    let Some(path) = std::env::var_os("GRIDLOOM_TEST_ARRAYS") else { return };
    let durability = match std::env::var_os("GRIDLOOM_TEST_SYNCED") {
        Some(_) => Durability::Disk,
        None => Durability::Process,
    };
    work(Path::new(&path), durability, &mut |_| {}).expect("arrays");
}

fn command(out: &Path, is_synced: bool) -> assert_cmd::Command {
    let mut command = assert_cmd::Command::from_std(program::of_test(module_path!(), "worker"));
    command.env("GRIDLOOM_TEST_ARRAYS", out.join("a.h5"));
    if is_synced {
        command.env("GRIDLOOM_TEST_SYNCED", "1");
    }
    command
}

/// All states that are committed, in order.
fn states(folder: &Path) -> Vec<Contents> {
    let mut states = Vec::new();
    work(&folder.join("model.h5"), Durability::Process, &mut |state| states.push(state)).expect("arrays");
    states
}

/// Which state a file is in; 0 is no file.
fn state(states: &[Contents], path: &Path) -> std::result::Result<usize, String> {
    if !path.exists() {
        return Ok(0);
    }
    let found = contents(path).map_err(|error| error.to_string())?;
    let index = states.iter().position(|state| *state == found);
    index.map(|index| index + 1).ok_or_else(|| "it is in no state that was committed".to_owned())
}

fn out(folder: &Path, name: impl std::fmt::Display) -> PathBuf {
    let out = folder.join(format!("out-{name}"));
    std::fs::create_dir(&out).expect("a folder");
    out
}

#[test]
fn killed_at_any_call_a_file_is_in_a_committed_state() {
    let Some(shim) = Shim::build() else { return };
    let folder = tempfile::tempdir().unwrap();
    let states = states(folder.path());
    let log = folder.path().join("log");
    let whole = out(folder.path(), "recorded");
    let mut recorded = command(&whole, false);
    shim.record(&mut recorded, &whole, &log);
    recorded.assert().success();
    assert_eq!(state(&states, &whole.join("a.h5")), Ok(states.len()));
    let calls = read_log(&log).len();
    assert!(calls > 20, "{calls} calls");
    let mut seen = HashSet::new();
    for at in 1..=calls {
        let out = out(folder.path(), at);
        let mut command = command(&out, false);
        let fault = Fault { call: "any", word: String::new(), at, what: "kill", sticky: false };
        shim.fail(&mut command, &out, &log, &fault);
        command.assert().failure();
        let path = out.join("a.h5");
        let found = state(&states, &path).unwrap_or_else(|wrong| panic!("killed at call {at}: {wrong}"));
        seen.insert(found);
        if found > 0 {
            let mut writer =
                Writer::open(&path).unwrap_or_else(|wrong| panic!("killed at call {at}: {wrong}"));
            writer.append("plain", &[7; 40]).unwrap();
            writer.commit(Durability::Process).unwrap();
            let mut wanted = states[found - 1].clone();
            wanted.get_mut("plain").unwrap().extend([7; 40]);
            assert_eq!(contents(&path).unwrap(), wanted, "killed at call {at}");
        }
    }
    // No file, and all states but the last, which is there when nothing is left to be killed at, or not.
    assert!(seen.len() >= states.len(), "{seen:?}");
}

/// Errors of the disk: they are told, the file is in a state that was committed, and the writer does not go on.
#[test]
fn a_disk_that_fails_leaves_a_committed_state() {
    let Some(shim) = Shim::build() else { return };
    let folder = tempfile::tempdir().unwrap();
    let states = states(folder.path());
    let log = folder.path().join("log");
    let whole = out(folder.path(), "recorded");
    let mut recorded = command(&whole, true);
    shim.record(&mut recorded, &whole, &log);
    recorded.assert().success();
    let calls = read_log(&log);
    for (call, what) in [("pwrite", "ENOSPC"), ("fsync", "EIO"), ("rename", "EIO"), ("ftruncate", "EIO")] {
        let count = calls.iter().filter(|one| one.name == call).count();
        assert!(count > 0, "no {call}");
        for at in 1..=count {
            let out = out(folder.path(), format!("{call}-{at}"));
            let mut command = command(&out, true);
            let fault = Fault { call, word: String::new(), at, what, sticky: false };
            shim.fail(&mut command, &out, &log, &fault);
            let output = command.output().unwrap();
            let told = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            assert!(!told.contains("WENT ON"), "{fault:?}: {told}");
            let path = out.join("a.h5");
            let found = state(&states, &path).unwrap_or_else(|wrong| panic!("{fault:?}: {wrong}"));
            // A lock file that is not cut is as good.
            assert!(!output.status.success() || found == states.len(), "{fault:?}");
        }
    }
}

#[test]
fn power_is_lost_while_arrays_change() {
    let Some(shim) = Shim::build() else { return };
    let folder = tempfile::tempdir().unwrap();
    let states = states(folder.path());
    let (lost, log) = (folder.path().join("lost"), folder.path().join("log"));
    let whole = out(folder.path(), "recorded");
    let mut disk = Disk::load(&whole);
    let mut command = command(&whole, true);
    shim.record(&mut command, &whole, &log);
    command.assert().success();
    let (mut tried, mut seen, mut least) = (HashSet::new(), HashSet::new(), 0);
    let mut syncs = 0;
    for (moment, call) in read_log(&log).iter().enumerate() {
        disk.apply(call);
        // What was committed stays, whatever is lost: each commit ends with the second of its syncs.
        syncs += usize::from(call.name == "fsync");
        let fixed = [Survival::Everything, Survival::Synced, Survival::Names, Survival::Bytes];
        let chances = (0..6).map(|seed| Survival::Chance(moment as u64 * 1000 + seed));
        for survival in fixed.into_iter().chain(chances) {
            let tree = disk.survivors(survival);
            if !tried.insert(tree.to_string()) {
                continue;
            }
            tree.write(&lost);
            let at = || format!("{survival:?} after call {moment} ({call:?})");
            let found =
                state(&states, &lost.join("a.h5")).unwrap_or_else(|wrong| panic!("{}: {wrong}", at()));
            assert!(found >= least, "{}: state {found} after {least} were committed", at());
            seen.insert(found);
            std::fs::remove_dir_all(&lost).expect("a folder");
        }
        if call.name == "fsync" {
            // A commit syncs the file twice, and the first of all its folder.
            least = (syncs.max(1) - 1) / 2;
        }
    }
    assert!(syncs > 2 * states.len(), "{syncs} syncs");
    assert_eq!(seen.len(), states.len() + 1, "{seen:?}");
}

/// Readers in other threads, some of them through the mapped file, see committed states only.
#[test]
fn readers_see_committed_states() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let states = states(folder.path());
    let done = std::sync::atomic::AtomicBool::new(false);
    let is_done = || done.load(std::sync::atomic::Ordering::Relaxed);
    work(&path, Durability::Process, &mut |_| {}).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut count = 0;
                while !is_done() || count == 0 {
                    state(&states, &path).unwrap_or_else(|wrong| panic!("{wrong}"));
                    let arrays = Arrays::open(&path).unwrap();
                    let array = arrays.array("plain").unwrap();
                    let map = mapped(&array).unwrap();
                    std::thread::yield_now();
                    let rows: Vec<u64> = (0..array.rows()).collect();
                    let found = map.points(&rows).unwrap();
                    assert!(states.iter().any(|state| state["plain"] == found));
                    count += 1;
                }
            });
        }
        for _ in 0..20 {
            work(&path, Durability::Process, &mut |_| {}).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

/// Any byte that changes is noticed where rows have checksums, or is one that nothing leads to.
#[test]
fn damage_is_found_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let mut writer = Writer::create(&path, false).unwrap();
    let rows = bytes(40 * 300, 5);
    for name in ["one", "other"] {
        writer.add(name, Element::Float32, &[10], Layout::packed(Codec::Zstd(1), 400)).unwrap();
        writer.append(name, &rows).unwrap();
    }
    writer.commit(Durability::Process).unwrap();
    drop(writer);
    let whole = std::fs::read(&path).unwrap();
    let (mut found, mut lost) = (0, 0);
    for place in (0..whole.len()).step_by(13) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x10;
        std::fs::write(&path, &damaged).unwrap();
        let Ok(arrays) = Arrays::open(&path) else {
            lost += 1;
            continue;
        };
        let mut wrong = 0;
        for name in ["one", "other"] {
            match arrays.array(name).and_then(|array| array.all()) {
                Ok(values) => assert!(values.bytes == rows, "byte {place}"),
                Err(error) => {
                    wrong += 1;
                    assert!(error.to_string().contains(name), "{error}");
                }
            }
        }
        assert!(wrong < 2, "byte {place}");
        found += wrong;
    }
    assert!(found > 100 && lost > 0 && lost < 60, "{found} {lost}");
    for length in (0..whole.len()).step_by(97) {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(contents(&path).is_err(), "{length} bytes");
        assert!(Writer::open(&path).is_err(), "{length} bytes");
    }
}
