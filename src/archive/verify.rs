//! Proving an archive: every checksum, and every value against the dumps.

use std::path::Path;

use rayon::prelude::*;

use super::gather::TIME;
use super::handle::{Archive, CellHandle};
use super::record::DumpRecord;
use super::root;
use super::run::Archived;
use super::variable::Variable;
use super::years::Years;
use crate::dump::{Array, Limits, Scalar, Value, ValueKind};
use crate::error::Result;
use crate::model::fault::{Fault, FaultKind};
use crate::model::grid::Cell;
use crate::run::Run;
use crate::shared;
use crate::source::{CellSource, Content, Desk, Memory, Part, Series, Wanted};

/// Differences that are told of one cell.
const TOLD: usize = 20;

/// What was found.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Verified {
    /// Cells.
    pub cells: u64,
    /// Variables of all cells.
    pub variables: u64,
    /// Chunks that were decoded.
    pub chunks: u64,
    /// Dumps that were compared.
    pub dumps: u64,
    /// Values in them that were compared.
    pub values: u64,
    /// Dumps that the archive has and the run does not any more.
    pub gone: u64,
    /// Whether the run is this archive itself, so that no dump was compared.
    pub is_own_source: bool,
    /// What is damaged, or differs from the dumps. Not every one of many in one cell.
    pub differences: Vec<String>,
    /// What the archive itself says it could not take, if the dumps agree.
    pub faults: Vec<Fault>,
}

impl Verified {
    fn add(mut self, other: Verified) -> Verified {
        self.cells += other.cells;
        self.variables += other.variables;
        self.chunks += other.chunks;
        self.dumps += other.dumps;
        self.values += other.values;
        self.gone += other.gone;
        self.is_own_source |= other.is_own_source;
        self.differences.extend(other.differences);
        self.faults.extend(other.faults);
        self
    }
}

/// Decodes everything; with a run, makes every dump again and compares it with the one there, value by value.
///
/// An archive that is the run as well is compared with nothing: [`Verified::is_own_source`].
///
/// Numbers count as the same when their bits are; the types of single numbers (numpy's or Python's), the order of bytes and of keys
/// do not count.
///
/// # Errors
/// Those of [`Archive::open`]. Damage further down is no error, but named in the result.
pub fn verify(path: impl AsRef<Path>, run: Option<&Run>, limits: &Limits) -> Result<Verified> {
    let path = path.as_ref();
    let archive = Archive::open(path)?;
    let is_own_source = run.is_some_and(|run| is_same(path, &run.path));
    let run = run.filter(|_| !is_own_source);
    let entries = archive.entries();
    let cells: Vec<Cell> = archive.cells().collect();
    let own = Archived::of(archive.clone());
    let check = |&cell: &Cell| {
        let mut found = Verified { cells: 1, ..Verified::default() };
        let memory = Default::default();
        let mut checker = Checker { archive: &archive, own: &own, run, limits, memory, found: &mut found };
        let result = checker.cell(cell);
        if let Err(error) = result {
            found.differences.push(error.to_string());
        }
        found
    };
    let mut found =
        cells.par_iter().map(check).collect::<Vec<_>>().into_iter().fold(Verified::default(), Verified::add);
    if let Err(error) = entries {
        found.differences.insert(0, error.to_string());
    }
    found.differences.extend(rows(&archive));
    for cell in run.into_iter().flat_map(|run| &run.cells) {
        if !archive.has(cell.cell) {
            found.differences.push(format!("cell {}: the archive does not have it", cell.cell));
        }
    }
    Ok(Verified { is_own_source, ..found })
}

/// Whether two paths are of one file.
fn is_same(one: &Path, other: &Path) -> bool {
    let id = |path: &Path| std::fs::metadata(path).ok().map(|metadata| shared::id_of(&metadata));
    id(one).is_some_and(|one| id(other) == Some(one))
}

/// What is wrong with the dimensions of rows, which are numbered from 1 on. No checksum is over them.
fn rows(archive: &Archive) -> Vec<String> {
    let links = archive.root.links.iter().map(|(name, _)| name);
    let wrong = |name: &String| {
        let variable = archive.at_root(name).ok()?;
        let count = variable.attribute("dump_key").map(|_| variable.length())?;
        let values = variable.all().map(|values| values.to_i64());
        let is_right = values.is_ok_and(|values| values.into_iter().eq(1..=count as i64));
        (!is_right).then(|| format!("{name}: its rows are not numbered from 1 on"))
    };
    links.filter(|name| root::cell_of(name).is_none()).filter_map(wrong).collect()
}

