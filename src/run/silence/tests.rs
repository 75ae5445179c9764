use super::*;
use crate::model::calendar::Calendar;

fn named(names: &[&str], lists: &[SilentDumps], periods: &[u32]) -> Vec<String> {
    let unit = TimeUnit::parse("days since 1860-01-01", Calendar::ProlepticGregorian).expect("a unit");
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let grid = Grid::from_resolution(0.5).expect("a grid");
    let found = Named { grid, steps: Steps::Days(&unit), names: &names }.cells(lists, |_| periods.to_vec());
    found.iter().map(EmptyCells::to_string).collect()
}

/// Dumps of a thousand days a period, by what is silent at their ends: each field, and life.
fn cell(dumps: &[(u32, [Option<usize>; 2], usize)]) -> Vec<SilentDumps> {
    let mut lists = Vec::new();
    for &(period, fields, dead) in dumps {
        let first = 1000 * i64::from(period - 1);
        let silence = Silence::of_ends((first, first + 999), fields.into_iter(), Some(dead));
        if let Some(silence) = silence {
            SilentDumps::add(&mut lists, Cell { row: 1, column: 2 }, period, silence);
        }
    }
    lists
}

#[test]
fn single_variables_are_told_after_a_year_and_all_of_them_at_once() {
    let said = |ends: [usize; 2]| named(&["a", "b"], &cell(&[(2, ends.map(Some), 0)]), &[1, 2]);
    assert_eq!(said([364, 0]), [""; 0]);
    assert_eq!(said([365, 0]), ["cell 1-2: 1 of 2 variables has no value since 1864-06-23: a"]);
    assert_eq!(said([1000, 0]), ["cell 1-2: 1 of 2 variables has no value since 1862-09-27: a"]);
    assert_eq!(said([1, 1]), ["cell 1-2: no variable has a value since 1865-06-22"]);
    assert_eq!(
        said([400, 1]),
        [
            "cell 1-2: 1 of 2 variables has no value since 1864-05-19: a; 1 of 2 variables has no value since 1865-06-22: b"
        ]
    );
}

#[test]
fn silence_counts_from_its_first_day_over_several_dumps() {
    let whole = [Some(1000), Some(0)];
    let dumps = [(1, [Some(300), Some(0)], 0), (2, whole, 1000), (3, whole, 1000)];
    let message =
        "cell 1-2: 1 of 2 variables has no value since 1861-12-01: a; nothing lives since 1862-09-27";
    assert_eq!(named(&["a", "b"], &cell(&dumps), &[1, 2, 3]), [message]);
    // A dump in between that has it, or after it.
    assert_eq!(named(&["a", "b"], &cell(&dumps[..2]), &[1, 2, 3]), [""; 0]);
    let later = named(&["a", "b"], &cell(&[dumps[0], dumps[2]]), &[1, 2, 3]);
    assert!(later[0].contains("since 1865-06-23: a; nothing lives since 1865-06-23"), "{later:?}");
    // One that lacks the variable says nothing of it, and neither does one that cannot be used.
    let lacks = [dumps[0], (2, [None, Some(0)], 1000), dumps[2]];
    assert_eq!(named(&["a", "b"], &cell(&lacks), &[1, 2, 3]), [message]);
    let mut unused = cell(&[dumps[0], dumps[2]]);
    SilentDumps::add(&mut unused, Cell { row: 1, column: 2 }, 2, Silence::unused());
    assert!(named(&["a", "b"], &unused, &[1, 2, 3])[0].contains("since 1861-12-01: a"));
    let ever = named(&["a", "b"], &cell(&[(1, [None, Some(0)], 0), (2, whole, 0)]), &[1, 2]);
    assert_eq!(ever, ["cell 1-2: 1 of 2 variables has no value: a"]);
}

#[test]
fn cells_of_which_the_same_is_said_stand_together() {
    let mut lists = Vec::new();
    for column in 0..8 {
        let silence = Silence::of_ends((0, 9), [Some(10), Some(0)].into_iter(), None).expect("silence");
        SilentDumps::add(&mut lists, Cell { row: 1, column }, 1, silence);
    }
    assert_eq!(lists.len(), 1, "one record for all");
    let words = "cells 1-0, 1-1, 1-2, 1-3, 1-4, 1-5, … (8 in all): 1 of 2 variables has no value: a";
    assert_eq!(named(&["a", "b"], &lists, &[1]), [words]);
}

/// Journals lie in folders that others can write to.
#[test]
fn any_record_is_taken() {
    for days in [[i64::MIN, i64::MAX], [i64::MAX, i64::MIN], [i64::MAX, i64::MAX], [i64::MIN, i64::MIN]] {
        let text = serde_json::json!([{"what": {"days": days, "ends": [[u32::MAX, [u64::MAX, 7]]], "dead": u32::MAX},
            "dumps": [["1-2", 1], ["900-900", 1], ["1-2", u32::MAX]]}]);
        let lists: Vec<SilentDumps> = serde_json::from_value(text).expect("records");
        let _ = named(&["a", "b"], &lists, &[1, u32::MAX]);
    }
}
