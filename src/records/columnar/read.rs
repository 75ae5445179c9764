//! From batches of columns to rows.

use std::io;
use std::ops::Range;

use arrow_array::{ArrayRef, RecordBatch};

use crate::guard::guarded;
use crate::records::gather;
use crate::records::packing::InputFault;
use crate::records::rows::{Column, RecordFault, RecordFaultKind, Rows};
use crate::records::schema::Part;
use crate::records::text::{Making, Op, Outcome, Plan, Steps, TextFile, Times, fixed_label, truncate};

use super::bads::Bads;
use super::batches::Rest;
use super::cells::{Cells, plain};
use super::keys::{self, Dictionary, Seen};
use super::values::{self, Known, Wanted};
use super::{Group, Opened};

/// Faults that are named.
const NAMED: usize = 1_000;

/// Reads the groups of a file that begin in a range of its bytes, as [`TextReader::read_file`](crate::records::text::TextReader::read_file) does lines.
///
/// # Errors
/// Those of `flush` alone.
pub(in crate::records) fn read<E>(
    opened: &Opened,
    of: &TextFile<'_>,
    range: Option<Range<u64>>,
    rows: &mut Rows,
    flush: &mut dyn FnMut(&mut Rows) -> Result<(), E>,
) -> Result<Outcome, E> {
    let refused = |kind, message| Ok(Outcome::refused(of.name, kind, message));
    let plan = match Plan::of(of.table, of.dialect, of.time) {
        Ok(plan) => plan,
        Err(message) => return refused(RecordFaultKind::Columns, message),
    };
    let needed = |index: usize| plan.ops.get(index).is_some_and(|op| *op != Op::Skip);
    if let Some(message) = opened.strange(of.table) {
        return refused(RecordFaultKind::Columns, message);
    }
    if !plan.begin(&of.table.fields, rows) {
        return refused(RecordFaultKind::Columns, "rows of other columns are not given on yet".to_owned());
    }
    let groups = opened.part(range.as_ref());
    let first = groups.first().and_then(|&group| opened.groups.get(group)).map_or(0, |group| group.first);
    let columns: Vec<usize> = (0..plan.columns).filter(|&index| needed(index)).collect();
    let label = columns.iter().copied().find(|&index| plan.ops.get(index) == Some(&Op::Label));
    let known = plan.codes.iter().map(Known::of).collect();
    let mut work = Work {
        plan: &plan,
        of,
        known,
        columns: &columns,
        steps: Steps::default(),
        making: Making::new(rows),
        outcome: Outcome::default(),
        first,
        dictionary: Dictionary::default(),
        coordinates: Default::default(),
        stamps: Seen::default(),
    };
    let claimed = groups.iter().filter_map(|&group| opened.groups.get(group)).map(|group: &Group| group.rows);
    let claimed: u64 = claimed.sum();
    let wrong = work.all(opened, &groups, label, flush)?;
    let mut outcome = work.outcome;
    let wrong = wrong.map_err(|error| InputFault::of(&error)).and_then(|()| opened.finish());
    let wrong = wrong.and_then(|()| match outcome.lines.lines == claimed {
        true => Ok(()),
        false => {
            let message =
                format!("it has {} rows where it says that there are {claimed}", outcome.lines.lines);
            Err(InputFault::new(RecordFaultKind::Unreadable, message))
        }
    });
    match wrong {
        Ok(()) => outcome.is_whole = true,
        Err(InputFault { kind, message, .. }) => {
            outcome.faults.push(RecordFault { file: of.name.to_owned(), line: None, kind, message });
        }
    }
    Ok(outcome)
}

struct Work<'a, 'r> {
    plan: &'a Plan,
    of: &'a TextFile<'a>,
    known: Vec<Known>,
    /// The columns that batches have, by their numbers in the file.
    columns: &'a [usize],
    steps: Steps,
    making: Making<'r>,
    outcome: Outcome,
    /// Rows of the file before the part.
    first: u64,
    dictionary: Dictionary,
    coordinates: [Seen<f64>; 2],
    stamps: Seen<i64>,
}

