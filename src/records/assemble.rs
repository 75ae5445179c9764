//! From a store to cells: the grid of all places, the axis of all steps, the labels of all segments.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::element::Element;
use crate::model::grid::{Cell, Grid};
use crate::model::time_step::TimeStep;
use crate::model::time_unit::TimeUnit;
use crate::model::variables::VariableTable;
use crate::shared;
use crate::source::account::Account;

use super::description::{CellKeys, Repeated};
use super::places::{self, Placed};
use super::rows::{RecordFault, RecordFaultKind};
use super::schema::RecordVariable;
use super::store::arrange::joined;
use super::store::batch::Batch;
use super::store::cells::{Cells, families};
use super::store::decimals::needed;
use super::store::directory::{Directory, Part};
use super::store::segment::Entry;
use super::store::writer;

/// The file that says what a store's records are.
pub(super) const FILE: &str = "records.json";

/// Steps that an axis has at the most: a century in steps of ten seconds is more than what anyone keeps as text.
const MOST_STEPS: i64 = 1 << 28;

/// What is needed to put the records of a store together again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Known {
    /// Of this form.
    pub version: u32,
    /// Where the description is, or the files.
    pub path: String,
    /// The run's name.
    pub name: String,
    /// The batches, in the order of files.
    pub keys: Vec<u64>,
    /// For each the lines of its file before it.
    pub before: Vec<u64>,
    /// The names of files, which faults need.
    pub files: Vec<String>,
    /// The variables, without labels of records.
    pub variables: Vec<RecordVariable>,
    /// Whether values keep only the bits that their decimals need.
    #[serde(default)]
    pub keeps_decimals: bool,
    /// What several records of one cell and step become.
    pub repeated: Repeated,
    /// Whether records that become one have keys, which none may have twice.
    #[serde(default)]
    pub is_keyed: bool,
    /// The column of labels.
    pub label: Option<String>,
    /// The value where there is no record.
    pub absent: Option<f64>,
    /// How places are told.
    pub cell: CellKeys,
    /// The cells of a table, by the bits of their numbers.
    pub table_of_cells: Vec<(u64, [f64; 2])>,
    /// The unit of steps.
    pub unit: String,
    /// Its calendar.
    pub calendar: String,
    /// Its step.
    pub step: TimeStep,
    /// What is known of variables.
    pub table: VariableTable,
    /// What could not be listed, or has no head.
    pub account: Account,
}

/// Records that were put together.
#[derive(Debug)]
pub struct Assembled {
    /// Where values are.
    pub cells: Cells,
    /// The variables, with all labels.
    pub variables: Vec<RecordVariable>,
    /// The unit of steps.
    pub unit: TimeUnit,
    /// The grid.
    pub grid: Grid,
    /// The cells, in order, and for each where its places are in `place_numbers`.
    list: Vec<(Cell, u32, u32)>,
    place_numbers: Vec<u32>,
    /// What is known of the variables.
    pub table: VariableTable,
    /// Where lines went.
    pub account: Account,
    /// The run's name.
    pub name: String,
}

impl Assembled {
    /// The cells that records name, in order.
    pub fn listed(&self) -> impl Iterator<Item = Cell> {
        self.list.iter().map(|(cell, ..)| *cell)
    }

    /// The places of a cell; `None` where no record names it.
    pub fn places(&self, cell: Cell) -> Option<&[u32]> {
        let index = self.list.binary_search_by_key(&cell, |(cell, ..)| *cell).ok()?;
        let (_, start, end) = *self.list.get(index)?;
        self.place_numbers.get(start as usize..end as usize)
    }
}

/// Writes what is known of a store.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io).
pub(super) fn write(folder: &Path, known: &Known) -> Result<()> {
    let path = folder.join(FILE);
    let fail = |source| Error::io("write to", &path, source);
    let bytes = serde_json::to_vec(known).map_err(|error| fail(error.into()))?;
    let temporary = folder.join(format!(".records.{}", shared::unique()));
    let write = || -> std::io::Result<()> {
        let mut file = shared::make(&temporary)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, &path)
    };
    write().map_err(fail)?;
    shared::sync_folder(folder)
}

