//! `verify` finds the cells that hold nothing by itself, and lays them beside those of the report, both ways.

use serde_json::{Value, json};

use super::*;

/// Changes what the report says of such cells, and proves it; the report is as it was afterwards.
fn changed(folder: &Folder, verify: &str, out: &str, change: impl FnOnce(&mut Vec<Value>)) -> Outcome {
    let path = folder.out().join(out).join("report.json");
    let before = std::fs::read(&path).expect("a report");
    let mut report: Value = serde_json::from_slice(&before).expect("JSON");
    change(report["empty_cells"].as_array_mut().expect("a list"));
    std::fs::write(&path, report.to_string()).expect("a report");
    let found = gridloom(folder, verify);
    std::fs::write(&path, before).expect("a report");
    found
}

fn assert_told(Outcome { code, out, talk }: Outcome, words: &str) {
    assert!(code == Some(4) && (talk.clone() + &out).contains(words), "{words}: {code:?} {talk} {out}");
}

/// That a report of what is in a folder is proven, and that none which says anything else is.
fn assert_proven(folder: &Folder, source: &str, out: &str, cells: &[&str]) {
    let verify = format!("verify {source} OUT/{out}");
    let Outcome { code, talk, out: said } = gridloom(folder, &verify);
    assert_eq!(code, Some(0), "{verify}: {talk} {said}");
    for (index, cell) in cells.iter().enumerate() {
        let silent = changed(folder, &verify, out, |lists| drop(lists.remove(index)));
        assert_told(silent, &format!("expected is it names cell {cell} among those that hold nothing"));
        let other = changed(folder, &verify, out, |lists| match lists[index]["is_dead"] == true {
            true => lists[index]["dead_since"] = json!("1860-01-05"),
            false => lists[index]["empty"][0]["since"] = json!("1860-01-05"),
        });
        assert_told(other, &format!("it does not name cell {cell} among those that hold nothing"));
    }
    let cell = json!({"cell": "160-230", "lat": 9.75, "lon": -64.75});
    let list =
        json!({"message": "", "empty": [], "of": 1, "is_dead": true, "dead_since": null, "cells": [cell]});
    let added = changed(folder, &verify, out, |lists| lists.push(list));
    assert_told(added, "it does not name cell 160-230 among those that hold nothing: nothing lives");
}

#[test]
fn of_daily_dumps() {
    let folder = super::empty::silent().write();
    let config = folder.path().join("all.toml");
    std::fs::write(&config, "[grid]\n[tables]\ntables = ['daily', 'stats']\n").expect("a file");
    let cells = ["160-231", "161-230", "161-231"];
    let run = format!("run RUN -o OUT/all --config {}", config.display());
    for (command, out) in [
        ("grid RUN -o OUT/grids", "grids"),
        ("grid RUN -o OUT/months --every month --stat mean", "months"),
        ("tables RUN -o OUT/tables", "tables"),
        (&run, "all"),
    ] {
        assert_eq!(gridloom(&folder, command).code, Some(0), "{command}");
        assert_proven(&folder, "RUN", out, &cells);
    }
    gridloom(&folder, "cells write RUN -o OUT/run.nc");
    assert_proven(&folder, "OUT/run.nc", "tables", &cells);
    // Of a selection only that is known, but life is asked of the whole dump.
    gridloom(&folder, "grid RUN -o OUT/part --variables npp --to 1860-02-14");
    assert_proven(&folder, "RUN", "part", &["160-231", "161-232"]);
}

/// What is missing or damaged says nothing of a cell, to either side.
#[test]
fn of_dumps_some_of_which_are_lost() {
    let folder = super::empty::silent().write();
    std::fs::write(folder.dump((160, 231), 2), b"no dump").expect("a file");
    std::fs::remove_file(folder.dump((161, 230), 4)).expect("a dump");
    std::fs::remove_file(folder.dump((161, 230), 2)).expect("a dump");
    assert_eq!(gridloom(&folder, "tables RUN -o OUT/tables").code, Some(3));
    assert_proven(&folder, "RUN", "tables", &["160-231", "161-230", "161-231"]);
}

#[test]
fn of_yearly_files() {
    let folder = super::empty_years::silent();
    for (tables, out) in [("annual", "annual"), ("biomass,cell_year", "tables"), ("daily,annual", "both")] {
        let command = format!("tables RUN -o OUT/{out} --tables {tables}");
        assert_eq!(gridloom(&folder, &command).code, Some(0), "{command}");
        assert_proven(&folder, "RUN", out, &["160-231", "161-230", "161-232"]);
    }
}

#[test]
fn of_grids() {
    let folder = super::empty::silent().write();
    gridloom(&folder, "grid RUN -o OUT/grids");
    assert_eq!(super::empty_grids::tables(&folder, "").code, Some(0));
    assert_proven(&folder, "OUT/grids", "tables", &["161-230", "161-231"]);
}
