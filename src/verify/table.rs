//! Tables in every format and partition: each row is made again from the dumps, cell by cell, and laid beside the files' own.
//!
//! Files are sorted by cell, as the cells are read; so both sides are streams, and only some cells are in memory.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::caete::names::table_of;
use crate::error::Result;
use crate::plan::tables::{Partition, TableKind, Tables};
use crate::plan::{Plan, PlannedCell};
use crate::table::read::Rows;

use super::cell::{CellData, Needs};
use super::windows::Sources;
use super::{Prover, Verification};
pub(super) use folder::Folder;
use made::Made;
use merge::Cursor;
use region::Regions;
pub(super) use row_source::{RowSource, Seen};

pub(super) mod columns;
mod daily;
mod folder;
mod made;
mod merge;
pub(super) mod metadata;
mod periods;
mod region;
mod row_source;
mod upstream;
mod years;

/// Files that stay open between blocks, at most.
const OPEN: usize = 64;
/// Bytes that the reader of a column takes: a page as it is stored, and unpacked.
const PAGE: u64 = 2 << 20;
/// Cells whose rows are laid beside the files' together.
const CELLS: usize = 64;

/// A file of a table that rows are compared with, and which columns of the table it has.
struct TableFile {
    columns: Vec<usize>,
    cursor: Cursor,
}

/// Compares the tables of a plan with the dumps; returns the files that are wanted, by their names.
///
/// # Errors
/// Those of [`Layout::new`](crate::table::Layout::new).
pub(super) fn compare(
    prover: &Prover<'_>,
    plan: &Plan,
    tables: &Tables,
    place: &dyn RowSource,
    is_wanted: &(dyn Fn(&str) -> bool + Sync),
    result: &mut Verification,
) -> Result<Vec<String>> {
    let made = Made::new(plan, tables)?;
    let of_days = made.headings.iter().find(|heading| heading.kind == TableKind::Daily);
    let files_of_days = of_days.map(|heading| upstream::files_of_days(&made, heading)).unwrap_or_default();
    let files = BTreeMap::new();
    let run = Run { made: &made, place, is_wanted, grids: prover.grids.as_ref(), files_of_days, files };
    Ok(prover.pool.install(|| run.run(result)))
}

struct Run<'a> {
    made: &'a Made<'a>,
    place: &'a dyn RowSource,
    is_wanted: &'a (dyn Fn(&str) -> bool + Sync),
    grids: Option<&'a Sources<'a>>,
    /// A cell's files of days by upstream's names.
    files_of_days: Vec<(i64, String)>,
    /// By name; `None` where a file is not wanted or cannot be compared.
    files: BTreeMap<String, Option<TableFile>>,
}

/// What a cell gives.
struct Cell {
    planned: PlannedCell,
    /// The rows of each table.
    rows: Vec<Rows>,
    /// The means of each layer over the intervals of regions.
    means: Vec<Vec<f64>>,
    data: CellData,
}

impl Cell {
    fn new(made: &Made<'_>, planned: PlannedCell, mut data: CellData, regions: Option<&Regions>) -> Self {
        let plan = made.plan;
        let needs_axis =
            made.headings.iter().any(|heading| matches!(heading.kind, TableKind::Region | TableKind::Stats));
        let days: Vec<Vec<f64>> = match needs_axis {
            true => {
                let of = |(index, layer): (usize, &crate::plan::Layer)| {
                    data.on_axis(index, layer.element, plan.axis.days as usize)
                };
                plan.layers.iter().enumerate().map(of).collect()
            }
            false => Vec::new(),
        };
        let rows = made.headings.iter().map(|heading| match heading.kind {
            TableKind::Daily | TableKind::Change => daily::rows(heading, made, planned, &data),
            TableKind::Stats => {
                let mut rows = heading.rows();
                match (data.dumps.is_empty(), made.tables.by_period) {
                    (true, _) => {}
                    (_, true) => periods::stats(made, planned, &data, &mut rows),
                    (_, false) => daily::stats(made, planned, &days, &mut rows),
                }
                rows
            }
            TableKind::Drift | TableKind::Drifting => periods::drift(heading, made, planned, &data),
            TableKind::Region => heading.rows(),
            kind if kind.is_grid() => heading.rows(),
            _ => years::rows(heading, made, planned, &data.years),
        });
        let rows = rows.collect();
        let means = regions.map(|regions| regions.means(made.plan, &data, &days)).unwrap_or_default();
        data.dumps.clear();
        data.years.clear();
        Cell { planned, rows, means, data }
    }
}

