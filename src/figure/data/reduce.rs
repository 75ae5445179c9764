//! What is made of a variable's values while they are read: maps, series, and means over parts of time.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

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

impl Reduction {
    /// The steps that it is of.
    pub fn steps(&self) -> &Range<usize> {
        match self {
            Reduction::Map { steps, .. } | Reduction::Series { steps, .. } => steps,
            Reduction::Rows { parts } | Reduction::Cells { parts } => &parts.steps,
        }
    }

    pub(super) fn overlaps(&self, range: &Range<usize>) -> bool {
        self.steps().start < range.end && range.start < self.steps().end
    }
}

impl Point {
    pub(super) const NONE: Point =
        Point { cells: 0, weight: 0.0, mean: 0.0, std: 0.0, low: f64::INFINITY, high: f64::NEG_INFINITY };

    pub(super) fn merge(&mut self, other: &Point) {
        self.cells += other.cells;
        self.weight += other.weight;
        self.mean += other.mean;
        self.std += other.std;
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
    }

    pub(super) fn finish(&mut self) {
        if self.cells == 0 {
            *self = Point { mean: f64::NAN, std: f64::NAN, low: f64::NAN, high: f64::NAN, ..*self };
            return;
        }
        self.mean /= self.weight;
        self.std = (self.std / self.weight - self.mean * self.mean).max(0.0).sqrt();
    }
}
