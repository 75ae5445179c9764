//! Output folders in which somebody else has put things: links, lines of journals, files with names like gridloom's own.
//! Nothing outside is read, written or removed, and nothing inside that gridloom did not make.

mod archives;
mod kills;
mod links;
mod locks;
mod short;

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, UNIX_EPOCH};

use gridloom_testkit::dumps::{Folder, Kind, Model, Variable};
use gridloom_testkit::files::{self, names};
use gridloom_testkit::program::{self, talk};
use twox_hash::XxHash3_64;

const VICTIM: &[u8] = b"dear to somebody";

fn model(periods: &[(i64, i64)]) -> Model {
    let variables = vec![Variable::new("npp", Kind::F32, None), Variable::new("lai", Kind::F32, None)];
    Model::new(&[(160, 230), (160, 231), (161, 230), (164, 234)], periods, variables)
}

/// A run whose dumps are old enough to be known by their time.
fn run_of(periods: &[(i64, i64)], folder: Folder) -> Folder {
    let model = model(periods);
    let folder = model.write_to(folder);
    let settled = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for dump in &model.dumps {
        files::set_modified(&folder.dump(dump.cell, dump.period), settled);
    }
    folder
}

fn command(folder: &Folder, name: &str, options: &[&str]) -> assert_cmd::Command {
    let mut program = program::command();
    program.arg(name).arg(folder.run()).arg("-o").arg(folder.out()).args(["--threads", "2"]).args(options);
    program.timeout(Duration::from_secs(60));
    program
}

fn grid(folder: &Folder, options: &[&str]) -> Output {
    command(folder, "grid", options).output().expect("the program")
}

fn assert_status(output: &Output, status: i32) {
    assert_eq!(output.status.code(), Some(status), "{}", talk(output));
}

fn victim(path: PathBuf) -> PathBuf {
    std::fs::write(&path, VICTIM).expect("a file");
    path
}

fn assert_untouched(path: &Path) {
    assert_eq!(std::fs::read(path).expect("the victim"), VICTIM, "{}", path.display());
}

/// The files that a folder holds under their final names, with their bytes.
fn content(out: &Path) -> Vec<(String, Vec<u8>)> {
    let ours = names(out).into_iter().filter(|name| name.ends_with(".nc"));
    ours.map(|name| (name.clone(), std::fs::read(out.join(name)).expect("a file"))).collect()
}

/// Adds a line to a journal that says that some file was published, with all that can be known of it.
fn claim(out: &Path, name: &str, victim: &Path) {
    use std::os::unix::fs::MetadataExt;
    let path = out.join(".gridloom/journal-0000");
    let journal = std::fs::read_to_string(&path).expect("a journal");
    let real = journal.lines().rfind(|line| line.contains("\"published\"")).expect("a published file");
    let mut line: serde_json::Value = serde_json::from_str(&real[17..]).expect("JSON");
    let there = std::fs::metadata(victim).expect("a file");
    let bytes = std::fs::read(victim).expect("a file");
    let published = &mut line["record"]["published"];
    published["file"] = name.into();
    published["bytes"] = there.len().into();
    published["modified"] = (there.mtime() * 1_000_000_000 + there.mtime_nsec()).into();
    published["seal"] = XxHash3_64::oneshot(&[&bytes[..], &there.len().to_le_bytes()].concat()).into();
    let json = line.to_string();
    let line = format!("{:016x} {json}\n", XxHash3_64::oneshot(json.as_bytes()));
    std::fs::write(&path, journal + &line).expect("a journal");
}