impl Run<'_> {
    fn run(mut self, result: &mut Verification) -> Vec<String> {
        let made = self.made;
        let has_region = made.layout.tables.iter().any(|table| table.kind == TableKind::Region);
        let mut regions = has_region.then(|| Regions::new(made));
        self.single_files(result);
        let needs = Needs {
            days: made
                .tables
                .kinds
                .iter()
                .any(|kind| kind.is_timeless() || kind.is_of_steps() || *kind == TableKind::Region),
            years: match made.headings.iter().any(|heading| heading.kind.is_yearly()) {
                true => made.layout.years.clone(),
                false => Vec::new(),
            },
        };
        let mut cells = made.plan.cells.clone();
        cells.sort_by_key(|planned| planned.cell);
        // How many rows a cell has is known when some are read.
        let (most, mut size) = (self.block_cells(), made.plan.memory.threads.max(1));
        let mut left = cells.as_slice();
        while !left.is_empty() {
            let (cells, behind) = left.split_at(size.min(most).min(left.len()));
            left = behind;
            let of = |planned: PlannedCell, data| Cell::new(made, planned, data, regions.as_ref());
            let read: Vec<Cell> = match self.grids {
                None => {
                    let read =
                        |&planned: &PlannedCell| of(planned, CellData::read(made.plan, planned, &needs));
                    cells.par_iter().map(read).collect()
                }
                Some(grids) => match grids.block(made.plan, cells) {
                    Ok(data) => {
                        data.into_par_iter().zip(cells).map(|(data, planned)| of(*planned, data)).collect()
                    }
                    Err(error) => {
                        result.differ_in("the grids", "grids that can be read", &error.in_full());
                        break;
                    }
                },
            };
            if let Some(regions) = &mut regions {
                read.iter().for_each(|cell| regions.add(made, cell.planned.cell, &cell.means));
            }
            self.block(&read, result);
            let bytes = |cell: &Cell| {
                let means: usize = cell.means.iter().map(|means| 8 * means.len()).sum();
                cell.rows.iter().map(Rows::bytes).sum::<u64>() + means as u64
            };
            let largest = read.iter().map(bytes).max();
            let fitting = made.plan.memory.budget / 8 / largest.unwrap_or(1).max(1);
            size = usize::try_from(fitting).unwrap_or(CELLS).clamp(1, CELLS);
            for cell in read {
                result.dumps += cell.data.read;
                result.faults.extend(cell.data.faults);
                result.inputs.extend(cell.data.inputs);
                result.silent.extend(cell.data.silent);
            }
        }
        if let (Some(regions), Some(index)) =
            (regions, made.layout.tables.iter().position(|table| table.kind == TableKind::Region))
            && let Some(heading) = made.headings.get(index)
        {
            let name = format!("region.{}", made.ending());
            if let Some(Some(file)) = self.files.get_mut(&name) {
                let (place, own) = (self.place, file.cursor.heading.clone());
                regions.rows(made, heading, &mut |rows| {
                    let all: Vec<usize> = (0..rows.len()).collect();
                    let part = rows.part(&all, &own, &file.columns);
                    file.cursor.compare(&part, &|skip| place.open(&name, &own, skip), result);
                });
            }
        }
        let names: Vec<String> = self.files.keys().cloned().collect();
        for file in self.files.values_mut().flatten() {
            let (place, heading, name) = (self.place, file.cursor.heading.clone(), file.cursor.name.clone());
            file.cursor.finish(&|skip| place.open(&name, &heading, skip), result);
            result.files += 1;
        }
        names
    }

    /// Tables in one file have it, with rows or without.
    fn single_files(&mut self, result: &mut Verification) {
        let tables = self.made.tables;
        let is_single = tables.partition.is_none() && !tables.is_per_cell();
        for (index, table) in self.made.layout.tables.iter().enumerate() {
            if is_single || table.kind == TableKind::Region {
                let name = match tables.is_upstream(table.kind) {
                    true => upstream::single(self.made, table.kind),
                    false => format!("{}.{}", table.kind.name(), self.made.ending()),
                };
                self.file(index, &name, result);
            }
        }
    }

    /// Cells whose rows fit into a part of the memory.
    fn block_cells(&self) -> usize {
        let plan = self.made.plan;
        let days = u64::from(plan.axis.days);
        let daily = self.made.headings.iter().filter(|heading| heading.kind.is_of_steps());
        let values: u64 = daily.map(|heading| days * heading.columns.len() as u64).sum();
        // Twice: as they are, and sorted into files.
        let read = self.grids.map_or(0, Sources::cell_bytes);
        let bytes = 32 * values + 8 * days * plan.layers.len() as u64 + read + (1 << 20);
        usize::try_from(plan.memory.budget / 2 / bytes).unwrap_or(CELLS).clamp(1, CELLS)
    }

    /// Lays the rows of some cells beside those of the files.
    fn block(&mut self, cells: &[Cell], result: &mut Verification) {
        // For each file its rows, in the order of cells.
        let mut parts: BTreeMap<String, Vec<Rows>> = BTreeMap::new();
        for cell in cells {
            for (table, rows) in cell.rows.iter().enumerate() {
                let mut of_file: BTreeMap<String, Vec<usize>> = BTreeMap::new();
                for index in 0..rows.len() {
                    let name = self.name(table, cell.planned, rows.row(index).unwrap_or_default());
                    of_file.entry(name).or_default().push(index);
                }
                for (name, indices) in of_file {
                    if !self.files.contains_key(&name) {
                        self.file(table, &name, result);
                    }
                    if let Some(Some(file)) = self.files.get(&name) {
                        parts.entry(name).or_default().push(rows.part(
                            &indices,
                            &file.cursor.heading,
                            &file.columns,
                        ));
                    }
                }
            }
        }
        let place = self.place;
        let columns =
            self.made.headings.iter().map(|heading| heading.columns.len()).max().unwrap_or(1) as u64;
        let fitting = self.made.plan.memory.budget / 4 / (columns * PAGE);
        let has_many = self.files.len() > usize::try_from(fitting).unwrap_or(OPEN).clamp(1, OPEN);
        let files = self.files.iter_mut().filter_map(|(name, file)| {
            let parts = parts.remove(name)?;
            Some((name, file.as_mut()?, parts))
        });
        let mut files: Vec<(&String, &mut TableFile, Vec<Rows>)> = files.collect();
        let found: Vec<Verification> = files
            .par_iter_mut()
            .map(|(name, file, parts)| {
                let mut found = Verification::default();
                let heading = file.cursor.heading.clone();
                for rows in parts {
                    file.cursor.compare(rows, &|skip| place.open(name, &heading, skip), &mut found);
                }
                if has_many {
                    file.cursor.close();
                }
                found
            })
            .collect();
        found.into_iter().for_each(|found| result.merge(found));
    }

    /// Begins to compare a file.
    fn file(&mut self, table: usize, name: &str, result: &mut Verification) {
        let file = (self.is_wanted)(name).then(|| self.begin(table, name, result)).flatten();
        self.files.insert(name.to_owned(), file);
    }

    fn begin(&self, table: usize, name: &str, result: &mut Verification) -> Option<TableFile> {
        let (table, heading) = (self.made.layout.tables.get(table)?, self.made.headings.get(table)?);
        if !self.place.has(name) {
            result.differ_in(name, "a file", "no such file");
            return None;
        }
        let (heading, columns) = heading.of_file();
        let seen = Seen { table, made: self.made };
        let mut cursor = Cursor::new(name, heading);
        let heading = cursor.heading.clone();
        if !self.place.describe(&seen, name, &heading, result) {
            cursor.give_up();
        }
        Some(TableFile { columns, cursor })
    }

    /// The file that a row is in.
    fn name(&self, table: usize, planned: PlannedCell, row: &[Option<u64>]) -> String {
        let (tables, ending) = (self.made.tables, self.made.ending());
        let Some(heading) = self.made.headings.get(table) else { return String::new() };
        let name = heading.kind.name();
        if tables.is_upstream(heading.kind) {
            return upstream::name(self.made, heading, planned, row, &self.files_of_days);
        }
        if tables.is_per_cell() {
            let prefix = if heading.kind.is_of_steps() { String::new() } else { format!("{name}_") };
            let axis = &self.made.plan.axis;
            let (start, end) = axis.compact(0, axis.days.into()).unwrap_or_default();
            let cell = planned.cell;
            let station = tables.stations.get(&cell).map(|name| station(name)).unwrap_or_default();
            return format!("{prefix}{}_{station}{start}_{end}.{ending}", table_of(cell));
        }
        let (year, month) = match heading.kind {
            TableKind::Daily | TableKind::Change => {
                // A date or its text.
                let day = heading.place_of(self.made.plan.axis.step_column()).unwrap_or_default();
                let text = heading.show(day, row.get(day).copied().flatten());
                let mut parts = text.rsplitn(3, '-');
                let (_, month, year) = (parts.next(), parts.next(), parts.next());
                let number = |text: Option<&str>| text.and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
                (number(year), Some(number(month)))
            }
            _ => (heading.value(row, "year").map_or(0, |bits| bits as i64), None),
        };
        match tables.partition {
            None => format!("{name}.{ending}"),
            Some(Partition::LatBand) => {
                let latitude = self.made.plan.window.grid.centre(planned.cell)[0];
                let south = (latitude / 10.0).floor() as i64 * 10;
                format!("{name}/lat_band={south}/part-0.{ending}")
            }
            Some(_) if heading.kind.is_timeless() => format!("{name}.{ending}"),
            Some(Partition::Month) if month.is_some() => {
                format!("{name}/year={year}/month={}/part-0.{ending}", month.unwrap_or(0))
            }
            Some(_) => format!("{name}/year={year}/part-0.{ending}"),
        }
    }
}

/// A station's name in a file's name: what is neither a letter, a digit, `-` nor `.` parts it, and `_` stands between the parts, of 80 bytes
/// at most.
fn station(name: &str) -> String {
    let parts = name.split(|letter: char| !(letter.is_alphanumeric() || letter == '-' || letter == '.'));
    let mut whole = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    while whole.len() > 80 {
        whole.pop();
    }
    let whole = whole.trim_end_matches('_');
    if whole.is_empty() { String::new() } else { format!("{whole}_") }
}
