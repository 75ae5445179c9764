//! `gridloom inspect`: a run, a dump, or a region file in words.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Write;

use serde_json::{Value as Json, json};

use gridloom::caete::{self, state::Compared};
use gridloom::model::fault::Fault;
use gridloom::model::grid::{Cell, Window};
use gridloom::model::variables::VariableTable;
use gridloom::observer::Nobody;
use gridloom::printable::printable;
use gridloom::records::is_description;
use gridloom::run::mixture::{self, Mixture};
use gridloom::run::numbers::with_holes;
use gridloom::run::silence::EmptyCells;
use gridloom::run::survey::{self, Depth, LostPeriod, Survey};
use gridloom::run::{Run, RunCell};

use super::args::InspectArguments;
use super::config::{self, Config};
use super::source::Source;
use super::{Exit, describe, empty, map, show, talk};

mod file;
mod state;
mod tree;

use file::file;

/// Missing and damaged dumps that are named; `--json` has all damaged ones.
const SHOWN: usize = 50;

pub(super) fn run(arguments: &InspectArguments) -> anyhow::Result<Exit> {
    let limits = config::limits(&arguments.limits);
    let preset = arguments.config.preset.as_deref();
    let path = match arguments.paths.as_slice() {
        [path] if preset.is_none() && !describe::are_records(path) => path,
        [path] if is_description(path) && arguments.deep => path,
        files => return describe::inspect(files, preset, arguments.json),
    };
    if let Some(text) = config::builtin::find(path)? {
        let mut out = talk::text();
        let written = out.write_all(text.as_bytes());
        talk::finish(out, written)?;
        return Ok(Exit::Complete);
    }
    if path.is_file() && !gridloom::archive::is_hdf5(path) && !is_description(path) {
        return file(path, &limits, arguments.json);
    }
    let config = Config::of(arguments.config.config.as_deref(), path)?;
    let run = Source::new(path, None, &config).open(&Nobody)?;
    // What the source knows of its variables counts more than what ships.
    let table = match run.source().variables() {
        Some(known) => config.beside(known),
        None => config.table_or_default(),
    };
    let depth = if arguments.deep { Depth::Deep } else { Depth::Sample };
    let periods = with_holes(&run.periods());
    let survey = survey::survey(&run, &run.cells, &periods, depth, &limits)?;
    let mixture = mixture::look(&run, &survey, &survey.spans);
    let written = survey.facts.iter().map(|facts| (facts.cell, facts.period, facts.modified));
    let older = mixture::older_dumps(written.collect(), &mixture.older);
    let years = match arguments.deep {
        true => caete::look_at_years(&run, &run.cells, &limits),
        false => caete::Years::default(),
    };
    // A sample does not say what a cell never has.
    let mut empty = match arguments.deep {
        true => survey.empty_cells(&run, &table),
        false => Vec::new(),
    };
    empty.extend(years.empty);
    if let Some(path) = &arguments.write_empty {
        empty::write(path, &empty, arguments.overwrite)?;
    }
    let state =
        arguments.state.state.as_deref().map(|path| state::compared(path, &run.path, &limits)).transpose()?;
    let (run, survey, mixture, years) = (&run, &survey, &mixture, years.faults.as_slice());
    let described = Described { run, survey, mixture, older, years, empty, deep: arguments.deep, state };
    match arguments.json {
        true => show::json(&described.json(&table))?,
        false => described.print(&table)?,
    }
    Ok(if described.is_sound() { Exit::Complete } else { Exit::Incomplete })
}

struct Described<'a> {
    run: &'a Run,
    survey: &'a Survey,
    mixture: &'a Mixture,
    /// Dumps that are older than those before them.
    older: Vec<Fault>,
    /// Yearly files that cannot be read.
    years: &'a [Fault],
    /// Cells that hold nothing, where all dumps were read.
    empty: Vec<EmptyCells>,
    deep: bool,
    /// What the run lacks of what a state names, where one was given.
    state: Option<Compared>,
}

