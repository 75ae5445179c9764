//! Periods of which every dump is damaged, empty or gone, and dumps that are shorter than the others of their period.

use gridloom_testkit::dumps::check;

use super::*;

/// What can have happened to all dumps of a period.
const TROUBLES: [&str; 3] = ["cut", "empty", "gone"];

fn harm(folder: &Folder, model: &Model, period: u32, trouble: &str) {
    for dump in model.dumps.iter().filter(|dump| dump.period == period) {
        let path = folder.dump(dump.cell, period);
        match trouble {
            "cut" => {
                let bytes = std::fs::read(&path).expect("a dump");
                std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("a dump");
            }
            "empty" => std::fs::write(&path, b"").expect("a dump"),
            _ => std::fs::remove_file(&path).expect("a dump"),
        }
    }
}

fn kind(trouble: &str) -> &str {
    match trouble {
        "cut" => "damaged",
        "empty" => "empty",
        _ => "missing",
    }
}

/// Each dump of a period, as reports name it.
fn all_of(model: &Model, period: u32, kind: &str) -> Vec<String> {
    let cells = model.cells();
    cells.iter().map(|(row, column)| format!("{row}-{column} {period}: {kind}")).collect()
}

#[test]
fn a_period_between_others_is_masked_and_named() {
    let model = model();
    for trouble in TROUBLES {
        let folder = model.write();
        harm(&folder, &model, 3, trouble);
        let report = grid(&folder, "");
        assert_eq!(work::faults(&report.faults), all_of(&model, 3, kind(trouble)), "{trouble}");
        assert_eq!(report.json["settings"]["periods"], serde_json::json!([1, 2, 3, 4]));
        let (period, start, end, message) = report.lost();
        assert_eq!((period, start, end), (3, Some("1860-03-01"), Some("1860-03-30")));
        assert!(message.contains("between periods 2 and 4"), "{message}");
        let seen = check::exact_but(&model, &folder.out(), |dump, _| dump.period != 3);
        assert_eq!(seen.days, 120);
        let verified = work::assert_verified(&folder);
        assert_eq!(work::faults(&verified.faults), work::faults(&report.faults), "{trouble}");
    }
}

/// Of a period at an end of the run it is known on which side it lies, and no more.
#[test]
fn of_the_first_and_the_last_period_it_is_said_that_their_dates_are_not_known() {
    let model = model();
    for (period, days, side) in [(1, (30, 90), "before 1860-01-31"), (4, (0, 90), "behind 1860-03-30")] {
        for trouble in ["cut", "empty"] {
            let folder = model.write();
            harm(&folder, &model, period, trouble);
            let report = grid(&folder, "");
            assert_eq!(work::faults(&report.faults), all_of(&model, period, kind(trouble)));
            let (number, start, end, message) = report.lost();
            assert_eq!((number, start, end), (u64::from(period), None, None));
            assert!(message.contains("not known and not on the time axis"), "{message}");
            assert!(message.contains(side), "{message}");
            let seen = check::exact_but(&model, &folder.out(), |dump, _| dump.period != period);
            assert_eq!((seen.first_day, seen.days), days);
            let verified = work::assert_verified(&folder);
            assert_eq!(work::faults(&verified.faults), work::faults(&report.faults));
        }
    }
}

/// With --to the axis has the days, masked; and where it ends before, nothing of them was asked for.
#[test]
fn an_end_that_is_chosen_takes_the_days_in_or_leaves_them_out() {
    let model = model();
    let folder = model.write();
    harm(&folder, &model, 4, "cut");
    for (to, days, faults) in [("1860-04-29", 120, 4), ("1860-03-15", 75, 0)] {
        let report = grid(&folder, &format!("--to {to}"));
        assert_eq!((report.json["time"]["days"].as_u64(), report.faults.len()), (Some(days), faults));
        std::fs::remove_dir_all(folder.out()).expect("the output");
    }
}

