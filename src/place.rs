//! From a dump to the selected series of a cell, on the output's time axis.
//!
//! This is the only place where values are looked at: NaN becomes the fill value and is counted. Everything behind it
//! moves bytes. The series are copied out of the dump (rows apart, little endian), because they are far smaller than it
//! when few variables are selected, and because a dump's buffer can then be used again at once.

use crate::model::axis::Axis;
use crate::model::element::Element;
use crate::model::fault::{Fault, FaultKind, Refusal};
use crate::model::grid::Cell;
use crate::plan::Layer;
use crate::source::{Content, Series};

pub(crate) mod overlap;

/// The selected series of one cell and period.
#[derive(Debug, Default)]
pub struct CellSeries {
    /// The number of the period, where that is known.
    pub period: u32,
    /// The day of the axis that the first value belongs to; may lie before it.
    pub first: i64,
    /// Number of days.
    pub days: usize,
    /// For each layer, whether the dump has it.
    present: Vec<bool>,
    /// For each layer, where its values start, in bytes a day.
    starts: Vec<usize>,
    /// Values, layer after layer, days consecutive.
    bytes: Vec<u8>,
}

/// What was seen while copying.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Seen {
    /// Values copied.
    pub values: u64,
    /// NaN among them, which became fill values.
    pub nan: u64,
    /// Values that equal the fill value, which readers will take for masked.
    pub equal_fill: u64,
    /// Places that the dumps themselves have masked; they count neither as NaN nor as equal to the fill value.
    #[serde(default)]
    pub masked: u64,
}

impl std::ops::AddAssign for Seen {
    fn add_assign(&mut self, other: Seen) {
        self.values += other.values;
        self.nan += other.nan;
        self.equal_fill += other.equal_fill;
        self.masked += other.masked;
    }
}

impl CellSeries {
    /// Copies the selected series of a dump. `self` gives its memory; its old content is dropped.
    ///
    /// Layers that the dump lacks, or has in another form than planned, are left out and named in `faults`.
    pub fn fill_from(
        &mut self,
        content: &Content<'_>,
        shift: i64,
        layers: &[Layer],
        faults: &mut impl FnMut(&str, FaultKind, String),
    ) -> Seen {
        self.first = shift;
        self.days = content.days();
        self.present.clear();
        self.starts.clear();
        let mut start = 0;
        for layer in layers {
            self.starts.push(start);
            start += layer.element.size();
        }
        self.bytes.clear();
        self.bytes.reserve(start * self.days);
        let mut seen = Seen::default();
        // Layers of one variable follow each other; its problem is named once.
        let mut last: Option<(&str, Option<Series<'_>>)> = None;
        for layer in layers {
            let series = match last {
                Some((key, series)) if key == layer.key => series,
                _ => {
                    let series = match fitting(content, layer) {
                        Ok(series) => Some(series),
                        Err((kind, message)) => {
                            faults(&layer.key, kind, message);
                            None
                        }
                    };
                    last = Some((&layer.key, series));
                    series
                }
            };
            self.present.push(series.is_some());
            match series {
                Some(series) => seen += copy(&series, layer.row, layer.element, &mut self.bytes),
                // Keeps the place, so that a layer's start does not depend on what is missing.
                None => self.bytes.resize(self.bytes.len() + layer.element.size() * self.days, 0),
            }
        }
        seen
    }

    /// Serializes the series, for [`CellSeries::read`].
    pub fn write(&self, bytes: &mut Vec<u8>) {
        bytes.clear();
        write_head(self.first, self.days, self.present.iter().copied(), bytes);
        bytes.extend_from_slice(&self.bytes);
    }

    /// The series that [`CellSeries::write`] serialized, of the same layers; `None` where they cannot be. The memory of
    /// `self` is used again.
    pub fn read(&mut self, bytes: &[u8], layers: &[Layer]) -> Option<()> {
        let (first, rest) = bytes.split_first_chunk::<8>()?;
        let (days, rest) = rest.split_first_chunk::<8>()?;
        let (present, values) = rest.split_at_checked(layers.len())?;
        self.first = i64::from_le_bytes(*first);
        self.days = usize::try_from(u64::from_le_bytes(*days)).ok()?;
        self.present.clear();
        self.present.extend(present.iter().map(|&present| present != 0));
        self.starts.clear();
        let mut start = 0;
        for layer in layers {
            self.starts.push(start);
            start += layer.element.size();
        }
        if start.checked_mul(self.days) != Some(values.len()) {
            return None;
        }
        self.bytes.clear();
        self.bytes.extend_from_slice(values);
        Some(())
    }

    /// A layer's values of some days of the axis, or of as many of them as there are: the first of those days, and
    /// their values. `None` where there is none.
    pub fn part(&self, layer: usize, element: Element, from: i64, until: i64) -> Option<(i64, &[u8])> {
        if !self.present.get(layer).copied().unwrap_or(false) {
            return None;
        }
        let from = from.max(self.first);
        let until = until.min(self.first + self.days as i64);
        if from >= until {
            return None;
        }
        let size = element.size();
        let start = self.starts.get(layer)? * self.days + (from - self.first) as usize * size;
        let values = self.bytes.get(start..start + (until - from) as usize * size)?;
        Some((from, values))
    }
}

fn write_head(first: i64, days: usize, present: impl Iterator<Item = bool>, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&first.to_le_bytes());
    bytes.extend_from_slice(&(days as u64).to_le_bytes());
    bytes.extend(present.map(u8::from));
}

