//! Settings as Python gives them, and what they are in the library.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use gridloom::chunk::{Codec, Shape};
use gridloom::derive::{Change, Entry, extended};
use gridloom::dump::Limits;
use gridloom::mask::{Mask, TrueIs};
use gridloom::model::grid::{Bounds, Cell, Grid};
use gridloom::model::variables::VariableTable;
use gridloom::observer::Observer;
use gridloom::plan::resources::parse_size;
use gridloom::plan::selection::parse_periods;
use gridloom::plan::tables::{
    Aggregate, Names, Partition, Region, RegionCells, TableKind, TableSetting, Tables,
};
use gridloom::plan::{Area, ChunkLayout, Format, Resources, RowMode, Settings};
use gridloom::profile::{Profile, ProfileChange};
use gridloom::run::Run;
use gridloom::{Argument, Date, Error, Stat, Step};
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
    region: Option<String>,
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
    /// A state of the model that says where outputs come from.
    provenance: Option<PathBuf>,
    profile: Option<SaidProfile>,
    pub every: Option<String>,
    stat: Vec<String>,
    derive: BTreeMap<String, Said<Entry>>,
    units: BTreeMap<String, Said<Change>>,
    /// Whether years and months in units are those of the run's calendar.
    calendar_units: bool,
    true_is: Option<TrueIs>,
    tables: Option<Vec<String>>,
    table_format: Option<String>,
    /// Daily grids beside the tables.
    grids: bool,
    /// Grids of one value an interval beside them: interval and statistic.
    aggregates: Vec<(String, String)>,
    partition: Option<Partition>,
    per_cell: bool,
    years: Option<String>,
    /// Names, and the box that each is where it is no known one.
    regions: Vec<(String, Option<[f64; 4]>)>,
    by_month: bool,
    quantiles: Vec<f64>,
    masks: Vec<PathBuf>,
    traits: Option<PathBuf>,
    by_period: bool,
    equilibrium: Option<f64>,
    pub reference_start: Option<String>,
    pub reference_stop: Option<String>,
    pub reference: Option<PathBuf>,
    pub least: Option<f64>,
    names: Names,
    metadata: bool,
    pub threads: Option<usize>,
    memory: Option<Size>,
    max_decoded: Option<Size>,
    max_values: Option<usize>,
    /// What is to be told of the masks that were read.
    #[serde(skip)]
    pub remarks: Remarks,
}

/// What is to be told of what was read for settings.
#[derive(Debug, Default)]
pub(crate) struct Remarks(Mutex<Vec<String>>);

impl Clone for Remarks {
    fn clone(&self) -> Self {
        Remarks::default()
    }
}

impl Remarks {
    /// Tells whoever watches.
    pub fn tell(&self, observer: &dyn Observer) {
        let remarks = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        remarks.into_iter().for_each(|remark| observer.note(&remark.into()));
    }
}

/// A profile by its name, or in what it differs from one.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "serde_json::Value")]
enum SaidProfile {
    Name(String),
    Change(Box<ProfileChange>),
}

impl TryFrom<serde_json::Value> for SaidProfile {
    type Error = String;

    /// Names what of a profile is wrong.
    fn try_from(said: serde_json::Value) -> Result<Self, String> {
        match said {
            serde_json::Value::String(name) => Ok(SaidProfile::Name(name)),
            change => match serde_json::from_value(change) {
                Ok(change) => Ok(SaidProfile::Change(Box::new(change))),
                Err(error) => Err(format!("profile: {error}")),
            },
        }
    }
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

pub(crate) fn wrong(argument: Argument, value: impl ToString, reason: &str) -> Error {
    Error::selection(argument, value, reason)
}

/// A date, where one is said.
pub(crate) fn date(argument: Argument, text: &Option<String>) -> gridloom::Result<Option<Date>> {
    let parse = |text: &String| text.parse().map_err(|_| wrong(argument, text, "wants a date as YYYY-MM-DD"));
    text.as_ref().map(parse).transpose()
}

impl Wanted {
    /// Threads and memory.
    pub fn resources(&self) -> gridloom::Result<Resources> {
        let mut resources = Resources::detect();
        resources.threads = self.threads();
        if let Some(memory) = &self.memory {
            resources.memory = memory.bytes(Argument::Memory)?;
        }
        Ok(resources)
    }

