//! Grids whose windows of time are compared, read anew by their coordinates, and compared once more.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use rayon::prelude::*;

use crate::error::Result;
use crate::model::fault::Refusal;
use crate::model::grid::{Cell, Grid};
use crate::pipeline::import::{ComparedGrids, GridSet, Shelf, ShelfPart};
use crate::plan::{Plan, PlannedCell};
use crate::run::survey::Span;
use crate::source::Memory;

use super::Verification;
use super::cell::{CellData, Needs};
use super::grids::SourceGrids;
use super::inputs::Input;
use super::silences::Silences;
use super::slab::CellDump;

/// What tables were made of, where that is not dumps.
pub(super) enum Sources<'a> {
    /// The days of grids.
    Days(SourceGrids),
    /// The change between windows of them.
    Compared(Windows<'a>),
}

impl Sources<'_> {
    /// What there is of some cells.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library).
    pub fn block(&self, plan: &Plan, cells: &[PlannedCell]) -> Result<Vec<CellData>> {
        match self {
            Sources::Days(grids) => grids.block(plan, cells),
            Sources::Compared(windows) => windows.block(plan, cells),
        }
    }

    /// Bytes that are read of a cell beside what is in its tables.
    pub fn cell_bytes(&self) -> u64 {
        let of = |set: &(SourceGrids, &GridSet<'_>, Arc<Lent>)| {
            let plan = &set.1.plan;
            16 * u64::from(plan.axis.days) * plan.layers.len() as u64
        };
        match self {
            Sources::Days(_) => 0,
            Sources::Compared(windows) => windows.0.iter().map(of).sum(),
        }
    }
}

/// The sets of grids: their files, what of them is compared, and the cells that were read of them last.
pub(super) struct Windows<'a>(Vec<(SourceGrids, &'a GridSet<'a>, Arc<Lent>)>);

impl<'a> Windows<'a> {
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library) where a file cannot be read.
    pub fn open(compared: &'a ComparedGrids<'a>, grid: &Grid, result: &mut Verification) -> Result<Self> {
        let open = |set: &'a GridSet<'a>| {
            let files = SourceGrids::open(&set.grids.paths(), grid, result)?;
            let (axis, periods) = (set.plan.axis.clone(), set.plan.periods.clone());
            let lent = Arc::new(Lent { first_day: axis.first_day, periods, cells: RwLock::default() });
            set.source.fill(axis, set.plan.layers.clone(), Box::new(Reader(lent.clone())));
            Ok((files, set, lent))
        };
        compared.sets.iter().map(open).collect::<Result<_>>().map(Windows)
    }

    fn block(&self, plan: &Plan, cells: &[PlannedCell]) -> Result<Vec<CellData>> {
        let mut is_there = vec![false; cells.len()];
        for (files, set, lent) in &self.0 {
            let read = files.block(&set.plan, cells)?;
            is_there.iter_mut().zip(&read).for_each(|(is_there, data)| *is_there |= !data.dumps.is_empty());
            let own = cells.iter().zip(read).map(|(planned, data)| (planned.cell, data.dumps));
            *lent.cells.write().unwrap_or_else(PoisonError::into_inner) = own.collect();
        }
        let needs = Needs { days: true, years: Vec::new() };
        let of = |(&planned, is_there): (&PlannedCell, bool)| {
            let mut data = CellData::default();
            if is_there {
                return CellData::read(plan, planned, &needs);
            }
            // What is masked throughout may be the sea, and is no cell.
            data.inputs =
                plan.periods.iter().map(|span| (Input::Period(planned.cell, span.period), None)).collect();
            data.silent = Silences::unused(&data.inputs);
            data
        };
        Ok(cells.par_iter().zip(is_there).map(of).collect())
    }
}

/// What was read of some cells.
#[derive(Debug)]
struct Lent {
    first_day: i64,
    periods: Vec<Span>,
    cells: RwLock<HashMap<Cell, Vec<CellDump>>>,
}

/// The way to it.
#[derive(Debug)]
struct Reader(Arc<Lent>);

impl Shelf for Reader {
    fn parts(
        &self,
        cell: Cell,
        period: u32,
        _: &mut Memory,
        show: &mut dyn FnMut(&ShelfPart<'_>) -> std::result::Result<(), Refusal>,
    ) -> std::result::Result<(), Refusal> {
        let Reader(lent) = self;
        let Some(span) = lent.periods.iter().find(|span| span.period == period) else { return Ok(()) };
        let days = span.first_day - lent.first_day..=span.last_day - lent.first_day;
        let cells = lent.cells.read().unwrap_or_else(PoisonError::into_inner);
        let own = cells.get(&cell).into_iter().flatten().filter(|part| days.contains(&part.first));
        for CellDump { first, days, layers, .. } in own {
            let layers = layers.iter().map(Option::as_deref).collect();
            show(&ShelfPart { first: *first, days: *days, layers })?;
        }
        Ok(())
    }
}
