//! A file as a daily grid on the cells of a globe's grid: what `gridloom grid` writes.

use std::collections::HashMap;
use std::path::Path;

use netcdf::AttributeValue;

use crate::error::{Error, Result};
use crate::model::calendar::{Calendar, Date};
use crate::model::element::Element;
use crate::model::grid::{Bounds, Cell, Grid, Window};
use crate::model::projection::Projection;
use crate::model::time_step::TimeStep;
use crate::model::time_unit::TimeUnit;

use super::coordinates::Coordinates;
use super::file::{GridFile, Sight};
use super::findings::Findings;
use super::variable::Wanted;

/// The days of a file, or its steps of another length, by its own axis of time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Days {
    /// As the file has them, understood or not.
    pub units: String,
    pub calendar: String,
    /// How long most steps are.
    pub step: TimeStep,
    /// The first, counted in steps.
    pub first: i64,
    pub count: usize,
}

impl Days {
    /// By a file's coordinates. Steps are days where their length is not understood.
    fn of(coordinates: &Coordinates) -> Self {
        let Coordinates { time, units, calendar, .. } = coordinates;
        let first = time.first().copied().unwrap_or(0.0);
        let mut days = Days {
            units: units.clone(),
            calendar: calendar.clone(),
            step: TimeStep::DAY,
            first: first.trunc() as i64,
            count: time.len(),
        };
        let calendar = Calendar::parse(calendar);
        let unit = calendar.and_then(|calendar| TimeUnit::of_steps(units, calendar, None).ok());
        let Some(unit) = unit else { return days };
        let daily = first * (f64::from(unit.seconds_of_unit()) / 86_400.0);
        days.first = daily.trunc() as i64;
        // Without a second step its bounds say how long the first is.
        let bounds = coordinates.time_bounds.as_deref().unwrap_or_default();
        let pair = |time: &[f64]| Some((*time.first()?, *time.last()?)).filter(|(from, to)| from < to);
        let pairs: Vec<(f64, f64)> = match time.len() {
            1 => bounds.chunks_exact(2).filter_map(pair).collect(),
            _ => time.windows(2).filter_map(pair).collect(),
        };
        let lengths = pairs.iter().filter_map(|&(from, to)| length_of(&unit, from, to));
        let mut counts: Vec<(TimeStep, usize)> = Vec::new();
        for length in lengths {
            match counts.iter_mut().find(|(known, _)| *known == length) {
                Some((_, count)) => *count += 1,
                None => counts.push((length, 1)),
            }
        }
        let most =
            counts.into_iter().max_by_key(|(_, count)| *count).filter(|(_, count)| 2 * count >= pairs.len());
        if let Some((step, _)) = most.filter(|(step, _)| !step.is_day())
            && let Ok(unit) = unit.with_step(step)
            && let Some(first) = unit.step_at(first)
        {
            (days.step, days.first) = (step, first);
        }
        days
    }

    /// The unit, where it is understood.
    pub fn unit(&self) -> Option<TimeUnit> {
        TimeUnit::of_steps(&self.units, Calendar::parse(&self.calendar)?, Some(self.step)).ok()
    }

    /// The value of time at which a step of the file begins, as gridloom writes it.
    fn value(&self, unit: Option<&TimeUnit>, index: usize) -> f64 {
        let step = self.first.saturating_add_unsigned(index as u64);
        // What is not understood is compared as days are.
        unit.map_or(step as f64, |unit| unit.value(step))
    }

    /// The last, counted in the units.
    pub fn last(&self) -> i64 {
        self.first.saturating_add_unsigned(self.count as u64).saturating_sub(1)
    }

    /// The date of the first.
    pub fn first_date(&self) -> Option<Date> {
        self.unit()?.date(self.first)
    }

    /// The date of the last.
    pub fn last_date(&self) -> Option<Date> {
        self.unit()?.date(self.last())
    }
}