/// Series as [`CellSeries::write`] serializes them, of layers that are somewhere else.
#[cfg(feature = "netcdf")]
pub(crate) fn series_bytes<'a>(
    first: i64,
    days: usize,
    layers: &[Layer],
    values: impl Fn(usize) -> Option<&'a [u8]>,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_head(first, days, (0..layers.len()).map(|layer| values(layer).is_some()), &mut bytes);
    for (index, layer) in layers.iter().enumerate() {
        match values(index) {
            Some(values) => bytes.extend_from_slice(values),
            None => bytes.resize(bytes.len() + days * layer.element.size(), 0),
        }
    }
    bytes
}

/// The series of a layer's key, if it is what was planned.
pub(crate) fn fitting<'a>(content: &Content<'a>, layer: &Layer) -> Result<Series<'a>, Refusal> {
    let Some(series) = content.series(&layer.key) else {
        return Err(match content.not_series(&layer.key) {
            Some(reason) => (FaultKind::Type, reason.to_string()),
            None => (FaultKind::NoVariable, "the dump does not have it".to_owned()),
        });
    };
    if series.element() != Some(layer.element) {
        let message =
            format!("its type is {}, where most dumps have {}", series.type_name(), layer.element.name());
        return Err((FaultKind::Type, message));
    }
    let rows = series.has_rows().then_some(series.rows());
    if rows != layer.rows {
        let count = |rows: Option<usize>| rows.map_or("no".to_owned(), |rows| rows.to_string());
        let message = format!("it has {} rows, where most dumps have {}", count(rows), count(layer.rows));
        return Err((FaultKind::Rows, message));
    }
    if series.days() != content.days() {
        let message = format!("it has {} days, the dump's dates are {} days", series.days(), content.days());
        return Err((FaultKind::Length, message));
    }
    Ok(series)
}

fn copy(series: &Series<'_>, row: usize, element: Element, target: &mut Vec<u8>) -> Seen {
    let (first, step) = series.layout(row);
    let source = series.data().get(first..).unwrap_or_default();
    let big = series.is_big_endian();
    let days = series.days();
    let fill = element.fill();
    let count = |nan: u64, equal_fill: u64| Seen { values: days as u64, nan, equal_fill, masked: 0 };
    let mut seen = match element.size() {
        4 if element.is_float() => {
            let fill = f32::from_le_bytes([fill[0], fill[1], fill[2], fill[3]]);
            let (nan, equal) = copy_values::<4>(source, step, days, big, target, |bytes| {
                let value = f32::from_le_bytes(bytes);
                if value.is_nan() { (fill.to_le_bytes(), true, false) } else { (bytes, false, value == fill) }
            });
            count(nan, equal)
        }
        8 if element.is_float() => {
            let fill = f64::from_le_bytes(fill);
            let (nan, equal) = copy_values::<8>(source, step, days, big, target, |bytes| {
                let value = f64::from_le_bytes(bytes);
                if value.is_nan() { (fill.to_le_bytes(), true, false) } else { (bytes, false, value == fill) }
            });
            count(nan, equal)
        }
        1 => whole::<1>(source, step, days, big, target, fill),
        2 => whole::<2>(source, step, days, big, target, fill),
        4 => whole::<4>(source, step, days, big, target, fill),
        _ => whole::<8>(source, step, days, big, target, fill),
    };
    seen.masked = series.masked(row);
    let counted = if element.is_float() { &mut seen.nan } else { &mut seen.equal_fill };
    *counted = counted.saturating_sub(seen.masked);
    seen
}

