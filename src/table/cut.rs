//! The files that a plan's tables are cut into: which rows are in which, and their names.

use std::collections::BTreeSet;

use crate::caete::names::table_of;
use crate::model::grid::Cell;
use crate::plan::Plan;
use crate::plan::tables::{BAND_DEGREES, Partition, TableKind, Tables};

use super::form::Parts;
use super::layout::Layout;
use super::partitions::{band, partition_key, year_and_month};
use super::schema::Table;
use super::stations;
use super::upstream;

/// The folder of the files that a table is cut into by what its rows have, which readers take as a whole; `None` where there is none.
pub(crate) fn folder_of_parts(plan: &Plan, settings: &Tables, kind: TableKind) -> Option<String> {
    settings.partition?;
    match settings.is_upstream(kind) {
        false => Some(kind.name().to_owned()),
        true => (kind == TableKind::Daily).then(|| upstream::folder_of_days(plan)),
    }
}

impl Layout<'_> {
    /// The partition of a row of a year.
    pub(super) fn year_partition(&self, cell: usize, year: i32) -> u32 {
        match self.settings.partition {
            Some(Partition::Year | Partition::Month) => partition_key(year, 0),
            _ => self.cell_partition(cell),
        }
    }

    /// The partition of rows that belong to no time.
    pub(super) fn cell_partition(&self, cell: usize) -> u32 {
        if self.settings.is_per_cell() {
            return cell as u32;
        }
        match (self.settings.partition, self.cells.get(cell)) {
            (Some(Partition::LatBand), Some(cell)) => band(cell.latitude),
            _ => 0,
        }
    }

    /// The partitions that a table's rows may be in.
    pub fn partitions(&self, table: &Table) -> BTreeSet<u32> {
        let cells = || (0..self.cells.len()).map(|cell| self.cell_partition(cell)).collect();
        match (self.settings.partition, table.kind) {
            (_, TableKind::Region) => BTreeSet::from([0]),
            (Some(Partition::Year | Partition::Month), TableKind::Daily | TableKind::Change) => {
                self.day_partitions.iter().map(|(_, partition)| *partition).collect()
            }
            (Some(Partition::Year | Partition::Month), kind) if kind.is_yearly() => {
                self.years.iter().map(|&year| partition_key(year, 0)).collect()
            }
            (_, TableKind::Daily) if self.is_by_file_of_days() => {
                (0..u32::try_from(self.cells.len() * self.files_of_days.count()).unwrap_or(u32::MAX))
                    .collect()
            }
            _ => cells(),
        }
    }

    /// Whether days are cut into files by cell and period.
    pub(super) fn is_by_file_of_days(&self) -> bool {
        self.settings.is_upstream(TableKind::Daily) && self.settings.is_per_cell()
    }

    /// Where the files of a partition are, under the folder of outputs.
    pub fn file(&self, table: &Table, partition: u32) -> String {
        let (name, extension) = (table.kind.name(), self.form.ending());
        if self.settings.is_upstream(table.kind) {
            let (cell, file) = match self.is_by_file_of_days() && table.kind == TableKind::Daily {
                true => self.files_of_days.of(partition),
                false => (partition as usize, 0),
            };
            let cell = self.cells.get(cell).map_or(Cell { row: 0, column: 0 }, |cell| cell.planned.cell);
            let days = self.files_of_days.days(file);
            let name = upstream::file(self.plan, self.settings, table.kind, cell, days, partition);
            return format!("{name}.{extension}");
        }
        if self.settings.is_per_cell() && table.kind != TableKind::Region {
            let cell = self.cells.get(partition as usize).map(|cell| cell.planned.cell);
            let cell = cell.unwrap_or(Cell { row: 0, column: 0 });
            let axis = &self.plan.axis;
            let (start, end) = axis.compact(0, axis.days.into()).unwrap_or_default();
            let prefix = if table.kind.is_of_steps() { String::new() } else { format!("{name}_") };
            let station = self.settings.stations.get(&cell);
            let station = station.map(|name| stations::in_file(name)).unwrap_or_default();
            return format!("{prefix}{}_{station}{start}_{end}.{extension}", table_of(cell));
        }
        match self.settings.partition {
            None => format!("{name}.{extension}"),
            Some(_) if matches!(table.kind, TableKind::Region) => format!("{name}.{extension}"),
            Some(Partition::LatBand) => {
                let south = i64::from(partition) * i64::from(BAND_DEGREES) - 90;
                format!("{name}/lat_band={south}/part-0.{extension}")
            }
            Some(Partition::Year | Partition::Month) if table.kind.is_timeless() => {
                format!("{name}.{extension}")
            }
            Some(Partition::Year | Partition::Month) => {
                let (year, month) = year_and_month(partition);
                match month {
                    0 => format!("{name}/year={year}/part-0.{extension}"),
                    // Not 01, which some readers take for a text.
                    month => format!("{name}/year={year}/month={month}/part-0.{extension}"),
                }
            }
        }
    }

    /// Whether all rows of a table are in one file.
    pub fn is_single(&self, table: &Table) -> bool {
        let settings = self.settings;
        let is_whole = settings.partition.is_none() && !settings.is_per_cell();
        is_whole || table.kind == TableKind::Region || (settings.by_time() && table.kind.is_timeless())
    }

    /// Whether pieces of a table are rows that are encoded when all of them are there: a few rows of each file from every block would be
    /// as many row groups.
    pub(super) fn is_gathered(&self, table: &Table) -> bool {
        self.form.parts() == Parts::Groups && self.is_scattered(table)
    }

    /// Whether the rows of one file come from all blocks, a few from each.
    pub(super) fn is_scattered(&self, table: &Table) -> bool {
        self.settings.by_time() && !(table.kind == TableKind::Region || table.kind.is_timeless())
    }
}
