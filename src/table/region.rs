//! Rows of `region`, from the sums of all blocks.

use arrow_array::RecordBatch;

use crate::aggregate::region::Weighted;
use crate::error::{Error, Result};

use super::columns::Columns;
use super::columns::DAY;
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
                    columns.number("mean", Some(sum.mean()));
                    columns.number("sum", Some(sum.total()));
                    columns.number("minimum", Some(sum.minimum));
                    columns.number("maximum", Some(sum.maximum));
                    columns.number("std", Some(sum.std()));
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
}
