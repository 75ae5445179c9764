//! The disk refuses: it is full, broken, over its quota, read-only. The program says what happened and leaves nothing torn,
//! and the same command completes the files when the fault is gone.
//!
//! The testkit's `shim.c` lets calls fail; the tests in `write_faults/real.rs` do without, where they may mount a disk.

mod real;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;
use std::sync::Mutex;

use gridloom_testkit::program::talk;
use gridloom_testkit::shim::{Call, Fault, Shim, read_log};
use gridloom_testkit::subject::Subject;

/// Errors that come with a cure.
const CURABLE: [&str; 4] = ["ENOSPC", "EDQUOT", "EROFS", "EACCES"];

/// What a path is, as a word that its like have in them; empty where all paths do.
fn word(call: &Call) -> String {
    let known = [".zarr.part", ".nc.part", "report.json", "segment-", "journal-", "plan-", ".lock.", "lock-"];
    match known.iter().find(|word| call.path.contains(*word) || call.other.contains(*word)) {
        Some(word) => (*word).to_owned(),
        None => call.path.clone(),
    }
}

/// How often a run that nothing disturbs makes each call, by name and kind of path.
fn counts(subject: &Subject, shim: &Shim) -> BTreeMap<(&'static str, String), usize> {
    let (out, log) = (subject.out("counted"), subject.out("counted.log"));
    let mut command = subject.command(&out);
    shim.record(&mut command, &out, &log);
    let output = command.output().expect("the program");
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    let mut counts = BTreeMap::new();
    for call in read_log(&log) {
        *counts.entry((call.name, word(&call))).or_default() += 1;
    }
    assert!(!counts.is_empty(), "the program calls the C library in ways that the shim does not see");
    counts
}

/// Whether there must be a hint. The libraries that write the files do not tell an error that is gone when one looks for it.
fn is_curable(fault: &Fault) -> bool {
    let is_known = CURABLE.contains(&fault.what) || fault.what == "full";
    is_known && (fault.sticky || !fault.word.ends_with(".nc.part"))
}

/// Whether the work can be done although this call failed: what it would have cleared away is in nobody's way, the lock
/// only keeps others out, what is closed was synced before if it matters, and where there are no links names are given in
/// another way.
fn may_be_ignored(call: &Call) -> bool {
    matches!(call.name, "unlink" | "rmdir" | "close" | "link") || call.path.contains("lock")
}

/// What must be on stderr. Libraries may have had their say before.
fn assert_told(output: &Output, out: &Path, curable: bool) -> Result<(), String> {
    let talk = talk(output);
    if talk.contains("panicked") {
        return Err(format!("a panic: {talk}"));
    }
    let names = talk.contains("error: ") && talk.contains(&*out.to_string_lossy());
    match names && (!curable || talk.contains("\nhint: ")) {
        true => Ok(()),
        false => Err(format!("no path, or no hint: {talk}")),
    }
}

/// A run with a fault, then the same command without. Whether the fault showed, or what is wrong.
fn try_fault(subject: &Subject, shim: &Shim, fault: &Fault, out: &Path) -> Result<bool, String> {
    let log = out.with_extension("log");
    let mut command = subject.command(out);
    shim.fail(&mut command, out, &log, fault);
    let output = command.output().expect("the program");
    let calls: Vec<Call> = read_log(&log).into_iter().filter(|call| call.fault).collect();
    let torn = subject.torn(out);
    if !torn.is_empty() {
        return Err(format!("torn: {}", torn.join(", ")));
    }
    let is_mild = matches!(fault.what, "short" | "EINTR");
    match output.status.code() {
        Some(0) if is_mild || calls.iter().all(may_be_ignored) => {
            subject.complete(out).map_err(|wrong| format!("after status 0: {wrong}"))?;
        }
        Some(0) => {
            let call = calls.iter().find(|call| !may_be_ignored(call)).expect("a call");
            return Err(format!("status 0 though {} of {:?} failed", call.name, call.path));
        }
        Some(1) if !calls.is_empty() && !is_mild => {
            assert_told(&output, out, is_curable(fault))?;
            subject.finish(out)?;
        }
        _ => return Err(format!("{:?}: {}", output.status, talk(&output))),
    }
    Ok(!calls.is_empty())
}

