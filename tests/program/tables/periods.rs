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

/// An archive has one axis, and so no dates twice.
#[test]
fn archives_have_the_drift_of_their_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let (archive, out) = (folder.path().join("run.nc"), |name: &str| folder.path().join(name));
    let mut write = program::command();
    let output = write.arg("cells").arg("write").arg(sample()).arg("-o").arg(&archive).output();
    assert_done(&output.expect("the program"));
    let options = ["--tables", ALL, "--by", "period", "--variables", "csoil,npp", "--format", "csv"];
    assert_done(&tables(&archive, &out("of_archive"), &options));
    assert_done(&tables(&sample(), &out("of_run"), &options));
    assert_same(&bytes(&out("of_archive")), &bytes(&out("of_run")));
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
