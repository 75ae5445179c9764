//! Areas with names, to which cells of a table belong: boxes of degrees, and regions of masks.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::{Argument, Error, Result};
use crate::figure::spec::Spec;
use crate::mask;
use crate::model::grid::Grid;

use super::columns;
use super::traits::Living;

/// Boxes and regions, in the order in which they were given.
#[derive(Default)]
pub(crate) struct Areas {
    areas: Vec<(String, Inside)>,
    /// How many of them are boxes: these come first.
    boxes: usize,
    /// What is to be told of how masks were read.
    pub remarks: Vec<String>,
}

enum Inside {
    /// North, south, west, east: of cells' centres.
    Box([f64; 4]),
    Cells(BTreeSet<[u32; 2]>),
}

impl Areas {
    /// Those that settings name. A mask is read for the cells of a table.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where they cannot be understood; as [`mask::read`].
    pub fn read(spec: &Spec, table: &Path) -> Result<Self> {
        let boxes = spec.wanted_areas()?;
        let mut found = Areas { boxes: boxes.len(), ..Areas::default() };
        found.areas.extend(boxes.into_iter().map(|(name, degrees)| (name, Inside::Box(degrees))));
        let Some(path) = &spec.mask else { return Ok(found) };
        let mask = mask::read(path, grid_of(table)?, spec.true_is)?;
        found.remarks = mask.remarks;
        for region in mask.regions {
            let cells = region.cells.iter().map(|cell| [cell.row, cell.column]).collect();
            found.areas.push((region.name, Inside::Cells(cells)));
        }
        Ok(found)
    }

    /// The numbers and names of all that a cell is in.
    pub fn around(&self, living: &Living) -> impl Iterator<Item = (usize, &str)> {
        let is_in = move |inside: &Inside| match inside {
            Inside::Box([n, s, w, e]) => {
                (*s..=*n).contains(&living.latitude) && (*w..=*e).contains(&living.longitude)
            }
            Inside::Cells(cells) => match (u32::try_from(living.row), u32::try_from(living.column)) {
                (Ok(row), Ok(column)) => cells.contains(&[row, column]),
                _ => false,
            },
        };
        let areas = self.areas.iter().enumerate();
        areas.filter(move |(_, (_, inside))| is_in(inside)).map(|(index, (name, _))| (index, name.as_str()))
    }

    /// Refuses boxes in which nothing lies; tells how many regions of a mask have nothing.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) with the box.
    pub fn refuse_empty(&self, table: &Path, filled: &BTreeSet<usize>) -> Result<Option<String>> {
        let mut empty = 0;
        for (index, (name, _)) in self.areas.iter().enumerate().filter(|(index, _)| !filled.contains(index)) {
            if index < self.boxes {
                let table = table.display();
                let reason = format!("no cell of {table} with a living strategy has its centre there");
                return Err(Error::selection(Argument::Areas, name, reason));
            }
            empty += 1;
        }
        let regions = if empty == 1 { "1 region" } else { &format!("{empty} regions") };
        Ok((empty > 0).then(|| format!("{regions} of the mask without a living strategy left out")))
    }
}

/// The grid of a table's cells, by the row and latitude of its first.
fn grid_of(path: &Path) -> Result<Grid> {
    let mut step = None;
    columns::each(path, "biomass.parquet", &["grid_y", "latitude"], |batch| {
        if let (None, Some(row)) = (step, batch.whole(0, 0)) {
            step = Some((90.0 - batch.number(1, 0)) / (f64::from(row) + 0.5));
        }
        Ok(())
    })?;
    step.and_then(Grid::from_resolution).ok_or_else(|| {
        let reason = "its cells are on no regular grid of the globe, for which masks are read".to_owned();
        Error::in_table(path, "draw the table", reason)
    })
}