/// Puts the records of a store together again.
///
/// # Errors
/// [`Checkpoint`](crate::ErrorKind::Checkpoint) where the store is damaged or not complete.
pub(super) fn again(folder: &Path) -> Result<Assembled> {
    let path = folder.join(FILE);
    let bytes = shared::read(&path, 1 << 32).map_err(|source| shared::error("read", &path, source))?;
    let known: Known = serde_json::from_slice(&bytes).map_err(|error| {
        Error::spool(&path, format!("it is damaged: {error}; remove the folder, and records are read anew"))
    })?;
    let mut there = writer::recorded(folder)?;
    let batches: Option<Vec<_>> = known.keys.iter().map(|key| there.remove(key)).collect();
    let lacks = || {
        Error::spool(folder, "some records are not there any more; remove the folder, and they are read anew")
    };
    assemble(folder, known, batches.ok_or_else(lacks)?)
}

/// Adds where a batch's lines went.
fn count(account: &mut Account, batch: &Batch) {
    account.bytes += batch.bytes;
    account.lines += batch.lines;
    account.repeated += batch.repeated;
    account.unused += batch.unused;
    account.add_faults(batch.faults.iter().cloned());
    account.fault_count += batch.more;
}

/// Puts the records of batches together.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where places are on no grid or times on no axis; [`Checkpoint`](crate::ErrorKind::Checkpoint) where the store is damaged.
pub(super) fn assemble(folder: &Path, known: Known, batches: Vec<(u32, Batch)>) -> Result<Assembled> {
    let wrong = |reason: String| Error::config(&known.path, reason);
    let mut account = known.account.clone();
    let mut files: HashMap<u32, Arc<File>> = HashMap::new();
    let mut parts = Vec::new();
    for ((task, batch), before) in batches.into_iter().zip(known.before.iter().copied()) {
        count(&mut account, &batch);
        for segment in batch.segments {
            let file = match files.get(&task) {
                Some(file) => file.clone(),
                None => {
                    let path = writer::segments(folder, task);
                    let file = shared::open(&path, File::options().read(true));
                    let file = Arc::new(file.map_err(|source| shared::error("open", &path, source))?);
                    files.insert(task, file.clone());
                    file
                }
            };
            parts.push(Part { file, segment, before });
        }
    }
    parts.sort_by_key(|part| part.segment.order);
    let steps = joined(parts.iter().flat_map(|part| part.segment.steps.iter().copied()).collect());
    let (Some(first), Some(last)) = (steps.first().map(|run| run.0), steps.last().map(|run| run.1)) else {
        let first = account.faults.first().map(|fault| format!(": {fault}")).unwrap_or_default();
        return Err(wrong(format!("the files hold no record that can be used{first}")));
    };
    let unit = unit_of(&known).map_err(&wrong)?;
    let count = last.saturating_sub(first).saturating_add(1);
    if count > MOST_STEPS {
        let date = |step: i64| unit.label(step).unwrap_or_else(|| step.to_string());
        let words = unit.step().words();
        return Err(wrong(format!(
            "times from {} to {} would be {count} steps of {words}",
            date(first),
            date(last)
        )));
    }
    let labels = labels(&parts);
    let (variables, slots_of, slots) = layout(&known, &labels, &parts);
    let decimals = match known.keeps_decimals {
        true => decimals(&parts, &slots_of, &slots, known.absent),
        false => vec![None; slots.len()],
    };
    let directory = Directory::make(folder, &parts)?;
    let table: HashMap<u64, [f64; 2]> = known.table_of_cells.iter().copied().collect();
    let table = known.cell.table.is_some().then_some(&table);
    let Placed { grid, cells: placed } =
        places::cells(&known.cell, table, &directory.places).map_err(|error| wrong(error.0))?;
    let cells = Cells {
        parts,
        families: families(&slots_of),
        slots_of,
        directory,
        decimals,
        slots,
        repeated: known.repeated,
        is_keyed: known.is_keyed,
        absent: known.absent,
        axis: (first, count as usize),
        steps,
    };
    let mut of_cells: Vec<(Cell, u32)> = Vec::new();
    for (number, cell) in placed.iter().enumerate() {
        match cell {
            Some(cell) => of_cells.push((*cell, number as u32)),
            None => off_grid(&cells, &known, number, &mut account)?,
        }
    }
    of_cells.sort_unstable();
    let mut list: Vec<(Cell, u32, u32)> = Vec::new();
    for (at, (cell, _)) in (0u32..).zip(&of_cells) {
        match list.last_mut() {
            Some((last, _, end)) if last == cell => *end = at + 1,
            _ => list.push((*cell, at, at + 1)),
        }
    }
    let place_numbers = of_cells.into_iter().map(|(_, number)| number).collect();
    let table = table_of(&known, &variables, &cells.decimals);
    let name = known.name.clone();
    let mut assembled = Assembled { cells, variables, unit, grid, list, place_numbers, table, account, name };
    if known.repeated == Repeated::Error || known.is_keyed {
        repeats(&mut assembled, &known)?;
    }
    Ok(assembled)
}

