//! Tables of each period by itself: a spin-up repeats its dates, and is judged by what changes from one to the next.

use std::path::Path;

use super::*;

const VARIABLES: &str = "csoil,snc,npp,lai,wsoil";
const ALL: &str = "daily,stats,region,drift,drifting";

/// A spin-up of six cells, four times the same dates.
fn spin_up(folder: &Path) -> Option<PathBuf> {
    let python = here::python()?;
    let run = folder.join("spin_up");
    here::script(&python, "make_spin_up.py", &[&sample(), &run]);
    files::files_below(&run, "").iter().for_each(|path| files::settle(path));
    Some(run)
}

fn check_periods(run: &Path, out: &Path, options: &[&str]) -> String {
    let python = here::python().expect("a Python");
    here::script(
        &python,
        "check_periods.py",
        &[&[name(run), name(out), "--variables", VARIABLES][..], options].concat(),
    )
}

/// The status of the proof, and what it says.
fn proof(run: &Path, out: &Path) -> (Option<i32>, String) {
    let mut program = program::command();
    let output = program.arg("verify").arg(run).arg(out).output().expect("the program");
    (output.status.code(), talk(&output))
}

#[test]
fn every_number_of_a_spin_up_is_that_of_its_period() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(run) = spin_up(folder.path()) else { return };
    for (number, options) in [
        &["--tables", ALL, "--by", "period", "--by-month"][..],
        &["--tables", "drift,drifting", "--equilibrium", "2.5"],
        &["--tables", "drift,drifting,stats,region", "--by", "period", "--equilibrium", "0"],
    ]
    .into_iter()
    .enumerate()
    {
        let out = folder.path().join(number.to_string());
        let output = tables(&run, &out, &[&["--variables", VARIABLES][..], options].concat());
        // A dump is missing, one is cut short.
        assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
        let threshold = match number {
            0 => &[][..],
            _ => &options[options.len() - 2..],
        };
        println!("{}", check_periods(&run, &out, threshold));
        let (status, said) = proof(&run, &out);
        assert!(!said.contains("differs: "), "{said}");
        assert_eq!(status, Some(0), "{said}");
    }
}

#[test]
fn cells_that_drift_are_a_gridlist() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(run) = spin_up(folder.path()) else { return };
    let out = folder.path().join("out");
    let options = ["--tables", "drift,drifting", "--format", "csv", "--variables", "csoil"];
    let _ = tables(&run, &out, &options);
    let list = out.join("drifting.csv");
    let rows = std::fs::read_to_string(&list).expect("a list");
    let head = "grid_y,grid_x,latitude,longitude,station_id,lat,lon,station_name,global_y,global_x,states";
    assert_eq!(rows.lines().next(), Some(head));
    let count = rows.lines().count() - 1;
    assert!((1..6).contains(&count), "{rows}");
    let again = folder.path().join("again");
    let options = ["--cells", name(&list), "--tables", "drift", "--format", "csv", "--variables", "csoil_1"];
    let _ = tables(&run, &again, &options);
    let rows = std::fs::read_to_string(again.join("drift.csv")).expect("a table");
    assert_eq!(rows.lines().count() - 1, count, "{rows}");
}

#[test]
fn shards_and_threads_make_the_same_bytes_of_a_spin_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(run) = spin_up(folder.path()) else { return };
    let options = ["--tables", ALL, "--by", "period", "--variables", "csoil,npp"];
    let (whole, shards) = (folder.path().join("whole"), folder.path().join("shards"));
    let output = tables(&run, &whole, &[&options[..], &["--threads", "4"]].concat());
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    for shard in ["1/2", "0/2"] {
        let _ = tables(&run, &shards, &[&options[..], &["--shard", shard]].concat());
    }
    let mut publish = program::command();
    publish.arg("publish").arg(&shards).env("SOURCE_DATE_EPOCH", "0");
    let output = publish.output().expect("the program");
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    assert_same(&bytes(&shards), &bytes(&whole));
}

fn cells(arguments: &[&str]) -> std::process::Output {
    let mut program = program::command();
    program.arg("cells").args(arguments).output().expect("the program")
}

