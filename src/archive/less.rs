//! What an archive holds and another state of it would not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::gather::CellParts;
use super::handle::{Archive, CellHandle};
use super::names::{PERIOD, PLACE};
use super::record::DumpRecord;
use super::selected::Selected;
use crate::error::{Error, Result};
use crate::model::grid::Cell;
use crate::plan::Area;
use crate::run::RunCell;

/// Cells that a message names.
const SHOWN: usize = 8;

/// What would be lost, and of which cells.
#[derive(Debug, Default)]
pub(super) struct Losses {
    cells: BTreeMap<String, Vec<Cell>>,
}

impl Losses {
    /// What is known before any work: cells and files that an archive has, are selected, and that the run does not list.
    ///
    /// # Errors
    /// [`Damaged`](crate::ErrorKind::Damaged) where the archive is damaged.
    pub fn listed(old: &Archive, selected: &Selected<'_>, area: &Area) -> Result<Self> {
        let mut losses = Losses::default();
        let inside = match area {
            Area::Bounds(bounds) => selected.run.grid.inside(*bounds),
            _ => None,
        };
        let listed: BTreeMap<Cell, &RunCell> =
            selected.run.cells.iter().map(|cell| (cell.cell, cell)).collect();
        for cell in old.cells() {
            let is_selected = match area {
                Area::Cells | Area::Global => true,
                Area::Bounds(_) => inside.as_ref().is_some_and(|is_inside| is_inside(cell)),
                Area::List(list) => list.contains(&cell),
            };
            let has = |record: &DumpRecord| {
                listed.get(&cell).is_some_and(|cell| {
                    record.period.is_none_or(|period| cell.has(period))
                        && record.year.is_none_or(|year| cell.years.binary_search(&year).is_ok())
                })
            };
            if is_selected {
                losses.add(&old.cell(cell)?, selected, has)?;
            }
        }
        Ok(losses)
    }

    /// What a cell's new parts have not: dumps that are lost now, and series.
    ///
    /// # Errors
    /// As [`Losses::listed`].
    pub fn gathered(&mut self, old: &CellHandle, selected: &Selected<'_>, parts: &CellParts) -> Result<()> {
        let kept: BTreeSet<(Option<u32>, Option<i32>)> = parts
            .records
            .iter()
            .filter(|record| !record.is_lost())
            .map(|record| (record.period, record.year))
            .collect();
        self.add(old, selected, |record| kept.contains(&(record.period, record.year)))?;
        let names = parts.names();
        let begins = parts.period.is_some() && !old.is_by_period();
        // Where days are by period from now on, series give them their names.
        let gives = |name: &str| {
            begins && [PERIOD, PLACE].contains(&name) && parts.series.iter().any(|one| one.key == name)
        };
        let is_kept = |name: &str| names.iter().any(|kept| kept == name) || gives(name);
        let gone: Vec<&str> = old.variables().filter(|name| *name != "time" && !is_kept(name)).collect();
        if !gone.is_empty() {
            self.put(format!("the variables {}", gone.join(", ")), old.cell());
        }
        Ok(())
    }

    fn add(
        &mut self,
        old: &CellHandle,
        selected: &Selected<'_>,
        has: impl Fn(&DumpRecord) -> bool,
    ) -> Result<()> {
        let is_asked =
            |record: &&DumpRecord| record.period.is_none_or(|period| selected.is_asked_for(period));
        let gone: Vec<String> = old
            .records()?
            .iter()
            .filter(|record| !record.is_lost())
            .filter(is_asked)
            .filter(|record| !has(record))
            .map(|record| record.file.clone())
            .collect();
        if !gone.is_empty() {
            let more =
                if gone.len() > SHOWN { format!(", … ({} files)", gone.len()) } else { String::new() };
            self.put(gone.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ") + &more, old.cell());
        }
        Ok(())
    }

    fn put(&mut self, what: String, cell: Cell) {
        self.cells.entry(what).or_default().push(cell);
    }

    /// Refuses to lose anything.
    ///
    /// # Errors
    /// [`WouldLose`](crate::ErrorKind::WouldLose).
    pub fn refuse(&self, path: &Path) -> Result<()> {
        if self.cells.is_empty() {
            return Ok(());
        }
        let words = |(what, cells): (&String, &Vec<Cell>)| {
            let names: Vec<String> = cells.iter().take(SHOWN).map(Cell::to_string).collect();
            let more =
                if cells.len() > SHOWN { format!(", … ({} in all)", cells.len()) } else { String::new() };
            let noun = if cells.len() == 1 { "cell" } else { "cells" };
            format!("{what} of {noun} {}{more}", names.join(", "))
        };
        let losses = self.cells.iter().map(words).collect();
        Err(Error::would_lose(path, "the archive".to_owned(), losses))
    }
}
