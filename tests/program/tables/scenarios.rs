//! Several runs in one command.

mod damage;

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use gridloom_testkit::{files, here, program};

use super::{assert_same, name, talk};

fn command(folder: &Path, out: &str, options: &[&str]) -> assert_cmd::Command {
    let mut program = program::command();
    program.current_dir(folder).args(["tables", "hist", "ssp126", "-o", out]).args(options);
    program.env("SOURCE_DATE_EPOCH", "0").timeout(Duration::from_secs(120));
    program
}

fn made(folder: &Path, out: &str, options: &[&str]) -> Output {
    let output = command(folder, out, options).output().expect("the program");
    // Some dumps of the sample are missing or damaged.
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    output
}

/// All files that were made: not what is kept to go on with, nor what says when.
fn bytes(out: &Path) -> files::Bytes {
    let is_made = |path: &Path| {
        !path.components().any(|part| part.as_os_str() == ".gridloom") && !path.ends_with("runs.json")
    };
    let all = files::bytes(out).into_iter();
    all.filter(|(path, _)| is_made(path)).collect()
}

const SOME: [&str; 4] = ["--variables", "npp,csoil", "--tables", "daily,biomass,region,stats,drift"];

#[test]
fn tables_of_all_runs_are_those_of_each_one_after_another() {
    let folder = files::two_runs();
    let told = talk(&made(folder.path(), "out", &[&SOME[..], &["--format", "csv"]].concat()));
    assert!(told.contains("run 2 of 2: ssp126"), "{told}");
    assert!(told.contains("note: drift: ssp126 has no column mean_3, null there"), "{told}");
    assert!(told.contains("incomplete: hist, 2 inputs missing or damaged"), "{told}");
    let read = |path: &str| std::fs::read_to_string(folder.path().join("out").join(path)).expect("a table");
    for table in ["daily.csv", "biomass.csv", "region.csv", "stats.csv"] {
        let mut expected = String::new();
        for run in ["hist", "ssp126"] {
            let own = read(&format!("run={run}/{table}"));
            let (head, rows) = own.split_once('\n').expect("a head");
            if expected.is_empty() {
                expected = format!("run,{head}\n");
            }
            expected.extend(rows.lines().map(|row| format!("{run},{row}\n")));
        }
        assert!(read(table) == expected, "{table} is not that of the runs");
    }
    let drift = read("drift.csv");
    assert!(drift.starts_with("run,grid_y,") && drift.contains("mean_3"), "{drift}");
    // A run's folder is what it alone gives.
    let alone = program::command()
        .current_dir(folder.path())
        .args(["tables", "hist", "-o", "alone", "--format", "csv"])
        .args(SOME)
        .env("SOURCE_DATE_EPOCH", "0")
        .output()
        .expect("the program");
    assert_eq!(alone.status.code(), Some(3), "{}", talk(&alone));
    assert_same(&bytes(&folder.path().join("out/run=hist")), &bytes(&folder.path().join("alone")));
}

/// Whatever the form, what others read is the runs' own files.
#[test]
fn others_read_tables_of_all_runs_at_once() {
    let Some(python) = here::python() else { return };
    let folder = files::two_runs();
    for (out, options) in [
        ("parquet", &["--format", "parquet"][..]),
        ("feather", &["--format", "feather"]),
        ("gzip", &["--format", "csv", "--compress", "gzip"]),
        ("hdf5", &["--format", "hdf5"]),
        ("years", &["--partition", "year"]),
    ] {
        made(folder.path(), out, &[&SOME[..], options].concat());
    }
    println!("{}", here::script(&python, "check_scenarios.py", &[name(folder.path())]));
}

#[test]
fn a_kill_at_any_moment_changes_nothing() {
    let folder = files::two_runs();
    let options = [&SOME[..], &["--quiet"]].concat();
    made(folder.path(), "whole", &options);
    let whole = bytes(&folder.path().join("whole"));
    for delay in [0, 20, 40, 60, 90, 130, 180] {
        let out = format!("out{delay}");
        let mut child = std::process::Command::new(program::path())
            .current_dir(folder.path())
            .args(["tables", "hist", "ssp126", "-o", &out])
            .args(&options)
            .env("SOURCE_DATE_EPOCH", "0")
            .spawn()
            .expect("the program");
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().expect("killed");
        child.wait().expect("ended");
        made(folder.path(), &out, &options);
        assert_same(&bytes(&folder.path().join(&out)), &whole);
        let temporary = files::names(&folder.path().join(&out));
        assert!(temporary.iter().all(|name| !name.contains(".tmp") && name != ".gridloom"), "{temporary:?}");
    }
}