/// That tables by period of an archive are those of its run, and are proved by either.
fn tables_of_archive_are_those_of(run: &Path, folder: &Path) -> PathBuf {
    let (archive, out) = (folder.join("run.nc"), |name: &str| folder.join(name));
    let output = cells(&["write", name(run), "-o", name(&archive)]);
    let wanted = output.status.code();
    assert!(matches!(wanted, Some(0 | 3)), "{}", talk(&output));
    let options = ["--tables", ALL, "--by", "period", "--variables", "csoil,npp", "--format", "csv"];
    let made = [(&archive, "of_archive"), (&run.to_path_buf(), "of_run")].map(|(source, name)| {
        let output = tables(source, &out(name), &options);
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", talk(&output));
        bytes(&out(name))
    });
    assert_same(&made[0], &made[1]);
    for source in [&archive, run] {
        let (status, said) = proof(source, &out("of_archive"));
        assert_eq!(status, Some(0), "{said}");
    }
    let (status, said) = proof(run, &archive);
    assert_eq!(status, Some(0), "{said}");
    archive
}

#[test]
fn archives_have_the_drift_of_their_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let _ = tables_of_archive_are_those_of(&sample(), folder.path());
}

#[test]
fn archives_of_spin_ups_have_all_of_its_periods() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(run) = spin_up(folder.path()) else { return };
    let archive = tables_of_archive_are_those_of(&run, folder.path());
    let archive = name(&archive);
    let text = |arguments: &[&str]| -> String {
        let output = cells(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", talk(&output));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let csoil = ["--variables", "csoil", "--from", "1979-12-31"];
    let of = |more: &[&str]| text(&[&["get", archive, "--cell", "170-223"], &csoil[..], more].concat());
    insta::assert_snapshot!(of(&["--periods", "1,3-4"]), @r"
    period,date,csoil_1,csoil_2,csoil_3,csoil_4
    1,1979-12-31,25.120312,255.73125,539.0625,5175
    3,1979-12-31,22.13864,225.37706,475.07813,4560.75
    4,1979-12-31,21.932217,223.27562,470.64844,4518.225
    ");
    let json = of(&["--periods", "2", "--format", "json"]);
    assert!(json.contains(r#""dates":["1979-12-31"],"days":[43828],"#), "{json}");
    assert!(json.contains(r#""periods":[2],"#) && json.contains("[[22.826717],[232.38187],"), "{json}");
    // Without periods it has all; numpy's array has the days of those that are chosen.
    assert_eq!(of(&[]).lines().count(), 1 + 4);
    let npy =
        ["get", archive, "--cell", "170-223", "--variables", "npp", "--periods", "2", "--format", "npy"];
    assert_eq!(cells(&npy).stdout.len(), 128 + 365 * 4);
    let stream = text(&["stream", archive, "--variables", "npp", "--from", "1979-12-31", "--periods", "2-3"]);
    // A cell lacks period 2, one ends before that day in period 3.
    assert_eq!(stream.lines().count(), 1 + 2 * 6 - 2, "{stream}");
    assert!(stream.starts_with("cell,period,date,npp\n170-223,2,1979-12-31,"), "{stream}");
    let lines = text(&["stream", archive, "--variables", "npp", "--periods", "4", "--format", "json"]);
    assert!(lines.starts_with(r#"{"cell":"170-223","period":4,"date":"1979-01-01","npp":"#), "{lines:.90}");
    assert!(text(&["list", archive, "--json"]).contains(r#""by_period": true"#));
    let missing = cells(&["get", archive, "--cell", "170-225", "--periods", "2"]);
    assert_eq!(missing.status.code(), Some(2), "{}", talk(&missing));
    assert!(talk(&missing).contains("cell 170-225 has days of the periods 1, 3, 4"), "{}", talk(&missing));
    let some = cells(&["get", archive, "--cell", "170-225", "--variables", "npp", "--periods", "1,2"]);
    assert!(some.status.success() && talk(&some).contains("has no days of period 2"), "{}", talk(&some));
    // What has one axis refuses it as it refuses the run; a period by itself is fine.
    let grid = |more: &[&str]| {
        let out = folder.path().join("grids");
        let mut program =
            program("grid", Path::new(archive), &out, &[&["--variables", "npp"], more].concat());
        program.output().expect("the program")
    };
    assert!(talk(&grid(&[])).contains("periods 1 (1979-01-01 to 1979-12-31) and 2"), "{}", talk(&grid(&[])));
    assert!(matches!(grid(&["--periods", "4"]).status.code(), Some(0 | 3)));
}

#[test]
fn periods_that_follow_each_other_have_drift_as_well() {
    let Some(runs) = here::real_runs() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for run in ["k34_region", "meta_cell"] {
        let (run, out) = (runs.join(run), folder.path().join(run));
        let options = ["--tables", "drift,drifting,stats,daily", "--by", "period", "--variables", VARIABLES];
        assert_done(&tables(&run, &out, &options));
        println!("{}", check_periods(&run, &out, &[]));
        let (status, said) = proof(&run, &out);
        assert_eq!(status, Some(0), "{said}");
    }
}

#[test]
fn what_has_one_axis_refuses_dates_that_are_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(run) = spin_up(folder.path()) else { return };
    let config = folder.path().join("all.toml");
    std::fs::write(&config, "[grid]\n[tables]\ntables = ['drift']\n").expect("a configuration");
    for (options, wanted) in [
        (vec!["--tables", "daily"], "overlap"),
        (vec!["--tables", "stats,drift"], "overlap"),
        (vec!["--tables", "biomass", "--by", "period"], "--by: is for the tables daily, region and stats"),
        (vec!["--tables", "region,drift"], "overlap"),
        (vec!["--tables", "region", "--by", "period", "--every", "year"], "does not go with --by period"),
        (
            [
                &["--tables", "region", "--by", "period", "--periods", "1", "--from", "1979-06-01"][..],
                &["--to", "1979-08-31", "--reference-from", "1979-01-01", "--reference-to", "1979-03-31"],
            ]
            .concat(),
            "a change is of two windows",
        ),
        (vec!["--tables", "daily", "--equilibrium", "1"], "is for the tables drift and drifting"),
        (vec!["--tables", "drift", "--equilibrium", "nan"], "is not a percentage of 0 or more"),
        (vec!["--tables", "drift", "--equilibrium=-1"], "is not a percentage of 0 or more"),
    ] {
        let output = tables(&run, &folder.path().join("out"), &options);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {}", talk(&output));
        assert!(talk(&output).contains(wanted), "{options:?}: {}", talk(&output));
    }
    let output = program("run", &sample(), &folder.path().join("out"), &["--config", name(&config)]);
    let output = { output }.output().expect("the program");
    assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
    assert!(talk(&output).contains("have all days on one axis"), "{}", talk(&output));
    let grids = folder.path().join("grids");
    assert_done(&program("grid", &sample(), &grids, &["--variables", "npp"]).output().expect("the program"));
    let grid = files::files_below(&grids, "npp_").remove(0);
    let output = tables(&grid, &folder.path().join("out"), &["--tables", "drift"]);
    assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
}

/// Steps of a year are not gathered in months, but a period is no month.
#[test]
fn regions_by_period_are_of_steps_of_any_length() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = files::project("data/records/lpj-guess/lpj-guess.toml");
    let (by_period, plain) = (folder.path().join("by_period"), folder.path().join("plain"));
    let options = ["--tables", "region,stats", "--format", "csv"];
    assert_done(&tables(&source, &by_period, &[&options[..], &["--by", "period"]].concat()));
    assert_eq!(proof(&source, &by_period).0, Some(0));
    assert_done(&tables(&source, &plain, &["--tables", "stats", "--format", "csv"]));
    let read = |path: PathBuf| std::fs::read_to_string(path).expect("a table");
    // All years are one period.
    let rows = read(by_period.join("stats.csv")).replace(",1,0,", ",0,");
    assert_eq!(rows.replace(",period,month,", ",month,"), read(plain.join("stats.csv")));
    let region = read(by_period.join("region.csv"));
    assert!(region.lines().skip(1).all(|row| row.contains(",1,10,true,9,")), "{region}");
}

/// Drift is of states: others that are asked for by name are told, and so are variables of tables that have none of the dumps'.
#[test]
fn variables_that_a_table_has_no_place_for_are_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let made = |number: &str, options: &[&str]| {
        let output = tables(&sample(), &folder.path().join(number), options);
        (output.status.code(), talk(&output))
    };
    let (status, said) = made("none", &["--tables", "drift", "--variables", "npp"]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("drift would be empty") && said.contains("csoil"), "{said}");
    assert!(!folder.path().join("none").exists());
    let (_, said) = made("some", &["--tables", "drift,drifting", "--variables", "npp,csoil"]);
    assert!(said.contains("npp left out of drift and drifting: not states"), "{said}");
    let (_, said) = made("all", &["--tables", "drift"]);
    assert!(!said.contains("left out of"), "who names nothing misses nothing: {said}");
    let (_, said) = made("yearly", &["--tables", "biomass", "--variables", "npp"]);
    assert!(said.contains("npp left out: the tables are made of the yearly files"), "{said}");
    let (_, said) = made("both", &["--tables", "biomass,daily", "--variables", "npp"]);
    assert!(!said.contains("npp left out"), "{said}");
}