/// Tries all faults; tells of all that went wrong.
fn try_all(subject: &Subject, shim: &Shim, faults: &[Fault]) {
    let (next, failures) = (Mutex::new(faults.iter().enumerate()), Mutex::new(Vec::new()));
    let shown = Mutex::new(0);
    let work = || {
        loop {
            let Some((number, fault)) = next.lock().expect("no panic").next() else { break };
            let out = subject.out(number);
            match try_fault(subject, shim, fault, &out) {
                Ok(true) => *shown.lock().expect("no panic") += 1,
                Ok(false) => {}
                Err(wrong) => failures.lock().expect("no panic").push(format!("{fault:?}: {wrong}")),
            }
            let _ = std::fs::remove_dir_all(&out);
            let _ = std::fs::remove_file(out.with_extension("log"));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from).min(8) {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().expect("no panic");
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), faults.len(), failures.join("\n"));
    let shown = shown.into_inner().expect("no panic");
    println!("{} faults, {shown} of which showed", faults.len());
    assert!(shown > faults.len() / 2, "most faults must come to pass");
}

/// The first, one in the middle, and the last.
fn some_of(count: usize) -> Vec<usize> {
    let mut some = vec![1, count.div_ceil(2), count];
    some.dedup();
    some
}

#[test]
fn each_call_fails_once() {
    each_call(&Subject::new());
}

#[test]
fn each_call_of_a_store_fails_once() {
    each_call(&Subject::store());
}

fn each_call(subject: &Subject) {
    let Some(shim) = Shim::build() else { return };
    let mut faults = Vec::new();
    for ((call, word), count) in counts(subject, &shim) {
        let errors = match call {
            "open" | "mkdir" | "rename" | "link" | "unlink" | "rmdir" => &[&CURABLE[..], &["EIO"]].concat(),
            _ => &["ENOSPC", "EDQUOT", "EIO"][..],
        };
        for at in some_of(count) {
            for what in errors {
                faults.push(Fault { call, word: word.clone(), at, what, sticky: false });
            }
        }
    }
    try_all(subject, &shim, &faults);
}

/// Nothing of this is an error: the rest is written, the call is made again.
#[test]
fn short_and_interrupted_writes_are_completed() {
    let Some(shim) = Shim::build() else { return };
    let subject = Subject::new();
    let mut faults = Vec::new();
    for ((call, word), count) in counts(&subject, &shim) {
        if !matches!(call, "write" | "pwrite") {
            continue;
        }
        for at in some_of(count) {
            for (what, sticky) in [("short", false), ("short", true), ("EINTR", false)] {
                faults.push(Fault { call, word: word.clone(), at, what, sticky });
            }
        }
    }
    try_all(&subject, &shim, &faults);
}

/// The disk is full from some write on; it breaks, or becomes read-only, in the middle of anything.
#[test]
fn a_fault_that_stays() {
    let Some(shim) = Shim::build() else { return };
    let subject = Subject::new();
    let counts = counts(&subject, &shim);
    let total: usize = counts.values().sum();
    let writes = counts.iter().filter(|((call, _), _)| matches!(*call, "write" | "pwrite" | "fallocate"));
    let writes: usize = writes.map(|(_, count)| count).sum();
    let mut faults = Vec::new();
    for (call, count, what) in [
        ("space", writes, "full"),
        ("space", writes, "EDQUOT"),
        ("any", total, "EIO"),
        ("any", total, "EROFS"),
    ] {
        let places = (1..=20).chain((1..=20).map(|part| part * count / 20));
        faults.extend(places.map(|at| Fault { call, word: String::new(), at, what, sticky: true }));
    }
    try_all(&subject, &shim, &faults);
}

#[test]
fn the_process_is_killed_at_a_call() {
    killed(&Subject::new());
}

#[test]
fn the_process_is_killed_at_a_call_of_a_store() {
    killed(&Subject::store());
}

fn killed(subject: &Subject) {
    let Some(shim) = Shim::build() else { return };
    let total: usize = counts(subject, &shim).values().sum();
    for part in 0..30 {
        let (out, log) = (subject.out(part), subject.out("log"));
        let fault = Fault {
            call: "any",
            word: String::new(),
            at: 1 + part * total / 30,
            what: "kill",
            sticky: false,
        };
        let mut command = subject.command(&out);
        shim.fail(&mut command, &out, &log, &fault);
        let output = command.output().expect("the program");
        assert_eq!(output.status.code(), None, "{fault:?}: {}", talk(&output));
        assert_eq!(subject.torn(&out), [""; 0], "{fault:?}");
        subject.finish(&out).unwrap_or_else(|wrong| panic!("{fault:?}: {wrong}"));
    }
}
