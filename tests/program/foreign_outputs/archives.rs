//! Archives by other names, and what lies beside them.

use std::process::{Child, Command, Stdio};

use gridloom::archive::{Change, Settings};
use gridloom_testkit::shim::{Fault, Shim};

use super::*;

/// A run of which an archive has the first period, and the archive.
fn archived() -> (Folder, PathBuf) {
    let folder = run_of(&[(0, 300)], Folder::new());
    let path = folder.path().join("run.nc");
    cells(&["write"], &[&folder.run()], &["-o", path.to_str().expect("UTF-8")]).assert().success();
    (run_of(&[(0, 300), (300, 120)], folder), path)
}

fn cells(words: &[&str], paths: &[&Path], options: &[&str]) -> assert_cmd::Command {
    let mut program = program::command();
    program.arg("cells").args(words).args(paths).args(options).timeout(Duration::from_secs(60));
    program
}

/// Other names of an archive: a link, one in another folder, and a second name of the file.
fn aliases(path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().expect("a folder");
    std::fs::create_dir_all(folder.join("sub")).expect("a folder");
    let [beside, below, hard] = ["latest.nc", "sub/latest.nc", "sub/same.nc"].map(|name| folder.join(name));
    symlink("run.nc", &beside).expect("a link");
    symlink("../latest.nc", &below).expect("a link");
    std::fs::hard_link(path, &hard).expect("a link");
    vec![beside, below, hard]
}