#[test]
fn a_journal_cannot_have_other_files_removed() {
    let folder = run_of(&[(0, 40)], Folder::new());
    let out = folder.out();
    let claimed = |out: &Path| -> Vec<PathBuf> {
        let outside = victim(folder.path().join("thesis.nc"));
        let inside = ["thesis.nc", "notes.txt", ".hidden.nc"].map(|name| victim(out.join(name)));
        std::fs::create_dir_all(out.join("sub")).expect("a folder");
        let deeper = victim(out.join("sub/thesis.nc"));
        claim(out, outside.to_str().expect("UTF-8"), &outside);
        for name in ["../thesis.nc", "sub/../../thesis.nc", "./../thesis.nc"] {
            claim(out, name, &outside);
        }
        for name in ["thesis.nc", "notes.txt", ".hidden.nc"] {
            claim(out, name, &out.join(name));
        }
        claim(out, "sub/thesis.nc", &deeper);
        [outside, deeper].into_iter().chain(inside).collect()
    };
    assert_status(&grid(&folder, &[]), 0);
    let victims = claimed(&out);
    assert_status(&grid(&folder, &[]), 0);
    victims.iter().for_each(|path| assert_untouched(path));
    // The same for who publishes, and for a run that goes on, whose own older files are removed.
    let folder = run_of(&[(0, 40), (40, 30)], folder);
    let early = content(&out).into_iter().map(|(name, _)| name).filter(|name| name.contains("made_up"));
    let early: Vec<String> = early.collect();
    let output = grid(&folder, &[]);
    assert_status(&output, 0);
    assert_eq!(early.len(), 2);
    assert!(
        early.iter().all(|name| !out.join(name).exists()),
        "what gridloom made and replaced goes: {}",
        talk(&output)
    );
    victims.iter().for_each(|path| assert_untouched(path));
    assert_status(&program::command().arg("publish").arg(&out).output().expect("the program"), 0);
    victims.iter().for_each(|path| assert_untouched(path));
}

/// Somebody has put another file in the place of one that was published, of the same size and time.
#[test]
fn a_file_that_was_replaced_is_not_removed() {
    let folder = run_of(&[(0, 40)], Folder::new());
    let out = folder.out();
    assert_status(&grid(&folder, &[]), 0);
    let (name, mut bytes) = content(&out).into_iter().next().expect("a file");
    let path = out.join(&name);
    let modified = std::fs::metadata(&path).expect("a file").modified().expect("a time");
    let at = bytes.len() - 20;
    bytes[at] ^= 1;
    std::fs::write(&path, &bytes).expect("a file");
    std::fs::File::options().write(true).open(&path).expect("a file").set_modified(modified).expect("a time");
    let folder = run_of(&[(0, 40), (40, 30)], folder);
    assert_status(&grid(&folder, &[]), 0);
    assert_eq!(std::fs::read(&path).expect("it is still there"), bytes);
}

/// Names that look like gridloom's own, but are not.
#[test]
fn files_and_folders_of_others_stay() {
    let folder = run_of(&[(0, 40)], Folder::new());
    let out = folder.out();
    assert_status(&grid(&folder, &[]), 0);
    let others = [
        ".gridloom-backup/notes",
        ".gridloom-old/journal-0000",
        ".gridloom-1f-0123456789abcdef/notes",
        ".gridloom-1f-0123456789abcdef/segment-0000",
        ".draft.csv.part",
        ".npp.nc.part",
        ".report.json.part",
        ".1f-0123456789abcdef.npp.nc.part",
        ".gridloom/.plan-notes",
        ".gridloom/.lockfile",
        ".gridloom/notes",
    ];
    for name in others {
        std::fs::create_dir_all(out.join(name).parent().expect("a folder")).expect("a folder");
        victim(out.join(name));
    }
    for options in [vec![], vec!["--fresh"], vec!["--fresh", "--drop-spool"]] {
        assert_status(&grid(&folder, &options), 0);
        for name in others.iter().filter(|name| !name.starts_with(".gridloom/")) {
            assert_untouched(&out.join(name));
        }
    }
    let kept: Vec<PathBuf> =
        names(&out).iter().map(|name| out.join(name).join("notes")).filter(|path| path.exists()).collect();
    assert_eq!(kept.len(), 3, "what somebody put into a spool outlives it: {kept:?}");
    kept.iter().for_each(|path| assert_untouched(path));
}
