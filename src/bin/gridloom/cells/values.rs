//! Values of an archive as text or numpy's files, on stdout.

use std::io::Write;
use std::ops::{Range, RangeInclusive};

use crate::mistake::wrong;
use gridloom::archive::{Archive, CellHandle, Values, Variable};
use gridloom::model::calendar::Date;
use gridloom::plan::selection::{matches, parse_periods};

use super::super::Exit;
use super::super::args::cells::{GetArguments, GetFormat, StreamArguments, StreamFormat, ValueSelection};
use super::super::series::{csv_head, is_number, npy_head};
use super::super::talk::{self, tell};
use super::parse_cell;

/// Days whose values are in memory at once.
const DAYS: u64 = 1 << 12;

struct Wanted<'a> {
    selection: &'a ValueSelection,
    periods: Vec<RangeInclusive<u32>>,
    from: Option<Date>,
    to: Option<Date>,
}

/// Days of a cell that follow one another: the number of their period, where days are by period, and their places.
type Stretch = (Option<u32>, Range<u64>);

impl<'a> Wanted<'a> {
    fn new(selection: &'a ValueSelection, periods: Option<&str>) -> anyhow::Result<Self> {
        let date = |option, text: &Option<String>| {
            let wrong = |text: &String| wrong(option, text, "wants a date as YYYY-MM-DD");
            text.as_ref().map(|text| text.parse().map_err(|_| wrong(text))).transpose()
        };
        let (from, to) = (date("--from", &selection.from)?, date("--to", &selection.to)?);
        let periods = periods.map(parse_periods).transpose()?.unwrap_or_default();
        Ok(Wanted { selection, periods, from, to })
    }

