//! Records as a run: cells, each with all steps of the axis as its only period.

use std::hash::Hasher;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use twox_hash::XxHash3_64;

use crate::dump::DumpError;
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
        let open = || assemble::again(&self.folder).map_err(|error| error.in_full());
        self.opened.get_or_init(open).as_ref().map_err(|reason| (FaultKind::Unreadable, reason.clone()))
    }

    /// Reads a cell, and says how it is known again: by all of its values, however files are parted.
    fn read(
        opened: &Assembled,
        places: &[u32],
        values: &mut CellValues,
        buffer: &mut Vec<u8>,
    ) -> std::result::Result<Stamp, Damage> {
        opened.cells.read(places, values, buffer)?;
        let mut hash = XxHash3_64::new();
        hash.write(opened.unit.text().as_bytes());
        hash.write(&opened.cells.axis.0.to_le_bytes());
        for variable in &opened.variables {
            hash.write(format!("{}\n{}\n", variable.key, variable.element.name()).as_bytes());
        }
        hash.write(&values.bytes);
        let bytes = values.bytes.len() as u64;
        Ok(Stamp { bytes, modified: 0, is_settled: true, digest: hash.finish() })
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
        let Ok(opened) = self.opened() else { return false };
        let Some(places) = opened.places(item.cell).filter(|_| item.part == Part::Period(PERIOD)) else {
            return false;
        };
        let now = Self::read(opened, places, &mut CellValues::default(), &mut Vec::new());
        now.is_ok_and(|now| (now.bytes, now.digest) == (known.bytes, known.digest))
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
        _: Wanted<'_>,
        desk: &mut Desk<'_>,
        take: &mut dyn FnMut(&Content<'_>) -> std::result::Result<(), Refusal>,
    ) -> Reading {
        let missing = || Reading::refused(None, (FaultKind::Missing, "no record names it".to_owned()));
        let opened = match self.opened() {
            Ok(opened) => opened,
            Err(refusal) => return Reading::refused(None, refusal),
        };
        let Some(places) = opened.places(cell).filter(|_| number == PERIOD) else { return missing() };
        let (first, steps) = opened.cells.axis;
        let bytes = opened.cells.slots.iter().map(|element| (element.size() * steps) as u64).sum::<u64>();
        let limit = desk.limits.decoded_bytes;
        if bytes > limit as u64 {
            return Reading::refused(None, (FaultKind::TooLarge, DumpError::TooLarge { limit }.to_string()));
        }
        // The memory of an earlier cell, where a thread has read one.
        let kept = desk.memory.kept.take().and_then(|kept| kept.downcast::<Kept>().ok());
        let mut kept = kept.unwrap_or_default();
        let mut stamp = None;
        let mut result = Ok(());
        let buffer = &mut desk.memory.raw;
        desk.clock.time(ReadStep::Read, Item::period(cell, number), &mut || {
            match Self::read(opened, places, &mut kept.values, buffer) {
                Ok(read) => stamp = Some(read),
                Err(error) => result = Err(damage(error)),
            }
            kept.values.read
        });
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
}

fn rows(variable: &RecordVariable) -> usize {
    variable.labels.len().max(1)
}

/// The values of a variable.
fn data<'a>(variable: &RecordVariable, values: &'a CellValues, steps: usize) -> &'a [u8] {
    let length = rows(variable) * steps * variable.element.size();
    let start = values.starts.get(variable.field as usize).copied();
    start.and_then(|start| values.bytes.get(start..start + length)).unwrap_or_default()
}

/// Which places of whole numbers are masked.
fn mask(variable: &RecordVariable, values: &CellValues, steps: usize) -> Vec<u8> {
    if variable.element.is_float() {
        return Vec::new();
    }
    let (size, fill) = (variable.element.size(), variable.element.fill_bytes());
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