    /// What is refused of a dump.
    pub fn limits(&self) -> gridloom::Result<Limits> {
        let mut limits = Limits::default();
        if let Some(size) = &self.max_decoded {
            limits.decoded_bytes = usize::try_from(size.bytes(Argument::Size)?).unwrap_or(usize::MAX);
        }
        limits.values = self.max_values.unwrap_or(limits.values);
        match limits.decoded_bytes.min(limits.values) {
            0 => Err(wrong(Argument::Size, 0, "max_decoded and max_values are above 0")),
            _ => Ok(limits),
        }
    }

    /// A mask or list of cells; what is to be told of it is kept.
    fn mask(&self, path: &Path, grid: Grid) -> gridloom::Result<Mask> {
        let mask = gridloom::mask::read(path, grid, self.true_is)?;
        let empty = mask.regions.iter().filter(|region| region.cells.is_empty());
        let empty = empty.map(|region| format!("region {}: no cell's centre is inside", region.name));
        let mut remarks = self.remarks.0.lock().unwrap_or_else(PoisonError::into_inner);
        remarks.extend(mask.remarks.iter().cloned().chain(empty));
        Ok(mask)
    }

    /// How many threads work.
    pub fn threads(&self) -> usize {
        self.threads.map_or_else(|| Resources::detect().threads, |threads| threads.clamp(1, 4096))
    }

