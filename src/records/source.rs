//! Records as a run: cells, each with all steps of the axis as its only period.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::dump::{DumpError, Value};
use crate::model::fault::{FaultKind, Refusal};
use crate::model::grid::Cell;
use crate::model::variables::VariableTable;
use crate::source::account::Account;
use crate::source::stamp::Stamp;
use crate::source::{CellSource, Content, Desk, Item, Part, ReadStep, Reading, Series, Wanted};

use super::assemble::{self, Assembled};
use super::schema::RecordVariable;
use super::store::cells::{CellValues, Damage};

/// What this kind of source is called.
pub(crate) const KIND: &str = "records";

/// The only period of records.
pub(super) const PERIOD: u32 = 1;

/// Records that were gathered in a folder: opened when they are first asked for.
#[derive(Debug)]
pub struct Gathered {
    folder: PathBuf,
    opened: OnceLock<std::result::Result<Assembled, String>>,
    /// Removes the folder in the end, where it is nobody's.
    _own: Option<Own>,
}

/// A folder that goes with the source.
#[derive(Debug)]
pub(super) struct Own(pub PathBuf);

impl Drop for Own {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Gathered {
    /// Records that were put together.
    pub(super) fn of(folder: &Path, assembled: Assembled, own: Option<Own>) -> Self {
        Gathered { folder: folder.to_owned(), opened: OnceLock::from(Ok(assembled)), _own: own }
    }

    /// The records of a folder.
    pub(crate) fn at(folder: &Path) -> Self {
        Gathered { folder: folder.to_owned(), opened: OnceLock::new(), _own: None }
    }

    fn opened(&self) -> std::result::Result<&Assembled, Refusal> {
        let open = || assemble::again(&self.folder).map_err(|error| error.to_string());
        self.opened.get_or_init(open).as_ref().map_err(|reason| (FaultKind::Unreadable, reason.clone()))
    }

    fn stamp(&self, cell: Cell) -> Option<Stamp> {
        let opened = self.opened().ok()?;
        let places = opened.places(cell)?;
        let (digest, bytes) = opened.cells.digest(places).ok()?;
        Some(Stamp { bytes, modified: 0, is_settled: true, digest })
    }
}

fn damage(damage: Damage) -> Refusal {
    match damage {
        Damage::Io(_) => (FaultKind::Unreadable, damage.to_string()),
        Damage::Checksum => (FaultKind::Damaged, damage.to_string()),
    }
}

/// What a thread keeps.
#[derive(Default)]
struct Kept {
    values: CellValues,
    masks: Vec<Vec<u8>>,
}

impl CellSource for Gathered {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name_of(&self, part: Part) -> String {
        match part {
            Part::Period(_) => "records".to_owned(),
            Part::Year(year) => format!("year {year}"),
        }
    }

    fn has(&self, item: Item) -> bool {
        item.part == Part::Period(PERIOD)
            && self.opened().is_ok_and(|opened| opened.places(item.cell).is_some())
    }

    fn holds(&self, item: Item, known: &Stamp) -> bool {
        let is_same = |now: Stamp| (now.bytes, now.digest) == (known.bytes, known.digest);
        item.part == Part::Period(PERIOD) && self.stamp(item.cell).is_some_and(is_same)
    }

    fn variables(&self) -> Option<VariableTable> {
        self.opened().ok().map(|opened| opened.table.clone())
    }

    fn account(&self) -> Option<&Account> {
        self.opened().ok().map(|opened| &opened.account)
    }

