//! Power is lost at any moment of a run: what is on the disk then, the same command must make whole.
//!
//! A real run is recorded by the testkit's `shim.c`; its `disk.rs` tells what each moment of it can leave on a disk. The
//! default tries some hundred states, `GRIDLOOM_POWER_LOSS=all` every moment and more seeds.

mod compact;
mod simulation;

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gridloom_testkit::disk::{Disk, Survival, Tree};
use gridloom_testkit::program::talk;
use gridloom_testkit::shim::{Call, Shim, read_log};
use gridloom_testkit::subject::Subject;

/// A state that a loss of power can leave.
struct State {
    /// Calls that were done before.
    calls: usize,
    survival: Survival,
    tree: Tree,
}

/// The states of the chosen moments, in order.
struct States<'a> {
    calls: &'a [Call],
    moments: Vec<usize>,
    seeds: u64,
    disk: Disk,
    done: usize,
    queue: Vec<(usize, Survival)>,
}

impl<'a> States<'a> {
    fn new(disk: Disk, calls: &'a [Call], mut moments: Vec<usize>, seeds: u64) -> Self {
        moments.reverse();
        States { calls, moments, seeds, disk, done: 0, queue: Vec::new() }
    }
}

impl Iterator for States<'_> {
    type Item = State;

    fn next(&mut self) -> Option<State> {
        if self.queue.is_empty() {
            let moment = self.moments.pop()?;
            let chances = (0..self.seeds).map(|seed| Survival::Chance(moment as u64 * 1000 + seed));
            let fixed = [Survival::Everything, Survival::Synced, Survival::Names, Survival::Bytes];
            self.queue = fixed.into_iter().chain(chances).map(|survival| (moment, survival)).rev().collect();
            for call in &self.calls[self.done..moment] {
                self.disk.apply(call);
            }
            self.done = moment;
        }
        let (calls, survival) = self.queue.pop()?;
        Some(State { calls, survival, tree: self.disk.survivors(survival) })
    }
}

/// How much faster time passes in a run that is recorded. It takes some hundredths of a second, and the program syncs
/// every second.
const RECORDED: u32 = 400;

/// In a run that goes on: it waits for some seconds where it finds half a lock.
const CONTINUED: u32 = 1000;

fn all() -> bool {
    std::env::var("GRIDLOOM_POWER_LOSS").is_ok_and(|value| value == "all")
}

/// Every moment if all are wanted. Otherwise about `count`: writes into a file that has no name yet are very much alike.
fn moments(calls: &[Call], count: usize) -> Vec<usize> {
    let every: Vec<usize> = (0..=calls.len()).collect();
    if all() {
        return every;
    }
    let is_dull = |call: &Call| call.name.ends_with("write") && call.path.ends_with(".nc.part");
    let (dull, telling): (Vec<usize>, Vec<usize>) =
        every.into_iter().partition(|&moment| calls.get(moment).is_some_and(is_dull));
    let some = |moments: Vec<usize>, count: usize| {
        let stride = moments.len().div_ceil(count).max(1);
        moments.into_iter().rev().step_by(stride).collect::<Vec<_>>()
    };
    let mut moments = [some(telling, count - count / 4), some(dull, count / 4)].concat();
    moments.sort_unstable();
    moments
}

/// How the work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By one command.
    Alone,
    /// In parts, one after another.
    Shards,
}

impl Way {
    fn commands(self, subject: &Subject, out: &Path) -> Vec<assert_cmd::Command> {
        match self {
            Way::Alone => vec![subject.command(out)],
            Way::Shards => subject.shards(out),
        }
    }
}

/// Does the work under the shim. The log must tell all that happened: what it leads to is what is there.
fn record(subject: &Subject, shim: &Shim, way: Way, out: &Path, before: &Disk) -> Vec<Call> {
    let log = out.with_extension("log");
    for mut command in way.commands(subject, out) {
        shim.record(&mut command, out, &log);
        shim.hurry(&mut command, out, RECORDED);
        let output = command.output().expect("the program");
        assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    }
    let calls = read_log(&log);
    let mut disk = before.clone();
    calls.iter().for_each(|call| disk.apply(call));
    let (logged, real) =
        (disk.survivors(Survival::Everything), Disk::load(out).survivors(Survival::Everything));
    assert!(logged.is_like(&real), "the log misses something:\n{logged}is not\n{real}");
    calls
}

