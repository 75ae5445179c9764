//! Values of an archive as text or numpy's files, on stdout.

use std::io::Write;
use std::ops::Range;

use crate::mistake::wrong;
use gridloom::archive::{Archive, CellHandle, Values, Variable};
use gridloom::model::calendar::Date;
use gridloom::plan::selection::matches;

use super::super::args::cells::{GetArguments, GetFormat, StreamArguments, StreamFormat, ValueSelection};
use super::super::series::{csv_head, is_number, npy_head};
use super::super::{Exit, talk};
use super::parse_cell;

/// Days whose values are in memory at once.
const DAYS: u64 = 1 << 12;

struct Wanted<'a> {
    selection: &'a ValueSelection,
    from: Option<Date>,
    to: Option<Date>,
}

impl<'a> Wanted<'a> {
    fn new(selection: &'a ValueSelection) -> anyhow::Result<Self> {
        let date = |option, text: &Option<String>| {
            let wrong = |text: &String| wrong(option, text, "wants a date as YYYY-MM-DD");
            text.as_ref().map(|text| text.parse().map_err(|_| wrong(text))).transpose()
        };
        let (from, to) = (date("--from", &selection.from)?, date("--to", &selection.to)?);
        Ok(Wanted { selection, from, to })
    }

    /// The names that are selected, of those that a cell has.
    fn names(&self, cell: &CellHandle) -> anyhow::Result<Vec<String>> {
        let patterns = &self.selection.variables;
        let there: Vec<&str> = cell.variables().collect();
        for pattern in patterns {
            if !there.iter().any(|name| matches(pattern.trim(), name)) {
                let reason = match refused(cell, pattern.trim())? {
                    Some(reason) => reason,
                    None => format!("cell {} has no such variable; it has {}", cell.cell(), there.join(", ")),
                };
                return Err(wrong("--variables", pattern, reason));
            }
        }
        let is_wanted =
            |name: &&str| patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern.trim(), name));
        Ok(there.into_iter().filter(is_wanted).map(str::to_owned).collect())
    }
}

/// Why a key that a pattern fits is not in the archive, though a dump has it.
fn refused(cell: &CellHandle, pattern: &str) -> anyhow::Result<Option<String>> {
    for record in cell.records()? {
        let empty = record.empty.iter().map(|(key, ..)| (key.clone(), "it has no values there".to_owned()));
        let faults = record.faults.iter().filter_map(|(key, _, reason)| Some((key.clone()?, reason.clone())));
        if let Some((key, reason)) = faults.chain(empty).find(|(key, _)| matches(pattern, key)) {
            let file = &record.file;
            return Ok(Some(format!(
                "{file} of cell {} has {key}, but not as a series: {reason}",
                cell.cell()
            )));
        }
    }
    Ok(None)
}

/// The columns of a variable: its name, or one for each row.
fn columns(variable: &Variable) -> Vec<String> {
    match variable.rows() {
        None => vec![variable.name().to_owned()],
        Some(rows) => (1..=rows).map(|row| format!("{}_{row}", variable.name())).collect(),
    }
}

pub(super) fn get(arguments: &GetArguments) -> anyhow::Result<Exit> {
    let archive = Archive::open(&arguments.file)?;
    let cell = archive.cell(parse_cell(&arguments.cell)?)?;
    let wanted = Wanted::new(&arguments.values)?;
    let names = wanted.names(&cell)?;
    let variables = names.iter().map(|name| cell.variable(name)).collect::<gridloom::Result<Vec<_>>>()?;
    let range = cell.range(wanted.from, wanted.to)?;
    let mut out = talk::data();
    match arguments.format {
        GetFormat::Csv => {
            let names: Vec<String> = variables.iter().flat_map(columns).collect();
            writeln!(out, "date,{}", csv_head(&names))?;
            lines(&cell, &variables, range, |date, values| writeln!(out, "{date},{}", values.join(",")))?;
        }
        GetFormat::Json => json(&archive, &cell, &variables, range, &mut out)?,
        GetFormat::Npy => {
            let [variable] = variables.as_slice() else {
                let reason = format!("an npy file has one variable; {} are selected", variables.len());
                return Err(wrong("--format", "npy", reason));
            };
            npy(variable, range, &mut out)?;
        }
    }
    out.flush()?;
    Ok(Exit::Complete)
}