/// How long a step is from one value to another: whole months of the calendar, where it begins and ends with them, else seconds.
fn length_of(unit: &TimeUnit, from: f64, to: f64) -> Option<TimeStep> {
    let per = f64::from(unit.seconds_of_unit());
    let seconds = ((to - from) * per).round();
    if seconds >= 28.0 * 86_400.0
        && let Ok(months) = unit.with_step(TimeStep::months(1)?)
        && let Some((first, end)) = months.step_at(from).zip(months.step_at(to))
    {
        return TimeStep::months(u32::try_from(end - first).ok()?);
    }
    if (1.0..f64::from(u32::MAX)).contains(&seconds) { TimeStep::seconds(seconds as u32) } else { None }
}

/// The cells of a globe's grid that a file's rows and columns are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cells {
    rows: Vec<u32>,
    columns: Vec<u32>,
}

impl Cells {
    /// The number of rows.
    pub fn height(&self) -> usize {
        self.rows.len()
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// The cell in a row and column.
    pub fn at(&self, row: usize, column: usize) -> Option<Cell> {
        Some(Cell { row: *self.rows.get(row)?, column: *self.columns.get(column)? })
    }

    /// All cells, row by row.
    pub fn iter(&self) -> impl Iterator<Item = Cell> + '_ {
        let columns = || self.columns.iter().copied();
        self.rows.iter().flat_map(move |&row| columns().map(move |column| Cell { row, column }))
    }

    /// Where a row and column of a window is; `None` outside.
    pub fn position_of(&self, window: &Window, row: u32, column: u32) -> Option<(usize, usize)> {
        let row = window.first_row + row;
        let column = (window.first_column + column) % window.grid.columns();
        let index = |cells: &[u32], wanted: u32| cells.iter().position(|&cell| cell == wanted);
        Some((index(&self.rows, row)?, index(&self.columns, column)?))
    }

    /// Tells row and column of cells.
    pub fn positions(&self) -> impl Fn(Cell) -> Option<(usize, usize)> {
        let index = |cells: &[u32]| -> HashMap<u32, usize> {
            cells.iter().enumerate().map(|(index, &cell)| (cell, index)).collect()
        };
        let (rows, columns) = (index(&self.rows), index(&self.columns));
        move |cell| Some((*rows.get(&cell.row)?, *columns.get(&cell.column)?))
    }
}

/// Where the values of a daily grid are in time and space. Files of one extent share it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Extent {
    pub days: Days,
    pub cells: Cells,
    /// The first and last centre of rows and of columns in hundredths of a second of arc, so that extents can be ordered.
    corners: [i64; 4],
}

impl Extent {
    /// By a file's coordinates, with what is otherwise in these than gridloom writes it.
    ///
    /// # Errors
    /// Where bounds cannot be read, in words.
    pub fn of(coordinates: &Coordinates, grid: &Grid) -> std::result::Result<(Self, Findings), String> {
        let mut findings = Findings::default();
        let Coordinates { time, y, x, .. } = coordinates;
        let days = Days::of(coordinates);
        let unit = days.unit();
        for (index, &time) in time.iter().enumerate() {
            findings.compare(|| format!("time[{index}]"), days.value(unit.as_ref(), index), time);
        }
        for (index, &bound) in coordinates.time_bounds.as_deref()?.iter().enumerate() {
            let edge = days.value(unit.as_ref(), index / 2 + index % 2);
            findings.compare(|| format!("time_bnds[{}, {}]", index / 2, index % 2), edge, bound);
        }
        if coordinates.projection.as_ref() != grid.projection() {
            let words =
                |projection: Option<&Projection>| projection.map_or("degrees".to_owned(), Projection::text);
            let (own, found) = (words(grid.projection()), words(coordinates.projection.as_ref()));
            findings.add(format!("a grid of {own}"), found);
        }
        let [y_name, x_name] = if grid.projection().is_some() { ["y", "x"] } else { ["lat", "lon"] };
        let mut rows = Vec::new();
        let bounds = coordinates.y_bounds.as_deref()?;
        for (index, &centre) in y.iter().enumerate() {
            let row = grid.row_at(centre).unwrap_or(u32::MAX);
            findings.compare(|| format!("{y_name}[{index}]"), grid.y(row), centre);
            for (side, expected) in grid.y_bounds(row).into_iter().enumerate() {
                let found = bounds.get(2 * index + side).copied().unwrap_or(f64::NAN);
                findings.compare(|| format!("{y_name}_bnds[{index}, {side}]"), expected, found);
            }
            rows.push(row);
        }
        let mut columns = Vec::new();
        let bounds = coordinates.x_bounds.as_deref()?;
        for (index, &centre) in x.iter().enumerate() {
            let column = grid.column_at(centre).unwrap_or(u32::MAX);
            // A window across the date line counts its longitudes on.
            let turns =
                if grid.lattice().is_none() && centre >= 180.0 { i64::from(grid.columns()) } else { 0 };
            let unwrapped = i64::from(column) + turns;
            findings.compare(|| format!("{x_name}[{index}]"), grid.x(unwrapped), centre);
            for (side, expected) in grid.x_bounds(unwrapped).into_iter().enumerate() {
                let found = bounds.get(2 * index + side).copied().unwrap_or(f64::NAN);
                findings.compare(|| format!("{x_name}_bnds[{index}, {side}]"), expected, found);
            }
            columns.push(column);
        }
        let arc = |value: Option<&f64>| (value.copied().unwrap_or(0.0) * 360_000.0).round() as i64;
        let extent = Extent {
            days,
            cells: Cells { rows, columns },
            corners: [arc(y.first()), arc(y.last()), arc(x.first()), arc(x.last())],
        };
        Ok((extent, findings))
    }

