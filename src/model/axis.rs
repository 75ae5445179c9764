//! The axis of time that outputs share.

use super::calendar::Date;
use super::time_unit::TimeUnit;

/// The time axis of all outputs: every day from the first to the last.
#[derive(Debug, Clone)]
pub struct Axis {
    /// Unit and calendar.
    pub unit: TimeUnit,
    /// The first day, counted in the unit.
    pub first_day: i64,
    /// Number of days.
    pub days: u32,
}

impl Axis {
    /// The date of a day of the axis, counted from 0.
    pub fn date(&self, index: i64) -> Option<Date> {
        self.unit.date(self.first_day.checked_add(index)?)
    }

    /// First and last date.
    pub fn dates(&self) -> Option<(Date, Date)> {
        Some((self.date(0)?, self.date(i64::from(self.days) - 1)?))
    }
}
