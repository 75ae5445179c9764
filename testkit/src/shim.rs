//! The program with `shim.c` between it and the C library: what it does to files is logged, and may fail.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The compiled shim.
#[derive(Debug)]
pub struct Shim {
    library: PathBuf,
}

/// Which calls fail, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A call's name, `space` or `any`.
    pub call: &'static str,
    /// Only on paths that have this word in them; all where it is empty.
    pub word: String,
    /// Counted from 1.
    pub at: usize,
    /// An errno's name, `short`, `full`, `kill`, `term` or `stop`.
    pub what: &'static str,
    /// All later ones fail as well.
    pub sticky: bool,
}

impl Shim {
    /// Compiles the shim; says so where that cannot be.
    pub fn build() -> Option<Shim> {
        static BUILT: AtomicUsize = AtomicUsize::new(0);
        // Tests of one process have one each, since each removes its own.
        let number = BUILT.fetch_add(1, Ordering::Relaxed);
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/shim.c");
        // Beside the program: the system's folder of temporary files may not let anything be run.
        let library =
            crate::program::path().with_file_name(format!("shim-{}-{number}.so", std::process::id()));
        if !cfg!(target_os = "linux") || Command::new("cc").arg("--version").output().is_err() {
            crate::here::lack("cc", "no C compiler (cc) for Linux");
            return None;
        }
        let flags = ["-shared", "-fPIC", "-O1", "-Wall", "-U_FORTIFY_SOURCE", "-o"];
        let output =
            Command::new("cc").args(flags).arg(&library).args([source, "-ldl", "-lpthread"]).output();
        let output = output.expect("cc");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(Shim { library })
    }

    /// Lets time pass so many times faster for a command: what comes every few seconds comes often. Below `folder` it does
    /// not wait for the disk.
    pub fn hurry(&self, command: &mut assert_cmd::Command, folder: &Path, times: u32) {
        command.env("LD_PRELOAD", &self.library).env("GRIDLOOM_SHIM_CLOCK", times.to_string());
        let parent = folder.parent().expect("a parent").canonicalize().expect("a folder");
        command.env("GRIDLOOM_SHIM_BELOW", parent.join(folder.file_name().expect("a name")));
    }

    /// Puts the shim before a command: what it does below `folder` goes to `log`.
    pub fn record(&self, command: &mut assert_cmd::Command, folder: &Path, log: &Path) {
        self.hurry(command, folder, 1);
        command.env("GRIDLOOM_SHIM_RECORD", log);
    }

    /// The same, with a fault.
    pub fn fail(&self, command: &mut assert_cmd::Command, folder: &Path, log: &Path, fault: &Fault) {
        self.record(command, folder, log);
        let sticky = if fault.sticky { ":sticky" } else { "" };
        command.env("GRIDLOOM_SHIM_FAIL", format!("{}:{}:{}{sticky}", fault.call, fault.at, fault.what));
        if !fault.word.is_empty() {
            command.env("GRIDLOOM_SHIM_ONLY", &fault.word);
        }
    }

    /// Lets the first that opens `file` wait until the pipe `gate` was opened for writing, and closed.
    pub fn slow(&self, command: &mut Command, file: &Path, gate: &Path) {
        command.env("LD_PRELOAD", &self.library);
        command.env("GRIDLOOM_SHIM_SLOW", file).env("GRIDLOOM_SHIM_GATE", gate);
    }

    /// Lets all locks of files fail with an errno.
    pub fn refuse_locks(&self, command: &mut assert_cmd::Command, number: i32) {
        command.env("LD_PRELOAD", &self.library).env("GRIDLOOM_SHIM_LOCKS", number.to_string());
    }
}

impl Drop for Shim {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.library);
    }
}

/// The names of calls, in the order of the shim's numbers.
pub const CALLS: [&str; 14] = [
    "open",
    "write",
    "pwrite",
    "ftruncate",
    "fallocate",
    "punch",
    "fsync",
    "fdatasync",
    "rename",
    "link",
    "unlink",
    "mkdir",
    "rmdir",
    "close",
];

/// A call that the program made. It is done, unless it has an error.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// One of [`CALLS`].
    pub name: &'static str,
    /// `open`: the file was not there before.
    pub created: bool,
    /// `open`: the file was emptied.
    pub truncated: bool,
    /// Syncs: of a folder.
    pub folder: bool,
    /// The shim made it fail or fall short.
    pub fault: bool,
    /// Its errno, or 0.
    pub error: i32,
    /// The file's number on its disk, which stays while its name changes.
    pub file: u64,
    /// Writes and `punch`: where. `ftruncate` and `fallocate`: the length.
    pub offset: u64,
    /// `punch`: the bytes that become a hole.
    pub length: u64,
    /// Syncs: the file's time, in nanoseconds.
    pub modified: u64,
    /// Below the folder; empty for the folder itself.
    pub path: String,
    /// The second path of `rename` and `link`.
    pub other: String,
    /// Writes: what.
    pub data: Vec<u8>,
}

/// Reads a log. A torn last entry, as of a process that was killed, is left out.
pub fn read_log(path: &Path) -> Vec<Call> {
    let log = std::fs::read(path).unwrap_or_default();
    let (mut rest, mut calls) = (&log[..], Vec::new());
    while let Some(call) = read_call(&mut rest) {
        calls.push(call);
    }
    calls
}

fn read_call(log: &mut &[u8]) -> Option<Call> {
    let mut rest = *log;
    let mut numbers = [0; 6];
    for number in &mut numbers {
        *number = u32::from_ne_bytes(take(&mut rest, 4)?.try_into().ok()?);
    }
    let mut long = || Some(u64::from_ne_bytes(take(&mut rest, 8)?.try_into().ok()?));
    let (file, offset, length, modified) = (long()?, long()?, long()?, long()?);
    let [call, flags, error, path, other, data] = numbers;
    let mut text = |length| Some(String::from_utf8_lossy(take(&mut rest, length)?).into_owned());
    let (path, other) = (text(path)?, text(other)?);
    let data = take(&mut rest, data)?.to_vec();
    *log = rest;
    Some(Call {
        name: CALLS[call as usize],
        created: flags & 1 != 0,
        truncated: flags & 2 != 0,
        folder: flags & 4 != 0,
        fault: flags & 8 != 0,
        error: error as i32,
        file,
        offset,
        length,
        modified,
        path,
        other,
        data,
    })
}

fn take<'a>(bytes: &mut &'a [u8], length: u32) -> Option<&'a [u8]> {
    let (head, tail) = bytes.split_at_checked(length as usize)?;
    *bytes = tail;
    Some(head)
}
