//! `gridloom.toml`: regions, attributes, variables and defaults of options.

use std::collections::BTreeMap;
use std::path::Path;

use crate::mistake::{misconfigured, wrong};
use gridloom::Error;
use gridloom::chunk::{Codec, Shape};
use gridloom::dump::Limits;
use gridloom::model::grid::{Bounds, Grid};
use gridloom::model::variables::VariableTable;
use gridloom::plan::selection::parse_periods;
use gridloom::plan::tables::{Aggregate, Region, RegionCells, TableKind, Tables};
use gridloom::plan::{Area, ChunkLayout, RowMode, Settings, resources};

use super::args::{
    self, GridArguments, GridFormats, Layout, LimitArguments, Rows, RunArguments, SelectionArguments,
    TablesArguments, WorkArguments,
};

pub(super) mod builtin;
mod change;
mod check;
mod derived;
mod masks;
mod provenance;
mod tables;

use tables::TableDefaults;

/// What a configuration file may say.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Config {
    regions: BTreeMap<String, Bounds>,
    attributes: BTreeMap<String, String>,
    /// A state of the model, for more attributes.
    provenance: Option<std::path::PathBuf>,
    /// The table of variables and the model, in the form of the built-in one.
    variables: toml::Table,
    model: toml::Table,
    /// Names and units of traits.
    traits: toml::Table,
    /// Variables that formulas make, and units that variables are wanted in.
    derived: BTreeMap<String, derived::DerivedEntry>,
    units: BTreeMap<String, derived::UnitsEntry>,
    /// Masks by the names that they have as regions, and what true means in them.
    masks: BTreeMap<String, std::path::PathBuf>,
    true_is: Option<gridloom::mask::TrueIs>,
    /// Whether an option named the file, and not the run itself.
    #[serde(skip)]
    is_given: bool,
    #[serde(skip)]
    remarks: std::cell::RefCell<Vec<String>>,
    /// Names of cells, by the gridlist that selects them.
    #[serde(skip)]
    stations: std::cell::RefCell<BTreeMap<gridloom::model::grid::Cell, String>>,
    /// Daily grids, for `gridloom run`; defaults of `gridloom grid`.
    grid: Option<Defaults>,
    /// Tables, for `gridloom run`; defaults of `gridloom tables`.
    tables: Option<TableDefaults>,
    /// Aggregates of the grids, for `gridloom run`.
    aggregates: Vec<Aggregate>,
    /// What a change is measured from, for `gridloom run`; defaults of `--change`.
    change: Option<change::ChangeDefaults>,
    /// What files of records are; the library reads it.
    source: toml::Table,
}

/// Defaults of `gridloom grid`.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Defaults {
    variables: Vec<String>,
    periods: Option<String>,
    region: Option<String>,
    format: Option<GridFormats>,
    single: bool,
    rows: Option<RowMode>,
    deflate: Option<u8>,
    zstd: Option<u8>,
    checksum: Option<bool>,
    chunk: Option<[u32; 3]>,
    layout: Option<ChunkLayout>,
    name: Option<String>,
    threads: Option<u16>,
    memory: Option<String>,
}

