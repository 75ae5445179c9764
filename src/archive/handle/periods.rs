//! Periods of a cell. Where a run's periods repeat dates, as those of a spin-up, its cells' days follow one another by the numbers of the
//! periods, and a variable says which number each is of.

use std::ops::Range;

use super::CellHandle;
use crate::archive::gather::TIME;
use crate::archive::names::{ORDER, PERIOD};
use crate::archive::record::DumpRecord;
use crate::error::{Argument, Error, Result};
use crate::model::calendar::Date;

impl CellHandle {
    /// Whether days follow one another by the numbers of periods, whose dates may be the same, and not by date.
    pub fn is_by_period(&self) -> bool {
        self.group.text(ORDER) == Some(PERIOD)
    }

    /// The periods that the cell has days of, in the order of their days, and the places of these among all days of the cell.
    ///
    /// # Errors
    /// [`Damaged`](crate::ErrorKind::Damaged).
    pub fn periods(&self) -> Result<Vec<(u32, Range<u64>)>> {
        Ok(self.spans()?.into_iter().map(|(record, range)| (record.period.unwrap_or(0), range)).collect())
    }

    /// The records of the cell's periods with days, and where these days are.
    fn spans(&self) -> Result<Vec<(DumpRecord, Range<u64>)>> {
        let records = self.records()?;
        let length = self.variable(TIME)?.length();
        let span = |record: &DumpRecord| {
            let (first, count) = record.days.filter(|_| record.period.is_some())?;
            let start = record.place.unwrap_or_else(|| start_of(&records, first));
            Some((record.clone(), start..start.saturating_add(count)))
        };
        let mut spans: Vec<(DumpRecord, Range<u64>)> = records.iter().filter_map(span).collect();
        spans.sort_by_key(|(_, range)| range.start);
        let wrong = |reason| Err(Error::archive(&self.source.path, Some(self.cell), None, reason));
        let mut end = 0;
        for (record, range) in &spans {
            if range.end > length || range.start < end {
                let reason = format!(
                    "{} is said to have the days {} to {} of {length}, some of which are of another dump or none",
                    record.file, range.start, range.end
                );
                return wrong(reason);
            }
            end = range.end;
        }
        let covered: u64 = spans.iter().map(|(_, range)| range.end - range.start).sum();
        if self.is_by_period() && covered != length {
            return wrong(format!("{covered} of its {length} days are said to be of periods"));
        }
        Ok(spans)
    }

    /// The places of a period's days from one date to another, both included.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where the cell has no days of the period, or the calendar not such a date; [`Damaged`](crate::ErrorKind::Damaged).
    pub fn range_of(&self, period: u32, from: Option<Date>, to: Option<Date>) -> Result<Range<u64>> {
        let spans = self.spans()?;
        let Some((record, range)) = spans.iter().find(|(record, _)| record.period == Some(period)) else {
            let there: Vec<String> =
                spans.iter().filter_map(|(record, _)| Some(record.period?.to_string())).collect();
            let reason = format!("cell {} has no days of it; it has {}", self.cell, there.join(", "));
            return Err(Error::selection(Argument::Periods, period, reason));
        };
        let [first, last] = self.steps_of(from, to)?;
        let (start, _) = record.days.unwrap_or_default();
        // The days of a dump follow one another without a gap.
        let place = |step: i64| {
            range.start.saturating_add_signed(step.saturating_sub(start)).clamp(range.start, range.end)
        };
        let begin = first.map_or(range.start, place);
        let end = last.map_or(range.end, |last| place(last.saturating_add(1)));
        Ok(begin..end.max(begin))
    }

    /// Refuses dates alone where several periods may have them.
    pub(super) fn refuse_repeats(&self) -> Result<()> {
        if !self.is_by_period() {
            return Ok(());
        }
        let reason = format!("periods of cell {} have the same dates; choose periods as well", self.cell);
        Err(Error::selection(Argument::Periods, "", reason))
    }
}

/// The place of a day among those of a cell, by its records; the days of a dump follow those of the dump before.
pub(in crate::archive) fn start_of(records: &[DumpRecord], first: i64) -> u64 {
    let before = records.iter().filter_map(|record| record.days).filter(|(day, _)| *day < first);
    before.fold(0, |sum, (_, count)| sum.saturating_add(count))
}
