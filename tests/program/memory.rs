//! Law 3: the peak of memory stays under the budget plus 150 MB, however many rows and columns there are. `scripts/bench
//! --memory` measures every product; here are those whose memory once grew with their files. Only Linux tells the peak.
#![cfg(target_os = "linux")]

use std::path::Path;

use gridloom_testkit::dumps::{Folder, Kind, Model, Variable};
use gridloom_testkit::{files, program};

const BUDGET: u64 = 128 << 20;
const SLACK: u64 = 150_000_000;

/// A hundred cells of 60 variables and 10,000 days, all of the same dump.
fn large() -> Folder {
    let variables = (0..60).map(|number| Variable::new(&format!("v{number}"), Kind::F32, None)).collect();
    let folder = Model::new(&[(160, 230)], &[(0, 10_000)], variables).write();
    for number in 1..100 {
        let target = folder.dump((160 + number / 10, 230 + number % 10), 1);
        std::fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
        std::fs::hard_link(folder.dump((160, 230), 1), target).expect("a link");
    }
    folder
}

/// Runs a command in a process of its own; the most memory that it had.
fn peak(command: &str, inputs: &[&Path], out: &Path, options: &[&str]) -> u64 {
    let mut program = program::command();
    program.arg(command).args(inputs).arg("-o").arg(out).args(options);
    let output =
        program.args(["--memory", "128MiB", "--threads", "4", "--quiet"]).output().expect("the program");
    let talk = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{command} {options:?}: {talk}");
    let report = std::fs::read(out.join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
    report["peak_memory_bytes"].as_u64().expect("a peak")
}

#[test]
fn memory_does_not_grow_with_rows_and_columns() {
    let folder = large();
    let run = folder.run();
    let mut over = Vec::new();
    let mut check = |what: String, peak: u64| {
        println!("{what}: {} MiB", peak >> 20);
        if peak > BUDGET + SLACK {
            over.push(format!("{what}: {} MiB", peak >> 20));
        }
    };
    for options in [&["--format", "hdf5"][..], &["--format", "csv"], &["--partition", "year"]] {
        let out = folder.path().join(options.concat());
        check(format!("{options:?}"), peak("tables", &[&run], &out, options));
        std::fs::remove_dir_all(out).expect("a folder");
    }
    let grids = folder.path().join("grids");
    check("grids".to_owned(), peak("grid", &[&run], &grids, &[]));
    let files = files::files_below(&grids, "v");
    let files: Vec<&Path> = files.iter().map(|file| file.as_path()).collect();
    let out = folder.path().join("of_grids");
    check("tables of grids".to_owned(), peak("tables", &files, &out, &[]));
    let windows = [
        "--tables",
        "change,region",
        "--from",
        "1874-01-01",
        "--to",
        "1886-12-31",
        "--reference-from",
        "1861-01-01",
        "--reference-to",
        "1873-12-31",
    ];
    let out = folder.path().join("changes_of_grids");
    check("changes of grids".to_owned(), peak("tables", &files, &out, &windows));
    assert!(over.is_empty(), "over {} MiB and 150 MB: {over:?}", BUDGET >> 20);
}
