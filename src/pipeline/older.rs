//! Dumps that are older than those before them: another run's, perhaps.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::model::fault::Fault;
use crate::model::grid::Cell;
use crate::plan::Plan;
use crate::run::mixture::older_dumps;

/// Those among dumps by their cell, period and time of writing, and among the dumps that each of these is made of.
pub(super) fn older(plan: &Plan, written: Vec<(Cell, u32, i64)>) -> Vec<Fault> {
    let cells: BTreeSet<Cell> = written.iter().map(|&(cell, ..)| cell).collect();
    let source = plan.run.source();
    let mut faults: Vec<Fault> = cells.into_par_iter().flat_map_iter(|cell| source.older(cell)).collect();
    faults.extend(older_dumps(written, &plan.mixture.older));
    faults
}
