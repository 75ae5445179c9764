//! Yearly community files that are damaged in all cells, or left out between others.

use std::path::Path;

use super::*;

const TABLES: &str = "tables RUN -o OUT --tables annual,cell_year,biomass";

/// The sample, which has three years.
pub fn sample() -> Folder {
    let folder = Folder::new();
    files::copy(&files::sample(), &folder.run());
    folder
}

/// Changes the files of a year, and counts them: the sample lacks some.
fn of_year(folder: &Folder, year: i32, change: impl Fn(&Path)) -> usize {
    let cells = std::fs::read_dir(folder.run()).expect("the run").flatten();
    let paths = cells.map(|cell| cell.path().join(format!("metacommunity_{year}.pkz")));
    let there: Vec<_> = paths.filter(|path| path.exists()).collect();
    there.iter().for_each(|path| change(path));
    there.len()
}

fn damage(path: &Path) {
    let bytes = std::fs::read(path).expect("a file");
    std::fs::write(path, &bytes[..bytes.len() / 2]).expect("a file");
}

fn faults(folder: &Folder, kind: &str, year: i32) -> usize {
    let json = report(folder);
    let faults = json["faults"].as_array().expect("faults");
    faults.iter().filter(|fault| fault["kind"] == kind && fault["year"] == year).count()
}

#[test]
fn a_year_that_is_damaged_in_all_cells_is_named() {
    for year in [1979, 1980, 1981] {
        let folder = sample();
        let cells = of_year(&folder, year, damage);
        let Outcome { code, talk, .. } = gridloom(&folder, TABLES);
        assert_eq!(code, Some(3), "{talk}");
        assert_eq!(faults(&folder, "damaged", year), cells);
        let Outcome { code, out, .. } = gridloom(&folder, "inspect RUN --deep");
        assert_eq!(code, Some(3), "{out}");
        assert!(out.contains(&format!("damaged: cell 171-226, year {year}")), "{out}");
        let Outcome { code, out, .. } = gridloom(&folder, "inspect RUN --deep --json");
        assert_eq!(code, Some(3), "{out}");
        let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(json["damaged_years"].as_array().map(Vec::len), Some(cells));
    }
}

#[test]
fn a_year_that_no_cell_has_between_others_is_named() {
    let folder = sample();
    let cells = of_year(&folder, 1980, |path| std::fs::remove_file(path).expect("a file"));
    let Outcome { code, talk, .. } = gridloom(&folder, TABLES);
    assert_eq!(code, Some(3), "{talk}");
    assert_eq!(faults(&folder, "missing", 1980), cells);
    let Outcome { code, out, .. } = gridloom(&folder, "inspect RUN");
    assert_eq!(code, Some(3), "{out}");
    assert!(out.contains("missing: cell 171-226, year 1980"), "{out}");
}

#[test]
fn files_of_another_year_are_told() {
    let folder = sample();
    let cell = folder.run().join("grd_171-226");
    std::fs::copy(cell.join("metacommunity_1979.pkz"), cell.join("metacommunity_1981.pkz")).expect("a file");
    let Outcome { code, out, .. } = gridloom(&folder, "inspect RUN --deep");
    assert_eq!(code, Some(3), "{out}");
    assert!(out.contains("cell 171-226, year 1981: it says that it is of the year 1979"), "{out}");
}

/// What yearly files held is not replaced by less either.
#[test]
fn years_are_not_lost_to_a_later_run() {
    for harm in [damage, |path: &Path| std::fs::remove_file(path).expect("a file")] {
        let folder = sample();
        let Outcome { code, talk, .. } = gridloom(&folder, TABLES);
        assert!(matches!(code, Some(0 | 3)), "{talk}");
        of_year(&folder, 1981, harm);
        let Outcome { code, talk, .. } = gridloom(&folder, TABLES);
        assert_eq!(code, Some(2), "{talk}");
        assert!(talk.contains("the years 1981 of cells"), "{talk}");
        let Outcome { code, talk, .. } = gridloom(&folder, &format!("{TABLES} --fresh"));
        assert!(matches!(code, Some(0 | 3)), "{talk}");
    }
}

/// A year off the days that were chosen was not asked for.
#[test]
fn years_that_the_selection_leaves_out_go() {
    for selection in ["--to 1980-12-31", "--years 1979-1980", "--from 1980-01-01"] {
        let folder = sample();
        let Outcome { code, talk, .. } = gridloom(&folder, &format!("{TABLES} --drop-spool"));
        assert!(matches!(code, Some(0 | 3)), "{talk}");
        let Outcome { code, talk, .. } = gridloom(&folder, &format!("{TABLES} --overwrite {selection}"));
        assert!(matches!(code, Some(0 | 3)), "{selection}: {talk}");
    }
}

/// The sample with the one cell whose dump is cut.
#[test]
fn the_sample_with_a_list_of_its_damaged_cell() {
    let folder = sample();
    let list = folder.path().join("list.csv");
    std::fs::write(&list, "global_y,global_x\n171,226\n").expect("a list");
    for command in ["grid", "tables"] {
        let _ = std::fs::remove_dir_all(folder.out());
        let arguments = format!("{command} RUN -o OUT --cells {}", list.display());
        let Outcome { code, talk, .. } = gridloom(&folder, &arguments);
        assert_eq!(code, Some(3), "{talk}");
        let json = report(&folder);
        assert_eq!(json["faults"].as_array().map(Vec::len), Some(1), "{talk}");
        let lost = &json["lost_periods"][0];
        assert!(lost["start"].is_string() && lost["end"].is_string(), "{lost}");
        assert_eq!(json["time"]["days"], 1004, "{talk}");
    }
}
