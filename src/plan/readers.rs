//! What others may see of a plan. What it was planned from and what it says of the work belong together, so that nobody changes a part.

use crate::model::axis::Axis;
use crate::model::fault::Fault;
use crate::model::grid::Window;
use crate::run::Run;
use crate::run::mixture::Mixture;
use crate::run::survey::{LostPeriod, Span, Survey};

use super::{Layer, Memory, Output, Plan, PlannedCell, Settings, Tile, Unit};

impl Plan {
    /// The run.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// What its dumps hold.
    pub fn survey(&self) -> &Survey {
        &self.survey
    }

    /// What it was planned from.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The time axis.
    pub fn axis(&self) -> &Axis {
        &self.axis
    }

    /// The same steps as gridded files count them.
    pub fn written(&self) -> &Axis {
        &self.written
    }

    /// The window of the grid that outputs cover.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// The periods that are read, with their usual dates, by date.
    pub fn periods(&self) -> &[Span] {
        &self.periods
    }

    /// The files.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// The fields in them.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The cells, tile by tile.
    pub fn cells(&self) -> &[PlannedCell] {
        &self.cells
    }

    /// The tiles that have cells, from north to south and west to east.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// The units, those of most work first.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// Dumps and cells that are known to be missing, and dumps of periods whose dates are not known.
    pub fn missing(&self) -> &[Fault] {
        &self.missing
    }

    /// Whether the periods fit together.
    pub fn mixture(&self) -> &Mixture {
        &self.mixture
    }

    /// Periods that no sound dump was found of. Those whose dates are known are among [`Plan::periods`].
    pub fn lost(&self) -> &[LostPeriod] {
        &self.lost
    }

    /// Periods, years and masked regions that were asked for and are not in the run, in words.
    pub fn absent(&self) -> &[String] {
        &self.absent
    }

    /// How the memory is used.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }
}
