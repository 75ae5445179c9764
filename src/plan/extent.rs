//! Where and when a plan's outputs are: window, time axis, tiles.

use crate::chunk::Shape;
use crate::error::{Error, Result};
use crate::model::calendar::Date;
use crate::model::grid::Window;
use crate::run::Run;
use crate::run::fault::{Fault, FaultKind};
use crate::run::survey::{Span, Survey};

use super::{Area, Axis, PlannedCell, Selection, Tile};

/// Longer time axes than this many days (2,700 years) are taken for a mistake.
const MAX_AXIS_DAYS: i64 = 1 << 20;

/// The window, the indices of its cells in the run, and those that are wanted but not there.
pub(super) fn area(run: &Run, area: &Area) -> Result<(Window, Vec<usize>, Vec<Fault>)> {
    let all = || run.cells.iter().map(|cell| cell.cell);
    let mut missing = Vec::new();
    let window = match area {
        Area::Cells => Window::around(run.grid, all()),
        Area::Bounds(bounds) => Some(Window::from_bounds(run.grid, *bounds).ok_or_else(|| {
            let value = format!("{},{},{},{}", bounds.north, bounds.south, bounds.west, bounds.east);
            Error::selection("--bbox", value, "no cell's centre is inside; the order is N,S,W,E in degrees")
        })?),
        Area::List(cells) => Window::around(run.grid, cells.iter().copied()),
        Area::Global => Some(Window::global(run.grid)),
    };
    let window = window.ok_or_else(|| Error::selection("--cells", "", "the list names no cell"))?;
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
        _ => wanted.extend(
            run.cells
                .iter()
                .enumerate()
                .filter(|(_, cell)| window.position(cell.cell).is_some())
                .map(|(i, _)| i),
        ),
    }
    if wanted.is_empty() {
        let here = Window::around(run.grid, all());
        let extent = here.map(|here| {
            let (lat, lon) = (here.latitudes(), here.longitudes());
            let first = |values: &[f64]| values.first().copied().unwrap_or_default();
            let last = |values: &[f64]| values.last().copied().unwrap_or_default();
            format!(
                "latitudes {} to {}, longitudes {} to {}",
                last(&lat),
                first(&lat),
                first(&lon),
                last(&lon)
            )
        });
        let reason = format!("no cell of the run is inside; the run covers {}", extent.unwrap_or_default());
        return Err(Error::selection("the selected area", "", reason));
    }
    wanted.sort_unstable();
    wanted.dedup();
    Ok((window, wanted, missing))
}

/// The time axis, and the periods that fall on it, by date.
pub(super) fn axis(survey: &Survey, selection: &Selection) -> Result<(Axis, Vec<Span>)> {
    let day = |option: &'static str, date: Option<Date>, otherwise: i64| match date {
        None => Ok(otherwise),
        Some(date) => survey.unit.days_since(date).ok_or_else(|| {
            let calendar = survey.unit.calendar().name();
            Error::selection(option, date, format!("the run's calendar, {calendar}, has no such day"))
        }),
    };
    let first = day("--from", selection.from, survey.extent.0)?;
    let last = day("--to", selection.to, survey.extent.1)?;
    let date = |day: i64| survey.unit.date(day).map(|date| date.to_string()).unwrap_or_default();
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
        return Err(Error::selection("--from, --to", value, format!("no day is selected; {}", there())));
    }
    if days > MAX_AXIS_DAYS {
        let value = format!("{} to {}", date(first), date(last));
        return Err(Error::selection(
            "--from, --to",
            value,
            format!("{days} days are more than the limit of {MAX_AXIS_DAYS}; {}", there()),
        ));
    }
    refuse_overlaps(survey, &periods)?;
    Ok((Axis { unit: survey.unit.clone(), first_day: first, days: days as u32 }, periods))
}

/// Refuses periods, in the order of their dates, of which two have the same day.
pub(crate) fn refuse_overlaps(survey: &Survey, periods: &[Span]) -> Result<()> {
    for pair in periods.windows(2) {
        if let [one, two] = pair
            && two.first_day <= one.last_day
        {
            let named = |span: &Span| {
                let first = survey.unit.date(span.first_day)?;
                Some((span.period, first, survey.unit.date(span.last_day)?))
            };
            if let (Some(first), Some(second)) = (named(one), named(two)) {
                return Err(Error::OverlappingPeriods { first, second });
            }
        }
    }
    Ok(())
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
