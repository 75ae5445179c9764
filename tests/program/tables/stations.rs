//! Names of cells that a gridlist gives, in tables and in names of files.

use std::path::Path;

use gridloom_testkit::{files, program};

use super::{bytes, name, sample, tables, talk};

const ALL: &str = "daily,biomass,strategies,community,cell_year,limitation,stats,drift,drifting,region";

/// A gridlist of three cells: one with a name, one without, one twice under two names.
fn list(folder: &Path) -> String {
    let path = folder.join("list.csv");
    let text = "station_id,lat,lon,station_name,global_y,global_x\n\
                0,4.75,-68.25,\"K34 (ZF-2), AM\",170,223\n\
                1,4.75,-67.75,,170,224\n\
                2,4.25,-68.25,Manaus,171,223\n\
                3,4.25,-68.25,Manaos,171,223\n";
    std::fs::write(&path, text).expect("a list");
    name(&path).to_owned()
}

#[test]
fn names_of_a_gridlist_are_a_column_of_tables_of_cells() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = list(folder.path());
    let base = ["--tables", ALL, "--variables", "npp,csoil", "--cells", &list, "--equilibrium", "0"];
    let out = folder.path().join("csv");
    let output = tables(&sample(), &out, &[&base[..], &["--format", "csv"]].concat());
    let told = talk(&output);
    assert!(
        told.contains(
            "line 5: cell 171-223 is \"Manaos\" here and \"Manaus\" before; it keeps the first name"
        ),
        "{told}"
    );
    for table in ALL.split(',') {
        let text = std::fs::read_to_string(out.join(format!("{table}.csv"))).expect("a table");
        let (head, rows) = text.split_once('\n').expect("a head");
        if table == "region" {
            assert!(!head.contains("station"), "{head}");
            continue;
        }
        assert!(head.starts_with("grid_y,grid_x,latitude,longitude,station,"), "{table}: {head}");
        assert!(!rows.is_empty(), "{table} has no rows");
        for row in rows.lines() {
            let place = |begin: &str| row.starts_with(begin);
            let is_right = match table {
                _ if place("170,223,") => place("170,223,4.75,-68.25,\"K34 (ZF-2), AM\","),
                _ if place("170,224,") => place("170,224,4.75,-67.75,,"),
                _ => place("171,223,4.25,-68.25,Manaus,"),
            };
            assert!(is_right, "{table}: {row}");
            if table == "drifting" {
                let station = if place("170,223,") { "K34 (ZF-2), AM" } else { "Manaus" };
                let station = if place("170,224,") { "station_170-224" } else { station };
                assert!(row.contains(station), "{row}");
            }
        }
    }
    // In every form, and in partitions, proof knows them.
    for (out, options) in [
        ("parquet", &[][..]),
        ("feather", &["--format", "feather"]),
        ("hdf5", &["--format", "hdf5"]),
        ("years", &["--partition", "year"]),
        ("cells", &["--per-cell"]),
        ("csv", &["--format", "csv"]),
    ] {
        let out = folder.path().join(out);
        tables(&sample(), &out, &[&base[..], options].concat());
        let proof = program::command().args(["verify", name(&sample()), name(&out)]).output();
        let proof = proof.expect("the program");
        assert_eq!(proof.status.code(), Some(0), "{}: {}", out.display(), talk(&proof));
    }
    let names = files::names(&folder.path().join("cells"));
    for file in [
        "grd_170_223_K34_ZF-2_AM_19790101_19810930.parquet",
        "grd_170_224_19790101_19810930.parquet",
        "biomass_grd_171_223_Manaus_19790101_19810930.parquet",
    ] {
        assert!(names.iter().any(|name| name == file), "{file} is not among {names:?}");
    }
}

/// Upstream has no place for them.
#[test]
fn names_that_upstreams_tables_lack_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = list(folder.path());
    let base = ["--names", "upstream", "--variables", "npp", "--cells", &list, "--tables"];
    for (kinds, format, words) in [
        ("daily,biomass", "csv", Some("the names of 2 stations are not in daily and biomass: ")),
        ("daily,stats", "parquet", Some("the names of 2 stations are not in daily: ")),
        ("stats", "csv", None),
    ] {
        let out = folder.path().join(format!("{kinds}.{format}"));
        let output = tables(&sample(), &out, &[&base[..], &[kinds, "--format", format]].concat());
        let told = talk(&output);
        assert_eq!(words.is_some_and(|words| told.contains(words)), words.is_some(), "{told}");
        assert_eq!(words.is_none(), !told.contains("the names of"), "{told}");
    }
}

/// Without names nothing is otherwise: the files are those of the same cells by a list that has none.
#[test]
fn lists_without_names_change_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = |text: &str, out: &str| {
        let path = folder.path().join(format!("{out}.csv"));
        std::fs::write(&path, text).expect("a list");
        let out = folder.path().join(out);
        let options = ["--tables", "daily,stats", "--variables", "npp", "--cells", name(&path), "--per-cell"];
        tables(&sample(), &out, &options);
        bytes(&out)
    };
    let plain = made("global_y,global_x\n170,223\n170,224\n", "plain");
    assert_eq!(plain.len(), 4);
    let empty = made("global_y,global_x,station_name,name\n170,223,,a\n170,224, ,b\n", "empty");
    assert!(plain == empty, "{:?} {:?}", plain.keys(), empty.keys());
}