fn unit_of(known: &Known) -> std::result::Result<TimeUnit, String> {
    let calendar = crate::model::calendar::Calendar::parse(&known.calendar)
        .ok_or_else(|| format!("{:?} is no calendar", known.calendar))?;
    TimeUnit::of_steps(&known.unit, calendar, Some(known.step)).map_err(|error| error.to_string())
}

/// The labels of all segments: in the order of numbers where all are numbers, of letters otherwise.
fn labels(parts: &[Part]) -> Vec<String> {
    let all: BTreeSet<&String> = parts.iter().flat_map(|part| &part.segment.labels).collect();
    let mut labels: Vec<String> = all.into_iter().cloned().collect();
    let numbers: Option<Vec<f64>> = labels.iter().map(|label| label.parse::<f64>().ok()).collect();
    if numbers.is_some() {
        let number = |label: &String| label.parse::<f64>().unwrap_or(f64::NAN);
        labels.sort_by(|one, other| number(one).total_cmp(&number(other)));
    }
    labels
}

type Slots = Vec<Arc<Vec<u32>>>;

/// The variables with labels of records as rows, the slot of each column of each segment, and the type of each slot.
fn layout(known: &Known, labels: &[String], parts: &[Part]) -> (Vec<RecordVariable>, Slots, Vec<Element>) {
    let count = labels.len().max(1) as u32;
    let mut variables = known.variables.clone();
    if !labels.is_empty() {
        for variable in &mut variables {
            variable.field *= count;
            variable.dimension = known.label.clone();
            variable.labels = labels.to_vec();
        }
    }
    let slots = variables
        .iter()
        .flat_map(|variable| std::iter::repeat_n(variable.element, variable.labels.len().max(1)))
        .collect();
    let mut lists: Vec<Arc<Vec<u32>>> = Vec::new();
    let slots_of = parts.iter().map(|part| {
        let place = |label: u32| {
            let own = part.segment.labels.get(label as usize);
            own.and_then(|own| labels.iter().position(|one| one == own)).unwrap_or(0) as u32
        };
        let list: Vec<u32> =
            part.segment.columns.iter().map(|kept| kept.field * count + place(kept.label)).collect();
        match lists.iter().find(|known| ***known == list) {
            Some(known) => known.clone(),
            None => {
                let list = Arc::new(list);
                lists.push(list.clone());
                list
            }
        }
    });
    let slots_of = slots_of.collect();
    (variables, slots_of, slots)
}

/// The decimals of each slot that tell all of its values, and the one where there is no record; `None` where these would be too many, or are not known.
fn decimals(parts: &[Part], slots_of: &Slots, slots: &[Element], absent: Option<f64>) -> Vec<Option<u32>> {
    let of_absent = |element: &Element| match (element, absent) {
        (_, None) => Some(0),
        (Element::Float32, Some(absent)) => needed(&[absent as f32], 0),
        (_, Some(absent)) => needed(&[absent], 0),
    };
    let mut all: Vec<Option<u32>> = slots.iter().map(of_absent).collect();
    for (part, list) in parts.iter().zip(slots_of) {
        for (kept, &slot) in part.segment.columns.iter().zip(list.iter()) {
            if let Some(known) = all.get_mut(slot as usize) {
                *known = known.and_then(|known: u32| Some(known.max(kept.decimals?)));
            }
        }
    }
    all
}

