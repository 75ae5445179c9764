use proptest::prelude::*;

use super::*;
use crate::model::time_unit::TimeUnit;

const CALENDARS: [Calendar; 6] = [
    Calendar::Standard,
    Calendar::ProlepticGregorian,
    Calendar::NoLeap,
    Calendar::AllLeap,
    Calendar::Day360,
    Calendar::Julian,
];

fn axis(calendar: Calendar, first: &str, days: u32) -> Axis {
    let unit = TimeUnit::parse("days since 1860-01-01 00:00:00", calendar).unwrap();
    let first_day = unit.first_on(first.parse().unwrap()).unwrap();
    Axis { unit, first_day, days }
}

fn shown(interval: &Interval) -> String {
    let Interval { first, end, start_date, full_days } = interval;
    format!("{start_date} {first}..{end}/{full_days}{}", if interval.is_complete() { "" } else { " clipped" })
}

fn shown_all(calendar: Calendar, first: &str, days: u32, step: Step) -> Vec<String> {
    intervals(&axis(calendar, first, days), step).iter().map(shown).collect()
}

#[test]
fn clipped_and_whole() {
    assert_eq!(
        shown_all(Calendar::Standard, "2000-01-30", 33, Step::Month),
        ["2000-01-01 0..2/31 clipped", "2000-02-01 2..31/29", "2000-03-01 31..33/31 clipped"]
    );
    assert_eq!(
        shown_all(Calendar::Standard, "1979-11-15", 107, Step::Season),
        ["1979-09-01 0..16/91 clipped", "1979-12-01 16..107/91"]
    );
    assert_eq!(
        shown_all(Calendar::Standard, "1980-02-29", 2, Step::Season),
        ["1979-12-01 0..1/91 clipped", "1980-03-01 1..2/92 clipped"]
    );
    assert_eq!(
        shown_all(Calendar::Day360, "1979-12-30", 361, Step::Year),
        ["1979-01-01 0..1/360 clipped", "1980-01-01 1..361/360"]
    );
    assert_eq!(
        shown_all(Calendar::Standard, "1582-10-04", 2, Step::Day),
        ["1582-10-04 0..1/1", "1582-10-15 1..2/1"]
    );
    assert!(shown_all(Calendar::Standard, "2000-01-01", 0, Step::Year).is_empty());
}

/// As CDO 2.1.1's `monsum` and `seasmean` part them: November of 1582 begins after 21 days.
#[test]
fn the_reform_and_year_zero() {
    assert_eq!(
        shown_all(Calendar::Standard, "1582-10-01", 51, Step::Month),
        ["1582-10-01 0..21/21", "1582-11-01 21..51/30"]
    );
    assert_eq!(shown_all(Calendar::Standard, "1582-12-31", 1, Step::Year), ["1582-01-01 0..1/355 clipped"]);
    assert_eq!(shown_all(Calendar::Julian, "-0001-12-31", 2, Step::Season), ["-0001-12-01 0..2/90 clipped"]);
    assert_eq!(shown_all(Calendar::Standard, "0001-02-28", 1, Step::Season), ["-0001-12-01 0..1/90 clipped"]);
    assert_eq!(
        shown_all(Calendar::ProlepticGregorian, "0000-12-31", 2, Step::Year),
        ["0000-01-01 0..1/366 clipped", "0001-01-01 1..2/365 clipped"]
    );
}

#[test]
fn the_ends_of_dates() {
    for calendar in CALENDARS {
        let last = calendar.days_in_month(99_999, 12).unwrap();
        let end = axis(calendar, &format!("99999-12-{last}"), 1000);
        let [only] = intervals(&end, Step::Season)[..] else { panic!("{calendar}") };
        // The year 100000 would be a leap year.
        let january_and_february = [60, 60, 59, 60, 60, 60];
        let place = CALENDARS.iter().position(|&other| other == calendar).unwrap();
        assert_eq!(only.full_days, u32::from(last) + january_and_february[place]);
        assert_eq!((only.first, only.end, months(&end), years(&end)), (0, 1, vec![12], vec![99_999]));
        let start = axis(calendar, "-9999-01-01", 1);
        assert_eq!(intervals(&start, Step::Season)[0].start_date, Date { year: -10_000, month: 12, day: 1 });
        for step in Step::ALL {
            assert!(intervals(&Axis { first_day: start.first_day - 1, ..start.clone() }, step).is_empty());
            assert!(intervals(&Axis { first_day: i64::MAX, ..start.clone() }, step).is_empty());
            assert_eq!(intervals(&end, step).len(), 1);
        }
    }
}

#[test]
fn names() {
    for step in Step::ALL {
        assert_eq!(step.to_string().to_uppercase().parse(), Ok(step));
        assert_eq!(serde_json::to_string(&step).unwrap(), format!("\"{step}\""));
    }
    let error = "week".parse::<Step>().unwrap_err();
    assert_eq!(error.to_string(), r#""week" is not a step of time: day, month, season or year"#);
}

/// What names the interval of a date, by definition.
fn label(calendar: Calendar, step: Step, date: Date) -> (i32, u8, u8) {
    let next_year = if date.year == -1 && calendar.days_in_month(0, 1).is_none() { 1 } else { date.year + 1 };
    match step {
        Step::Day => (date.year, date.month, date.day),
        Step::Month => (date.year, date.month, 0),
        Step::Season if date.month == 12 => (next_year, 0, 0),
        Step::Season => (date.year, date.month / 3, 0),
        Step::Year => (date.year, 0, 0),
    }
}

/// Goes through a stretch day by day and finds the same intervals.
fn check(axis: &Axis, step: Step) {
    let calendar = axis.unit.calendar();
    let label_of = |day: i64| axis.date(day).map(|date| label(calendar, step, date));
    let found = intervals(axis, step);
    let mut day = 0;
    for interval in &found {
        assert_eq!(interval.first, day, "{calendar} {step}");
        let this = label_of(day);
        // The whole interval, beyond both ends of the axis.
        let (mut start, mut end) = (day, day + 1);
        while label_of(start - 1) == this {
            start -= 1;
        }
        while label_of(end) == this {
            end += 1;
        }
        assert_eq!(axis.date(start), Some(interval.start_date), "{calendar} {step}");
        assert_eq!(i64::from(interval.full_days), end - start, "{calendar} {step} {}", interval.start_date);
        day = end.min(i64::from(axis.days));
        assert_eq!(interval.end, day, "{calendar} {step}");
        assert_eq!(interval.is_complete(), start >= 0 && end <= i64::from(axis.days));
    }
    assert_eq!(day, i64::from(axis.days), "{calendar} {step}");
    let dates: Vec<Date> = (0..day).map(|day| axis.date(day).unwrap()).collect();
    assert!(months(axis).into_iter().eq(dates.iter().map(|date| date.month)), "{calendar}");
    assert!(years(axis).into_iter().eq(dates.iter().map(|date| date.year)), "{calendar}");
}

#[test]
fn day_by_day_where_calendars_are_odd() {
    for calendar in CALENDARS {
        for first in ["-0005-11-20", "1579-12-02", "1899-02-28", "1999-02-17"] {
            for step in Step::ALL {
                check(&axis(calendar, first, 3000), step);
            }
        }
    }
}

proptest! {
    #[test]
    fn day_by_day(index in 0..6_usize, first in -2_000_000..10_000_000_i64, days in 0..1500_u32, step in 0..4_usize) {
        let mut axis = axis(CALENDARS[index], "1860-01-01", days);
        axis.first_day = first;
        check(&axis, Step::ALL[step]);
    }
}
