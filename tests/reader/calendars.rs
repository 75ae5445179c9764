//! The calendars agree with cftime on thousands of dates each.

use std::fmt::Write;

use gridloom::model::calendar::{Calendar, Date};
use gridloom::model::time_unit::TimeUnit;
use gridloom_testkit::{dumps, files, here};

const CALENDARS: [&str; 6] = ["standard", "proleptic_gregorian", "noleap", "all_leap", "360_day", "julian"];
const REFERENCES: [&str; 5] = ["1860-01-01", "0001-01-01", "1582-10-15", "2000-02-28", "1979-12-30"];

/// Days before and after 1860-01-01 that are asked for: about 2,000 BC to 9,000 AD.
const REACH: std::ops::Range<i64> = -1_400_000..2_600_000;

/// Days at random, and all around ends of centuries, the reform of 1582 and the beginning of the count.
fn days() -> Vec<i64> {
    let width = REACH.end - REACH.start;
    let mut days: Vec<i64> =
        (0..2500).map(|n| REACH.start + (dumps::scramble(n) % width as u64) as i64).collect();
    for middle in [-101_255, -678_985, -679_350, -94_899, 0, 14_610, 51_134, 87_659] {
        days.extend(middle - 40..middle + 40);
    }
    days
}

/// Dates that exist in some calendars only, and some that exist in none.
fn dates() -> Vec<Date> {
    let mut dates = Vec::new();
    for year in
        [-401, -4, -1, 1, 4, 100, 1500, 1581, 1582, 1583, 1600, 1700, 1900, 1979, 1980, 2000, 2100, 2400]
    {
        for (month, day) in [
            (1, 1),
            (2, 28),
            (2, 29),
            (2, 30),
            (3, 31),
            (4, 31),
            (10, 4),
            (10, 10),
            (10, 15),
            (12, 30),
            (12, 31),
        ] {
            dates.push(Date { year, month, day });
        }
    }
    dates
}

#[test]
fn dates_and_days_are_those_of_cftime() {
    let Some(python) = here::python() else { return };
    let mut questions = String::new();
    for calendar in CALENDARS {
        for day in days() {
            writeln!(questions, "{calendar} {day}").expect("memory");
        }
        for date in dates() {
            writeln!(questions, "{calendar} {date}").expect("memory");
        }
    }
    let oracle = files::project("tests/python/calendar_oracle.py");
    let mut command = assert_cmd::Command::new(python);
    let output = command.arg(oracle).args(REFERENCES).write_stdin(questions).output().expect("python");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers = String::from_utf8(output.stdout).expect("text");
    let mut answers = answers.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let mut wrong = Vec::new();
    for name in CALENDARS {
        let calendar = Calendar::parse(name).expect("a calendar");
        let units = REFERENCES.map(|date| TimeUnit::parse(&format!("days since {date} 00:00:00"), calendar));
        let units: Vec<TimeUnit> = units.into_iter().map(|unit| unit.expect("a unit")).collect();
        for day in days() {
            let answer = answers.next().expect("an answer");
            for (unit, wanted) in units.iter().zip(answer) {
                let found = unit.date(day).map_or("error".to_owned(), |date| date.to_string());
                if found != wanted {
                    wrong.push(format!("{name}, {}, day {day}: {found}, cftime {wanted}", unit.text()));
                }
            }
        }
        for date in dates() {
            let answer = answers.next().expect("an answer");
            for (unit, wanted) in units.iter().zip(answer) {
                let found = unit.first_on(date).map_or("error".to_owned(), |day| day.to_string());
                if found != wanted {
                    wrong.push(format!("{name}, {}, {date}: {found}, cftime {wanted}", unit.text()));
                }
            }
        }
    }
    assert!(answers.next().is_none());
    assert!(wrong.is_empty(), "{} answers differ: {:#?}", wrong.len(), &wrong[..wrong.len().min(20)]);
}
