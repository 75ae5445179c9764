//! Rows of a file of one cell, made without any text: the proof of what [lines](super::lines) say.
//!
//! Dates are counted from the reference day by day, places of values by the lengths of dimensions, and each number is masked and unpacked by itself.

use std::path::Path;

use super::super::binary::{self, Number};
use super::super::rows::{RecordFault, RecordFaultKind, Rows};
use super::super::schema::{Head, Part, Role, Table, TimeRule};
use super::super::text::Outcome;
use super::super::times::Parts;
use super::{Content, Kind, Values, Variable, content};
use crate::model::calendar::{Calendar, Date};

/// Reads a file; steps are its records. Rows come behind those that are there, and `flush` gets them when there are many.
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
    // The lines of what is told and of the names of columns.
    let head = table.head.lines;
    (outcome.lines.lines, outcome.lines.skipped, outcome.lines.heads) = (head, head, head);
    let opened =
        crate::shared::open_input(path).map_err(|error| (RecordFaultKind::Unreadable, error.to_string()));
    let read =
        opened.and_then(|file| content(path, &file, true).map_err(|fault| (fault.kind, fault.message)));
    let read = match &read {
        Ok(content) => Found::of(content, &table.head)
            .map(|found| (content, found))
            .map_err(|words| (RecordFaultKind::Columns, words)),
        Err(fault) => Err(fault.clone()),
    };
    let (content, found) = match read {
        Ok(read) => read,
        Err((kind, message)) => {
            binary::fault(&mut outcome, name, None, kind, message);
            return Ok(outcome);
        }
    };
    if found.columns.len() != table.roles.len() || !binary::begin(table, rows) {
        let words = "its columns are not those that were planned".to_owned();
        binary::fault(&mut outcome, name, None, RecordFaultKind::Columns, words);
        return Ok(outcome);
    }
    let codes = binary::codes(table);
    for step in 0..found.steps {
        let number = outcome.lines.lines;
        outcome.lines.lines += 1;
        let before = rows.len();
        match row(content, &found, step, (table, time), &codes, rows) {
            Ok(()) => {
                outcome.lines.records += 1;
                rows.lines.push(u32::try_from(number).unwrap_or(u32::MAX));
            }
            Err(kind) => {
                rows.columns.iter_mut().for_each(|column| super::super::text::truncate(column, before));
                outcome.lines.faulty += 1;
                if outcome.faults.len() < 1_000 {
                    let (file, message) = (name.to_owned(), String::new());
                    outcome.faults.push(RecordFault { file, line: Some(number + 1), kind, message });
                }
            }
        }
        if rows.bytes() >= most {
            flush(rows)?;
        }
    }
    outcome.is_whole = true;
    Ok(outcome)
}

/// Where a column's values are.
enum Column<'a> {
    Time,
    Place(f64),
    /// A variable, and the index of its row.
    Value(&'a str, usize),
}

struct Found<'a> {
    columns: Vec<Column<'a>>,
    time: &'a str,
    steps: usize,
}

impl<'a> Found<'a> {
    /// By the names of columns that the head has: what is a number behind the name of a variable with rows is a row of it.
    fn of(content: &'a Content, head: &'a Head) -> Result<Self, String> {
        let names = head.names.as_deref().unwrap_or_default();
        let counts = |variable: &&Variable| {
            variable.dimensions.len() == 1
                && variable.text("units").is_some_and(|units| units.contains(" since "))
        };
        let own_dimension = |variable: &&Variable| {
            let number = variable.dimensions.first().copied().unwrap_or(usize::MAX);
            content.dimensions.get(number).is_some_and(|dimension| dimension.name == variable.name)
        };
        let all = || content.variables.iter().filter(counts);
        let time = all().find(own_dimension).or_else(|| all().next()).ok_or("it has no time")?;
        let steps = time.dimensions.first().and_then(|&number| content.dimensions.get(number));
        let steps = steps.map(|dimension| dimension.length).ok_or("its time has no dimension")?;
        let coordinate = |wanted: &str| {
            content.variables.iter().find(|variable| {
                let is_named = variable.name.to_ascii_lowercase().starts_with(wanted);
                let is_standard = variable.text("standard_name").is_some_and(|name| name.starts_with(wanted));
                let is_degrees = variable.text("units").is_some_and(|units| {
                    units == if wanted == "lat" { "degrees_north" } else { "degrees_east" }
                });
                matches!(variable.values, Values::Numbers { .. })
                    && variable.dimensions.iter().all(|&number| {
                        content.dimensions.get(number).is_some_and(|dimension| dimension.length == 1)
                    })
                    && (is_named || is_standard || is_degrees)
            })
        };
        let mut columns = Vec::new();
        for (index, name) in names.iter().enumerate() {
            columns.push(match (index, name.as_str()) {
                (0, _) => Column::Time,
                (1 | 2, "lat" | "lon") => {
                    let found = coordinate(name).and_then(|variable| variable.number(0));
                    Column::Place(match found.ok_or_else(|| format!("it has no {name}"))? {
                        // The decimal that it was rounded from.
                        Number::F4(value) => format!("{value}").parse().unwrap_or(f64::NAN),
                        value => value.to_f64(),
                    })
                }
                (_, name) => {
                    let find = |name: &str| content.variables.iter().find(|variable| variable.name == name);
                    let rows = |variable: &Variable| {
                        let lengths =
                            variable.dimensions.iter().filter_map(|&number| content.dimensions.get(number));
                        lengths.map(|dimension| dimension.length).product::<usize>() / steps.max(1)
                    };
                    let parts = name
                        .rsplit_once('_')
                        .and_then(|(stem, row)| Some((find(stem)?, row.parse::<usize>().ok()?)));
                    match (find(name).filter(|own| rows(own) <= 1), parts) {
                        (Some(own), _) => Column::Value(&own.name, 0),
                        (None, Some((own, row))) if (1..=rows(own)).contains(&row) => {
                            Column::Value(&own.name, row - 1)
                        }
                        _ => return Err(format!("it has no {name}")),
                    }
                }
            });
        }
        Ok(Found { columns, time: &time.name, steps })
    }
}

