//! A second reader of text, to prove the first one by: line by line, without blocks, pieces, caches and quick ways, with fields split and numbers parsed
//! by the standard library.
//!
//! It shares no code with the first but for the words of a plan, and has to have the same rows, the same counts, and the same kinds of faults in the same lines.

use std::hash::{Hash, Hasher};
use std::io::{self, BufRead};

use crate::records::description::{Again, Glued};
use crate::records::input::InputFault;
use crate::records::rows::{Column, MISSING, RecordFault, RecordFaultKind as Kind, Rows};
use crate::records::schema::{Part, Role, Separator, Spread, StampRule, Table};
use crate::records::times::{Parts, month_of_name};

use super::{Outcome, TextFile, TextLimits};

mod fields;
mod number;

use fields::{Fields, at_edges, fields_of};
use number::{float, is_number, whole};

/// A field's value, of whatever type.
#[derive(Debug, Clone, Copy)]
enum Value {
    F4(f32),
    F8(f64),
    Whole(i64),
}

/// A row that is not in columns yet.
struct Row {
    place: [f64; 2],
    step: i64,
    label: Option<String>,
    /// What tells it from others that it becomes one with.
    keys: Vec<Vec<u8>>,
    values: Vec<Value>,
}

enum Told {
    Rows(Vec<Row>, bool),
    Skipped,
    Header,
    OtherHeader,
    Fault(Kind),
}

/// Reads all lines of a file whose first lines are read already: `source` begins at the head's [`start`](crate::records::schema::Head::start). Rows come behind
/// those that are there; `flush` gets them when there are many. Faults have kinds and lines, and no other words.
///
/// # Errors
/// Those of `flush` alone.
pub fn read<E>(
    source: &mut dyn BufRead,
    of: &TextFile<'_>,
    limits: &TextLimits,
    rows: &mut Rows,
    flush: &mut dyn FnMut(&mut Rows) -> Result<(), E>,
) -> Result<Outcome, E> {
    let head = &of.table.head;
    let mut outcome = Outcome::default();
    (outcome.lines.lines, outcome.lines.skipped, outcome.lines.heads) = (head.lines, head.lines, head.lines);
    if rows.is_empty() {
        rows.clear();
        rows.fields.clone_from(&of.table.fields);
        rows.columns =
            of.table.elements.iter().map(|&(element, summed)| Column::new(element, summed)).collect();
    }
    let mut line = Vec::new();
    let mut records = 0;
    let mut is_first = head.start == 0;
    loop {
        let (is_long, has_end) = match next_line(source, &mut line, limits.line) {
            Ok(Some(read)) => read,
            Ok(None) => {
                outcome.is_whole = true;
                return Ok(outcome);
            }
            Err(error) => {
                let InputFault { kind, message, .. } = InputFault::of(&error);
                outcome.faults.push(RecordFault { file: of.name.to_owned(), line: None, kind, message });
                return Ok(outcome);
            }
        };
        let mut text = line.as_slice();
        if std::mem::take(&mut is_first) {
            text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
            if text.is_empty() && !has_end {
                continue;
            }
        }
        let number = outcome.lines.lines;
        outcome.lines.lines += 1;
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let told = match (is_long, outcome.other_header) {
            (true, _) => Told::Fault(Kind::TooLarge),
            (false, before) => match (read_line(text, of, records, !has_end), before) {
                (Told::Rows(..) | Told::Fault(_), Some(_)) => Told::Fault(Kind::Columns),
                (told, _) => told,
            },
        };
        match told {
            Told::Rows(made, is_split) => {
                outcome.lines.records += 1;
                outcome.lines.split += u64::from(is_split);
                records += 1;
                made.into_iter().for_each(|row| put(row, number, rows));
            }
            Told::Skipped => outcome.lines.skipped += 1,
            Told::Header => {
                outcome.lines.skipped += 1;
                outcome.lines.headers += 1;
                outcome.other_header = None;
            }
            Told::OtherHeader => {
                outcome.other_header = Some(number + 1);
                records += 1;
                fault(&mut outcome, of, number, Kind::Header, limits);
            }
            Told::Fault(kind) => {
                records += 1;
                fault(&mut outcome, of, number, kind, limits);
            }
        }
        if rows.bytes() >= limits.rows {
            flush(rows)?;
        }
    }
}