impl Described<'_> {
    /// Dumps that a cell lacks, of periods that other cells have.
    fn missing(&self) -> usize {
        let periods = self.run.periods().len();
        self.listed().map(|cell| periods - cell.periods.len()).sum()
    }

    /// Yearly files that a cell lacks, of years that other cells have, and years between others that none has.
    fn missing_years(&self) -> Vec<(Cell, i32)> {
        let there: BTreeSet<u32> = self
            .listed()
            .flat_map(|cell| cell.years.iter().filter_map(|&year| u32::try_from(year).ok()))
            .collect();
        let years = with_holes(&there.into_iter().collect::<Vec<_>>());
        let years: Vec<i32> = years.into_iter().filter_map(|year| i32::try_from(year).ok()).collect();
        let lacks = |cell: &RunCell, year: i32| cell.years.binary_search(&year).is_err();
        let of_cell = |cell: &RunCell| {
            let missing = years.iter().filter(|&&year| lacks(cell, year));
            missing.map(|&year| (cell.cell, year)).collect::<Vec<_>>()
        };
        self.listed().flat_map(of_cell).collect()
    }

    /// Whether nothing is missing or damaged of what was looked at.
    fn is_sound(&self) -> bool {
        self.survey.faults.is_empty()
            && self.run.faults.is_empty()
            && self.years.is_empty()
            && !self.survey.lost.iter().any(LostPeriod::is_loss)
            && self.missing() == 0
            && self.missing_years().is_empty()
            && !self.mixture.is_doubtful()
            && self.state.as_ref().is_none_or(Compared::is_whole)
    }

    /// The cells whose folders could be listed; of others it is not known what they have.
    fn listed(&self) -> impl Iterator<Item = &RunCell> {
        let unlisted: HashSet<Cell> = self.run.faults.iter().map(|fault| fault.cell).collect();
        self.run.cells.iter().filter(move |cell| !unlisted.contains(&cell.cell))
    }

    fn window(&self) -> Option<Window> {
        Window::around(self.run.grid, self.run.cells.iter().map(|cell| cell.cell))
    }

    fn dumps(&self) -> usize {
        self.run.cells.iter().map(|cell| cell.periods.len()).sum()
    }

    fn is_lost(&self, period: u32) -> bool {
        self.survey.lost.iter().any(|lost| lost.period == period)
    }

    fn date(&self, day: i64) -> String {
        self.survey.unit.label(day).unwrap_or_default()
    }

    /// First and last year of the community files, and how many there are.
    fn years(&self) -> Option<(i32, i32, usize)> {
        let years = || self.run.cells.iter().flat_map(|cell| cell.years.iter().copied());
        Some((years().min()?, years().max()?, years().count()))
    }

    /// Bytes of a variable in one dump, by the first that has it.
    fn bytes_of(&self, key: &str, size: usize) -> u64 {
        let found = self
            .survey
            .facts
            .iter()
            .find_map(|facts| facts.series.iter().find(|series| series.key == key && series.days > 0));
        found.map_or(0, |series| (series.rows.unwrap_or(1) * series.days * size) as u64)
    }

    fn json(&self, table: &VariableTable) -> Json {
        let window = self.window();
        let variables: Vec<Json> = self
            .survey
            .variables
            .iter()
            .map(|variable| {
                let info = table.get(&variable.key);
                json!({
                    "key": variable.key,
                    "name": variable.name,
                    "type": variable.element.name(),
                    "rows": variable.rows,
                    "units": info.and_then(|info| info.units.clone()),
                    "long_name": info.map(|info| info.long_name.clone()),
                    "bytes_in_a_dump": self.bytes_of(&variable.key, variable.element.size()),
                })
            })
            .collect();
        let periods: Vec<Json> = self
            .survey
            .spans
            .iter()
            .map(|span| {
                json!({
                    "period": span.period,
                    "start": self.date(span.first_day),
                    "end": self.date(span.last_day),
                    "days": span.days(),
                    "cells": self.run.cells.iter().filter(|cell| cell.has(span.period)).count(),
                    "is_lost": self.is_lost(span.period),
                })
            })
            .collect();
        let lost: Vec<Json> = self
            .survey
            .lost
            .iter()
            .map(|lost| {
                json!({
                    "period": lost.period,
                    "start": lost.span().map(|span| self.date(span.first_day)),
                    "end": lost.span().map(|span| self.date(span.last_day)),
                    "dumps": lost.dumps,
                    "is_loss": lost.is_loss(),
                    "message": lost.words(&self.survey.unit),
                })
            })
            .collect();
        json!({
            "run": self.run.name,
            "path": self.run.path.display().to_string(),
            "cells": self.run.cells.len(),
            "window": window.map(|window| json!({
                "north": window.ys().first(), "south": window.ys().last(),
                "west": window.xs().first(), "east": window.xs().last(),
                "rows": window.rows, "columns": window.columns,
                "first_row": window.first_row, "first_column": window.first_column,
            })),
            "calendar": self.survey.unit.calendar().name(),
            "time_unit": self.survey.unit.text(),
            "periods": periods,
            "dumps": self.dumps(),
            "dumps_read": self.survey.facts.len() + self.survey.faults.len(),
            "read": if self.deep { "all" } else { "sample" },
            "containers": self.containers(),
            "variables": variables,
            "unusable_variables": self.survey.unusable.iter().map(|(key, reason)| (key, reason.to_string())).collect::<BTreeMap<_, _>>(),
            "community_files": self.years().map(|(first, last, files)| json!({
                "first_year": first, "last_year": last, "files": files,
            })),
            "lost_periods": lost,
            "missing_dumps": self.missing(),
            "missing_years": self.missing_years().len(),
            "damaged_years": self.years,
            "damaged": self.survey.faults,
            "doubtful": self.mixture.lines(),
            "older": self.older,
            "cell_faults": self.run.faults,
            "empty_cells": self.deep.then_some(&self.empty),
            "ignored_entries": self.run.ignored,
            "state": self.state.as_ref().map(state::json_of_compared),
        })
    }

    /// What the dumps are compressed with. Those of an archive are no files.
    fn containers(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for facts in &self.survey.facts {
            let name =
                facts.container.map_or_else(|| "archived".to_owned(), |container| container.to_string());
            *counts.entry(name).or_default() += 1;
        }
        counts
    }

    fn print(&self, table: &VariableTable) -> std::io::Result<()> {
        let mut out = talk::text();
        let written = self.write(table, &mut out);
        talk::finish(out, written)
    }

    fn write(&self, table: &VariableTable, out: &mut talk::Text) -> std::io::Result<()> {
        writeln!(
            out,
            "{}: {}, {}",
            printable(&self.run.name),
            show::many(self.run.cells.len() as u64, "cell"),
            show::many(self.dumps() as u64, "dump")
        )?;
        if let Some(window) = self.window() {
            let (lat, lon) = (window.ys(), window.xs());
            let ends = |values: &[f64]| {
                (values.first().copied().unwrap_or(0.0), values.last().copied().unwrap_or(0.0))
            };
            let ((north, south), (west, east)) = (ends(&lat), ends(&lon));
            let words = self.run.grid.words();
            let (rows, columns) = (window.rows, window.columns);
            match self.run.grid.projection() {
                None => writeln!(
                    out,
                    "box: {north} to {south} N, {west} to {east} E ({rows} x {columns} cells of {words})"
                )?,
                Some(projection) => writeln!(
                    out,
                    "box: y {north} to {south} m, x {west} to {east} m ({rows} x {columns} cells of {words}, {projection})"
                )?,
            }
            let places: Vec<(u32, u32)> =
                self.run.cells.iter().filter_map(|cell| window.position(cell.cell)).collect();
            writeln!(out, "\n{}", map::draw(&window, &places))?;
        }
        let facts = &self.survey.facts;
        let containers: Vec<String> =
            self.containers().iter().map(|(name, count)| format!("{count} {name}")).collect();
        writeln!(
            out,
            "{} of {} dumps read ({}): {}",
            facts.len() + self.survey.faults.len(),
            self.dumps(),
            if self.deep { "all" } else { "a sample; --deep reads all" },
            containers.join(", ")
        )?;
        writeln!(
            out,
            "time: {}, {}\n",
            printable(self.survey.unit.text()),
            self.survey.unit.calendar().name()
        )?;
        let steps = if self.survey.unit.step().is_day() { "days" } else { "steps" };
        writeln!(out, "{:<8} {:<10} {:<10} {:>6} {:>6}", "period", "start", "end", steps, "cells")?;
        for span in &self.survey.spans {
            writeln!(
                out,
                "{:<8} {:<10} {:<10} {:>6} {:>6}{}",
                span.period,
                self.date(span.first_day),
                self.date(span.last_day),
                span.days(),
                self.run.cells.iter().filter(|cell| cell.has(span.period)).count(),
                if self.is_lost(span.period) { "  lost" } else { "" }
            )?;
        }
        if let Some((first, last, files)) = self.years() {
            writeln!(out, "\ncommunities: {files} yearly files, {first} to {last}")?;
        }
        writeln!(
            out,
            "\n{:<14} {:<8} {:>4} {:<16} {:>10}  name",
            "variable", "type", "rows", "units", "bytes"
        )?;
        for variable in &self.survey.variables {
            let info = table.get(&variable.key);
            writeln!(
                out,
                "{:<14} {:<8} {:>4} {:<16} {:>10}  {}",
                printable(&variable.key),
                variable.element.name(),
                variable.rows.map(|rows| rows.to_string()).unwrap_or_default(),
                info.and_then(|info| info.units.as_deref()).unwrap_or("-"),
                show::bytes(self.bytes_of(&variable.key, variable.element.size())),
                info.map_or("(not in the table of variables)", |info| info.long_name.as_str())
            )?;
            if variable.name != variable.key {
                writeln!(out, "{:<14} is written as {}", "", variable.name)?;
            }
        }
        for (key, reason) in &self.survey.unusable {
            writeln!(out, "{:<14} {}", printable(key), printable(&reason.to_string()))?;
        }
        writeln!(out)?;
        let periods = self.run.periods();
        let missing = self.listed().flat_map(|cell| {
            periods.iter().filter(|&&period| !cell.has(period)).map(|period| (cell.cell, *period))
        });
        for (cell, period) in missing.take(SHOWN) {
            writeln!(out, "missing: cell {cell}, period {period}")?;
        }
        if self.missing() > SHOWN {
            writeln!(out, "missing: {} dumps in all", self.missing())?;
        }
        for fault in self.survey.faults.iter().take(SHOWN) {
            writeln!(out, "damaged: {}", printable(&fault.to_string()))?;
        }
        let word = if self.mixture.is_doubtful() { "doubtful" } else { "note" };
        for line in self.mixture.lines() {
            writeln!(out, "{word}: {line}")?;
        }
        for fault in self.older.iter().take(SHOWN) {
            writeln!(out, "doubtful: {fault}")?;
        }
        let years = self.missing_years();
        for (cell, year) in years.iter().take(SHOWN) {
            writeln!(out, "missing: cell {cell}, year {year}")?;
        }
        if years.len() > SHOWN {
            writeln!(out, "missing: {} yearly files in all", years.len())?;
        }
        for fault in self.years.iter().take(SHOWN) {
            writeln!(out, "damaged: {fault}")?;
        }
        if self.survey.faults.len() + self.years.len() > SHOWN {
            writeln!(out, "damaged: {} files in all", self.survey.faults.len() + self.years.len())?;
        }
        for lost in &self.survey.lost {
            writeln!(out, "lost: {}", lost.words(&self.survey.unit))?;
        }
        for fault in self.run.faults.iter().take(SHOWN) {
            writeln!(out, "left out: {fault}")?;
        }
        if self.run.faults.len() > SHOWN {
            writeln!(out, "left out: {} cells in all", self.run.faults.len())?;
        }
        for line in empty::lines(&self.empty) {
            writeln!(out, "{line}")?;
        }
        if !self.run.ignored.is_empty() {
            writeln!(out, "ignored: {}", printable(&self.run.ignored.join(", ")))?;
        }
        if let Some(state) = &self.state {
            state::write_compared(state, out)?;
        }
        if self.is_sound() {
            writeln!(out, "nothing missing; no damage in the dumps that were read")?;
        }
        Ok(())
    }
}
