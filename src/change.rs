//! The change of a run's means from one window of time to another, of one run or of two, as a source like any other: grids, tables, regions and archives are
//! made of it as of daily series.
//!
//! A cell has one step, the window. Of every layer of the runs (a variable, or a row of one) the source shows, in double precision:
//!
//! | name | is |
//! |---|---|
//! | `npp_mean` | the mean over the steps of the window that have a value |
//! | `npp_reference` | the same of the reference |
//! | `npp_change` | the first less the second |
//! | `npp_gained`, `npp_lost` | the change where it is more than 0, and less than 0, without its sign; otherwise 0 |
//! | `npp_change_percent` | in percent of the reference's magnitude; masked where that is near nought |
//! | `npp_change_p_value` | of Welch's t-test of the means of whole calendar years, two-sided; masked below two of them in a window |
//!
//! A cell of which a dump is missing or damaged in one of the windows is masked, and named: a mean of the rest would be another window's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::derive;
use crate::error::{Argument, Error, Result};
use crate::model::axis::Axis;
use crate::model::fault::Fault;
use crate::model::grid::Cell;
use crate::model::variables::{VariableInfo, VariableTable};
use crate::plan::{Comparison, Dates, Layer, Plan, RowMode, Settings};
use crate::run::survey::{Span, Survey};
use crate::run::{Listing, Run, RunCell, days};

mod again;
mod gather;
mod measure;
mod older;
mod shown;
mod source;
mod unlike;

pub(crate) use source::Compared;

/// What this kind of source is called.
pub(crate) const KIND: &str = "change";

/// The only period of a cell: none of the run's, so that messages leave it out.
const PERIOD: u32 = 0;

/// How windows are compared.
#[derive(Debug, Clone, Copy)]
struct Kind {
    /// Grids say what formulas make themselves, and do not say which dumps there were: of days without a value nothing is known.
    is_of_grids: bool,
    /// Whether all is calculated once more in another way.
    is_proof: bool,
}

/// One of the two windows.
#[derive(Debug)]
struct Side {
    /// Which of the runs it is of.
    run: usize,
    axis: Axis,
    periods: Vec<Span>,
    layers: Vec<Layer>,
}

/// What is written down of a comparison, so that another process opens it again.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Kept {
    change: Comparison,
    limits: crate::dump::Limits,
    /// The run, and the reference's where that is another one.
    runs: Vec<(Listing, Option<serde_json::Value>)>,
    /// Of the reference, and of the window.
    surveys: [Survey; 2],
    /// Whether they are grids.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_of_grids: bool,
}

/// What plans a window of a run, or of the reference's, by its number.
type Planner<'a> = &'a dyn Fn(usize, Run, Settings) -> Result<Plan>;

/// A run that is the change between windows of time, where settings want one, and the settings by which it is planned.
/// Others are as they were. Reads a sample of the dumps of both windows.
///
/// # Errors
/// Those of [`Plan::new`] of each window; [`Argument`](crate::ErrorKind::Argument) where a run does not have all days of a window, and where the reference is
/// on another grid or has units that cannot be converted.
pub fn compared(run: Run, reference: Option<Run>, settings: Settings) -> Result<(Run, Settings)> {
    compared_by(run, reference, settings, None)
}

/// The same of grids, each of whose windows `planner` plans: nothing is read.
///
/// # Errors
/// Those of [`compared`] and of `planner`.
#[cfg(feature = "netcdf")]
pub(crate) fn compared_grids(
    run: Run,
    reference: Option<Run>,
    settings: Settings,
    planner: Planner<'_>,
) -> Result<(Run, Settings)> {
    compared_by(run, reference, settings, Some(planner))
}

