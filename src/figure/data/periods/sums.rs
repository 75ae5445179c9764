//! Means over cells, of the rows of a table by period.

use std::collections::BTreeMap;
use std::path::Path;

use crate::aggregate::region::Weighted;
use crate::error::{Argument, Error, Result};
use crate::figure::data::columns::Batch;
use crate::figure::data::table::{ground, height_of_row};

use super::{PeriodLine, PeriodPoint, Wanted, file_name, line_of};

/// The cell of a row, whose place is in the first four columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    row: i32,
    column: i32,
    latitude: f64,
    longitude: f64,
    area: f64,
}

impl Place {
    pub fn of(path: &Path, batch: &Batch, index: usize) -> Result<Option<Place>> {
        let (Some(row), Some(column)) = (batch.whole(0, index), batch.whole(1, index)) else {
            return Ok(None);
        };
        let (latitude, longitude) = (batch.number(2, index), batch.number(3, index));
        let area = ground(path, row, latitude)?;
        Ok(Some(Place { row, column, latitude, longitude, area }))
    }

    fn is_in(&self, [north, south, west, east]: [f64; 4]) -> bool {
        (south..=north).contains(&self.latitude) && (west..=east).contains(&self.longitude)
    }

    /// Whether a point is in the cell, or on its northern or western edge.
    fn has(&self, [latitude, longitude]: [f64; 2]) -> bool {
        let half = height_of_row(self.row, self.latitude) / 2.0;
        let east = (longitude - self.longitude + 180.0).rem_euclid(360.0) - 180.0;
        let north = latitude - self.latitude;
        -half < north && north <= half && -half <= east && east < half
    }

    fn name(&self) -> String {
        format!("{}-{}", self.row, self.column)
    }
}

/// Lines that are being summed over cells.
pub(super) struct Sums<'a> {
    wanted: &'a Wanted<'a>,
    /// The run that rows are of, in a table of several.
    pub run: String,
    lines: Vec<PeriodLine>,
    sums: Vec<BTreeMap<(u32, i64), Weighted>>,
    /// For each cell that is asked for its name, where it was met.
    met: Vec<Option<String>>,
    has_any: bool,
}

impl<'a> Sums<'a> {
    pub fn new(wanted: &'a Wanted<'a>) -> Self {
        let met = vec![None; wanted.cells.len()];
        Sums { wanted, run: String::new(), lines: Vec::new(), sums: Vec::new(), met, has_any: false }
    }

    /// What follows is of this run.
    pub fn turn_to(&mut self, run: &str) {
        if self.run != run {
            run.clone_into(&mut self.run);
        }
    }

    pub fn add(&mut self, place: &Place, variable: &str, units: &str, key: (u32, i64), mean: f64) {
        if self.wanted.bbox.is_some_and(|bbox| !place.is_in(bbox)) {
            return;
        }
        let name = place.name();
        let mut is_asked = self.wanted.cells.is_empty();
        for (&point, met) in self.wanted.cells.iter().zip(&mut self.met) {
            if place.has(point) {
                *met = Some(name.clone());
                is_asked = true;
            }
        }
        if !is_asked {
            return;
        }
        self.has_any = true;
        let part = if self.wanted.cells.is_empty() { "" } else { name.as_str() };
        let line = line_of(&mut self.lines, variable, [&self.run, part], units);
        self.sums.resize_with(self.lines.len(), BTreeMap::new);
        if let Some(sums) = self.sums.get_mut(line) {
            sums.entry(key).or_default().add(mean, place.area);
        }
    }

    pub fn lines(self, path: &Path) -> Result<Vec<PeriodLine>> {
        let file = file_name(path);
        if let Some(place) = self.met.iter().position(Option::is_none) {
            let [lat, lon] = self.wanted.cells.get(place).copied().unwrap_or_default();
            let reason = format!("no cell of {file} is there");
            return Err(Error::selection(Argument::Cell, format!("{lat},{lon}"), reason));
        }
        if let (Some([n, s, w, e]), false) = (self.wanted.bbox, self.has_any) {
            let reason = format!("no cell of {file} is in the box");
            return Err(Error::selection(Argument::Area, format!("{n},{s},{w},{e}"), reason));
        }
        let point = |sum: &Weighted| {
            let is_known = sum.cells > 0;
            let known = |value: f64| if is_known { value } else { f64::NAN };
            let (mean, std) = (known(sum.mean()), known(sum.std()));
            let (low, high) = (known(sum.minimum), known(sum.maximum));
            PeriodPoint { cells: sum.cells, mean, std, low, high }
        };
        let of = |(line, sums): (PeriodLine, BTreeMap<(u32, i64), Weighted>)| PeriodLine {
            points: sums.iter().map(|(key, sum)| (*key, point(sum))).collect(),
            ..line
        };
        Ok(self.lines.into_iter().zip(self.sums).map(of).collect())
    }
}
