//! How long the year and the month of a step are.

use crate::model::time_unit::TimeUnit;

/// Seconds of the year and of the month in which each of some steps begins; NaN of steps that have no date.
pub(super) fn lengths(unit: &TimeUnit, first: i64, count: usize) -> Vec<[f64; 2]> {
    const DAY: f64 = 86_400.0;
    let calendar = unit.calendar();
    let mut last: Option<((i32, u8), [f64; 2])> = None;
    let mut of = |step: i64| {
        let Some(date) = unit.date(step) else { return [f64::NAN; 2] };
        let month = (date.year, date.month);
        if let Some((_, seconds)) = last.filter(|(known, _)| *known == month) {
            return seconds;
        }
        let days = |month: u8| calendar.days_in_month(date.year, month).map_or(f64::NAN, f64::from);
        let seconds = [(1..=12).map(days).sum::<f64>() * DAY, days(date.month) * DAY];
        last = Some((month, seconds));
        seconds
    };
    (0..count).map(|index| of(first.saturating_add(index as i64))).collect()
}