struct Checker<'a> {
    archive: &'a Archive,
    /// The same, as a source.
    own: &'a Archived,
    run: Option<&'a Run>,
    limits: &'a Limits,
    /// For the dumps, and for the archive.
    memory: [Memory; 2],
    found: &'a mut Verified,
}

impl Checker<'_> {
    fn cell(&mut self, cell: Cell) -> Result<()> {
        let handle = self.archive.cell(cell)?;
        let names =
            handle.variables().map(str::to_owned).chain([TIME, "lat", "lon", "dumps"].map(str::to_owned));
        let names: Vec<String> = names.collect();
        let mut is_sound = true;
        for name in names {
            is_sound &= handle.variable(&name).is_ok_and(|variable| self.decode(&variable))
                || self.tell(handle.variable(&name).err().map(|error| error.to_string()));
        }
        let grid = self.archive.grid();
        let [lat, lon] = grid.centre(cell);
        let place = [("lat", lat), ("lon", lon)];
        for (name, wanted) in place {
            // No checksum is over a single value.
            let found = handle.variable(name).and_then(|variable| variable.all());
            if found.is_ok_and(|found| found.to_f64() != [wanted]) {
                self.tell(Some(format!("cell {cell}, {name}: it is not {wanted}, where the cell is")));
            }
        }
        match handle.annual() {
            Ok(columns) => {
                for column in &columns {
                    is_sound &= self.decode(column);
                }
            }
            Err(error) => is_sound = self.tell(Some(error.to_string())),
        }
        if is_sound && let Err(error) = Years::read(&handle) {
            is_sound = self.tell(Some(error.to_string()));
        }
        let records = handle.records()?;
        if is_sound {
            self.days(&handle, &records)?;
        }
        let Some(run) = self.run else {
            self.found.faults.extend(records.iter().flat_map(|record| record.faults(cell)));
            return Ok(());
        };
        if is_sound {
            for record in &records {
                self.dump(run, &handle, record)?;
            }
        }
        let there = run.cells.iter().find(|one| one.cell == cell);
        let parts = there.into_iter().flat_map(|there| {
            let periods = there.periods.iter().map(|&period| Part::Period(period));
            periods.chain(there.years.iter().map(|&year| Part::Year(year)))
        });
        for part in parts.filter(|&part| !records.iter().any(|record| record.is_of(part))) {
            let name = run.source().name_of(part);
            self.found.differences.push(format!("cell {cell}, {name}: the archive does not have it"));
        }
        Ok(())
    }

    /// Adds a difference, if there is one; says that all is not well.
    fn tell(&mut self, difference: Option<String>) -> bool {
        self.found.differences.extend(difference);
        false
    }

    /// Decodes all chunks of a variable; says whether they are sound.
    fn decode(&mut self, variable: &Variable) -> bool {
        self.found.variables += 1;
        let chunks = match variable.chunks() {
            Ok(chunks) => chunks.len() as u64,
            Err(error) => return self.tell(Some(error.to_string())),
        };
        self.found.chunks += chunks;
        let damaged = (0..chunks).filter_map(|index| variable.chunk(index).err());
        let damaged: Vec<String> = damaged.map(|error| error.to_string()).collect();
        let is_sound = damaged.is_empty();
        self.found.differences.extend(damaged);
        is_sound
    }

    /// Compares a dump with what the archive has of it.
    fn dump(&mut self, run: &Run, handle: &CellHandle, record: &DumpRecord) -> Result<()> {
        let cell = handle.cell();
        let Some(part) = record.part() else { return Ok(()) };
        let mut same = Comparison::default();
        let mut again = None;
        let skipped = |key: &str| record.faults.iter().any(|(variable, ..)| variable.as_deref() == Some(key));
        let [theirs, ours] = &mut self.memory;
        let (source, own, limits) = (run.source(), self.own, self.limits);
        let (mut theirs, mut ours) = (Desk::new(limits, theirs), Desk::new(limits, ours));
        let is_lost = record.is_lost();
        let reading = match part {
            Part::Period(number) => source.period(cell, number, Wanted::All, &mut theirs, &mut |dump| {
                if !is_lost {
                    let compare = &mut |made: &Content<'_>| {
                        same.contents(dump, made, &skipped);
                        Ok(())
                    };
                    again = Some(own.period(cell, number, Wanted::All, &mut ours, compare));
                }
                Ok(())
            }),
            Part::Year(year) => source.year(cell, year, &mut theirs, &mut |dump| {
                if !is_lost {
                    let compare = &mut |made: Value<'_>| {
                        same.dicts("", dump, made, &skipped);
                        Ok(())
                    };
                    again = Some(own.year(cell, year, &mut ours, compare));
                }
                Ok(())
            }),
        };
        let what = format!("cell {cell}, {}", record.file);
        if matches!(&reading.result, Err((FaultKind::Missing, _))) {
            match record.is_missing() {
                true => self.found.faults.extend(record.faults(cell)),
                false => self.found.gone += 1,
            }
            return Ok(());
        }
        let digest = reading.stamp.map(|stamp| format!("{:016x}", stamp.digest)).unwrap_or_default();
        if digest != record.digest {
            self.tell(Some(format!("{what}: the dump is not the one that was archived")));
            return Ok(());
        }
        self.found.faults.extend(record.faults(cell));
        match (again.map(|again| again.result), reading.result) {
            _ if is_lost => {}
            (Some(Ok(())), Ok(())) => {
                self.found.dumps += 1;
                self.found.values += same.values;
                let told = same.differences.into_iter().take(TOLD);
                self.found.differences.extend(told.map(|text| format!("{what}{text}")));
            }
            // Where it cannot be read, it is the dump itself that is damaged, though it was sound when it was archived.
            (Some(Err((_, reason))), _) | (_, Err((_, reason))) => {
                self.tell(Some(format!("{what}: {reason}")));
            }
            (None, Ok(())) => {
                self.tell(Some(format!("{what}: it is not in the archive")));
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Comparison {
    differences: Vec<String>,
    values: u64,
}

impl Comparison {
    fn differ(&mut self, place: &str, reason: &str) {
        self.differences.push(format!("{place}: {reason}"));
    }

    /// Compares a period with what an archive has of it.
    fn contents(&mut self, dump: &Content<'_>, made: &Content<'_>, skipped: &dyn Fn(&str) -> bool) {
        let dates = |one: &Content<'_>| {
            (one.unit().text().to_owned(), one.unit().calendar(), one.first_day(), one.last_day())
        };
        if dates(dump) != dates(made) {
            let days = |one: &Content<'_>| {
                let (unit, calendar, first, last) = dates(one);
                format!("days {first} to {last} in {unit}, calendar {}", calendar.name())
            };
            self.differ("", &format!("its {} became {}", days(dump), days(made)));
        }
        let has = |one: &Content<'_>, key: &str| one.series(key).is_some() || one.not_series(key).is_some();
        for (key, series) in dump.all_series().filter(|(key, _)| !skipped(key)) {
            match made.series(key) {
                Some(made) => self.series(&format!(", {key}"), &series, &made),
                None => self.differ(&format!(", {key}"), "the archive does not have it"),
            }
        }
        for (key, _) in dump.others().filter(|(key, _)| !skipped(key) && !has(made, key)) {
            self.differ(&format!(", {key}"), "the archive does not have it");
        }
        for (key, _) in made.all_series().filter(|(key, _)| !has(dump, key)) {
            self.differ(&format!(", {key}"), "the dump does not have it");
        }
    }

    fn series(&mut self, place: &str, one: &Series<'_>, other: &Series<'_>) {
        let shape = |series: &Series<'_>| (series.has_rows().then_some(series.rows()), series.days());
        if shape(one) != shape(other) {
            return self.differ(place, &format!("{:?} became {:?}", shape(one), shape(other)));
        }
        self.values += (one.rows() * one.days()) as u64;
        let Some(element) = one.element().filter(|element| Some(*element) == other.element()) else {
            return self.differ(place, &format!("{} became {}", one.type_name(), other.type_name()));
        };
        let at = |series: &Series<'_>, row: usize, day: usize| {
            let (first, step) = series.layout(row);
            let start = first + day * step;
            let mut bytes = [0; 8];
            let target = bytes.get_mut(..element.size())?;
            target.copy_from_slice(series.data().get(start..start + element.size())?);
            if series.is_big_endian() {
                target.reverse();
            }
            Some(bytes)
        };
        for row in 0..one.rows() {
            for day in 0..one.days() {
                let (one, other) = (at(one, row, day), at(other, row, day));
                if one != other || one.is_none() {
                    return self.differ(place, &format!("value {day} of row {} is another one", row + 1));
                }
            }
        }
    }

    fn dicts(&mut self, place: &str, one: Value<'_>, other: Value<'_>, skipped: &dyn Fn(&str) -> bool) {
        let name = |key: Value<'_>| match key.as_i64() {
            Some(number) => number.to_string(),
            None => key.as_str().unwrap_or("?").to_owned(),
        };
        let find = |dict: Value<'_>, wanted: &str| {
            let mut found = None;
            for (key, value) in dict.entries() {
                if name(key) == wanted {
                    found = Some(value.identity());
                }
            }
            found
        };
        for (key, value) in one.entries() {
            let key = name(key);
            if skipped(&key) || find(one, &key) != Some(value.identity()) {
                continue;
            }
            let place = format!("{place}, {key}");
            match other.entries().find(|(known, _)| name(*known) == key) {
                Some((_, other)) => self.values(&place, value, other, skipped),
                None => self.differ(&place, "the archive does not have it"),
            }
        }
        for (key, _) in other.entries() {
            let key = name(key);
            if find(one, &key).is_none() {
                self.differ(&format!("{place}, {key}"), "the dump does not have it");
            }
        }
    }

    fn values(&mut self, place: &str, one: Value<'_>, other: Value<'_>, skipped: &dyn Fn(&str) -> bool) {
        match (one.kind(), other.kind()) {
            (ValueKind::Dict(_), ValueKind::Dict(_)) => self.dicts(place, one, other, skipped),
            (ValueKind::Text(one), ValueKind::Text(other)) => {
                if !one.eq_ignore_ascii_case(other) && !is_alias(one, other) {
                    self.differ(place, &format!("{one:?} became {other:?}"));
                }
            }
            (ValueKind::Tuple(a) | ValueKind::List(a), ValueKind::Tuple(b) | ValueKind::List(b))
                if a == b =>
            {
                for (one, other) in one.items().zip(other.items()) {
                    self.values(place, one, other, skipped);
                }
            }
            (ValueKind::Array(one), ValueKind::Array(other))
                if !one.shape().is_empty() && !other.shape().is_empty() =>
            {
                self.arrays(place, &one, &other);
            }
            // A list of numbers is archived as a series.
            (ValueKind::Tuple(_) | ValueKind::List(_), ValueKind::Array(other))
                if !other.shape().is_empty() =>
            {
                match one.numbers() {
                    Ok(one) => self.arrays(place, &one, &other),
                    Err(reason) => self.differ(place, &reason.to_string()),
                }
            }
            _ => {
                self.values += 1;
                let same = match (one.as_i64(), other.as_i64()) {
                    (Some(one), Some(other)) => one == other,
                    _ => match (one.as_f64(), other.as_f64()) {
                        (Some(one), Some(other)) => {
                            one.to_bits() == other.to_bits() || (one.is_nan() && other.is_nan())
                        }
                        _ => false,
                    },
                };
                if !same {
                    self.differ(place, "the value is another one");
                }
            }
        }
    }

    fn arrays(&mut self, place: &str, one: &Array<'_>, other: &Array<'_>) {
        if one.shape() != other.shape() {
            return self.differ(place, &format!("{:?} became {:?}", one.shape(), other.shape()));
        }
        self.values += one.len() as u64;
        let is_whole =
            |array: &Array<'_>| matches!(array.dtype().scalar, Scalar::Int | Scalar::UInt | Scalar::Bool);
        let is_same = one.dtype().element().is_some_and(|element| Some(element) == other.dtype().element());
        if !is_same && is_whole(one) && is_whole(other) && one.shape().len() == 1 {
            // Masks and numbers of strategies, which may be of other widths.
            if one.to_i64() != other.to_i64() || one.to_i64().is_none() {
                self.differ(place, "a value is another one");
            }
            return;
        }
        let size = one.dtype().size;
        if !is_same && one.dtype() != other.dtype() {
            let (one, other) = (one.dtype(), other.dtype());
            return self.differ(place, &format!("{one} became {other}"));
        }
        let (rows, columns) = match *one.shape() {
            [columns] => (1, columns),
            [rows, columns] => (rows, columns),
            _ => return self.differ(place, "it has more than two dimensions"),
        };
        let at = |array: &Array<'_>, row: usize, column: usize| {
            let index = if array.is_fortran() { column * rows + row } else { row * columns + column };
            let mut bytes = array.data().get(index * size..(index + 1) * size)?.to_vec();
            if array.dtype().big_endian {
                bytes.reverse();
            }
            Some(bytes)
        };
        if rows == 1 && !one.dtype().big_endian && one.data() == other.data() {
            return;
        }
        for row in 0..rows {
            for column in 0..columns {
                if at(one, row, column) != at(other, row, column) {
                    return self.differ(place, &format!("value {column} of row {} is another one", row + 1));
                }
            }
        }
    }
}

/// Whether two texts name the same calendar.
fn is_alias(one: &str, other: &str) -> bool {
    use crate::model::calendar::Calendar;
    Calendar::parse(one).is_some_and(|calendar| Calendar::parse(other) == Some(calendar))
}

mod days;
#[cfg(test)]
mod tests;