fn compared_by(
    run: Run,
    reference: Option<Run>,
    settings: Settings,
    planner: Option<Planner<'_>>,
) -> Result<(Run, Settings)> {
    let Some(mut change) = settings.change.clone() else { return Ok((run, settings)) };
    if run.kind == KIND {
        return Ok((run, settings));
    }
    match (&reference, &change.reference_run) {
        (Some(_), Some(_)) if planner.is_some() => {}
        (Some(other), _) => change.reference_run = Some(other.path.clone()),
        (None, Some(path)) => {
            let reason = "the run is not open";
            return Err(Error::selection(Argument::Reference, path.display(), reason));
        }
        (None, None) => {}
    }
    if let Some(other) = reference.as_ref().filter(|other| other.grid != run.grid) {
        let reason =
            format!("its cells are of {}, those of the run of {}", other.grid.words(), run.grid.words());
        return Err(Error::selection(Argument::Reference, other.path.display(), reason));
    }
    if settings.rows == RowMode::Dimension {
        let reason = "each row of a variable has a change of its own; leave it out";
        return Err(Error::selection(Argument::Rows, "dimension", reason));
    }
    let is_for_proof = run.is_for_proof();
    let limits = settings.limits;
    let plan = |number: usize, run: Run, settings: Settings| match planner {
        None => Plan::new(run, settings),
        Some(planner) => planner(number, run, settings),
    };
    let window = plan(0, run.clone(), change.of_window(change.window, &settings))?;
    whole(&window, Argument::Dates, change.window)?;
    there(&window)?;
    let before = match &reference {
        None if planner.is_none() => window.of_other_dates(change.reference),
        None => plan(0, run.clone(), change.of_window(change.reference, &settings)),
        Some(other) => plan(1, other.clone(), of_other(&change, other, &window, &settings)?),
    };
    let before = before.map_err(|error| {
        let error = error.renamed(Argument::Dates, Argument::ReferenceDates);
        let of = reference.as_ref().map(|other| format!("of the reference, {}: ", other.name));
        of.into_iter().fold(error, Error::about)
    })?;
    whole(&before, Argument::ReferenceDates, change.reference)?;
    there(&before)?;
    if let Some(other) = &reference {
        unlike::refuse(&change, [&before, &window], known_of(&change, &run, other))?;
    }
    // One that only one of the runs has is masked, and named when it is read.
    let cells: BTreeSet<Cell> = [Some(&run), reference.as_ref()]
        .into_iter()
        .flatten()
        .flat_map(|run| &run.cells)
        .map(|cell| cell.cell)
        .collect();
    let listing = Listing {
        kind: KIND.to_owned(),
        path: run.path.clone(),
        name: run.name.clone(),
        grid: run.grid,
        cells: cells
            .into_iter()
            .map(|cell| RunCell { cell, periods: vec![PERIOD], years: Vec::new() })
            .collect(),
        ignored: run.ignored.clone(),
        faults: run.faults.iter().cloned().chain(faults_of(reference.as_ref())).collect(),
    };
    let settings = settings.change(Some(change.clone()));
    let kind = Kind { is_of_grids: planner.is_some(), is_proof: is_for_proof };
    let source = Compared::new([before, window], *change, limits, kind)?;
    let settings = source.settings(settings);
    let run = Run::new(listing, Arc::new(source));
    Ok((if is_for_proof { run.for_proof() } else { run }, settings))
}

/// What listing the reference found, as it is told beside what listing the run did.
fn faults_of(reference: Option<&Run>) -> impl Iterator<Item = Fault> {
    let own = reference.into_iter().flat_map(|other| other.faults.iter().map(|fault| (&other.name, fault)));
    own.map(|(name, fault)| Fault {
        message: format!("of the reference, {name}: {}", fault.message),
        ..fault.clone()
    })
}

/// Refuses periods that are asked for and are not in a run.
fn there(plan: &Plan) -> Result<()> {
    match plan.absent.as_slice() {
        [] => Ok(()),
        absent => {
            Err(Error::selection(Argument::Periods, "", format!("{}: {}", plan.run.name, absent.join("; "))))
        }
    }
}

/// Refuses a window of which a run does not have all days.
fn whole(plan: &Plan, argument: Argument, dates: Dates) -> Result<()> {
    let last = plan.axis.first_day + i64::from(plan.axis.days) - 1;
    // Of those that all cells lack the dates may be known as well.
    let is_there = |span: &&Span| plan.run.cells.iter().any(|cell| cell.has(span.period));
    let spans = plan.periods.iter().filter(is_there).map(|span| (span.first_day, span.last_day));
    let gaps = days::uncovered((plan.axis.first_day, last), spans);
    let Some(&(first, end)) = gaps.first() else { return Ok(()) };
    let label = |step: i64| plan.axis.unit.label(step).unwrap_or_default();
    let reason = format!(
        "{} has no data from {} to {}; a window is compared as a whole",
        plan.run.name,
        label(first),
        label(end)
    );
    Err(Error::selection(argument, dates, reason))
}