/// The keys of the rows of a batch.
struct Keys {
    places: Vec<[f64; 2]>,
    steps: Vec<i64>,
    labels: Option<Vec<u32>>,
    /// What tells records from others of their place, step and label.
    own: Option<Vec<u64>>,
    /// The parts of the time of each row, where months are columns.
    parts: Vec<(Part, Vec<i64>)>,
}

impl Work<'_, '_> {
    /// The outer error is of `flush`, the inner of the file.
    fn all<E>(
        &mut self,
        opened: &Opened,
        groups: &[usize],
        label: Option<usize>,
        flush: &mut dyn FnMut(&mut Rows) -> Result<(), E>,
    ) -> Result<io::Result<()>, E> {
        if groups.is_empty() {
            return Ok(Ok(()));
        }
        let mut rest = match Rest::of(opened, groups, self.columns, label) {
            Ok(rest) => rest,
            Err(error) => return Ok(Err(error)),
        };
        loop {
            let batch = match rest.next() {
                Ok(Some(batch)) => batch,
                Ok(None) => return Ok(Ok(())),
                Err(error) => return Ok(Err(error)),
            };
            let read = guarded(|| self.batch(&batch)).unwrap_or_else(|| Err("it is damaged".to_owned()));
            if let Err(message) = read {
                return Ok(Err(io::Error::other(message)));
            }
            if gather::is_full(self.making.rows) {
                flush(self.making.rows)?;
                if self.making.rows.is_empty() {
                    self.making.is_taken();
                    self.dictionary.forget();
                }
            }
        }
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), String> {
        let rows = batch.num_rows();
        let lines = self.outcome.lines.lines;
        if lines + rows as u64 > u64::from(u32::MAX) {
            return Err("a part of it has more rows than can be counted".to_owned());
        }
        let mut bads = Bads::default();
        let columns = batch.columns().iter().zip(self.columns).map(|(array, &index)| {
            let op = self.plan.ops.get(index).copied().unwrap_or(Op::Skip);
            let array = if op == Op::Label { Ok(array.clone()) } else { plain(array) };
            array.map(|array| (index, op, array))
        });
        let columns: Vec<(usize, Op, ArrayRef)> = columns.collect::<Result<_, String>>()?;
        let begin = self.making.rows.len();
        let keys = self.keys(&columns, rows, &mut bads)?;
        if self.plan.spread > 0 {
            return self.spread(&columns, rows, &keys, bads);
        }
        for (index, op, array) in &columns {
            let (Op::F4(place) | Op::F8(place) | Op::Whole(place)) = *op else { continue };
            let cells = Cells::of(array.as_ref()).ok_or("a column of it holds what is no single value")?;
            let out = self
                .making
                .rows
                .columns
                .get_mut(place)
                .map(|out| std::mem::replace(out, Column::F4(Vec::new())));
            let (Some(wanted), Some(mut out)) = (self.wanted(*index, place), out) else { continue };
            values::put(&cells, rows, &wanted, &mut out, &mut bads);
            if let Some(place) = self.making.rows.columns.get_mut(place) {
                *place = out;
            }
        }
        let Keys { places, steps, labels, own, .. } = keys;
        for (row, (place, step)) in places.into_iter().zip(steps).enumerate() {
            let is_bad = !bads.found.is_empty() && bads.found.contains_key(&row);
            let cell = if is_bad { 0 } else { self.making.place(place) };
            self.making.row(cell, step, (lines + row as u64) as u32);
        }
        if let Some(labels) = labels {
            self.making.rows.labels.extend(labels);
        }
        if let Some(own) = own {
            self.making.rows.keys.extend(own);
        }
        without(self.making.rows, begin, &bads);
        self.count(rows, bads);
        Ok(())
    }

