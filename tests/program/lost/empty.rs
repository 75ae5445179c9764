//! Cells that are there and hold nothing: named by every command that reads values, with since when, however the work was divided.

use std::sync::Arc;

use super::*;

const LIVING: (u32, u32) = (160, 230);
const EMPTY: (u32, u32) = (160, 231);
const DEAD: (u32, u32) = (161, 230);
const IN_PART: (u32, u32) = (161, 231);
/// Single days and variables of it are silent, which is nothing to tell.
const ORDINARY: (u32, u32) = (161, 232);

pub const LINES: [&str; 3] = [
    "empty: cell 160-231: no variable has a value; nothing ever lives",
    "dead: cell 161-230: nothing lives since 1860-02-15",
    "empty: cell 161-231: 1 of 5 variables has no value: csoil_2",
];

/// Five cells, four periods of 30 days. `ls` is 0 where nothing lives, `npp` may be 0 anywhere.
pub fn silent() -> Model {
    let variables = vec![
        Variable::new("npp", Kind::F32, None),
        Variable::new("csoil", Kind::F64, Some(2)),
        Variable { big_endian: true, ..Variable::new("ls", Kind::F64, None) },
        Variable::new("leaves", Kind::I16, None),
    ];
    let periods = [(0, 30), (30, 30), (60, 30), (90, 30)];
    let cells = [LIVING, EMPTY, DEAD, IN_PART, ORDINARY];
    let value = |variable: &Variable, row, cell, day| {
        let nan = match variable.kind {
            Kind::F32 => u64::from(f32::NAN.to_bits()),
            Kind::F64 => f64::NAN.to_bits(),
            whole => whole.fill(),
        };
        let key = variable.key.as_str();
        match cell {
            EMPTY => nan,
            DEAD if key == "ls" && day >= 50 => nan,
            DEAD if day >= 45 => 0,
            IN_PART if (key, row) == ("csoil", 1) => nan,
            // Without its own last days, and without those of a period.
            ORDINARY if key == "csoil" && (day >= 100 || (30..60).contains(&day)) => nan,
            ORDINARY if key == "npp" && day >= 20 => 0,
            ORDINARY if key == "ls" && day < 90 => 0,
            _ => variable.kind.number(1 + day),
        }
    };
    Model { value: Arc::new(value), ..Model::new(&cells, &periods, variables) }
}

/// What was said of such cells.
pub fn told(text: &str) -> Vec<String> {
    let is_told = |line: &&str| line.starts_with("empty: ") || line.starts_with("dead: ");
    text.lines().filter(is_told).map(str::to_owned).collect()
}

#[test]
fn every_product_names_them() {
    let folder = silent().write();
    let config = folder.path().join("all.toml");
    std::fs::write(&config, "[grid]\n[tables]\ntables = ['daily', 'stats']\n").expect("a file");
    let run = format!("run RUN -o OUT --config {}", config.display());
    for arguments in
        ["grid RUN -o OUT", "tables RUN -o OUT --tables daily", &run, "cells write RUN -o OUT/run.nc"]
    {
        let _ = std::fs::remove_dir_all(folder.out());
        let Outcome { code, talk, out } = gridloom(&folder, &format!("{arguments} --json"));
        assert_eq!((code, told(&talk)), (Some(0), LINES.map(str::to_owned).to_vec()), "{arguments}: {talk}");
        let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        let dead = &json["empty_cells"][1];
        assert_eq!(dead["cells"], serde_json::json!([{"cell": "161-230", "lat": 9.25, "lon": -64.75}]));
        assert_eq!((&dead["is_dead"], &dead["dead_since"]), (&true.into(), &"1860-02-15".into()));
        let empty = &json["empty_cells"][0]["empty"][0];
        let names = serde_json::json!(["npp", "csoil_1", "csoil_2", "ls", "leaves"]);
        assert_eq!((&empty["since"], &empty["variables"]), (&serde_json::Value::Null, &names));
    }
    // An archive is read as the run is.
    let Outcome { talk, .. } = gridloom(&folder, "tables OUT/run.nc -o OUT/tables");
    assert_eq!(told(&talk), LINES);
}

