//! Sums that reductions are made of: of a tile's cells and a stretch of time, and of all of them.

use std::ops::Range;

use crate::grid::read::Field;

use super::kernels::{self, Moments, More};
use super::reduce::{MapStat, Outcome, Point, Reduction};

/// A rectangle of cells.
#[derive(Debug, Clone)]
pub(super) struct Tile {
    pub rows: Range<usize>,
    pub columns: Range<usize>,
    /// Columns of the whole grid.
    pub across: usize,
}

impl Tile {
    pub(super) fn cells(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// The place of one of its cells in the whole grid.
    fn place(&self, cell: usize) -> usize {
        let width = self.columns.len().max(1);
        (self.rows.start + cell / width) * self.across + self.columns.start + cell % width
    }
}

/// Sums over some steps of a tile, or of all steps and cells.
#[derive(Debug, Default)]
pub(super) struct Partial {
    /// By cell; of parts of time by part and then row or cell.
    counts: Vec<f64>,
    sums: Vec<f64>,
    /// What values are counted from, so that squares do not lose what matters.
    origins: Vec<f64>,
    squares: Vec<f64>,
    days: Vec<f64>,
    day_squares: Vec<f64>,
    products: Vec<f64>,
    /// Weights of the cells of a series.
    weights: Vec<f64>,
    series: Vec<Point>,
    /// The steps, or the parts of time, that the sums are of.
    span: Range<usize>,
}

impl Partial {
    /// Nothing yet of a tile and some steps.
    pub(super) fn new(reduction: &Reduction, tile: &Tile, steps: &Range<usize>) -> Self {
        let own = reduction.steps();
        let steps = steps.start.max(own.start)..steps.end.min(own.end);
        let zeros = |wanted: bool, size: usize| vec![0.0; if wanted { size } else { 0 }];
        let by_part = |count: usize, parts: &super::parts::Parts| {
            let last = steps.end.checked_sub(1).and_then(|step| parts.part(step));
            let span = match (steps.is_empty(), parts.part(steps.start), last) {
                (false, Some(first), Some(last)) => first..last + 1,
                _ => 0..0,
            };
            let size = span.len() * count;
            Partial { counts: zeros(true, size), sums: zeros(true, size), span, ..Partial::default() }
        };
        match reduction {
            Reduction::Map { stat, .. } => {
                let (cells, std, trend) = (tile.cells(), *stat == MapStat::Std, *stat == MapStat::Trend);
                Partial {
                    counts: zeros(true, cells),
                    sums: zeros(true, cells),
                    origins: vec![f64::NAN; if std || trend { cells } else { 0 }],
                    squares: zeros(std, cells),
                    days: zeros(trend, cells),
                    day_squares: zeros(trend, cells),
                    products: zeros(trend, cells),
                    span: steps,
                    ..Partial::default()
                }
            }
            Reduction::Series { weights, .. } => {
                let weight = |cell| weights.get(tile.place(cell)).copied().unwrap_or(0.0);
                Partial {
                    weights: (0..tile.cells()).map(weight).collect(),
                    series: vec![Point::NONE; steps.len()],
                    span: steps,
                    ..Partial::default()
                }
            }
            Reduction::Rows { parts } => by_part(tile.rows.len(), parts),
            Reduction::Cells { parts } => by_part(tile.cells(), parts),
        }
    }

