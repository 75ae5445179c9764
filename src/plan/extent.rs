//! Where and when a plan's outputs are: window, time axis, tiles.

use std::collections::{HashMap, HashSet};

use crate::chunk::Shape;
use crate::error::{Argument, Error, Result};
use crate::model::calendar::Date;
use crate::model::fault::{Fault, FaultKind};
use crate::model::grid::{Cell, Window};
use crate::model::time_unit::TimeUnit;
use crate::profile::check_attribute;
use crate::run::Run;
use crate::run::survey::{LostPeriod, Span, Survey};

use crate::model::axis::Axis;

use super::{Area, PlannedCell, Selection, Settings, Tile};

/// Longer time axes than this many days, months or years (2,700 years of days) are taken for a mistake.
const MAX_AXIS_DAYS: i64 = 1 << 20;
/// The same of steps within a day: 319 years of 10 minutes.
const MAX_AXIS_STEPS: i64 = 1 << 24;

/// An axis as gridded files of a profile count it. Refuses attributes that they cannot have.
pub(super) fn written(axis: &Axis, settings: &Settings) -> Result<Axis> {
    for (name, text) in &settings.attributes {
        check_attribute(name, text).map_err(|reason| Error::selection(Argument::Attribute, name, reason))?;
    }
    let profile = &settings.profile;
    let wrong = |reason: String| Error::selection(Argument::Profile, &profile.name, reason);
    profile.check().map_err(wrong)?;
    let Some(text) = &profile.time_units else { return Ok(axis.clone()) };
    let unit = TimeUnit::parse(text, axis.unit.calendar()).and_then(|unit| unit.with_step(axis.unit.step()));
    let unit = unit.map_err(|error| wrong(error.to_string()))?;
    let first_day = axis.unit.shift_to(&unit).and_then(|shift| axis.first_day.checked_add(shift));
    let first_day = first_day.ok_or_else(|| {
        wrong(format!(
            "its times are {text:?}, in which steps of {:?} have no whole number",
            axis.unit.text()
        ))
    })?;
    Ok(Axis { unit, first_day, days: axis.days })
}

/// The window, the indices of its cells in the run, and those that are wanted but not there.
pub(super) fn area(run: &Run, area: &Area) -> Result<(Window, Vec<usize>, Vec<Fault>)> {
    let all = || run.cells.iter().map(|cell| cell.cell);
    let mut missing = Vec::new();
    let window = match area {
        Area::Cells => Window::around(run.grid, all()),
        Area::Bounds(bounds) => Some(Window::from_bounds(run.grid, *bounds).ok_or_else(|| {
            let value = format!("{},{},{},{}", bounds.north, bounds.south, bounds.west, bounds.east);
            Error::selection(
                Argument::Area,
                value,
                "no cell's centre is inside; the order is N,S,W,E in degrees",
            )
        })?),
        Area::List(cells) => Window::around(run.grid, cells.iter().copied()),
        Area::Global => Some(Window::whole(run.grid)),
    };
    let window = window.ok_or_else(|| Error::selection(Argument::Cells, "", "the list names no cell"))?;
    let mut wanted: Vec<usize> = Vec::new();
    match area {
        Area::List(cells) => {
            for &cell in cells {
                match run.cells.binary_search_by_key(&cell, |cell| cell.cell) {
                    Ok(index) => wanted.push(index),
                    Err(_) => missing.push(Fault {
                        cell,
                        period: None,
                        year: None,
                        variable: None,
                        kind: FaultKind::Missing,
                        message: "the run has no folder of this cell".to_owned(),
                    }),
                }
            }
        }
        _ => {
            // A box is not a rectangle of every grid.
            let in_box = match area {
                Area::Bounds(bounds) => run.grid.inside(*bounds),
                _ => None,
            };
            let is_wanted = |cell: Cell| {
                window.position(cell).is_some() && in_box.as_ref().is_none_or(|is_inside| is_inside(cell))
            };
            let cells = run.cells.iter().enumerate();
            wanted.extend(cells.filter(|(_, cell)| is_wanted(cell.cell)).map(|(index, _)| index));
        }
    }
    if wanted.is_empty() {
        let here = Window::around(run.grid, all());
        let extent = here.map(|here| {
            let (lat, lon) = (here.ys(), here.xs());
            let first = |values: &[f64]| values.first().copied().unwrap_or_default();
            let last = |values: &[f64]| values.last().copied().unwrap_or_default();
            let [y, x] =
                if run.grid.projection().is_some() { ["y", "x"] } else { ["latitudes", "longitudes"] };
            format!("{y} {} to {}, {x} {} to {}", last(&lat), first(&lat), first(&lon), last(&lon))
        });
        let reason = format!("no cell of the run is inside; the run covers {}", extent.unwrap_or_default());
        return Err(Error::selection(Argument::SelectedArea, "", reason));
    }
    wanted.sort_unstable();
    wanted.dedup();
    let is_wanted = |cell| {
        let index = run.cells.binary_search_by_key(&cell, |one| one.cell);
        index.is_ok_and(|index| wanted.binary_search(&index).is_ok())
    };
    missing.extend(run_faults(run, area, is_wanted));
    Ok((window, wanted, missing))
}

