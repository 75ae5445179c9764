//! The source of grids: cells whose series somebody else takes out of the files.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::OnceLock;

use crate::model::axis::Axis;
use crate::model::element::Element;
use crate::model::fault::{FaultKind, Refusal};
use crate::model::grid::Cell;
use crate::plan::Layer;
use crate::source::{CellSource, Content, Desk, Item, Memory, Part, Reading, Series, Wanted, stamp};

use super::KIND;

/// Some days of a cell, on which it has values.
pub(crate) struct ShelfPart<'a> {
    /// The first day on the axis.
    pub first: i64,
    pub days: usize,
    /// The values of each layer, little endian; `None` where no file has it.
    pub layers: Vec<Option<&'a [u8]>>,
}

/// Where the series of cells are, once they are taken out of grids.
pub(crate) trait Shelf: Send + Sync + Debug {
    /// Shows the parts of a cell's period, those of its days on which it has values.
    ///
    /// # Errors
    /// Where they cannot be read; those of `show`.
    fn parts(
        &self,
        cell: Cell,
        period: u32,
        memory: &mut Memory,
        show: &mut dyn FnMut(&ShelfPart<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal>;
}

/// Cells of grids. A chunk of these has many cells, so that none is read by itself: their series are put on a shelf first. A period is then shown in
/// parts, without the days on which nothing has a value.
#[derive(Debug, Default)]
pub(crate) struct InSpool(OnceLock<Filled>);

#[derive(Debug)]
struct Filled {
    axis: Axis,
    layers: Vec<Layer>,
    shelf: Box<dyn Shelf>,
}

impl InSpool {
    /// Gives it the series of some layers on an axis. What it was given first counts.
    pub fn fill(&self, axis: Axis, layers: Vec<Layer>, shelf: Box<dyn Shelf>) {
        let _ = self.0.set(Filled { axis, layers, shelf });
    }
}

/// A series of a part: its key, and its values as `[row][day]`.
struct Row<'a> {
    key: &'a str,
    element: Element,
    rows: Option<usize>,
    values: Cow<'a, [u8]>,
}

/// The series of a part; rows that no file has are masked.
///
/// # Errors
/// Where a row is not as long as the part.
fn rows<'a>(layers: &'a [Layer], part: &ShelfPart<'a>) -> Result<Vec<Row<'a>>, Refusal> {
    let mut all: Vec<Row<'a>> = Vec::new();
    for (layer, values) in layers.iter().zip(&part.layers) {
        let Some(values) = *values else { continue };
        let Some(count) = layer.rows else {
            let (key, element) = (layer.key.as_str(), layer.element);
            all.push(Row { key, element, rows: None, values: Cow::Borrowed(values) });
            continue;
        };
        let length = part.days * layer.element.size();
        if all.last().is_none_or(|last| last.key != layer.key) {
            let masked = layer.element.fill_bytes().repeat(part.days * count);
            let (key, element) = (layer.key.as_str(), layer.element);
            all.push(Row { key, element, rows: Some(count), values: Cow::Owned(masked) });
        }
        let target = all.last_mut().map(|last| last.values.to_mut());
        let own = target.and_then(|all| all.get_mut(layer.row * length..(layer.row + 1) * length));
        let Some(own) = own.filter(|own| own.len() == values.len()) else {
            let message =
                format!("{} has {} bytes, not those of {} days", layer.row_name, values.len(), part.days);
            return Err((FaultKind::Length, message));
        };
        own.copy_from_slice(values);
    }
    Ok(all)
}

impl CellSource for InSpool {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name_of(&self, part: Part) -> String {
        match part {
            Part::Period(number) => format!("period {number}"),
            Part::Year(year) => format!("year {year}"),
        }
    }

    fn has(&self, _: Item) -> bool {
        false
    }

    fn holds(&self, _: Item, _: &stamp::Stamp) -> bool {
        false
    }

    fn period(
        &self,
        cell: Cell,
        number: u32,
        _: Wanted<'_>,
        desk: &mut Desk<'_>,
        take: &mut dyn FnMut(&Content<'_>) -> Result<(), Refusal>,
    ) -> Reading {
        let Some(Filled { axis, layers, shelf }) = self.0.get() else {
            let message = "a cell of grids is not read by itself".to_owned();
            return Reading::refused(None, (FaultKind::Unreadable, message));
        };
        let mut bytes = 0;
        let result = shelf.parts(cell, number, desk.memory, &mut |part| {
            let first = axis.first_day.saturating_add(part.first);
            let rows = rows(layers, part)?;
            let last = first.saturating_add(part.days as i64 - 1);
            let mut content = Content::new(axis.unit.clone(), first, last);
            for Row { key, element, rows, values } in &rows {
                bytes += values.len() as u64;
                content.push(key, Series::of_made(*element, *rows, part.days, values));
            }
            take(&content)
        });
        Reading { stamp: None, read: Some(bytes), decoded: Some(bytes), container: None, result }
    }
}