impl Config {
    /// Reads a file; without one, everything is as built in.
    pub(super) fn read(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Config::default()) };
        let text = match builtin::find(path)? {
            Some(text) => text.to_owned(),
            None => gridloom::shared::read_text(path).map_err(|source| Error::io("read", path, source))?,
        };
        let wrong = |reason: String| misconfigured(path, reason);
        let config: Config =
            toml::from_str(&text).map_err(|error| wrong(check::explain(&error.to_string())))?;
        config.table().map_err(|reason| wrong(check::explain(&reason)))?;
        config.check().map_err(wrong)?;
        Ok(config)
    }

    /// Reads the file that an option names, or the description of records that the path of a run is.
    pub(super) fn of(option: Option<&Path>, run: &Path) -> anyhow::Result<Self> {
        let config = Self::read(option.or_else(|| gridloom::records::is_description(run).then_some(run)))?;
        Ok(Config { is_given: option.is_some(), ..config })
    }

    /// What another run goes by that this one is compared with, where that is something else: a description of records says what it is about its own.
    pub(super) fn of_reference(&self, path: &Path) -> anyhow::Result<Option<Self>> {
        if self.is_given { Ok(None) } else { Self::of(None, path).map(Some) }
    }

    /// The same, with what the command line says of all that a command makes.
    pub(super) fn for_run(
        option: Option<&Path>,
        run: &Path,
        wanted: &SelectionArguments,
        of_dumps: &LimitArguments,
    ) -> anyhow::Result<Self> {
        Ok(Self::of(option, run)?
            .with_derived(&wanted.derived)?
            .with_provenance(&wanted.provenance, of_dumps)?
            .with_masks(&wanted.masks))
    }

    /// The table of variables: the built-in one with what the file adds or replaces.
    fn table(&self) -> std::result::Result<VariableTable, String> {
        Ok(VariableTable::caete().extended_by(self.own_table()?))
    }

    /// What the file says of variables.
    fn own_table(&self) -> std::result::Result<VariableTable, String> {
        let mut own = toml::Table::new();
        own.insert("variables".to_owned(), self.variables.clone().into());
        own.insert("model".to_owned(), self.model.clone().into());
        own.insert("traits".to_owned(), self.traits.clone().into());
        VariableTable::from_toml(&own.to_string()).map_err(|error| error.to_string())
    }

    /// What a source knows of its variables, with what the file adds or replaces.
    pub(super) fn beside(&self, known: VariableTable) -> VariableTable {
        known.extended_by(self.own_table().unwrap_or_default())
    }

    /// The table of variables; a file with a wrong one was refused when it was read.
    pub(super) fn table_or_default(&self) -> VariableTable {
        self.table().unwrap_or_else(|_| VariableTable::caete())
    }

    /// The grid that the run's indices count in.
    pub(super) fn grid(&self) -> anyhow::Result<Grid> {
        let table = self.table_or_default();
        let resolution = table.model().resolution_degrees.unwrap_or(0.5);
        Grid::from_resolution(resolution)
            .ok_or_else(|| wrong("resolution_degrees", resolution, "does not divide the globe evenly"))
    }

    /// The area that a box, or the name of one, selects.
    pub(super) fn area(&self, bbox: Option<&str>, region: Option<&str>) -> anyhow::Result<Option<Area>> {
        if let Some(mask) =
            region.filter(|_| bbox.is_none()).map(|name| self.named_mask(name)).transpose()?.flatten()
        {
            return Ok(Some(Area::List(mask.cells())));
        }
        let named = || region.map(|name| self.region("--region", name)).transpose();
        let bounds = bbox.map(bounds).transpose()?;
        Ok(if let Some(bounds) = bounds { Some(bounds) } else { named()? }.map(Area::Bounds))
    }

    /// Global attributes.
    pub(super) fn attributes(&self) -> &BTreeMap<String, String> {
        &self.attributes
    }

    fn region(&self, option: &'static str, name: &str) -> anyhow::Result<Bounds> {
        match self.regions.get(name) {
            Some(bounds) => Ok(*bounds),
            None if name == "pan-amazon" => Ok(Bounds::PAN_AMAZON),
            None => {
                let mut names: Vec<&str> =
                    self.regions.keys().chain(self.masks.keys()).map(String::as_str).collect();
                names.push("pan-amazon");
                let there = if names.len() == 1 { "there is" } else { "there are" };
                let reason = format!("no such region; {there} {}", names.join(", "));
                Err(wrong(option, name, reason))
            }
        }
    }

    /// What is the same for all commands: selection, resources, limits. The command line wins.
    fn common(
        &self,
        wanted: &SelectionArguments,
        work: &WorkArguments,
        limits: &LimitArguments,
    ) -> anyhow::Result<Settings> {
        let defaults = self.defaults();
        let mut settings = Settings::default().table(self.table_or_default());
        settings.attributes = self.attributes.clone();
        let selection = &mut settings.selection;
        selection.variables = match wanted.variables.is_empty() {
            true => defaults.variables.clone(),
            false => wanted.variables.clone(),
        };
        if let Some(periods) = wanted.periods.as_ref().or(defaults.periods.as_ref()) {
            selection.periods = parse_periods(periods)?;
        }
        selection.from = date("--from", wanted.from.as_deref())?;
        selection.to = date("--to", wanted.last_day()?)?;
        let region = wanted.region.as_ref().or(defaults.region.as_ref());
        selection.area = if let Some(area) = self.area(wanted.bbox.as_deref(), None)? {
            area
        } else if let Some(path) = &wanted.masks.cells {
            let mask = self.mask(path)?;
            self.stations.replace(mask.stations.clone());
            Area::List(mask.cells())
        } else if wanted.global {
            Area::Global
        } else if let Some(area) = self.area(None, region.map(String::as_str))? {
            area
        } else {
            Area::Cells
        };
        if let Some(threads) = work.threads.or(defaults.threads) {
            settings.resources.threads = usize::from(threads);
        }
        let configured = match &defaults.memory {
            Some(text) => Some(resources::parse_size(text).ok_or_else(|| {
                wrong("memory", text, "wants a size such as 512MiB or 2GiB, below 1000000TB")
            })?),
            None => None,
        };
        if let Some(memory) = work.memory.or(configured) {
            settings.resources.memory = memory;
        }
        settings.limits = self::limits(limits);
        Ok(settings)
    }

    /// What the section `[grid]` says of files.
    fn grid_files(&self, settings: &mut Settings) -> anyhow::Result<()> {
        let defaults = self.defaults();
        let formats = defaults.format.as_ref().map(GridFormats::all).unwrap_or_default();
        *settings = args::with_forms(std::mem::take(settings), formats, defaults.single)?;
        settings.rows = defaults.rows.unwrap_or_default();
        settings.codec = match (defaults.zstd, defaults.deflate) {
            (Some(zstd), _) => Codec::Zstd(level("zstd", zstd, 22)?),
            (None, Some(deflate)) => Codec::Deflate(level("deflate", deflate, 12)?),
            (None, None) => Codec::default(),
        };
        settings.checksum = defaults.checksum.unwrap_or(true);
        if let Some([days, rows, columns]) = defaults.chunk {
            settings.chunk = Some(shape(&format!("{days},{rows},{columns}"))?);
        }
        settings.layout = defaults.layout.unwrap_or_default();
        if let Some(name) = &defaults.name {
            settings.name.clone_from(name);
        }
        Ok(())
    }

    fn defaults(&self) -> std::borrow::Cow<'_, Defaults> {
        match &self.grid {
            Some(defaults) => std::borrow::Cow::Borrowed(defaults),
            None => std::borrow::Cow::Owned(Defaults::default()),
        }
    }

    /// The settings that a command line and this configuration give together; the command line wins.
    pub(super) fn settings(&self, arguments: &GridArguments) -> anyhow::Result<Settings> {
        let mut settings = self.common(&arguments.selection, &arguments.work, &arguments.limits)?;
        self.grid_files(&mut settings)?;
        let defaults = self.defaults();
        let formats = match arguments.format.as_slice() {
            [] => defaults.format.as_ref().map(GridFormats::all).unwrap_or_default(),
            formats => formats,
        };
        let mut settings = args::with_forms(settings, formats, arguments.single || defaults.single)?;
        match arguments.rows {
            Some(Rows::Split) => settings.rows = RowMode::Split,
            Some(Rows::Dimension) => settings.rows = RowMode::Dimension,
            None => {}
        }
        match (arguments.deflate, arguments.zstd, arguments.no_compress) {
            (Some(level), _, _) => settings.codec = Codec::Deflate(level),
            (_, Some(level), _) => settings.codec = Codec::Zstd(level),
            (_, _, true) => settings.codec = Codec::None,
            _ => {}
        }
        if arguments.no_checksum {
            settings.checksum = false;
        }
        if let Some(text) = &arguments.chunk {
            settings.chunk = Some(shape(text)?);
        }
        if let Some(layout) = arguments.layout {
            settings.chunk = None;
            settings.layout = match layout {
                Layout::Series => ChunkLayout::Series,
                Layout::Map => ChunkLayout::Map,
                Layout::Both => ChunkLayout::Both,
            };
        }
        if let Some(name) = &arguments.name {
            settings.name.clone_from(name);
        }
        if let Some(every) = arguments.every {
            let mut aggregates: Vec<Aggregate> = Vec::new();
            for &stat in &arguments.stat {
                let one = Aggregate { every, stat };
                if !aggregates.contains(&one) {
                    aggregates.push(one);
                }
            }
            settings.grids = false;
            settings.tables = Some(Tables::default().kinds(Vec::new()).aggregates(aggregates));
        }
        change::put(self, &arguments.selection, false, &mut settings)?;
        Ok(settings)
    }

    /// The settings of `gridloom tables`.
    pub(super) fn table_settings(&self, arguments: &TablesArguments) -> anyhow::Result<Settings> {
        let mut settings = self.common(&arguments.selection, &arguments.work, &arguments.limits)?;
        self.grid_files(&mut settings)?;
        settings.rows = RowMode::Split;
        settings.grids = false;
        let wanted = self.tables.clone().unwrap_or_default().with(arguments);
        wanted.check_use(arguments)?;
        let tables = self.tables_of(&wanted, &arguments.mask, &settings.limits)?;
        let is_made = tables.kinds.contains(&TableKind::Change);
        if let (Some(every), true) = (arguments.every, is_made || arguments.selection.change.is_wanted()) {
            return Err(wrong("--every", every, "a change has one interval, its window"));
        }
        settings.tables = Some(tables);
        change::put(self, &arguments.selection, is_made, &mut settings)?;
        Ok(settings)
    }

    /// The settings of `gridloom run`: all that the file names.
    pub(super) fn run_settings(&self, arguments: &RunArguments) -> anyhow::Result<Settings> {
        let mut settings = self.common(&arguments.selection, &arguments.work, &arguments.limits)?;
        self.grid_files(&mut settings)?;
        settings.grids = self.grid.is_some();
        let mut wanted = self.tables.clone();
        if let Some(years) = &arguments.years {
            let reason = "the configuration names no tables that have years";
            let wanted = wanted.as_mut().ok_or_else(|| wrong("--years", years, reason))?;
            wanted.set_years(years)?;
        }
        let mut tables = match &wanted {
            Some(wanted) => Some(self.tables_of(wanted, &[], &settings.limits)?),
            None => None,
        };
        if !self.aggregates.is_empty() {
            let none = || Tables::default().kinds(Vec::new());
            tables.get_or_insert_with(none).aggregates.clone_from(&self.aggregates);
        }
        if !settings.grids && tables.is_none() {
            let reason = "it names nothing to make; it needs a section [grid], [tables] or [[aggregates]]";
            return Err(misconfigured(&arguments.config, reason));
        }
        settings.tables = tables;
        change::put(self, &arguments.selection, self.change.is_some(), &mut settings)?;
        Ok(settings)
    }

    fn tables_of(
        &self,
        wanted: &TableDefaults,
        masks: &[std::path::PathBuf],
        limits: &Limits,
    ) -> anyhow::Result<Tables> {
        let mut regions = Vec::new();
        for name in &wanted.regions {
            let cells = match (name.as_str(), self.named_mask(name)?) {
                ("all", _) => RegionCells::All,
                // A name of several regions stands for each of them.
                (_, Some(mask)) if mask.regions.len() > 1 => {
                    Self::add_regions(&mut regions, mask)?;
                    continue;
                }
                (_, Some(mask)) => RegionCells::Mask(mask.cells()),
                (name, None) => RegionCells::Bounds(self.region("--regions", name)?),
            };
            regions.push(Region { name: name.clone(), cells });
        }
        for path in masks.iter().chain(&wanted.masks) {
            Self::add_regions(&mut regions, self.mask(path)?)?;
        }
        let mut tables = wanted.tables(regions)?.stations(self.stations.take());
        if let Some(path) =
            wanted.traits.as_ref().filter(|_| tables.kinds.iter().any(|kind| kind.has_traits()))
        {
            tables.traits = Some(gridloom::caete::read_traits(path, limits, &self.table_or_default())?);
        }
        Ok(tables)
    }
}