/// What listing a run found in the way of the cells that are wanted. No list can mean a cell that the grid does not have.
pub(crate) fn run_faults(run: &Run, area: &Area, is_wanted: impl Fn(Cell) -> bool) -> Vec<Fault> {
    let of_all = !matches!(area, Area::List(_));
    let is_meant =
        |fault: &&Fault| if fault.kind == FaultKind::OffGrid { of_all } else { is_wanted(fault.cell) };
    run.faults.iter().filter(is_meant).cloned().collect()
}

/// The time axis, and the periods that fall on it, by date; with `repeats` several may have the same dates.
pub(super) fn axis(survey: &Survey, selection: &Selection, repeats: bool) -> Result<(Axis, Vec<Span>)> {
    let step = |argument, date: Option<Date>, otherwise: i64, of: &dyn Fn(Date) -> Option<i64>| match date {
        None => Ok(otherwise),
        Some(date) => of(date).ok_or_else(|| {
            let calendar = survey.unit.calendar().name();
            Error::selection(argument, date, format!("the run's calendar, {calendar}, has no such day"))
        }),
    };
    let first = step(Argument::From, selection.from, survey.extent.0, &|date| survey.unit.first_on(date))?;
    let last = step(Argument::To, selection.to, survey.extent.1, &|date| survey.unit.last_on(date))?;
    let date = |day: i64| survey.unit.label(day).unwrap_or_default();
    let there =
        || format!("the selected periods cover {} to {}", date(survey.extent.0), date(survey.extent.1));
    let mut periods: Vec<Span> = survey
        .spans
        .iter()
        .filter(|span| span.first_day <= last && span.last_day >= first)
        .copied()
        .collect();
    periods.sort_by_key(|span| (span.first_day, span.period));
    let days = last.saturating_sub(first).saturating_add(1);
    if days < 1 || periods.is_empty() {
        let value = format!("{} to {}", date(first), date(last));
        return Err(Error::selection(Argument::Dates, value, format!("no day is selected; {}", there())));
    }
    let (most, noun) = match survey.unit.step() {
        step if step.is_within_a_day() => (MAX_AXIS_STEPS, "steps"),
        step if step.is_day() => (MAX_AXIS_DAYS, "days"),
        _ => (MAX_AXIS_DAYS, "steps"),
    };
    if days > most {
        let value = format!("{} to {}", date(first), date(last));
        return Err(Error::selection(
            Argument::Dates,
            value,
            format!("{days} {noun} are more than the limit of {most}; {}", there()),
        ));
    }
    if !repeats {
        refuse_overlaps(survey, &periods)?;
    }
    Ok((Axis { unit: survey.unit.clone(), first_day: first, days: days as u32 }, periods))
}