pub(super) fn stream(arguments: &StreamArguments) -> anyhow::Result<Exit> {
    let archive = Archive::open(&arguments.file)?;
    let wanted = Wanted::new(&arguments.values)?;
    let mut out = talk::data();
    let mut first: Option<Vec<String>> = None;
    for cell in archive.cells() {
        let cell = archive.cell(cell)?;
        if cell.variables().next().is_none() {
            continue;
        }
        let names = wanted.names(&cell)?;
        let variables = names.iter().map(|name| cell.variable(name)).collect::<gridloom::Result<Vec<_>>>()?;
        let names: Vec<String> = variables.iter().flat_map(columns).collect();
        let place = cell.cell();
        let range = cell.range(wanted.from, wanted.to)?;
        if arguments.format == StreamFormat::Json {
            lines(&cell, &variables, range, |date, values| {
                write!(out, r#"{{"cell":"{place}","date":"{date}""#)?;
                for (name, value) in names.iter().zip(values) {
                    let value = if is_number(value) { value } else { "null" };
                    write!(out, ",{}:{value}", serde_json::json!(name))?;
                }
                writeln!(out, "}}")
            })?;
            continue;
        }
        match &first {
            None => writeln!(out, "cell,date,{}", csv_head(&names))?,
            Some(first) if *first == names => {}
            Some(_) => {
                let reason =
                    format!("cell {place} has others than the cells before; select some that all cells have");
                return Err(wrong("--variables", names.join(","), reason));
            }
        }
        first = Some(names);
        lines(&cell, &variables, range, |date, values| writeln!(out, "{place},{date},{}", values.join(",")))?;
    }
    out.flush()?;
    Ok(Exit::Complete)
}

/// Gives each day's date and values, in order.
fn lines(
    cell: &CellHandle,
    variables: &[Variable],
    range: Range<u64>,
    mut line: impl FnMut(&Date, &[String]) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let days = cell.days()?;
    let mut start = range.start;
    while start < range.end {
        let part = start..range.end.min(start + DAYS);
        let values =
            variables.iter().map(|one| one.read(part.clone())).collect::<gridloom::Result<Vec<_>>>()?;
        let dates = days.get(part.start as usize..part.end as usize).unwrap_or_default();
        let mut texts = Vec::new();
        for (index, &day) in dates.iter().enumerate() {
            texts.clear();
            for values in &values {
                for row in 0..values.rows.unwrap_or(1) {
                    texts.push(text(values, row, index));
                }
            }
            let date = cell.unit().date(day).unwrap_or(Date { year: 1, month: 1, day: 1 });
            line(&date, &texts)?;
        }
        start = part.end;
    }
    Ok(())
}

/// A value with as many digits as tell it apart from all others of its type.
fn text(values: &Values, row: usize, index: usize) -> String {
    let size = values.element.size();
    let bytes = values.row(row).get(index * size..(index + 1) * size).unwrap_or_default();
    values.element.text_of(bytes)
}

fn json(
    archive: &Archive,
    cell: &CellHandle,
    variables: &[Variable],
    range: Range<u64>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (grid, place, unit) = (archive.grid(), cell.cell(), cell.unit());
    let days = cell.days()?;
    let days = days.get(range.start as usize..range.end as usize).unwrap_or_default();
    let dates: Vec<String> = days.iter().map(|&day| unit.label(day).unwrap_or_default()).collect();
    let head = serde_json::json!({
        "cell": place,
        "lat": grid.centre(place)[0],
        "lon": grid.centre(place)[1],
        "units": unit.text(),
        "calendar": unit.calendar().name(),
        "dates": dates,
        "days": days,
    });
    let head = head.to_string();
    write!(out, "{},\"variables\":{{", head.strip_suffix('}').unwrap_or(&head))?;
    for (number, variable) in variables.iter().enumerate() {
        let comma = if number > 0 { "," } else { "" };
        write!(out, "{comma}{}:{{", serde_json::json!(variable.name()))?;
        if let Some(units) = variable.attribute("units") {
            write!(out, "\"units\":{},", serde_json::json!(units))?;
        }
        write!(out, "\"type\":\"{}\",\"values\":", variable.element().name())?;
        let values = variable.read(range.clone())?;
        let row = |row: usize| -> String {
            let texts: Vec<String> = (0..values.count)
                .map(|index| {
                    Some(text(&values, row, index)).filter(|text| is_number(text)).unwrap_or("null".into())
                })
                .collect();
            format!("[{}]", texts.join(","))
        };
        match values.rows {
            None => write!(out, "{}", row(0))?,
            Some(rows) => write!(out, "[{}]", (0..rows).map(row).collect::<Vec<_>>().join(","))?,
        }
        write!(out, "}}")?;
    }
    writeln!(out, "}}}}")?;
    Ok(())
}

/// An array of a variable, as numpy keeps it.
fn npy(variable: &Variable, range: Range<u64>, out: &mut impl Write) -> anyhow::Result<()> {
    let count = (range.end - range.start) as usize;
    let shape: Vec<usize> = variable.rows().into_iter().chain([count]).collect();
    npy_head(variable.element(), &shape, out)?;
    out.write_all(&variable.read(range)?.bytes)?;
    Ok(())
}
