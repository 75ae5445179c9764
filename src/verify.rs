//! Proof that files hold what the dumps do: every value, mask, coordinate, date, row, key and attribute.
//!
//! Both sides are read anew, and by other ways than they were written: files through the libraries' own readers, values
//! straight from the dumps, statistics by their plain definitions with sums that lose nothing. Shared with the writer are only
//! the reader of dumps, the rule which dumps count, and the lists of what files, columns and attributes there are (`plan`
//! and the schemas); no number in a file is computed by what wrote it.

use std::path::{Path, PathBuf};

use chrono::SecondsFormat;

use crate::change;
use crate::dump::Limits;
use crate::error::{Argument, Error, Result};
use crate::grid::products;
use crate::grid::read::DailyGrid;
use crate::model::fault::Fault;
use crate::model::grid::Grid;
use crate::model::variables::VariableTable;
use crate::pipeline::Grids;
use crate::plan::{Output, Plan, Resources, Settings};
use crate::run::Run;
use crate::scenarios::Scenarios;
use crate::source::account::Account;
use crate::threads::Pool;

mod archives;
mod area;
mod cell;
mod daily;
#[cfg(feature = "postgres")]
mod database;
mod empty;
mod found;
mod grid;
mod grids;
mod heard;
mod inputs;
mod interval;
mod limitation;
mod made;
mod map;
mod metadata;
mod silences;
mod slab;
mod statistics;
mod store;
mod table;
mod together;
mod traits;
mod value;
mod vegetation;
mod windows;

#[cfg(feature = "postgres")]
pub use database::verify_database;
pub use found::{Difference, Unseen, Verification};
use made::{Made, Wanted};
use windows::{Sources, Windows};

/// What all comparisons need.
struct Prover<'a> {
    run: &'a Run,
    table: &'a VariableTable,
    limits: &'a Limits,
    resources: Resources,
    pool: Pool,
    /// Grids that tables were made of, instead of the run's dumps.
    grids: Option<Sources<'a>>,
}

impl Prover<'_> {
    /// Settings that say nothing of files.
    fn settings(&self) -> Settings {
        Settings { limits: *self.limits, resources: self.resources, ..Settings::default() }
    }
}

/// Compares everything in a folder, or one file, with the dumps of a run: daily grids, aggregates, yearly grids, tables and
/// archives. How they were made is told by `report.json` beside them; grids are known without it, too. Of a folder of several runs it is
/// what was made of this one, and the tables of all.
///
/// Memory: the dumps' selected series of as many cells as there are threads, and for daily grids those of some rows of cells
/// in one period, within the budget of `resources`.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io) where the folder cannot be listed, [`Argument`](crate::ErrorKind::Argument) where nothing there was made of the
/// run, and those of [`Plan::new`]. Differences are no error, nor is what was not looked at.
pub fn verify(
    run: &Run,
    path: impl AsRef<Path>,
    table: &VariableTable,
    limits: &Limits,
    resources: Resources,
) -> Result<Verification> {
    let path = path.as_ref();
    match Scenarios::open(path)? {
        None => verify_one(run, path, table, limits, resources),
        Some(mut all) => {
            let mut result = verify_member(&all, run, table, limits, resources)?;
            result.merge(together::verify(&mut all, resources)?);
            Ok(result)
        }
    }
}

/// The same of several runs in one folder, each with its variables: what was made of each, and once the tables of all.
///
/// # Errors
/// Those of [`verify`]; [`Argument`](crate::ErrorKind::Argument) where the folder is of one run.
pub fn verify_runs(
    runs: &[(Run, VariableTable)],
    path: impl AsRef<Path>,
    limits: &Limits,
    resources: Resources,
) -> Result<Verification> {
    let path = path.as_ref();
    let Some(mut all) = Scenarios::open(path)? else {
        let reason = format!("{} is what was made of one run; give that run alone", path.display());
        return Err(Error::selection(Argument::Source, "", reason));
    };
    let mut result = Verification::default();
    for (run, table) in runs {
        let member = all.made_of_source(&run.path)?.name.clone();
        result.merge(verify_member(&all, run, table, limits, resources)?.of_run(&member));
    }
    result.merge(together::verify(&mut all, resources)?);
    Ok(result)
}