/// Refuses periods, in the order of their dates, of which two have the same day.
fn refuse_overlaps(survey: &Survey, periods: &[Span]) -> Result<()> {
    for pair in periods.windows(2) {
        if let [one, two] = pair
            && two.first_day <= one.last_day
        {
            let named = |span: &Span| {
                let first = survey.unit.date(span.first_day)?;
                Some((span.period, first, survey.unit.date(span.last_day)?))
            };
            if let (Some(first), Some(second)) = (named(one), named(two)) {
                return Err(Error::overlapping_periods(first, second));
            }
        }
    }
    Ok(())
}

/// The lost periods that are asked for: those that can have days from the first to the last of the axis. Where the user did not choose an
/// end of the axis, those behind it are asked for as well, and so are those that are selected by their own numbers.
pub(super) fn lost(survey: &Survey, selection: &Selection, axis: &Axis) -> Vec<LostPeriod> {
    let first = if selection.from.is_some() { axis.first_day } else { i64::MIN };
    let last = if selection.to.is_some() { axis.first_day + i64::from(axis.days) - 1 } else { i64::MAX };
    let is_named = |period: u32| selection.periods.contains(&(period..=period));
    let is_asked = |lost: &&LostPeriod| lost.may_reach(first, last) || is_named(lost.period);
    survey.lost.iter().filter(is_asked).cloned().collect()
}

/// Dumps that are missing of periods whose dates are known, and all dumps of the others. A cell that could not be listed is
/// named once, not for each period.
pub(super) fn missing(
    run: &Run,
    survey: &Survey,
    cells: &[PlannedCell],
    periods: &[Span],
    lost: &[LostPeriod],
) -> Vec<Fault> {
    let unlisted: HashSet<Cell> = run.faults.iter().map(|fault| fault.cell).collect();
    let known: HashMap<(Cell, Option<u32>), &Fault> =
        survey.faults.iter().map(|fault| ((fault.cell, fault.period), fault)).collect();
    let is_listed = |planned: &&PlannedCell| !unlisted.contains(&planned.cell);
    let mut missing = Vec::new();
    for planned in cells.iter().filter(is_listed) {
        let has = |period: u32| run.cells.get(planned.index).is_some_and(|cell| cell.has(period));
        let fault = |period: u32, message: &str| Fault {
            cell: planned.cell,
            period: Some(period),
            year: None,
            variable: None,
            kind: FaultKind::Missing,
            message: message.to_owned(),
        };
        let dated = periods.iter().map(|span| span.period).filter(|&period| !has(period));
        missing.extend(dated.map(|period| fault(period, "the file is missing")));
        for lost in lost.iter().filter(|lost| lost.is_loss()) {
            let period = lost.period;
            if periods.iter().any(|span| span.period == period) {
                continue;
            }
            missing.push(match known.get(&(planned.cell, Some(period))) {
                Some(&fault) => fault.clone(),
                None if lost.dumps == 0 => fault(period, "no cell has a dump of the period"),
                None => fault(period, "the file is missing"),
            });
        }
    }
    missing
}

pub(super) fn tiles(
    run: &Run,
    window: &Window,
    wanted: &[usize],
    shape: Shape,
) -> (Vec<PlannedCell>, Vec<Tile>) {
    let mut placed: Vec<((u32, u32), PlannedCell)> = Vec::with_capacity(wanted.len());
    for &index in wanted {
        let Some(cell) = run.cells.get(index).map(|cell| cell.cell) else { continue };
        let Some((row, column)) = window.position(cell) else { continue };
        let place = (row % shape.rows) as usize * shape.columns as usize + (column % shape.columns) as usize;
        placed.push(((row / shape.rows, column / shape.columns), PlannedCell { cell, index, place }));
    }
    placed.sort_by_key(|&(tile, planned)| (tile, planned.place));
    let mut tiles: Vec<Tile> = Vec::new();
    for (index, ((row, column), _)) in placed.iter().enumerate() {
        match tiles.last_mut() {
            Some(tile) if (tile.row, tile.column) == (*row, *column) => tile.cells.end = index + 1,
            _ => tiles.push(Tile { row: *row, column: *column, cells: index..index + 1 }),
        }
    }
    (placed.into_iter().map(|(_, planned)| planned).collect(), tiles)
}
