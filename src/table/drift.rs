//! Drift of a cell's states from one period to the next, as a spin-up is judged by.

use crate::aggregate::interval::Interval;
use crate::model::calendar::{Calendar, Date};
use crate::plan::Plan;
use crate::plan::tables::is_state;
use crate::run::survey::Span;

/// What drift is made of.
#[derive(Debug, Default)]
pub(super) struct Drift {
    /// The periods by number.
    pub periods: Vec<u32>,
    /// Years from the middle of the period before to that of each; the model's time goes on even where its dates are repeated.
    years: Vec<f64>,
    /// For each layer whether it is a state.
    pub is_state: Vec<bool>,
}

/// What of each period is on the axis by its usual days, in the order of their numbers.
pub(super) fn by_number(plan: &Plan) -> Vec<Interval> {
    let mut spans = plan.periods.clone();
    spans.sort_by_key(|span| span.period);
    // Each period has one, so that their places are those of the numbers.
    let interval = |span: &Span| {
        let first = (span.first_day - plan.axis.first_day).max(0);
        let end = (span.last_day + 1 - plan.axis.first_day).min(i64::from(plan.axis.days));
        let start_date = plan.axis.date(first).unwrap_or(Date { year: 1, month: 1, day: 1 });
        Interval { first, end, start_date, full_days: u32::try_from(span.days()).unwrap_or(u32::MAX) }
    };
    spans.iter().map(interval).collect()
}

/// How a layer of a cell changes.
pub(super) struct Changes {
    /// Percent a year from each period to the next; NaN where that is not known. One less than the periods.
    pub changes: Vec<f64>,
    /// Whether the last of them is within a threshold; `None` where it is not known.
    pub is_equilibrium: Option<bool>,
}

impl Drift {
    pub fn new(plan: &Plan) -> Self {
        let mut spans = plan.periods.clone();
        spans.sort_by_key(|span| span.period);
        let year = days_of_year(plan.axis.unit.calendar());
        let years =
            spans.windows(2).map(|pair| pair.iter().map(|span| span.days() as f64).sum::<f64>() / 2.0 / year);
        let table = &plan.settings.table;
        Drift {
            periods: spans.iter().map(|span| span.period).collect(),
            years: years.collect(),
            is_state: plan.layers.iter().map(|layer| is_state(table, &layer.key)).collect(),
        }
    }

    /// How a layer changes whose means over the periods, by number, are these: NaN where a period has no value. `threshold` is in percent a year.
    pub fn of(&self, means: &[f64], threshold: f64) -> Changes {
        let change = |(pair, years): (&[f64], &f64)| match *pair {
            // From nothing every change is without measure.
            [before, after] if before == after => 0.0,
            [before, after] if before != 0.0 => 100.0 * (after - before) / before.abs() / years,
            _ => f64::NAN,
        };
        let changes: Vec<f64> = means.windows(2).zip(&self.years).map(change).collect();
        let is_equilibrium = match (means, changes.last()) {
            (&[.., before, after], Some(change)) if !before.is_nan() && !after.is_nan() => {
                Some(change.abs() <= threshold)
            }
            _ => None,
        };
        Changes { changes, is_equilibrium }
    }
}

/// The mean length of a calendar's years.
fn days_of_year(calendar: Calendar) -> f64 {
    match calendar {
        Calendar::Day360 => 360.0,
        Calendar::NoLeap => 365.0,
        Calendar::AllLeap => 366.0,
        Calendar::Julian => 365.25,
        _ => 365.2425,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_percent_a_year() {
        let drift = Drift { periods: vec![1, 2, 3], years: vec![10.0, 10.0], is_state: Vec::new() };
        let of = |means: [f64; 3]| {
            let Changes { changes, is_equilibrium } = drift.of(&means, 0.1);
            (changes[0], changes[1], is_equilibrium)
        };
        assert_eq!(of([100.0, 200.0, 201.0]), (10.0, 0.05, Some(true)));
        assert_eq!(of([200.0, 100.0, 98.0]), (-5.0, -0.2, Some(false)));
        assert_eq!(of([0.0, 0.0, 0.0]), (0.0, 0.0, Some(true)));
        assert_eq!(of([-10.0, -20.0, -20.0]), (-10.0, 0.0, Some(true)));
        let (_, last, is_equilibrium) = of([1.0, 0.0, 3.0]);
        assert!(last.is_nan() && is_equilibrium == Some(false));
        let (_, last, is_equilibrium) = of([1.0, f64::NAN, 3.0]);
        assert!(last.is_nan() && is_equilibrium.is_none());
        assert_eq!(drift.of(&[1.0], 0.1).is_equilibrium, None);
    }
}
