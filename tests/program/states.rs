//! States of the model: what they say of a run, whether its dumps are there, and outputs that say where they come from.

use std::path::{Path, PathBuf};
use std::process::Output;

use gridloom_testkit::files::{self, name, sample};
use gridloom_testkit::here;
use gridloom_testkit::program::{self, assert_done, talk};

/// A run and its states, as the model leaves them; `None` where there is no Python.
fn states(folder: &Path, options: &[&str]) -> Option<(PathBuf, PathBuf)> {
    let python = here::python()?;
    let (run, state) = (folder.join("run"), folder.join("run_result.psz"));
    files::copy(&sample(), &run);
    here::script(&python, "make_state.py", &[&[name(&run), name(&state)], options].concat());
    Some((run, state))
}

/// What was printed.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn gridloom(arguments: &[&str]) -> Output {
    program::command().args(arguments).output().expect("the program")
}

fn json(arguments: &[&str]) -> serde_json::Value {
    serde_json::from_slice(&gridloom(arguments).stdout).expect("JSON")
}

#[test]
fn a_state_says_what_the_run_was_made_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some((_, state)) = states(folder.path(), &[]) else { return };
    let output = gridloom(&["inspect", name(&state)]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    let shown = said(&output);
    for words in [
        "a state of the run run: 12 cells",
        "/home/someone/CAETE-DVM/outputs/../input/co2/historical_CO2_annual_1765-2024.csv",
        "278.05 ppm in 1765 to 407.55 ppm in 2024",
        "1979-01-01 to 2024-12-30, proleptic_gregorian",
        "config.metacomm.npls_max       200",
        "1979-01-01 to 1979-12-31, 1980-01-01 to 1980-12-31, 1981-01-01 to 1981-09-30",
        "that the state names for 12 cells are in",
        "output_path: /home/someone/CAETE-DVM/outputs/run",
        "…: 200 more",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let found = json(&["inspect", name(&state), "--json"]);
    let region = &found["content"]["region.region"];
    assert_eq!(region["config"]["config.Config"]["metacomm"]["config.Metacomm"]["n"], 3);
    assert_eq!(region["input_data"], found["state"]["facts"]["input"]);
    assert_eq!(found["state"]["attributes"]["caete_input"], "caete_input_historical.nc");
    assert_eq!(found["dumps"]["missing"], serde_json::json!([]));
    assert_eq!(found["dumps"]["cells_listed"], 12);
    // A file of cells alone.
    let cells = folder.path().join("state_files_0123456789abcdef0123456789abcdef/region_file_1.z");
    let output = gridloom(&["inspect", name(&cells)]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    assert!(said(&output).contains("states of 5 cells"), "{}", said(&output));
}

#[test]
fn dumps_that_a_state_names_and_a_run_lacks_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some((run, state)) = states(folder.path(), &["--more", "10-20", "--spin", "9"]) else { return };
    let gone = run.join("grd_174-227/metacommunity_1980.pkz");
    std::fs::remove_file(&gone).expect("a file");
    let lines = [
        "missing: cell 10-20: the state names 1 file; the cell's folder is missing",
        "missing: cell 170-223, period 9: the state names the file; it is missing",
        "missing: cell 174-227, year 1980: the state names the file; it is missing",
        "14 files and folders that the state names are not in",
    ];
    // The same of a state that was moved away, with its files or without.
    let moved = folder.path().join("elsewhere/any_state_1980.psz");
    std::fs::create_dir(moved.parent().expect("a folder")).expect("a folder");
    std::fs::copy(&state, &moved).expect("a copy");
    let beside = "state_files_0123456789abcdef0123456789abcdef";
    files::copy(&folder.path().join(beside), &folder.path().join("elsewhere").join(beside));
    for arguments in [&["inspect", name(&state)][..], &["inspect", name(&run), "--state", name(&moved)]] {
        let output = gridloom(arguments);
        assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
        lines.iter().for_each(|line| assert!(said(&output).contains(line), "{line}: {}", said(&output)));
    }
    assert!(!said(&gridloom(&["inspect", name(&run)])).contains("the state names"));
    std::fs::remove_dir_all(folder.path().join("elsewhere").join(beside)).expect("a folder");
    let output = gridloom(&["inspect", name(&run), "--state", name(&moved)]);
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    for line in [
        "missing: cell 10-20: the state names the cell; its folder is missing",
        "region_file_0.z, which lists dumps of cells: it is not there",
    ] {
        assert!(said(&output).contains(line), "{line}: {}", said(&output));
    }
    let lacking = json(&["inspect", name(&run), "--state", name(&state), "--json"]);
    assert_eq!(lacking["state"]["missing"].as_array().map(Vec::len), Some(14));
    // A file that is no state.
    let dump = run.join("grd_170-223/spin0001.pkz");
    let output = gridloom(&["inspect", name(&run), "--state", name(&dump)]);
    assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
    assert!(talk(&output).contains("it is not a state of CAETE-DVM"), "{}", talk(&output));
}

/// Cuts a file in half.
fn halve(path: &Path) {
    let whole = std::fs::read(path).expect("a file");
    std::fs::write(path, &whole[..whole.len() / 2]).expect("a file");
}

/// The second of the files of cells, which has 5 of the 12.
fn second(folder: &Path) -> PathBuf {
    folder.join("state_files_0123456789abcdef0123456789abcdef/region_file_1.z")
}

#[test]
fn lists_of_cells_that_cannot_be_read_are_a_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some((run, state)) = states(folder.path(), &[]) else { return };
    halve(&second(folder.path()));
    for arguments in [&["inspect", name(&state)][..], &["inspect", name(&run), "--state", name(&state)]] {
        let output = gridloom(arguments);
        assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
        for words in [
            "not read: state_files_0123456789abcdef0123456789abcdef/region_file_1.z, which lists dumps of cells: cannot read the dump ",
            "the zlib data is damaged",
            "that the state names for 7 of 12 cells are in",
            "not compared: the dumps of 5 cells, of which the state has no list that was read",
        ] {
            assert!(said(&output).contains(words), "{words}: {}", said(&output));
        }
        assert!(!said(&output).contains("nothing missing"), "{}", said(&output));
    }
    let found = json(&["inspect", name(&state), "--json"]);
    let dumps = &found["dumps"];
    assert_eq!((&dumps["cells"], &dumps["cells_listed"]), (&12.into(), &7.into()), "{dumps}");
    assert_eq!(dumps["unread"].as_array().map(Vec::len), Some(1), "{dumps}");
    // Nor is it silent where the run is not beside the state.
    std::fs::rename(&run, folder.path().join("away")).expect("renamed");
    let output = gridloom(&["inspect", name(&state)]);
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    assert!(said(&output).contains("not read: state_files_"), "{}", said(&output));
    let found = json(&["inspect", name(&state), "--json"]);
    assert_eq!(found["state"]["unread"].as_array().map(Vec::len), Some(1), "{found}");
    std::fs::rename(folder.path().join("away"), &run).expect("renamed");
    // Without any list: what there is to compare is the cells' folders.
    std::fs::remove_dir_all(second(folder.path()).parent().expect("a folder")).expect("removed");
    let output = gridloom(&["inspect", name(&state)]);
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    assert!(said(&output).contains("is known for 0 of 12 cells"), "{}", said(&output));
}

