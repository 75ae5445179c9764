//! Periods of a cell. Where a run's periods repeat dates, as those of a spin-up, its cells' days follow one another by the numbers of the
//! periods, and a variable says which number each is of.

use std::ops::Range;

use super::CellHandle;
use crate::archive::record::DumpRecord;
use crate::error::{Argument, Error, Result};
use crate::model::calendar::Date;

/// The variable of numbers of periods, of cells whose days are by period.
pub(in crate::archive) const PERIOD: &str = "period";
/// The dimension of these cells' series: `time` is not in order there, and so no dimension.
pub(in crate::archive) const PLACE: &str = "step";
/// The attribute of such cells, and of archives that have some.
pub(in crate::archive) const ORDER: &str = "gridloom_order";

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
        let length = self.variable(crate::archive::gather::TIME)?.length();
        let span = |record: &DumpRecord| {
            let (first, count) = record.days.filter(|_| record.period.is_some())?;
            let start = record.place.unwrap_or_else(|| start_of(&records, first));
            Some((record.clone(), start..start.saturating_add(count)))
        };
        let mut spans: Vec<(DumpRecord, Range<u64>)> = records.iter().filter_map(span).collect();
        spans.sort_by_key(|(_, range)| range.start);
        if let Some((record, range)) = spans.iter().find(|(_, range)| range.end > length) {
            let reason =
                format!("{} is said to have days to {}, the cell has {length}", record.file, range.end);
            return Err(Error::archive(&self.source.path, Some(self.cell), None, reason));
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
