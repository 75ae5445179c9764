//! What published files hold, so that nothing that holds less takes their place without being asked to.
//!
//! Kept in the journal of the spool, and in `report.json` for folders whose spool is gone. Compared before a plan is frozen, by
//! what was listed, and once more before files are published, by what was read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use crate::error::{Error, Result};
use crate::grid::products;
use crate::model::fault::{Fault, FaultKind};
use crate::model::grid::Cell;
use crate::plan::tables::TableKind;
use crate::plan::{Area, Plan, Settings, Tables};
use crate::run::days;
use crate::run::survey::Span;
use crate::spool::held::{FileKind, Held, HeldCells, HeldFile};
use crate::spool::record::{Line, Record};
use crate::spool::snapshot::Snapshot;
use crate::spool::{self, journal};
use crate::table::{Layout, is_on_axis};
use crate::words::matches;

use super::{Options, product};

/// Cells, variables and files that a message names.
const SHOWN: usize = 8;

impl HeldCells {
    fn list(&self) -> impl Iterator<Item = Cell> {
        self.cells.split(' ').filter_map(|cell| cell.parse().ok())
    }
}

/// Whether a dump's fault means that there is nothing of it. A sound dump with other dates than before, which give way to
/// others' or leave the axis, is what the model says now.
fn is_gone(fault: &Fault) -> bool {
    use FaultKind::{Calendar, Damaged, Empty, Missing, TooLarge, TooManyValues, Unreadable};
    let is_gone =
        matches!(fault.kind, Missing | Empty | Unreadable | Damaged | TooLarge | TooManyValues | Calendar);
    fault.variable.is_none() && is_gone
}

impl Held {
    /// What the files of a plan will hold, by what is known of its dumps.
    pub(super) fn of(plan: &Plan, faults: &[Fault]) -> Result<Self> {
        let Settings { grids, tables, .. } = &plan.settings;
        let layout = tables.as_ref().map(|tables| Layout::new(plan, tables)).transpose()?;
        let needs_days = *grids || tables.as_ref().is_some_and(Tables::needs_days);
        let years = layout.as_ref().filter(|layout| layout.settings.needs_years());
        let years = years.map(|layout| layout.years.as_slice()).unwrap_or_default();
        let gone = faults.iter().filter(|fault| is_gone(fault));
        let gone: BTreeSet<_> = gone.map(|fault| (fault.cell, fault.period, fault.year)).collect();
        let mut groups: BTreeMap<(Vec<u32>, Vec<i32>), Vec<String>> = BTreeMap::new();
        for (index, planned) in plan.cells.iter().enumerate() {
            let cell = planned.cell;
            let numbers = plan.periods.iter().enumerate().filter(|_| needs_days);
            let there =
                numbers.filter(|&(period, _)| plan.has_dump(index, period)).map(|(_, span)| span.period);
            let periods = there.filter(|&period| !gone.contains(&(cell, Some(period), None))).collect();
            let own = &plan.listed(*planned)?.years;
            let years = years.iter().copied().filter(|year| own.binary_search(year).is_ok());
            let years = years.filter(|&year| !gone.contains(&(cell, None, Some(year)))).collect();
            groups.entry((periods, years)).or_default().push(cell.to_string());
        }
        let groups =
            groups.into_iter().filter(|((periods, years), _)| !periods.is_empty() || !years.is_empty());
        let cells =
            groups.map(|((periods, years), cells)| HeldCells { periods, years, cells: cells.join(" ") });
        let lacking = faults.iter().filter(|fault| fault.is_loss());
        let lacking = lacking.filter_map(|fault| Some((fault.cell, fault.period?, fault.variable.clone()?)));
        Ok(Held {
            unit: plan.axis.unit.clone(),
            days: (plan.axis.first_day, plan.axis.first_day + i64::from(plan.axis.days) - 1),
            periods: plan.periods.clone(),
            variables: match needs_days {
                true => plan.outputs.iter().map(|output| output.name.clone()).collect(),
                false => Vec::new(),
            },
            files: files(plan, layout.as_ref())?,
            cells: cells.collect(),
            lacking: lacking.collect(),
        })
    }

