//! Which columns tables have, of which type, and what they mean.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::model::axis::Axis;
use crate::model::calendar::Calendar;
use crate::model::element::Element;
use crate::model::grid::Cell;
use crate::model::variables::CellMethod;
use crate::plan::Plan;
use crate::plan::tables::TableKind;

use super::texts::Texts;

mod periods;
mod yearly;

pub(super) use periods::{drift, drifting};
pub(super) use yearly::{COMMUNITY, POOLS, PROCESSES, TOTALS};
pub(super) use yearly::{biomass, cell_year, community, limitation, strategies, traits};

/// A table that is made.
#[derive(Debug, Clone)]
pub struct Table {
    /// Which.
    pub kind: TableKind,
    /// Its columns. Units and long names are in the fields' metadata, a title in the schema's.
    pub schema: SchemaRef,
    /// The columns that no two rows share. Rows follow their order, and texts the order in which they were asked for.
    pub key: Vec<&'static str>,
    /// Texts of columns of texts, which hold keys.
    pub texts: Vec<Option<Texts>>,
}

impl Table {
    /// The table without a column that the names of its files' folders say: readers make a column of these, and
    /// refuse or mix up one that is there twice.
    pub(super) fn without(mut self, name: &str) -> Self {
        let Ok(index) = self.schema.index_of(name) else { return self };
        let fields = self.schema.fields().iter().filter(|field| field.name() != name);
        let fields: Vec<_> = fields.cloned().collect();
        let mut metadata = self.schema.metadata().clone();
        self.schema = Arc::new(Schema::new(fields));
        self.key.retain(|&column| column != name);
        self.texts.remove(index);
        metadata.insert("sorted_by".to_owned(), self.sorted_by().collect::<Vec<_>>().join(","));
        metadata.insert("partitioned_by".to_owned(), name.to_owned());
        self.schema = Arc::new(self.schema.as_ref().clone().with_metadata(metadata));
        self
    }

    /// Bytes of a row in memory.
    pub(super) fn row_bytes(&self) -> usize {
        let bytes = |field: &std::sync::Arc<Field>| match field.data_type() {
            // A date as text, its end, and the key that it is made of.
            DataType::Utf8 => 20,
            other => other.primitive_width().unwrap_or(4),
        };
        self.schema.fields().iter().map(bytes).sum()
    }

    /// The columns that rows are sorted by, whoever looks: of texts only this program knows the order.
    pub(super) fn sorted_by(&self) -> impl Iterator<Item = &'static str> {
        let is_plain = |name: &&str| {
            let field = self.schema.field_with_name(name);
            field.is_ok_and(|field| !matches!(field.data_type(), DataType::Dictionary(..)))
        };
        self.key.iter().copied().take_while(is_plain)
    }
}

/// The type of values in a column.
pub(super) fn type_of(element: Element) -> DataType {
    match element {
        Element::Float32 => DataType::Float32,
        Element::Float64 => DataType::Float64,
        Element::Int8 => DataType::Int8,
        Element::Int16 => DataType::Int16,
        Element::Int32 => DataType::Int32,
        Element::Int64 => DataType::Int64,
        Element::UInt8 => DataType::UInt8,
        Element::UInt16 => DataType::UInt16,
        Element::UInt32 => DataType::UInt32,
        Element::UInt64 => DataType::UInt64,
    }
}

/// How dates are written: as timestamps where every date of the calendar is one of the Gregorian calendar, else as text.
pub(super) fn has_timestamps(axis: &Axis) -> bool {
    match axis.unit.calendar() {
        Calendar::ProlepticGregorian | Calendar::NoLeap => true,
        // Days before the reform have other names there.
        Calendar::Standard => axis.date(0).is_some_and(|date| date.year > 1582),
        _ => false,
    }
}

/// Whether a column of timestamps has times of day, not only dates.
pub(super) fn is_moment(field: &Field) -> bool {
    field.metadata().get("kind").is_some_and(|kind| kind == "moment")
}

/// Columns that are being listed.
struct Columns {
    fields: Vec<Field>,
    texts: Vec<Option<Texts>>,
}

impl Columns {
    fn new() -> Self {
        Columns { fields: Vec::new(), texts: Vec::new() }
    }

