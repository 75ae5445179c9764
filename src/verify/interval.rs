//! Months, seasons and years, found by walking through the dates of an axis.

use crate::aggregate::interval::Step;
use crate::aggregate::reduce::Stat;
use crate::model::axis::Axis;
use crate::model::calendar::{Calendar, Date};
use crate::model::time_step::TimeStep;
use crate::model::variables::CellMethod;
use crate::plan::Plan;

use super::statistics::{self, Right};

/// Steps of an axis that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    /// The first on the axis, and the one behind the last.
    pub first: usize,
    pub end: usize,
    /// Where the interval begins, on the axis or not.
    pub start: Date,
    /// Steps of the whole interval.
    pub full: u32,
}

impl Interval {
    pub fn days(&self) -> usize {
        self.end - self.first
    }

    /// What the values of its steps become. Means of steps whose lengths are given count as long as these are.
    pub fn reduce(&self, values: &[f64], stat: Stat, lengths: Option<&[f64]>) -> Right {
        let of = |all: &[f64]| all.get(self.first..self.end).unwrap_or_default().to_vec();
        match (stat, lengths) {
            (Stat::Mean, Some(lengths)) => statistics::mean_by_length(&of(values), &of(lengths)),
            _ => statistics::reduce(values.get(self.first..self.end).unwrap_or_default(), stat),
        }
    }

    pub fn is_complete(&self) -> bool {
        self.days() as u64 == u64::from(self.full)
    }
}

/// The intervals of an axis. Each step belongs to the one in which it begins.
pub(super) fn intervals(axis: &Axis, step: Step) -> Vec<Interval> {
    let calendar = axis.unit.calendar();
    let mut intervals: Vec<Interval> = Vec::new();
    // Steps that are longer than a day are not gathered in days.
    let is_own = step == Step::Day && !axis.unit.step().is_within_a_day();
    for day in 0..axis.days as usize {
        let Some(date) = axis.date(day as i64) else { break };
        let start = start_of(calendar, step, date);
        match intervals.last_mut() {
            Some(last) if last.start == start && !is_own => last.end = day + 1,
            _ => intervals.push(Interval { first: day, end: day + 1, start, full: 0 }),
        }
    }
    for interval in &mut intervals {
        interval.full = match is_own {
            true => 1,
            false => full(axis, step, interval),
        };
    }
    intervals
}

/// The days of each step of the axis, by the dates of its begin and end, where a layer's values are means of steps of several lengths.
pub(super) fn lengths(plan: &Plan, layer: usize) -> Option<Vec<f64>> {
    let axis = &plan.axis;
    let info = plan.layers.get(layer).and_then(|layer| plan.settings.table.get(&layer.key));
    let is_mean = info.is_none_or(|info| info.cell_method == CellMethod::Mean);
    if !is_mean || matches!(axis.unit.step(), TimeStep::Seconds(_)) {
        return None;
    }
    let day = |step: i64| axis.unit.calendar().day_number(axis.date(step)?);
    let length = |step: i64| day(step + 1).zip(day(step)).map_or(0.0, |(end, first)| (end - first) as f64);
    Some((0..i64::from(axis.days)).map(length).collect())
}

/// How many steps the whole of an interval has: those on the axis, and those before and behind it that begin in it.
fn full(axis: &Axis, step: Step, interval: &Interval) -> u32 {
    let calendar = axis.unit.calendar();
    if axis.unit.step().is_day() {
        return days_of(calendar, step, interval.start);
    }
    let is_inside =
        |&index: &i64| axis.date(index).map(|date| start_of(calendar, step, date)) == Some(interval.start);
    let before = (1..).map(|back| interval.first as i64 - back).take_while(is_inside).count();
    let behind = (interval.end as i64..).take_while(is_inside).count();
    (before + interval.days() + behind) as u32
}

/// A year, which need not lie on the axis: its first step, counted from the axis' first, and the one behind its last.
pub(super) fn year_on(axis: &Axis, year: i32) -> Option<(i64, i64)> {
    let first = axis.unit.first_on(Date { year, month: 1, day: 1 })? - axis.first_day;
    if !axis.unit.step().is_day() {
        let behind =
            (first..).take_while(|&index| axis.date(index).is_some_and(|date| date.year == year)).count();
        return Some((first, first + behind as i64));
    }
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
        let lengths = ["P1D", "PT10M", "PT7H", "P1M", "P3M", "P1Y", "P5D"];
        for calendar in ["standard", "noleap", "360_day", "julian", "all_leap", "proleptic_gregorian"] {
            let calendar = Calendar::parse(calendar).expect("a calendar");
            for (epoch, first, days) in [
                ("1582-09-01", 19, 900),
                ("1979-02-01", 16, 1500),
                ("1899-12-01", 0, 31),
                ("0001-01-01 12:00", -700, 1500),
            ] {
                for length in lengths {
                    let length = length.parse().expect(length);
                    let unit = TimeUnit::of_steps(&format!("days since {epoch}"), calendar, Some(length));
                    let axis = Axis { unit: unit.expect("a unit"), first_day: first, days };
                    for step in Step::ALL {
                        let own: Vec<_> = intervals(&axis, step)
                            .iter()
                            .map(|i| (i.first as i64, i.end as i64, i.start, i.full))
                            .collect();
                        let other: Vec<_> = crate::aggregate::interval::intervals(&axis, step)
                            .iter()
                            .map(|i| (i.first, i.end, i.start_date, i.full_days))
                            .collect();
                        assert_eq!(own, other, "{calendar:?} {epoch} {length} {step}");
                    }
                }
            }
        }
    }
}
