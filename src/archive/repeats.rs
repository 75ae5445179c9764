//! Whether periods repeat dates, as those of a spin-up do: a cell's days then follow one another by the numbers of the periods.

use std::collections::BTreeMap;

use super::handle::Archive;
use super::selected::Selected;
use crate::error::Result;
use crate::model::time_unit::TimeUnit;

/// Cells of an archive whose records tell the usual days of its periods.
const SAMPLE: usize = 64;

/// The first and the last usual day of periods, by number.
pub(super) type Usual = BTreeMap<u32, (i64, i64)>;

/// The days that most cells of an archive have of each period, of a sample of its cells.
///
/// # Errors
/// [`Damaged`](crate::ErrorKind::Damaged).
pub(super) fn usual_days(archive: &Archive) -> Result<Usual> {
    let step = archive.cells().len().div_ceil(SAMPLE).max(1);
    let mut counts: BTreeMap<(u32, (i64, i64)), usize> = BTreeMap::new();
    for cell in archive.cells().step_by(step) {
        for record in archive.cell(cell)?.records()? {
            if let (Some(period), Some((first, count))) = (record.period, record.days) {
                let days = (first, first.saturating_add_unsigned(count).saturating_sub(1));
                *counts.entry((period, days)).or_default() += 1;
            }
        }
    }
    let mut usual: BTreeMap<u32, (usize, (i64, i64))> = BTreeMap::new();
    for ((period, days), count) in counts {
        let known = usual.entry(period).or_insert((count, days));
        if count > known.0 {
            *known = (count, days);
        }
    }
    Ok(usual.into_iter().map(|(period, (_, days))| (period, days)).collect())
}

/// What is to be told where some of these periods have a day of others; nothing where none has.
pub(super) fn told(usual: &Usual, unit: &TimeUnit) -> Option<String> {
    let mut spans: Vec<(i64, i64, u32)> =
        usual.iter().map(|(&period, &(first, last))| (first, last, period)).collect();
    spans.sort_unstable();
    let mut end: Option<(i64, u32)> = None;
    for (first, last, period) in spans {
        if let Some((until, before)) = end.filter(|(until, _)| first <= *until) {
            let date = |day: i64| unit.label(day).unwrap_or_default();
            return Some(format!(
                "periods repeat dates, as {} and {} do ({} to {}): the days of a cell follow one another by period, and the variable \
                 period says its number",
                before.min(period),
                before.max(period),
                date(first),
                date(last.min(until))
            ));
        }
        end = Some(end.filter(|(until, _)| *until > last).unwrap_or((last, period)));
    }
    None
}

impl Selected<'_> {
    /// The usual days of the periods that were looked at, in the archive's unit.
    fn usual(&self) -> Usual {
        let shift = self.survey.unit.shift_to(&self.unit).unwrap_or(0);
        let of =
            |span: &crate::run::survey::Span| (span.period, (span.first_day + shift, span.last_day + shift));
        self.survey.spans.iter().map(of).collect()
    }

    /// Has days by period, where periods repeat the dates of each other or of those that an archive has, or the archive has such cells.
    ///
    /// # Errors
    /// [`Damaged`](crate::ErrorKind::Damaged).
    pub fn by_period_with(mut self, archive: Option<&Archive>) -> Result<Self> {
        let mut usual = archive.map(usual_days).transpose()?.unwrap_or_default();
        usual.extend(self.usual());
        let told = told(&usual, &self.unit);
        self.is_by_period = told.is_some() || archive.is_some_and(Archive::is_by_period);
        // Who has such an archive knows it.
        let is_known = archive.is_some_and(Archive::is_by_period);
        self.mixture.remarks.extend(told.filter(|_| !is_known));
        if self.is_by_period {
            self.periods.sort_unstable();
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::calendar::Calendar;

    #[test]
    fn a_day_of_two_periods_is_told() {
        let unit = TimeUnit::of_steps("days since 2000-01-01", Calendar::NoLeap, None).expect("a unit");
        let of = |days: &[(i64, i64)]| told(&(1..).zip(days.iter().copied()).collect(), &unit);
        assert_eq!(of(&[(0, 9), (10, 19), (20, 29)]), None);
        assert_eq!(of(&[(20, 29), (0, 9), (10, 19)]), None);
        let words = of(&[(0, 9), (10, 19), (5, 9)]).expect("words");
        assert!(
            words.starts_with("periods repeat dates, as 1 and 3 do (2000-01-06 to 2000-01-10)"),
            "{words}"
        );
        // The one behind the next as well.
        let words = of(&[(0, 30), (5, 9), (20, 29)]).expect("words");
        assert!(words.contains("as 1 and 2 do"), "{words}");
        assert!(of(&[(0, 9), (9, 19)]).is_some());
    }
}