#[test]
fn what_a_list_holds_beside_cells_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some((_, state)) = states(folder.path(), &["--strange"]) else { return };
    for path in [&second(folder.path()), &state] {
        let output = gridloom(&["inspect", name(path)]);
        assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
        assert!(said(&output).contains("1 of its 6 values are not cells of the model"), "{}", said(&output));
    }
}

#[test]
fn lists_of_the_same_cell_are_put_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some((run, state)) = states(folder.path(), &["--split", "--spin", "9"]) else { return };
    let found = json(&["inspect", name(&state), "--json"]);
    let files = files::files_below(&run, "").into_iter();
    let dumps = files.filter(|path| path.extension().is_some_and(|ending| ending == "pkz")).count();
    assert_eq!(found["dumps"]["named"], dumps + 12, "{}", found["dumps"]);
    assert_eq!(found["dumps"]["missing"].as_array().map(Vec::len), Some(12), "{}", found["dumps"]);
    assert_eq!(found["dumps"]["cells_listed"], 12);
    let periods = "1979-01-01 to 1979-12-31, 1980-01-01 to 1980-12-31, 1981-01-01 to 1981-09-30";
    assert_eq!(found["state"]["attributes"]["caete_periods"], periods);
}

#[test]
fn outputs_tell_of_lists_that_were_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some((run, state)) = states(folder.path(), &[]) else { return };
    let options = ["--provenance", name(&state)];
    let out = |of: &str| folder.path().join(of).to_string_lossy().into_owned();
    let (grids, archive, quiet) = (out("grids"), out("run.nc"), out("quiet"));
    let grid = ["grid", name(&run), "--variables", "npp", "-o"];
    let output = gridloom(&[&grid[..], &[grids.as_str()], &options].concat());
    assert_done(&output);
    assert!(!talk(&output).contains("run_result.psz"), "{}", talk(&output));
    halve(&second(folder.path()));
    let words = "note: run_result.psz: what 5 of its 12 cells saved is not known; of lists of cells this was not read: state_files_";
    let write = ["cells", "write", name(&run), "-o", archive.as_str()];
    for arguments in [&[&grid[..], &[grids.as_str(), "--fresh"]].concat()[..], &write] {
        let output = gridloom(&[arguments, &options].concat());
        assert_done(&output);
        assert!(talk(&output).contains(words), "{}", talk(&output));
    }
    let output = gridloom(&[&grid[..], &[quiet.as_str(), "-q"], &options].concat());
    let words = talk(&output);
    assert!(words.starts_with("incomplete: ") && words.lines().count() == 1, "{words}");
}