    fn wanted(&self, index: usize, place: usize) -> Option<Wanted<'_>> {
        let names = self.of.table.head.names.as_deref().unwrap_or_default();
        Some(Wanted {
            element: *self.plan.elements.get(place)?,
            codes: self.plan.codes.get(place)?,
            known: self.known.get(place)?,
            name: names.get(index).map_or("", String::as_str),
        })
    }

    /// Counts the rows of a batch and names those that are faults.
    fn count(&mut self, rows: usize, bads: Bads) {
        let before = self.outcome.lines.lines;
        let bad = bads.found.len() as u64;
        self.outcome.lines.lines += rows as u64;
        self.outcome.lines.faulty += bad;
        self.outcome.lines.records += rows as u64 - bad;
        let room = NAMED.saturating_sub(self.outcome.faults.len());
        let named = bads.found.into_iter().take(room).map(|(row, (kind, message))| RecordFault {
            file: self.of.name.to_owned(),
            line: Some(before + row as u64 + 1),
            kind,
            message,
        });
        self.outcome.faults.extend(named);
    }

    fn keys(
        &mut self,
        columns: &[(usize, Op, ArrayRef)],
        rows: usize,
        bads: &mut Bads,
    ) -> Result<Keys, String> {
        let plan = self.plan;
        let cells = |array: &'_ ArrayRef| Cells::of(array.as_ref()).is_some();
        if columns.iter().any(|(_, op, array)| *op != Op::Label && !cells(array)) {
            return Err("a column of it holds what is no single value".to_owned());
        }
        let mut places = vec![plan.place; rows];
        let (mut labels, mut stamp) = (None, None);
        let mut own = plan.key.map(|key| vec![key; rows]);
        for (_, op, array) in columns {
            match op {
                Op::Name => {
                    if let Some(cells) = Cells::of(array.as_ref()) {
                        keys::names(&cells, plan, &mut places, bads);
                    }
                }
                Op::Key => {
                    if let Some(cells) = Cells::of(array.as_ref()) {
                        own = Some(keys::own(&cells, own, rows));
                    }
                }
                Op::First | Op::Second => {
                    let which = usize::from(*op == Op::Second);
                    let seen = self.coordinates.get_mut(which);
                    if let (Some(cells), Some(seen)) = (Cells::of(array.as_ref()), seen) {
                        keys::places(&cells, which, &mut places, seen, bads);
                    }
                }
                Op::Label => {
                    labels = Some(self.dictionary.labels(array, rows, &mut self.making, bads)?);
                }
                Op::Stamp => stamp = Some(array),
                _ => {}
            }
        }
        if plan.has_labels && labels.is_none() {
            labels = fixed_label(plan, &mut self.making).map(|label| vec![label; rows]);
        }
        let rule = self.of.time;
        let mut parts = Vec::new();
        let steps = match plan.time {
            Times::Line(start) => {
                let before = (self.first + self.outcome.lines.lines).cast_signed();
                (0..rows as i64).map(|row| start + before + row).collect()
            }
            Times::Number | Times::Text => {
                let cells = stamp.and_then(|array| Cells::of(array.as_ref()));
                let cells = cells.ok_or("it has no stamp")?;
                let times = (plan.time, rule);
                keys::stamps(&cells, rows, times, &mut self.steps, &mut self.stamps, bads)
            }
            Times::Parts | Times::Months => {
                for (_, op, array) in columns {
                    if let (Op::Time(part), Some(cells)) = (*op, Cells::of(array.as_ref())) {
                        parts.push((part, keys::parts(&cells, part, rows, bads)));
                    }
                }
                match plan.time {
                    Times::Parts => self.of_parts(&parts, rows, bads),
                    _ => vec![0; rows],
                }
            }
        };
        Ok(Keys { places, steps, labels, own, parts })
    }

    fn of_parts(&mut self, parts: &[(Part, Vec<i64>)], rows: usize, bads: &mut Bads) -> Vec<i64> {
        let mut now = self.plan.parts;
        let each = (0..rows).map(|row| {
            for (part, values) in parts {
                now.set(*part, values.get(row).copied().unwrap_or(0));
            }
            self.steps.of_parts(self.of.time, &now).unwrap_or_else(|message| {
                bads.add(row, || (RecordFaultKind::Time, message));
                0
            })
        });
        each.collect()
    }

    /// Makes a row of each value of columns that are records of their own, line by line.
    fn spread(
        &mut self,
        columns: &[(usize, Op, ArrayRef)],
        rows: usize,
        keys: &Keys,
        mut bads: Bads,
    ) -> Result<(), String> {
        let Some(&element) = self.plan.elements.first() else { return Ok(()) };
        let mut each: Vec<(usize, Column, Bads)> = Vec::new();
        for (index, op, array) in columns {
            let Op::Spread(number) = *op else { continue };
            let cells = Cells::of(array.as_ref()).ok_or("a column of it holds what is no single value")?;
            let Some(wanted) = self.wanted(*index, 0) else { continue };
            let (mut out, mut own) = (Column::new(element.0, element.1), Bads::default());
            values::put(&cells, rows, &wanted, &mut out, &mut own);
            each.push((number, out, own));
        }
        let lines = self.outcome.lines.lines;
        for row in (0..rows).filter(|row| !bads.found.contains_key(row)).collect::<Vec<_>>() {
            let begin = self.making.rows.len();
            let mut parts = self.plan.parts;
            for (part, values) in &keys.parts {
                parts.set(*part, values.get(row).copied().unwrap_or(0));
            }
            for (number, values, own) in &mut each {
                let mut step = keys.steps.get(row).copied().unwrap_or(0);
                if self.plan.time == Times::Months {
                    parts.set(Part::Month, *number as i64 + 1);
                    match self.steps.of_parts(self.of.time, &parts) {
                        Ok(found) => step = found,
                        Err(message) => bads.add(row, || (RecordFaultKind::Time, message)),
                    }
                }
                if let Some(fault) = own.found.remove(&row) {
                    bads.add(row, || fault);
                }
                if bads.found.contains_key(&row) {
                    self.making.drop_behind(begin);
                    break;
                }
                let place = match &self.plan.cells {
                    Some(cells) => cells.get(*number).copied().unwrap_or([f64::NAN; 2]),
                    None => keys.places.get(row).copied().unwrap_or([f64::NAN; 2]),
                };
                let cell = self.making.place(place);
                match (self.making.rows.columns.first_mut(), values) {
                    (Some(Column::F4(out)), Column::F4(values)) => out.extend(values.get(row)),
                    (Some(Column::F8(out)), Column::F8(values)) => out.extend(values.get(row)),
                    (Some(Column::Whole(out)), Column::Whole(values)) => out.extend(values.get(row)),
                    _ => {}
                }
                self.making.fill();
                if let Some(label) = keys.labels.as_ref().and_then(|labels| labels.get(row)) {
                    self.making.rows.labels.push(*label);
                }
                self.making.rows.keys.extend(keys.own.as_ref().and_then(|own| own.get(row)));
                self.making.row(cell, step, (lines + row as u64) as u32);
            }
        }
        self.count(rows, bads);
        Ok(())
    }
}

/// Takes the rows of a batch that cannot be used out of those behind `begin`.
fn without(rows: &mut Rows, begin: usize, bads: &Bads) {
    if bads.found.is_empty() {
        return;
    }
    fn keep<T>(values: &mut Vec<T>, begin: usize, bads: &Bads) {
        let mut at = 0;
        values.retain(|_| {
            at += 1;
            at <= begin || !bads.found.contains_key(&(at - 1 - begin))
        });
    }
    keep(&mut rows.cells, begin, bads);
    keep(&mut rows.steps, begin, bads);
    keep(&mut rows.lines, begin, bads);
    keep(&mut rows.labels, begin, bads);
    keep(&mut rows.keys, begin, bads);
    for column in &mut rows.columns {
        match column {
            Column::F4(values) => keep(values, begin, bads),
            Column::F8(values) => keep(values, begin, bads),
            Column::Whole(values) => keep(values, begin, bads),
        }
    }
    let count = rows.steps.len();
    rows.columns.iter_mut().for_each(|column| truncate(column, count));
}
