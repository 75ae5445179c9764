//! Tables in every format and partition.

use std::path::Path;
use std::process::Command;

use gridloom_testkit::{files, here};

use super::{assert_equal, file_of, made, name, sample, talk, verified};

const ROWS: &str = "daily,biomass,strategies,community,cell_year,limitation,region,stats";
const SOME: [&str; 4] = ["--variables", "npp,csoil", "--from", "1979-11-15"];
const NAMES: [&str; 8] =
    ["daily", "stats", "region", "biomass", "strategies", "community", "cell_year", "limitation"];

/// Changes a file in all ways that another program can, and looks for each; an unchanged copy of its own is the same.
fn assert_each_is_found(program: &Path, file: &Path, table: &str, wanted: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let script = files::project("tests/python/mutate_table.py");
    let mut command = Command::new(program);
    command.arg("-B").arg(script).arg(file).arg(folder.path()).arg(table);
    if !wanted.is_empty() {
        command.arg(wanted.join(","));
    }
    let output = command.output().expect("python");
    assert!(output.status.success(), "{}", talk(&output));
    let sound = std::fs::read(file).expect("a file");
    let kinds = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(kinds.lines().count() > 1, "{kinds}");
    for kind in kinds.lines() {
        let changed = folder.path().join(kind).join(file.file_name().expect("a name"));
        std::fs::copy(changed, file).expect("a file");
        let (status, talk) = verified(file, &[]);
        let right = if kind == "nothing" { 0 } else { 4 };
        assert_eq!(status, right, "{kind} of {}: {talk}", file.display());
        assert_eq!(kind != "nothing", talk.contains("differs: "), "{kind} of {}: {talk}", file.display());
    }
    std::fs::write(file, sound).expect("a file");
}

fn every_change(format: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path();
    made(
        "tables",
        out,
        &[&SOME[..], &["--tables", ROWS, "--every", "season", "--by-month"], format].concat(),
    );
    assert_equal(out);
    let Some(program) = here::python() else { return };
    for table in NAMES {
        let wanted: &[&str] = match table {
            "daily" | "region" | "stats" => &[],
            _ => &["nothing", "value", "key", "remove", "swap", "unit"],
        };
        assert_each_is_found(&program, &file_of(out, &format!("{table}.")), table, wanted);
    }
}

#[test]
fn whatever_is_changed_in_parquet_is_found() {
    every_change(&["--format", "parquet"]);
}

#[test]
fn whatever_is_changed_in_feather_is_found() {
    every_change(&["--format", "feather"]);
}

#[test]
fn whatever_is_changed_in_csv_is_found() {
    every_change(&["--format", "csv"]);
}

#[test]
fn whatever_is_changed_in_hdf5_is_found() {
    every_change(&["--format", "hdf5"]);
}

#[test]
fn packed_texts_are_read() {
    for packing in ["gzip", "zstd"] {
        let folder = tempfile::tempdir().expect("a folder");
        let options = ["--tables", "daily,region", "--format", "csv", "--compress", packing];
        made("tables", folder.path(), &[&SOME[..], &options].concat());
        assert_equal(folder.path());
        let Some(program) = here::python() else { return };
        let wanted = ["nothing", "value", "remove"];
        assert_each_is_found(&program, &file_of(folder.path(), "daily."), "daily", &wanted);
    }
}

#[test]
fn every_partition_is_proven() {
    for format in ["parquet", "feather", "csv", "hdf5"] {
        for partition in [
            &["--partition", "year"][..],
            &["--partition", "month"],
            &["--partition", "lat-band"],
            &["--per-cell"],
        ] {
            // Many small files of HDF5 take long.
            if format == "hdf5" && partition.contains(&"month") {
                continue;
            }
            let folder = tempfile::tempdir().expect("a folder");
            let out = folder.path();
            let options = ["--tables", "daily,community,stats,region", "--format", format];
            made("tables", out, &[&SOME[..], &options, partition].concat());
            assert_equal(out);
            let first = files::files_below(out, "part-0").into_iter().chain(files::files_below(out, "grd_"));
            let first = first.map(|path| path.to_path_buf()).find(|path| !name(path).contains(".gridloom"));
            let first = first.expect("a file");
            assert_equal(&first);
            std::fs::remove_file(&first).expect("a file");
            let (status, talk) = verified(out, &[]);
            assert_eq!(status, 4, "{format} {partition:?}: {talk}");
            assert!(talk.contains("no such file"), "{talk}");
        }
    }
}

#[test]
fn a_file_in_a_table_s_folder_that_does_not_belong_there_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path();
    made("tables", out, &[&SOME[..], &["--partition", "year"]].concat());
    let stray = out.join("daily/year=1999");
    std::fs::create_dir(&stray).expect("a folder");
    std::fs::copy(out.join("daily/year=1980/part-0.parquet"), stray.join("part-0.parquet")).expect("a copy");
    let (status, talk) = verified(out, &[]);
    assert_eq!(status, 4, "{talk}");
    assert!(talk.contains("daily/year=1999/part-0.parquet"), "{talk}");
}

#[test]
fn all_of_the_sample_is_proven() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, options) in [
        (
            "all",
            &[
                "--tables",
                "daily,biomass,strategies,community,cell_year,limitation,annual,annual_limitation,region,stats",
            ][..],
        ),
        ("days", &["--tables", "region,stats", "--every", "day", "--quantiles", "0,0.001,0.999,1"]),
    ] {
        let out = folder.path().join(name);
        made("tables", &out, options);
        assert_equal(&out);
    }
    let list = folder.path().join("two.csv");
    std::fs::write(&list, "lat,lon\n4.75,-68.25\n3.25,-67.25\n").expect("a list");
    let out = folder.path().join("regions");
    made("tables", &out, &["--tables", "region", "--regions", "all", "--mask", name(&list)]);
    assert_equal(&out);
    let _ = sample();
}
