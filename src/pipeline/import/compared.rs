//! The change between windows of time of grids: their series are put into the spool, as for other tables, and compared from there.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::change;
use crate::derive::Formulas;
use crate::error::{Argument, Error, Result};
use crate::model::fault::{FaultKind, Refusal};
use crate::model::grid::Cell;
use crate::model::variables::VariableTable;
use crate::place::CellSeries;
use crate::plan::{Dates, Layer, Plan, Settings};
use crate::run::Run;
use crate::source::Memory;
use crate::spool::Spool;
use crate::spool::contents::{self, Contents, SeriesIndex};
use crate::spool::record::{Location, RecordId};
use crate::sync::lock;

use super::super::pass::Workshop;
use super::shelf::{InSpool, Shelf, ShelfPart};
use super::{Grids, Import};

/// Grids whose windows of time are compared.
pub(crate) struct ComparedGrids<'g> {
    /// Of the tables that are made of their change.
    pub plan: Plan,
    /// The grids, and those of the reference where these are others.
    pub sets: Vec<GridSet<'g>>,
    /// Why series that were in the spool are not there any more.
    lost: Arc<Mutex<Option<Error>>>,
}

/// Grids that belong together, and what of them is compared.
pub(crate) struct GridSet<'g> {
    pub grids: &'g Grids,
    /// Of their series from the first day of the windows to the last.
    pub plan: Plan,
    /// The days of the windows on the plan's axis.
    days: Vec<Range<i64>>,
    /// What the change is made of.
    pub source: Arc<InSpool>,
}

/// The files of a reference: the one that is named, or those of a folder.
pub(super) fn files_of(path: &Path) -> Result<Vec<PathBuf>> {
    let path = path.canonicalize().map_err(|source| Error::io("read", path, source))?;
    if !path.is_dir() {
        return Ok(vec![path]);
    }
    let list = |source| Error::io("list", &path, source);
    let entries =
        std::fs::read_dir(&path).map_err(list)?.collect::<std::io::Result<Vec<_>>>().map_err(list)?;
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "nc") && path.is_file());
    files.sort_unstable();
    match files.is_empty() {
        true => {
            Err(Error::selection(Argument::Reference, path.display(), "it has no grids: no file ends in .nc"))
        }
        false => Ok(files),
    }
}

impl Grids {
    /// Gives its periods the numbers behind those of other grids.
    pub(super) fn counted_behind(mut self, other: &Grids) -> Self {
        let before = other.survey.spans.iter().map(|span| span.period).max().unwrap_or(0);
        self.periods.iter_mut().for_each(|period| *period += before);
        self.survey.spans.iter_mut().for_each(|span| span.period += before);
        let mut listing = self.run.listing().clone();
        listing.cells.iter_mut().flat_map(|cell| &mut cell.periods).for_each(|period| *period += before);
        self.run = self.run.listed(listing);
        self
    }

    /// The same, of which all is calculated in another way, to prove what was made of them.
    pub(crate) fn for_proof(mut self) -> Self {
        self.run = self.run.for_proof();
        self.reference = self.reference.map(|other| Box::new(other.for_proof()));
        self
    }

