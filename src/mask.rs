//! Masks: files that say which cells belong to a region, or to which of several.
//!
//! | file | cells | names |
//! |---|---|---|
//! | CSV | a [gridlist] | the file's |
//! | `.npy` | an array of the globe, rows from north to south, columns from 180° W | of whole numbers those of labels |
//! | NetCDF | a variable over latitude and longitude | `flag_meanings`, or the labels |
//! | GeoJSON | those whose centres lie in a polygon | the features' |
//!
//! A cell has the value of the mask at its centre, whatever the mask's own grid is. `FILE#NAME` is one region, or one variable, of a file, `FILE#VARIABLE#NAME` a region of a variable.
//!
//! ```no_run
//! # use gridloom::{mask, model::grid::Grid};
//! let grid = Grid::from_resolution(0.5).unwrap();
//! let mask = mask::read("basins.geojson", grid, None)?;
//! for region in &mask.regions {
//!     println!("{}: {} cells", region.name, region.cells.len());
//! }
//! # Ok::<(), gridloom::Error>(())
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::model::grid::{Cell, Grid};
use crate::run::gridlist;

mod field;
mod geojson;
#[cfg(feature = "netcdf")]
mod netcdf;
mod npy;

use field::Field;

/// Regions of a file at most.
const MOST_REGIONS: usize = 10_000;

/// Bytes of a file at most.
const LONGEST: u64 = 1 << 30;

/// What true means in an array of truth values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrueIs {
    /// The cell belongs to the region.
    Inside,
    /// It does not: it is masked, as in numpy's masked arrays.
    Outside,
}

/// What a file says.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Mask {
    /// The regions, in the order of their labels or of the file.
    pub regions: Vec<MaskRegion>,
    /// Names of single cells, which only gridlists have.
    pub stations: BTreeMap<Cell, String>,
    /// What should be told of how it was read, in words.
    pub remarks: Vec<String>,
}

/// A region.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MaskRegion {
    /// Its name: the file's where the file gives none.
    pub name: String,
    /// Its cells, in grid order; none where no cell's centre is inside.
    pub cells: Vec<Cell>,
}

impl Mask {
    /// The cells of all regions, in grid order, each once.
    pub fn cells(&self) -> Vec<Cell> {
        let mut cells: Vec<Cell> =
            self.regions.iter().flat_map(|region| region.cells.iter().copied()).collect();
        cells.sort_unstable();
        cells.dedup();
        cells
    }
}

/// Reads a mask for the cells of a grid. The ending of its name says what it is: `.npy`, `.nc`, `.geojson` or `.json`; anything else is a gridlist.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io), [`Library`](crate::ErrorKind::Library), or [`Config`](crate::ErrorKind::Config) with what cannot be understood; where true may mean
/// inside as well as outside, and `true_is` says nothing, that is asked.
pub fn read(path: impl AsRef<Path>, grid: Grid, true_is: Option<TrueIs>) -> Result<Mask> {
    let (path, part) = parted(path.as_ref());
    // A variable's region: FILE#VARIABLE#NAME.
    let (path, variable) = if part.is_some() { parted(&path) } else { (path, None) };
    let stem = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let wrong = |reason: String| Error::config(&path, reason);
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    if let Some(variable) = variable.as_ref().filter(|_| !matches!(ending.as_str(), "nc" | "nc4" | "cdf")) {
        return Err(wrong(format!(
            "it has no variables, of which {variable:?} could be one; FILE#NAME is a region of it"
        )));
    }
    let mut mask = match ending.as_str() {
        "npy" => {
            let field = npy::read(&bytes(&path)?, true_is).map_err(wrong)?;
            of_field(&field, grid, &stem).map_err(wrong)?
        }
        "geojson" | "json" => geojson::read(&bytes(&path)?, grid, &stem).map_err(wrong)?,
        #[cfg(feature = "netcdf")]
        "nc" | "nc4" | "cdf" => {
            let (field, is_variable) = netcdf::read(&path, variable.as_deref().or(part.as_deref()))?;
            if let Some(variable) = variable.as_ref().filter(|_| !is_variable) {
                return Err(wrong(format!("it has no variable {variable:?} over lat and lon")));
            }
            let mask = of_field(&field, grid, &stem).map_err(wrong)?;
            if is_variable && variable.is_none() {
                return Ok(mask);
            }
            mask
        }
        _ => {
            let gridlist::Gridlist { cells, stations, remarks } = gridlist::read_named(&path, grid)?;
            let remarks = remarks.iter().map(|remark| format!("gridlist {stem}, {remark}")).collect();
            Mask { regions: vec![MaskRegion { name: stem.clone(), cells }], stations, remarks }
        }
    };
    if let Some(part) = part {
        let names: Vec<String> = mask.regions.iter().map(|region| region.name.clone()).collect();
        mask.regions.retain(|region| region.name == part);
        if mask.regions.is_empty() {
            let shown = names.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
            return Err(wrong(format!("it has no region {part:?}; there are {shown}")));
        }
    }
    Ok(mask)
}

/// The file of a mask that may be a part of one.
#[cfg(feature = "figures")]
pub(crate) fn file_of(path: &Path) -> PathBuf {
    parted(&parted(path).0).0
}

/// The file, and the name of a part of it that stands behind a #. A file whose own name has one is itself.
fn parted(path: &Path) -> (PathBuf, Option<String>) {
    let text = path.to_string_lossy();
    match text.rsplit_once('#') {
        Some((file, part)) if !path.exists() && !part.is_empty() => {
            (PathBuf::from(file), Some(part.to_owned()))
        }
        _ => (path.to_owned(), None),
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    crate::shared::open_text(path)
        .and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes))
        .map_err(|source| Error::io("read", path, source))?;
    if bytes.len() as u64 > LONGEST {
        return Err(Error::config(path, format!("the mask has more than the limit of {LONGEST} bytes")));
    }
    Ok(bytes)
}

/// The regions of a field of numbers: each number but 0 is one. 0 is one as well where it has a name.
fn of_field(field: &Field, grid: Grid, stem: &str) -> std::result::Result<Mask, String> {
    let mut of: BTreeMap<i64, Vec<Cell>> = BTreeMap::new();
    for row in 0..grid.rows() {
        for column in 0..grid.columns() {
            let cell = Cell { row, column };
            let Some(value) = field.at(grid.centre(cell)) else { continue };
            let label = value as i64;
            if label as f64 != value {
                return Err(format!(
                    "cell {cell} has the value {value}; a mask has whole numbers, 0 outside of all regions"
                ));
            }
            if label == 0 && !field.names.contains_key(&0) {
                continue;
            }
            let known = of.len();
            of.entry(label).or_default().push(cell);
            if of.len() > known && of.len() > MOST_REGIONS {
                return Err(format!("more than {MOST_REGIONS} regions are in it"));
            }
        }
    }
    for label in field.names.keys() {
        of.entry(*label).or_default();
    }
    if of.is_empty() {
        return Err(
            "no cell of the grid is in it: all values at the cells' centres are 0 or missing".to_owned()
        );
    }
    let is_one = of.len() == 1 && field.names.is_empty();
    let name = |label: i64| match field.names.get(&label) {
        Some(name) => name.clone(),
        None if is_one => stem.to_owned(),
        None => format!("{stem}_{label}"),
    };
    let regions = of.into_iter().map(|(label, cells)| MaskRegion { name: name(label), cells }).collect();
    let remarks = field.differs_from(grid).map(|words| format!("mask {stem}: {words}")).into_iter().collect();
    Ok(Mask { regions, stations: BTreeMap::new(), remarks })
}
