//! `gridloom.toml`: regions, attributes, variables and defaults of options.

use std::collections::BTreeMap;
use std::path::Path;

use crate::chunk::{Codec, Shape};
use crate::error::{Error, Result};
use crate::model::grid::{Bounds, Grid};
use crate::model::variables::VariableTable;
use crate::plan::selection::parse_periods;
use crate::plan::{Area, RowMode, Settings, resources};
use crate::run::gridlist;

use super::args::{GridArguments, LimitArguments, Rows};

/// What a configuration file may say.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Config {
    regions: BTreeMap<String, Bounds>,
    attributes: BTreeMap<String, String>,
    /// The table of variables and the model, in the form of the built-in one.
    variables: toml::Table,
    model: toml::Table,
    grid: Defaults,
}

/// Defaults of `gridloom grid`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Defaults {
    variables: Vec<String>,
    region: Option<String>,
    rows: Option<RowMode>,
    deflate: Option<u8>,
    zstd: Option<u8>,
    chunk: Option<[u32; 3]>,
    name: Option<String>,
    threads: Option<u16>,
    memory: Option<String>,
}

impl Config {
    /// Reads a file; without one, everything is as built in.
    pub(super) fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Config::default()) };
        let text = std::fs::read_to_string(path).map_err(|source| Error::io("read", path, source))?;
        let config: Config = toml::from_str(&text)
            .map_err(|error| Error::Config { path: path.to_owned(), reason: error.to_string() })?;
        config.table().map_err(|reason| Error::Config { path: path.to_owned(), reason })?;
        Ok(config)
    }

    /// The table of variables: the built-in one with what the file adds or replaces.
    fn table(&self) -> std::result::Result<VariableTable, String> {
        let table = VariableTable::caete();
        if self.variables.is_empty() && self.model.is_empty() {
            return Ok(table);
        }
        let mut own = toml::Table::new();
        own.insert("variables".to_owned(), self.variables.clone().into());
        own.insert("model".to_owned(), self.model.clone().into());
        let own = VariableTable::from_toml(&own.to_string()).map_err(|error| error.to_string())?;
        Ok(table.extended_by(own))
    }

    /// The table of variables; a file with a wrong one was refused when it was read.
    pub(super) fn table_or_default(&self) -> VariableTable {
        self.table().unwrap_or_else(|_| VariableTable::caete())
    }

    /// The grid that the run's indices count in.
    pub(super) fn grid(&self) -> Result<Grid> {
        let table = self.table_or_default();
        let resolution = table.model().resolution_degrees.unwrap_or(0.5);
        Grid::from_resolution(resolution).ok_or_else(|| {
            Error::selection("resolution_degrees", resolution, "does not divide the globe evenly")
        })
    }

    fn region(&self, name: &str) -> Result<Bounds> {
        const PAN_AMAZON: Bounds = Bounds { north: 10.5, south: -21.5, west: -80.0, east: -43.0 };
        match self.regions.get(name) {
            Some(bounds) => Ok(*bounds),
            None if name == "pan-amazon" => Ok(PAN_AMAZON),
            None => {
                let mut names: Vec<&str> = self.regions.keys().map(String::as_str).collect();
                names.push("pan-amazon");
                let reason = format!("no such region; there are {}", names.join(", "));
                Err(Error::selection("--region", name, reason))
            }
        }
    }

    /// The settings that a command line and this configuration give together; the command line wins.
    pub(super) fn settings(&self, arguments: &GridArguments) -> Result<Settings> {
        let grid = self.grid()?;
        let mut settings = Settings { table: self.table_or_default(), ..Settings::default() };
        settings.attributes = self.attributes.clone();
        let selection = &mut settings.selection;
        selection.variables = match arguments.variables.is_empty() {
            true => self.grid.variables.clone(),
            false => arguments.variables.clone(),
        };
        if let Some(periods) = &arguments.periods {
            selection.periods = parse_periods(periods)?;
        }
        selection.from = date("--from", arguments.from.as_deref())?;
        selection.to = date("--to", arguments.to.as_deref())?;
        let region = arguments.region.as_ref().or(self.grid.region.as_ref());
        selection.area = if let Some(text) = &arguments.bbox {
            Area::Bounds(bounds(text)?)
        } else if let Some(path) = &arguments.cells {
            Area::List(gridlist::read(path, grid)?)
        } else if arguments.global {
            Area::Global
        } else if let Some(name) = region {
            Area::Bounds(self.region(name)?)
        } else {
            Area::Cells
        };
        settings.rows = match arguments.rows {
            Some(Rows::Split) => RowMode::Split,
            Some(Rows::Dimension) => RowMode::Dimension,
            None => self.grid.rows.unwrap_or_default(),
        };
        let level = |option, level: u8, last: u8| match (1..=last).contains(&level) {
            true => Ok(level),
            false => Err(Error::selection(option, level, format!("levels are 1 to {last}"))),
        };
        settings.codec = match (arguments.deflate, arguments.zstd, arguments.no_compress) {
            (Some(level), _, _) => Codec::Deflate(level),
            (_, Some(level), _) => Codec::Zstd(level),
            (_, _, true) => Codec::None,
            _ => match (self.grid.zstd, self.grid.deflate) {
                (Some(zstd), _) => Codec::Zstd(level("zstd", zstd, 22)?),
                (None, Some(deflate)) => Codec::Deflate(level("deflate", deflate, 12)?),
                (None, None) => Codec::default(),
            },
        };
        settings.chunk = match &arguments.chunk {
            Some(text) => Some(shape(text)?),
            None => match self.grid.chunk {
                Some([days, rows, columns]) => Some(shape(&format!("{days},{rows},{columns}"))?),
                None => None,
            },
        };
        if let Some(name) = arguments.name.as_ref().or(self.grid.name.as_ref()) {
            settings.name.clone_from(name);
        }
        if let Some(threads) = arguments.work.threads.or(self.grid.threads) {
            settings.resources.threads = usize::from(threads.max(1));
        }
        let configured = match &self.grid.memory {
            Some(text) => Some(
                resources::parse_size(text)
                    .ok_or_else(|| Error::selection("memory", text, "wants a size such as 512MiB or 2GiB"))?,
            ),
            None => None,
        };
        if let Some(memory) = arguments.work.memory.or(configured) {
            settings.resources.memory = memory;
        }
        settings.limits = limits(&arguments.limits);
        Ok(settings)
    }
}

