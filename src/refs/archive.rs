//! References to the series of an archive, as arrays over cells and time.

use std::path::Path;

use serde_json::{Value, json};

use crate::archive::{Archive, CellHandle, StoredSeries};
use crate::error::{Error, Result};
use crate::grid::json::Pairs;
use crate::model::element::Element;
use crate::model::grid::Cell;

use super::pipeline::Codecs;
use super::{Array, Content, Group, Place, References, parts, stamp};

pub(super) fn references(path: &Path) -> Result<References> {
    let (root, name) = parts(path)?;
    let files = vec![stamp(&root, &name.unwrap_or_default())?];
    let archive = Archive::open(path)?;
    let mut notes = Vec::new();
    // Cells that share their days, in the order of their first ones; by period also which period each is of.
    type Days = (Vec<i64>, Option<Vec<u32>>);
    let mut sets: Vec<(Days, Vec<CellHandle>)> = Vec::new();
    for cell in archive.cells() {
        let handle = archive.cell(cell)?;
        let days = (handle.days()?, periods(&handle)?);
        match sets.iter_mut().find(|(known, _)| *known == days) {
            Some((_, cells)) => cells.push(handle),
            None => sets.push((days, vec![handle])),
        }
    }
    let is_one = sets.len() == 1;
    let mut groups = Vec::new();
    for (number, (days, cells)) in sets.iter().enumerate() {
        let name = if is_one { String::new() } else { format!("cells_{}", number + 1) };
        let along = if days.1.is_some() { Along::Places } else { Along::Time };
        let mut arrays = coordinates(&archive, days, cells)?;
        arrays.extend(series(path, (days.0.len(), along), cells, &name, &mut notes)?);
        let attributes = archive.attributes().map(|(name, text)| (name.to_owned(), text.into())).collect();
        groups.push(Group { name, attributes: Pairs(attributes), arrays });
    }
    Ok(References { root, files, groups, notes })
}

/// The dimension of series.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Along {
    Time,
    /// Where dates are repeated, `time` is no dimension.
    Places,
}

impl Along {
    fn name(self) -> &'static str {
        match self {
            Along::Time => "time",
            Along::Places => "step",
        }
    }
}

/// The period of each day, of a cell whose days are by period.
fn periods(cell: &CellHandle) -> Result<Option<Vec<u32>>> {
    if !cell.is_by_period() {
        return Ok(None);
    }
    let each = cell.periods()?.into_iter();
    let numbers = each.flat_map(|(period, range)| (range.start..range.end).map(move |_| period));
    Ok(Some(numbers.collect()))
}

/// An array whose values stand among references.
fn here(name: &str, dimension: &str, values: &[f64], attributes: &[(&str, &str)]) -> Array {
    let attributes = attributes.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text))).collect();
    Array {
        name: name.to_owned(),
        element: Element::Float64,
        is_big_endian: false,
        dimensions: vec![dimension.to_owned()],
        shape: vec![values.len()],
        chunk: vec![values.len()],
        fill: Value::Null,
        attributes: Pairs(attributes),
        codecs: Codecs::none(),
        content: Content::Here(values.iter().flat_map(|value| value.to_le_bytes()).collect()),
    }
}

fn coordinates(
    archive: &Archive,
    (days, periods): &(Vec<i64>, Option<Vec<u32>>),
    cells: &[CellHandle],
) -> Result<Vec<Array>> {
    let unit = archive.unit();
    let grid = archive.grid();
    let centres: Vec<[f64; 2]> = cells.iter().map(|cell| grid.centre(cell.cell())).collect();
    let of =
        |place: fn(Cell) -> u32| -> Vec<f64> { cells.iter().map(|cell| place(cell.cell()).into()).collect() };
    let axis =
        |axis: usize| -> Vec<f64> { centres.iter().filter_map(|one| one.get(axis).copied()).collect() };
    let times: Vec<f64> = days.iter().map(|&day| unit.value(day)).collect();
    let mut time =
        vec![("standard_name", "time"), ("units", unit.text()), ("calendar", unit.calendar().name())];
    let along = if periods.is_some() { Along::Places } else { Along::Time };
    time.extend((along == Along::Time).then_some(("axis", "T")));
    let latitude = [("standard_name", "latitude"), ("units", "degrees_north")];
    let longitude = [("standard_name", "longitude"), ("units", "degrees_east")];
    let mut arrays = vec![
        here("time", along.name(), &times, &time),
        here("lat", "cell", &axis(0), &latitude),
        here("lon", "cell", &axis(1), &longitude),
        here("grid_y", "cell", &of(|cell| cell.row), &[("long_name", "row of the grid, from the north")]),
        here(
            "grid_x",
            "cell",
            &of(|cell| cell.column),
            &[("long_name", "column of the grid, from the west")],
        ),
    ];
    if let Some(periods) = periods {
        let numbers: Vec<f64> = periods.iter().map(|&period| f64::from(period)).collect();
        let about = [("long_name", "number of the period that a value is of")];
        arrays.insert(1, here("period", along.name(), &numbers, &about));
    }
    Ok(arrays)
}