#[test]
fn shards_of_several_runs_are_published_together() {
    let folder = files::two_runs();
    made(folder.path(), "whole", &SOME);
    for share in ["1/2", "0/2"] {
        let output = command(folder.path(), "out", &[&SOME[..], &["--shard", share]].concat());
        let output = { output }.output().expect("the program");
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", talk(&output));
        assert!(!folder.path().join("out/daily.parquet").exists());
        if share == "1/2" {
            let early = publish(folder.path());
            assert_eq!(early.status.code(), Some(5), "{}", talk(&early));
        }
    }
    let status = program::command().current_dir(folder.path()).args(["status", "out"]).output();
    let status = status.expect("the program");
    let told = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(told.contains("== hist") && told.contains("file     daily.parquet: is not made yet"), "{told}");
    let published = publish(folder.path());
    assert_eq!(published.status.code(), Some(3), "{}", talk(&published));
    assert_same(&bytes(&folder.path().join("out")), &bytes(&folder.path().join("whole")));
}

fn publish(folder: &Path) -> Output {
    let mut program = program::command();
    program.current_dir(folder).args(["publish", "out"]).env("SOURCE_DATE_EPOCH", "0");
    program.output().expect("the program")
}

#[test]
fn proof_sees_tables_of_all_runs_and_work_mends_them() {
    let folder = files::two_runs();
    let options = [&SOME[..], &["--format", "csv"]].concat();
    made(folder.path(), "out", &options);
    let whole = bytes(&folder.path().join("out"));
    let verify = |run: &str| {
        let mut program = program::command();
        program.current_dir(folder.path()).args(["verify", run, "out"]).output().expect("the program")
    };
    let sound = verify("ssp126");
    assert_eq!(sound.status.code(), Some(0), "{}", talk(&sound));
    let table = folder.path().join("out/region.csv");
    let text = std::fs::read_to_string(&table).expect("a table");
    std::fs::write(&table, text.replacen("ssp126,all", "hist,all", 1)).expect("written");
    let broken = verify("ssp126");
    assert_eq!(broken.status.code(), Some(4), "{}", talk(&broken));
    let words = "region.csv: expected is row 0 of ssp126, run: ssp126, found is hist";
    assert!(talk(&broken).contains(words), "{}", talk(&broken));
    let strange = verify("out");
    assert_eq!(strange.status.code(), Some(2), "{}", talk(&strange));
    made(folder.path(), "out", &options);
    assert_same(&bytes(&folder.path().join("out")), &whole);
    // Tables that are not wanted any more go; a run that changed makes those of all anew.
    let kept = std::fs::metadata(folder.path().join("out/stats.csv")).expect("a table").modified().ok();
    made(folder.path(), "out", &options);
    assert_eq!(
        std::fs::metadata(folder.path().join("out/stats.csv")).expect("a table").modified().ok(),
        kept
    );
    made(folder.path(), "out", &[&options[..], &["--separate"]].concat());
    assert!(
        !folder.path().join("out/region.csv").exists()
            && folder.path().join("out/run=hist/region.csv").exists()
    );
}

#[test]
fn what_cannot_be_done_with_several_runs_is_said() {
    let folder = files::two_runs();
    let run = |arguments: &[&str]| {
        let mut program = program::command();
        let output = program.current_dir(folder.path()).args(arguments).output().expect("the program");
        (output.status.code(), talk(&output))
    };
    std::fs::write(folder.path().join("a.nc"), "grids").expect("a file");
    let other: PathBuf = folder.path().join("other");
    files::copy(&folder.path().join("ssp126"), &other.join("hist"));
    for (arguments, words) in [
        (&["tables", "hist", "other/hist", "-o", "out"][..], "name the runs with --labels"),
        (&["tables", "hist", "ssp126", "-o", "out", "--labels", "a"], "1 name for 2 runs; give one for each"),
        (&["tables", "hist", "ssp126", "-o", "out", "--labels", "a,b/c"], "wants letters, digits"),
        (&["tables", "hist", "no", "-o", "out"], "check the spelling of no"),
        (
            &["tables", "hist", "ssp126", "--to", "postgres://a@b/c", "--separate"],
            "load each by itself, with --schema",
        ),
        (&["tables", "hist", "ssp126", "-o", "out", "--trace", "t"], "--trace \"t\": is of one run"),
        (&["tables", "hist", "ssp126", "-o", "other"], "--overwrite"),
        (&["tables", "a.nc", "b.nc", "-o", "out", "--labels", "a,b"], "holds grids of one run"),
    ] {
        let (code, told) = run(arguments);
        assert!(matches!(code, Some(1 | 2)) && told.contains(words), "{arguments:?}: {code:?} {told}");
        assert!(!folder.path().join("out").exists(), "{arguments:?}");
    }
    made(folder.path(), "out", &["--tables", "region", "--variables", "npp", "--labels", "a,b"]);
    let (code, told) = run(&["tables", "hist", "-o", "out", "--labels", "a", "--tables", "region"]);
    assert!(code == Some(2) && told.contains("holds the run b of before"), "{told}");
}

