//! The pass over records: places, times, and what values look like.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use super::Work;
use super::grid::Coordinates;
use super::sample::{self, Scanned};
use super::stats::Stats;
use super::times::Dates;
use crate::error::Result;
use crate::model::calendar::Calendar;
use crate::records::description::{CellKeys, TimeKeys, YEARS, path_field};
use crate::records::files::{Files, RecordFile};
use crate::records::schema::{Head, Part, StampRule};
use crate::records::times::{Parts, month_of_name};

/// Places and records that are remembered at the most.
const MOST: usize = 4 << 20;

/// What records hold.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub lat: Coordinates,
    pub lon: Coordinates,
    pub places: HashSet<[u64; 2]>,
    /// Places that are told by numbers or names.
    pub others: HashSet<u64>,
    pub dates: Option<Dates>,
    /// Values by the names of columns.
    pub columns: BTreeMap<String, Stats>,
    /// Records of a cell and time that another one has, and the first of them.
    pub twice: u64,
    pub first_twice: Option<(String, Option<u64>)>,
    /// Texts that are no times, and the first of them.
    pub no_times: u64,
    pub first_no_time: Option<(String, Option<u64>, String)>,
    /// Lines that have other numbers of fields, and headers inside.
    pub odd: BTreeMap<Odd, (u64, String, Option<u64>)>,
    pub records: u64,
    pub is_all: bool,
}

/// What is odd about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Odd {
    /// Like the header.
    Header,
    /// Fewer fields, of which one has two decimal points.
    Glued,
    /// Fewer fields.
    Fewer,
    /// More fields.
    More,
}

impl Odd {
    pub fn words(self) -> &'static str {
        match self {
            Odd::Header => "like the header, inside of files",
            Odd::Glued => "with columns that have no blank between them",
            Odd::Fewer => "with fewer fields than there are columns",
            Odd::More => "with more fields than there are columns",
        }
    }
}

/// Where the columns of a file are that tell cell and time, and the others.
struct Columns {
    place: [Source; 2],
    parts: Vec<(Part, Source)>,
    stamp: Option<usize>,
    values: Vec<(usize, String)>,
    over: Vec<usize>,
    count: usize,
}

/// Where something is told.
#[derive(Clone)]
enum Source {
    Column(usize),
    Path(String),
    Nowhere,
}

impl Work {
    /// Reads records: all of them where that takes little time.
    pub(super) fn look(&mut self) -> Result<Seen> {
        let files = self.files.clone();
        let mut seen = Seen { is_all: true, ..Seen::default() };
        let keys = self.description.time.clone();
        if keys.start.is_none() {
            seen.dates = Some(self.dates(&keys)?);
        }
        let bytes = files.bytes();
        let is_small = bytes <= sample::MOST_BYTES;
        let chosen =
            sample::spread(&files.files, if is_small { sample::MOST_SCANNED } else { sample::MOST_FILES });
        let share = sample::share(chosen.len(), bytes);
        seen.is_all = chosen.len() == files.files.len();
        let hasher = RandomState::new();
        let mut records: HashSet<u64> = HashSet::new();
        let mut scanned = 0;
        for file in chosen {
            let path = files.path(file);
            let Ok(head) = crate::records::head::read_text(&path, &self.description.text) else { continue };
            let Some(columns) = self.columns(file, &head) else { continue };
            scanned += 1;
            let names = || columns.values.iter().map(|(_, name)| name);
            let stats = names().map(|name| seen.columns.remove(name)).collect();
            let key = self.description.values.along.as_ref().map(|_| key_of(file));
            let mut reading = Reading {
                work: self,
                file,
                head: &head,
                columns: &columns,
                seen: &mut seen,
                records: &mut records,
                hasher: &hasher,
                stats,
                key: key.as_deref(),
                last: None,
                place: None,
            };
            let scanned_all = sample::scan(&files, file, &head, share, |line| reading.add(line));
            let stats = std::mem::take(&mut reading.stats);
            for (name, stats) in names().zip(stats) {
                if let Some(stats) = stats {
                    seen.columns.entry(name.clone()).or_insert(stats);
                }
            }
            match scanned_all {
                Ok(is_all) => seen.is_all &= is_all,
                Err(fault) => {
                    seen.is_all = false;
                    self.note(fault.message.clone(), Some((&fault.file, fault.line)));
                }
            }
        }
        seen.places_of_paths(&self.description.cell, &files);
        self.looked.scanned = scanned;
        self.looked.records = seen.records;
        self.looked.places = seen.places.len().max(seen.others.len()) as u64;
        self.looked.times = seen.dates.as_ref().map_or(0, |dates| dates.count() as u64);
        self.looked.is_all = seen.is_all;
        for (odd, (count, file, line)) in &seen.odd {
            self.note(format!("{} {}", crate::words::many(*count, "line"), odd.words()), Some((file, *line)));
        }
        Ok(seen)
    }