#[test]
fn an_archive_is_locked_by_all_its_names() {
    let (folder, path) = archived();
    let settings = Settings::default();
    let mut all = aliases(&path);
    all.push(path.clone());
    for held in &all {
        let change = Change::open(held, &settings).expect("free");
        for other in &all {
            for command in [
                cells(&["append"], &[&folder.run(), other], &[]),
                cells(&["replace"], &[&folder.run(), other], &["--cells", "160-230"]),
                cells(&["drop"], &[other], &["--cells", "160-231"]),
                cells(&["repack"], &[other], &[]),
            ] {
                let mut command = command;
                let output = command.output().expect("the program");
                assert_status(&output, 1);
                let words = talk(&output);
                assert!(
                    words.contains("another gridloom works"),
                    "{} and {}: {words}",
                    held.display(),
                    other.display()
                );
            }
        }
        drop(change);
    }
    assert_status(&cells(&["append"], &[&folder.run(), &all[1]], &[]).output().expect("the program"), 0);
    assert_status(&cells(&["verify"], &[&path], &[]).output().expect("the program"), 0);
    let left = names(folder.path()).into_iter().chain(names(&folder.path().join("sub")));
    assert_eq!(left.filter(|name| name.starts_with('.')).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn racing_writers_by_other_names_leave_a_sound_archive() {
    let (folder, path) = archived();
    let before = std::fs::read(&path).expect("a file");
    let others = aliases(&path);
    let start = |words: &[&str], archive: &Path, options: &[&str]| -> Child {
        let mut program = Command::new(program::path());
        program.arg("cells").args(words).arg(folder.run()).arg(archive).args(options).args([
            "--quiet",
            "--threads",
            "1",
        ]);
        program.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program")
    };
    for attempt in 0..12 {
        // In place: the file keeps its names.
        std::fs::write(&path, &before).expect("a file");
        let other = &others[attempt % others.len()];
        let children = [start(&["append"], &path, &[]), start(&["replace"], other, &["--cells", "160-230"])];
        let ends = children.map(|child| child.wait_with_output().expect("an end"));
        for output in &ends {
            let is_refused =
                output.status.code() == Some(1) && talk(output).contains("another gridloom works");
            assert!(is_refused || output.status.success(), "{}: {}", other.display(), talk(output));
        }
        assert!(ends.iter().any(|output| output.status.success()));
        let output = cells(&["verify"], &[&path], &[]).output().expect("the program");
        assert_status(&output, 0);
        // What went through is there.
        if ends[0].status.success() {
            assert_status(
                &cells(&["verify"], &[&path, &folder.run()], &[]).output().expect("the program"),
                0,
            );
        }
    }
}

#[test]
fn a_link_to_an_archive_stays_one() {
    let (folder, path) = archived();
    let link = aliases(&path).swap_remove(1);
    let output = cells(&["repack"], &[&link], &[]).output().expect("the program");
    assert_status(&output, 1);
    assert!(talk(&output).contains("2 names"), "one of two names would keep the old file: {}", talk(&output));
    std::fs::remove_file(folder.path().join("sub/same.nc")).expect("a link");
    let before = std::fs::read(&path).expect("a file");
    assert_status(&cells(&["append"], &[&folder.run(), &link], &[]).output().expect("the program"), 0);
    assert_status(&cells(&["repack"], &[&link], &["--zstd=1"]).output().expect("the program"), 0);
    let out = link.to_str().expect("UTF-8");
    assert!(link.is_symlink() && !path.is_symlink() && std::fs::read(&path).expect("a file") != before);
    assert_status(
        &cells(&["write"], &[&folder.run()], &["--overwrite", "-o", out]).output().expect("the program"),
        0,
    );
    assert!(link.is_symlink() && !path.is_symlink());
    assert_status(&cells(&["verify"], &[&path, &folder.run()], &[]).output().expect("the program"), 0);
}

#[test]
fn an_archive_and_its_lock_are_not_written_through_links() {
    let (folder, _) = archived();
    let victim = victim(folder.path().join("authorized_keys"));
    let (path, lock) = (folder.path().join("run2.nc"), folder.path().join(".run2.nc.lock"));
    let write = || {
        let out = path.to_str().expect("UTF-8");
        cells(&["write"], &[&folder.run()], &["--overwrite", "-o", out]).output().expect("the program")
    };
    symlink(&victim, &lock).expect("a link");
    assert_status(&write(), 1);
    std::fs::remove_file(&lock).expect("a link");
    std::fs::hard_link(&victim, &lock).expect("a link");
    assert_status(&write(), 1);
    std::fs::remove_file(&lock).expect("a link");
    // Somebody's own file of that name.
    std::fs::write(&lock, b"mine").expect("a file");
    assert_status(&write(), 1);
    assert_eq!(std::fs::read(&lock).expect("a file"), b"mine");
    std::fs::remove_file(&lock).expect("a file");
    symlink(&victim, &path).expect("a link");
    let output = write();
    assert_status(&output, 1);
    assert!(talk(&output).contains("link"), "{}", talk(&output));
    std::fs::remove_file(&path).expect("a link");
    symlink(&victim, folder.path().join(".run2.nc.part")).expect("a link");
    assert_status(&write(), 0);
    assert_untouched(&victim);
    assert!(names(folder.path()).contains(&".run2.nc.part".to_owned()));
}

/// A disk that is full takes back what a change that it ended had written.
#[test]
fn a_change_that_fails_takes_no_room() {
    let Some(shim) = Shim::build() else { return };
    // All writes but the last, which switches to the new state.
    for (command, writes) in [("append", 6), ("replace", 4)] {
        let (folder, path) = archived();
        let before = std::fs::read(&path).expect("a file");
        let options: &[&str] = if command == "replace" { &["--cells", "160-230"] } else { &[] };
        for at in 1..=writes {
            let mut change = cells(&[command], &[&folder.run(), &path], options);
            let fault = Fault { call: "pwrite", word: "run.nc".to_owned(), at, what: "full", sticky: false };
            shim.fail(&mut change, folder.path(), &folder.path().with_extension("log"), &fault);
            let output = change.output().expect("the program");
            assert_status(&output, 1);
            assert!(std::fs::read(&path).expect("a file") == before, "{command}, write {at}");
        }
        let _ = std::fs::remove_file(folder.path().with_extension("log"));
    }
}

/// What is kept whole or not at all says so when it is stopped.
#[test]
fn a_stopped_archive_says_that_it_begins_again() {
    let Some(shim) = Shim::build() else { return };
    let folder = run_of(&[(0, 300)], Folder::new());
    let (out, log) = (folder.path().join("archives"), folder.path().join("log"));
    std::fs::create_dir(&out).expect("a folder");
    let path = out.join("run.nc");
    let mut write =
        cells(&["write"], &[&folder.run()], &["--threads", "1", "-o", path.to_str().expect("UTF-8")]);
    let fault = Fault { call: "pwrite", word: ".part".to_owned(), at: 1, what: "stop", sticky: false };
    shim.fail(&mut write, &out, &log, &fault);
    let output = write.output().expect("the program");
    assert_status(&output, 75);
    let words = talk(&output);
    assert!(words.contains("begins again") && !words.contains("same command continues"), "{words}");
    assert_eq!(names(&out), [""; 0]);
}