fn off_grid(cells: &Cells, known: &Known, number: usize, account: &mut Account) -> Result<()> {
    let [first, second] = cells.directory.places.get(number).copied().unwrap_or([f64::NAN; 2]);
    let entries = cells.directory.entries(number);
    let entries = entries.map_err(|source| Error::io("read", Path::new(&known.path), source))?;
    let records: u64 = entries.iter().map(|(_, entry)| u64::from(entry.count)).sum();
    account.off_grid += records;
    let earliest = entries.iter().min_by_key(|(number, entry)| (*number, entry.line));
    let Some(&(number, entry)) = earliest else { return Ok(()) };
    let (file, line) = origin(cells, known, number, &entry);
    let place = match known.cell.id.is_some() {
        true => format!("cell {first}"),
        false => format!("place {first}, {second}"),
    };
    let steps = crate::words::many(records, "step");
    let message = format!("{place} is not on the grid; {steps} of it left out");
    account.add_faults([RecordFault { file, line: Some(line), kind: RecordFaultKind::Place, message }]);
    Ok(())
}

/// Where the first record of a block stands: its file, and its line, counted from 1.
fn origin(cells: &Cells, known: &Known, number: u32, entry: &Entry) -> (String, u64) {
    let before = cells.parts.get(number as usize).map_or(0, |part| part.before);
    let file = known.files.get(entry.file as usize).cloned().unwrap_or_default();
    (file, before + u64::from(entry.line) + 1)
}

/// Names records of different pieces that have one cell and time.
fn repeats(assembled: &mut Assembled, known: &Known) -> Result<()> {
    let (mut buffer, mut faults, mut all) = (Vec::new(), Vec::new(), 0);
    for (cell, start, end) in &assembled.list {
        let places = assembled.place_numbers.get(*start as usize..*end as usize).unwrap_or_default();
        let repeats = assembled.cells.repeats(places, &mut buffer);
        for repeat in repeats.map_err(|damage| Error::spool(&known.path, format!("cell {cell}: {damage}")))? {
            let (first, first_line) = origin(&assembled.cells, known, repeat.first.0, &repeat.first.1);
            let (file, line) = origin(&assembled.cells, known, repeat.other.0, &repeat.other.1);
            let date = assembled.unit.label(repeat.from).unwrap_or_else(|| repeat.from.to_string());
            let what = if known.is_keyed { "step" } else { "record" };
            let count = crate::words::many(repeat.steps, what);
            all += repeat.steps;
            let then = match repeat.unknown {
                0 => "which count".to_owned(),
                unknown => format!(
                    "of which {} cannot be told from what counts and is masked",
                    crate::words::many(unknown, "step")
                ),
            };
            faults.push(RecordFault {
                file,
                line: Some(line),
                kind: RecordFaultKind::Repeated,
                message: format!(
                    "from this line on, {count} of cell {cell}, the first of {date}, repeat those of {first} from line {first_line} on, {then}"
                ),
            });
        }
    }
    assembled.account.repeated += all;
    assembled.account.add_faults(faults);
    Ok(())
}

/// What is known of the variables: from the description, otherwise their names.
fn table_of(known: &Known, variables: &[RecordVariable], decimals: &[Option<u32>]) -> VariableTable {
    use crate::model::variables::{RowInfo, VariableInfo};
    let mut table = VariableTable::default().extended_by(known.table.clone());
    for variable in variables {
        let info = table.get(&variable.key).cloned();
        let mut info = info.unwrap_or_else(|| VariableInfo::called(&variable.key));
        info.units = info.units.or_else(|| variable.units.clone());
        if info.rows.len() != variable.labels.len() {
            let row = |label: &String| RowInfo { label: label.clone(), long_name: None, standard_name: None };
            info.rows = variable.labels.iter().map(row).collect();
        }
        // Rows that are numbered from 1 keep their numbers, whatever else is known of them.
        let is_counted = (1..).zip(&variable.labels).all(|(number, label)| *label == format!("{number}"));
        let dimension = variable.dimension.as_ref().filter(|_| !is_counted);
        info.dimension = info.dimension.or_else(|| dimension.cloned());
        let slots = variable.field as usize..variable.field as usize + variable.labels.len().max(1);
        let most = decimals.get(slots).unwrap_or_default().iter().copied().flatten().max();
        if let Some(most) = most {
            let told = format!(
                "Rounded to the bits that its decimals, {most} at the most, need: each value still prints the decimals of its source."
            );
            info.comment =
                Some(info.comment.map_or_else(|| told.clone(), |comment| format!("{comment} {told}")));
        }
        table.set(&variable.key, info);
    }
    table
}