#[test]
fn outputs_say_where_they_come_from_and_nothing_of_a_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    // Cells are in the region object itself here.
    let Some((run, state)) = states(folder.path(), &["--own"]) else { return };
    let config = folder.path().join("gridloom.toml");
    std::fs::write(&config, format!("provenance = {:?}\n[attributes]\ncaete_co2 = 'ours'\n", name(&state)))
        .expect("a file");
    let out = |of: &str| folder.path().join(of).to_string_lossy().into_owned();
    for (arguments, file, co2) in [
        (
            &["grid", name(&run), "-o", &out("grids"), "--variables", "npp", "--provenance", name(&state)][..],
            "grids/npp_run_19790101_19810930.nc",
            "historical_CO2_annual_1765-2024.csv",
        ),
        (
            &[
                "grid",
                name(&run),
                "-o",
                &out("zarr"),
                "--variables",
                "npp",
                "--format",
                "zarr",
                "--config",
                name(&config),
            ],
            "zarr/daily_run_19790101_19810930.zarr/zarr.json",
            "ours",
        ),
        (
            &["tables", name(&run), "-o", &out("tables"), "--variables", "npp", "--provenance", name(&state)],
            "tables/daily.parquet",
            "historical_CO2_annual_1765-2024.csv",
        ),
        (
            &["cells", "write", name(&run), "-o", &out("run.nc"), "--provenance", name(&state)],
            "run.nc",
            "historical_CO2_annual_1765-2024.csv",
        ),
    ] {
        assert_done(&gridloom(arguments));
        let bytes = std::fs::read(folder.path().join(file)).expect("a file");
        let has = |words: &str| bytes.windows(words.len()).any(|window| window == words.as_bytes());
        for words in [
            "caete_input_time",
            "1979-01-01 to 2024-12-30, proleptic_gregorian",
            "caete_co2_values",
            "caete_strategies_of_a_community",
            co2,
        ] {
            assert!(has(words), "{file} lacks {words}");
        }
        assert!(!has("someone"), "{file} names folders of a machine");
    }
    for of in ["grids", "zarr", "tables"] {
        let output = gridloom(&["verify", name(&run), &out(of), "-q"]);
        assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    }
    let output = gridloom(&["grid", name(&run), "-o", &out("no"), "--provenance", name(&config)]);
    assert_eq!(output.status.code(), Some(1), "{}", talk(&output));
}
