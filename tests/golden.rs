//! Law 4 across builds: the same inputs and settings give the same bytes, whichever commit made them.
//!
//! `golden/outputs.txt` holds a digest of every kind of file that the program makes of the sample run. Where a file is meant
//! to change, say why in the changelog and run `GRIDLOOM_UPDATE_GOLDEN=. cargo test --test golden`, which writes the list again.
//! Pictures have their own list, `figures/golden.txt`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
// Other libraries write other metadata.
#![cfg(feature = "static")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use gridloom_testkit::{files, program};
use serde_json::Value;
use twox_hash::XxHash3_64;

/// What is made, in this order: later commands take files of earlier ones.
const COMMANDS: [&str; 22] = [
    "grid RUN -o daily",
    "grid RUN -o rows --rows dimension --variables csoil,npp --zstd --chunk 128,2,2",
    "grid RUN -o plain --variables npp --no-compress --bbox 6,1,-70,-65 --from 1979-06-01 --to 1980-03-31",
    "grid RUN -o month --every month --stat mean,sum,min,max,std --variables npp,csoil_2",
    "grid RUN -o season --every season --stat mean --variables npp,tsoil",
    "grid RUN -o year --every year --stat mean,sum --variables npp",
    "tables RUN -o parquet --tables daily,stats,region,biomass,strategies,community,cell_year,limitation,annual --by-month",
    "tables RUN -o feather --tables daily,stats,region,biomass,cell_year --format feather --variables npp,csoil",
    "tables RUN -o csv --tables daily,stats,region,biomass,cell_year --format csv --variables npp,csoil",
    "tables RUN -o zstd --tables region --format csv --compress zstd --every season --variables npp,csoil",
    "tables RUN -o hdf5 --tables daily,stats,region,biomass,cell_year --format hdf5 --variables npp,csoil",
    "tables RUN -o years --tables daily,community --partition year --variables npp",
    "tables RUN -o bands --tables daily --partition lat-band --variables npp",
    "tables RUN -o per_cell --tables daily --per-cell --format csv --variables npp",
    "cells write RUN -o run.nc",
    "grid run.nc -o of_archive --variables npp,csoil_2",
    "tables daily/npp_sample_run_19790101_19810930.nc -o of_grids --tables daily,region",
    "report daily -o page.html --variables npp,csoil_2",
    "grid RUN -o zarr --format zarr --variables npp,csoil --rows dimension --chunk 128,2,2",
    "grid RUN -o zarr_month --format zarr --variables npp,tsoil --every month --stat mean,max",
    "grid RUN -o single --single --variables npp,csoil --rows dimension --chunk 128,2,2",
    "grid RUN -o single_month --single --variables npp,tsoil --every month --stat mean,max",
];

/// The sample run, with times of its own: archives keep them.
fn sample(folder: &Path) {
    let run = folder.join("sample_run");
    files::copy(&files::sample(), &run);
    for path in files::files_below(&run, "") {
        files::set_modified(&path, SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000));
    }
}

fn gridloom(folder: &Path, arguments: &str) {
    let mut program = assert_cmd::Command::new(program::path());
    program.current_dir(folder).env("SOURCE_DATE_EPOCH", "1600000000").env("TZ", "UTC");
    program.args(arguments.replace("RUN", "sample_run").split(' ')).args(["-q", "--threads", "2"]);
    // The report of a run names its budget.
    if !arguments.starts_with("report") {
        program.args(["--memory", "1GiB"]);
    }
    let output = program.output().expect("the program");
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{arguments}: {talk}");
    // Pages tell what reports do.
    for report in files::files_below(folder, "report.json") {
        let text = std::fs::read_to_string(&report).expect("a report");
        let text = text.replace(folder.to_str().expect("a path"), "FOLDER");
        std::fs::write(&report, settled(text.as_bytes())).expect("a report");
    }
}

/// A report with the same times, speeds and amounts of memory each time.
fn settled(bytes: &[u8]) -> Vec<u8> {
    fn settle(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match name.as_str() {
                        "seconds" | "peak_memory_bytes" | "modified" => *value = 1.into(),
                        "stages" => *value = Value::Array(Vec::new()),
                        "version" => *value = "1.0.0".into(),
                        "bound_by" => *value = "reading".into(),
                        _ => settle(value),
                    }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(settle),
            _ => {}
        }
    }
    let mut value = serde_json::from_slice(bytes).expect("JSON");
    settle(&mut value);
    serde_json::to_vec_pretty(&value).expect("JSON")
}

/// The digests of all files, by their paths.
fn digests(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut digests = BTreeMap::new();
    for path in files::files_below(folder, "") {
        let name = path.strip_prefix(folder).expect("a path below").to_owned();
        let is_own =
            |part: std::path::Component| part.as_os_str() == ".gridloom" || part.as_os_str() == "sample_run";
        if name.components().any(is_own) {
            continue;
        }
        let bytes = std::fs::read(&path).expect("a file");
        digests.insert(name, format!("{:016x}", XxHash3_64::oneshot(&bytes)));
    }
    digests
}

#[test]
fn all_outputs_are_as_before() {
    let folder = tempfile::tempdir().expect("a folder");
    sample(folder.path());
    COMMANDS.iter().for_each(|arguments| gridloom(folder.path(), arguments));
    let made = digests(folder.path());
    let lines: String = made.iter().map(|(path, digest)| format!("{digest} {}\n", path.display())).collect();
    let list = files::project("tests/golden/outputs.txt");
    if std::env::var_os("GRIDLOOM_UPDATE_GOLDEN").is_some() {
        std::fs::write(list, lines).expect("the list");
        return;
    }
    let known = std::fs::read_to_string(list).expect("the list");
    let known: BTreeMap<&str, &str> =
        known.lines().filter_map(|line| line.split_once(' ')).map(|(digest, path)| (path, digest)).collect();
    let mut changed = Vec::new();
    for (path, digest) in &made {
        match known.get(path.to_str().expect("a name")) {
            Some(known) if known == digest => {}
            Some(_) => changed.push(format!("changed: {}", path.display())),
            None => changed.push(format!("new: {}", path.display())),
        }
    }
    changed.extend(
        known.keys().filter(|path| !made.contains_key(Path::new(path))).map(|path| format!("gone: {path}")),
    );
    assert!(changed.is_empty(), "{} of {} files:\n{}", changed.len(), made.len(), changed.join("\n"));
}
