//! Settings as Python gives them, and what they are in the library.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gridloom::chunk::{Codec, Shape};
use gridloom::derive::{Change, Entry, extended};
use gridloom::dump::Limits;
use gridloom::mask::TrueIs;
use gridloom::model::grid::{Bounds, Cell, Grid};
use gridloom::model::variables::VariableTable;
use gridloom::plan::resources::parse_size;
use gridloom::plan::selection::parse_periods;
use gridloom::plan::tables::{Aggregate, Names, Partition, Region, TableKind, Tables};
use gridloom::plan::{Area, ChunkLayout, Format, Resources, RowMode, Settings};
use gridloom::run::Run;
use gridloom::{Argument, Error, Stat, Step};
use pyo3::PyResult;
use pyo3::exceptions::PyTypeError;
use serde::Deserialize;

/// What of a run is wanted, and how it is made.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Wanted {
    variables: Vec<String>,
    periods: Option<String>,
    start: Option<String>,
    stop: Option<String>,
    r#box: Option<[f64; 4]>,
    cells: Option<Vec<[u32; 2]>>,
    gridlist: Option<PathBuf>,
    whole_globe: bool,
    rows: Option<RowMode>,
    format: Vec<String>,
    single: bool,
    layout: Option<ChunkLayout>,
    chunk: Option<[u32; 3]>,
    deflate: Option<u8>,
    zstd: Option<u8>,
    compress: Option<bool>,
    checksum: Option<bool>,
    name: Option<String>,
    attributes: BTreeMap<String, String>,
    every: Option<String>,
    stat: Vec<String>,
    derive: BTreeMap<String, Said<Entry>>,
    units: BTreeMap<String, Said<Change>>,
    true_is: Option<TrueIs>,
    tables: Option<Vec<String>>,
    table_format: Option<String>,
    partition: Option<Partition>,
    per_cell: bool,
    by_month: bool,
    quantiles: Vec<f64>,
    masks: Vec<PathBuf>,
    traits: Option<PathBuf>,
    by_period: bool,
    equilibrium: Option<f64>,
    names: Names,
    metadata: bool,
    pub threads: Option<usize>,
    memory: Option<Size>,
}

/// A formula or units alone, or with what else is said of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Said<T> {
    Text(String),
    Whole(T),
}

impl<T: Clone> Said<T> {
    fn whole(&self, of_text: impl Fn(String) -> T) -> T {
        match self {
            Said::Text(text) => of_text(text.clone()),
            Said::Whole(whole) => whole.clone(),
        }
    }
}

/// A size of memory.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Size {
    Bytes(u64),
    Words(String),
}

/// Settings from a text of JSON.
pub(crate) fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> PyResult<T> {
    serde_json::from_str(text).map_err(|error| {
        // The place in the text is that of nothing that a user wrote.
        let words = error.to_string();
        let words = words.split(" at line ").next().unwrap_or_default();
        PyTypeError::new_err(words.to_owned())
    })
}

fn wrong(argument: Argument, value: impl ToString, reason: &str) -> Error {
    Error::selection(argument, value, reason)
}

impl Wanted {
    /// Threads and memory.
    pub fn resources(&self) -> gridloom::Result<Resources> {
        let mut resources = Resources::detect();
        resources.threads = self.threads();
        let hint = "wants a size such as 512MiB or 2GiB";
        resources.memory = match &self.memory {
            None => resources.memory,
            Some(Size::Bytes(bytes)) => *bytes,
            Some(Size::Words(text)) => parse_size(text).ok_or_else(|| wrong(Argument::Memory, text, hint))?,
        };
        Ok(resources)
    }

    /// How many threads work.
    pub fn threads(&self) -> usize {
        self.threads.map_or_else(|| Resources::detect().threads, |threads| threads.clamp(1, 4096))
    }

    /// Which cells of a grid.
    pub fn area(&self, grid: Grid) -> gridloom::Result<Area> {
        let said = [self.r#box.is_some(), self.cells.is_some(), self.gridlist.is_some(), self.whole_globe];
        if said.iter().filter(|said| **said).count() > 1 {
            return Err(wrong(
                Argument::SelectedArea,
                "",
                "box, cells, gridlist and whole_globe exclude each other",
            ));
        }
        if let Some([north, south, west, east]) = self.r#box {
            let is_sound = (-90.0..=90.0).contains(&south)
                && (south..=90.0).contains(&north)
                && [west, east].iter().all(|one| (-360.0..=360.0).contains(one));
            let text = format!("{north}, {south}, {west}, {east}");
            return match is_sound {
                true => Ok(Area::Bounds(Bounds { north, south, west, east })),
                false => Err(wrong(Argument::Area, text, "wants north, south, west and east in degrees")),
            };
        }
        if let Some(cells) = &self.cells {
            return Ok(Area::List(cells.iter().map(|&[row, column]| Cell { row, column }).collect()));
        }
        match &self.gridlist {
            Some(path) => Ok(Area::List(gridloom::mask::read(path, grid, self.true_is)?.cells())),
            None if self.whole_globe => Ok(Area::Global),
            None => Ok(Area::Cells),
        }
    }

    /// The settings of a run's products.
    pub fn settings(&self, run: &Run) -> gridloom::Result<Settings> {
        self.settings_on(run.grid, run.source().variables())
    }