    /// The files.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.inputs.iter().map(|input| PathBuf::from(&input.path)).collect()
    }

    /// What is made of the change that settings want.
    ///
    /// # Errors
    /// As [`Grids::plan_with`]; [`Argument`](crate::ErrorKind::Argument) where files do not have all days of a window, or other units than those of the reference.
    pub(crate) fn compared(
        &self,
        mut settings: Settings,
        derive: impl FnOnce(VariableTable) -> Result<VariableTable>,
    ) -> Result<ComparedGrids<'_>> {
        let Some(mut change) = settings.change.take() else {
            return Err(Error::bug("grids whose windows are not compared".to_owned()));
        };
        if self.reference.is_some() != change.reference_run.is_some() {
            let reason = "is not what was opened with the grids";
            let path = change.reference_run.unwrap_or_default();
            return Err(Error::selection(Argument::Reference, path.display(), reason));
        }
        if let Some(path) = &mut change.reference_run {
            *path = path.canonicalize().map_err(|source| Error::io("read", path.as_path(), source))?;
        }
        let table = std::mem::take(&mut change.table);
        change.table = self.fitted(table, &change.variables, derive)?;
        if change.variables.is_empty() && self.reference.is_none() {
            change.variables = self.there(&change.table);
        }
        settings.inputs.clone_from(&self.inputs);
        change.inputs = self.reference.as_ref().map(|other| other.inputs.clone()).unwrap_or_default();
        let sets: Vec<&Grids> = [Some(self), self.reference.as_deref()].into_iter().flatten().collect();
        let of_other = self.reference.as_ref();
        let of_other = of_other.map(|other| other.fitted(change.table.clone(), &change.variables, Ok));
        let of_other = of_other.transpose()?;
        let plan_of = |number: usize, run: Run, mut settings: Settings| {
            let grids = sets.get(number).copied().unwrap_or(self);
            if let (1, Some(own)) = (number, &of_other) {
                settings.table = own.clone();
            }
            grids.planned(run, settings)
        };
        let checked = |number: usize, run: Run, settings: Settings| {
            let plan = plan_of(number, run, settings)?;
            sets.get(number).copied().unwrap_or(self).refuse_holes(&plan)?;
            let own = plan.layers.iter().map(|layer| layer.key.as_str());
            refuse_units(&change.table, &plan.settings.table, own)?;
            Ok(plan)
        };
        let runs: Vec<(Arc<InSpool>, Run)> = sets.iter().map(|grids| grids.with_shelf()).collect();
        let run = |number: usize| runs.get(number).map(|(_, run)| run.clone());
        let own = run(0).ok_or_else(|| Error::bug("no grids to compare".to_owned()))?;
        settings.change = Some(change.clone());
        let (compared, all) = change::compared_grids(own, run(1), settings.clone(), &checked)?;
        let windows = match sets.len() {
            1 => vec![vec![change.window, change.reference]],
            _ => vec![vec![change.window], vec![change.reference]],
        };
        let mut made = Vec::new();
        for (number, ((source, run), windows)) in runs.iter().zip(windows).enumerate() {
            let first = windows.iter().map(|dates| dates.from).min();
            let last = windows.iter().map(|dates| dates.to).max();
            let (Some(from), Some(to)) = (first, last) else { continue };
            let plan = plan_of(number, run.clone(), change.of_window(Dates { from, to }, &settings))?;
            let unit = &plan.axis.unit;
            let days = |dates: &Dates| {
                let first = unit.first_on(dates.from)?.checked_sub(plan.axis.first_day)?;
                Some(first..unit.last_on(dates.to)?.checked_sub(plan.axis.first_day)? + 1)
            };
            let days = windows.iter().map(days).collect::<Option<Vec<_>>>();
            let days = days.ok_or_else(|| Error::bug("windows without days on their axis".to_owned()))?;
            let grids = sets.get(number).copied().unwrap_or(self);
            made.push(GridSet { grids, plan, days, source: source.clone() });
        }
        let plan = Plan::new(compared, all)?;
        Ok(ComparedGrids { plan, sets: made, lost: Arc::default() })
    }

    /// Its run, with a shelf of its own.
    fn with_shelf(&self) -> (Arc<InSpool>, Run) {
        let source = Arc::new(InSpool::default());
        let run = Run::new(self.run.listing().clone(), source.clone());
        (source, if self.run.is_for_proof() { run.for_proof() } else { run })
    }

    /// Refuses a variable that files have in a part of a window only.
    fn refuse_holes(&self, plan: &Plan) -> Result<()> {
        let formulas = Formulas::of(&plan.settings.table)?;
        for period in &plan.periods {
            for (index, layer) in plan.layers.iter().enumerate() {
                let has = |key: &String| {
                    let known = self.survey.variables.iter().find(|variable| variable.key == *key);
                    known.is_some_and(|known| {
                        let mut rows = 0..known.rows.unwrap_or(1);
                        rows.all(|row| self.file_of(key, row, known.rows, period.period).is_some())
                    })
                };
                let is_there = match formulas.keys().any(|key| key == layer.key) {
                    true => formulas.inputs(&layer.key).iter().all(has),
                    false => self.file(plan, index, period.period).is_some(),
                };
                if !is_there {
                    let label = |step: i64| plan.axis.unit.label(step).unwrap_or_default();
                    let reason = format!(
                        "no file has it from {} to {}; a window is compared as a whole",
                        label(period.first_day),
                        label(period.last_day)
                    );
                    return Err(Error::selection(Argument::Variables, &layer.row_name, reason));
                }
            }
        }
        Ok(())
    }
}

