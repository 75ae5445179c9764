//! The simulation by itself: logs whose faults it must show.

use super::*;

fn call(name: &'static str, path: &str) -> Call {
    Call { name, path: path.to_owned(), ..Call::default() }
}

fn create(path: &str, file: u64) -> Call {
    Call { created: true, file, ..call("open", path) }
}

fn write(file: u64, offset: u64, data: &[u8]) -> Call {
    Call { file, offset, data: data.to_vec(), ..call("pwrite", "") }
}

fn sync(file: u64) -> Call {
    Call { file, ..call("fdatasync", "") }
}

fn sync_folder(path: &str) -> Call {
    Call { folder: true, ..call("fsync", path) }
}

fn rename(from: &str, to: &str) -> Call {
    Call { other: to.to_owned(), ..call("rename", from) }
}

const WHOLE: &[u8] = b"all of it";

/// Every state of every moment.
fn states(calls: &[Call]) -> Vec<State> {
    States::new(Disk::new(), calls, (0..=calls.len()).collect(), 200).collect()
}

fn is_torn(state: &State) -> bool {
    state.tree.bytes("f").is_some_and(|bytes| bytes != WHOLE)
}

/// Survivals that show that a file is torn.
fn torn(calls: &[Call]) -> Vec<Survival> {
    let torn = states(calls).into_iter().filter(is_torn).map(|state| state.survival);
    torn.map(|survival| if let Survival::Chance(_) = survival { Survival::Chance(0) } else { survival })
        .collect()
}

#[test]
fn a_file_that_is_synced_renamed_and_its_folder_synced_is_never_torn() {
    let calls = [
        create(".f.part", 1),
        write(1, 0, &WHOLE[..5]),
        write(1, 5, &WHOLE[5..]),
        sync(1),
        rename(".f.part", "f"),
        sync_folder(""),
    ];
    let states = states(&calls);
    assert!(states.len() > 20 && !states.iter().any(is_torn));
    for half in [&WHOLE[..5], b"al", b"\0\0\0\0\0f it", b""] {
        assert!(states.iter().any(|state| state.tree.bytes(".f.part") == Some(half)), "{half:?}");
    }
    assert!(states.iter().any(|state| state.calls == 5 && state.tree.bytes("f").is_none()));
    let mut at_the_end = states.iter().filter(|state| state.calls == 6);
    assert!(at_the_end.all(|state| state.tree.bytes("f") == Some(WHOLE)));
}

#[test]
fn a_rename_before_the_sync_is_seen() {
    let start = [create(".f.part", 1), write(1, 0, WHOLE), rename(".f.part", "f")];
    let late = [&start[..], &[sync_folder(""), sync(1)]].concat();
    assert!(torn(&late).contains(&Survival::Synced), "{:?}", torn(&late));
    let found = torn(&start);
    assert!(found.contains(&Survival::Names) && found.contains(&Survival::Chance(0)), "{found:?}");
    assert!(!found.contains(&Survival::Everything) && !found.contains(&Survival::Synced), "{found:?}");
}

#[test]
fn a_file_that_is_written_under_its_final_name_is_seen() {
    let calls =
        [create("f", 1), write(1, 0, &WHOLE[..5]), write(1, 5, &WHOLE[5..]), sync(1), sync_folder("")];
    assert!(torn(&calls).contains(&Survival::Everything));
}

/// A journal that is safe before what it speaks of.
#[test]
fn files_are_safe_one_by_one() {
    let calls = [
        create("segment", 1),
        create("journal", 2),
        sync_folder(""),
        write(1, 0, b"piece"),
        write(2, 0, b"line"),
    ];
    let ahead = |calls: &[Call]| {
        let is_ahead = |state: &State| {
            state.tree.bytes("journal") == Some(b"line") && state.tree.bytes("segment") != Some(b"piece")
        };
        states(calls).iter().any(is_ahead)
    };
    assert!(ahead(&calls), "nothing is synced");
    assert!(ahead(&[&calls[..], &[sync(2)]].concat()), "only the journal is");
    let right = [&calls[..4], &[sync(1)], &calls[4..]].concat();
    assert!(!ahead(&right), "the segment was, before");
}