/// A program's exit status, and what it says.
fn ended(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut program = program::command();
    program.current_dir(folder).args(arguments).env("SOURCE_DATE_EPOCH", "0");
    let output = program.output().expect("the program");
    (output.status.code(), talk(&output) + &String::from_utf8_lossy(&output.stdout))
}

/// The bytes with others in the place of some, where these are last: Arrow's files say all twice, and readers take the end.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let Some(at) = bytes.windows(from.len()).rposition(|part| part == from) else { return bytes.to_vec() };
    let (before, after) = bytes.split_at(at);
    [before, to, after.get(from.len()..).unwrap_or_default()].concat()
}

/// Bytes that are not of rows are proved as well.
#[test]
fn proof_sees_what_tables_of_all_runs_say_of_themselves() {
    let folder = files::two_runs();
    for (out, options, file, from, to) in [
        ("a", &["--format", "parquet"][..], "region.parquet", "of hist, ssp126", "of hist, ssp127"),
        ("b", &["--format", "feather"], "region.feather", "of hist, ssp126", "of hist, ssp127"),
        ("c", &["--format", "csv", "--metadata"], "metadata.csv", "region,run", "region,ran"),
        ("d", &["--format", "parquet"], "region.parquet", "run", ""),
    ] {
        made(folder.path(), out, &[&["--tables", "region", "--variables", "npp"], options].concat());
        let (code, told) = ended(folder.path(), &["verify", "ssp126", out]);
        assert_eq!(code, Some(0), "{out}: {told}");
        let path = folder.path().join(out).join(file);
        let bytes = std::fs::read(&path).expect("a file");
        let changed = match to {
            "" => bytes[..bytes.len() / 2].to_vec(),
            _ => replaced(&bytes, from.as_bytes(), to.as_bytes()),
        };
        assert!(changed != bytes, "{file} has no {from}");
        std::fs::write(&path, changed).expect("written");
        let (code, told) = ended(folder.path(), &["verify", "ssp126", out]);
        assert!(code == Some(4) && told.contains(&format!("differs: {file}")), "{out}: {code:?} {told}");
    }
}

#[test]
fn status_tells_how_tables_of_all_runs_stand() {
    let folder = files::two_runs();
    let some = ["--tables", "region,stats", "--variables", "npp", "--format", "csv"];
    made(folder.path(), "out", &some);
    let status = || ended(folder.path(), &["status", "out"]).1;
    assert!(status().contains("file     region.csv: ") && !status().contains("same command"), "{}", status());
    std::fs::write(folder.path().join("out/region.csv"), "a").expect("written");
    std::fs::remove_file(folder.path().join("out/stats.csv")).expect("removed");
    assert!(status().contains("region.csv: somebody has changed it"), "{}", status());
    assert!(status().contains("stats.csv: is gone"), "{}", status());
    made(folder.path(), "out", &some);
    std::fs::write(folder.path().join("out/run=hist/stats.csv"), "a").expect("written");
    assert!(status().contains("stats.csv: is older than the runs' own"), "{}", status());
    let json = ended(folder.path(), &["status", "out", "--json"]).1;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["files"][1]["condition"], "outdated", "{json}");
    assert_eq!(json["runs"][0]["status"]["is_published"], true, "{json}");
}

#[test]
fn status_tells_that_no_table_is_one_file() {
    let folder = files::two_runs();
    made(folder.path(), "out", &["--tables", "daily", "--variables", "npp", "--partition", "year"]);
    let told = ended(folder.path(), &["status", "out"]).1;
    assert!(told.contains("== tables of all runs: none, since no table is one file"), "{told}");
}

/// What cannot be done is said before anything is written, and by the name of the run.
#[test]
fn nothing_is_begun_that_cannot_be_done() {
    let folder = files::two_runs();
    let upstream = ["--names", "upstream", "--tables", "daily", "--variables", "npp"];
    let (code, told) =
        ended(folder.path(), &[&["tables", "hist", "ssp126", "-o", "out"][..], &upstream].concat());
    assert!(code == Some(2) && told.contains("keep the runs apart with --separate"), "{told}");
    let (code, told) =
        ended(folder.path(), &["tables", "hist", "ssp126", "-o", "out", "--variables", "nothing", "--quiet"]);
    assert!(code == Some(2) && told.contains("in run hist: "), "{told}");
    assert!(!folder.path().join("out").exists());
    made(folder.path(), "out", &[&upstream[..], &["--separate"]].concat());
    assert!(folder.path().join("out/run=hist/hist").is_dir());
    for more in [&[][..], &["--overwrite"]] {
        let (code, told) = ended(folder.path(), &[&["tables", "hist", "-o", "out"], more].concat());
        assert!(code == Some(2) && told.contains("holds several runs"), "{told}");
    }
}

