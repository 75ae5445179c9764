//! What is finished is never done twice, and the result does not tell what happened on the way.

mod changes;
mod compact;
mod damage;
mod shards;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use gridloom_testkit::dumps::{self, Cell, Folder, Kind, Model, Variable, check};
use gridloom_testkit::files::{self, assert_same, bytes, report};
use gridloom_testkit::program::{self, assert_done, talk};

/// Cells in several tiles of 3 x 3, some of them ragged.
fn cells() -> Vec<Cell> {
    (0..20).map(|cell| (100 + cell / 4, 200 + cell % 4 + cell / 8)).collect()
}

const PERIODS: [(i64, i64); 3] = [(0, 90), (90, 40), (130, 70)];

fn model(periods: &[(i64, i64)]) -> Model {
    let variables = vec![
        Variable::new("npp", Kind::F32, None),
        Variable::new("csoil", Kind::F64, Some(2)),
        Variable::new("ls", Kind::I16, None),
    ];
    Model { value: dumps::mixed(5), ..Model::new(&cells(), periods, variables) }
}

/// Chunks that reach over the borders of periods, and tiles of nine cells.
const CHUNKS: [&str; 2] = ["--chunk", "32,3,3"];

/// A folder of the run's window that does not change when cells are added.
const BOX: &str = "--bbox=40,36,-80,-76";

fn run(folder: &Folder, out: &Path, options: &[&str]) -> Output {
    let mut program = program::command();
    program.arg("grid").arg(folder.run()).arg("-o").arg(out).args(CHUNKS).args(options);
    program.timeout(Duration::from_secs(120)).output().expect("the program")
}

fn publish(out: &Path) -> Output {
    program::command().arg("publish").arg(out).output().expect("the program")
}

/// The files of a run that nothing happened to.
fn reference(folder: &Folder, options: &[&str]) -> files::Bytes {
    let out = folder.path().join("reference");
    let _ = std::fs::remove_dir_all(&out);
    assert_done(&run(folder, &out, options));
    bytes(&out)
}

fn status(out: &Path) -> serde_json::Value {
    let output = program::command().arg("status").arg(out).arg("--json").output().expect("the program");
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Makes a dump older than the time in which a change might not show.
fn settle(path: &Path) {
    let time = std::time::SystemTime::now() - Duration::from_secs(3600);
    std::fs::File::options().write(true).open(path).and_then(|file| file.set_modified(time)).expect("a time");
}

fn settle_all(folder: &Folder, model: &Model) {
    model.dumps.iter().for_each(|dump| settle(&folder.dump(dump.cell, dump.period)));
}

fn settle_all_there(folder: &Folder, model: &Model) {
    let paths = model.dumps.iter().map(|dump| folder.dump(dump.cell, dump.period));
    paths.filter(|path| path.exists()).for_each(|path| settle(&path));
}

#[test]
fn the_same_command_again_does_nothing_twice() {
    let model = model(&PERIODS);
    let folder = model.write();
    settle_all(&folder, &model);
    let out = folder.out();
    assert_done(&run(&folder, &out, &[]));
    let times = |out: &Path| -> Vec<_> {
        check::files(out)
            .iter()
            .map(|path| path.metadata().and_then(|file| file.modified()).expect("a file"))
            .collect()
    };
    let (first, before) = (report(&out), times(&out));
    let output = run(&folder, &out, &[]);
    assert_done(&output);
    let again = report(&out);
    let units = &first["units"]["total"];
    assert_eq!((&again["units"]["found"], &first["units"]["found"]), (units, &0.into()));
    assert!(talk(&output).contains(&format!("found {units} of {units} units done")), "{}", talk(&output));
    assert_eq!(times(&out), before, "no file was written again");
    for part in ["dumps", "chunks", "values", "faults", "files"] {
        let counts = |report: &serde_json::Value| {
            let mut part = report[part].clone();
            // These two are of the process that ended the work.
            for key in ["bytes_decoded", "bytes_raw"] {
                part.as_object_mut().and_then(|part| part.remove(key));
            }
            part
        };
        assert_eq!(counts(&again), counts(&first), "{part}");
    }
    assert_eq!(status(&out)["is_published"], true);
}

/// A file of the outputs that was lost or changed is written again, from the spool alone.
#[test]
fn a_file_that_is_gone_is_published_again() {
    let folder = model(&PERIODS).write();
    let out = folder.out();
    assert_done(&run(&folder, &out, &[]));
    let before = bytes(&out);
    let path = check::file_of(&out, "npp");
    std::fs::remove_file(&path).expect("a file");
    assert_eq!(status(&out)["files_done"], 3);
    std::fs::write(check::file_of(&out, "ls"), b"not a map").expect("a file");
    assert_done(&run(&folder, &out, &[]));
    assert_same(&bytes(&out), &before);
    assert_eq!(report(&out)["stages"][0]["steps"], 0, "no dump was read");
}

#[test]
fn other_settings_are_refused_with_the_difference() {
    let folder = model(&PERIODS).write();
    let out = folder.out();
    assert_done(&run(&folder, &out, &["--variables", "npp"]));
    let before = bytes(&out);
    for (options, difference) in [
        (vec!["--variables", "npp,ls"], r#"selection.variables: ["npp"] then, ["npp","ls"] now"#),
        (vec!["--variables", "npp", "--deflate", "6"], "codec.deflate: 4 then, 6 now"),
        (
            vec!["--variables", "npp", "--from", "1860-01-03"],
            r#"selection.from: nothing then, "1860-01-03" now"#,
        ),
    ] {
        let output = run(&folder, &out, &options);
        let talk = talk(&output);
        assert_eq!(output.status.code(), Some(2), "{talk}");
        assert!(talk.contains(difference) && talk.contains("--fresh"), "{talk}");
        assert_same(&bytes(&out), &before);
    }
    // What does not change the files is no setting.
    assert_done(&run(&folder, &out, &["--variables", "npp", "--threads", "1", "--memory", "300MiB"]));
    assert_done(&run(&folder, &out, &["--variables", "npp,ls", "--fresh"]));
    assert_eq!(report(&out)["units"]["found"], 0);
    assert_eq!(report(&out)["files"].as_array().map(Vec::len), Some(2));
}

#[test]
fn status_and_publish_of_a_folder_without_work() {
    let folder = model(&PERIODS[..1]).write();
    for command in ["status", "publish"] {
        let output = program::command().arg(command).arg(folder.run()).output().expect("the program");
        assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
        assert!(talk(&output).contains("has no checkpoint"), "{}", talk(&output));
    }
}