#[test]
fn names_of_a_folder_come_in_order_and_with_their_folder() {
    let calls = [
        call("mkdir", ""),
        call("mkdir", "d"),
        create("d/a", 1),
        create("d/b", 2),
        sync(1),
        sync(2),
        sync_folder("d"),
        Call { other: "d/c".to_owned(), ..call("link", "d/a") },
        call("unlink", "d/a"),
    ];
    let states = states(&calls);
    let has = |state: &State, path| state.tree.0.contains_key(path);
    assert!(states.iter().any(|state| has(state, "d") && !has(state, "d/a")));
    assert!(states.iter().any(|state| state.calls == 7 && !has(state, "d")), "synced, but not its own name");
    for state in &states {
        assert!(!has(state, "d/b") || has(state, "d/a") || has(state, "d/c"), "{}", state.tree);
        assert!(!has(state, "d/a") || has(state, "d"));
    }
    assert!(states.iter().any(|state| has(state, "d/c") && has(state, "d/a")));
}

#[test]
fn a_length_is_not_safe_without_a_sync_either() {
    let calls = [
        create("f", 1),
        write(1, 0, b"old"),
        sync(1),
        sync_folder(""),
        Call { file: 1, offset: 6, ..call("fallocate", "") },
        write(1, 6, b"new"),
        Call { file: 1, truncated: true, ..call("open", "f") },
    ];
    let states = states(&calls);
    for bytes in
        [&b"old"[..], b"old\0\0\0", b"old\0\0\0\0\0\0", b"old\0\0\0new", b"old\0\0\0ne", b"old\0", b""]
    {
        assert!(states.iter().any(|state| state.tree.bytes("f") == Some(bytes)), "{bytes:?}");
    }
    let mut before = states.iter().filter(|state| state.calls < 7 && state.calls > 3);
    assert!(before.all(|state| state.tree.bytes("f").is_some_and(|bytes| bytes.starts_with(b"old"))));
}

/// A hole may be there before what was written earlier, and in part.
#[test]
fn a_hole_comes_in_any_order() {
    let start = [create("f", 1), write(1, 0, b"dead and alive"), sync(1), sync_folder("")];
    let hole = Call { file: 1, offset: 0, length: 4, ..call("punch", "") };
    let calls = [&start[..], &[write(1, 9, b"buried")], &[hole]].concat();
    let found: Vec<_> = states(&calls).into_iter().filter(|state| state.calls == 6).collect();
    for bytes in [&b"\0\0\0\0 and alive"[..], b"\0\0\0\0 and buried", b"dead and buried", b"\0\0ad and alive"]
    {
        assert!(found.iter().any(|state| state.tree.bytes("f") == Some(bytes)), "{bytes:?}");
    }
    let is_kept = |state: &State| state.tree.bytes("f").is_some_and(|bytes| bytes[4..].starts_with(b" and "));
    assert!(found.iter().all(is_kept));
}

#[test]
fn what_is_written_to_a_folder_is_what_was_left() {
    let calls = [
        call("mkdir", "d"),
        create("d/a", 1),
        Call { other: "d/b".to_owned(), ..call("link", "d/a") },
        write(1, 0, b"both"),
    ];
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut disk = Disk::new();
    calls.iter().for_each(|call| disk.apply(call));
    let tree = disk.survivors(Survival::Everything);
    tree.write(folder.path());
    assert!(Disk::load(folder.path()).survivors(Survival::Synced).is_like(&tree));
    std::fs::write(folder.path().join("d/a"), b"one").expect("a file");
    assert_eq!(std::fs::read(folder.path().join("d/b")).expect("a file"), b"one");
}

/// Another program that is wrong, through the shim: a file moved to its name and never synced.
#[test]
fn a_real_program_that_does_not_sync_is_seen() {
    let Some(shim) = Shim::build() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (out, log) = (folder.path().join("out"), folder.path().join("log"));
    for (sync, wrong) in [("", true), ("sync .f.part;", false)] {
        let script = format!("mkdir $0; cd $0; printf 'all of it' >.f.part; {sync} mv .f.part f; sync .");
        let mut command = assert_cmd::Command::new("sh");
        shim.record(command.arg("-c").arg(script).arg(&out), &out, &log);
        command.assert().success();
        let calls = read_log(&log);
        assert!(calls.iter().any(|call| call.name == "rename"), "{calls:?}");
        assert_eq!(!torn(&calls).is_empty(), wrong, "{calls:?}");
        std::fs::remove_dir_all(&out).expect("a folder");
        std::fs::remove_file(&log).expect("a file");
    }
}
