//! A second reader of VIC's binary files, to prove the first one by: byte after byte, without tables of columns, caches and blocks. It shares no code with
//! the first but for the words of a plan.

use std::io::{self, Read};
use std::path::Path;

use crate::model::element::Element;
use crate::records::input::{Input, InputFault, InputLimits};
use crate::records::rows::{Column, MISSING, RecordFault, RecordFaultKind as Kind, Rows};
use crate::records::schema::{Part, Role, Table, TimeRule};
use crate::records::text::Outcome;
use crate::records::times::Parts;

/// A number of a record.
#[derive(Debug, Clone, Copy)]
enum Value {
    Whole(i64),
    Short(f32),
    Long(f64),
}

/// A column of the header: its type's code, and what its values were multiplied by.
struct Told {
    code: u8,
    by: f32,
}

/// Bytes, one after the other.
struct Bytes<R>(io::Bytes<R>);

impl<R: Read> Bytes<R> {
    /// The next byte; `None` at the end.
    fn next(&mut self) -> io::Result<Option<u8>> {
        self.0.next().transpose()
    }

    /// A number of so many bytes, the lowest first; `None` where the file ends before or in it, with the bytes that there were.
    fn number(&mut self, bytes: u32) -> io::Result<Result<u64, u32>> {
        let mut number = 0;
        for place in 0..bytes {
            match self.next()? {
                Some(byte) => number |= u64::from(byte) << (8 * place),
                None => return Ok(Err(place)),
            }
        }
        Ok(Ok(number))
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        for _ in 0..bytes {
            self.next()?;
        }
        Ok(())
    }
}

/// Reads a file, plain or packed. Rows come behind those that are there; faults have kinds and lines, and no other words.
///
/// # Errors
/// Those of `flush` alone.
pub fn read<E>(
    path: &Path,
    name: &str,
    (table, time): (&Table, &TimeRule),
    most: usize,
    rows: &mut Rows,
    flush: &mut dyn FnMut(&mut Rows) -> Result<(), E>,
) -> Result<Outcome, E> {
    let mut outcome = Outcome::default();
    let mut input = match Input::open(path, &InputLimits::default()) {
        Ok(input) => input,
        Err(fault) => {
            told(&mut outcome, name, None, fault.kind);
            return Ok(outcome);
        }
    };
    if rows.is_empty() {
        rows.clear();
        rows.fields.clone_from(&table.fields);
        rows.columns = table.elements.iter().map(|&(element, summed)| Column::new(element, summed)).collect();
    }
    let mut bytes = Bytes(io::BufReader::new(&mut input).bytes());
    let columns = match header(&mut bytes) {
        Ok(Some(columns)) if columns.len() == table.roles.len() => columns,
        Ok(_) => {
            told(&mut outcome, name, None, Kind::Columns);
            return Ok(outcome);
        }
        Err(error) => {
            told(&mut outcome, name, None, InputFault::of(&error).kind);
            return Ok(outcome);
        }
    };
    loop {
        let values = match record(&mut bytes, &columns) {
            Ok(Some(values)) => values,
            Ok(None) => break,
            Err(error) => {
                told(&mut outcome, name, None, InputFault::of(&error).kind);
                return Ok(outcome);
            }
        };
        let number = outcome.lines.lines;
        outcome.lines.lines += 1;
        match values.ok_or(Kind::Partial).and_then(|values| row(&values, number, table, time)) {
            Ok(made) => {
                outcome.lines.records += 1;
                put(made, number, table, rows);
            }
            Err(kind) => told(&mut outcome, name, Some(number), kind),
        }
        if rows.bytes() >= most {
            flush(rows)?;
        }
    }
    drop(bytes);
    match input.finish() {
        Ok(()) => outcome.is_whole = true,
        Err(fault) => told(&mut outcome, name, None, fault.kind),
    }
    Ok(outcome)
}

fn told(outcome: &mut Outcome, name: &str, number: Option<u64>, kind: Kind) {
    outcome.lines.faulty += u64::from(number.is_some());
    if outcome.faults.len() < 1_000 {
        let (file, message) = (name.to_owned(), String::new());
        outcome.faults.push(RecordFault { file, line: number.map(|number| number + 1), kind, message });
    }
}

/// The columns that a header names; `None` of what is no header.
fn header(bytes: &mut Bytes<impl Read>) -> io::Result<Option<Vec<Told>>> {
    for _ in 0..8 {
        if bytes.next()? != Some(0xff) {
            return Ok(None);
        }
    }
    let (Ok(_), Ok(first)) = (bytes.number(2)?, bytes.number(2)?) else { return Ok(None) };
    // Behind the length of the first part, of which that is the beginning.
    bytes.skip(first.saturating_sub(2))?;
    let Ok(second) = bytes.number(2)? else { return Ok(None) };
    let mut left = second.saturating_sub(2);
    let mut columns = Vec::new();
    while left > 0 {
        let Ok(length) = bytes.number(1)? else { return Ok(None) };
        bytes.skip(length)?;
        let (Ok(code), Ok(by)) = (bytes.number(1)?, bytes.number(4)?) else { return Ok(None) };
        // Version 4, whose first part is two bytes shorter, multiplies.
        let by = if first == 28 { f32::from_bits(by as u32) } else { 1.0 };
        columns.push(Told { code: code as u8, by });
        left = left.saturating_sub(length + 6);
    }
    Ok(Some(columns))
}