    /// The part of it that some of its files are made of, which a plan makes as well.
    fn of_files(&self, files: &[&HeldFile], tables: Option<&Tables>) -> Self {
        let is_yearly = |file: &HeldFile| {
            TableKind::ALL.into_iter().any(|kind| kind.is_yearly() && kind.name() == file.variable)
        };
        let has_days = |file: &&HeldFile| match file.kind {
            FileKind::Grid => true,
            FileKind::Table => !is_yearly(file),
            FileKind::Aggregate => tables.is_some_and(|tables| !tables.aggregates.is_empty()),
        };
        let has_years = |file: &&HeldFile| match file.kind {
            FileKind::Grid => false,
            FileKind::Table => is_yearly(file),
            FileKind::Aggregate => {
                tables.is_some_and(|tables| tables.kinds.iter().any(|kind| kind.is_grid()))
            }
        };
        let mut part = self.clone();
        if !files.iter().any(has_days) {
            part.variables.clear();
            part.lacking.clear();
            part.cells.iter_mut().for_each(|group| group.periods.clear());
        }
        if !files.iter().any(has_years) {
            part.cells.iter_mut().for_each(|group| group.years.clear());
        }
        part
    }

    /// What others in the place of these files would not hold, in words, of what is selected.
    fn lost_to(&self, new: &Held, plan: &Plan) -> Vec<String> {
        let selection = &plan.settings.selection;
        let date = |day: i64| self.unit.label(day).unwrap_or_default();
        // What is made of yearly files alone has no daily series, and no days.
        let has_days = !self.variables.is_empty();
        let shift = if has_days { new.unit.shift_to(&self.unit) } else { Some(0) };
        let Some(shift) = shift else {
            let (old, new) = (self.unit.calendar().name(), new.unit.calendar().name());
            return vec![format!(
                "all days, counted in the calendar {old}; those of the run now are in {new}, or at another hour"
            )];
        };
        let mut lost = Vec::new();
        let axis = (new.days.0 + shift, new.days.1 + shift);
        // An end of the axis that was chosen is what is asked for.
        let first = if selection.from.is_some() { self.days.0.max(axis.0) } else { self.days.0 };
        let last = if selection.to.is_some() { self.days.1.min(axis.1) } else { self.days.1 };
        for (first, last) in days::uncovered((first, last), [axis]).into_iter().filter(|_| has_days) {
            lost.push(format!("the days {} to {}", date(first), date(last)));
        }
        let named = |names: &[String]| {
            let more =
                if names.len() > SHOWN { format!(", … ({} in all)", names.len()) } else { String::new() };
            names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ") + &more
        };
        let is_wanted = |name: &str| {
            let patterns = &selection.variables;
            let key = name.rsplit_once('_').map_or(name, |(key, _)| key);
            patterns.is_empty() || patterns.iter().any(|one| matches(one, name) || matches(one, key))
        };
        let gone = self.variables.iter().filter(|name| !new.variables.contains(name) && is_wanted(name));
        let gone: Vec<String> = gone.cloned().collect();
        if !gone.is_empty() && !new.variables.is_empty() {
            lost.push(format!("the variables {}", named(&gone)));
        }
        let chosen = (
            if selection.from.is_some() { axis.0 } else { i64::MIN },
            if selection.to.is_some() { axis.1 } else { i64::MAX },
        );
        lost.extend(self.cells_lost_to(new, plan, (shift, chosen), &named));
        let still = |(cell, period, key): &&(Cell, u32, String)| {
            let had = !self.lacking.contains(&(*cell, *period, key.clone()));
            had && self.has(*cell, *period)
                && self.variables.iter().any(|name| name.starts_with(key.as_str()))
        };
        let lacking = new.lacking.iter().filter(still);
        let lacking: Vec<String> =
            lacking.map(|(cell, period, key)| format!("{key} of cell {cell} in period {period}")).collect();
        if !lacking.is_empty() {
            lost.push(named(&lacking));
        }
        lost
    }

    fn has(&self, cell: Cell, period: u32) -> bool {
        let groups = self.cells.iter().filter(|group| group.periods.contains(&period));
        groups.into_iter().any(|group| group.list().any(|one| one == cell))
    }