    fn cell(mut self, plan: &Plan) -> Self {
        self.add("grid_y", DataType::Int32, false, "row of the gridcell, 0 in the north", "1");
        self.add("grid_x", DataType::Int32, false, "column of the gridcell, 0 in the west", "1");
        self.add("latitude", DataType::Float64, false, "latitude of the gridcell's centre", "degrees_north");
        self.add("longitude", DataType::Float64, false, "longitude of the gridcell's centre", "degrees_east");
        let named = plan.settings.tables.as_ref().map(|tables| &tables.stations);
        if let Some(stations) = named.filter(|stations| !stations.is_empty()) {
            let name = |cell: &Cell| stations.get(cell).cloned().unwrap_or_default();
            let names = cells_of(plan).iter().map(name).collect();
            self.text("station", true, "name of the gridcell in the gridlist", names);
        }
        self
    }

    fn year(mut self) -> Self {
        self.add("year", DataType::Int32, false, "year; states are those of its day 365", "1");
        self
    }

    fn add(&mut self, name: &str, data_type: DataType, is_nullable: bool, long_name: &str, units: &str) {
        let metadata = [("long_name", long_name), ("units", units)];
        let metadata = metadata.into_iter().filter(|(_, text)| !text.is_empty());
        let metadata: HashMap<String, String> =
            metadata.map(|(key, text)| (key.to_owned(), text.to_owned())).collect();
        self.fields.push(Field::new(name, data_type, is_nullable).with_metadata(metadata));
        self.texts.push(None);
    }

    /// A day, or longer step, is called by the date on which it begins. With `of_steps` it is a step of the axis, which may begin within a
    /// day.
    fn day(
        &mut self,
        axis: &Axis,
        name: &str,
        long_name: &str,
        of_steps: bool,
        dates: impl FnOnce() -> Vec<String>,
    ) {
        let is_within = of_steps && axis.unit.step().is_within_a_day();
        let with_time = format!("{long_name}: the date on which it begins, at {}", axis.unit.time_of_day());
        let long_name = if is_within || axis.unit.is_midnight() { long_name } else { &with_time };
        if has_timestamps(axis) {
            self.add(name, DataType::Timestamp(TimeUnit::Millisecond, None), false, long_name, "");
            self.note("kind", if is_within { "moment" } else { "date" });
        } else {
            self.text(name, false, long_name, dates());
        }
        self.note("calendar", axis.unit.calendar().name());
    }

    fn text(&mut self, name: &str, is_nullable: bool, long_name: &str, texts: Vec<String>) {
        let keys = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        self.add(name, keys, is_nullable, long_name, "");
        if let Some(last) = self.texts.last_mut() {
            *last = Some(Texts::new(texts));
        }
    }

    /// Says one more thing of the last column.
    fn note(&mut self, name: &str, text: &str) {
        if let Some(field) = self.fields.last_mut() {
            let mut metadata = field.metadata().clone();
            metadata.insert(name.to_owned(), text.to_owned());
            field.set_metadata(metadata);
        }
    }

    fn table(self, plan: &Plan, kind: TableKind, key: Vec<&'static str>, title: &str) -> Table {
        let mut metadata = HashMap::from([
            ("title".to_owned(), format!("{title} of {}", plan.run.name)),
            ("gridloom_version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("calendar".to_owned(), plan.axis.unit.calendar().name().to_owned()),
        ]);
        if let Some(change) = &plan.settings.change {
            metadata.insert("change".to_owned(), change.to_string());
        }
        metadata.extend(plan.settings.attributes.clone());
        let schema = Arc::new(Schema::new(self.fields));
        let mut table = Table { kind, schema, key, texts: self.texts };
        let sorted_by: Vec<&str> = table.sorted_by().collect();
        if !sorted_by.is_empty() {
            metadata.insert("sorted_by".to_owned(), sorted_by.join(","));
        }
        table.schema = Arc::new(table.schema.as_ref().clone().with_metadata(metadata));
        table
    }
}

/// The cells of tables, in their order.
fn cells_of(plan: &Plan) -> Vec<Cell> {
    let mut cells: Vec<Cell> = plan.cells.iter().map(|planned| planned.cell).collect();
    cells.sort_unstable();
    cells
}

/// What is known of a layer: long name and units.
pub(super) fn names(plan: &Plan, layer: usize) -> (String, String) {
    let Some(layer) = plan.layers.get(layer) else { return Default::default() };
    let Some(info) = plan.settings.table.get(&layer.key) else { return (layer.name.clone(), String::new()) };
    let units = info.units.clone().unwrap_or_default();
    match layer.rows.and_then(|_| info.row(layer.row)) {
        Some(row) => (row.long_name, units),
        None => (info.long_name.clone(), units),
    }
}

/// Whether the values of a layer are means over their steps, and so count as long as these are.
pub(super) fn is_mean(plan: &Plan, layer: usize) -> bool {
    let info = plan.layers.get(layer).and_then(|layer| plan.settings.table.get(&layer.key));
    info.is_none_or(|info| info.cell_method == CellMethod::Mean)
}

/// A column of `daily` behind those of the cell and the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DayColumn {
    pub name: String,
    pub source: DaySource,
}

