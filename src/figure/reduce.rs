//! What is made of a variable's values while they are read: maps, series, and means over parts of time.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::field::Field;
use super::parts::Parts;

/// What a map shows of many days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MapStat {
    /// Their mean.
    #[default]
    Mean,
    /// Their sum; of fluxes a day the amount.
    Sum,
    /// Their standard deviation, of a sample.
    Std,
    /// What the line of least squares through them adds in a year.
    Trend,
}

impl MapStat {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            MapStat::Mean => "mean",
            MapStat::Sum => "sum",
            MapStat::Std => "standard deviation",
            MapStat::Trend => "trend",
        }
    }
}

/// What is wanted of a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Reduction {
    /// A value a cell.
    Map {
        /// Of these steps.
        steps: Range<usize>,
        /// What.
        stat: MapStat,
    },
    /// A weighted mean over cells for each step.
    Series {
        /// Of these steps.
        steps: Range<usize>,
        /// Each cell's weight; 0 leaves it out.
        weights: Arc<Vec<f64>>,
    },
    /// A mean for each row of cells and each part of time.
    Rows {
        /// The parts.
        parts: Parts,
    },
    /// A mean for each cell and each part of time.
    Cells {
        /// The parts.
        parts: Parts,
    },
}

/// What is known of one step of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Cells with a value.
    pub cells: u64,
    /// Their weight.
    pub weight: f64,
    /// Sum of weight times value, at the end the mean.
    pub mean: f64,
    /// Sum of weight times squared value, at the end the standard deviation over cells.
    pub std: f64,
    /// The least value.
    pub low: f64,
    /// The greatest.
    pub high: f64,
}

const NO_POINT: Point =
    Point { cells: 0, weight: 0.0, mean: 0.0, std: 0.0, low: f64::INFINITY, high: f64::NEG_INFINITY };

/// The result of a reduction.
#[derive(Debug, Default)]
pub struct Outcome {
    /// A map's values by cell; means by part and then row or cell. NaN where there are none.
    pub values: Vec<f64>,
    /// How many values each is made of.
    pub counts: Vec<f64>,
    /// A series' points.
    pub series: Vec<Point>,
}

/// Sums over the cells of a tile.
#[derive(Debug, Default)]
pub(super) struct Partial {
    counts: Vec<f64>,
    sums: Vec<f64>,
    /// What values are counted from, so that squares do not lose what matters.
    origins: Vec<f64>,
    squares: Vec<f64>,
    days: Vec<f64>,
    days_squared: Vec<f64>,
    products: Vec<f64>,
    series: Vec<Point>,
}

impl Reduction {
    pub(super) fn steps(&self) -> &Range<usize> {
        match self {
            Reduction::Map { steps, .. } | Reduction::Series { steps, .. } => steps,
            Reduction::Rows { parts } | Reduction::Cells { parts } => &parts.steps,
        }
    }

    pub(super) fn overlaps(&self, range: &Range<usize>) -> bool {
        self.steps().start < range.end && range.start < self.steps().end
    }

    pub(super) fn start(&self, field: &Field) -> Outcome {
        let cells = field.place.cells();
        match self {
            Reduction::Map { .. } => Outcome { values: vec![f64::NAN; cells], ..Outcome::default() },
            Reduction::Series { steps, .. } => {
                Outcome { series: vec![NO_POINT; steps.len()], ..Outcome::default() }
            }
            Reduction::Rows { parts } => {
                let size = parts.count() * field.place.lat.len();
                Outcome { values: vec![0.0; size], counts: vec![0.0; size], ..Outcome::default() }
            }
            Reduction::Cells { parts } => {
                Outcome { values: vec![f64::NAN; parts.count() * cells], ..Outcome::default() }
            }
        }
    }

    pub(super) fn partial(&self, cells: usize) -> Partial {
        let zeros = |wanted: bool, size: usize| vec![0.0; if wanted { size } else { 0 }];
        match self {
            Reduction::Map { stat, .. } => {
                let (std, trend) = (*stat == MapStat::Std, *stat == MapStat::Trend);
                Partial {
                    counts: zeros(true, cells),
                    sums: zeros(true, cells),
                    origins: vec![f64::NAN; if std || trend { cells } else { 0 }],
                    squares: zeros(std, cells),
                    days: zeros(trend, cells),
                    days_squared: zeros(trend, cells),
                    products: zeros(trend, cells),
                    series: Vec::new(),
                }
            }
            Reduction::Series { steps, .. } => {
                Partial { series: vec![NO_POINT; steps.len()], ..Partial::default() }
            }
            Reduction::Rows { parts } | Reduction::Cells { parts } => {
                let size = parts.count() * cells;
                Partial { counts: zeros(true, size), sums: zeros(true, size), ..Partial::default() }
            }
        }
    }