fn fault(outcome: &mut Outcome, of: &TextFile<'_>, number: u64, kind: Kind, limits: &TextLimits) {
    outcome.lines.faulty += 1;
    if outcome.faults.len() < limits.faults {
        let (file, message) = (of.name.to_owned(), String::new());
        outcome.faults.push(RecordFault { file, line: Some(number + 1), kind, message });
    }
}

/// Reads a line without its end, or the beginning of a long one. Whether it is too long, and whether it has an end.
fn next_line(source: &mut dyn BufRead, line: &mut Vec<u8>, most: usize) -> io::Result<Option<(bool, bool)>> {
    line.clear();
    let mut bytes = 0;
    loop {
        let buffer = source.fill_buf()?;
        if buffer.is_empty() {
            return Ok((bytes > 0).then_some((bytes > most, false)));
        }
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        line.extend(part.iter().take(most.saturating_sub(line.len())));
        bytes += part.len();
        let used = part.len() + usize::from(end.is_some());
        source.consume(used);
        if end.is_some() {
            return Ok(Some((bytes > most, true)));
        }
    }
}

fn put(row: Row, number: u64, rows: &mut Rows) {
    rows.cells.push(rows.places.len() as u32);
    rows.places.push(row.place);
    rows.steps.push(row.step);
    rows.lines.push(number as u32);
    if let Some(label) = row.label {
        rows.labels.push(rows.label_names.len() as u32);
        rows.label_names.push(label);
    }
    if !row.keys.is_empty() {
        let mut hasher = std::hash::DefaultHasher::new();
        row.keys.hash(&mut hasher);
        rows.keys.push(hasher.finish() | 1 << 63);
    }
    for (column, value) in rows.columns.iter_mut().zip(row.values) {
        match (column, value) {
            (Column::F4(values), Value::F4(value)) => values.push(value),
            (Column::F8(values), Value::F8(value)) => values.push(value),
            (Column::Whole(values), Value::Whole(value)) => values.push(value),
            _ => {}
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn read_line(line: &[u8], of: &TextFile<'_>, records: i64, is_cut: bool) -> Told {
    let (table, dialect) = (of.table, of.dialect);
    let is_empty = |byte: &u8| is_blank(*byte) && table.head.separator != Separator::Byte(*byte);
    if line.iter().all(is_empty) {
        return Told::Skipped;
    }
    let begin = line.iter().position(|byte| !is_empty(byte)).unwrap_or(0);
    if !dialect.comment.is_empty() && line.get(begin..).is_some_and(|rest| rest.starts_with(&dialect.comment))
    {
        return Told::Skipped;
    }
    let header = table.head.header.trim_ascii();
    if !header.is_empty() && line.trim_ascii() == header {
        return if dialect.again == Again::Skip { Told::Header } else { Told::Fault(Kind::Header) };
    }
    let (mut fields, cut) = match fields_of(line, &table.head.separator) {
        Ok(fields) => (fields, None),
        Err((fields, kind)) => {
            let is_half = is_cut && is_shorter(line, &table.head.separator);
            (fields, Some(if is_half { Kind::Partial } else { kind }))
        }
    };
    let kind = match cut.or_else(|| miscounted(line, of, &fields, is_cut)) {
        None => {
            let wanted = fields.get(..table.roles.len()).unwrap_or(&fields);
            match rows_of(wanted, of, records) {
                Ok(rows) => return Told::Rows(rows, false),
                Err(kind) => kind,
            }
        }
        Some(kind) => {
            let is_glued = kind == Kind::Glued && dialect.glued == Glued::Split;
            match is_glued.then(|| at_edges(line, &table.head.edges, table.roles.len())).flatten() {
                Some(split) => match rows_of(&split, of, records) {
                    Ok(rows) => return Told::Rows(rows, true),
                    // What the columns are taken for is what a header is looked for in.
                    Err(kind) => {
                        fields = split;
                        kind
                    }
                },
                None if is_cut && matches!(kind, Kind::Glued) => Kind::Partial,
                None => kind,
            }
        }
    };
    let names = table.head.names.as_deref().unwrap_or_default();
    let is_word = |text: &&[u8]| !text.is_empty() && !is_number(text, dialect.decimal);
    let columns = table.roles.len();
    let has_empty = fields.len() == columns + 1 && fields.last().is_some_and(|(text, _)| text.is_empty());
    let is_by_byte = matches!(table.head.separator, Separator::Byte(_));
    let most = if has_empty && is_by_byte { columns } else { columns + 1 };
    let texts: Vec<&[u8]> = fields.iter().take(most).map(|(text, _)| text.as_slice()).collect();
    if texts.iter().any(|text| names.iter().any(|name| name.as_bytes() == *text)) && texts.iter().all(is_word)
    {
        return Told::OtherHeader;
    }
    match kind {
        Kind::Number if is_cut && texts.last().is_some_and(|text| !is_number(text, dialect.decimal)) => {
            Told::Fault(Kind::Partial)
        }
        kind => Told::Fault(kind),
    }
}

/// Whether a line is shorter than its columns are together.
fn is_shorter(line: &[u8], separator: &Separator) -> bool {
    let Separator::Fixed(widths) = separator else { return false };
    (line.len() as u64) < widths.iter().map(|&width| u64::from(width)).sum()
}

/// Why a line has not as many fields as there are columns.
fn miscounted(line: &[u8], of: &TextFile<'_>, fields: &Fields, is_cut: bool) -> Option<Kind> {
    let (table, wanted) = (of.table, of.table.roles.len());
    match &table.head.separator {
        Separator::Fixed(widths) => {
            let whole: u64 = widths.iter().map(|&width| u64::from(width)).sum();
            return (is_cut && (line.len() as u64) < whole).then_some(Kind::Partial);
        }
        Separator::Byte(_)
            if fields.len() == wanted + 1 && fields.last().is_some_and(|(text, _)| text.is_empty()) =>
        {
            return None;
        }
        _ => {}
    }
    if fields.len() > wanted {
        return Some(Kind::Fields);
    }
    let edges = &table.head.edges;
    if fields.len() == wanted {
        let ends: Vec<u32> = fields.iter().map(|(_, end)| *end as u32).collect();
        let (Some((last, before)), Some((edge, edges))) = (ends.split_last(), edges.split_last()) else {
            return None;
        };
        let is_early =
            table.head.separator == Separator::Blanks && edges.len() > 1 && before == edges && last < edge;
        return (is_cut && is_early).then_some(Kind::Partial);
    }
    let decimal = of.dialect.decimal;
    let is_glued = |text: &[u8]| {
        let points = text.iter().filter(|&&byte| byte == decimal).count();
        let pairs = text.iter().zip(text.iter().skip(1));
        let has_sign = pairs.into_iter().any(|(first, second)| {
            (first.is_ascii_digit() || *first == b'*') && (*second == b'-' || *second == b'*')
        });
        !is_number(text, decimal) && (points > 1 || has_sign)
    };
    let is_blanks = table.head.separator == Separator::Blanks;
    Some(match is_blanks && fields.iter().any(|(text, _)| is_glued(text)) {
        true => Kind::Glued,
        false if is_cut => Kind::Partial,
        false => Kind::Fields,
    })
}

fn rows_of(fields: &[(Vec<u8>, usize)], of: &TextFile<'_>, records: i64) -> Result<Vec<Row>, Kind> {
    let (table, decimal) = (of.table, of.dialect.decimal);
    let texts = || table.roles.iter().zip(fields.iter().map(|(text, _)| text.as_slice()));
    let mut place = [table.place[0].unwrap_or(0.0), table.place[1].unwrap_or(0.0)];
    let mut label = table.label.clone();
    let mut parts = Parts::default();
    table.parts.iter().for_each(|&(part, value)| parts.set(part, value));
    let mut keys: Vec<Vec<u8>> = table.key.iter().map(|key| key.clone().into_bytes()).collect();
    let mut stamp = None;
    let mut bad_part = false;
    for (role, text) in texts() {
        match *role {
            Role::First | Role::Second => {
                let value = float::<f64>(text, decimal).ok().flatten().filter(|value| value.is_finite());
                place[usize::from(*role == Role::Second)] = value.ok_or(Kind::Place)?;
            }
            Role::Name => {
                let name = std::str::from_utf8(text).ok();
                let cell = name.and_then(|name| table.names.as_ref()?.get(name).copied());
                place = [cell.ok_or(Kind::Place)?, 0.0];
            }
            Role::Label => label = Some(String::from_utf8(text.to_vec()).map_err(|_| Kind::Number)?),
            Role::Stamp => stamp = Some(text),
            Role::Key => keys.push(text.to_vec()),
            Role::Time(part) => match whole(text, decimal) {
                Ok(Some(value)) => parts.set(part, value),
                _ => match month_of_name(text).filter(|_| part == Part::Month) {
                    Some(month) => parts.set(part, month),
                    None => bad_part = true,
                },
            },
            _ => {}
        }
    }
    let is_months = matches!(table.spread, Some(Spread::Months));
    let by_parts = stamp.is_none()
        && (!table.parts.is_empty() || table.roles.iter().any(|role| matches!(role, Role::Time(_))));
    let step = match (stamp, &of.time.stamp) {
        (Some(text), Some(StampRule::Number { .. })) => match whole(text, decimal) {
            Ok(Some(value)) => of.time.step_of_number(value).map_err(|_| Kind::Time)?,
            Err(Kind::Header) => match float::<f64>(text, decimal) {
                Ok(Some(value)) => of.time.step_of_decimal(value).map_err(|_| Kind::Time)?,
                _ => return Err(Kind::Time),
            },
            _ => return Err(Kind::Time),
        },
        (Some(text), _) => of.time.step_of_text(text).map_err(|_| Kind::Time)?,
        (None, _) if is_months => 0,
        (None, _) if by_parts => {
            if bad_part {
                return Err(Kind::Time);
            }
            of.time.step_of_parts(&parts).map_err(|_| Kind::Time)?
        }
        (None, _) => of.time.start.unwrap_or(0) + records,
    };
    let mut values = vec![None; table.elements.len()];
    for (role, text) in texts() {
        if let Role::Value(index) = *role
            && let Some(place) = values.get_mut(index as usize)
        {
            *place = Some(value(text, table, index as usize, decimal)?);
        }
    }
    if table.spread.is_none() {
        let values = values
            .into_iter()
            .enumerate()
            .map(|(index, value)| value.unwrap_or_else(|| missing(table, index)));
        return Ok(vec![Row { place, step, label, keys, values: values.collect() }]);
    }
    let mut rows = Vec::new();
    for (role, text) in texts() {
        let Role::Spread(number) = *role else { continue };
        let mut step = step;
        if is_months && stamp.is_none() {
            if bad_part {
                return Err(Kind::Time);
            }
            let mut month = parts;
            month.set(Part::Month, i64::from(number) + 1);
            step = of.time.step_of_parts(&month).map_err(|_| Kind::Time)?;
        }
        let place = match &table.spread {
            Some(Spread::Cells(cells)) => cells.get(number as usize).copied().ok_or(Kind::Columns)?,
            _ => place,
        };
        let mut values: Vec<Value> = (0..table.elements.len()).map(|index| missing(table, index)).collect();
        if let Some(first) = values.first_mut() {
            *first = value(text, table, 0, decimal)?;
        }
        rows.push(Row { place, step, label: label.clone(), keys: keys.clone(), values });
    }
    Ok(rows)
}

fn missing(table: &Table, index: usize) -> Value {
    match table.elements.get(index).map(|&(element, summed)| Column::new(element, summed)) {
        Some(Column::F4(_)) => Value::F4(f32::NAN),
        Some(Column::F8(_)) => Value::F8(f64::NAN),
        _ => Value::Whole(MISSING),
    }
}

fn value(text: &[u8], table: &Table, index: usize, decimal: u8) -> Result<Value, Kind> {
    let codes = table.missing.get(index).map(Vec::as_slice).unwrap_or_default();
    if text.is_empty() || codes.iter().any(|code| code.trim().as_bytes() == text) {
        return Ok(missing(table, index));
    }
    let none = missing(table, index);
    Ok(match none {
        Value::F4(_) => float(text, decimal)?.map_or(none, Value::F4),
        Value::F8(_) => float(text, decimal)?.map_or(none, Value::F8),
        Value::Whole(_) => match whole(text, decimal)
            .map_err(|kind| if kind == Kind::Header { Kind::Number } else { kind })?
        {
            Some(value) => {
                let element = table.elements.get(index).map(|(element, _)| *element);
                let bytes = element.map_or(8, |element| element.size());
                let is_signed = element.is_none_or(|element| !element.name().starts_with('u'));
                let bits = 8 * bytes as u32 - u32::from(is_signed);
                let limit = 1i128 << bits;
                let low = if is_signed { -limit } else { 0 };
                if !(low..limit).contains(&i128::from(value)) {
                    return Err(Kind::Number);
                }
                Value::Whole(value)
            }
            None => none,
        },
    })
}