    /// The days that are selected. Periods that the cell has no days of are told.
    fn stretches(&self, cell: &CellHandle) -> anyhow::Result<Vec<Stretch>> {
        let is_by_period = cell.is_by_period();
        if self.periods.is_empty() && !is_by_period {
            return Ok(vec![(None, cell.range(self.from, self.to)?)]);
        }
        let there: Vec<u32> = cell.periods()?.into_iter().map(|(period, _)| period).collect();
        let is_wanted =
            |period: u32| self.periods.is_empty() || self.periods.iter().any(|range| range.contains(&period));
        for range in self.periods.iter().filter(|range| !there.iter().any(|period| range.contains(period))) {
            let (first, last) = (range.start(), range.end());
            let named = if first == last { first.to_string() } else { format!("{first}-{last}") };
            tell!("note: cell {} has no days of period {named}", cell.cell());
        }
        let of = |&period: &u32| -> anyhow::Result<Stretch> {
            Ok((is_by_period.then_some(period), cell.range_of(period, self.from, self.to)?))
        };
        there.iter().filter(|period| is_wanted(**period)).map(of).collect()
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
    let wanted = Wanted::new(&arguments.values, arguments.periods.as_deref())?;
    let names = wanted.names(&cell)?;
    let variables = names.iter().map(|name| cell.variable(name)).collect::<gridloom::Result<Vec<_>>>()?;
    let stretches = wanted.stretches(&cell)?;
    if let (true, Some(periods)) = (stretches.is_empty(), &arguments.periods) {
        let there: Vec<String> = cell.periods()?.iter().map(|(period, _)| period.to_string()).collect();
        let reason = format!("cell {} has days of the periods {}", cell.cell(), there.join(", "));
        return Err(wrong("--periods", periods, reason));
    }
    let mut out = talk::data();
    match arguments.format {
        GetFormat::Csv => {
            let names: Vec<String> = variables.iter().flat_map(columns).collect();
            writeln!(out, "{}date,{}", period_column(&cell), csv_head(&names))?;
            lines(&cell, &variables, &stretches, |period, date, values| {
                writeln!(out, "{}{date},{}", leading(period), values.join(","))
            })?;
        }
        GetFormat::Json => json(&archive, &cell, &variables, &stretches, &mut out)?,
        GetFormat::Npy => {
            let [variable] = variables.as_slice() else {
                let reason = format!("an npy file has one variable; {} are selected", variables.len());
                return Err(wrong("--format", "npy", reason));
            };
            npy(variable, &stretches, &mut out)?;
        }
    }
    out.flush()?;
    Ok(Exit::Complete)
}

pub(super) fn stream(arguments: &StreamArguments) -> anyhow::Result<Exit> {
    let archive = Archive::open(&arguments.file)?;
    let wanted = Wanted::new(&arguments.values, arguments.periods.as_deref())?;
    let mut out = talk::data();
    let mut first: Option<(&str, Vec<String>)> = None;
    let mut has_any = false;
    for cell in archive.cells() {
        let cell = archive.cell(cell)?;
        if cell.variables().next().is_none() {
            continue;
        }
        let names = wanted.names(&cell)?;
        let variables = names.iter().map(|name| cell.variable(name)).collect::<gridloom::Result<Vec<_>>>()?;
        let names: Vec<String> = variables.iter().flat_map(columns).collect();
        let place = cell.cell();
        let stretches = wanted.stretches(&cell)?;
        has_any |= !stretches.is_empty();
        if arguments.format == StreamFormat::Json {
            lines(&cell, &variables, &stretches, |period, date, values| {
                let period = period.map_or(String::new(), |period| format!(r#""period":{period},"#));
                write!(out, r#"{{"cell":"{place}",{period}"date":"{date}""#)?;
                for (name, value) in names.iter().zip(values) {
                    let value = if is_number(value) { value } else { "null" };
                    write!(out, ",{}:{value}", serde_json::json!(name))?;
                }
                writeln!(out, "}}")
            })?;
            continue;
        }
        let period = period_column(&cell);
        match &first {
            None => writeln!(out, "cell,{period}date,{}", csv_head(&names))?,
            Some((own, first)) if *first == names && *own == period => {}
            Some((own, first)) if *first == names => {
                let which = if own.is_empty() { "are" } else { "are not" };
                let reason = format!(
                    "days of cell {place} {which} by period, unlike those of the cells before; a table has one form, json has both"
                );
                return Err(wrong("--format", "csv", reason));
            }
            Some(_) => {
                let reason =
                    format!("cell {place} has others than the cells before; select some that all cells have");
                return Err(wrong("--variables", names.join(","), reason));
            }
        }
        first = Some((period, names));
        lines(&cell, &variables, &stretches, |period, date, values| {
            writeln!(out, "{place},{}{date},{}", leading(period), values.join(","))
        })?;
    }
    if let (false, Some(periods)) = (has_any, &arguments.periods) {
        return Err(wrong("--periods", periods, "no cell has days of these periods"));
    }
    out.flush()?;
    Ok(Exit::Complete)
}

/// The column of periods, of cells whose days are by period.
fn period_column(cell: &CellHandle) -> &'static str {
    if cell.is_by_period() { "period," } else { "" }
}

/// A period in front of a line.
fn leading(period: Option<u32>) -> String {
    period.map_or(String::new(), |period| format!("{period},"))
}

/// Gives each day's period, date and values, in order.
fn lines(
    cell: &CellHandle,
    variables: &[Variable],
    stretches: &[Stretch],
    mut line: impl FnMut(Option<u32>, &Date, &[String]) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let days = cell.days()?;
    let mut texts = Vec::new();
    for (period, range) in stretches {
        let mut start = range.start;
        while start < range.end {
            let part = start..range.end.min(start + DAYS);
            let values =
                variables.iter().map(|one| one.read(part.clone())).collect::<gridloom::Result<Vec<_>>>()?;
            let dates = days.get(part.start as usize..part.end as usize).unwrap_or_default();
            for (index, &day) in dates.iter().enumerate() {
                texts.clear();
                for values in &values {
                    for row in 0..values.rows.unwrap_or(1) {
                        texts.push(text(values, row, index));
                    }
                }
                let date = cell.unit().date(day).unwrap_or(Date { year: 1, month: 1, day: 1 });
                line(*period, &date, &texts)?;
            }
            start = part.end;
        }
    }
    Ok(())
}

/// The values of a variable on some days, row after row.
fn read(variable: &Variable, stretches: &[Stretch]) -> anyhow::Result<Values> {
    let parts = stretches.iter().map(|(_, range)| variable.read(range.clone()));
    let parts = parts.collect::<gridloom::Result<Vec<Values>>>()?;
    let (element, rows) = (variable.element(), variable.rows());
    let count = parts.iter().map(|part| part.count).sum();
    let row = |row: usize| parts.iter().flat_map(move |part| part.row(row).iter().copied());
    let bytes = (0..rows.unwrap_or(1)).flat_map(row).collect();
    Ok(Values { element, rows, count, bytes })
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
    stretches: &[Stretch],
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (grid, place, unit) = (archive.grid(), cell.cell(), cell.unit());
    let all = cell.days()?;
    let own = |range: &Range<u64>| all.get(range.start as usize..range.end as usize).unwrap_or_default();
    let days: Vec<i64> = stretches.iter().flat_map(|(_, range)| own(range)).copied().collect();
    let dates: Vec<String> = days.iter().map(|&day| unit.label(day).unwrap_or_default()).collect();
    let mut head = serde_json::json!({
        "cell": place,
        "lat": grid.centre(place)[0],
        "lon": grid.centre(place)[1],
        "units": unit.text(),
        "calendar": unit.calendar().name(),
        "dates": dates,
        "days": days,
    });
    if cell.is_by_period() {
        let of = |(period, range): &Stretch| vec![*period; own(range).len()];
        head["periods"] = stretches.iter().flat_map(of).collect::<Vec<Option<u32>>>().into();
    }
    let head = head.to_string();
    write!(out, "{},\"variables\":{{", head.strip_suffix('}').unwrap_or(&head))?;
    for (number, variable) in variables.iter().enumerate() {
        let comma = if number > 0 { "," } else { "" };
        write!(out, "{comma}{}:{{", serde_json::json!(variable.name()))?;
        if let Some(units) = variable.attribute("units") {
            write!(out, "\"units\":{},", serde_json::json!(units))?;
        }
        write!(out, "\"type\":\"{}\",\"values\":", variable.element().name())?;
        let values = read(variable, stretches)?;
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
fn npy(variable: &Variable, stretches: &[Stretch], out: &mut impl Write) -> anyhow::Result<()> {
    let values = read(variable, stretches)?;
    let shape: Vec<usize> = variable.rows().into_iter().chain([values.count]).collect();
    npy_head(variable.element(), &shape, out)?;
    out.write_all(&values.bytes)?;
    Ok(())
}
