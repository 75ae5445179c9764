//! The axis of time that outputs share.

use super::calendar::Date;
use super::time_step::TimeStep;
use super::time_unit::TimeUnit;

/// The time axis of all outputs: every step from the first to the last, a day each where the unit says nothing else.
#[derive(Debug, Clone)]
pub struct Axis {
    /// Unit, calendar and length of steps.
    pub unit: TimeUnit,
    /// The first step, counted by the unit.
    pub first_day: i64,
    /// Number of steps.
    pub days: u32,
}

impl Axis {
    /// A step of the axis, counted from 0, as the unit counts it.
    fn step(&self, index: i64) -> Option<i64> {
        self.first_day.checked_add(index)
    }

    /// The date on which a step of the axis, counted from 0, begins.
    pub fn date(&self, index: i64) -> Option<Date> {
        self.unit.date(self.step(index)?)
    }

    /// When a step of the axis begins: its date, or date and time of day.
    pub fn label(&self, index: i64) -> Option<String> {
        self.unit.label(self.step(index)?)
    }

    /// The value of the time coordinate at which a step of the axis begins; NaN where it has no date.
    pub fn value(&self, index: i64) -> f64 {
        self.step(index).map_or(f64::NAN, |step| self.unit.value(step))
    }

    /// The days that each step of the axis is long; none where all are of one length.
    pub fn lengths(&self) -> Option<Vec<f64>> {
        let days = |step| {
            self.unit.seconds_of(self.first_day + step).map_or(0.0, |seconds| seconds as f64 / 86_400.0)
        };
        let is_one = matches!(self.unit.step(), TimeStep::Seconds(_));
        (!is_one).then(|| (0..i64::from(self.days)).map(days).collect())
    }

    /// What steps of the axis are called where they are counted: the name of a variable or column.
    pub fn step_noun(&self) -> &'static str {
        if self.unit.step().is_day() { "days" } else { "steps" }
    }

    /// The name of a column that says on which day, or at which time, a step begins.
    pub fn step_column(&self) -> &'static str {
        if self.unit.step().is_day() { "day" } else { "time" }
    }

    /// First and last date.
    pub fn dates(&self) -> Option<(Date, Date)> {
        Some((self.date(0)?, self.last_date(self.days.into())?))
    }

    /// The last date of the steps before one: that on which the last of them begins, or the day before the end of a longer one.
    pub fn last_date(&self, end: i64) -> Option<Date> {
        let last = self.date(end.checked_sub(1)?)?;
        let calendar = self.unit.calendar();
        let behind = self.date(end).and_then(|date| calendar.day_number(date));
        // At the end of all dates, steps have no end.
        let before = behind.and_then(|day| calendar.date(day - 1));
        Some(before.map_or(last, |before| before.max(last)))
    }

    /// When the first of some steps begins and the last of them ends, in the digits that file names have.
    pub fn compact(&self, first: i64, end: i64) -> Option<(String, String)> {
        let from = self.unit.compact(self.step(first)?)?;
        let to = match self.unit.step().is_within_a_day() {
            true => self.unit.compact(self.step(end.checked_sub(1)?)?)?,
            false => self.last_date(end)?.compact(),
        };
        Some((from, to))
    }
}
