//! Tables by upstream's names: which columns they have in which order and type, and which files.
//!
//! Rows are made as ever, by the columns' names; only the table says which of them there are.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema};

use crate::caete::upstream as names;
use crate::model::grid::Cell;
use crate::plan::Plan;
use crate::plan::tables::{BAND_DEGREES, Partition, TableKind, Tables};

use super::partitions::year_and_month;
use super::schema::{DayColumn, DaySource, POOLS, Table};
use super::texts::Texts;

/// The columns that say which cell a row is of; upstream's files of single cells say it by their names.
const CELL: [&str; 4] = ["grid_y", "grid_x", "latitude", "longitude"];

/// The steps of the axis whose days each of a cell's files has, from and until, in order: those of the saved periods' usual dates. None where
/// other names are wanted.
#[derive(Debug)]
pub(super) struct FilesOfDays(Vec<(i64, i64)>);

impl FilesOfDays {
    pub fn new(plan: &Plan, settings: &Tables) -> Self {
        if !settings.is_upstream(TableKind::Daily) {
            return FilesOfDays(Vec::new());
        }
        let (first, days) = (plan.axis.first_day, i64::from(plan.axis.days));
        let of = |span: &crate::run::survey::Span| {
            ((span.first_day - first).max(0), (span.last_day + 1 - first).min(days))
        };
        let mut files: Vec<(i64, i64)> =
            plan.periods.iter().map(of).filter(|(from, until)| from < until).collect();
        files.sort_unstable();
        match files.first_mut() {
            // Days before are of dumps with dates of their own.
            Some(earliest) => earliest.0 = 0,
            None => files.push((0, days)),
        }
        FilesOfDays(files)
    }

    /// How many files a cell has.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The number of a cell's file of a day among those of all cells, and the day at which the next one begins.
    pub fn file(&self, cell: usize, day: i64) -> (u32, i64) {
        let next = self.0.partition_point(|&(from, _)| from <= day);
        let border = self.0.get(next).map_or(i64::MAX, |&(from, _)| from);
        let number = cell * self.count() + next.saturating_sub(1);
        (u32::try_from(number).unwrap_or(u32::MAX), border)
    }

    /// The cell of a file by its number, and which of the cell's it is.
    pub fn of(&self, number: u32) -> (usize, usize) {
        let count = self.count().max(1);
        (number as usize / count, number as usize % count)
    }

    /// The steps of one of a cell's files, from and until.
    pub fn days(&self, file: usize) -> (i64, i64) {
        self.0.get(file).copied().unwrap_or_default()
    }
}

/// Whether the days of a table stand as texts, as upstream's do after they went through CSV.
pub(super) fn has_day_texts(settings: &Tables) -> bool {
    settings.is_upstream(TableKind::Daily) && !settings.is_per_cell()
}

/// Whether the days have columns of year and month, too.
pub(super) fn has_year_and_month(settings: &Tables) -> bool {
    has_day_texts(settings) && settings.format.name() == "parquet" && settings.partition.is_none()
}

/// A table as upstream has it.
pub(super) fn arranged(table: Table, plan: &Plan, settings: &Tables, columns: &[DayColumn]) -> Table {
    let is_per_cell = settings.is_per_cell();
    let cell = CELL.iter().filter(|_| !is_per_cell).map(|&name| name.to_owned());
    match table.kind {
        TableKind::Daily => {
            let mut order = variables(columns);
            order.push(plan.axis.step_column().to_owned());
            order.extend(cell);
            let mut table = chosen(table, &order);
            if has_day_texts(settings) {
                let labels: Vec<String> = (0..i64::from(plan.axis.days))
                    .map(|day| plan.axis.label(day).unwrap_or_default())
                    .collect();
                let part = |range: std::ops::Range<usize>| -> Vec<String> {
                    labels
                        .iter()
                        .map(|label| label.get(range.clone()).unwrap_or_default().to_owned())
                        .collect()
                };
                let (year, month) = (part(0..4), part(5..7));
                table = with_texts(table, plan.axis.step_column(), labels);
                if has_year_and_month(settings) {
                    table = with_texts(table, "year", year);
                    table = with_texts(table, "month", month);
                }
            }
            table
        }
        _ => {
            let own = ["pls_id"].into_iter().chain(POOLS.iter().map(|(name, _)| *name));
            let own = own.chain(["count", "cveg", "ocp", "year"]).map(str::to_owned);
            let traits = settings.traits.iter().flat_map(|table| table.traits());
            let order: Vec<String> = own.chain(cell).chain(traits.map(|one| one.name.clone())).collect();
            let share = "share of the sum of cveg over the cell's strategies, whatever their occupation";
            whole(chosen(table, &order), ("ocp", share))
        }
    }
}