/// Tries states until none is left, each once. Says how many there were, and in how many of them there was something left
/// of the work.
fn try_all(subject: &Subject, shim: &Shim, ways: &[Way], states: States, name: &str) -> [usize; 2] {
    let calls = states.calls;
    let mut seen = HashSet::new();
    let hash = |tree: &Tree| BuildHasherDefault::<DefaultHasher>::new().hash_one(tree);
    let states = Mutex::new(states.filter(move |state| seen.insert(hash(&state.tree))));
    let (number, useful) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failures = Mutex::new(Vec::new());
    let work = || {
        loop {
            let Some(state) = states.lock().expect("no panic").next() else { break };
            let number = number.fetch_add(1, Ordering::Relaxed);
            let out = subject.out(format!("{name}-{number}"));
            let result = try_one(subject, shim, ways[number % ways.len()], &state.tree, &out);
            useful.fetch_add(usize::from(matches!(result, Ok(1..))), Ordering::Relaxed);
            if let Err(wrong) = result {
                let last = state.calls.checked_sub(1).map(|last| &calls[last]);
                let last = last.map(|call| format!("{} {} {}", call.name, call.path, call.other));
                let last = last.unwrap_or_default();
                let at = format!("{:?} after {} calls ({})", state.survival, state.calls, last.trim());
                failures.lock().expect("no panic").push((at, wrong, state.tree));
            }
            let _ = std::fs::remove_dir_all(&out);
            if failures.lock().expect("no panic").len() >= 10 {
                break;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from).min(8) {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().expect("no panic");
    let told: Vec<String> =
        failures.iter().map(|(at, wrong, tree)| format!("{at}: {wrong}\n{tree}")).collect();
    if let Some((_, _, tree)) = failures.first() {
        let kept = keep(tree, name);
        panic!("{}\nthe first of these states is kept in {}", told.join("\n"), kept.display());
    }
    [number.into_inner(), useful.into_inner()]
}

/// Says how many units the run found done.
fn try_one(subject: &Subject, shim: &Shim, way: Way, tree: &Tree, out: &Path) -> Result<u64, String> {
    tree.write(out);
    let torn = subject.torn(out);
    if !torn.is_empty() {
        return Err(format!("torn: {}", torn.join(", ")));
    }
    let mut commands = way.commands(subject, out);
    commands.iter_mut().for_each(|command| shim.hurry(command, out, CONTINUED));
    subject.finish_by(commands, out)?;
    let report = std::fs::read(out.join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
    Ok(report["units"]["found"].as_u64().expect("a number"))
}

/// A folder that outlives the test.
fn keep(tree: &Tree, name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("power-loss-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    tree.write(&folder);
    folder
}

#[test]
fn power_is_lost_while_a_run_is_made() {
    let Some(shim) = Shim::build() else { return };
    let subject = Subject::new();
    let calls = record(&subject, &shim, Way::Alone, &subject.out("recorded"), &Disk::new());
    let states = States::new(Disk::new(), &calls, moments(&calls, 120), if all() { 6 } else { 3 });
    let [count, useful] = try_all(&subject, &shim, &[Way::Alone], states, "first");
    println!("{count} states of {} calls; work was left in {useful}", calls.len());
    assert!(useful > count / 4, "most states must have something to go on from");
}

/// A store has its name only when all of its files, and their names in their folders, are on the disk.
#[test]
fn power_is_lost_while_a_store_is_made() {
    let Some(shim) = Shim::build() else { return };
    let subject = Subject::store();
    let calls = record(&subject, &shim, Way::Alone, &subject.out("recorded"), &Disk::new());
    let states = States::new(Disk::new(), &calls, moments(&calls, 60), if all() { 6 } else { 2 });
    let [count, _] = try_all(&subject, &shim, &[Way::Alone], states, "store");
    println!("{count} states of {} calls", calls.len());
}

/// The work is done in parts, and what is left of it by the same parts or by one command.
#[test]
fn power_is_lost_while_shards_are_made() {
    let Some(shim) = Shim::build() else { return };
    let subject = Subject::new();
    let calls = record(&subject, &shim, Way::Shards, &subject.out("recorded"), &Disk::new());
    let states = States::new(Disk::new(), &calls, moments(&calls, 40), if all() { 6 } else { 2 });
    let [count, _] = try_all(&subject, &shim, &[Way::Shards, Way::Alone], states, "shards");
    println!("{count} states of {} calls", calls.len());
}

/// A period is added to files that are finished: what replaces them is no less safe.
#[test]
fn power_is_lost_while_a_period_is_added() {
    let Some(shim) = Shim::build() else { return };
    let (subject, out) = Subject::grown();
    let disk = Disk::load(&out);
    let calls = record(&subject, &shim, Way::Alone, &out, &disk);
    let states = States::new(disk, &calls, moments(&calls, 60), if all() { 6 } else { 2 });
    let [count, useful] = try_all(&subject, &shim, &[Way::Alone], states, "added");
    println!("{count} states of {} calls; work was left in {useful}", calls.len());
    assert_eq!(useful, count, "of the first periods nothing is lost");
}

/// What the program says is done lasts: status 0 is a promise as well.
#[test]
fn power_is_lost_after_the_end() {
    let Some(shim) = Shim::build() else { return };
    let subject = Subject::new();
    let calls = record(&subject, &shim, Way::Alone, &subject.out("recorded"), &Disk::new());
    let mut disk = Disk::new();
    calls.iter().for_each(|call| disk.apply(call));
    let (out, tree) = (subject.out("left"), disk.survivors(Survival::Synced));
    tree.write(&out);
    subject.complete(&out).unwrap_or_else(|wrong| panic!("{wrong}\n{tree}"));
}

/// A unit whose pieces and record were synced is never done again.
#[test]
fn power_is_lost_after_a_sync() {
    let Some(shim) = Shim::build() else { return };
    let subject = Subject::new();
    let calls = record(&subject, &shim, Way::Alone, &subject.out("recorded"), &Disk::new());
    let (mut disk, mut tried) = (Disk::new(), 0);
    // Units with a record; those of them whose pieces are safe; those whose record is as well.
    let (mut recorded, mut safe, mut synced) = (0, 0, 0);
    for (at, call) in calls.iter().enumerate() {
        disk.apply(call);
        let is_journal = call.path.contains("/journal-");
        match call.name {
            "write" if is_journal => {
                recorded += u64::from(String::from_utf8_lossy(&call.data).contains(r#""record":{"unit":"#));
            }
            "fdatasync" if !is_journal => safe = recorded,
            "fdatasync" if safe > synced => {
                synced = safe;
                let (out, tree) = (subject.out(at), disk.survivors(Survival::Synced));
                let found = try_one(&subject, &shim, Way::Alone, &tree, &out);
                let found = found.unwrap_or_else(|wrong| panic!("{wrong}\n{tree}"));
                assert!(found >= synced, "{found} of {synced} units after {at} calls\n{tree}");
                tried += 1;
            }
            _ => {}
        }
    }
    assert!(tried > 0, "nothing was synced");
}

/// What a run that goes on leaves behind is no worse than what the first did.
#[test]
fn power_is_lost_once_more_while_the_run_goes_on() {
    let Some(shim) = Shim::build() else { return };
    let subject = Subject::new();
    let calls = record(&subject, &shim, Way::Alone, &subject.out("recorded"), &Disk::new());
    let quarters = if all() { 12 } else { 4 };
    for quarter in 1..quarters {
        let mut disk = Disk::new();
        calls[..calls.len() * quarter / quarters].iter().for_each(|call| disk.apply(call));
        let out = subject.out(format!("half-{quarter}"));
        disk.survivors(Survival::Chance(quarter as u64)).write(&out);
        let disk = Disk::load(&out);
        let more = record(&subject, &shim, Way::Alone, &out, &disk);
        let states = States::new(disk, &more, moments(&more, 30), 1);
        let [count, useful] = try_all(&subject, &shim, &[Way::Alone], states, "second");
        println!("{count} states of {} more calls; work was left in {useful}", more.len());
    }
}