/// The values of the next record, `None` within of one that ends in its middle; `None` behind the last.
fn record(bytes: &mut Bytes<impl Read>, columns: &[Told]) -> io::Result<Option<Option<Vec<Value>>>> {
    let mut values = Vec::new();
    for (place, &Told { code, by }) in columns.iter().enumerate() {
        let size = match code {
            1 => 1,
            2 | 3 => 2,
            6 => 8,
            _ => 4,
        };
        let bits = match bytes.number(size)? {
            Ok(bits) => bits,
            Err(0) if place == 0 => return Ok(None),
            Err(_) => return Ok(Some(None)),
        };
        let value = match code {
            1 => Value::Whole((bits as u8 as i8).into()),
            2 => Value::Whole((bits as u16 as i16).into()),
            3 => Value::Whole((bits as u16).into()),
            4 => Value::Whole((bits as u32 as i32).into()),
            6 => Value::Long(f64::from_bits(bits)),
            _ => Value::Short(f32::from_bits(bits as u32)),
        };
        values.push(match value {
            value if by == 1.0 => value,
            // As exact as the type that holds both.
            Value::Whole(value) if value.abs() <= 16_777_216 => Value::Short(value as f32 / by),
            Value::Whole(value) => Value::Long(value as f64 / f64::from(by)),
            Value::Short(value) => Value::Short(value / by),
            Value::Long(value) => Value::Long(value / f64::from(by)),
        });
    }
    Ok(Some(Some(values)))
}

/// A row before it is in columns.
struct Made {
    place: [f64; 2],
    step: i64,
    values: Vec<(usize, Value)>,
}

fn double(value: Value) -> f64 {
    match value {
        Value::Whole(value) => value as f64,
        Value::Short(value) => value.into(),
        Value::Long(value) => value,
    }
}

/// A whole number.
fn whole(value: Value) -> Option<i64> {
    match value {
        Value::Whole(value) => Some(value),
        value => Some(double(value))
            .filter(|value| value.trunc() == *value && value.abs() < 9.2e18)
            .map(|value| value as i64),
    }
}

fn row(values: &[Value], number: u64, table: &Table, time: &TimeRule) -> Result<Made, Kind> {
    let mut made = Made {
        place: [table.place[0].unwrap_or(f64::NAN), table.place[1].unwrap_or(0.0)],
        step: 0,
        values: Vec::new(),
    };
    let mut parts = Parts::default();
    let mut told: Vec<(Part, i64)> = table.parts.clone();
    for (role, &value) in table.roles.iter().zip(values) {
        match *role {
            Role::First => made.place[0] = double(value),
            Role::Second => made.place[1] = double(value),
            Role::Time(part) => told.push((part, whole(value).ok_or(Kind::Time)?)),
            Role::Value(index) => {
                let index = index as usize;
                check(value, index, table)?;
                made.values.push((index, value));
            }
            _ => {}
        }
    }
    if made.place.iter().any(|value| !value.is_finite()) {
        return Err(Kind::Place);
    }
    told.iter().for_each(|&(part, value)| parts.set(part, value));
    made.step = match told.is_empty() {
        false => time.step_of_parts(&parts).map_err(|_| Kind::Time)?,
        true => {
            i64::try_from(number).ok().and_then(|number| time.start?.checked_add(number)).ok_or(Kind::Time)?
        }
    };
    Ok(made)
}

/// Whether a value stands for a missing one.
fn is_missing(value: Value, index: usize, table: &Table) -> bool {
    let value = double(value);
    let texts = table.missing.get(index).map(Vec::as_slice).unwrap_or_default();
    let is_code = |text: &String| {
        text.trim().parse::<f64>().is_ok_and(|code| code == value || f64::from(code as f32) == value)
    };
    value.is_nan() || texts.iter().any(is_code)
}

/// Whether the type of a column holds a value.
fn check(value: Value, index: usize, table: &Table) -> Result<(), Kind> {
    let Some(&(element, summed)) = table.elements.get(index) else { return Ok(()) };
    let is_beyond = |least: i128, most: i128| {
        let number = whole(value).map(i128::from);
        number.is_none_or(|number| number < least || number > most)
    };
    let is_wrong = match element {
        _ if summed => false,
        // A missing one is held as it is.
        Element::Float32 => double(value).is_finite() && (double(value) as f32).is_infinite(),
        Element::Float64 => false,
        _ if is_missing(value, index, table) => false,
        Element::Int8 => is_beyond(-128, 127),
        Element::Int16 => is_beyond(-32_768, 32_767),
        Element::Int32 => is_beyond(i32::MIN.into(), i32::MAX.into()),
        Element::Int64 => is_beyond(i128::from(i64::MIN) + 1, i64::MAX.into()),
        Element::UInt8 => is_beyond(0, 255),
        Element::UInt16 => is_beyond(0, 65_535),
        Element::UInt32 => is_beyond(0, u32::MAX.into()),
        Element::UInt64 => is_beyond(0, i64::MAX.into()),
    };
    if is_wrong { Err(Kind::Number) } else { Ok(()) }
}

fn put(made: Made, number: u64, table: &Table, rows: &mut Rows) {
    rows.cells.push(rows.places.len() as u32);
    rows.places.push(made.place);
    rows.steps.push(made.step);
    rows.lines.push(number as u32);
    if let Some(label) = &table.label {
        rows.labels.push(rows.label_names.len() as u32);
        rows.label_names.push(label.clone());
    }
    for (index, value) in made.values {
        let is_missing = is_missing(value, index, table);
        match rows.columns.get_mut(index) {
            Some(Column::F4(values)) => values.push(match value {
                _ if is_missing => f32::NAN,
                Value::Whole(value) => value as f32,
                Value::Short(value) => value,
                Value::Long(value) => value as f32,
            }),
            Some(Column::F8(values)) => values.push(if is_missing { f64::NAN } else { double(value) }),
            Some(Column::Whole(values)) => {
                values.push(whole(value).filter(|_| !is_missing).unwrap_or(MISSING));
            }
            None => {}
        }
    }
}