    /// Adds the values of some steps of the tile, `[time, lat, lon]`.
    pub(super) fn add(
        &mut self,
        reduction: &Reduction,
        range: &Range<usize>,
        values: &[f64],
        tile: &Tile,
        field: &Field,
    ) {
        let steps = reduction.steps();
        let both = range.start.max(steps.start)..range.end.min(steps.end);
        if both.is_empty() {
            return;
        }
        let cells = tile.cells();
        let rows = |some: &Range<usize>| {
            let (from, to) = (some.start - range.start, some.end - range.start);
            values.get(from * cells..to * cells).unwrap_or_default()
        };
        match reduction {
            Reduction::Map { stat: MapStat::Mean | MapStat::Sum, .. } => {
                kernels::add_sums(rows(&both), cells, &mut self.counts, &mut self.sums);
            }
            Reduction::Map { stat, .. } => {
                let base = field.times.steps.get(steps.start).map_or(0, |days| days.start);
                let middle = |days: &Range<i64>| (days.start + days.end - 2 * base) as f64 / 2.0;
                let days: Vec<f64> =
                    field.times.steps.iter().map(middle).skip(both.start).take(both.len()).collect();
                let more = match stat {
                    MapStat::Trend => More::Days([&mut self.days, &mut self.day_squares, &mut self.products]),
                    _ => More::Squares(&mut self.squares),
                };
                let Partial { origins, counts, sums, .. } = self;
                kernels::add_moments(
                    rows(&both),
                    cells,
                    Moments { origins, counts, sums, days: &days, more },
                );
            }
            Reduction::Series { .. } => {
                let from = both.start - self.span.start;
                let points = self.series.get_mut(from..from + both.len()).unwrap_or_default();
                kernels::add_weighted(rows(&both), &self.weights, points);
            }
            Reduction::Rows { parts } | Reduction::Cells { parts } => {
                let by_row = matches!(reduction, Reduction::Rows { .. });
                let size = if by_row { tile.rows.len() } else { cells };
                let mut step = both.start;
                while let Some(part) = parts.part(step) {
                    // The steps of one part of time are added at once.
                    let end = parts
                        .ranges
                        .get(part)
                        .map_or(step, |range| range.end)
                        .clamp(step + 1, both.end.max(step + 1));
                    let place = (part - self.span.start) * size..(part + 1 - self.span.start) * size;
                    if let (Some(counts), Some(sums)) =
                        (self.counts.get_mut(place.clone()), self.sums.get_mut(place))
                    {
                        match by_row {
                            true => kernels::add_rows(rows(&(step..end)), tile.columns.len(), counts, sums),
                            false => kernels::add_sums(rows(&(step..end)), cells, counts, sums),
                        }
                    }
                    step = end;
                    if step >= both.end {
                        break;
                    }
                }
            }
        }
    }

    fn value(&self, cell: usize, stat: MapStat, year: f64) -> f64 {
        let of = |sums: &Vec<f64>| sums.get(cell).copied().unwrap_or(0.0);
        let (count, sum) = (of(&self.counts), of(&self.sums));
        match stat {
            _ if count < 1.0 => f64::NAN,
            MapStat::Mean => sum / count,
            MapStat::Sum => sum,
            MapStat::Std if count < 2.0 => f64::NAN,
            MapStat::Std => ((of(&self.squares) - sum * sum / count).max(0.0) / (count - 1.0)).sqrt(),
            MapStat::Trend => {
                let (days, squares) = (of(&self.days), of(&self.day_squares));
                let spread = squares - days * days / count;
                let slope = (of(&self.products) - days * sum / count) / spread;
                if spread > 0.0 { slope * year } else { f64::NAN }
            }
        }
    }