    fn dates(&self, keys: &TimeKeys) -> Result<Dates> {
        // Stamps that count are of the real calendar; dates of any calendar are dates of one with all days.
        let calendar = keys.calendar.as_deref().and_then(Calendar::parse);
        let calendar = match calendar {
            Some(calendar @ (Calendar::Day360 | Calendar::AllLeap | Calendar::Julian)) => calendar,
            _ => Calendar::Standard,
        };
        let calendar = match keys.calendar.as_deref().and_then(Calendar::parse) {
            Some(told) if is_of_years(keys) => told,
            _ => calendar,
        };
        Dates::new(keys, calendar).map_err(|reason| self.ask(None, format!("source.time: {reason}")))
    }

    /// Where things are in a file; nothing of one whose columns are others.
    fn columns(&self, file: &RecordFile, head: &Head) -> Option<Columns> {
        let names: Vec<String> = match &head.names {
            Some(names) => names.clone(),
            None => (1..=head.columns).map(|number| number.to_string()).collect(),
        };
        let source = |name: &Option<String>| match name.as_deref() {
            None => Some(Source::Nowhere),
            Some(name) => match path_field(name) {
                Some(field) => file.field(field).map(|text| Source::Path(text.to_owned())),
                None => names.iter().position(|known| known == name).map(Source::Column),
            },
        };
        let cell = &self.description.cell;
        let place = match (&cell.id, &cell.lat) {
            (Some(_), _) => [source(&cell.id)?, Source::Nowhere],
            (None, Some(_)) => [source(&cell.lat)?, source(&cell.lon)?],
            _ => [source(&cell.y)?, source(&cell.x)?],
        };
        let mut parts = Vec::new();
        for (key, part) in self.description.time.parts() {
            parts.push((Part::of_key(key)?, source(&Some(part.column().to_owned()))?));
        }
        let stamp = match &self.description.time.stamp {
            None => None,
            Some(stamp) => Some(names.iter().position(|name| *name == stamp.column)?),
        };
        let values = &self.description.values;
        let over = names
            .iter()
            .enumerate()
            .filter(|(_, name)| values.over.contains_key(*name))
            .map(|(index, _)| index)
            .collect();
        let mut taken: HashSet<usize> =
            parts.iter().map(|(_, source)| source).chain(&place).filter_map(Source::column).collect();
        taken.extend(stamp);
        let is_value = |(index, name): &(usize, &String)| {
            !taken.contains(index)
                && !values.over.contains_key(*name)
                && !values.ignore.iter().any(|pattern| crate::words::matches(pattern, name))
        };
        let found =
            names.iter().enumerate().filter(is_value).map(|(index, name)| (index, name.clone())).collect();
        Some(Columns { place, parts, stamp, values: found, over, count: names.len() })
    }
}

impl Source {
    fn column(&self) -> Option<usize> {
        match self {
            Source::Column(index) => Some(*index),
            _ => None,
        }
    }

    fn text<'a>(&'a self, fields: &[&'a [u8]]) -> Option<&'a [u8]> {
        match self {
            Source::Column(index) => fields.get(*index).copied(),
            Source::Path(text) => Some(text.as_bytes()),
            Source::Nowhere => None,
        }
    }

    fn words<'a>(&'a self, fields: &[&'a [u8]]) -> Option<&'a str> {
        self.text(fields).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }
}

/// What tells files of several variables apart.
fn key_of(file: &RecordFile) -> String {
    let of_path = file.field("variable").map(str::to_owned);
    of_path.unwrap_or_else(|| {
        file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    })
}

/// A file that is being read.
struct Reading<'a> {
    work: &'a Work,
    file: &'a RecordFile,
    head: &'a Head,
    columns: &'a Columns,
    seen: &'a mut Seen,
    records: &'a mut HashSet<u64>,
    hasher: &'a RandomState,
    /// What the values of each column look like.
    stats: Vec<Option<Stats>>,
    /// What tells files of several variables apart.
    key: Option<&'a str>,
    /// The last line's time and its step, since lines have the same for long.
    last: Option<(Vec<u8>, i64)>,
    /// The last line's place.
    place: Option<(String, String)>,
}

impl Reading<'_> {
    fn add(&mut self, line: &Scanned<'_>) {
        if let Some(odd) = self.odd(line) {
            let (count, ..) = self.seen.odd.entry(odd).or_insert_with(|| (0, self.file.name(), line.line));
            *count += 1;
            return;
        }
        self.seen.records += 1;
        for ((index, _), stats) in self.columns.values.iter().zip(&mut self.stats) {
            if let Some(field) = line.fields.get(*index) {
                stats.get_or_insert_default().add(field, &self.file.path, line.line);
            }
        }
        let step = self.time(line);
        let columns = self.columns;
        let [first, second] = columns.place.each_ref().map(|source| source.words(line.fields));
        if self.work.description.cell.lat.is_none() && self.seen.others.len() < MOST {
            self.seen.others.insert(self.hasher.hash_one((&first, &second)));
        }
        if let (Some(lat), Some(lon)) = (&first, &second) {
            // Lines have the same place for long.
            let is_last =
                self.place.as_ref().is_some_and(|(one, other)| (one.as_str(), other.as_str()) == (lat, lon));
            if !is_last {
                self.seen.place(&lat.replace(',', "."), &lon.replace(',', "."));
                self.place = Some(((*lat).to_owned(), (*lon).to_owned()));
            }
        }
        let over: Vec<&[u8]> =
            self.columns.over.iter().filter_map(|index| line.fields.get(*index).copied()).collect();
        if self.records.len() < MOST
            && let Some(step) = step
            && !self.records.insert(self.hasher.hash_one((&first, &second, step, &over, self.key)))
        {
            self.seen.twice += 1;
            self.seen.first_twice.get_or_insert_with(|| (self.file.name(), line.line));
        }
    }

