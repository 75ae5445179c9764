//! The division of the memory budget, made before any work.

use crate::dump::Limits;
use crate::error::{Error, Result};
use crate::run::survey::{self, Survey};

use super::{Layer, Settings};

/// How the memory is used.
#[derive(Debug, Clone, Copy, serde::Serialize)]
#[non_exhaustive]
pub struct Memory {
    /// Threads that work at the same time.
    pub threads: usize,
    /// The budget, in bytes.
    pub budget: u64,
    /// Bytes that each thread needs for itself.
    pub thread_bytes: u64,
    /// Bytes that the units in flight may hold together.
    pub units_bytes: u64,
    /// Bytes that the selected series of one cell take for one day.
    pub cell_day_bytes: u64,
    /// What reading one dump may cost, for this run.
    #[serde(skip)]
    pub limits: Limits,
}

impl Memory {
    pub(super) fn plan(settings: &Settings, survey: &Survey, layers: &[Layer], longest: u64) -> Result<Self> {
        let largest = |size: fn(&survey::Facts) -> u64| survey.facts.iter().map(size).max().unwrap_or(0);
        let decoded = largest(|facts| facts.decoded_bytes);
        let file = largest(|facts| facts.file_bytes);
        // A dump may be a few times larger than those of the sample; more than that is refused as damage.
        let bound = (4 * decoded).max(16 << 20).min(settings.limits.decoded_bytes as u64) as usize;
        let limits = Limits { decoded_bytes: bound, ..settings.limits };
        let chunk = layers.iter().map(|l| l.chunk.elements() * l.element.size()).max().unwrap_or(0) as u64;
        let thread_bytes = 2 * decoded + 2 * file + 3 * chunk + (1 << 20);
        let budget = settings.resources.memory;
        let cell_day_bytes: u64 = layers.iter().map(|layer| layer.element.size() as u64).sum();
        let cell = cell_day_bytes * longest;
        let threads = (budget / 2 / thread_bytes).min(settings.resources.threads as u64).max(1);
        let units_bytes = budget.saturating_sub(threads * thread_bytes);
        if units_bytes < cell {
            return Err(Error::memory(budget, 2 * (thread_bytes + cell)));
        }
        Ok(Memory { threads: threads as usize, budget, thread_bytes, units_bytes, cell_day_bytes, limits })
    }

    /// Bytes that a cell's series take for a number of days.
    pub fn cell_bytes(&self, days: u64) -> u64 {
        self.cell_day_bytes * days
    }

    /// Cells of a tile that a unit takes: all, or where they do not fit, so many that two units do.
    pub(super) fn cells_at_once(&self, days: u64, cells: usize) -> usize {
        let cell = self.cell_bytes(days).max(1);
        if cells as u64 * cell <= self.units_bytes {
            cells
        } else {
            usize::try_from(self.units_bytes / 2 / cell).unwrap_or(usize::MAX).clamp(1, cells.max(1))
        }
    }
}
