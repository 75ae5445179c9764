//! Runs and outputs with names that people have.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use gridloom_testkit::{files, program};

use super::{Folder, model, run, within};

fn grids(out: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(out)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".nc"))
        .collect();
    names.sort();
    names
}

fn renamed(name: &str) -> Folder {
    let folder = model(&[(0, 40)]).write();
    std::fs::rename(folder.run(), folder.path().join(name)).expect("a name");
    folder
}

#[test]
fn braces_in_the_name_of_a_run_are_a_part_of_it() {
    let folder = renamed("a{variable}b}");
    let (status, text) = within(folder.path(), "grid {}/a{variable}b} -o {}/out");
    assert_eq!(status, Some(0), "{text}");
    assert_eq!(grids(&folder.out()), ["npp_a{variable}b}_18600101_18600209.nc"]);
}

#[test]
fn a_name_that_is_too_long_for_files_is_blamed_on_the_run() {
    let name = "r".repeat(230);
    let folder = renamed(&name);
    let (status, text) = within(folder.path(), &format!("grid {{}}/{name} -o {{}}/out"));
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("the run's name has 230 bytes") && text.contains("--name '{variable}_"), "{text}");
    let (status, text) =
        within(folder.path(), &format!("grid {{}}/{name} -o {{}}/out --name {{variable}}.nc"));
    assert_eq!((status, grids(&folder.out())), (Some(0), vec!["npp.nc".to_owned()]), "{text}");
    // Files of tables are not called by the run.
    let (status, text) = within(folder.path(), &format!("tables {{}}/{name} -o {{}}/tables"));
    assert_eq!(status, Some(0), "{text}");
}

#[test]
fn a_run_is_called_by_the_name_that_it_is_given_by() {
    let folder = renamed("2025-11-07_042");
    let link = folder.path().join("control");
    std::os::unix::fs::symlink("2025-11-07_042", &link).expect("a link");
    let (status, text) = within(folder.path(), "grid {}/control/ -o {}/out");
    assert_eq!(status, Some(0), "{text}");
    assert_eq!(grids(&folder.out()), ["npp_control_18600101_18600209.nc"]);
    // By another name the files would have others.
    let (status, text) = within(folder.path(), "grid {}/2025-11-07_042 -o {}/out");
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("the run's name: \"control\" then, \"2025-11-07_042\" now"), "{text}");
    let (status, text) = within(folder.path(), "grid {}/control -o {}/out");
    assert_eq!(status, Some(0), "{text}");
    let (status, text) = within(folder.path(), "cells write {}/control -o {}/run.nc");
    assert_eq!(status, Some(0), "{text}");
    let (_, text) = within(folder.path(), "inspect {}/run.nc");
    assert!(text.starts_with("control:"), "{text}");
    let mut program = program::command();
    let output = program.current_dir(&link).args(["inspect", "."]).output().expect("the program");
    assert!(
        String::from_utf8_lossy(&output.stdout).starts_with("2025-11-07_042:"),
        "the folder that is meant"
    );
}

#[test]
fn a_path_that_is_not_utf_8_is_read_and_not_written_to() {
    let folder = model(&[(0, 40)]).write();
    let odd = folder.path().join(OsStr::from_bytes(b"caf\xe9"));
    std::fs::rename(folder.run(), &odd).expect("a name");
    let out = folder.out();
    for arguments in [
        vec![OsStr::new("grid"), odd.as_os_str(), OsStr::new("-o"), out.as_os_str()],
        vec![OsStr::new("grid"), odd.as_os_str(), OsStr::new("-o"), out.as_os_str()],
        vec![OsStr::new("verify"), odd.as_os_str(), out.as_os_str()],
        vec![OsStr::new("inspect"), odd.as_os_str(), OsStr::new("--json")],
        vec![OsStr::new("status"), out.as_os_str(), OsStr::new("--json")],
    ] {
        let (status, text) = run(&arguments);
        assert_eq!(status, Some(0), "{arguments:?} {text}");
    }
    let other = folder.path().join(OsStr::from_bytes(b"out\xe9"));
    let (status, text) = run(&[OsStr::new("grid"), odd.as_os_str(), OsStr::new("-o"), other.as_os_str()]);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("--output") && text.contains("UTF-8") && !other.exists(), "{text}");
}

/// The model writes its region object beside the folder of the run, and scripts name that.
#[test]
fn a_region_object_stands_for_the_run_beside_it() {
    let folder = model(&[(0, 10)]).write();
    let run_folder = folder.run();
    let object = run_folder.with_file_name(format!(
        "{}_result.psz",
        files::name(run_folder.file_name().map(Path::new).expect("a name"))
    ));
    // What is in it is not looked at, be it damaged.
    std::fs::write(&object, b"\x28\xb5\x2f\xfd\x00").expect("a file");
    let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
    for (source, out) in [(&run_folder, &one), (&object, &other)] {
        let (status, said) = run(&["grid", files::name(source), "-o", files::name(out), "-q"]);
        assert_eq!(status, Some(0), "{said}");
    }
    let netcdf = |out: &Path| {
        let mut bytes = files::bytes(out);
        bytes.retain(|name, _| name.extension().is_some_and(|ending| ending == "nc"));
        bytes
    };
    assert!(!netcdf(&one).is_empty());
    files::assert_same(&netcdf(&other), &netcdf(&one));
    let lone = folder.path().join("gone_result.psz");
    std::fs::copy(&object, &lone).expect("a copy");
    let (status, said) = run(&["plan", files::name(&lone)]);
    assert!(
        status == Some(2) && said.contains("gone") && said.contains("should be beside it"),
        "{status:?} {said}"
    );
}