    /// Which cells of a grid.
    pub fn area(&self, grid: Grid) -> gridloom::Result<Area> {
        let said = [
            self.r#box.is_some(),
            self.region.is_some(),
            self.cells.is_some(),
            self.gridlist.is_some(),
            self.whole_globe,
        ];
        if said.iter().filter(|said| **said).count() > 1 {
            let reason = "box, region, cells, gridlist and whole_globe exclude each other";
            return Err(wrong(Argument::SelectedArea, "", reason));
        }
        if let Some(edges) = self.r#box {
            return bounds(Argument::Area, edges).map(Area::Bounds);
        }
        if let Some(name) = &self.region {
            return known_region(name).map(Area::Bounds);
        }
        if let Some(cells) = &self.cells {
            return Ok(Area::List(cells.iter().map(|&[row, column]| Cell { row, column }).collect()));
        }
        match &self.gridlist {
            Some(path) => Ok(Area::List(self.mask(path, grid)?.cells())),
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
        let calendar = self.calendar_units;
        let formula = |text| Entry { calendar, ..Entry::of(text) };
        let entries = self.derive.iter().map(|(name, entry)| (name.clone(), entry.whole(formula)));
        let change = |units| Change { units, calendar };
        let units = self.units.iter().map(|(name, units)| (name.clone(), units.whole(change)));
        settings.table = extended(settings.table, &entries.collect(), &units.collect())?;
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
        if let Some(path) = &self.provenance {
            let origin = gridloom::caete::state::origin(path, &self.limits()?)?;
            for (name, words) in origin.attributes {
                settings.attributes.entry(name).or_insert(words);
            }
            self.remarks.0.lock().unwrap_or_else(PoisonError::into_inner).extend(origin.remark);
        }
        let is_no_profile = |name: &str, reason: String| wrong(Argument::Profile, name, &reason);
        settings.profile = match &self.profile {
            None => Profile::default(),
            Some(SaidProfile::Name(name)) => {
                Profile::named(name).map_err(|reason| is_no_profile(name, reason))?
            }
            Some(SaidProfile::Change(change)) => {
                let name = change.name.as_deref().unwrap_or_default();
                Profile::default().changed_by(change).map_err(|reason| is_no_profile(name, reason))?
            }
        };
        settings.limits = self.limits()?;
        settings.resources = self.resources()?;
        settings.tables = self.tables(grid)?;
        settings.grids = self.grids || settings.tables.is_none();
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
        let mut aggregates: Vec<Aggregate> = Vec::new();
        let mut add = |every: Step, stat: Stat| {
            let one = Aggregate { every, stat };
            if !aggregates.contains(&one) {
                aggregates.push(one);
            }
        };
        for (interval, name) in &self.aggregates {
            add(every(interval)?, stat(name)?);
        }
        let Some(names) = &self.tables else {
            match (step, self.stat.as_slice()) {
                (None, []) => {}
                (Some(_), []) => {
                    return Err(wrong(
                        Argument::Stat,
                        "",
                        "is needed with every: mean, sum, min, max or std",
                    ));
                }
                (None, [..]) => {
                    let reason = "is needed with stat: day, month, season or year";
                    return Err(wrong(Argument::Every, "", reason));
                }
                (Some(every), stats) => {
                    for name in stats {
                        add(every, stat(name)?);
                    }
                }
            }
            let none = || Tables::default().kinds(Vec::new());
            return Ok((!aggregates.is_empty()).then(|| none().aggregates(aggregates)));
        };
        let mut tables = Tables::default().aggregates(aggregates);
        if !names.is_empty() {
            tables.kinds = TableKind::parse_list(names)?;
        } else if self.is_change() {
            tables.kinds = vec![TableKind::Change];
        }
        self.refuse_unused(&tables.kinds)?;
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
        tables.years = self.years.as_deref().map(Tables::parse_years).transpose()?.unwrap_or_default();
        for (name, edges) in &self.regions {
            let cells = match (edges, name.as_str()) {
                (Some(edges), _) => RegionCells::Bounds(bounds(Argument::Regions, *edges)?),
                (None, "all") => RegionCells::All,
                (None, name) => RegionCells::Bounds(known_region(name)?),
            };
            tables.regions.push(Region { name: name.clone(), cells });
        }
        for path in &self.masks {
            for region in self.mask(path, grid)?.regions {
                tables.regions.push(Region { name: region.name, cells: RegionCells::Mask(region.cells) });
            }
        }
        if let Some(path) = &self.gridlist {
            tables.stations = gridloom::mask::read(path, grid, self.true_is)?.stations;
        }
        if let Some(path) = &self.traits {
            let known = VariableTable::caete();
            tables.traits = Some(gridloom::caete::read_traits(path, &self.limits()?, &known)?);
        }
        Ok(Some(tables))
    }
}

impl Wanted {
    /// Refuses what is said of tables that are not made.
    fn refuse_unused(&self, kinds: &[TableKind]) -> gridloom::Result<()> {
        let refuse = |name: &str, reason: &str| {
            let asked: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            Err(wrong(Argument::Tables, asked.join(","), &format!("{name} {reason}")))
        };
        if !self.stat.is_empty() {
            return refuse("stat", "is for grids");
        }
        for (name, is_given, setting) in [
            ("every", self.every.is_some(), TableSetting::Every),
            ("regions", !self.regions.is_empty(), TableSetting::Regions),
            ("masks", !self.masks.is_empty(), TableSetting::Regions),
            ("by_month", self.by_month, TableSetting::ByMonth),
            ("quantiles", !self.quantiles.is_empty(), TableSetting::Quantiles),
            ("by_period", self.by_period, TableSetting::ByPeriod),
            ("equilibrium", self.equilibrium.is_some(), TableSetting::Equilibrium),
            ("traits", self.traits.is_some(), TableSetting::Traits),
            ("names", self.names == Names::Upstream, TableSetting::Names),
            ("years", self.years.is_some(), TableSetting::Years),
        ] {
            if let Some(reason) = setting.vain(kinds).filter(|_| is_given) {
                return refuse(name, &reason);
            }
        }
        if self.by_period && self.every.is_some() && kinds.contains(&TableKind::Region) {
            return refuse(
                "every",
                "does not go with by_period: the intervals of region are then the periods",
            );
        }
        Ok(())
    }
}

impl Size {
    fn bytes(&self, argument: Argument) -> gridloom::Result<u64> {
        match self {
            Size::Bytes(bytes) => Ok(*bytes),
            Size::Words(text) => {
                parse_size(text).ok_or_else(|| wrong(argument, text, "wants a size such as 512MiB or 2GiB"))
            }
        }
    }
}

/// A box.
fn bounds(argument: Argument, [north, south, west, east]: [f64; 4]) -> gridloom::Result<Bounds> {
    let is_sound = (-90.0..=90.0).contains(&south)
        && (south..=90.0).contains(&north)
        && [west, east].iter().all(|one| (-360.0..=360.0).contains(one));
    let text = format!("{north}, {south}, {west}, {east}");
    match is_sound {
        true => Ok(Bounds { north, south, west, east }),
        false => Err(wrong(argument, text, "wants north, south, west and east in degrees")),
    }
}

/// A box by the name that gridloom knows it by.
fn known_region(name: &str) -> gridloom::Result<Bounds> {
    match name {
        "pan-amazon" => Ok(Bounds::PAN_AMAZON),
        _ => Err(wrong(Argument::Regions, name, "no such region; there is pan-amazon, and boxes and masks")),
    }
}

/// The name of a form by the word that users have for it.
fn ending(name: &str) -> String {
    match name {
        "netcdf" => "nc".to_owned(),
        other => other.to_owned(),
    }
}
