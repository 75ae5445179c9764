//! The comparison itself: some days of a block of cells, value by value.

use std::ops::Range;

use crate::error::Result;
use crate::model::element::Element;
use crate::model::grid::Cell;
use crate::plan::Plan;

use super::grid::Grid;
use super::{Difference, Verification};

/// The selected series of a dump, as they stand in it.
#[derive(Debug)]
pub(super) struct CellDump {
    pub cell: Cell,
    /// The number of its period.
    pub period: u32,
    /// Row and column in the block.
    pub position: (usize, usize),
    /// The day of the axis that the first value belongs to.
    pub first: i64,
    pub days: usize,
    /// Values of each layer, little endian; `None` where they cannot be used.
    pub layers: Vec<Option<Vec<u8>>>,
}

/// Values in places without a dump that are remembered until all dumps of the block were seen.
const REMEMBERED: usize = 1000;

/// Days of the axis, rows and columns of the file.
pub(super) struct Slab {
    pub start: i64,
    pub end: i64,
    pub rows: Range<usize>,
    pub columns: Range<usize>,
}

/// What a block of a file has in places that no dump of the slab's period covers. A dump with unusual dates may cover them
/// after all.
#[derive(Default)]
pub(super) struct Tally {
    values: u64,
    explained: u64,
    places: Vec<(Position, i64, String)>,
    unusual: Vec<(Position, Range<i64>)>,
}

type Position = (usize, usize);

/// How a value's bytes are told to be masked, missing or shown.
struct Reader {
    element: Element,
    fill: Vec<u8>,
}

impl Reader {
    fn new(element: Element) -> Self {
        Reader { element, fill: element.fill_bytes().to_vec() }
    }

    fn is_nan(&self, bytes: &[u8]) -> bool {
        match (self.element, <[u8; 4]>::try_from(bytes), <[u8; 8]>::try_from(bytes)) {
            (Element::Float32, Ok(bytes), _) => f32::from_le_bytes(bytes).is_nan(),
            (Element::Float64, _, Ok(bytes)) => f64::from_le_bytes(bytes).is_nan(),
            _ => false,
        }
    }

    fn show(&self, bytes: &[u8]) -> String {
        if bytes == self.fill {
            return "masked".to_owned();
        }
        match (self.element, <[u8; 4]>::try_from(bytes), <[u8; 8]>::try_from(bytes)) {
            (Element::Float32, Ok(bytes), _) => format!("{:e}", f32::from_le_bytes(bytes)),
            (Element::Float64, _, Ok(bytes)) => format!("{:e}", f64::from_le_bytes(bytes)),
            _ => format!("0x{}", bytes.iter().rev().map(|byte| format!("{byte:02x}")).collect::<String>()),
        }
    }
}

/// Compares a slab of a file with the dumps of one period.
pub(super) fn compare(
    plan: &Plan,
    file: &Grid,
    (layer, row): (usize, Option<usize>),
    slab: &Slab,
    dumps: &[CellDump],
    tally: &mut Tally,
    result: &mut Verification,
) -> Result<()> {
    let Some(element) = plan.layers.get(layer).map(|layer| layer.element) else { return Ok(()) };
    if file.element != Some(element.name()) {
        result.differ(Difference {
            file: file.name.clone(),
            cell: None,
            date: None,
            expected: format!("values of type {}", element.name()),
            found: file.element.unwrap_or("another type").to_owned(),
        });
        return Ok(());
    }
    let reader = Reader::new(element);
    let size = element.size();
    let days = slab.start as usize..slab.end as usize;
    let bytes = match days.is_empty() {
        true => Vec::new(),
        false => file.read(row, [days.clone(), slab.rows.clone(), slab.columns.clone()], size)?,
    };
    let (height, width) = (slab.rows.len(), slab.columns.len());
    let value_at = |day: usize, (row, column): Position| {
        let at = ((day * height + row) * width + column) * size;
        bytes.get(at..at + size).unwrap_or_default()
    };
    let mut covered: Vec<Range<i64>> = vec![0..0; height * width];
    for dump in dumps {
        let Some(values) = dump.layers.get(layer).and_then(Option::as_ref) else { continue };
        let expected = |day: i64| {
            let at = (day - dump.first) as usize * size;
            values.get(at..at + size).unwrap_or_default()
        };
        let (first, last) =
            (dump.first.max(0), (dump.first + dump.days as i64).min(i64::from(plan.axis.days)));
        let inside = first.max(slab.start)..last.min(slab.end);
        for day in inside.clone() {
            let found = value_at((day - slab.start) as usize, dump.position);
            check(plan, file, &reader, dump.cell, day, expected(day), found, result);
        }
        // Days outside of the slab are those of a dump with unusual dates: they are read by themselves.
        for days in [first..last.min(slab.start), first.max(slab.end)..last] {
            if days.is_empty() {
                continue;
            }
            let (row_at, column_at) =
                (slab.rows.start + dump.position.0, slab.columns.start + dump.position.1);
            let own = days.start as usize..days.end as usize;
            let found = file.read(row, [own, row_at..row_at + 1, column_at..column_at + 1], size)?;
            for (day, found) in days.clone().zip(found.chunks_exact(size)) {
                check(plan, file, &reader, dump.cell, day, expected(day), found, result);
                tally.explained += u64::from(found != reader.fill);
            }
            tally.unusual.push((dump.position, days));
        }
        if let Some(range) = covered.get_mut(dump.position.0 * width + dump.position.1) {
            *range = inside;
        }
    }
    for day in slab.start..slab.end {
        for (index, range) in covered.iter().enumerate() {
            if range.contains(&day) {
                continue;
            }
            let position = (index / width, index % width);
            let found = value_at((day - slab.start) as usize, position);
            if found == reader.fill {
                result.masked += 1;
            } else {
                tally.values += 1;
                if tally.places.len() < REMEMBERED {
                    let position = (slab.rows.start + position.0, slab.columns.start + position.1);
                    tally.places.push((position, day, reader.show(found)));
                }
            }
        }
    }
    Ok(())
}

#[allow(clippy::too_many_arguments)]
fn check(
    plan: &Plan,
    file: &Grid,
    reader: &Reader,
    cell: Cell,
    day: i64,
    expected: &[u8],
    found: &[u8],
    result: &mut Verification,
) {
    let nan = reader.is_nan(expected);
    result.nan += u64::from(nan);
    result.values += 1;
    let expected = if nan { &reader.fill } else { expected };
    if expected != found {
        result.differ(Difference {
            file: file.name.clone(),
            cell: Some(cell),
            date: plan.axis.label(day),
            expected: reader.show(expected),
            found: reader.show(found),
        });
    }
}

impl Tally {
    /// Says what is in a block without a dump that has it.
    pub(super) fn finish(self, file: &Grid, plan: &Plan, result: &mut Verification) {
        let surplus = self.values.saturating_sub(self.explained);
        if surplus == 0 {
            return;
        }
        let unexplained = self.places.iter().filter(|(position, day, _)| {
            !self.unusual.iter().any(|(other, days)| other == position && days.contains(day))
        });
        let before = result.differences;
        for ((row, column), day, value) in unexplained.take(super::found::SHOWN) {
            result.differ(Difference {
                file: file.name.clone(),
                cell: file.extent.cells.at(*row, *column),
                date: plan.axis.label(*day),
                expected: "masked, there is no dump".to_owned(),
                found: value.clone(),
            });
        }
        result.differences = before + surplus;
    }
}
