//! What the numbers name that a plan gives away. That it lacks one is a defect.

use crate::error::{Error, Result};
use crate::run::RunCell;
use crate::run::survey::Span;

use super::{Layer, Plan, PlannedCell, Tile};

impl Plan {
    /// A layer by its index, which something that was made by this plan names.
    pub(crate) fn layer(&self, index: usize) -> Result<&Layer> {
        self.layers.get(index).ok_or_else(|| Error::bug(format!("a plan without its layer {index}")))
    }

    /// A cell by its index.
    pub(crate) fn cell(&self, index: usize) -> Result<PlannedCell> {
        self.cells.get(index).copied().ok_or_else(|| Error::bug(format!("a plan without its cell {index}")))
    }

    /// A tile by its index.
    pub(crate) fn tile(&self, index: usize) -> Result<&Tile> {
        self.tiles.get(index).ok_or_else(|| Error::bug(format!("a plan without its tile {index}")))
    }

    /// A period by its index.
    pub(crate) fn period(&self, index: usize) -> Result<Span> {
        self.periods
            .get(index)
            .copied()
            .ok_or_else(|| Error::bug(format!("a plan without its period {index}")))
    }

    /// What was listed of a cell.
    pub(crate) fn listed(&self, planned: PlannedCell) -> Result<&RunCell> {
        let listed = self.run.cells.get(planned.index);
        listed.ok_or_else(|| Error::bug(format!("a plan with a cell {} that its run lacks", planned.cell)))
    }
}