#[test]
fn a_selection_is_what_is_looked_at() {
    let folder = silent().write();
    let lines = |options: &str| {
        let _ = std::fs::remove_dir_all(folder.out());
        told(&gridloom(&folder, &format!("grid RUN -o OUT {options}")).talk)
    };
    // Whether anything lives is asked of the dumps, not of what is written.
    let all = [LINES[0], LINES[1]];
    assert_eq!(lines("--variables npp"), all);
    assert_eq!(
        lines("--variables npp --to 1860-02-14"),
        [LINES[0], "dead: cell 161-232: nothing ever lives"]
    );
    let since = "dead: cell 161-230: nothing ever lives";
    assert_eq!(lines("--variables npp --from 1860-03-01"), [LINES[0], since]);
    let both = "empty: cells 160-231, 161-231: no variable has a value";
    let found = lines("--variables csoil_2");
    assert!(found.contains(&LINES[0].to_owned()) && found.len() == 4, "{found:?} {both}");
    assert!(
        found.contains(&"empty: cell 161-232: no variable has a value since 1860-04-10".to_owned()),
        "{found:?}"
    );
}

/// A dump that is missing or damaged is a fault, and says nothing of what the cell holds.
#[test]
fn dumps_that_are_not_there_count_for_nothing() {
    let folder = silent().write();
    std::fs::write(folder.dump(EMPTY, 2), b"no dump").expect("a file");
    std::fs::remove_file(folder.dump(DEAD, 4)).expect("a dump");
    std::fs::remove_file(folder.dump(DEAD, 2)).expect("a dump");
    let dead = "dead: cell 161-230: nothing lives since 1860-03-01";
    for command in ["grid RUN -o OUT", "inspect RUN --deep", "cells write RUN -o OUT/run.nc"] {
        let Outcome { code, talk, out } = gridloom(&folder, command);
        assert_eq!(
            (code, told(&(out + &talk))),
            (Some(3), vec![LINES[0].into(), dead.into(), LINES[2].into()])
        );
    }
    // Of a cell that is lost as a whole nothing is said but that.
    for period in 1..=4 {
        std::fs::write(folder.dump(EMPTY, period), b"no dump").expect("a file");
    }
    let Outcome { talk, .. } = gridloom(&folder, "grid RUN -o OUT --fresh");
    assert_eq!(told(&talk), [dead, LINES[2]]);
}

#[test]
fn what_earlier_processes_and_other_tasks_did_counts() {
    let folder = silent().write();
    for (command, more) in [("grid", "--chunk 30,16,16"), ("tables", "")] {
        let _ = std::fs::remove_dir_all(folder.out());
        for shard in [1, 0, 2] {
            let shard = format!("{command} RUN -o OUT --shard {shard}/3 {more}");
            let Outcome { code, talk, .. } = gridloom(&folder, shard.trim_end());
            assert_eq!((code, told(&talk)), (Some(0), vec![]), "a shard does not know: {talk}");
            if shard.contains("1/3") {
                let Outcome { out, .. } = gridloom(&folder, "status OUT");
                assert!(!out.contains("empty: ") && !out.contains("dead: "), "{out}");
            }
        }
        let Outcome { talk, .. } = gridloom(&folder, "publish OUT");
        assert_eq!(told(&talk), LINES, "{talk}");
        let Outcome { out, .. } = gridloom(&folder, "status OUT");
        LINES.iter().for_each(|line| assert!(out.contains(&format!("cells    {line}")), "{out}"));
        assert_eq!(report(&folder)["empty_cells"].as_array().map(Vec::len), Some(3));
        // Nothing is read again, and the same is known.
        let again = format!("{command} RUN -o OUT {more}");
        let Outcome { talk, .. } = gridloom(&folder, again.trim_end());
        assert_eq!(told(&talk), LINES, "{talk}");
    }
}

#[test]
fn a_run_that_goes_on_may_come_to_life() {
    let (model, periods) =
        (silent(), |from: u32, until: u32| move |dump: &dumps::Dump| (from..=until).contains(&dump.period));
    let part = |from, until| {
        let keep = periods(from, until);
        Model { dumps: model.dumps.iter().filter(|dump| keep(dump)).cloned().collect(), ..model.clone() }
    };
    let folder = part(1, 2).write();
    let begun = |cell: &str| format!("dead: cell {cell}: nothing ever lives");
    for command in ["grid RUN -o OUT", "cells write RUN -o OUT/run.nc --overwrite"] {
        let told = told(&gridloom(&folder, command).talk);
        assert!(told.contains(&begun("161-232")) && told.len() == 4, "{told:?}");
    }
    let folder = part(3, 4).write_to(folder);
    assert_eq!(told(&gridloom(&folder, "grid RUN -o OUT").talk), LINES);
    // Dumps that were archived before are not read again; since when nothing lives is known of the others.
    let archived = told(&gridloom(&folder, "cells append RUN OUT/run.nc").talk);
    let since = "since 1860-03-01";
    assert_eq!(
        archived,
        [
            format!("empty: cell 160-231: no variable has a value {since}; nothing lives {since}"),
            format!("dead: cell 161-230: nothing lives {since}"),
        ]
    );
}