/// What tables cannot be one of is found when the second run is planned, not when all work is done.
#[test]
fn runs_in_other_units_are_refused_before_the_work_on_them() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, units) in [("one", "kg m-2"), ("two", "g m-2")] {
        std::fs::write(folder.path().join(format!("{name}.csv")), "lat,lon,year,npp\n0.25,0.25,2000,1.5\n")
            .expect("written");
        let text = format!(
            "[source]\nfiles = \"{name}.csv\"\n[source.cell]\nlat = \"lat\"\nlon = \"lon\"\nstep = 0.5\n[source.time]\nyear = \"year\"\n\
             [source.values]\ncolumns = [\"npp\"]\n[variables.npp]\nlong_name = \"npp\"\ncell_method = \"mean\"\nunits = \"{units}\"\n"
        );
        std::fs::write(folder.path().join(format!("{name}.toml")), text).expect("written");
    }
    let arguments = ["tables", "one.toml", "two.toml", "-o", "out", "--tables", "daily"];
    let (code, told) = ended(folder.path(), &arguments);
    assert!(
        code == Some(2) && told.contains("in run two: ") && told.contains("--separate"),
        "{code:?} {told}"
    );
    assert!(!folder.path().join("out/run=two/daily.parquet").exists());
    let (code, told) = ended(folder.path(), &[&arguments[..], &["--separate"]].concat());
    assert_eq!(code, Some(0), "{told}");
    for run in ["one", "two"] {
        let (code, told) = ended(folder.path(), &["verify", &format!("{run}.toml"), "out"]);
        assert_eq!(code, Some(0), "{told}");
    }
}

/// All that a configuration names, of each run, as of it alone; and archives are runs like any.
#[test]
fn a_configuration_is_done_of_several_runs() {
    let folder = files::two_runs();
    let text = "[grid]\nvariables = [\"npp\"]\n[tables]\ntables = [\"region\"]\nformat = \"csv\"\nmetadata = true\n\
                [[aggregates]]\nevery = \"year\"\nstat = \"mean\"\n";
    std::fs::write(folder.path().join("all.toml"), text).expect("written");
    let (code, told) = ended(folder.path(), &["cells", "write", "ssp126", "-o", "ssp126.nc"]);
    assert_eq!(code, Some(3), "{told}");
    for (runs, out) in [(["hist", "ssp126"], "out"), (["hist", "ssp126.nc"], "archived")] {
        let (code, told) =
            ended(folder.path(), &["run", runs[0], runs[1], "-o", out, "--config", "all.toml"]);
        assert_eq!(code, Some(3), "{told}");
        let (code, told) = ended(folder.path(), &["verify", runs[1], out]);
        assert_eq!(code, Some(0), "{told}");
    }
    let refused = ["run", "ssp126", "-o", "no", "--config", "all.toml", "--years", "1980"];
    let (code, told) = ended(folder.path(), &refused);
    assert!(code == Some(2) && told.contains("by the section [tables]"), "{told}");
    let (code, told) = ended(folder.path(), &["run", "ssp126", "-o", "alone", "--config", "all.toml"]);
    assert_eq!(code, Some(3), "{told}");
    assert_same(&bytes(&folder.path().join("out/run=ssp126")), &bytes(&folder.path().join("alone")));
    let about = std::fs::read_to_string(folder.path().join("out/metadata.csv")).expect("a file");
    assert!(about.contains("region,run,"), "{about}");
    assert!(
        std::fs::read_to_string(folder.path().join("out/region.csv"))
            .expect("a table")
            .contains("ssp126,all")
    );
}

#[test]
fn what_a_state_says_is_said_of_several_runs() {
    let Some(python) = here::python() else { return };
    let folder = files::two_runs();
    let state = folder.path().join("hist_result.psz");
    here::script(&python, "make_state.py", &[name(&folder.path().join("hist")), name(&state)]);
    let options =
        ["--provenance", "hist_result.psz", "--tables", "region", "--variables", "npp", "--format", "hdf5"];
    made(folder.path(), "out", &options);
    let bytes = std::fs::read(folder.path().join("out/run=ssp126/region.h5")).expect("a table");
    assert!(bytes.windows(9).any(|word| word == b"caete_co2"), "no word of the state");
}
