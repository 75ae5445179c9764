//! Real files of models, gridded and compared with what pandas reads of the same files. Skipped with a line where there are none.

use std::path::{Path, PathBuf};

use gridloom_testkit::{files, here, program};

/// The Python that compares, and the folder of real files.
fn real() -> Option<(PathBuf, PathBuf)> {
    let (python, data) = (here::python()?, here::real_runs()?);
    if !data.join("records").is_dir() {
        here::lack("real-runs", "no real files of records among the real runs");
        return None;
    }
    Some((python, data))
}

fn run(words: &[&str]) {
    let output = program::command().args(words).output().expect("the program");
    assert_eq!(output.status.code(), Some(0), "{words:?}: {}", program::talk(&output));
}

/// Words for a script that compares the grids of a folder.
fn with_grids(words: &[&str], out: &Path) -> Vec<String> {
    let grids = files::files_below(out, "")
        .into_iter()
        .filter(|path| path.extension().is_some_and(|one| one == "nc"));
    words.iter().map(|word| (*word).to_owned()).chain(grids.map(|path| path.display().to_string())).collect()
}

#[test]
fn tables_of_lpj_guess_are_what_pandas_reads() {
    let Some((python, data)) = real() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for (name, records) in [("lai", 23_472), ("mlai", 23_472), ("cmass", 30_240)] {
        let table = data.join(format!("records/lpj-guess/{name}.out.gz")).display().to_string();
        let out = folder.path().join(name);
        let shown = out.display().to_string();
        run(&["grid", &table, "-o", &shown, "--rows", "dimension", "--quiet"]);
        run(&["verify", &table, &shown]);
        let said = here::script(&python, "check_records.py", &with_grids(&["lpj-guess", &table], &out));
        assert_eq!(said, format!("{name}: {records} records"));
    }
}

#[test]
fn forcings_of_vic_are_what_pandas_reads() {
    let Some((python, data)) = real() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (description, out) = (folder.path().join("vic.toml"), folder.path().join("out"));
    let forcings = data.join("records/vic-forcings").canonicalize().expect("a folder").display().to_string();
    let text = format!(
        "[source]\npreset = \"vic\"\nfiles = \"{forcings}/full_data_{{lat}}_{{lon}}\"\n[source.time]\nstart = \"1949-01-01\"\nstep = \"hour\"\n"
    );
    std::fs::write(&description, text).expect("a description");
    let (description, shown) = (description.display().to_string(), out.display().to_string());
    run(&["grid", &description, "-o", &shown, "--quiet"]);
    run(&["verify", &description, &shown]);
    let said = here::script(
        &python,
        "check_records.py",
        &with_grids(&["vic", &forcings, "full_data_", "1949-01-01"], &out),
    );
    assert_eq!(said, "16 cells, 8 variables");
}

/// The CSVs that upstream's scripts write of dumps hold the very bits of the dumps.
#[test]
fn csvs_of_dumps_give_the_grids_of_dumps() {
    let Some((python, data)) = real() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let shown = |name: &str| folder.path().join(name).display().to_string();
    let dumps = data.join("k34_region").display().to_string();
    here::script(&python, "check_records.py", &["write-caete", &dumps, &shown("csv")]);
    let variables = "npp,photo,csoil,nupt,ls,litter_l,storage_pool,wsoil";
    run(&[
        "grid",
        &dumps,
        "-o",
        &shown("of_dumps"),
        "--variables",
        variables,
        "--rows",
        "dimension",
        "--quiet",
    ]);
    let files = shown("csv/*/grd_*.csv");
    run(&[
        "grid",
        &files,
        "--preset",
        "caete-csv",
        "-o",
        &shown("of_csvs"),
        "--rows",
        "dimension",
        "--quiet",
    ]);
    let said = here::script(&python, "check_records.py", &["caete", &shown("of_dumps"), &shown("of_csvs")]);
    assert_eq!(said, "8 variables");
}

/// One table in the forms that other programs write it in gives one grid, in the columns' own types.
#[test]
fn columnar_files_are_the_table_that_they_hold() {
    let Some(python) = here::python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let shown = |name: &str| folder.path().join(name).display().to_string();
    assert_eq!(here::script(&python, "check_records.py", &["write-columnar", &shown("")]), "120");
    let mut all = Vec::new();
    for (index, files) in
        ["plain.csv", "zstd.parquet", "snappy.parquet", "lz4.arrow", "stream.arrow", "parts/day=*/*.parquet"]
            .into_iter()
            .enumerate()
    {
        let out = format!("out{index}");
        run(&["grid", &shown(files), "-o", &shown(&out), "--quiet"]);
        run(&["verify", &shown(files), &shown(&out)]);
        let open = |variable: &str| {
            netcdf::open(files::files_below(&folder.path().join(&out), variable).remove(0)).expect("NetCDF")
        };
        let bits = |variable: &str| {
            let file = open(variable);
            let values: Vec<f64> = file.variable(variable).expect(variable).get_values(..).expect("values");
            values.iter().map(|value| value.to_bits()).collect::<Vec<_>>()
        };
        all.push([bits("npp"), bits("gpp")]);
        if files != "plain.csv" {
            let file = open("people");
            let people = file.variable("people").expect("people");
            assert_eq!(
                people.vartype(),
                netcdf::types::NcVariableType::Int(netcdf::types::IntType::I32),
                "{files}"
            );
            let values: Vec<i32> = people.get_values(..).expect("values");
            assert_eq!(values.iter().filter(|value| **value == -2_147_483_647).count(), 18, "{files}");
        }
    }
    assert!(all.iter().all(|one| one == &all[0]), "the forms differ");
    let output = program::command()
        .args(["grid", &shown("cut.parquet"), "-o", &shown("cut")])
        .output()
        .expect("the program");
    let talk = program::talk(&output);
    assert!(
        output.status.code() == Some(2) && talk.contains("as Parquet it cannot be read"),
        "{:?} {talk}",
        output.status
    );
}