    fn odd(&self, line: &Scanned<'_>) -> Option<Odd> {
        let count = line.fields.len();
        if !self.head.header.is_empty() && line.bytes == self.head.header {
            return Some(Odd::Header);
        }
        // Commas at the end of lines are no fields.
        let is_end =
            || line.fields.last().is_some_and(|last| last.is_empty()) && count == self.columns.count + 1;
        match count.cmp(&self.columns.count) {
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater if is_end() => None,
            std::cmp::Ordering::Greater => Some(Odd::More),
            std::cmp::Ordering::Less => {
                let points = |field: &&&[u8]| field.iter().filter(|byte| **byte == b'.').count() > 1;
                Some(if line.fields.iter().find(points).is_some() { Odd::Glued } else { Odd::Fewer })
            }
        }
    }

    /// The step of the record, in seconds.
    fn time(&mut self, line: &Scanned<'_>) -> Option<i64> {
        let dates = self.seen.dates.as_mut()?;
        let stamp = self.columns.stamp.and_then(|index| line.fields.get(index).copied());
        let mut key: Vec<u8> = Vec::with_capacity(24);
        key.extend_from_slice(stamp.unwrap_or_default());
        for (_, source) in &self.columns.parts {
            key.push(b' ');
            key.extend_from_slice(source.text(line.fields).unwrap_or_default());
        }
        if let Some((last, step)) = &self.last
            && *last == key
        {
            return Some(*step);
        }
        let rule = dates.rule();
        let found = match stamp {
            Some(text) => match (&rule.stamp, std::str::from_utf8(text).ok()) {
                (Some(StampRule::Text(_) | StampRule::Years), _) => {
                    rule.step_of_text(text).map_err(|fault| fault.to_string())
                }
                (_, Some(number)) => match (number.parse::<i64>(), number.replace(',', ".").parse::<f64>()) {
                    (Ok(number), _) => rule.step_of_number(number).map_err(|fault| fault.to_string()),
                    (_, Ok(number)) => rule.step_of_decimal(number).map_err(|fault| fault.to_string()),
                    _ => Err(format!("{number:?} is not a time")),
                },
                _ => Err("it is not a time".to_owned()),
            },
            None => {
                let mut parts = Parts::default();
                let mut wrong = None;
                for (part, source) in &self.columns.parts {
                    let text = source.text(line.fields).unwrap_or_default();
                    let number = std::str::from_utf8(text).ok().and_then(whole);
                    match number.or_else(|| month_of_name(text).filter(|_| *part == Part::Month)) {
                        Some(number) => parts.set(*part, number),
                        None => {
                            wrong =
                                Some(format!("{:?} is not a part of a time", String::from_utf8_lossy(text)))
                        }
                    }
                }
                match wrong {
                    Some(wrong) => Err(wrong),
                    None => rule.step_of_parts(&parts).map_err(|fault| fault.to_string()),
                }
            }
        };
        match found {
            Ok(step) => {
                dates.add(step);
                self.last = Some((key, step));
                Some(step)
            }
            Err(message) => {
                self.seen.no_times += 1;
                self.seen.first_no_time.get_or_insert_with(|| (self.file.name(), line.line, message));
                None
            }
        }
    }
}

/// Whether times are years with decimals.
fn is_of_years(keys: &TimeKeys) -> bool {
    keys.stamp.as_ref().is_some_and(|stamp| stamp.units.as_deref() == Some(YEARS))
}

/// A whole number, which may be written with zero decimals.
fn whole(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        let number = text.parse::<f64>().ok()?;
        (number.fract() == 0.0 && number.abs() < 1e9).then_some(number as i64)
    })
}

impl Seen {
    /// Adds the places that names of files tell.
    pub(super) fn places_of_paths(&mut self, cell: &CellKeys, files: &Files) {
        let (Some(lat), Some(lon)) =
            (cell.lat.as_deref().and_then(path_field), cell.lon.as_deref().and_then(path_field))
        else {
            return;
        };
        for file in &files.files {
            if let (Some(lat), Some(lon)) = (file.field(lat), file.field(lon)) {
                self.place(lat, lon);
            }
        }
    }

    fn place(&mut self, lat: &str, lon: &str) {
        let (Ok(y), Ok(x)) = (lat.parse::<f64>(), lon.parse::<f64>()) else { return };
        if !(y.is_finite() && x.is_finite()) {
            return;
        }
        let place = [y.to_bits(), x.to_bits()];
        if self.places.len() < MOST && self.places.insert(place) {
            self.lat.add(lat, y);
            self.lon.add(lon, x);
        }
    }
}