fn level(option: &'static str, level: u8, last: u8) -> anyhow::Result<u8> {
    match (1..=last).contains(&level) {
        true => Ok(level),
        false => Err(wrong(option, level, format!("levels are 1 to {last}"))),
    }
}

/// The limits of reading a dump.
pub(super) fn limits(arguments: &LimitArguments) -> gridloom::dump::Limits {
    let mut limits = gridloom::dump::Limits::default();
    if let Some(bytes) = arguments.max_decoded {
        limits.decoded_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    }
    if let Some(values) = arguments.max_values {
        limits.values = values;
    }
    limits
}

fn date(option: &'static str, text: Option<&str>) -> anyhow::Result<Option<gridloom::model::calendar::Date>> {
    text.map(|text| text.parse().map_err(|_| wrong(option, text, "wants a date as YYYY-MM-DD"))).transpose()
}

fn bounds(text: &str) -> anyhow::Result<Bounds> {
    let wrong = |reason: &str| wrong("--bbox", text, reason);
    let numbers: Option<Vec<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    let Some(&[north, south, west, east]) = numbers.as_deref() else {
        return Err(wrong("wants four numbers of degrees: N,S,W,E"));
    };
    // A value that is not a number is in no range.
    for (name, value, limit) in
        [("north", north, 90.0), ("south", south, 90.0), ("west", west, 360.0), ("east", east, 360.0)]
    {
        if !(-limit..=limit).contains(&value) {
            return Err(wrong(&format!("{name} is {value}, not from -{limit} to {limit} degrees")));
        }
    }
    if north < south {
        let reason =
            format!("north is {north}, below south, {south}; the order is N,S,W,E in degrees, north first");
        return Err(wrong(&reason));
    }
    Ok(Bounds { north, south, west, east })
}

fn shape(text: &str) -> anyhow::Result<Shape> {
    let wrong = |reason: &str| wrong("--chunk", text, reason);
    let numbers: Option<Vec<u32>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    let Some(&[days, rows, columns]) = numbers.as_deref() else {
        return Err(wrong("wants three numbers: days, rows, columns"));
    };
    let elements = u64::from(days).saturating_mul(u64::from(rows) * u64::from(columns));
    // HDF5 counts the bytes of a chunk in 32 bits; far smaller ones are already unwieldy.
    if !(1..=1 << 26).contains(&elements) {
        return Err(wrong("a chunk holds 1 to 67,108,864 values"));
    }
    Ok(Shape { days, rows, columns })
}

#[cfg(test)]
mod tests;
