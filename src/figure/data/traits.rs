//! Traits of the strategies that live, and what these count by: of the tables `biomass` and `strategies` with the columns of a table of traits.

use std::path::Path;

use crate::error::{Argument, Error, Result};
use crate::figure::spec::WeighedBy;

use super::columns::{self, Batch};
use super::table::ground;

/// A strategy that lives in a cell and year.
#[derive(Debug, Clone, Default)]
pub(crate) struct Living {
    pub row: i32,
    pub column: i32,
    pub latitude: f64,
    pub longitude: f64,
    pub year: i32,
    /// Its occupation or carbon in the mean of the cell's communities, times the cell's area.
    pub weight: f64,
    /// By the traits that were asked for.
    pub traits: Vec<f64>,
}

/// What was read of a table.
#[derive(Debug, Default)]
pub(crate) struct TraitTable {
    pub run: String,
    /// By trait: its long name, or its own, and its units.
    pub traits: Vec<[String; 2]>,
    /// Strategies of a cell and year that were left out, since a trait or a weight is not known.
    pub unknown: u64,
}

/// Columns that every table has, in front of weights and traits.
const PLACE: [&str; 5] = ["grid_y", "grid_x", "latitude", "longitude", "year"];

/// Shows each strategy that lives in a cell and year, in the order of the table; of communities one by one.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where the table has no such trait, [`Library`](crate::ErrorKind::Library) where it is no such table.
pub(crate) fn living(
    path: &Path,
    traits: &[String],
    weight: WeighedBy,
    mut show: impl FnMut(&Living),
) -> Result<TraitTable> {
    const TABLE: &str = "biomass.parquet";
    let about = columns::about(path, TABLE)?;
    let mut found = TraitTable { run: about.run.clone(), ..TraitTable::default() };
    for name in traits {
        let said = about.columns.get(name).ok_or_else(|| {
            let reason = match about.columns.contains_key("pls_id") {
                true => "is not a column; make the table with traits, or name another one",
                false => "is not a column, and the file is not a table of strategies",
            };
            Error::selection(Argument::Traits, name, format!("{reason}: {}", path.display()))
        })?;
        let [long_name, units] = said.clone();
        found.traits.push([if long_name.is_empty() { name.clone() } else { long_name }, units]);
    }
    // The table of communities has a row for each of them; the other one has the mean over them.
    let has_communities = about.columns.contains_key("community");
    let weights: &[&str] = match (has_communities, weight) {
        (false, WeighedBy::Occupation) => &["occupation"],
        (false, WeighedBy::Carbon) => &["carbon"],
        (true, WeighedBy::Occupation) => &["community", "vp_ocp"],
        (true, WeighedBy::Carbon) => &["community", "vp_ocp", "vp_cleaf", "vp_croot", "vp_cwood"],
    };
    let mut names = [&PLACE[..], weights].concat();
    names.extend(traits.iter().map(String::as_str));
    let first = PLACE.len() + weights.len();
    let mut cell = Cell::default();
    columns::each(path, TABLE, &names, |batch| {
        for row in 0..batch.rows {
            let whole = |column: usize| batch.whole(column, row);
            let (Some(grid_y), Some(grid_x), Some(year)) = (whole(0), whole(1), whole(4)) else { continue };
            let traits: Vec<f64> =
                (0..found.traits.len()).map(|index| batch.number(first + index, row)).collect();
            let weight = weight_of(batch, row, has_communities, weights.len());
            let latitude = batch.number(2, row);
            let weight = weight * ground(path, grid_y, latitude)?;
            let longitude = batch.number(3, row);
            let living = Living { row: grid_y, column: grid_x, latitude, longitude, year, weight, traits };
            if !cell.is_of(&living) {
                cell.finish(&mut show);
            }
            cell.count(if has_communities { whole(PLACE.len()) } else { None });
            if weight.is_nan() || living.traits.iter().any(|value| value.is_nan()) {
                found.unknown += 1;
                cell.key = Some((grid_y, grid_x, year));
            } else {
                cell.add(living);
            }
        }
        Ok(())
    })?;
    cell.finish(&mut show);
    Ok(found)
}

/// Occupation or carbon of a row, on the ground of the cell or community.
fn weight_of(batch: &Batch, row: usize, has_communities: bool, columns: usize) -> f64 {
    let number = |column: usize| batch.number(PLACE.len() + column, row);
    match (has_communities, columns) {
        (false, _) => number(0),
        (true, 2) => number(1),
        (true, _) => (number(2) + number(3) + number(4)) * number(1),
    }
}

/// The strategies of a cell and year, whose rows stand together.
#[derive(Default)]
struct Cell {
    key: Option<(i32, i32, i32)>,
    living: Vec<Living>,
    communities: u32,
    last: Option<i32>,
}

impl Cell {
    fn is_of(&self, living: &Living) -> bool {
        self.key.is_none_or(|key| key == (living.row, living.column, living.year))
    }

    fn count(&mut self, community: Option<i32>) {
        if self.communities == 0 || community != self.last {
            self.communities += 1;
        }
        self.last = community;
    }

    fn add(&mut self, living: Living) {
        self.key = Some((living.row, living.column, living.year));
        self.living.push(living);
    }

    /// Shows them with what they are of the mean over communities.
    fn finish(&mut self, show: &mut impl FnMut(&Living)) {
        let communities = f64::from(self.communities.max(1));
        for living in &mut self.living {
            living.weight /= communities;
            show(living);
        }
        *self = Cell::default();
    }
}

/// The one input: a table, or a folder with `biomass.parquet`, or else `strategies.parquet`.
pub(crate) fn table_of(path: std::path::PathBuf) -> std::path::PathBuf {
    let other = path.with_file_name("strategies.parquet");
    let is_other = path.file_name().is_some_and(|name| name == "biomass.parquet");
    if is_other && !path.exists() && other.exists() { other } else { path }
}
