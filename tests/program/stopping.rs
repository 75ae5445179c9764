//! How the program ends when it is told to, or killed, and how it goes on.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use gridloom_testkit::dumps::{Folder, check, five_rows, five_rows_model};
use gridloom_testkit::program;
use gridloom_testkit::shim::Shim;

const OPTIONS: [&str; 2] = ["--chunk", "32,4,4"];

/// A cell in the tile that has most cells, which is not sampled. The second period is the longer one, so that its units
/// come first.
const SLOW: usize = 7;

/// A run in which reading one dump of the first unit does not end before it is told to.
struct Slow {
    folder: Folder,
    shim: Shim,
}

impl Slow {
    /// `None` where there is no C compiler.
    fn new() -> Option<Self> {
        let shim = Shim::build()?;
        let folder = five_rows_model().write();
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        let gate = folder.path().join("gate");
        rustix::fs::mknodat(rustix::fs::CWD, gate, rustix::fs::FileType::Fifo, mode, 0).expect("a pipe");
        Some(Slow { folder, shim })
    }

    fn gate(&self) -> PathBuf {
        self.folder.path().join("gate")
    }

    fn start(&self, options: &[&str]) -> Child {
        let mut program = Command::new(program::path());
        program
            .arg("grid")
            .arg(self.folder.run())
            .arg("-o")
            .arg(self.folder.out())
            .args(OPTIONS)
            .args(options);
        let talk = std::fs::File::create(self.talk()).expect("a file");
        program.env("SOURCE_DATE_EPOCH", "1700000000").stdout(Stdio::null()).stderr(talk);
        self.shim.slow(&mut program, &self.folder.dump(five_rows()[SLOW], 2), &self.gate());
        program.spawn().expect("the program")
    }

    /// What the program says.
    fn talk(&self) -> PathBuf {
        self.folder.path().join("talk")
    }

    /// Sends a signal, and waits until the program says that it stops.
    fn ask(&self, child: &Child, name: &str) {
        signal(child, name);
        let start = Instant::now();
        while !std::fs::read_to_string(self.talk()).expect("a file").contains("stopping: ") {
            assert!(start.elapsed() < Duration::from_secs(60), "it does not say that it stops");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the program opens the dump. It goes on when the gate that is returned is dropped.
    fn wait(&self) -> std::fs::File {
        // Opening a pipe for writing waits for its reader.
        std::fs::File::options().write(true).open(self.gate()).expect("a pipe")
    }

    /// Runs to the end.
    fn finish(&self) -> String {
        let mut program = program::command();
        program.arg("grid").arg(self.folder.run()).arg("-o").arg(self.folder.out()).args(OPTIONS);
        let output = program.output().expect("the program");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        check::exact(&five_rows_model(), &self.folder.out());
        let reference = self.folder.path().join("reference");
        let mut program = program::command();
        program.arg("grid").arg(self.folder.run()).arg("-o").arg(&reference).args(OPTIONS);
        program.assert().success();
        let bytes = |out: &PathBuf| -> BTreeMap<_, _> {
            let read = |path: PathBuf| {
                (path.file_name().map(ToOwned::to_owned), std::fs::read(path).expect("a file"))
            };
            check::files(out).into_iter().map(read).collect()
        };
        assert!(bytes(&self.folder.out()) == bytes(&reference), "the files differ");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
}

fn end_of(mut child: Child) -> ExitStatus {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(60) {
        if let Some(status) = child.try_wait().expect("a child") {
            return status;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    panic!("the program did not end");
}

#[test]
fn a_signal_lets_what_is_begun_finish_and_takes_nothing_new() {
    for name in ["INT", "TERM", "USR1"] {
        let Some(slow) = Slow::new() else { return };
        let child = slow.start(&["--threads", "1"]);
        let gate = slow.wait();
        slow.ask(&child, name);
        drop(gate);
        assert_eq!(end_of(child).code(), Some(75), "{name}");
        assert!(check::files(&slow.folder.out()).is_empty());
        let talk = slow.finish();
        let units = talk.lines().find_map(|line| line.strip_prefix("found ")).expect("it says what it found");
        assert_eq!(units, "1 of 6 units done", "{name}");
    }
}

#[test]
fn what_does_not_finish_in_time_is_dropped() {
    let Some(slow) = Slow::new() else { return };
    let grace = Duration::from_millis(100);
    let child = slow.start(&["--grace", "100ms", "--threads", "1"]);
    let gate = slow.wait();
    slow.ask(&child, "TERM");
    // The time of grace began before the program said so.
    std::thread::sleep(grace);
    drop(gate);
    assert_eq!(end_of(child).code(), Some(75));
    assert!(!slow.finish().contains("found"), "the unit was dropped");
}

/// A thread that hangs, as in a file server that does not answer, does not keep the others from leaving.
#[test]
fn a_thread_that_hangs_is_left_behind() {
    let Some(slow) = Slow::new() else { return };
    let child = slow.start(&["--grace", "100ms", "--threads", "2"]);
    let gate = slow.wait();
    let start = Instant::now();
    signal(&child, "USR1");
    assert_eq!(end_of(child).code(), Some(75));
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    drop(gate);
    slow.finish();
}

#[test]
fn a_second_interrupt_leaves_at_once() {
    let Some(slow) = Slow::new() else { return };
    let child = slow.start(&["--grace", "1h"]);
    let gate = slow.wait();
    slow.ask(&child, "INT");
    signal(&child, "INT");
    assert_eq!(end_of(child).code(), Some(130));
    drop(gate);
    slow.finish();
}

/// Other threads go on while one hangs; what they finish before a kill is not lost.
#[test]
fn a_kill_costs_only_what_is_in_flight() {
    let Some(slow) = Slow::new() else { return };
    let mut child = slow.start(&["--threads", "2"]);
    let gate = slow.wait();
    let done = || {
        let output =
            program::command().arg("status").arg(slow.folder.out()).arg("--json").output().expect("status");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (json["units_done"].clone(), json["units"].clone(), json["tasks"][0]["is_alive"].clone())
    };
    let start = Instant::now();
    while done() != (5.into(), 6.into(), true.into()) {
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", done());
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().expect("a child");
    child.wait().expect("a child");
    drop(gate);
    assert_eq!(done(), (5.into(), 6.into(), false.into()));
    assert!(slow.finish().contains("found 5 of 6 units done"));
}