    /// Cells, and periods and years of cells, that others would not have.
    fn cells_lost_to(
        &self,
        new: &Held,
        plan: &Plan,
        (shift, chosen): (i64, (i64, i64)),
        named: &impl Fn(&[String]) -> String,
    ) -> Vec<String> {
        let selection = &plan.settings.selection;
        let inside = match &selection.area {
            Area::Bounds(bounds) => plan.run.grid.inside(*bounds),
            _ => None,
        };
        let is_selected = |cell: Cell| match &selection.area {
            Area::Cells | Area::Global => true,
            Area::Bounds(_) => inside.as_ref().is_some_and(|is_inside| is_inside(cell)),
            Area::List(cells) => cells.contains(&cell),
        };
        let is_period = |period: u32| {
            selection.periods.is_empty() || selection.periods.iter().any(|range| range.contains(&period))
        };
        let is_year = |year: i32| {
            let tables = plan.settings.tables.as_ref();
            tables.is_none_or(|tables| tables.wants(year)) && is_on_axis(plan, year)
        };
        let groups: HashMap<Cell, usize> = new
            .cells
            .iter()
            .enumerate()
            .flat_map(|(index, group)| group.list().map(move |cell| (cell, index)))
            .collect();
        // By what is lost; most cells lose the same.
        let mut lost: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for group in &self.cells {
            let mut words: HashMap<Option<usize>, String> = HashMap::new();
            for cell in group.list().filter(|&cell| is_selected(cell)) {
                let index = groups.get(&cell).copied();
                let words = words.entry(index).or_insert_with(|| {
                    let there = index.and_then(|index| new.cells.get(index));
                    let periods = group.periods.iter().filter(|&&period| is_period(period));
                    let periods =
                        periods.filter(|&&period| !self.is_kept(period, new, there, (shift, chosen)));
                    let mut parts: Vec<String> = periods.map(|period| format!("period {period}")).collect();
                    let has = |year: &i32| there.is_some_and(|there| there.years.contains(year));
                    let years = group.years.iter().filter(|year| is_year(**year) && !has(year));
                    let years: Vec<String> = years.map(i32::to_string).collect();
                    if !years.is_empty() {
                        parts.push(format!("the years {}", named(&years)));
                    }
                    parts.join(", ")
                });
                if !words.is_empty() {
                    lost.entry(words.clone()).or_default().push(cell.to_string());
                }
            }
        }
        lost.into_iter()
            .map(|(what, cells)| {
                let noun = if cells.len() == 1 { "cell" } else { "cells" };
                format!("{what} of {noun} {}", named(&cells))
            })
            .collect()
    }

    /// Whether cells have the chosen days of a period that they had, by its number or by others that cover them.
    fn is_kept(
        &self,
        period: u32,
        new: &Held,
        there: Option<&HeldCells>,
        (shift, chosen): (i64, (i64, i64)),
    ) -> bool {
        let Some(span) = self.periods.iter().find(|span| span.period == period) else { return false };
        let wanted = (span.first_day.max(chosen.0), span.last_day.min(chosen.1));
        if wanted.0 > wanted.1 || there.is_some_and(|there| there.periods.contains(&period)) {
            return true;
        }
        let own = |span: &&Span| there.is_some_and(|there| there.periods.contains(&span.period));
        let own = new.periods.iter().filter(own).map(|span| (span.first_day + shift, span.last_day + shift));
        days::uncovered(wanted, own).is_empty()
    }
}

/// The files of a plan, by name; of a table of many files what they are.
fn files(plan: &Plan, layout: Option<&Layout<'_>>) -> Result<Vec<HeldFile>> {
    let mut files = Vec::new();
    let mut add = |file: String, kind, variable: &str| {
        files.push(HeldFile { file, kind, variable: variable.to_owned() });
    };
    for product in products::of_plan(plan)? {
        let outputs = product.parts.iter().filter_map(|&part| plan.outputs.get(part));
        outputs.for_each(|output| add(product.file.clone(), FileKind::Grid, &output.name));
    }
    if let Some(layout) = layout {
        for table in &layout.tables {
            let name = table.kind.name();
            let is_single = layout.settings.partition.is_none() && !layout.settings.is_per_cell();
            let file = if is_single { layout.file(table, 0) } else { format!("the files of {name}") };
            add(file, FileKind::Table, name);
        }
        let maps = crate::table::maps(plan, layout.settings, &layout.years)?;
        for product in product::of_maps(plan, &maps)? {
            let maps = product.parts.iter().filter_map(|&part| maps.get(part));
            maps.for_each(|map| add(product.file.clone(), FileKind::Aggregate, &map.output.name));
        }
    }
    Ok(files)
}