fn row(
    content: &Content,
    found: &Found<'_>,
    step: usize,
    (table, rule): (&Table, &TimeRule),
    codes: &[Vec<f64>],
    rows: &mut Rows,
) -> Result<(), RecordFaultKind> {
    let mut place = [table.place[0].unwrap_or(0.0), table.place[1].unwrap_or(0.0)];
    let mut parts = Parts::default();
    table.parts.iter().for_each(|&(part, value)| parts.set(part, value));
    let mut stamp = None;
    for (column, role) in found.columns.iter().zip(&table.roles) {
        match (column, *role) {
            (Column::Time, Role::Stamp) => {
                stamp = Some(moment(content, found, step).ok_or(RecordFaultKind::Time)?)
            }
            (Column::Place(value), Role::First) => place[0] = *value,
            (Column::Place(value), Role::Second) => place[1] = *value,
            (Column::Value(name, row), Role::Value(index)) => {
                let index = index as usize;
                let (Some(column), Some(&(element, _))) =
                    (rows.columns.get_mut(index), table.elements.get(index))
                else {
                    continue;
                };
                let variable = content.variables.iter().find(|variable| variable.name == *name);
                let variable = variable.ok_or(RecordFaultKind::Columns)?;
                let number = value(content, found, variable, (step, *row)).ok_or(RecordFaultKind::Number)?;
                let own = codes.get(index).map(Vec::as_slice).unwrap_or_default();
                binary::put(column, element, own, number).map_err(|_| RecordFaultKind::Number)?;
            }
            (_, Role::Ignored) => {}
            _ => return Err(RecordFaultKind::Columns),
        }
    }
    let own = if stamp.is_some() { stamp.unwrap_or_default() } else { parts };
    let step = rule.step_of_parts(&own).map_err(|_| RecordFaultKind::Time)?;
    if let Some(label) = &table.label {
        rows.labels.push(rows.label_names.len() as u32);
        rows.label_names.push(label.clone());
    }
    rows.cells.push(rows.places.len() as u32);
    rows.places.push(place);
    rows.steps.push(step);
    Ok(())
}

