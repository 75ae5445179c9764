//! What a plan is made of beside the run: everything that outputs depend on, and what the machine gives.

use std::collections::BTreeMap;

use crate::builder::setters;
use crate::chunk::{Codec, Shape};
use crate::dump::Limits;
use crate::model::variables::VariableTable;
use crate::profile::Profile;

use super::comparison::Comparison;
use super::{ChunkLayout, DEFAULT_NAME, Format, NETCDF, Resources, SINGLE, Selection, Tables, format};

/// How variables of several rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowMode {
    /// A file and variable a row: `csoil_1`, `csoil_2`, …
    #[default]
    Split,
    /// One file with a dimension of rows: `[time, csoil_row, lat, lon]`.
    Dimension,
}

/// Everything that an output depends on beside the dumps, and what the machine gives.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Settings {
    /// What is wanted.
    pub selection: Selection,
    /// How rows are written.
    pub rows: RowMode,
    /// How chunks are compressed.
    pub codec: Codec,
    /// Whether chunks have a checksum of what is stored.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub checksum: bool,
    /// The shape of chunks; chosen by the layout where it is not given.
    pub chunk: Option<Shape>,
    /// For whom chunks are shaped.
    #[serde(default, skip_serializing_if = "ChunkLayout::is_default")]
    pub layout: ChunkLayout,
    /// The template of file names, with the fields `{variable}`, `{run}`, `{start}` and `{end}`.
    pub name: String,
    /// Long names, units and so on.
    pub table: VariableTable,
    /// Further global attributes, such as `institution`.
    pub attributes: BTreeMap<String, String>,
    /// What reading one dump may cost.
    pub limits: Limits,
    /// What gridded files are called, say and look like inside.
    #[serde(default, skip_serializing_if = "Profile::is_default")]
    pub profile: Profile,
    /// The forms of gridded files, which are also how their names end: what is made is made in each of them, in one pass.
    #[serde(rename = "format", default = "netcdf", skip_serializing_if = "is_netcdf", with = "format::list")]
    pub formats: Vec<Format>,
    /// Whether the daily grids are made.
    pub grids: bool,
    /// The tables that are made.
    pub tables: Option<Tables>,
    /// The files of grids that tables are made of, where they are not made of dumps.
    #[serde(default)]
    pub inputs: Vec<Input>,
    /// The windows of time that are compared, where the run is that comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Box<Comparison>>,
    /// Threads and memory: nothing in the outputs depends on them.
    #[serde(skip, default = "Resources::detect")]
    pub resources: Resources,
}

setters!(Settings {
    selection: Selection,
    rows: RowMode,
    codec: Codec,
    checksum: bool,
    chunk: Option<Shape>,
    layout: ChunkLayout,
    name: String,
    table: VariableTable,
    attributes: BTreeMap<String, String>,
    limits: Limits,
    profile: Profile,
    formats: Vec<Format>,
    grids: bool,
    tables: Option<Tables>,
    inputs: Vec<Input>,
    change: Option<Box<Comparison>>,
    resources: Resources,
});

impl Settings {
    /// Sets the only form of gridded files.
    #[must_use]
    pub fn format(self, format: Format) -> Self {
        self.formats(vec![format])
    }

    /// Has NetCDF put all variables that share their steps into one file, where it is one of the forms.
    #[must_use]
    pub fn in_one_file(mut self) -> Self {
        for format in self.formats.iter_mut().filter(|format| format.name() == NETCDF) {
            *format = Format::named(SINGLE);
        }
        self
    }

    /// Whether chunks of NetCDF have a checksum; other forms that share them leave it out.
    pub fn has_checksum(&self) -> bool {
        self.checksum && self.formats.iter().any(|format| [NETCDF, SINGLE].contains(&format.name()))
    }
}

fn yes() -> bool {
    true
}

fn is_yes(answer: &bool) -> bool {
    *answer
}

fn netcdf() -> Vec<Format> {
    vec![Format::named(NETCDF)]
}

fn is_netcdf(formats: &[Format]) -> bool {
    formats == netcdf()
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            selection: Selection::default(),
            rows: RowMode::default(),
            codec: Codec::default(),
            checksum: true,
            chunk: None,
            layout: ChunkLayout::default(),
            name: DEFAULT_NAME.to_owned(),
            table: VariableTable::caete(),
            attributes: BTreeMap::new(),
            limits: Limits::default(),
            profile: Profile::default(),
            formats: netcdf(),
            grids: true,
            tables: None,
            inputs: Vec::new(),
            change: None,
            resources: Resources::detect(),
        }
    }
}

/// A file of grids, as it was when it was opened.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Input {
    /// Where it is.
    pub path: String,
    /// Its bytes.
    pub bytes: u64,
    /// When it was changed last, in nanoseconds since 1970.
    pub modified: i64,
}

impl Settings {
    /// Whether periods may have the same dates: nothing that is made puts them on one axis.
    pub(crate) fn allows_repeats(&self) -> bool {
        self.tables.as_ref().is_some_and(|tables| tables.allows_repeats(self.grids))
    }
}