fn whole<const N: usize>(
    source: &[u8],
    step: usize,
    days: usize,
    big: bool,
    target: &mut Vec<u8>,
    fill: [u8; 8],
) -> Seen {
    let (_, equal_fill) = copy_values::<N>(source, step, days, big, target, |bytes| {
        (bytes, false, fill.get(..N) == Some(&bytes[..]))
    });
    Seen { values: days as u64, nan: 0, equal_fill, masked: 0 }
}

/// Copies values of `N` bytes, `step` bytes apart, as little endian; counts those that `look` says are NaN, and those
/// that equal the fill value.
fn copy_values<const N: usize>(
    source: &[u8],
    step: usize,
    days: usize,
    big: bool,
    target: &mut Vec<u8>,
    look: impl Fn([u8; N]) -> ([u8; N], bool, bool),
) -> (u64, u64) {
    let (mut nan, mut equal) = (0, 0);
    let start = target.len();
    if step == N && !big && source.len() >= days * N {
        // Most series, and most have nothing to change: they are looked at and copied, a part that stays in the
        // processor's cache after another, many values at once.
        for part in source.get(..days * N).unwrap_or_default().chunks(4096 * N) {
            let (values, _) = part.as_chunks::<N>();
            let mut nan_here = 0;
            for &bytes in values {
                let (_, is_nan, is_fill) = look(bytes);
                nan_here += u64::from(is_nan);
                equal += u64::from(is_fill);
            }
            let copied = target.len();
            target.extend_from_slice(part);
            if nan_here > 0 {
                let (values, _) = target.get_mut(copied..).unwrap_or_default().as_chunks_mut::<N>();
                values.iter_mut().for_each(|value| *value = look(*value).0);
                nan += nan_here;
            }
        }
        return (nan, equal);
    }
    target.resize(start + days * N, 0);
    let (values, _) = target.get_mut(start..).unwrap_or_default().as_chunks_mut::<N>();
    for (value, bytes) in values.iter_mut().zip(source.chunks(step)) {
        let Some(mut bytes) = bytes.first_chunk::<N>().copied() else { continue };
        if big {
            bytes.reverse();
        }
        let (result, is_nan, is_fill) = look(bytes);
        *value = result;
        nan += u64::from(is_nan);
        equal += u64::from(is_fill);
    }
    (nan, equal)
}

/// Where a dump's days are on an axis: (first day of the axis, number of days).
///
/// # Errors
/// Where the dump's calendar or time unit does not fit the axis.
pub fn span_on_axis(content: &Content<'_>, axis: &Axis) -> Result<(i64, usize), Refusal> {
    let shift = content
        .unit()
        .shift_to(&axis.unit)
        .and_then(|shift| content.first_day().checked_add(shift)?.checked_sub(axis.first_day));
    match shift {
        Some(first) => Ok((first, content.days())),
        None => Err((
            FaultKind::Calendar,
            format!(
                "its days are {} in calendar {}, the run's are {} in calendar {}",
                content.unit().text(),
                content.unit().calendar().name(),
                axis.unit.text(),
                axis.unit.calendar().name()
            ),
        )),
    }
}

/// A fault of a cell's dump.
pub fn fault_of(cell: Cell, period: u32, (kind, message): Refusal) -> Fault {
    Fault { cell, period: Some(period), year: None, variable: None, kind, message }
}
