//! What an older run left behind in the folder of a newer one is told, and refused unless it is selected.

use gridloom_testkit::dumps;

use super::{CELLS, Folder, Model, model, set_age, within};

/// Periods of five years, after so many years.
fn years(after: i64, years: i64) -> (i64, i64) {
    (after * 365, years * 365)
}

/// Writes a model whose periods have other numbers.
fn numbered(mut model: Model, numbers: &[u32]) -> Folder {
    for dump in &mut model.dumps {
        dump.period = numbers[dump.period as usize - 1];
    }
    model.write()
}

fn set_ages(folder: &Folder, period: u32, hours: u64) {
    CELLS.iter().for_each(|cell| set_age(&folder.dump(*cell, period), hours));
}

/// Every command refuses, and says what and why; the selection of the first, and that of all, is taken.
/// Taking all ends with `of_all`.
fn assert_refused(folder: &Folder, reason: &str, first: &str, of_all: i32) {
    std::fs::write(folder.path().join("gridloom.toml"), "[grid]\n[tables]\n").expect("a file");
    for command in [
        "plan {}/made_up",
        "grid {}/made_up -o {}/refused",
        "tables {}/made_up -o {}/refused",
        "run {}/made_up -o {}/refused --config {}/gridloom.toml",
        "grid {}/made_up -o {}/refused --shard 0/2",
        "cells write {}/made_up -o {}/refused.nc",
    ] {
        let (status, text) = within(folder.path(), command);
        assert_eq!(status, Some(2), "{command}: {text}");
        assert!(text.contains(reason), "{command}: {text}");
        assert!(
            text.contains(&format!("periods {first}: ")) && text.contains(", written 20"),
            "{command}: {text}"
        );
        assert!(text.contains(&format!("--periods {first} takes the first")), "{command}: {text}");
        assert!(!folder.path().join("refused.nc").exists());
    }
    let (status, text) = within(folder.path(), "inspect {}/made_up");
    assert_eq!(status, Some(3), "{text}");
    assert!(text.contains(&format!("doubtful: {reason}")), "{text}");
    for (index, periods) in [first, "all"].into_iter().enumerate() {
        let (status, text) =
            within(folder.path(), &format!("grid {{}}/made_up -o {{}}/out{index} --periods {periods}"));
        let wanted = if periods == "all" { of_all } else { 0 };
        assert_eq!(status, Some(wanted), "{text}");
        assert_eq!(text.contains(reason), periods == "all", "{text}");
        let (status, text) = within(folder.path(), &format!("verify {{}}/made_up {{}}/out{index}"));
        assert_eq!(status, Some(wanted), "{text}");
    }
    let (status, text) = within(folder.path(), "cells write {}/made_up -o {}/run.nc --periods all");
    assert_eq!(status, Some(of_all), "{text}");
    let (status, text) = within(folder.path(), "cells append {}/made_up {}/run.nc");
    assert_eq!((status, text.contains(reason)), (Some(2), true), "{text}");
    // The archive knows when the dumps were written.
    let (status, text) = within(folder.path(), "grid {}/run.nc -o {}/refused");
    assert_eq!((status, text.contains(reason)), (Some(2), true), "{text}");
}

fn assert_taken(folder: &Folder) {
    let (status, text) = within(folder.path(), "grid {}/made_up -o {}/out");
    assert!(matches!(status, Some(0 | 3)), "{text}");
}

#[test]
fn numbers_with_a_hole_that_dates_do_not_fill() {
    let folder = numbered(model(&[years(0, 5), years(5, 5), years(11, 5)]), &[1, 2, 7]);
    assert_refused(&folder, "4 periods are missing between 2 and 7, but there are 365 days", "1-2", 3);
}

#[test]
fn dates_that_go_backwards() {
    let folder = model(&[years(20, 5), years(25, 5), years(0, 5)]).write();
    assert_refused(&folder, "period 3 begins on 1860-01-01, before period 2", "1-2", 0);
}

#[test]
fn years_that_are_left_out() {
    let folder = model(&[years(0, 5), years(5, 5), years(13, 5)]).write();
    assert_refused(&folder, "1095 days are left out between period 2", "1-2", 0);
}

#[test]
fn dumps_that_are_older_than_those_before_them() {
    // A run that was started anew and has got as far as its second period: only the times tell.
    let folder = model(&[years(0, 5), years(5, 5), years(10, 5), years(15, 5)]).write();
    for (period, hours) in [(1, 3), (2, 2), (3, 500), (4, 499)] {
        set_ages(&folder, period, hours);
    }
    assert_refused(&folder, "the dumps of period 3 were written 20 days before those of 2", "1-2", 0);
}

#[test]
fn what_sound_runs_look_like_is_taken() {
    let four = || model(&[years(0, 5), years(5, 5), years(10, 5), years(15, 5)]);
    // A run that took weeks, a pause among them.
    let folder = four().write();
    for (period, hours) in [(1, 2000), (2, 1990), (3, 200), (4, 1)] {
        set_ages(&folder, period, hours);
    }
    assert_taken(&folder);
    // A copy without times, written in any order within minutes.
    assert_taken(&four().write());
    // Cells that were run at different times, the later ones first.
    let folder = four().write();
    for (index, cell) in CELLS.iter().enumerate() {
        (1..=4).for_each(|period| {
            set_age(&folder.dump(*cell, period), 1000 * index as u64 + 40 - u64::from(period))
        });
    }
    assert_taken(&folder);
    // A period is lost: there is exactly the room that it needs.
    let folder = numbered(model(&[years(0, 5), years(5, 5), years(15, 5)]), &[1, 2, 4]);
    assert_taken(&folder);
    // The first ones were removed to save space.
    let folder = numbered(model(&[years(10, 5), years(15, 5)]), &[3, 4]);
    assert_taken(&folder);
    // Days, not years, are left out; that is told.
    let folder = model(&[(0, 400), (410, 400)]).write();
    let (status, text) = within(folder.path(), "grid {}/made_up -o {}/out");
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("note: 10 days are left out between period 1"), "{text}");
}

#[test]
fn periods_off_the_selected_days_are_not_looked_at() {
    let folder = numbered(model(&[years(0, 5), years(5, 5), years(30, 5)]), &[1, 2, 7]);
    let (status, text) = within(folder.path(), "grid {}/made_up -o {}/out --to 1869-12-28");
    assert_eq!(status, Some(0), "{text}");
}

#[test]
fn one_cell_with_an_older_dump_is_told() {
    let cells: Vec<dumps::Cell> = (0..9).map(|cell| (160, 230 + cell)).collect();
    let variables = vec![dumps::Variable::new("npp", dumps::Kind::F32, None)];
    let folder = Model::new(&cells, &[(0, 400), (400, 400)], variables).write();
    // Not in the sample of five.
    set_age(&folder.dump(cells[1], 2), 250);
    for command in
        ["grid {}/made_up -o {}/grids", "tables {}/made_up -o {}/tables", "inspect {}/made_up --deep"]
    {
        let (status, text) = within(folder.path(), command);
        assert_eq!(status, Some(0), "{text}");
        assert!(
            text.contains("cell 160-231, period 2: the dump was written 10 days before that of period 1"),
            "{text}"
        );
    }
    let (status, text) = within(folder.path(), "verify {}/made_up {}/grids");
    assert_eq!(status, Some(0), "{text}");
}