/// The columns of variables: the sum of rows stands before the rows.
fn variables(columns: &[DayColumn]) -> Vec<String> {
    let mut order: Vec<String> = Vec::new();
    for DayColumn { name, source } in columns {
        match source {
            DaySource::Layer(_) => order.push(name.clone()),
            DaySource::Sum(layers) => {
                order.insert(order.len().saturating_sub(layers.len()), name.clone());
            }
        }
    }
    order
}

/// A table with some of its columns, in an order.
fn chosen(mut table: Table, order: &[String]) -> Table {
    let places: Vec<usize> = order.iter().filter_map(|name| table.schema.index_of(name).ok()).collect();
    let fields: Vec<_> =
        places.iter().filter_map(|&place| table.schema.fields().get(place).cloned()).collect();
    table.texts = places.iter().map(|&place| table.texts.get(place).cloned().flatten()).collect();
    table.key.retain(|key| order.iter().any(|name| name == key));
    let metadata = table.schema.metadata().clone();
    table.schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    told(table)
}

/// A table whose metadata say what it is sorted by.
fn told(mut table: Table) -> Table {
    let mut metadata = table.schema.metadata().clone();
    metadata.insert("sorted_by".to_owned(), table.sorted_by().collect::<Vec<_>>().join(","));
    table.schema = Arc::new(Schema::new_with_metadata(table.schema.fields().clone(), metadata));
    table
}

/// A table with a column of plain texts, in the place of one of that name or behind all.
fn with_texts(mut table: Table, name: &str, texts: Vec<String>) -> Table {
    let mut fields: Vec<Arc<Field>> = table.schema.fields().iter().cloned().collect();
    let texts = Some(Texts::new(texts));
    match table.schema.index_of(name) {
        Ok(place) => {
            if let (Some(field), Some(own)) = (fields.get_mut(place), table.texts.get_mut(place)) {
                let mut metadata = field.metadata().clone();
                metadata.remove("kind");
                let text = field.as_ref().clone().with_data_type(DataType::Utf8).with_metadata(metadata);
                (*field, *own) = (Arc::new(text), texts);
            }
        }
        Err(_) => {
            let metadata = [("long_name".to_owned(), format!("{name} of the day"))];
            let field = Field::new(name, DataType::Utf8, false).with_metadata(metadata.into());
            fields.push(Arc::new(field));
            table.texts.push(texts);
        }
    }
    let metadata = table.schema.metadata().clone();
    table.schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    told(table)
}

/// A table whose whole numbers are as wide as upstream's, which come from CSV, but for those of the cell; and what is said of a column.
fn whole(mut table: Table, (name, long_name): (&str, &str)) -> Table {
    let of = |field: &Arc<Field>| {
        let mut field = field.as_ref().clone();
        if ["count", "year"].contains(&field.name().as_str()) {
            field = field.with_data_type(DataType::Int64);
        }
        if field.name() == name {
            let mut metadata = field.metadata().clone();
            metadata.insert("long_name".to_owned(), long_name.to_owned());
            field = field.with_metadata(metadata);
        }
        Arc::new(field)
    };
    let fields: Vec<Arc<Field>> = table.schema.fields().iter().map(of).collect();
    table.schema = Arc::new(Schema::new_with_metadata(fields, table.schema.metadata().clone()));
    table
}

/// The folder of the files that days are cut into, under the folder of outputs.
pub(super) fn folder_of_days(plan: &Plan) -> String {
    let run = plan.run.name.as_str();
    format!("{run}/{}", names::partitioned(run))
}

/// Where a file is, under the folder of outputs, which stands for upstream's own, without its ending. `cell` and its `days` are of a file of a
/// single cell.
pub(super) fn file(
    plan: &Plan,
    settings: &Tables,
    kind: TableKind,
    cell: Cell,
    days: (i64, i64),
    partition: u32,
) -> String {
    let run = plan.run.name.as_str();
    match (kind, settings.is_per_cell(), settings.partition) {
        (TableKind::Daily, true, _) => {
            let first = plan.axis.date(days.0).map(|date| date.to_string()).unwrap_or_default();
            let last = plan.axis.last_date(days.1).map(|date| date.to_string()).unwrap_or_default();
            format!("{run}/{}", names::days_of_cell(cell, &format!("{first}_{last}")))
        }
        (TableKind::Daily, false, None) => format!("{run}/{run}"),
        (TableKind::Daily, false, Some(Partition::LatBand)) => {
            let south = i64::from(partition) * i64::from(BAND_DEGREES) - 90;
            format!("{}/lat_band={south}.0/part-0", folder_of_days(plan))
        }
        (TableKind::Daily, false, Some(Partition::Year | Partition::Month)) => {
            let (year, month) = year_and_month(partition);
            format!("{}/year={year:04}/month={month:02}/part-0", folder_of_days(plan))
        }
        (_, true, _) => format!("{run}/{}", names::biomass_of_cell(cell)),
        (_, false, None) => names::biomass(run, settings.only_year()),
        (_, false, Some(_)) => names::biomass(run, Some(year_and_month(partition).0)),
    }
}
