//! Killed while a spool is replaced or given up: the same command goes on.

use gridloom_testkit::shim::{Fault, Shim, read_log};

use super::*;

/// Kills a command at every call that it makes, and gives it once more.
fn kill_at_any_call(options: &[&str]) {
    let Some(shim) = Shim::build() else { return };
    let folder = run_of(&[(0, 40)], Folder::new());
    let reset = || {
        let _ = std::fs::remove_dir_all(folder.out());
        assert_status(&grid(&folder, &[]), 0);
        content(&folder.out())
    };
    let expected = reset();
    let log = folder.path().join("log");
    let mut recorded = command(&folder, "grid", options);
    shim.record(&mut recorded, &folder.out(), &log);
    recorded.assert().success();
    let calls = read_log(&log);
    // Once the plan is gone all is done; what is left is to remove an empty folder.
    let over = calls.iter().rposition(|call| call.name == "unlink" && call.path.contains("plan-"));
    let over = if options.contains(&"--drop-spool") { over.expect("the plan goes") + 1 } else { calls.len() };
    assert!(over > 20, "{over} calls");
    for at in 1..=over {
        reset();
        let mut killed = command(&folder, "grid", options);
        let fault = Fault { call: "any", word: String::new(), at, what: "kill", sticky: false };
        shim.fail(&mut killed, &folder.out(), &log, &fault);
        let output = killed.output().expect("the program");
        // The recorded run may have made more calls: it beats its lock by the clock.
        if output.status.success() {
            assert!(at > 20, "{options:?}: there is no call {at}");
            break;
        }
        let place = format!(
            "{options:?} killed at call {at} of {over}, {:?}",
            calls.get(at - 1).map(|c| (c.name, &c.path))
        );
        let output = grid(&folder, options);
        assert_eq!(output.status.code(), Some(0), "{place}: {}", talk(&output));
        assert!(content(&folder.out()) == expected, "{place}");
        let left =
            names(&folder.out()).into_iter().filter(|name| name.starts_with('.') && name != ".gridloom");
        assert_eq!(left.collect::<Vec<_>>(), [""; 0], "{place}");
    }
}

#[test]
fn a_killed_fresh_start_can_be_started_again() {
    kill_at_any_call(&["--fresh"]);
}

#[test]
fn a_spool_that_was_being_given_up_can_be_given_up_again() {
    kill_at_any_call(&["--drop-spool"]);
}

/// What a signal ends leaves nothing; what a kill ends is cleared away by the next.
#[test]
fn a_picture_that_was_stopped_leaves_nothing() {
    let Some(shim) = Shim::build() else { return };
    let folder = run_of(&[(0, 40)], Folder::new());
    assert_status(&grid(&folder, &[]), 0);
    let npp = names(&folder.out()).into_iter().find(|name| name.starts_with("npp")).expect("a grid");
    let pictures = folder.path().join("pictures");
    std::fs::create_dir(&pictures).expect("a folder");
    let plot = || {
        let mut program = program::command();
        program.args(["plot", "map"]).arg(folder.out().join(&npp)).arg("-o").arg(pictures.join("map.png"));
        program
    };
    for (what, left) in [("term", 0), ("kill", 1)] {
        for call in ["write", "fsync", "rename"] {
            let mut command = plot();
            let fault = Fault { call, word: String::new(), at: 1, what, sticky: false };
            shim.fail(&mut command, &pictures, &folder.path().join("log"), &fault);
            let output = command.output().expect("the program");
            let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
            assert_eq!(signal, Some(if what == "term" { 15 } else { 9 }), "{what} {call}: {}", talk(&output));
            assert_eq!(names(&pictures).len(), left, "{what} {call}: {:?}", names(&pictures));
        }
    }
    assert_status(&plot().output().expect("the program"), 0);
    assert_eq!(names(&pictures), ["map.png"]);
}
