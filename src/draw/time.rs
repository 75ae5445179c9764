//! Ticks of a time axis.

use crate::model::calendar::Date;
use crate::model::time_unit::TimeUnit;

/// Round dates between two days of a unit, at most so many, and how they are written.
pub(crate) fn ticks(unit: &TimeUnit, first: f64, last: f64, most: usize) -> Vec<(f64, String)> {
    let (first, last) = (first.ceil() as i64, last.floor() as i64);
    let (Some(from), Some(to)) = (unit.date(first), unit.date(last)) else { return Vec::new() };
    let most = most.max(2);
    let inside = |date: Date| unit.first_on(date).filter(|day| (first..=last).contains(day));
    for months in [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000] {
        let month = |date: Date| i64::from(date.year) * 12 + i64::from(date.month) - 1;
        let (low, high) = (month(from).div_euclid(months), month(to).div_euclid(months));
        if high - low > most as i64 + 1 {
            continue;
        }
        let ticks: Vec<(f64, String)> = (low..=high)
            .filter_map(|step| {
                let (year, month) = ((step * months).div_euclid(12), (step * months).rem_euclid(12) + 1);
                let date = Date { year: i32::try_from(year).ok()?, month: month as u8, day: 1 };
                let day = inside(date)?;
                let text = if months % 12 == 0 { year.to_string() } else { format!("{year}-{month:02}") };
                Some((day as f64, text))
            })
            .collect();
        if ticks.len() > most {
            continue;
        }
        if ticks.len() >= 2 {
            return ticks;
        }
        break;
    }
    // Less than two months: days. Less than two days: hours and minutes.
    let seconds = unit.step().in_seconds().filter(|_| unit.step().is_within_a_day()).map(i64::from);
    let day = seconds.map_or(1, |seconds| 86_400 / seconds).max(1);
    let (lengths, is_days) = match seconds.filter(|_| (last - first) / day < 2) {
        None => ([1, 2, 5, 10, 15, 30].map(|days| days * day), true),
        Some(seconds) => {
            ([600, 1_800, 3_600, 7_200, 21_600, 43_200].map(|length| (length / seconds).max(1)), false)
        }
    };
    let length = lengths.into_iter().find(|length| (last - first) / length < most as i64);
    // A time that no number of months parts is very long.
    let rest = ((last - first) / most as i64 + 1).div_euclid(day) * day;
    let length = length.unwrap_or(rest.max(if is_days { 30 * day } else { day }));
    // The first tick is a day's begin, or a whole number of lengths after it.
    let begin = unit.first_on(from).filter(|begin| *begin <= first).unwrap_or(first);
    let begin = begin + (first - begin + length - 1) / length * length;
    (begin..=last)
        .step_by(length as usize)
        .filter_map(|tick| {
            let text =
                if is_days { unit.date(tick)?.to_string() } else { unit.label(tick)?.replacen('T', " ", 1) };
            Some((tick as f64, text))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::calendar::Calendar;

    fn labels(first: &str, last: &str, most: usize) -> Vec<String> {
        let unit = TimeUnit::parse("days since 1900-01-01", Calendar::ProlepticGregorian).expect("a unit");
        let day = |text: &str| unit.first_on(text.parse().expect("a date")).expect("a day") as f64;
        ticks(&unit, day(first), day(last), most).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_dates() {
        assert_eq!(
            labels("1979-01-01", "1981-12-31", 6),
            ["1979-01", "1979-07", "1980-01", "1980-07", "1981-01", "1981-07"]
        );
        assert_eq!(
            labels("1979-01-01", "2016-12-31", 8),
            ["1980", "1985", "1990", "1995", "2000", "2005", "2010", "2015"]
        );
        assert_eq!(labels("1980-02-27", "1980-03-03", 8).len(), 6);
        assert_eq!(labels("1980-02-27", "1980-02-27", 8), ["1980-02-27"]);
    }

    #[test]
    fn ticks_of_hours_are_round_times() {
        let step = "PT10M".parse().expect("a step");
        let unit =
            TimeUnit::of_steps("minutes since 2013-11-01", Calendar::Standard, Some(step)).expect("a unit");
        let of = |first: f64, last: f64| -> Vec<String> {
            ticks(&unit, first, last, 6).into_iter().map(|(_, text)| text).collect()
        };
        assert_eq!(
            of(1.0, 144.0),
            ["2013-11-01 06:00", "2013-11-01 12:00", "2013-11-01 18:00", "2013-11-02 00:00"]
        );
        assert_eq!(of(5.0, 432.0), ["2013-11-02", "2013-11-03", "2013-11-04"]);
        assert_eq!(of(144.0 * 25.0, 144.0 * 130.0), ["2013-12", "2014-01", "2014-02", "2014-03"]);
    }

    #[test]
    fn ticks_are_few_however_long_the_time_is() {
        for calendar in [Calendar::NoLeap, Calendar::Standard] {
            let unit = TimeUnit::parse("days since 0001-01-01", calendar).expect("a unit");
            for last in [1e5, 1e6, 5e6, 3e7] {
                let count = ticks(&unit, 0.0, last, 6).len();
                assert!((2..=8).contains(&count), "{calendar} {last}: {count}");
            }
            let unit = unit.with_step("PT1S".parse().expect("a step")).expect("a unit");
            assert!((2..=8).contains(&ticks(&unit, 0.0, 1.5e12, 6).len()));
        }
    }
}
