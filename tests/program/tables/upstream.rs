//! Tables by the names of CAETE-DVM's own `dataframes.py`, and its functions as configurations.

use super::*;

const WANTED: [&str; 6] =
    ["--names", "upstream", "--tables", "daily,biomass", "--variables", "npp,csoil,lnc,ls"];

/// Compares a folder with what upstream would make, where there is a Python, and with the dumps.
fn is_upstreams(run: &Path, out: &Path, options: &[&str]) {
    if let Some(python) = here::python() {
        let variables = ["--variables", "npp,csoil,lnc,ls"];
        let arguments = [&[name(run), name(out)][..], &variables, options].concat();
        println!("{}", here::script(&python, "check_upstream.py", &arguments));
    }
    is_proved(run, out);
}

fn is_proved(run: &Path, out: &Path) {
    let verified =
        program::command().arg("verify").arg(run).arg(out).arg("-q").output().expect("the program");
    assert!(verified.status.success(), "{}", talk(&verified));
}

#[test]
fn files_columns_and_values_are_upstreams() {
    let folder = tempfile::tempdir().expect("a folder");
    for (options, checked) in [
        (&["--format", "csv"][..], &[][..]),
        (&["--format", "parquet"], &["--ending", "parquet"]),
        (&["--format", "feather"], &["--ending", "feather"]),
        (&["--partition", "month"], &["--ending", "parquet", "--by", "month"]),
        (&["--years", "1980"], &["--ending", "parquet", "--only", "1980"]),
    ] {
        let out = folder.path().join(options.concat());
        assert_done(&tables(&sample(), &out, &[&WANTED[..], options].concat()));
        is_upstreams(&sample(), &out, checked);
    }
    let out = folder.path().join("bands");
    let options = ["--names", "upstream", "--variables", "npp,csoil,lnc,ls", "--partition", "lat-band"];
    assert_done(&tables(&sample(), &out, &options));
    is_upstreams(&sample(), &out, &["--ending", "parquet", "--by", "lat-band"]);
    // Those who read a folder of parts take all that is in it.
    let strange = out.join("sample_run/sample_run_partitioned/lat_band=0.0/part-1.parquet");
    std::fs::write(&strange, "strange").expect("a file");
    let verified = program::command().arg("verify").arg(sample()).arg(&out).output().expect("the program");
    assert_eq!(verified.status.code(), Some(4), "{}", talk(&verified));
    assert!(talk(&verified).contains("part-1.parquet"), "{}", talk(&verified));
    let Some(runs) = here::real_runs() else { return };
    for run in ["k34_region", "meta_cell"].map(|run| runs.join(run)).iter().filter(|run| run.is_dir()) {
        for ending in ["csv", "feather"] {
            let out = folder.path().join(run.file_name().expect("a name")).with_extension(ending);
            assert_done(&tables(run, &out, &[&WANTED[..], &["--format", ending]].concat()));
            is_upstreams(run, &out, &["--ending", ending]);
        }
    }
}

#[test]
fn files_of_days_end_with_the_days_that_are_chosen() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let days = ["--format", "csv", "--from", "1979-12-30", "--to", "1981-01-02"];
    assert_done(&tables(&sample(), &out, &[&WANTED[..], &days].concat()));
    let cell = out.join("sample_run/grd_170-223");
    for (dates, rows) in
        [("1979-12-30_1979-12-31", 2), ("1980-01-01_1980-12-31", 366), ("1981-01-01_1981-01-02", 2)]
    {
        let text = std::fs::read_to_string(cell.join(format!("grd_170_223_{dates}.csv"))).expect("a file");
        assert_eq!(text.lines().count(), rows + 1, "{dates}");
        assert!(
            text.starts_with("npp,csoil_sum,csoil_1,csoil_2,csoil_3,csoil_4,lnc_sum,lnc_1,"),
            "{text:.80}"
        );
    }
    assert_eq!(std::fs::read_dir(&cell).expect("a folder").count(), 4);
    is_proved(&sample(), &out);
}