/// A value, NaN where it is masked; `None` of what is no number.
fn value(
    content: &Content,
    found: &Found<'_>,
    variable: &Variable,
    (step, row): (usize, usize),
) -> Option<Number> {
    let Values::Numbers { kind, .. } = variable.values else { return None };
    let own = content.variables.iter().find(|variable| variable.name == found.time)?;
    let mut index = 0;
    for number in &variable.dimensions {
        let length = content.dimensions.get(*number)?.length;
        let at = match (own.dimensions.contains(number), length) {
            (true, _) => step,
            (false, 1) => 0,
            (false, _) => row,
        };
        index = index * length + at;
    }
    let stored = variable.number(index)?;
    let bits = 8 * kind.size() as u32;
    let wrap = |number: Number| match number {
        Number::Whole(value) if value < 0 && variable.text("_Unsigned") == Some("true") && bits < 64 => {
            Number::Whole(value + (1 << bits))
        }
        other => other,
    };
    let stored = wrap(stored);
    let list = |name: &str| variable.numbers(name).iter().map(|&number| wrap(number).to_f64());
    let is = |code: f64| match stored {
        Number::F4(value) => value == code as f32,
        other => other.to_f64() == code,
    };
    let usual = match kind {
        Kind::I1 | Kind::U1 => f64::NAN,
        Kind::I2 => f64::from(i16::MIN + 1),
        Kind::U2 => f64::from(u16::MAX),
        Kind::I4 => f64::from(i32::MIN + 1),
        Kind::U4 => f64::from(u32::MAX),
        Kind::I8 => (i64::MIN + 2) as f64,
        Kind::U8 => (u64::MAX - 1) as f64,
        Kind::F4 | Kind::F8 => 15.0 * 2f64.powi(119),
    };
    let has_fill = list("_FillValue").next().is_some();
    let beyond = match (list("valid_range").collect::<Vec<_>>().as_slice(), stored.to_f64()) {
        ([least, most], value) => value < *least || value > *most,
        (_, value) => {
            list("valid_min").next().is_some_and(|least| value < least)
                || list("valid_max").next().is_some_and(|most| value > most)
        }
    };
    if stored.to_f64().is_nan()
        || list("_FillValue").chain(list("missing_value")).any(is)
        || (!has_fill && is(usual))
        || beyond
    {
        return Some(Number::F8(f64::NAN));
    }
    let [factor, summand] =
        ["scale_factor", "add_offset"].map(|name| variable.numbers(name).first().copied());
    if factor.is_none() && summand.is_none() {
        return Some(stored);
    }
    let is_short = [factor, summand].into_iter().flatten().all(|number| matches!(number, Number::F4(_)));
    let value = stored.to_f64() * factor.map_or(1.0, Number::to_f64) + summand.map_or(0.0, Number::to_f64);
    Some(if is_short { Number::F4(value as f32) } else { Number::F8(value) })
}

/// The date and time of a step, of which the begin is taken where it has bounds.
fn moment(content: &Content, found: &Found<'_>, step: usize) -> Option<Parts> {
    let own = content.variables.iter().find(|variable| variable.name == found.time)?;
    let units = own.text("units")?;
    let calendar = match own.text("calendar") {
        None | Some("") => Calendar::Standard,
        Some(name) => Calendar::parse(name)?,
    };
    let mut value = own.number(step)?;
    let bounds =
        own.text("bounds").and_then(|name| content.variables.iter().find(|variable| variable.name == name));
    if let Some(bounds) = bounds
        && let (Some(low), Some(high)) = (bounds.number(2 * step), bounds.number(2 * step + 1))
        && low.to_f64() < high.to_f64()
        && (low.to_f64()..=high.to_f64()).contains(&value.to_f64())
    {
        value = low;
    }
    let mut words = units.split_whitespace();
    let word: Vec<&str> = words.by_ref().take_while(|word| !word.eq_ignore_ascii_case("since")).collect();
    let word = word.join(" ").to_ascii_lowercase();
    let reference = words.next()?;
    let (date, rest) = reference.split_once('T').unwrap_or((reference, ""));
    let clock = if rest.is_empty() { words.next().unwrap_or("0") } else { rest };
    let clock: Vec<&str> = clock.trim_end_matches('Z').split(':').collect();
    let part = |index: usize| clock.get(index).map_or(Some(0.0), |text| text.parse::<f64>().ok());
    let begin = part(0)? * 3_600.0 + part(1)? * 60.0 + part(2)?;
    if begin.fract() != 0.0 {
        return None;
    }
    let date: Date = date.parse().ok()?;
    let first = calendar.day_number(date)?;
    let each: i128 = match word.trim_end_matches('s') {
        "" | "sec" | "second" => 1,
        "min" | "minute" => 60,
        "h" | "hr" | "hour" => 3_600,
        "d" | "day" => 86_400,
        long => {
            let months = if long.starts_with("mon") { 1 } else { 12 };
            let (year, month) =
                calendar.month(calendar.month_number(date.year, date.month)? + value.to_whole()? * months)?;
            return parts(Date { year, month, day: date.day }, begin as i64, calendar);
        }
    };
    let seconds = match value {
        Number::Whole(value) => i128::from(value) * each,
        value => {
            let exact = value.to_f64() * each as f64;
            if (exact - exact.round()).abs() > 0.05 {
                return None;
            }
            exact.round() as i128
        }
    };
    let all = seconds + begin as i128;
    let day = first.checked_add(i64::try_from(all.div_euclid(86_400)).ok()?)?;
    parts(calendar.date(day)?, all.rem_euclid(86_400) as i64, calendar)
}

fn parts(date: Date, seconds: i64, calendar: Calendar) -> Option<Parts> {
    calendar.day_number(date)?;
    let mut parts = Parts::default();
    parts.set(Part::Year, date.year.into());
    parts.set(Part::Month, date.month.into());
    parts.set(Part::Day, date.day.into());
    parts.set(Part::Hour, seconds / 3_600);
    parts.set(Part::Minute, seconds / 60 % 60);
    parts.set(Part::Second, seconds % 60);
    Some(parts)
}
