//! Real file systems, limits and rights that are in the way.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gridloom_testkit::files::name;
use gridloom_testkit::here;
use gridloom_testkit::program::{self, talk};
use gridloom_testkit::shim::{Fault, Shim};
use gridloom_testkit::subject::Subject;

use super::assert_told;

fn succeeds(command: &str, arguments: &[&str]) -> bool {
    Command::new(command).args(arguments).output().is_ok_and(|output| output.status.success())
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

/// A file system of its own, in memory, gone when dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn new(folder: PathBuf, options: &str) -> Option<Self> {
        std::fs::create_dir(&folder).expect("a folder");
        let path = folder.to_str().expect("UTF-8");
        if !is_root() || !succeeds("mount", &["-t", "tmpfs", "-o", options, "tmpfs", path]) {
            here::no_right("mount a file system");
            return None;
        }
        Some(Mounted(folder))
    }

    fn change(&self, options: &str) {
        let path = self.0.to_str().expect("UTF-8");
        assert!(succeeds("mount", &["-o", &format!("remount,{options}"), path]), "remount {options}");
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        succeeds("umount", &["-l", self.0.to_str().unwrap_or_default()]);
    }
}

/// Goes on with what a fault has ended.
fn assert_goes_on(subject: &Subject, output: &Output, out: &Path, what: &str) {
    assert_eq!(output.status.code(), Some(1), "{what}: {}", talk(output));
    assert_told(output, out, true).unwrap_or_else(|wrong| panic!("{what}: {wrong}"));
    assert_eq!(subject.torn(out), [""; 0], "{what}");
}

/// A disk with room for ever more, until there is enough.
fn fill_up(limit: impl Fn(usize) -> String, room: &str) {
    let subject = Subject::new();
    for step in 1..100 {
        let Some(disk) = Mounted::new(subject.out(step), &limit(step)) else { return };
        let output = subject.command(&disk.0).output().expect("the program");
        if output.status.success() {
            subject.complete(&disk.0).expect("complete");
            assert!(step > 4, "no disk was too small");
            return;
        }
        let what = format!("{} bytes to write, {}", subject.bytes(), limit(step));
        assert_goes_on(&subject, &output, &disk.0, &what);
        disk.change(room);
        subject.finish(&disk.0).unwrap_or_else(|wrong| panic!("{what}: {wrong}"));
    }
    panic!("no disk was large enough");
}

#[test]
fn a_disk_without_room() {
    // tmpfs counts in pages.
    fill_up(|step| format!("size={}k", 16 * step * (step + 1) / 2), "size=64m");
}

#[test]
fn a_disk_without_room_for_names() {
    // One is the folder itself.
    fill_up(|step| format!("nr_inodes={step}"), "nr_inodes=1000");
}

#[test]
fn a_disk_that_can_only_be_read() {
    let subject = Subject::new();
    let Some(disk) = Mounted::new(subject.out("disk"), "size=64m") else { return };
    disk.change("ro");
    let output = subject.command(&disk.0).output().expect("the program");
    assert_goes_on(&subject, &output, &disk.0, "read-only");
    disk.change("rw");
    subject.finish(&disk.0).expect("complete");
}

/// `ulimit -f` ends the process by a signal, or its writes with an error where the signal is ignored.
#[test]
fn a_limit_on_the_length_of_files() {
    let subject = Subject::new();
    let blocks = subject.bytes() / 512;
    for (number, part) in (0..20).enumerate() {
        for signal in ["", "trap '' XFSZ;"] {
            let out = subject.out(format!("{number}-{}", signal.len()));
            let script = format!(r#"{signal} ulimit -c 0; ulimit -f {}; exec "$0" "$@""#, part * blocks / 20);
            let mut shell = assert_cmd::Command::new("sh");
            shell.args(["-c", &script]).arg(program::path());
            subject.arguments(&mut shell, &out);
            let output = shell.output().expect("sh");
            match output.status.code() {
                Some(0) => subject.complete(&out).expect("complete"),
                Some(1) => {
                    assert_told(&output, &out, false).unwrap_or_else(|wrong| panic!("{script}: {wrong}"))
                }
                // A signal.
                None if signal.is_empty() => {}
                _ => panic!("{script}: {:?} {}", output.status, talk(&output)),
            }
            assert_eq!(subject.torn(&out), [""; 0], "{script}");
            subject.finish(&out).unwrap_or_else(|wrong| panic!("{script}: {wrong}"));
        }
    }
}

/// A user for whom rights count.
const NOBODY: u32 = 65534;

/// The command as one whom rights hold back.
fn unprivileged(subject: &Subject, out: &Path) -> Option<assert_cmd::Command> {
    let program = program::path();
    if !is_root() {
        return Some(subject.command(out));
    }
    let nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", name(&program)];
    if !succeeds("setpriv", &[&nobody[..], &["--version"]].concat()) {
        here::no_right("run the program as nobody");
        return None;
    }
    let mut command = assert_cmd::Command::new("setpriv");
    subject.arguments(command.args(nobody), out);
    Some(command)
}

/// Gives or takes the right to write in a folder and all below it.
fn set_writable(path: &Path, writable: bool) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("another owner");
    }
    let metadata = std::fs::metadata(path).expect("an entry");
    let bits = if metadata.is_dir() { 0o555 } else { 0o444 };
    let mode = std::fs::Permissions::from_mode(if writable { bits | 0o200 } else { bits });
    std::fs::set_permissions(path, mode).expect("rights");
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path).expect("a folder") {
            set_writable(&entry.expect("an entry").path(), writable);
        }
    }
}

#[test]
fn a_folder_without_the_right_to_write() {
    let subject = Subject::new();
    let everyone = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(subject.folder.path(), everyone).expect("rights");
    for inside in [false, true] {
        let parent = subject.out(inside);
        let out = if inside { parent.join("out") } else { parent.clone() };
        std::fs::create_dir(&parent).expect("a folder");
        set_writable(&parent, false);
        let Some(mut command) = unprivileged(&subject, &out) else { return };
        assert_goes_on(&subject, &command.output().expect("the program"), &out, "a folder");
        set_writable(&parent, true);
        let output = unprivileged(&subject, &out).expect("a command").output().expect("the program");
        assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
        subject.complete(&out).expect("complete");
    }
}

#[test]
fn rights_are_taken_away_from_a_run_that_was_not_finished() {
    let Some(shim) = Shim::build() else { return };
    let subject = Subject::new();
    let everyone = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(subject.folder.path(), everyone).expect("rights");
    for at in [10, 50, 100] {
        let (out, log) = (subject.out(at), subject.out("log"));
        let fault = Fault { call: "any", word: String::new(), at, what: "kill", sticky: false };
        let mut command = subject.command(&out);
        shim.fail(&mut command, &out, &log, &fault);
        assert_eq!(command.output().expect("the program").status.code(), None);
        set_writable(&out, false);
        let Some(mut command) = unprivileged(&subject, &out) else { return };
        assert_goes_on(&subject, &command.output().expect("the program"), &out, "no rights");
        set_writable(&out, true);
        let output = unprivileged(&subject, &out).expect("a command").output().expect("the program");
        assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
        subject.complete(&out).expect("complete");
    }
}