    /// A box around the centres of a grid in degrees.
    pub fn bounds(&self) -> Bounds {
        let [north, south, west, east] = self.corners.map(|corner| corner as f64);
        // Centres that were rounded away from the middle are inside, too.
        let [north, south, west, east] =
            [north + 0.6, south - 0.6, west - 0.6, east + 0.6].map(|corner| corner / 360_000.0);
        Bounds { north, south, west, east }
    }

    /// Whether another has the same grid cells and counts days alike.
    pub fn is_beside(&self, other: &Extent) -> bool {
        let of =
            |extent: &Extent| (extent.days.units.clone(), extent.days.calendar.clone(), extent.days.step);
        of(self) == of(other) && self.cells == other.cells
    }
}

/// A daily grid, open.
pub(crate) struct DailyGrid {
    pub file: GridFile,
    pub extent: Extent,
    /// The grid that its cells are of: the one that the file says, or else that of the reader.
    pub grid: Grid,
    /// Whether most steps of time are alike, and not the intervals of an aggregate.
    pub is_daily: bool,
    /// The key in the dumps, where the variable has another name.
    pub dump_key: Option<String>,
    /// The run that the file was made of.
    pub run_name: Option<String>,
    fill: Option<AttributeValue>,
    /// The units of its variable, where it has some.
    pub units: Option<String>,
}

impl DailyGrid {
    /// Whether a file has the name of one.
    pub fn may_be(name: &str) -> bool {
        name.ends_with(".nc")
    }

    /// Opens a file once for each of its variables, and tells what in it is otherwise than gridloom writes it.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where it cannot be read, [`Library`](crate::ErrorKind::Library) where it is damaged or has no such grid.
    pub fn open_all(path: &Path, grid: &Grid) -> Result<Vec<(Self, Findings)>> {
        GridFile::variables(path)?.iter().map(|variable| DailyGrid::open(path, variable, grid)).collect()
    }