/// Two lost periods side by side share the days between their neighbours.
#[test]
fn periods_that_are_lost_together_share_their_days() {
    let model = model();
    for trouble in TROUBLES {
        let folder = model.write();
        harm(&folder, &model, 2, trouble);
        harm(&folder, &model, 3, trouble);
        let report = grid(&folder, "");
        let mut wanted = all_of(&model, 2, kind(trouble));
        wanted.extend(all_of(&model, 3, kind(trouble)));
        wanted.sort();
        assert_eq!(work::faults(&report.faults), wanted, "{trouble}");
        let is_named = |lost: &serde_json::Value| lost.to_string().contains("1860-01-31 to 1860-03-30");
        assert!(report.lost.len() == 2 && report.lost.iter().all(is_named), "{:?}", report.lost);
        let seen = check::exact_but(&model, &folder.out(), |dump, _| ![2, 3].contains(&dump.period));
        assert_eq!(seen.days, 120);
        work::assert_verified(&folder);
    }
}

/// Cells that were not selected tell the dates, at the run's end as well.
#[test]
fn a_list_of_the_one_cell_whose_dump_is_damaged() {
    let model = model();
    for (trouble, period) in [("cut", 4), ("empty", 1), ("gone", 4)] {
        let folder = model.write();
        let cell = (161, 230);
        let mut one = model.clone();
        one.dumps.retain(|dump| dump.cell == cell);
        harm(&folder, &one, period, trouble);
        let list = folder.path().join("list.csv");
        std::fs::write(&list, "global_y,global_x\n161,230\n").expect("a list");
        let report = grid(&folder, &format!("--cells {}", list.display()));
        assert_eq!(work::faults(&report.faults), [format!("161-230 {period}: {}", kind(trouble))]);
        let (_, start, end, message) = report.lost();
        assert!(start.and(end).is_some() && message.contains("by the dump of cell"), "{message}");
        let seen = check::exact_but(&one, &folder.out(), |dump, _| dump.period != period);
        assert_eq!((seen.first_day, seen.days), (0, 120), "the axis has the days of the other cells");
        let verified = work::assert_verified(&folder);
        assert_eq!(work::faults(&verified.faults), work::faults(&report.faults));
    }
}

/// A run of one cell.
#[test]
fn every_command_names_the_lost_period_of_a_single_cell() {
    let mut model = model();
    model.dumps.retain(|dump| dump.cell == (160, 230));
    for trouble in TROUBLES {
        let folder = model.write();
        harm(&folder, &model, 3, trouble);
        for arguments in [
            "grid RUN -o OUT",
            "verify RUN OUT",
            "tables RUN -o OUT",
            "tables RUN -o OUT --tables region,stats",
            "cells write RUN -o OUT/run.nc",
            "cells append RUN OUT/run.nc",
            "grid OUT/run.nc -o OUT/grids",
            "inspect RUN",
            "inspect RUN --deep",
            "plan RUN",
        ] {
            if arguments.starts_with("tables") || arguments.contains("write") {
                let _ = std::fs::remove_dir_all(folder.out());
            }
            let Outcome { code, out, talk } = gridloom(&folder, arguments);
            let said = out + &talk;
            assert_eq!(code, Some(3), "{arguments}, {trouble}: {said}");
            assert!(said.contains("period 3"), "{arguments}, {trouble}: {said}");
        }
    }
}

#[test]
fn where_every_dump_is_damaged_the_error_names_them() {
    let model = model();
    for trouble in ["cut", "empty"] {
        let folder = model.write();
        (1..=4).for_each(|period| harm(&folder, &model, period, trouble));
        for arguments in ["grid RUN -o OUT", "tables RUN -o OUT", "cells write RUN -o OUT.nc", "inspect RUN"]
        {
            let Outcome { code, talk, .. } = gridloom(&folder, arguments);
            assert_eq!(code, Some(1), "{arguments}: {talk}");
            assert!(talk.contains("all 16 dumps are damaged"), "{arguments}: {talk}");
            assert!(
                talk.contains("cell 161-232, period 1") && talk.contains("and 4 more"),
                "{arguments}: {talk}"
            );
            assert!(!folder.out().exists() && !folder.out().with_extension("nc").exists(), "{arguments}");
        }
    }
}

/// Planning samples five dumps of each period; where they are all damaged it looks on.
#[test]
fn the_one_good_dump_of_a_period_is_found() {
    let model = dumps::five_rows_model();
    let good = dumps::five_rows()[7];
    for trouble in TROUBLES {
        let mut bad = model.clone();
        bad.dumps.retain(|dump| dump.cell != good);
        let folder = model.write();
        harm(&folder, &bad, 2, trouble);
        let report = grid(&folder, "");
        assert_eq!(report.faults.len(), 20, "{trouble}");
        assert!(report.lost.is_empty());
        let seen = check::exact_but(&model, &folder.out(), |dump, _| dump.period != 2 || dump.cell == good);
        assert_eq!(seen.days, 100);
        work::assert_verified(&folder);
    }
}