/// Where a column of `daily` comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DaySource {
    /// A layer.
    Layer(usize),
    /// The sum of all rows of a variable.
    Sum(std::ops::Range<usize>),
}

/// The columns of `daily` behind those of the cell and the day. Where all rows of a variable are selected, their sum
/// follows them.
pub(super) fn day_columns(plan: &Plan) -> Vec<DayColumn> {
    let mut columns = Vec::new();
    let mut first = 0;
    for (index, layer) in plan.layers.iter().enumerate() {
        columns.push(DayColumn { name: layer_name(plan, index), source: DaySource::Layer(index) });
        let next = plan.layers.get(index + 1);
        if next.is_none_or(|next| next.key != layer.key) {
            let count = index + 1 - first;
            // A sum that is asked for by its name is a layer by itself.
            let sum = format!("{}_sum", layer.name);
            let is_layer = plan.layers.iter().any(|one| one.row_name == sum);
            if layer.rows == Some(count) && layer.element.is_float() && !is_layer {
                let source = DaySource::Sum(first..index + 1);
                columns.push(DayColumn { name: sum, source });
            }
            first = index + 1;
        }
    }
    columns
}

/// The name of a layer: that of its variable, and the number of its row.
pub(super) fn layer_name(plan: &Plan, layer: usize) -> String {
    plan.layers.get(layer).map(|layer| layer.row_name.clone()).unwrap_or_default()
}

pub(super) fn daily(plan: &Plan, kind: TableKind, columns: &[DayColumn], by_period: bool) -> Table {
    let mut listed = Columns::new().cell(plan);
    if by_period {
        listed.period();
    }
    let days = 0..i64::from(plan.axis.days);
    let dates = || days.clone().map(|day| plan.axis.label(day).unwrap_or_default()).collect();
    let step = plan.axis.unit.step();
    let begin = match (step.is_day(), step.is_within_a_day()) {
        (true, _) => "day".to_owned(),
        (_, true) => format!("time at which the step of {} begins, in UTC", step.words()),
        _ => format!("first day of the step of {}", step.words()),
    };
    listed.day(&plan.axis, plan.axis.step_column(), &begin, true, dates);
    for DayColumn { name, source } in columns {
        match source {
            DaySource::Layer(index) => {
                let Some(layer) = plan.layers.get(*index) else { continue };
                let (long_name, units) = names(plan, *index);
                listed.add(name, type_of(layer.element), true, &long_name, &units);
                if layer.key != layer.name {
                    listed.note("dump_key", &layer.key);
                }
                let comment = plan.settings.table.get(&layer.key).and_then(|info| info.comment.as_deref());
                if let Some(comment) = comment.filter(|_| kind == TableKind::Change) {
                    listed.note("comment", comment);
                }
            }
            DaySource::Sum(layers) => {
                let Some(layer) = plan.layers.get(layers.start) else { continue };
                let (_, units) = names(plan, layers.start);
                let info = plan.settings.table.get(&layer.key);
                let long_name = info.map_or(layer.name.as_str(), |info| info.long_name.as_str());
                let long_name = format!("{long_name}, sum of all rows");
                listed.add(name, type_of(layer.element), true, &long_name, &units);
            }
        }
    }
    listed.table(
        plan,
        kind,
        match by_period {
            true => vec!["grid_y", "grid_x", "period", plan.axis.step_column()],
            false => vec!["grid_y", "grid_x", plan.axis.step_column()],
        },
        &match kind {
            TableKind::Change => "change between windows of time".to_owned(),
            _ => format!("{} series", step.adjective()),
        },
    )
}