    /// Adds some steps of a tile; `at` gives a cell's place in the file.
    pub(super) fn add(
        &self,
        partial: &mut Partial,
        range: &Range<usize>,
        values: &[f64],
        cells: usize,
        at: &impl Fn(usize) -> usize,
        field: &Field,
    ) {
        let steps = self.steps();
        let both = range.start.max(steps.start)..range.end.min(steps.end);
        let weights: Vec<f64> = match self {
            Reduction::Series { weights, .. } => {
                (0..cells).map(|cell| weights.get(at(cell)).copied().unwrap_or(0.0)).collect()
            }
            _ => Vec::new(),
        };
        for step in both {
            let first = (step - range.start) * cells;
            let Some(row) = values.get(first..first + cells) else { continue };
            match self {
                Reduction::Map { stat: MapStat::Mean | MapStat::Sum, .. } => {
                    add_sums(&mut partial.counts, &mut partial.sums, row);
                }
                Reduction::Map { stat, .. } => {
                    let days = field.times.steps.get(step);
                    let base = field.times.steps.get(steps.start).map_or(0, |days| days.start);
                    let day = days.map_or(0.0, |days| (days.start + days.end - 2 * base) as f64 / 2.0);
                    partial.add_moments(row, day, *stat == MapStat::Trend);
                }
                Reduction::Series { .. } => {
                    if let Some(point) = partial.series.get_mut(step - steps.start) {
                        point.add(row, &weights);
                    }
                }
                Reduction::Rows { parts } | Reduction::Cells { parts } => {
                    let Some(part) = parts.part(step) else { continue };
                    let place = part * cells..(part + 1) * cells;
                    if let (Some(counts), Some(sums)) =
                        (partial.counts.get_mut(place.clone()), partial.sums.get_mut(place))
                    {
                        add_sums(counts, sums, row);
                    }
                }
            }
        }
    }

    /// Puts a tile's sums into the whole.
    pub(super) fn merge(
        &self,
        outcome: &mut Outcome,
        partial: Partial,
        at: &impl Fn(usize) -> usize,
        field: &Field,
    ) {
        let columns = field.place.lon.len().max(1);
        match self {
            Reduction::Map { stat, .. } => {
                let year = days_a_year(field);
                for cell in 0..partial.counts.len() {
                    if let Some(value) = outcome.values.get_mut(at(cell)) {
                        *value = partial.value(cell, *stat, year);
                    }
                }
            }
            Reduction::Series { .. } => {
                for (point, part) in outcome.series.iter_mut().zip(&partial.series) {
                    point.merge(part);
                }
            }
            Reduction::Rows { parts } => {
                let rows = field.place.lat.len();
                let cells = partial.sums.len() / parts.count().max(1);
                for (index, (sum, count)) in partial.sums.iter().zip(&partial.counts).enumerate() {
                    let (part, cell) = (index / cells.max(1), index % cells.max(1));
                    let place = part * rows + at(cell) / columns;
                    if let (Some(value), Some(number)) =
                        (outcome.values.get_mut(place), outcome.counts.get_mut(place))
                    {
                        *value += sum;
                        *number += count;
                    }
                }
            }
            Reduction::Cells { parts } => {
                let (all, cells) = (field.place.cells(), partial.sums.len() / parts.count().max(1));
                for (index, (sum, count)) in partial.sums.iter().zip(&partial.counts).enumerate() {
                    let (part, cell) = (index / cells.max(1), index % cells.max(1));
                    if let Some(value) = outcome.values.get_mut(part * all + at(cell)) {
                        *value = if *count > 0.0 { sum / count } else { f64::NAN };
                    }
                }
            }
        }
    }

    pub(super) fn finish(&self, outcome: &mut Outcome, _field: &Field) {
        if let Reduction::Rows { .. } = self {
            for (value, count) in outcome.values.iter_mut().zip(&outcome.counts) {
                *value = if *count > 0.0 { *value / count } else { f64::NAN };
            }
        }
        for point in &mut outcome.series {
            point.finish();
        }
    }
}

/// The mean length of a year in the file's calendar.
pub fn days_a_year(field: &Field) -> f64 {
    match field.times.unit.calendar().name() {
        "360_day" => 360.0,
        "noleap" | "365_day" => 365.0,
        "all_leap" | "366_day" => 366.0,
        "julian" => 365.25,
        _ => 365.2425,
    }
}

fn add_sums(counts: &mut [f64], sums: &mut [f64], values: &[f64]) {
    for ((count, sum), &value) in counts.iter_mut().zip(sums).zip(values) {
        let there = !value.is_nan();
        *count += if there { 1.0 } else { 0.0 };
        *sum += if there { value } else { 0.0 };
    }
}

impl Partial {
    fn add_moments(&mut self, values: &[f64], day: f64, trend: bool) {
        for (cell, &value) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            let Some(origin) = self.origins.get_mut(cell) else { continue };
            if origin.is_nan() {
                *origin = value;
            }
            let value = value - *origin;
            let add = |sums: &mut Vec<f64>, value: f64| {
                if let Some(sum) = sums.get_mut(cell) {
                    *sum += value;
                }
            };
            add(&mut self.counts, 1.0);
            add(&mut self.sums, value);
            match trend {
                false => add(&mut self.squares, value * value),
                true => {
                    add(&mut self.days, day);
                    add(&mut self.days_squared, day * day);
                    add(&mut self.products, day * value);
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
                let (days, squares) = (of(&self.days), of(&self.days_squared));
                let spread = squares - days * days / count;
                let slope = (of(&self.products) - days * sum / count) / spread;
                if spread > 0.0 { slope * year } else { f64::NAN }
            }
        }
    }
}

impl Point {
    fn add(&mut self, values: &[f64], weights: &[f64]) {
        for (&value, &weight) in values.iter().zip(weights) {
            if value.is_nan() || weight <= 0.0 {
                continue;
            }
            self.cells += 1;
            self.weight += weight;
            self.mean += weight * value;
            self.std += weight * value * value;
            self.low = self.low.min(value);
            self.high = self.high.max(value);
        }
    }

    fn merge(&mut self, other: &Point) {
        self.cells += other.cells;
        self.weight += other.weight;
        self.mean += other.mean;
        self.std += other.std;
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
    }

    fn finish(&mut self) {
        if self.cells == 0 {
            *self = Point { mean: f64::NAN, std: f64::NAN, low: f64::NAN, high: f64::NAN, ..*self };
            return;
        }
        self.mean /= self.weight;
        self.std = (self.std / self.weight - self.mean * self.mean).max(0.0).sqrt();
    }
}