/// The series of cells that share their days. Those that are stored otherwise in some cells are left out, and named.
fn series(
    path: &Path,
    (days, along): (usize, Along),
    cells: &[CellHandle],
    group: &str,
    notes: &mut Vec<String>,
) -> Result<Vec<Array>> {
    let mut names: Vec<&str> = Vec::new();
    for cell in cells {
        for name in cell.variables() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let mut arrays = Vec::new();
    for name in names {
        let mut stored: Vec<Option<StoredSeries>> = Vec::new();
        for cell in cells {
            let is_there = cell.variables().any(|own| own == name);
            stored.push(if is_there { cell.variable(name)?.stored()? } else { None });
        }
        let Some(first) = stored.iter().flatten().next().cloned() else { continue };
        let is_alike = |one: &StoredSeries| one.is_like(&first) && one.length == days as u64;
        if !stored.iter().flatten().all(is_alike) {
            let group = if group.is_empty() { String::new() } else { format!(" in {group}") };
            notes.push(format!("{name}{group} is not referred to: not all cells store it in the same way"));
            continue;
        }
        arrays.push(array(path, name, (days, along), &first, &stored)?);
    }
    Ok(arrays)
}

fn array(
    path: &Path,
    name: &str,
    (days, along): (usize, Along),
    first: &StoredSeries,
    stored: &[Option<StoredSeries>],
) -> Result<Array> {
    let refuse = |reason: String| {
        Error::selection(crate::error::Argument::Source, path.display(), format!("{name}: {reason}"))
    };
    let codecs = Codecs::of(&first.filters, first.element.size()).map_err(refuse)?;
    let chunk = usize::try_from(first.chunk).unwrap_or(usize::MAX).max(1);
    let count = days.div_ceil(chunk);
    let mut places = Vec::with_capacity(stored.len() * count);
    for cell in stored {
        for index in 0..count {
            let place = cell.as_ref().and_then(|cell| cell.places.get(index));
            places.push(place.map(|(offset, bytes)| Place {
                file: 0,
                offset: *offset,
                bytes: bytes.saturating_sub(codecs.cut),
            }));
        }
    }
    let (mut dimensions, mut shape, mut chunks) = (vec!["cell".to_owned()], vec![stored.len()], vec![1]);
    if let Some(rows) = first.rows {
        dimensions.push(format!("{name}_row"));
        shape.push(rows);
        chunks.push(rows);
    }
    dimensions.push(along.name().to_owned());
    shape.push(days);
    chunks.push(chunk);
    let mut attributes: Vec<(String, Value)> =
        first.attributes.iter().map(|(name, text)| (name.clone(), text.as_str().into())).collect();
    let coordinates = if along == Along::Places { "time period lat lon" } else { "lat lon" };
    attributes.push(("coordinates".to_owned(), json!(coordinates)));
    Ok(Array {
        name: name.to_owned(),
        element: first.element,
        is_big_endian: false,
        dimensions,
        shape,
        chunk: chunks,
        fill: first.fill.map_or(Value::Null, number),
        attributes: Pairs(attributes),
        codecs,
        content: Content::There(places),
    })
}

/// A number as Zarr's metadata have it.
fn number(value: f64) -> Value {
    match value {
        value if value.is_nan() => "NaN".into(),
        value if value == f64::INFINITY => "Infinity".into(),
        value if value == f64::NEG_INFINITY => "-Infinity".into(),
        value => value.into(),
    }
}
