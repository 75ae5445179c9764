//! Rows of `region`, from the sums of all blocks.

use arrow_array::RecordBatch;

use crate::aggregate::percent;
use crate::aggregate::region::Weighted;
use crate::error::{Error, Result};
use crate::plan::comparison::OfRegion;

use super::columns::{Columns, DAY};
use super::layout::Layout;
use super::schema::{self, Table};

/// Rows that are made at a time.
const ROWS: usize = 1 << 14;

/// The sums of regions over all cells.
pub struct Regions {
    sums: Vec<Weighted>,
}

impl Regions {
    /// Nothing yet.
    pub fn new(layout: &Layout<'_>) -> Self {
        Regions { sums: vec![Weighted::default(); layout.region_slots()] }
    }

    /// Adds a block's sums. Blocks must come in order, so that sums are the same to the bit each time.
    pub fn add(&mut self, bytes: &[u8]) {
        let (parts, _) = bytes.as_chunks::<{ Weighted::BYTES }>();
        for (sum, part) in self.sums.iter_mut().zip(parts) {
            sum.merge(&Weighted::from_bytes(part));
        }
    }

    /// How many rows there are.
    pub fn count(&self) -> u64 {
        self.sums.iter().filter(|sum| sum.cells > 0).count() as u64
    }

    /// Gives the rows to `emit`, some at a time: by region, variable and interval. Intervals without any cell have none.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library), and those of `emit`.
    pub fn rows(
        &self,
        layout: &Layout<'_>,
        table: &Table,
        emit: &mut dyn FnMut(RecordBatch) -> Result<()>,
    ) -> Result<()> {
        let mut columns = Columns::new(table, 0);
        let intervals = &layout.region_intervals;
        let mut sums = self.sums.iter();
        for region in 0..layout.regions.len() {
            for layer in 0..layout.plan.layers.len() {
                for (index, (interval, sum)) in intervals.iter().zip(&mut sums).enumerate() {
                    if sum.cells == 0 {
                        continue;
                    }
                    columns.text("region", region);
                    columns.text("variable", layer);
                    if layout.settings.by_period {
                        let period = layout.drift.periods.get(index).copied().unwrap_or_default();
                        columns.push("period", (period as i32).to_le_bytes());
                    } else if schema::has_timestamps(&layout.plan.axis) {
                        columns
                            .push("start", (layout.days_since_1970(interval.start_date) * DAY).to_le_bytes());
                    } else {
                        columns.text("start", index);
                    }
                    columns.push(layout.plan.axis.step_noun(), (interval.days() as i32).to_le_bytes());
                    columns.push("complete", [u8::from(interval.is_complete())]);
                    columns.push("cells", (sum.cells as i32).to_le_bytes());
                    columns.number("area", Some(sum.weight.to_f64()));
                    let of_others = layout.of_regions.get(layer).copied().flatten();
                    for (column, number) in self.numbers(layout, sum, of_others, [region, index]) {
                        columns.number(column, number);
                    }
                    columns.text("units", layer);
                    columns.text("sum_units", layer);
                    if columns.rows() >= ROWS {
                        emit(columns.take().map_err(Error::table)?)?;
                    }
                }
            }
        }
        emit(columns.take().map_err(Error::table)?)
    }

    /// The numbers of a row by their columns, of the sums of its region, layer and interval; `of_others` says what it has where these are not means of cells.
    fn numbers(
        &self,
        layout: &Layout<'_>,
        sum: &Weighted,
        of_others: Option<OfRegion>,
        [region, interval]: [usize; 2],
    ) -> [(&'static str, Option<f64>); 5] {
        let numbers = match of_others {
            None => [sum.mean(), sum.total(), sum.minimum, sum.maximum, sum.std()].map(Some),
            Some(OfRegion::Nothing) => [None; 5],
            Some(OfRegion::Percent { change, .. }) => {
                let first = (region * layout.plan.layers.len() + change) * layout.region_intervals.len();
                let least = layout.plan.settings.change.as_ref().map_or(0.0, |change| change.least);
                let change = self.sums.get(first + interval);
                [change.map(|change| percent::of_region(change, sum, least)), None, None, None, None]
            }
        };
        let [mean, sum, minimum, maximum, std] = numbers;
        [("mean", mean), ("sum", sum), ("minimum", minimum), ("maximum", maximum), ("std", std)]
    }
}
