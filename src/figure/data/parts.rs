//! Time, cut by months and years.

use crate::grid::read::Times;

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Time, cut into parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// The steps that are in any part.
    pub steps: Range<usize>,
    /// For each of these steps the number of its part, ascending.
    pub of: Arc<Vec<u32>>,
    /// For each part its first and last step.
    pub ranges: Arc<Vec<Range<usize>>>,
}

/// How time is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Every {
    /// As the file has it.
    Step,
    /// By months of the calendar.
    Month,
    /// By years.
    #[default]
    Year,
    /// Not at all.
    All,
}

impl Parts {
    /// Cuts some steps of an axis.
    pub fn new(times: &Times, steps: Range<usize>, every: Every) -> Self {
        let key = |step: usize| match (every, times.date(step)) {
            (Every::Step, _) => (step as i64, 0),
            (Every::All, _) | (_, None) => (0, 0),
            (Every::Month, Some(date)) => (i64::from(date.year), date.month),
            (Every::Year, Some(date)) => (i64::from(date.year), 0),
        };
        let (mut of, mut ranges): (Vec<u32>, Vec<Range<usize>>) = (Vec::new(), Vec::new());
        let mut last = None;
        for step in steps.clone() {
            let key = key(step);
            match ranges.last_mut() {
                Some(range) if last == Some(key) => range.end = step + 1,
                _ => ranges.push(step..step + 1),
            }
            last = Some(key);
            of.push(ranges.len() as u32 - 1);
        }
        Parts { steps, of: Arc::new(of), ranges: Arc::new(ranges) }
    }

    /// How many parts there are.
    pub fn count(&self) -> usize {
        self.ranges.len()
    }

    pub(super) fn part(&self, step: usize) -> Option<usize> {
        self.of.get(step.checked_sub(self.steps.start)?).map(|&part| part as usize)
    }
}
