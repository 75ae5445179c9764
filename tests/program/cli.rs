//! The command line: stdout is data, stderr is talk, the exit status says how it went.

use std::path::Path;

use gridloom_testkit::program;
use serde_json::Value;

const SAMPLE: &str = "data/sample_run";

/// Status, stdout, stderr.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = program::command().args(arguments).output().expect("the program");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("no signal"), text(output.stdout), text(output.stderr))
}

fn json(arguments: &[&str], status: i32) -> Value {
    let (found, stdout, stderr) = run(arguments);
    assert_eq!(found, status, "{stderr}");
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
}

fn keys(value: &Value) -> String {
    let keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.join(" ")
}

fn temporary() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out").to_str().expect("UTF-8").to_owned();
    (folder, out)
}

#[test]
fn inspect_shows_the_sample_run() {
    let (status, stdout, stderr) = run(&["inspect", SAMPLE]);
    assert_eq!((status, stderr.as_str()), (3, ""));
    let start: Vec<&str> = stdout.lines().take(20).collect();
    insta::assert_snapshot!(start.join("\n"), @"
    sample_run: 12 cells, 35 dumps
    box: 4.75 to 2.75 N, -68.75 to -66.25 E (5 x 6 cells of 0.5 degrees)

    ▄█▀█▄·
    ·▀█▄··
    ·····▀

    15 of 35 dumps read (a sample; --deep reads all): 15 LZ4
    time: days since 1860-01-01 00:00:00, proleptic_gregorian

    period   start      end          days  cells
    1        1979-01-01 1979-12-31    365     12
    2        1980-01-01 1980-12-31    366     12
    3        1981-01-01 1981-09-30    273     11

    communities: 36 yearly files, 1979 to 1981

    variable       type     rows units                 bytes  name
    tsoil          float64       degree_Celsius     2.85 KiB  Soil temperature
    photo          float32       kg m-2 year-1      1.43 KiB  Gross primary productivity
    ");
    for line in ["missing: cell 172-223, period 3", "emaxm "] {
        assert!(stdout.contains(line), "{line:?} is not in {stdout}");
    }
    let (_, deep, _) = run(&["inspect", "--deep", SAMPLE]);
    for line in ["35 of 35 dumps read (all)", "damaged: cell 171-226, period 2: "] {
        assert!(deep.contains(line), "{line:?} is not in {deep}");
    }
}

#[test]
fn inspect_as_json() {
    let value = json(&["inspect", SAMPLE, "--json"], 3);
    insta::assert_snapshot!(keys(&value), @"calendar cell_faults cells community_files containers damaged damaged_years doubtful dumps dumps_read empty_cells ignored_entries lost_periods missing_dumps missing_years older path periods read run state time_unit unusable_variables variables window");
    assert_eq!(
        (&value["cells"], &value["dumps"], &value["missing_dumps"]),
        (&12.into(), &35.into(), &1.into())
    );
    assert_eq!(value["periods"][1]["start"], "1980-01-01");
    let deep = json(&["inspect", SAMPLE, "--json", "--deep"], 3);
    assert_eq!(
        (&deep["damaged"][0]["kind"], &deep["damaged"][0]["cell"]),
        (&"damaged".into(), &"171-226".into())
    );
    assert_eq!(value["window"]["north"], 4.75);
}

#[test]
fn inspect_a_single_file() {
    let dump = "data/sample_run/grd_170-223/spin0002.pkz";
    let (status, stdout, stderr) = run(&["inspect", dump]);
    assert_eq!((status, stderr.as_str()), (0, ""));
    for line in
        ["spin0002.pkz: LZ4, ", "a period: 1980-01-01 to 1980-12-31, 366 days", "csoil: float32 [4, 366]"]
    {
        assert!(stdout.contains(line), "{line:?} is not in {stdout}");
    }
    let value = json(&["inspect", dump, "--json"], 0);
    assert_eq!(
        (&value["container"], &value["content"]["calendar"]),
        (&"LZ4".into(), &"proleptic_gregorian".into())
    );
    let (status, stdout, _) = run(&["inspect", "data/sample_run/grd_170-223/metacommunity_1979.pkz"]);
    assert_eq!(status, 0);
    assert!(stdout.contains("lzma") && stdout.contains("year: 1979"), "{stdout}");
    let (status, stdout, stderr) = run(&["inspect", "data/sample_run/grd_171-226/spin0002.pkz"]);
    assert_eq!((status, stdout.as_str()), (1, ""));
    assert!(stderr.starts_with("error: cannot read the dump ") && stderr.contains("hint: "), "{stderr}");
}

#[test]
fn plan_says_what_would_be_done_and_does_nothing() {
    let (folder, out) = temporary();
    let (status, stdout, stderr) = run(&[
        "plan",
        SAMPLE,
        "-o",
        &out,
        "--variables",
        "npp,csoil_2",
        "--threads",
        "1",
        "--memory",
        "64MiB",
    ]);
    // Of the dumps a sample is read, and all are listed.
    assert_eq!((status, stderr.as_str()), (3, "masked: cell 172-223, period 3: the file is missing\n"));
    let lines: Vec<&str> = stdout.lines().filter(|line| !line.starts_with("memory")).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    run      sample_run (12 cells selected of 12)
    time     1979-01-01 to 1981-09-30, 1,004 days, proleptic_gregorian
    grid     5 x 6 cells; lat 4.75 to 2.75, lon -68.75 to -66.25
    periods  1, 2, 3
    work     3 units (tile x period) in 1 tile, 35 dumps, about 1.44 MiB to read
    values   91.99 KiB before compression, masked places not counted
    codec    deflate 4, shuffle on, checksum on
    missing  1 dump or cell

    variable       type                 chunk        dense  file
    npp            float32       1024 x 5 x 6   117.66 KiB  npp_sample_run_19790101_19810930.nc
    csoil_2        float32       1024 x 5 x 6   117.66 KiB  csoil_2_sample_run_19790101_19810930.nc
    ");
    let value = json(&["plan", SAMPLE, "--json"], 3);
    insta::assert_snapshot!(keys(&value), @"absent bytes_to_read cells codec dumps dumps_sampled files lost_periods memory missing periods remarks run tiles time units value_bytes window");
    assert_eq!((&value["dumps"], value["missing"].as_array().map(Vec::len)), (&35.into(), Some(1)));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn grid_of_the_sample_ends_with_status_3() {
    let (_folder, out) = temporary();
    let (status, stdout, stderr) = run(&["grid", SAMPLE, "-o", &out]);
    assert_eq!((status, stdout.as_str()), (3, ""));
    for line in [
        "sample_run: 12 cells, 3 periods, 1979-01-01 to 1981-09-30: ",
        "masked: cell 171-226, period 2: ",
        "masked: cell 172-223, period 3: the file is missing",
        "note: emaxm is not written: it has no values",
    ] {
        assert!(stderr.contains(line), "{line:?} is not in {stderr}");
    }
    assert!(Path::new(&out).join("npp_sample_run_19790101_19810930.nc").is_file());
    let (status, stdout, stderr) = run(&["verify", SAMPLE, &out]);
    assert_eq!((status, stdout.as_str()), (0, ""), "{stderr}");
    assert!(stderr.contains("; 0 differ"), "{stderr}");
}

#[test]
fn grid_as_json_is_the_report() {
    let (_folder, out) = temporary();
    let value = json(&["grid", SAMPLE, "-o", &out, "--json", "--variables", "npp"], 3);
    insta::assert_snapshot!(keys(&value), @"bound_by chunks created dumps empty_cells faults files holds ignored_entries lost_periods lost_variables peak_memory_bytes renamed_variables run seconds settings stages time units unknown_variables unusable_variables values version window");
    insta::assert_snapshot!(keys(&value["dumps"]), @"bytes_decoded bytes_read decoded expected lost missing peeked planned read sampled unusable");
    insta::assert_snapshot!(keys(&value["chunks"]), @"all_masked bytes_raw bytes_spooled encoded fragments reopened stored");
    let report = std::fs::read(Path::new(&out).join("report.json")).expect("a report");
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    assert_eq!(keys(&report), keys(&value));
    assert_eq!((&report["dumps"], &report["faults"]), (&value["dumps"], &value["faults"]));
    assert_eq!(value["created"], "2023-11-14T22:13:20Z", "SOURCE_DATE_EPOCH");
    assert_eq!(value["dumps"]["planned"], 35);
}

#[test]
fn quiet_is_quiet() {
    let (_folder, out) = temporary();
    let (code, data, talk) = run(&["grid", SAMPLE, "-o", &out, "-q", "--variables", "lai"]);
    // A loss is no talk.
    let is_one_line =
        talk.lines().count() == 1 && talk.starts_with("incomplete: 2 inputs missing or damaged; ");
    assert!((code, data.as_str()) == (3, "") && is_one_line, "{talk}");
    assert_eq!(run(&["verify", SAMPLE, &out, "--quiet"]), (0, String::new(), String::new()));
}

/// Arguments, and what stderr must have.
#[test]
fn mistakes_end_with_status_2_a_reason_and_nothing_written() {
    let (folder, out) = temporary();
    let toml = folder.path().join("wrong.toml");
    std::fs::write(&toml, "[grid]\ndeflat = 4\n").expect("a file");
    let toml = toml.to_str().expect("UTF-8");
    for (arguments, words) in [
        (&["--variables", "nppp"][..], &["nppp", "did you mean npp?"][..]),
        (&["--variables", "csoil_9"], &["csoil_9", "no such variable"]),
        (&["--periods", "7"], &["--periods", "it has 1, 2, 3"]),
        (&["--periods", "2-x"], &["--periods", "as in 1,3-5"]),
        (&["--bbox", "1,2,3"], &["--bbox", "N,S,W,E"]),
        (&["--bbox", "-21,10,-80,-43"], &["--bbox", "north first"]),
        (&["--bbox", "0.2,0.1,0,1"], &["no cell's centre is inside"]),
        (&["--bbox", "80,70,0,10"], &["no cell of the run is inside", "latitudes 2.75 to 4.75"]),
        (&["--region", "atlantis"], &["atlantis", "pan-amazon"]),
        (&["--region", "pan-amazon", "--global"], &["cannot be used with"]),
        (&["--from", "1979-13-01"], &["--from", "YYYY-MM-DD"]),
        (&["--from", "1979-02-29"], &["--from", "no such day"]),
        (
            &["--from", "1999-01-01", "--to", "1999-12-31"],
            &["no day is selected", "1979-01-01 to 1981-09-30"],
        ),
        (&["--chunk", "0,1,1"], &["--chunk"]),
        (&["--chunk", "10,10"], &["days, rows, columns"]),
        (&["--memory", "lots"], &["--memory", "512MiB"]),
        (&["--memory", "1MiB"], &["the memory budget of 1048576 bytes is too small", "hint: give --memory "]),
        (&["--threads", "0"], &["--threads"]),
        (&["--deflate", "13"], &["--deflate"]),
        (&["--deflate", "4", "--no-compress"], &["cannot be used with"]),
        (&["--name", "all.nc"], &["--name", "{variable}"]),
        (&["--name", "../{variable}.nc"], &["--name", "plain file name"]),
        (&["--config", toml], &["wrong.toml", "deflat"]),
        (&["--config", "not/there.toml"], &["not/there.toml", "hint: check the spelling"]),
        (&["--cells", "not/there.csv"], &["not/there.csv", "hint: check the spelling"]),
        (&["--nonsense"], &["--nonsense"]),
    ] {
        let all: Vec<&str> = ["grid", SAMPLE, "-o", &out].iter().chain(arguments).copied().collect();
        let (status, stdout, stderr) = run(&all);
        assert_eq!((status, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        for word in words {
            assert!(stderr.contains(word), "{arguments:?}: {word:?} is not in {stderr}");
        }
        assert!(!Path::new(&out).exists(), "{arguments:?} left something");
    }
}

#[test]
fn wrong_folders_get_a_hint() {
    let (folder, _) = temporary();
    let here = folder.path().to_str().expect("UTF-8");
    for (arguments, words) in [
        (&["grid", SAMPLE][..], &["-o OUT"][..]),
        (&["inspect", "data"], &["is not a run", "hint: did you mean data/sample_run?"]),
        (&["inspect", "data/sample_run/grd_170-223"], &["hint: did you mean data/sample_run?"]),
        (&["inspect", here], &["is not a run", "hint: give the folder that holds"]),
        (&["inspect", "not/there"], &["not/there", "hint: check the spelling"]),
        (&["plan", "not/there"], &["not/there", "hint: check the spelling"]),
        (&["verify", SAMPLE, here], &["has no file"]),
        (&["verify", SAMPLE, "not/there"], &["not/there", "hint: check the spelling"]),
        (&["demo", "--run", "not/there", "-o", "not/made"], &["not/there"]),
        (&[], &["Usage: gridloom <COMMAND>"]),
        (&["weave"], &["weave"]),
    ] {
        let (status, stdout, stderr) = run(arguments);
        assert_eq!((status, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        for word in words {
            assert!(stderr.contains(word), "{arguments:?}: {word:?} is not in {stderr}");
        }
    }
}

#[test]
fn demo_runs_the_three_commands() {
    let (_folder, out) = temporary();
    let (status, stdout, stderr) = run(&["demo", "-o", &out]);
    assert_eq!(status, 0, "{stderr}");
    assert!(stdout.starts_with("sample_run: 12 cells, 35 dumps"), "{stdout}");
    for command in ["$ gridloom inspect ", "$ gridloom grid ", "$ gridloom verify "] {
        assert!(stderr.contains(command), "{command:?} is not in {stderr}");
    }
    assert!(stderr.contains("; 0 differ"), "{stderr}");
    let (status, ..) = run(&["demo", "-o", &out]);
    assert_eq!(status, 0, "a second time as well");
}

#[test]
fn completions_and_man_pages() {
    for shell in ["bash", "zsh", "fish"] {
        let (status, stdout, stderr) = run(&["completions", shell]);
        assert_eq!((status, stderr.as_str()), (0, ""));
        assert!(stdout.contains("gridloom") && stdout.contains("bbox"), "{shell}");
    }
    let (_folder, out) = temporary();
    let (status, stdout, stderr) = run(&["man", &out]);
    assert_eq!((status, stdout.as_str(), stderr.as_str()), (0, "", ""));
    let mut pages: Vec<String> = std::fs::read_dir(&out)
        .expect("the pages")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    pages.sort();
    insta::assert_snapshot!(pages.join(" "), @"gridloom-cells-append.1 gridloom-cells-drop.1 gridloom-cells-get.1 gridloom-cells-list.1 gridloom-cells-repack.1 gridloom-cells-replace.1 gridloom-cells-stream.1 gridloom-cells-verify.1 gridloom-cells-write.1 gridloom-cells.1 gridloom-completions.1 gridloom-demo.1 gridloom-describe.1 gridloom-evaluate.1 gridloom-figures.1 gridloom-get.1 gridloom-grid.1 gridloom-inspect.1 gridloom-man.1 gridloom-plan.1 gridloom-plot-biomass.1 gridloom-plot-boxes.1 gridloom-plot-climatology.1 gridloom-plot-compare.1 gridloom-plot-cycle.1 gridloom-plot-density.1 gridloom-plot-drift.1 gridloom-plot-health.1 gridloom-plot-hovmoller.1 gridloom-plot-limitation.1 gridloom-plot-map.1 gridloom-plot-scatter.1 gridloom-plot-series.1 gridloom-plot-taylor.1 gridloom-plot.1 gridloom-publish.1 gridloom-refs.1 gridloom-report.1 gridloom-run.1 gridloom-status.1 gridloom-tables.1 gridloom-verify.1 gridloom.1");
}

#[test]
fn version_goes_to_stdout() {
    let version = format!("gridloom {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&["--version"]), (0, version, String::new()));
}

#[test]
fn inspect_goes_only_so_deep_into_objects() {
    const LEVELS: usize = 300_000;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("deep.psz");
    // Objects whose state is the next object.
    let pickle = [&b"\x80\x02"[..], &b"cm\nC\n)R".repeat(LEVELS), b"N", &b"b".repeat(LEVELS), b"."].concat();
    std::fs::write(&path, pickle).expect("a file");
    let (status, stdout, stderr) = run(&["inspect", path.to_str().expect("UTF-8")]);
    assert_eq!((status, stderr.as_str()), (0, ""));
    assert!(stdout.contains("m.C") && stdout.len() < 2000, "{stdout}");
}

#[test]
fn verify_reads_every_codec_in_a_process_of_its_own() {
    for codec in ["--zstd", "--deflate=12", "--no-compress"] {
        let (_folder, out) = temporary();
        let (status, _, stderr) = run(&["grid", SAMPLE, "-o", &out, "--variables", "npp", codec, "--quiet"]);
        assert_eq!(status, 3, "{codec}: {stderr}");
        let (status, _, stderr) = run(&["verify", SAMPLE, &out]);
        assert_eq!(status, 0, "{codec}: {stderr}");
        assert!(stderr.contains("; 0 differ"), "{codec}: {stderr}");
    }
}

/// Who reads the document of `--json` finds a whole one or nothing.
#[test]
fn errors_print_no_document() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "a file").expect("a file");
    let file = file.to_str().expect("a path");
    let nowhere = folder.path().join("nowhere").to_str().expect("a path").to_owned();
    let out = folder.path().join("out").to_str().expect("a path").to_owned();
    for (arguments, status) in [
        // What clap refuses, what the library does, and what only the work finds.
        (&["grid", SAMPLE, "--json"][..], 2),
        (&["grid", SAMPLE, "-o", &out, "--json", "--no-such-option"], 2),
        (&["inspect", "--json"], 2),
        (&["inspect", &nowhere, "--json"], 2),
        (&["inspect", file, "--json"], 1),
        (&["plan", SAMPLE, "--json", "--variables", "nothing"], 2),
        (&["grid", SAMPLE, "-o", file, "--json"], 2),
        (&["tables", SAMPLE, "-o", &out, "--json", "--tables", "nothing"], 2),
        (&["cells", "write", &nowhere, "-o", &out, "--json"], 2),
        (&["cells", "verify", file, "--json"], 1),
        (&["verify", SAMPLE, &nowhere, "--json"], 2),
        (&["status", &nowhere, "--json"], 2),
        (&["plot", "map", &nowhere, "-o", "p.png", "--json"], 2),
        (&["figures", &nowhere, "--json"], 2),
        (&["report", &nowhere, "-o", "p.html", "--json"], 2),
    ] {
        let (found, stdout, said) = run(arguments);
        assert_eq!(found, status, "{arguments:?}: {said}");
        assert!(stdout.is_empty() && !said.is_empty(), "{arguments:?}: {stdout}");
    }
}