/// What was made of one of several runs.
fn verify_member(
    all: &Scenarios,
    run: &Run,
    table: &VariableTable,
    limits: &Limits,
    resources: Resources,
) -> Result<Verification> {
    let member = all.made_of_source(&run.path)?;
    let result = verify_one(run, &all.folder(member), table, limits, resources)?;
    Ok(result.in_folder(member.folder.as_str()))
}

fn verify_one(
    run: &Run,
    path: &Path,
    table: &VariableTable,
    limits: &Limits,
    resources: Resources,
) -> Result<Verification> {
    // Formulas are calculated in another way than files were made.
    let run = &run.clone().for_proof();
    let mut result = Verification::default();
    let wanted = Wanted::find(path)?;
    let made = Made::read(&wanted.root, &mut result);
    let pool = Pool::new(resources.threads)?;
    let prover = Prover { run, table, limits, resources, pool, grids: None };
    let plan = match made.settings() {
        Some(settings) if !settings.inputs.is_empty() => {
            let reason = "what is in OUT was made of grids; give their folder";
            return Err(Error::selection(Argument::Source, run.path.display(), reason));
        }
        Some(settings) => Some(plan_of_run(&prover, &made, settings)?),
        None => None,
    };
    prove(&prover, path, &wanted, &made, plan.as_ref(), result)
}

/// Compares tables with the grids that they were made of: `source` is the folder of these, or the one file.
///
/// Memory: as [`verify()`].
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where what is at `path` was not made of these grids, and those of [`verify()`].
pub fn verify_grids(
    source: impl AsRef<Path>,
    grid: Grid,
    path: impl AsRef<Path>,
    limits: &Limits,
    resources: Resources,
) -> Result<Verification> {
    let (source, path) = (source.as_ref(), path.as_ref());
    let mut result = Verification::default();
    let wanted = Wanted::find(path)?;
    let made = Made::read(&wanted.root, &mut result);
    let settings = made.settings();
    let paths = grids::inputs(source, settings.as_ref())?;
    let settings = Settings { limits: *limits, resources, ..settings.unwrap_or_default() };
    let grids = Grids::open(&paths, grid, &settings)?.for_proof();
    let pool = Pool::new(resources.threads)?;
    let prove = |plan: &Plan, source: Sources<'_>, result| {
        let (run, table) = (&plan.run, &plan.settings.table);
        let prover = Prover { run, table, limits, resources, pool, grids: Some(source) };
        prove(&prover, path, &wanted, &made, Some(plan), result)
    };
    if settings.change.is_some() {
        let compared = grids.compared(settings, Ok)?;
        let source = Sources::Compared(Windows::open(&compared, &grid, &mut result)?);
        return prove(&compared.plan, source, result);
    }
    let plan = grids.plan(settings)?;
    let source = Sources::Days(grids::SourceGrids::open(&paths, &grid, &mut result)?);
    prove(&plan, source, result)
}

fn prove(
    prover: &Prover<'_>,
    path: &Path,
    wanted: &Wanted,
    made: &Made,
    plan: Option<&Plan>,
    mut result: Verification,
) -> Result<Verification> {
    // Without the filter only files that need it cannot be read; those then say so.
    let _ = crate::write::register_zstd();
    let mut there = wanted.files()?;
    if there.is_empty() && made.files.is_empty() {
        return Err(Error::selection(Argument::OutputFolder, path.display(), "has no file"));
    }
    if let Some(plan) = plan {
        planned(prover, wanted, made, plan, &mut there, &mut result)?;
        inputs::compare_digest(plan, prover.grids.is_some(), &mut result);
        inputs::compare_report(plan, made, wanted, &mut result);
        empty::compare_report(plan, made, wanted, &mut result);
    }
    records(plan.map_or(prover.run, |plan| &plan.run), made, &mut result);
    if let Some(plan) = plan {
        labels(prover.table, plan, &mut result);
    }
    others(prover, wanted, made, there, &mut result)?;
    sort_faults(&mut result);
    Ok(result)
}

/// Compares the names of rows that files were made with with those that the source has now.
fn labels(table: &VariableTable, plan: &Plan, result: &mut Verification) {
    let of = |table: &VariableTable, key: &str| {
        let info = table.get(key).filter(|info| info.dimension.is_some())?;
        Some(info.rows.iter().map(|row| row.label.clone()).collect::<Vec<_>>())
    };
    for output in &plan.outputs {
        if let (Some(now), Some(then)) = (of(table, &output.key), of(&plan.settings.table, &output.key))
            && now != then
        {
            let words = |labels: &[String]| format!("rows of {} called {}", output.name, labels.join(", "));
            result.differ_in("report.json", &words(&now), &words(&then));
        }
    }
}

