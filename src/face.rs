//! What most programs need, in a few words: open a run, read a cell, make grids, tables and archives, prove them.
//!
//! Everything here is made of the other modules, which stay open to those who need more.

mod cell;
#[cfg(feature = "netcdf")]
mod gridded;
#[cfg(feature = "netcdf")]
mod planner;
#[cfg(feature = "netcdf")]
mod point;
mod regional;
#[cfg(feature = "netcdf")]
mod view;

use std::path::Path;

use crate::archive::Archive;
use crate::error::{Error, Result};
use crate::model::grid::Grid;
use crate::model::variables::VariableTable;
use crate::run::Run;

pub use cell::{CellArray, Number};
#[cfg(feature = "netcdf")]
pub use gridded::Gridded;
#[cfg(feature = "netcdf")]
pub use planner::Planner;
#[cfg(feature = "netcdf")]
pub use point::{Point, PointSeries};
pub use regional::{Regional, regional};
#[cfg(feature = "netcdf")]
pub use view::{Places, Slab, View, Wanted};

/// Opens a run: a folder of dumps, or an archive of one. Lists its cells, and reads no data.
///
/// The grid is that of an archive; a folder does not say its own, and is taken for the model's (half a degree). [`open_on`] takes
/// another one.
///
/// # Errors
/// Those of [`Run::open`].
pub fn open(path: impl AsRef<Path>) -> Result<Run> {
    let path = path.as_ref();
    if path.is_file()
        && let Ok(archive) = Archive::open(path)
    {
        return Run::open(path, archive.grid());
    }
    let degrees = VariableTable::caete().model().resolution_degrees.unwrap_or(0.5);
    let grid = Grid::from_resolution(degrees)
        .ok_or_else(|| Error::bug(format!("the model's {degrees} degrees do not divide the globe")))?;
    Run::open(path, grid)
}

/// Opens a run whose cells' indices count in a grid.
///
/// # Errors
/// Those of [`Run::open`].
pub fn open_on(path: impl AsRef<Path>, grid: Grid) -> Result<Run> {
    Run::open(path.as_ref(), grid)
}
