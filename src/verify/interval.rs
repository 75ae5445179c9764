//! Months, seasons and years, found by walking through the dates of an axis.

use crate::aggregate::interval::Step;
use crate::model::axis::Axis;
use crate::model::calendar::{Calendar, Date};

/// Days of an axis that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    /// The first day on the axis, and the one behind the last.
    pub first: usize,
    pub end: usize,
    /// Where the interval begins, on the axis or not.
    pub start: Date,
    /// Days of the whole interval.
    pub full: u32,
}

impl Interval {
    pub fn days(&self) -> usize {
        self.end - self.first
    }

    pub fn is_complete(&self) -> bool {
        self.days() as u64 == u64::from(self.full)
    }
}

/// The intervals of an axis.
pub(super) fn intervals(axis: &Axis, step: Step) -> Vec<Interval> {
    let calendar = axis.unit.calendar();
    let mut intervals: Vec<Interval> = Vec::new();
    for day in 0..axis.days as usize {
        let Some(date) = axis.date(day as i64) else { break };
        let start = start_of(calendar, step, date);
        match intervals.last_mut() {
            Some(last) if last.start == start => last.end = day + 1,
            _ => intervals.push(Interval {
                first: day,
                end: day + 1,
                start,
                full: days_of(calendar, step, start),
            }),
        }
    }
    intervals
}

/// A year, which need not lie on the axis: its first day, counted from the axis' first, and the day behind its last.
pub(super) fn year_on(axis: &Axis, year: i32) -> Option<(i64, i64)> {
    let first = axis.unit.days_since(Date { year, month: 1, day: 1 })? - axis.first_day;
    Some((
        first,
        first + i64::from(days_of(axis.unit.calendar(), Step::Year, Date { year, month: 1, day: 1 })),
    ))
}

fn start_of(calendar: Calendar, step: Step, date: Date) -> Date {
    let Date { year, month, .. } = date;
    match step {
        Step::Day => date,
        Step::Month => Date { day: 1, ..date },
        Step::Year => Date { year, month: 1, day: 1 },
        Step::Season => match month {
            12 => Date { year, month: 12, day: 1 },
            // In December of the year before; two calendars have no year 0.
            1 | 2 => Date { year: before(calendar, year), month: 12, day: 1 },
            _ => Date { year, month: month - month % 3, day: 1 },
        },
    }
}

fn before(calendar: Calendar, year: i32) -> i32 {
    if year == 1 && calendar.days_in_month(0, 1).is_none() { -1 } else { year - 1 }
}

fn days_of(calendar: Calendar, step: Step, start: Date) -> u32 {
    let months = match step {
        Step::Day => return 1,
        Step::Month => 1,
        Step::Season => 3,
        Step::Year => 12,
    };
    let (mut year, mut month, mut days) = (start.year, start.month, 0);
    for _ in 0..months {
        days += u32::from(calendar.days_in_month(year, month).unwrap_or(0));
        month += 1;
        if month > 12 {
            month = 1;
            year = if year == -1 && calendar.days_in_month(0, 1).is_none() { 1 } else { year + 1 };
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time_unit::TimeUnit;

    /// Two ways that share nothing come to the same.
    #[test]
    fn agrees_with_the_intervals_of_aggregates() {
        for calendar in ["standard", "noleap", "360_day", "julian", "all_leap", "proleptic_gregorian"] {
            let calendar = Calendar::parse(calendar).expect("a calendar");
            for (epoch, first, days) in
                [("1582-09-20", 0, 900), ("1979-02-14", 3, 1500), ("1899-12-01", 0, 31)]
            {
                let unit = TimeUnit::parse(&format!("days since {epoch}"), calendar).expect("a unit");
                let axis = Axis { unit, first_day: first, days };
                for step in Step::ALL {
                    let own: Vec<_> = intervals(&axis, step)
                        .iter()
                        .map(|i| (i.first as i64, i.end as i64, i.start, i.full))
                        .collect();
                    let other: Vec<_> = crate::aggregate::interval::intervals(&axis, step)
                        .iter()
                        .map(|i| (i.first, i.end, i.start_date, i.full_days))
                        .collect();
                    assert_eq!(own, other, "{calendar:?} {epoch} {step}");
                }
            }
        }
    }
}