#[test]
fn what_upstream_has_no_names_for_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for (options, words) in [
        (&["--format", "hdf5"][..], "choose csv, feather or parquet"),
        (&["--per-cell"], "upstream's files of single cells are CSV"),
        (&["--format", "csv", "--partition", "month"], "is not cut further"),
        (&["--partition", "year"], "by month or by bands of latitude"),
        (&["--tables", "biomass", "--partition", "lat-band"], "by year alone"),
        (&["--by", "period"], "upstream calls files by dates"),
        (&["--tables", "stats"], "is for the tables daily and biomass"),
    ] {
        let options = [&["--names", "upstream"], options].concat();
        let output = tables(&sample(), &folder.path().join("out"), &options);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {}", talk(&output));
        assert!(talk(&output).contains(words), "{options:?}: {}", talk(&output));
    }
    assert!(!folder.path().join("out").exists());
}

#[test]
fn metadata_of_columns_are_proved_as_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().join("own");
    assert_done(&tables(
        &sample(),
        &own,
        &["--tables", "daily,stats", "--variables", "npp", "--format", "csv", "--metadata"],
    ));
    let text = std::fs::read_to_string(own.join("metadata.csv")).expect("a file");
    assert!(text.contains("daily,npp,float32,Net primary productivity,kg m-2 year-1,"), "{text}");
    assert!(text.contains("stats,q50,float64,"), "{text}");
    is_proved(&sample(), &own);
    std::fs::write(own.join("metadata.csv"), text.replace("kg m-2 year-1", "g m-2 day-1")).expect("a file");
    let verified = program::command().arg("verify").arg(sample()).arg(&own).output().expect("the program");
    assert_eq!(verified.status.code(), Some(4), "{}", talk(&verified));
    assert!(talk(&verified).contains("metadata.csv"), "{}", talk(&verified));
}

/// The files of a folder of outputs, without what the work left.
fn files_of(out: &Path) -> Vec<String> {
    bytes(out)
        .into_keys()
        .map(|path| path.to_string_lossy().into_owned())
        .filter(|path| path != "report.json")
        .collect()
}

#[test]
fn upstreams_own_functions_are_in_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let pan = folder.path().join("pan");
    // The sample has other periods than the run that the function was written for.
    let options = ["--config", "builtin:pan-amazon", "--periods", "1-3"];
    assert_done(&program("run", &sample(), &pan, &options).output().expect("the program"));
    let variables = [
        "aresp", "csoil_1", "csoil_2", "csoil_3", "csoil_4", "evapm", "hresp", "lai", "npp", "photo", "rnpp",
    ];
    let mut wanted = variables.map(|name| format!("{name}_sample_run_da_19790101_19810930.nc")).to_vec();
    wanted.push("sample_run_biomass_1981.parquet".to_owned());
    wanted.push("wsoil_sample_run_da_19790101_19810930.nc".to_owned());
    assert_eq!(files_of(&pan), wanted);
    is_proved(&sample(), &pan);
    let output =
        program("run", &sample(), &folder.path().join("none"), &options[..2]).output().expect("the program");
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    assert!(talk(&output).contains("absent: periods 4 to 5 are not in the run"), "{}", talk(&output));
    let cities = folder.path().join("cities");
    assert_done(&tables(&sample(), &cities, &["--config", "builtin:cities"]));
    let wanted =
        ["sample_run/output_metadata.csv", "sample_run/sample_run.feather", "sample_run_biomass.feather"];
    assert_eq!(files_of(&cities), wanted);
    is_proved(&sample(), &cities);
    let output = tables(&sample(), &folder.path().join("none"), &["--config", "builtin:citys"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(talk(&output).contains("there are builtin:cities, builtin:pan-amazon"), "{}", talk(&output));
}