/// The settings by which another run is read, with its variables in the units of the first.
fn of_other(change: &Comparison, other: &Run, window: &Plan, settings: &Settings) -> Result<Settings> {
    let inner = change.of_window(change.reference, settings);
    let Some(known) = known_of(change, &window.run, other) else { return Ok(inner) };
    let mut units: BTreeMap<String, derive::Change> = BTreeMap::new();
    for key in own_series(change, window)? {
        // What only one of them has is told of elsewhere.
        let (Some(info), Some(theirs)) = (change.table.get(&key), known.get(&key)) else { continue };
        let is_converted = info.source_units.is_some();
        if let (Some(own), Some(theirs)) = (&info.units, &theirs.units)
            && (is_converted || own != theirs)
        {
            units.insert(key, derive::Change { units: own.clone(), calendar: info.calendar });
        }
    }
    // Rows go by the names that they have there.
    let converted = derive::extended(known, &BTreeMap::new(), &units)?;
    Ok(inner.clone().table(inner.table.extended_by(converted)))
}

/// What is known of the reference's variables; `None` where they are those of the run's table.
fn known_of(change: &Comparison, run: &Run, other: &Run) -> Option<VariableTable> {
    let known = change.reference_table.clone().or_else(|| other.source().variables());
    // A run that knows its own variables has another table than one that does not.
    known.or_else(|| run.source().variables().map(|_| VariableTable::caete()))
}

/// The series of a run that a window of it is made of: those of its layers, and what formulas make others of.
fn own_series(change: &Comparison, window: &Plan) -> Result<BTreeSet<String>> {
    let formulas = derive::Formulas::of(&change.table)?;
    let mut keys = BTreeSet::new();
    for layer in &window.layers {
        let is_made = |info: &VariableInfo| info.formula.is_some() && info.source_units.is_none();
        match change.table.get(&layer.key).is_some_and(is_made) {
            true => keys.extend(formulas.inputs(&layer.key).iter().cloned()),
            false => drop(keys.insert(layer.key.clone())),
        }
    }
    Ok(keys)
}

/// A comparison that was written down. `open` opens a run that was listed, by its place: the run, and behind it the reference's.
///
/// # Errors
/// [`Checkpoint`](crate::ErrorKind::Checkpoint) where what was written down is damaged; those of `open`.
pub(crate) fn again(
    kept: Option<serde_json::Value>,
    path: PathBuf,
    open: impl Fn(usize, Listing, Option<serde_json::Value>) -> Result<Run>,
) -> Result<Compared> {
    let kept: Kept = match kept.map(serde_json::from_value) {
        Some(Ok(kept)) => kept,
        Some(Err(error)) => return Err(Error::spool(path, error.to_string())),
        None => return Err(Error::spool(path, "what a change is made of is missing")),
    };
    if let Some(reason) = kept.surveys.iter().find_map(Survey::impossible) {
        return Err(Error::spool(path, reason));
    }
    let Kept { change, limits, runs, surveys: [before, window], is_of_grids } = kept;
    let mut runs = runs.into_iter().enumerate().map(|(place, (listing, kept))| open(place, listing, kept));
    let run = runs.next().ok_or_else(|| Error::spool(path, "it names no run"))??;
    let other = runs.next().transpose()?;
    let settings = Settings::default().limits(limits);
    let of = |dates: Dates| change.of_window(dates, &settings);
    let window = Plan::from_survey(run.clone(), window, of(change.window))?;
    let before = match other {
        None => Plan::from_survey(run, before, of(change.reference))?,
        Some(other) => {
            let settings = of_other(&change, &other, &window, &settings)?;
            Plan::from_survey(other, before, settings)?
        }
    };
    Compared::new([before, window], change, limits, Kind { is_of_grids, is_proof: false })
}
