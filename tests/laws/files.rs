//! No file is ever torn at its final name, and nothing that stands in a folder is lost without being asked for.

use std::collections::BTreeMap;
use std::path::Path;

use gridloom::pipeline::{self, Options};
use gridloom::plan::Settings;
use gridloom::{ErrorKind, Result};
use gridloom_testkit::dumps::{self, Folder, Kind, Model, Variable, check};

use crate::work;

fn model(seed: u64) -> Model {
    let variables =
        ["npp", "lai", "photo", "rm", "rg"].map(|key| Variable::new(key, Kind::F32, None)).to_vec();
    Model {
        value: dumps::mixed(seed),
        ..Model::new(&[(1, 1), (1, 2), (2, 1)], &[(0, 50), (50, 50)], variables)
    }
}

fn overwrite(folder: &Folder) -> Result<pipeline::Report> {
    let plan = work::plan(folder, work::settings())?;
    let options = Options::default().overwrite(true);
    pipeline::grid(&plan, folder.out(), &options, &gridloom::Nobody)
}

/// All files below a folder by name.
fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            files.extend(content(&path).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
        } else {
            files.insert(name, std::fs::read(path).expect("a file"));
        }
    }
    files
}

/// The names of all files below a folder, without those of the checkpoint.
fn names(folder: &Path) -> Vec<String> {
    content(folder).into_keys().filter(|name| !name.starts_with(".gridloom/")).collect()
}

#[test]
fn only_the_files_the_report_and_the_checkpoint_are_left() {
    let folder = model(1).write();
    let report = work::grid(&folder, work::settings()).expect("a run");
    let mut expected: Vec<String> = report.files.iter().map(|file| file.file.clone()).collect();
    expected.push("report.json".to_owned());
    expected.sort();
    assert_eq!(names(&folder.out()), expected);
    assert_eq!(names(&folder.out().join(".gridloom")), ["journal-0000", "plan-0001", "segment-0000"]);
    let plan = work::plan(&folder, work::settings()).expect("a plan");
    let options = Options::default().drop_spool(true);
    pipeline::grid(&plan, folder.out(), &options, &gridloom::Nobody).expect("nothing to do");
    assert_eq!(content(&folder.out()).into_keys().collect::<Vec<_>>(), expected);
    for file in &report.files {
        let length = std::fs::metadata(folder.out().join(&file.file)).expect("a file").len();
        assert_eq!(file.bytes, length);
    }
}

#[test]
fn a_folder_with_something_in_it_is_refused_and_untouched() {
    for name in ["notes.txt", "npp_made_up_18600101_18600409.nc", ".hidden", "folder/file"] {
        let folder = model(1).write();
        let path = folder.out().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, b"dear to somebody").expect("a file");
        let before = content(&folder.out());
        let error = work::grid(&folder, work::settings()).expect_err("not empty");
        assert_eq!(
            (error.kind(), error.path()),
            (ErrorKind::Occupied, Some(folder.out().as_path())),
            "{error}"
        );
        assert_eq!(content(&folder.out()), before);
    }
}

#[test]
fn an_empty_folder_and_the_leavings_of_a_killed_run_are_no_obstacle() {
    let folder = model(1).write();
    std::fs::create_dir_all(folder.out().join(".gridloom")).expect("a folder");
    std::fs::write(folder.out().join(".gridloom/segment-0000.bin"), vec![1; 1000]).expect("a file");
    // It has the form of a temporary name, but nothing tells that this folder's spool made it.
    let left = folder.out().join(".1f-0123456789abcdef.npp_made_up_18600101_18600409.nc.part");
    std::fs::write(&left, vec![1; 1000]).expect("a file");
    work::grid(&folder, work::settings()).expect("a run");
    assert_eq!(check::exact(&model(1), &folder.out()).files, 5);
    assert_eq!(names(&folder.out()).len(), 7);
    assert_eq!(std::fs::read(&left).expect("a file"), vec![1; 1000]);
}

#[test]
fn overwriting_replaces_outputs_and_nothing_else() {
    let folder = model(1).write();
    work::grid(&folder, work::settings()).expect("a run");
    std::fs::write(folder.out().join("notes.txt"), b"dear to somebody").expect("a file");
    let folder = model(2).write_to(folder);
    overwrite(&folder).expect("a run");
    assert_eq!(check::exact(&model(2), &folder.out()).files, 5);
    assert_eq!(std::fs::read(folder.out().join("notes.txt")).expect("a file"), b"dear to somebody");
    work::assert_verified(&folder);
}

/// One of the final names is taken by a folder that cannot be replaced: the others are whole, old or new.
#[test]
fn where_one_file_cannot_be_published_none_is_torn() {
    let folder = model(1).write();
    let blocked = folder.out().join("photo_made_up_18600101_18600409.nc");
    std::fs::create_dir_all(blocked.join("full")).expect("a folder");
    let error = overwrite(&folder).expect_err("the name is taken");
    let text = format!("{error}");
    assert!(text.contains("photo_made_up"), "{text}");
    assert!(blocked.join("full").is_dir());
    for path in check::files(&folder.out()).iter().filter(|path| path.is_file()) {
        netcdf::open(path).unwrap_or_else(|error| panic!("{} is torn: {error}", path.display()));
    }
    assert!(!folder.out().join("report.json").exists(), "a run that failed leaves no report");
    std::fs::remove_dir_all(&blocked).expect("a folder");
    overwrite(&folder).expect("the way is free");
    assert_eq!(check::exact(&model(1), &folder.out()).files, 5);
    let hidden = names(&folder.out()).into_iter().filter(|name| name.starts_with('.')).count();
    assert_eq!(hidden, 0, "what the failed run left is gone");
}

#[test]
fn an_output_that_cannot_be_a_folder_is_named() {
    let folder = model(1).write();
    std::fs::write(folder.out(), b"a file").expect("a file");
    let error = work::grid(&folder, work::settings()).expect_err("a file is no folder");
    assert!(error.to_string().contains(&folder.out().display().to_string()), "{error}");
    assert_eq!(std::fs::read(folder.out()).expect("a file"), b"a file");
    assert!(!content(&folder.run()).is_empty());
}

/// The run itself is only read.
#[test]
fn a_run_is_never_written_to() {
    let folder = model(1).write();
    std::fs::write(folder.dump((1, 2), 2), b"damaged").expect("a file");
    let before = content(&folder.run());
    let report = work::grid(&folder, Settings::default()).expect("a run");
    assert!(!report.is_complete());
    work::assert_verified(&folder);
    assert_eq!(content(&folder.run()), before);
}