    fn open(path: &Path, variable: &str, grid: &Grid) -> Result<(Self, Findings)> {
        let fail = |action: &str, reason: String| Error::netcdf(path, action, reason);
        let wanted = Wanted::Named(variable);
        let (file, (found, grid, of_variable, units)) = GridFile::look(path, wanted, |sight: &Sight<'_>| {
            if let Some(rows) = sight.variable.rows.as_ref().filter(|rows| !rows.is_numbered) {
                return Err(fail("find", rows.name.clone()));
            }
            let grid = sight.coordinates.grid.unwrap_or(*grid);
            let found = Extent::of(sight.coordinates, &grid).map_err(|reason| fail("read", reason))?;
            let own = (sight.text("dump_key"), sight.global("title"), sight.attribute("_FillValue"));
            Ok((found, grid, own, sight.text("units")))
        })?;
        let (extent, findings) = found;
        let (dump_key, title, fill) = of_variable;
        let (times, days) = (&file.coordinates.time, &extent.days);
        let unit = days.unit();
        let apart = |index: usize| days.value(unit.as_ref(), index + 1) - days.value(unit.as_ref(), index);
        let steps =
            times.windows(2).enumerate().filter(|(index, pair)| pair[1] - pair[0] == apart(*index)).count();
        let is_daily = 2 * steps + 1 >= times.len();
        let run_name = title.and_then(|title| title.rsplit_once(" of ").map(|(_, name)| name.to_owned()));
        Ok((DailyGrid { file, extent, grid, is_daily, dump_key, run_name, fill, units }, findings))
    }

    /// The file's name.
    pub fn name(&self) -> String {
        self.file.name()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    /// The numbers of its rows, counted from 1, where the variable has a dimension of them.
    pub fn row_numbers(&self) -> Option<&[i32]> {
        self.file.variable.rows.as_ref().map(|rows| rows.numbers.as_slice())
    }

    /// How many rows the variable's dimension of rows has; `None` without one.
    pub fn rows(&self) -> Option<usize> {
        self.row_numbers()?.iter().max().and_then(|&last| usize::try_from(last).ok())
    }

    /// Where a row, counted from 0, is in the dimension of rows.
    pub fn row_of(&self, row: usize) -> Option<usize> {
        self.row_numbers()?.iter().position(|&number| usize::try_from(number) == Ok(row + 1))
    }

    /// Whether masked values are what they are in grids.
    pub fn has_fill(&self, element: Element) -> bool {
        use AttributeValue::{Double, Float};
        match (element, &self.fill) {
            (Element::Float32, Some(Float(fill))) => *fill == 1e20,
            (Element::Float64, Some(Double(fill))) => *fill == 1e20,
            (element, Some(_)) => !element.is_float(),
            (_, None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coordinates(units: &str, time: Vec<f64>) -> Coordinates {
        let bounds = time.windows(2).flatten().copied().collect();
        Coordinates {
            time: time[..time.len() - 1].to_vec(),
            time_bounds: Ok(bounds),
            units: units.to_owned(),
            calendar: "standard".to_owned(),
            y: Vec::new(),
            y_bounds: Ok(Vec::new()),
            x: Vec::new(),
            x_bounds: Ok(Vec::new()),
            projection: None,
            grid: None,
        }
    }

    #[test]
    fn days_may_be_counted_in_other_units() {
        let grid = Grid::from_resolution(0.5).expect("a grid");
        let of_hours = coordinates("hours since 2000-01-01", vec![48.0, 72.0, 96.0, 120.0]);
        let (extent, findings) = Extent::of(&of_hours, &grid).expect("an extent");
        assert_eq!(extent.days.first_date(), "2000-01-03".parse().ok());
        assert_eq!(extent.days.last_date(), "2000-01-05".parse().ok());
        assert_eq!(findings.differences, 0);
    }

    #[test]
    fn times_beyond_all_numbers_have_no_dates() {
        let far = coordinates("days since 2000-01-01", vec![1e300, 2e300, 3e300]);
        let days = Days::of(&far);
        assert_eq!((days.first, days.last_date()), (i64::MAX, None));
        assert_eq!((days.last(), days.first_date()), (i64::MAX - 1, None));
    }

    #[test]
    fn a_box_around_the_cells_holds_them_all() {
        let lattice = crate::model::grid::Lattice {
            north: 46.1234567,
            west: 9.7654321,
            height: 0.0123457,
            width: 0.0123457,
            projection: None,
        };
        let grid = Grid::regular(lattice, 20, 30).expect("a grid");
        let window = Window::whole(grid);
        let place = Coordinates {
            y: window.ys(),
            x: window.xs(),
            y_bounds: Ok(window.grid_rows().flat_map(|row| grid.y_bounds(row)).collect()),
            x_bounds: Ok(window.grid_columns().flat_map(|column| grid.x_bounds(column)).collect()),
            ..coordinates("days since 2000-01-01", vec![0.0, 1.0])
        };
        let (extent, _) = Extent::of(&place, &grid).expect("an extent");
        assert_eq!(Window::from_bounds(grid, extent.bounds()), Some(window));
    }
}