/// The limits of reading a dump.
pub(super) fn limits(arguments: &LimitArguments) -> crate::dump::Limits {
    let mut limits = crate::dump::Limits::default();
    if let Some(bytes) = arguments.max_decoded {
        limits.decoded_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    }
    if let Some(values) = arguments.max_values {
        limits.values = values;
    }
    limits
}

fn date(option: &'static str, text: Option<&str>) -> Result<Option<crate::model::calendar::Date>> {
    text.map(|text| text.parse().map_err(|_| Error::selection(option, text, "wants a date as YYYY-MM-DD")))
        .transpose()
}

fn bounds(text: &str) -> Result<Bounds> {
    let wrong = |reason: &str| Error::selection("--bbox", text, reason);
    let numbers: Option<Vec<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    let Some(&[north, south, west, east]) = numbers.as_deref() else {
        return Err(wrong("wants four numbers of degrees: N,S,W,E"));
    };
    let latitudes = [north, south].iter().all(|value| (-90.0..=90.0).contains(value));
    let longitudes = [west, east].iter().all(|value| (-360.0..=360.0).contains(value));
    if !latitudes || !longitudes || north < south {
        return Err(wrong("the order is N,S,W,E in degrees, north first"));
    }
    Ok(Bounds { north, south, west, east })
}

fn shape(text: &str) -> Result<Shape> {
    let wrong = |reason: &str| Error::selection("--chunk", text, reason);
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
mod tests {
    use super::*;

    #[test]
    fn boxes_and_shapes_that_make_no_sense_are_refused() {
        assert!(bounds("10.5,-21.5,-80,-43").is_ok());
        for text in ["", "1,2,3", "-21,10,-80,-43", "95,0,0,1", "a,b,c,d", "1,0,0,nan"] {
            assert!(bounds(text).is_err(), "{text}");
        }
        assert!(shape("1024,16,16").is_ok());
        for text in ["0,1,1", "1,1", "100000,1000,1000", "-1,1,1"] {
            assert!(shape(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_configuration_names_what_it_does_not_know() {
        let read = |text: &str| toml::from_str::<Config>(text);
        assert!(read("[regions.xingu]\nnorth = 1\nsouth = -1\nwest = 0\neast = 2\n").is_ok());
        let error = read("[grid]\ndeflat = 4\n").expect_err("a typing mistake");
        assert!(error.to_string().contains("deflat"), "{error}");
    }
}