    /// The settings of products of cells on a grid, of which more may be known than the model's table has.
    pub fn settings_on(
        &self,
        grid: Grid,
        known: Option<gridloom::model::variables::VariableTable>,
    ) -> gridloom::Result<Settings> {
        let mut settings = Settings::default();
        if let Some(known) = known {
            settings.table = known;
        }
        let entries = self.derive.iter().map(|(name, entry)| (name.clone(), entry.whole(Entry::of)));
        let change = |units| Change { units, calendar: false };
        let units = self.units.iter().map(|(name, units)| (name.clone(), units.whole(change)));
        settings.table = extended(settings.table, &entries.collect(), &units.collect())?;
        let date = |argument: Argument, text: &Option<String>| {
            let parse =
                |text: &String| text.parse().map_err(|_| wrong(argument, text, "wants a date as YYYY-MM-DD"));
            text.as_ref().map(parse).transpose()
        };
        let selection = &mut settings.selection;
        selection.variables.clone_from(&self.variables);
        selection.periods = self.periods.as_deref().map(parse_periods).transpose()?.unwrap_or_default();
        selection.from = date(Argument::From, &self.start)?;
        selection.to = date(Argument::To, &self.stop)?;
        selection.area = self.area(grid)?;
        settings.rows = self.rows.unwrap_or_default();
        if !self.format.is_empty() {
            settings.formats = self.format.iter().map(|name| Format::named(ending(name))).collect();
        }
        if self.single {
            settings = settings.in_one_file();
        }
        settings.layout = self.layout.unwrap_or_default();
        settings.chunk = self.chunk.map(|[days, rows, columns]| Shape { days, rows, columns });
        settings.codec = match (self.deflate, self.zstd, self.compress) {
            (None, None, Some(false)) => Codec::None,
            (Some(level @ 1..=12), None, _) => Codec::Deflate(level),
            (None, Some(level @ 1..=22), _) => Codec::Zstd(level),
            (None, None, _) => Codec::default(),
            (Some(level), None, _) => {
                return Err(wrong(Argument::Codec, level, "deflate has the levels 1 to 12"));
            }
            (None, Some(level), _) => {
                return Err(wrong(Argument::Codec, level, "zstd has the levels 1 to 22"));
            }
            (Some(_), Some(_), _) => {
                return Err(wrong(Argument::Codec, "", "deflate and zstd exclude each other"));
            }
        };
        settings.checksum = self.checksum.unwrap_or(true);
        if let Some(name) = &self.name {
            settings.name.clone_from(name);
        }
        settings.attributes.clone_from(&self.attributes);
        settings.resources = self.resources()?;
        settings.tables = self.tables(grid)?;
        settings.grids = settings.tables.is_none();
        Ok(settings)
    }

    fn tables(&self, grid: Grid) -> gridloom::Result<Option<Tables>> {
        let every = |text: &String| {
            text.parse::<Step>().map_err(|error| wrong(Argument::Every, text, &error.to_string()))
        };
        let stat = |text: &String| {
            text.parse::<Stat>().map_err(|error| wrong(Argument::Stat, text, &error.to_string()))
        };
        let step = self.every.as_ref().map(every).transpose()?;
        let Some(names) = &self.tables else {
            let stats = self.stat.iter().map(stat).collect::<gridloom::Result<Vec<Stat>>>()?;
            return match (step, stats.as_slice()) {
                (None, []) => Ok(None),
                (Some(_), []) => {
                    Err(wrong(Argument::Stat, "", "is needed with every: mean, sum, min, max or std"))
                }
                (None, [..]) => {
                    Err(wrong(Argument::Every, "", "is needed with stat: day, month, season or year"))
                }
                (Some(every), stats) => {
                    let mut aggregates: Vec<Aggregate> = Vec::new();
                    for &stat in stats {
                        let one = Aggregate { every, stat };
                        if !aggregates.contains(&one) {
                            aggregates.push(one);
                        }
                    }
                    Ok(Some(Tables::default().kinds(Vec::new()).aggregates(aggregates)))
                }
            };
        };
        let mut tables = Tables::default();
        if !names.is_empty() {
            tables.kinds = TableKind::parse_list(names)?;
        }
        if let Some(name) = &self.table_format {
            tables.format = match name.split_once('.') {
                Some((name, packing)) => Format::packed(name.to_owned(), packing.to_owned()),
                None if name == "csv" => Format::packed("csv", "plain"),
                None => Format::named(name.clone()),
            };
        }
        tables.partition = self.partition;
        tables.per_cell = self.per_cell;
        tables.by_month = self.by_month;
        tables.by_period = self.by_period;
        tables.equilibrium = self.equilibrium.unwrap_or(tables.equilibrium);
        (tables.names, tables.metadata) = (self.names, self.metadata);
        tables.every = step.unwrap_or(tables.every);
        if !self.quantiles.is_empty() {
            tables.quantiles.clone_from(&self.quantiles);
        }
        for path in &self.masks {
            for region in gridloom::mask::read(path, grid, self.true_is)?.regions {
                let cells = gridloom::plan::tables::RegionCells::Mask(region.cells);
                tables.regions.push(Region { name: region.name, cells });
            }
        }
        if let Some(path) = &self.traits {
            let known = VariableTable::caete();
            tables.traits = Some(gridloom::caete::read_traits(path, &Limits::default(), &known)?);
        }
        Ok(Some(tables))
    }
}

/// The name of a form by the word that users have for it.
fn ending(name: &str) -> String {
    match name {
        "netcdf" => "nc".to_owned(),
        other => other.to_owned(),
    }
}