/// Compares where the lines of files of records went with what the report says. They were all read anew for that.
fn records(run: &Run, made: &Made, result: &mut Verification) {
    let Some(found) = run.source().account() else { return };
    result.lost_records += found.fault_count;
    if !made.is_there {
        return;
    }
    if !found.lines.is_whole() {
        let reason = "lines that are neither records, nor left out, nor faults".to_owned();
        result.differ_in("report.json", "each line once", &reason);
    }
    let said = made.records.clone().unwrap_or_default();
    if !said.agrees_with(found) {
        let words = |account: &Account| {
            let Account { files, lines, repeated, unused, off_grid, fault_count, .. } = account;
            format!(
                "{files} files, {lines:?}, {repeated} repeated, {unused} unused, {off_grid} off the grid, {fault_count} faults"
            )
        };
        result.differ_in("report.json", &words(found), &words(&said));
    }
}

fn sort_faults(result: &mut Verification) {
    let of = |fault: &Fault| (fault.cell, fault.period, fault.year, fault.variable.clone());
    result.faults.sort_by_key(of);
    result.faults.dedup();
}

/// The plan of the folder's files.
fn plan_of_run(prover: &Prover<'_>, made: &Made, settings: Settings) -> Result<Plan> {
    let selection = settings.selection.clone();
    let mut restricted = selection.clone();
    // A run may have grown since.
    if restricted.periods.is_empty() {
        restricted.periods = made.settings.periods.iter().map(|&period| period..=period).collect();
    }
    let (limits, resources) = (*prover.limits, prover.resources);
    let settings = Settings { selection: restricted, limits, resources, ..settings };
    let mut plan = plan_again(prover.run.clone(), settings)?;
    plan.settings.selection = selection;
    Ok(plan)
}

/// A plan of a run, and of the reference that it was compared with, to prove what was made of them.
fn plan_again(run: Run, settings: Settings) -> Result<Plan> {
    let other = settings.change.as_ref().and_then(|change| change.reference_run.as_ref());
    let other = other.map(|path| Run::open_for_proof(path, run.grid)).transpose()?;
    let (run, settings) = change::compared(run, other, settings)?;
    Plan::new(run, settings)
}

/// Whether daily series are wanted at all.
fn needs_days(plan: &Plan) -> bool {
    plan.settings.grids || plan.settings.tables.as_ref().is_some_and(crate::plan::Tables::needs_days)
}