    fn period(
        &self,
        cell: Cell,
        number: u32,
        wanted: Wanted<'_>,
        desk: &mut Desk<'_>,
        take: &mut dyn FnMut(&Content<'_>) -> std::result::Result<(), Refusal>,
    ) -> Reading {
        let missing = || Reading::refused(None, (FaultKind::Missing, "no record names it".to_owned()));
        let opened = match self.opened() {
            Ok(opened) => opened,
            Err(refusal) => return Reading::refused(None, refusal),
        };
        let Some(places) = opened.places(cell).filter(|_| number == PERIOD) else { return missing() };
        let stamp = self.stamp(cell);
        let (first, steps) = opened.cells.axis;
        let bytes = opened.cells.slots.iter().map(|element| (element.size() * steps) as u64).sum::<u64>();
        let limit = desk.limits.decoded_bytes;
        if bytes > limit as u64 {
            return Reading::refused(stamp, (FaultKind::TooLarge, DumpError::TooLarge { limit }.to_string()));
        }
        // The memory of an earlier cell, where a thread has read one.
        let kept = desk.memory.kept.take().and_then(|kept| kept.downcast::<Kept>().ok());
        let mut kept = kept.unwrap_or_default();
        kept.values.forget();
        let is_wanted: Vec<bool> = opened
            .variables
            .iter()
            .flat_map(|variable| std::iter::repeat_n(wanted.has(&variable.key), rows(variable)))
            .collect();
        let mut result = Ok(());
        if !matches!(wanted, Wanted::Dates) {
            let buffer = &mut desk.memory.raw;
            desk.clock.time(ReadStep::Read, Item::period(cell, number), &mut || {
                let is_wanted = |slot: usize| is_wanted.get(slot).copied().unwrap_or(false);
                result = opened.cells.read(places, &is_wanted, &mut kept.values, buffer).map_err(damage);
                kept.values.read
            });
        }
        let read = Some(kept.values.read);
        let result = result.and_then(|()| {
            let last = first.saturating_add(steps as i64 - 1);
            let mut content = Content::new(opened.unit.clone(), first, last).with_any_days();
            let Kept { values, masks } = &mut *kept;
            masks.clear();
            masks.extend(opened.variables.iter().map(|variable| mask(variable, values, steps)));
            for (variable, mask) in opened.variables.iter().zip(masks.iter()) {
                content.push(&variable.key, series(variable, values, mask, steps));
            }
            take(&content)
        });
        desk.memory.kept = Some(kept);
        Reading { stamp, read, decoded: read.map(|_| bytes), container: None, result }
    }

    fn year(
        &self,
        _: Cell,
        _: i32,
        _: &mut Desk<'_>,
        _: &mut dyn FnMut(Value<'_>) -> std::result::Result<(), Refusal>,
    ) -> Reading {
        Reading::refused(None, (FaultKind::Missing, "records have no yearly communities".to_owned()))
    }
}

fn rows(variable: &RecordVariable) -> usize {
    variable.labels.len().max(1)
}

/// The values of a variable; none where they are not wanted.
fn data<'a>(variable: &RecordVariable, values: &'a CellValues, steps: usize) -> &'a [u8] {
    let length = rows(variable) * steps * variable.element.size();
    let start = values.starts.get(variable.field as usize).copied().flatten();
    start.and_then(|start| values.bytes.get(start..start + length)).unwrap_or_default()
}

/// Which places of whole numbers are masked.
fn mask(variable: &RecordVariable, values: &CellValues, steps: usize) -> Vec<u8> {
    if variable.element.is_float() {
        return Vec::new();
    }
    let (size, fill) = (variable.element.size(), variable.element.fill());
    let fill = fill.get(..size).unwrap_or_default();
    data(variable, values, steps).chunks_exact(size).map(|value| u8::from(value == fill)).collect()
}

fn series<'a>(variable: &RecordVariable, values: &'a CellValues, mask: &'a [u8], steps: usize) -> Series<'a> {
    let element = variable.element;
    Series {
        element: Some(element),
        type_name: element.shared(),
        size: element.size(),
        big_endian: false,
        rows: (!variable.labels.is_empty()).then_some(variable.labels.len()),
        days: steps,
        is_day_first: false,
        data: data(variable, values, steps),
        mask: (!mask.is_empty()).then_some(mask),
    }
}