/// What the files of a folder held when the work began.
#[derive(Debug, Clone)]
pub(super) struct Before {
    /// What they hold.
    pub held: Held,
    /// Whether the report says so, since there is no spool: files of other names then stay where they are.
    pub is_reported: bool,
}

impl Before {
    /// What the files of a folder hold, by its spool, or where that has no plan yet by the report.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn of(folder: &Path, output: &Path) -> Result<Option<Self>> {
        match of_spool(folder)? {
            Some(held) => Ok(Some(Before { held, is_reported: false })),
            None if Snapshot::is_there(folder)? => Ok(None),
            None => Ok(Self::reported(output)),
        }
    }

    /// What the report beside files says of them; `None` where there is none, or none that can be understood.
    pub fn reported(output: &Path) -> Option<Self> {
        #[derive(serde::Deserialize)]
        struct Made {
            holds: Held,
        }
        let bytes = crate::shared::read_input(&output.join("report.json")).ok()?;
        let made: Made = serde_json::from_slice(&bytes).ok()?;
        Some(Before { held: made.holds, is_reported: true })
    }

    /// Refuses to put others in the place of these files that hold less.
    ///
    /// # Errors
    /// [`WouldLose`](crate::ErrorKind::WouldLose).
    pub fn refuse_less(&self, new: &Held, plan: &Plan, output: &Path) -> Result<()> {
        let is_replaced = |file: &&HeldFile| {
            let is_same = |other: &HeldFile| match self.is_reported {
                true => other.file == file.file,
                false if file.kind == FileKind::Grid => other.kind == file.kind,
                false => (other.kind, &other.variable) == (file.kind, &file.variable),
            };
            new.files.iter().any(is_same)
        };
        let files: Vec<&HeldFile> = self.held.files.iter().filter(is_replaced).collect();
        if files.is_empty() {
            return Ok(());
        }
        let losses = self.held.of_files(&files, plan.settings.tables.as_ref()).lost_to(new, plan);
        if losses.is_empty() {
            return Ok(());
        }
        let mut files: Vec<&str> = files.iter().map(|file| file.file.as_str()).collect();
        files.dedup();
        let more =
            if files.len() > 3 { format!(" and {} more files", files.len() - 3) } else { String::new() };
        let files = files.into_iter().take(3).collect::<Vec<_>>().join(", ") + &more;
        Err(Error::would_lose(output, files, losses))
    }
}

/// What a folder held, unless all is to be made anew. Refuses a plan, before anything is written, whose files would hold less.
///
/// # Errors
/// [`WouldLose`](crate::ErrorKind::WouldLose); [`Io`](crate::ErrorKind::Io).
pub(super) fn begin(folder: &Path, plan: &Plan, output: &Path, options: &Options) -> Result<Option<Before>> {
    let before = if options.fresh { None } else { Before::of(folder, output)? };
    if let Some(before) = &before {
        let faults: Vec<Fault> = plan.missing.iter().chain(&plan.survey.faults).cloned().collect();
        before.refuse_less(&Held::of(plan, &faults)?, plan, output)?;
    }
    Ok(before)
}

/// What a spool's journals say was published last, whatever the plan.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io).
fn of_spool(folder: &Path) -> Result<Option<Held>> {
    let mut latest: Option<(u32, Held)> = None;
    for task in spool::tasks(folder, "journal")? {
        journal::read(&spool::path_of(folder, "journal", task), |_, line: Line| {
            if let Record::Held(held) = line.record
                && latest.as_ref().is_none_or(|(number, _)| *number <= line.under.number)
            {
                latest = Some((line.under.number, held));
            }
        })?;
    }
    Ok(latest.map(|(_, held)| held))
}