    /// Adds another's sums of one cell to those of one of its own.
    fn merge_cell(&mut self, at: usize, other: &Partial, cell: usize) {
        let of = |sums: &[f64]| sums.get(cell).copied().unwrap_or(0.0);
        let (count, sum) = (of(&other.counts), of(&other.sums));
        if count == 0.0 {
            return;
        }
        // Both are counted from the first value of all.
        let mut shift = 0.0;
        if let (Some(origin), Some(&others)) = (self.origins.get_mut(at), other.origins.get(cell)) {
            if origin.is_nan() {
                *origin = others;
            }
            shift = others - *origin;
        }
        let add = |sums: &mut Vec<f64>, value: f64| {
            if let Some(sum) = sums.get_mut(at) {
                *sum += value;
            }
        };
        add(&mut self.counts, count);
        add(&mut self.sums, sum + count * shift);
        add(&mut self.squares, of(&other.squares) + shift * (2.0 * sum + count * shift));
        add(&mut self.days, of(&other.days));
        add(&mut self.day_squares, of(&other.day_squares));
        add(&mut self.products, of(&other.products) + shift * of(&other.days));
    }
}

/// What becomes of a reduction: the sums of all tiles and steps.
#[derive(Debug)]
pub(super) struct Whole {
    sums: Partial,
    outcome: Outcome,
    /// Rows and columns.
    shape: [usize; 2],
}

impl Whole {
    /// Nothing yet.
    pub(super) fn new(reduction: &Reduction, field: &Field) -> Self {
        let shape = [field.place.y.len(), field.place.x.len()];
        let all = Tile { rows: 0..shape[0], columns: 0..shape[1], across: shape[1] };
        let cells = all.cells();
        let mut whole = Whole { sums: Partial::default(), outcome: Outcome::default(), shape };
        match reduction {
            Reduction::Map { steps, .. } => whole.sums = Partial::new(reduction, &all, steps),
            Reduction::Series { steps, .. } => whole.outcome.series = vec![Point::NONE; steps.len()],
            Reduction::Rows { parts } => {
                whole.outcome.values = vec![0.0; parts.count() * shape[0]];
                whole.outcome.counts = vec![0.0; parts.count() * shape[0]];
            }
            Reduction::Cells { parts } => whole.outcome.values = vec![f64::NAN; parts.count() * cells],
        }
        whole
    }

    /// Adds what was summed of a tile. The order in which that is done decides about the last bits.
    pub(super) fn merge(&mut self, reduction: &Reduction, partial: &Partial, tile: &Tile) {
        let [rows, columns] = self.shape;
        let outcome = &mut self.outcome;
        match reduction {
            Reduction::Map { .. } => {
                for cell in 0..partial.counts.len() {
                    self.sums.merge_cell(tile.place(cell), partial, cell);
                }
            }
            Reduction::Series { steps, .. } => {
                let from = partial.span.start.saturating_sub(steps.start);
                for (point, part) in outcome.series.iter_mut().skip(from).zip(&partial.series) {
                    point.merge(part);
                }
            }
            Reduction::Rows { .. } => {
                let size = tile.rows.len().max(1);
                for (index, (sum, count)) in partial.sums.iter().zip(&partial.counts).enumerate() {
                    let place = (partial.span.start + index / size) * rows + tile.rows.start + index % size;
                    if let (Some(value), Some(number)) =
                        (outcome.values.get_mut(place), outcome.counts.get_mut(place))
                    {
                        *value += sum;
                        *number += count;
                    }
                }
            }
            // Their time is not cut: they have all of their parts.
            Reduction::Cells { .. } => {
                let size = tile.cells().max(1);
                for (index, (sum, count)) in partial.sums.iter().zip(&partial.counts).enumerate() {
                    let place =
                        (partial.span.start + index / size) * rows * columns + tile.place(index % size);
                    if let Some(value) = outcome.values.get_mut(place) {
                        *value = if *count > 0.0 { sum / count } else { f64::NAN };
                    }
                }
            }
        }
    }

    /// The result.
    pub(super) fn finish(mut self, reduction: &Reduction, field: &Field) -> Outcome {
        match reduction {
            Reduction::Map { stat, .. } => {
                let year = field.times.steps_a_year();
                let cells = 0..self.sums.counts.len();
                self.outcome.values = cells.map(|cell| self.sums.value(cell, *stat, year)).collect();
            }
            Reduction::Series { .. } => self.outcome.series.iter_mut().for_each(Point::finish),
            Reduction::Rows { .. } => {
                for (value, count) in self.outcome.values.iter_mut().zip(&self.outcome.counts) {
                    *value = if *count > 0.0 { *value / count } else { f64::NAN };
                }
            }
            Reduction::Cells { .. } => {}
        }
        self.outcome
    }
}