/// Shards work on a frozen plan, which knows of the lost period; so does a run that goes on.
#[test]
fn shards_and_later_runs_name_it_too() {
    let model = model();
    let folder = model.write();
    harm(&folder, &model, 4, "cut");
    for share in ["0/2", "1/2"] {
        let Outcome { code, talk, .. } = gridloom(&folder, &format!("grid RUN -o OUT --shard {share}"));
        assert_eq!(code, Some(3), "{talk}");
    }
    let Outcome { code, talk, .. } = gridloom(&folder, "publish OUT");
    assert_eq!(code, Some(3), "{talk}");
    assert!(talk.contains("lost: period 4"), "{talk}");
    assert_eq!(report(&folder)["faults"].as_array().map(Vec::len), Some(4));
    let Outcome { out, .. } = gridloom(&folder, "status OUT --json");
    let status: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(status["faults"]["damaged"], 4, "{out}");
    std::fs::remove_dir_all(folder.out()).expect("the output");
    assert_eq!(gridloom(&folder, "grid RUN -o OUT").code, Some(3));
    let Outcome { code, talk, .. } = gridloom(&folder, "grid RUN -o OUT");
    assert_eq!(code, Some(3), "the same again: {talk}");
    assert!(talk.contains("lost: period 4"), "{talk}");
    // The dumps are mended: all is there.
    let folder = model.write_to(folder);
    let Outcome { code, talk, .. } = gridloom(&folder, "grid RUN -o OUT");
    assert_eq!(code, Some(0), "{talk}");
    assert_eq!(check::exact(&model, &folder.out()).days, 120);
}

/// Numbers that are left out, but no days: that is told, and nothing is lost.
#[test]
fn a_number_without_days_is_told() {
    let mut model = model();
    model.dumps.iter_mut().filter(|dump| dump.period > 2).for_each(|dump| dump.period += 1);
    let folder = model.write();
    let Outcome { code, talk, .. } = gridloom(&folder, "grid RUN -o OUT --periods all");
    assert_eq!(code, Some(0), "{talk}");
    assert!(
        talk.contains("note: period 3: no cell has a dump of it; periods 2 and 4 leave no day between them"),
        "{talk}"
    );
    assert_eq!(check::exact(&model, &folder.out()).days, 120);
}

#[test]
fn a_dump_shorter_than_the_others_is_named_with_its_dates() {
    for (first, days, gap) in [(30, 20, "1860-02-20 to 1860-02-29"), (35, 25, "1860-01-31 to 1860-02-04")] {
        let mut model = model();
        let cell = (161, 230);
        let dump = model.dump_mut(cell, 2);
        (dump.first, dump.days) = (first, days);
        let folder = model.write();
        let report = grid(&folder, "");
        assert_eq!(work::faults(&report.faults), ["161-230 2: short"]);
        assert!(report.faults[0].message.contains(gap), "{}", report.faults[0].message);
        check::exact(&model, &folder.out());
        let verified = work::assert_verified(&folder);
        assert_eq!(work::faults(&verified.faults), ["161-230 2: short"]);
        for arguments in ["tables RUN -o OUT", "cells write RUN -o OUT/run.nc", "inspect RUN --deep"] {
            let _ = std::fs::remove_dir_all(folder.out());
            let Outcome { code, out, talk } = gridloom(&folder, arguments);
            assert_eq!(code, Some(3), "{arguments}: {talk}");
            assert!((out + &talk).contains(gap), "{arguments}: {talk}");
        }
    }
}

/// Where a cell's periods meet on another day than those of others, nothing is lacking.
#[test]
fn days_that_another_dump_of_the_cell_has_are_not_missed() {
    let mut model = model();
    model.dump_mut((161, 230), 2).days = 20;
    let next = model.dump_mut((161, 230), 3);
    (next.first, next.days) = (50, 40);
    let folder = model.write();
    let report = grid(&folder, "");
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    check::exact(&model, &folder.out());
}