#[test]
fn a_gridlist_of_them_is_written_and_read() {
    let folder = silent().write();
    let Outcome { code, out, talk } = gridloom(&folder, "inspect RUN --deep --write-empty RUN.csv");
    assert_eq!((code, told(&out)), (Some(0), LINES.map(str::to_owned).to_vec()), "{talk}");
    let path = folder.path().join("made_up.csv");
    let list = std::fs::read_to_string(&path).expect("a list");
    let first = "160,231,9.75,-64.25,\"no variable has a value; nothing ever lives\"\n";
    assert!(list.starts_with(&format!("grid_y,grid_x,lat,lon,holds_nothing\n{first}")), "{list}");
    assert_eq!(gridloom(&folder, "grid RUN -o OUT --cells RUN.csv").code, Some(0));
    assert_eq!(report(&folder)["window"]["cells"], 3);
    // A list is made anew; anything else is somebody's.
    assert_eq!(gridloom(&folder, "inspect RUN --deep --write-empty RUN.csv").code, Some(0));
    std::fs::write(&path, "lat,lon\n1,2\n").expect("a file");
    let Outcome { code, talk, .. } = gridloom(&folder, "inspect RUN --deep --write-empty RUN.csv");
    assert!(code == Some(2) && talk.contains("did not make"), "{code:?} {talk}");
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), "lat,lon\n1,2\n");
    assert_eq!(gridloom(&folder, "inspect RUN --deep --write-empty RUN.csv --overwrite").code, Some(0));
    // A sample does not say what a cell never has.
    let Outcome { code, talk, .. } = gridloom(&folder, "inspect RUN --write-empty RUN.csv");
    assert!(code == Some(2) && talk.contains("--deep"), "{talk}");
    let Outcome { out, .. } = gridloom(&folder, "inspect RUN --json");
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(json["empty_cells"], serde_json::Value::Null);
}

/// What was expected counts, whether it is there or not, each input once.
#[test]
fn the_report_counts_what_was_expected() {
    let folder = silent().write();
    std::fs::remove_file(folder.dump(LIVING, 2)).expect("a dump");
    std::fs::write(folder.dump(DEAD, 1), b"no dump").expect("a file");
    std::fs::write(folder.path().join("list.csv"), "grid_y,grid_x\n160,230\n161,230\n161,231\n160,233\n")
        .expect("a list");
    let list = folder.path().join("list.csv");
    gridloom(&folder, &format!("grid RUN -o OUT --cells {}", list.display()));
    let json = report(&folder);
    // Four cells of four periods; two dumps, and the four of the cell that is not there.
    assert_eq!((&json["dumps"]["expected"], &json["dumps"]["lost"]), (&16.into(), &6.into()));
    assert_eq!((&json["window"]["cells"], &json["window"]["cells_expected"]), (&3.into(), &4.into()));
    let picture = folder.path().join("health.svg");
    let Outcome { code, talk, .. } = gridloom(&folder, &format!("plot health OUT -o {}", picture.display()));
    assert_eq!(code, Some(0), "{talk}");
    let said = std::fs::read_to_string(picture).expect("a picture");
    for words in ["6 of 16 inputs lost, in 3 of 4 cells", "2 cells hold nothing, wholly or in part"] {
        assert!(said.contains(words), "{words}: {talk}");
    }
    let page = folder.path().join("page.html");
    gridloom(&folder, &format!("report OUT -o {}", page.display()));
    let page = std::fs::read_to_string(page).expect("a page");
    for words in ["6 of 16", "nothing lives since 1860-02-15", "1 of 5 variables has no value: csoil_2"] {
        assert!(page.contains(words), "{words}");
    }
}

/// A period that is lost as a whole is drawn in words, and nobody says that nothing was missing.
#[test]
fn lost_periods_are_on_the_figure() {
    let folder = model().write();
    for cell in model().cells() {
        std::fs::remove_file(folder.dump(cell, 2)).expect("a dump");
    }
    gridloom(&folder, "grid RUN -o OUT --periods all");
    let json = report(&folder);
    assert_eq!((&json["dumps"]["expected"], &json["dumps"]["lost"]), (&16.into(), &4.into()));
    let picture = folder.path().join("health.svg");
    gridloom(&folder, &format!("plot health OUT -o {}", picture.display()));
    let said = std::fs::read_to_string(picture).expect("a picture");
    assert!(said.contains("4 of 16 inputs lost, in 4 of 4 cells"), "{said:.600}");
    assert!(said.contains("lost: period 2") && !said.contains("Nothing was missing"), "{said:.600}");
}
