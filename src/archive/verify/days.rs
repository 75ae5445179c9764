//! Whether the days of a cell are those of its dumps.

use super::Checker;
use crate::archive::gather::TIME;
use crate::archive::handle::CellHandle;
use crate::archive::names::PERIOD;
use crate::archive::record::DumpRecord;
use crate::error::Result;

impl Checker<'_> {
    /// Compares the days of a cell with those that its records say.
    pub(super) fn days(&mut self, handle: &CellHandle, records: &[DumpRecord]) -> Result<()> {
        if handle.is_by_period() {
            return self.days_by_period(handle, records);
        }
        let mut spans: Vec<(i64, u64)> = records.iter().filter_map(|record| record.days).collect();
        spans.sort_unstable();
        let end = |first: i64, count: u64| first.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
        let expected = spans.iter().flat_map(|&(first, count)| first..end(first, count));
        let values = handle.variable(TIME)?.all()?.to_f64();
        if !values.into_iter().eq(expected.map(|step| handle.unit().value(step))) {
            let cell = handle.cell();
            self.tell(Some(format!("cell {cell}, time: its days are not those of its dumps")));
        }
        Ok(())
    }

    /// The same of days by period, and compares their numbers of periods.
    fn days_by_period(&mut self, handle: &CellHandle, records: &[DumpRecord]) -> Result<()> {
        let (times, numbers) = (handle.variable(TIME)?, handle.variable(PERIOD)?);
        let cell = handle.cell();
        if !self.decode(&numbers) {
            return Ok(());
        }
        let (times, numbers) = (times.all()?.to_f64(), numbers.all()?.to_i64());
        let mut wanted: Vec<Option<(f64, i64)>> = vec![None; times.len()];
        for record in records {
            let (Some((first, count)), Some(period)) = (record.days, record.period) else { continue };
            let start = record.place.unwrap_or(u64::MAX);
            for (step, place) in (first..).zip(start..start.saturating_add(count)) {
                let place = usize::try_from(place).ok().and_then(|place| wanted.get_mut(place));
                match place.filter(|known| known.is_none()) {
                    Some(place) => *place = Some((handle.unit().value(step), i64::from(period))),
                    None => {
                        let words = format!(
                            "cell {cell}, {}: its place is that of another dump, or none",
                            record.file
                        );
                        self.tell(Some(words));
                        return Ok(());
                    }
                }
            }
        }
        let found = times.into_iter().zip(numbers.iter().copied());
        if numbers.len() != wanted.len() || !found.map(Some).eq(wanted) {
            self.tell(Some(format!("cell {cell}, time and period: its days are not those of its dumps")));
        }
        Ok(())
    }
}