/// Compares what the settings of the folder make, and takes it from the list of what is there.
fn planned(
    prover: &Prover<'_>,
    wanted: &Wanted,
    made: &Made,
    plan: &Plan,
    there: &mut Vec<String>,
    result: &mut Verification,
) -> Result<()> {
    let tables = plan.settings.tables.clone();
    let needs_days = needs_days(plan);
    result.faults.extend(plan.missing.iter().filter(|fault| needs_days || fault.period.is_none()).cloned());
    let lost = plan.lost.iter().filter(|lost| needs_days && lost.is_loss());
    result.lost_periods.extend(lost.map(|lost| lost.words(&plan.axis.unit)));
    let mut take = |file: &str, result: &mut Verification| -> Option<PathBuf> {
        if !wanted.has(file) {
            return None;
        }
        if made.is_there && !made.lists(file) {
            result.differ_in("report.json", &format!("it names {file}"), "it does not");
        }
        match there.iter().position(|name| name == file) {
            Some(index) => {
                there.remove(index);
                Some(wanted.root.join(file))
            }
            // A product of many files.
            None if there.extract_if(.., |name| Path::new(name).starts_with(file)).count() > 0 => {
                Some(wanted.root.join(file))
            }
            None => {
                result.differ_in(file, "a file", "no such file");
                None
            }
        }
    };
    let mut files = Vec::new();
    for product in products::of_plan(plan)? {
        let Some(path) = take(&product.file, result) else { continue };
        result.files += 1;
        store::compare(&product, &path, |part| plan.outputs.get(part).map(|one| &one.name), result);
        files.extend(product.parts.iter().map(|&part| (product.form, part, path.clone())));
    }
    daily::planned(prover, plan, &files, made, result);
    let Some(tables) = tables else { return Ok(()) };
    let maps = map::planned(plan, &tables)?;
    let outputs: Vec<&Output> = maps.iter().map(|map| &map.output).collect();
    let mut files = Vec::new();
    for product in products::products(&plan.settings.formats, &outputs)? {
        let Some(path) = take(&product.file, result) else { continue };
        store::compare(&product, &path, |part| outputs.get(part).map(|one| &one.name), result);
        let own = product.parts.iter().filter_map(|&part| maps.get(part));
        files.extend(own.map(|map| (product.form, map, path.clone())));
    }
    if !files.is_empty() {
        map::compare(prover, plan, &tables, &files, made, result);
    }
    if tables.kinds.iter().any(|kind| !kind.is_grid()) {
        let created = made.created.map(|created| created.to_rfc3339_opts(SecondsFormat::Secs, true));
        let form = crate::table::forms::find(&tables.format)?;
        let folder = table::Folder { root: &wanted.root, form, created };
        let is_wanted = |file: &str| wanted.has(file);
        let mut files = table::compare(prover, plan, &tables, &folder, &is_wanted, result)?;
        files.extend(table::metadata::compare(plan, &tables, &wanted.root, &is_wanted, result)?);
        for file in files.iter().filter(|file| wanted.has(file)) {
            if made.is_there && !made.lists(file) {
                result.differ_in("report.json", &format!("it names {file}"), "it does not");
            }
            there.retain(|name| name != file);
        }
        // Readers take all files in the folder of a table for parts of it.
        let is_upstream = tables.is_upstream(crate::plan::tables::TableKind::Daily);
        let is_part = |name: &String| {
            let table = name.split_once('/').map(|(table, _)| table);
            table.is_some_and(|table| {
                // Upstream's readers look for files anywhere below the folder that is called after the run.
                let is_of_run = is_upstream && table == plan.run.name;
                is_of_run || tables.kinds.iter().any(|kind| kind.name() == table)
            })
        };
        for file in there.extract_if(.., |name| is_part(name)) {
            result.differ_in(&file, "no such file in the folder of a table", "it is there");
        }
    }
    Ok(())
}

/// Looks at what is there beside what the settings make.
fn others(
    prover: &Prover<'_>,
    wanted: &Wanted,
    made: &Made,
    there: Vec<String>,
    result: &mut Verification,
) -> Result<()> {
    let is_planned = made.settings().is_some();
    let mut grids = Vec::new();
    for name in there {
        let path = wanted.root.join(&name);
        if crate::archive::is_archive(&path) {
            archives::compare(prover, &path, result);
            continue;
        }
        let listed = made.files.iter().find(|file| file.file == name);
        if is_planned {
            match listed {
                Some(_) => result.differ_in("report.json", &format!("it does not name {name}"), "it does"),
                None => result.unseen(&name, "report.json does not name it"),
            }
            continue;
        }
        let is_daily = listed.is_none_or(|file| file.kind == crate::pipeline::FileKind::Grid);
        // Files beside those of a report come from other runs of the program, whose selection is not known.
        let is_known = listed.is_some() || made.files.is_empty() || !wanted.is_all();
        if !DailyGrid::may_be(&name) || !is_daily {
            result.unseen(&name, "there is no report.json beside it that says how it was made");
        } else if !is_known {
            result.unseen(&name, "report.json does not name it");
        } else {
            match DailyGrid::open_all(&path, &prover.run.grid) {
                Ok(all) if all.iter().any(|(grid, _)| !grid.is_daily) => {
                    result.unseen(&name, "it is not daily, and no report.json says how it was made");
                }
                Ok(all) => {
                    result.files += 1;
                    for (grid, findings) in all {
                        if grid.grid != prover.run.grid {
                            let (own, found) = (prover.run.grid.words(), grid.grid.words());
                            let [own, found] =
                                [format!("the run's grid of {own}"), format!("another, of {found}")];
                            result.differ_in(&name, &own, &found);
                            break;
                        }
                        result.add(&grid.name(), findings);
                        grids.push(grid::Grid::of_file(&path, grid));
                    }
                }
                Err(error) => result.differ_in(&name, "a daily grid that can be read", &error.in_full()),
            }
        }
    }
    if !is_planned {
        for made in made.files.iter().filter(|made| wanted.has(&made.file)) {
            if !wanted.root.join(&made.file).exists() {
                result.differ_in(&made.file, "a file that report.json names", "no such file");
            }
        }
    }
    daily::found(prover, grids, made, result)
}