pub(super) fn region(plan: &Plan, names: RegionTexts, by_period: bool) -> Table {
    let mut columns = Columns::new();
    columns.text("region", false, "region", names.regions);
    columns.text("variable", false, "variable", names.variables);
    match by_period {
        true => columns.period(),
        false => columns.day(&plan.axis, "start", "first day of the interval", false, || names.starts),
    }
    let noun = plan.axis.step_noun();
    let interval = if by_period { "period" } else { "interval" };
    let of_change = match plan.settings.change {
        Some(_) => "; of a change in percent that of the region's means; of a p-value nothing",
        None => "",
    };
    let covered = format!("{noun} of the {interval} that the time axis covers");
    columns.add(noun, DataType::Int32, false, &covered, "1");
    columns.add("complete", DataType::Boolean, false, &format!("whether that is all of the {interval}"), "");
    columns.add("cells", DataType::Int32, false, "cells with a value", "1");
    columns.add("area", DataType::Float64, false, "area of these cells", "m2");
    columns.add(
        "mean",
        DataType::Float64,
        true,
        &format!("area-weighted mean over cells of their means over the {interval}{of_change}"),
        "",
    );
    let sum = format!("sum over area of the cells' means over the {interval}");
    columns.add("sum", DataType::Float64, true, &sum, "");
    columns.add("minimum", DataType::Float64, true, "least of the cells' means", "");
    columns.add("maximum", DataType::Float64, true, "greatest of the cells' means", "");
    columns.add("std", DataType::Float64, true, "area-weighted standard deviation of the cells' means", "");
    columns.text("units", true, "units of mean, minimum, maximum and std", names.units);
    columns.text("sum_units", true, "units of sum", names.sum_units);
    let place = if by_period { "period" } else { "start" };
    columns.table(plan, TableKind::Region, vec!["region", "variable", place], "Means over regions")
}

/// The texts of `region`.
pub(super) struct RegionTexts {
    pub regions: Vec<String>,
    pub variables: Vec<String>,
    pub starts: Vec<String>,
    pub units: Vec<String>,
    pub sum_units: Vec<String>,
}

/// The name of a quantile's column.
pub(super) fn quantile_name(quantile: f64) -> String {
    let percent = format!("{:.4}", quantile * 100.0);
    format!("q{}", percent.trim_end_matches('0').trim_end_matches('.').replace('.', "_"))
}

pub(super) fn stats(
    plan: &Plan,
    quantiles: &[(String, f64)],
    variables: Vec<String>,
    units: Vec<String>,
    by_period: bool,
) -> Table {
    let mut columns = Columns::new().cell(plan);
    columns.text("variable", false, "variable", variables);
    if by_period {
        columns.period();
    }
    let noun = plan.axis.step_noun();
    let one = noun.trim_end_matches('s');
    let values = if one == "day" { "daily values" } else { "values of steps" };
    columns.add("month", DataType::Int32, false, &format!("month of the year, 0 for all {noun}"), "1");
    columns.add("count", DataType::Int64, false, &format!("{noun} with a value"), "1");
    columns.add(
        "missing",
        DataType::Int64,
        false,
        &format!("{noun} of {} without a value", if by_period { "the dump" } else { "the time axis" }),
        "1",
    );
    columns.add("mean", DataType::Float64, true, "mean", "");
    columns.add("std", DataType::Float64, true, "standard deviation (divided by count - 1)", "");
    columns.add("minimum", DataType::Float64, true, "minimum", "");
    columns.add("maximum", DataType::Float64, true, "maximum", "");
    for (name, quantile) in quantiles {
        let long_name = format!("quantile {quantile}, linear between neighbours");
        columns.add(name, DataType::Float64, true, &long_name, "");
    }
    columns.add(
        "trend",
        DataType::Float64,
        true,
        &format!("slope of the least-squares line through the {values}, per {one}"),
        "",
    );
    columns.text("units", true, &format!("units of the variable; of trend divided by {noun}"), units);
    columns.table(
        plan,
        TableKind::Stats,
        match by_period {
            true => vec!["grid_y", "grid_x", "variable", "period", "month"],
            false => vec!["grid_y", "grid_x", "variable", "month"],
        },
        "Statistics of series",
    )
}