/// Refuses units that the reference does not have.
fn refuse_units<'a>(
    own: &VariableTable,
    other: &VariableTable,
    keys: impl Iterator<Item = &'a str>,
) -> Result<()> {
    for key in keys {
        let units = |table: &VariableTable| table.get(key).and_then(|info| info.units.clone());
        let (one, two) = (units(own), units(other));
        if one != two {
            let words = |units: Option<String>| units.unwrap_or_else(|| "no units".to_owned());
            let reason = format!(
                "the grids have {}, those of the reference {}; name units for both",
                words(one),
                words(two)
            );
            return Err(Error::selection(Argument::Units, key, reason));
        }
    }
    Ok(())
}

impl ComparedGrids<'_> {
    /// Puts the series that are compared into the spool, those that are not there yet. Returns the units' records, set by set.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library), [`Io`](crate::ErrorKind::Io); [`Stopped`](crate::ErrorKind::Stopped) on request.
    pub(in crate::pipeline) fn import(
        &self,
        shop: &Workshop<'_>,
        id: u64,
        contents: &Contents,
    ) -> Result<Vec<HashSet<RecordId>>> {
        let import = |GridSet { grids, plan, days, .. }: &GridSet<'_>| {
            Import { grids, shop, plan, days: Some(days) }.run(id, contents)
        };
        self.sets.iter().map(import).collect()
    }

    /// Gives the series of some units to what is compared. Returns where all of them are.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub(in crate::pipeline) fn shelve(
        &self,
        spool: &Arc<Spool>,
        epoch: u64,
        contents: &Contents,
        units: &[HashSet<RecordId>],
    ) -> Result<SeriesIndex> {
        let mut all = SeriesIndex::new();
        for (set, units) in self.sets.iter().zip(units) {
            let periods: HashMap<RecordId, u32> =
                contents.units.iter().map(|unit| (unit.id, unit.period)).collect();
            let index = contents::series(spool.folder(), epoch, |id| units.contains(&id))?;
            let mut places: HashMap<(Cell, u32), Vec<(RecordId, Location)>> = HashMap::new();
            for (cell, known) in index {
                for &(id, place) in &known {
                    let unknown = || Error::bug(format!("series of cell {cell} in a unit that is not known"));
                    let period = periods.get(&id).copied().ok_or_else(unknown)?;
                    places.entry((cell, period)).or_default().push((id, place));
                }
                all.entry(cell).or_default().extend(known);
            }
            let (axis, layers) = (set.plan.axis.clone(), set.plan.layers.clone());
            let shelf =
                Spooled { spool: spool.clone(), layers: layers.clone(), places, lost: self.lost.clone() };
            set.source.fill(axis, layers, Box::new(shelf));
        }
        Ok(all)
    }

    /// What went wrong with the series since this was asked last.
    pub(in crate::pipeline) fn check(&self) -> Result<()> {
        lock(&self.lost).take().map_or(Ok(()), Err)
    }
}

/// Series in the spool.
#[derive(Debug)]
struct Spooled {
    spool: Arc<Spool>,
    layers: Vec<Layer>,
    places: HashMap<(Cell, u32), Vec<(RecordId, Location)>>,
    lost: Arc<Mutex<Option<Error>>>,
}

impl Shelf for Spooled {
    fn parts(
        &self,
        cell: Cell,
        period: u32,
        memory: &mut Memory,
        show: &mut dyn FnMut(&ShelfPart<'_>) -> std::result::Result<(), Refusal>,
    ) -> std::result::Result<(), Refusal> {
        let mut series = CellSeries::default();
        for (id, place) in self.places.get(&(cell, period)).into_iter().flatten() {
            let read = self.spool.read(id.task, place, &mut memory.raw);
            let is_sound = read.and_then(|is_sound| match is_sound {
                true => series.read(&memory.raw, &self.layers).ok_or_else(|| self.spool.damaged_series()),
                false => Err(self.spool.damaged_series()),
            });
            if let Err(error) = is_sound {
                // The work ends with this error; the cell is not lost.
                *lock(&self.lost) = Some(error);
                return Err((FaultKind::Unreadable, "its series in the checkpoint are damaged".to_owned()));
            }
            let values = |(index, layer): (usize, &Layer)| {
                series.part(index, layer.element, i64::MIN, i64::MAX).map(|(_, values)| values)
            };
            let layers = self.layers.iter().enumerate().map(values).collect();
            show(&ShelfPart { first: series.first, days: series.days, layers })?;
        }
        Ok(())
    }
}
