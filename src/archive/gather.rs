//! From the dumps of a cell to its part of an archive: every series with all its rows, every year, and a record of each file.

use super::annual::Annual;
use super::codec::Encoder;
use super::column::{Column, Stored, Strided};
use super::names::{PERIOD, PLACE};
use super::record::DumpRecord;
use super::schema;
use super::tune::Tune;
use crate::caete::{self, CommunityYear};
use crate::dump::Limits;
use crate::model::element::Element;
use crate::model::fault::FaultKind;
use crate::model::grid::Cell;
use crate::model::time_unit::TimeUnit;
use crate::model::variables::VariableTable;
use crate::run::Run;
use crate::run::silence::Silence;
use crate::run::survey::Survey;
use crate::source::{Content, Desk, Memory, Part, Reading, Series, Wanted};

/// The key of the column of days.
pub(super) const TIME: &str = "time";

/// A cell that is being put together, or is.
#[derive(Debug)]
pub(super) struct CellParts {
    pub cell: Cell,
    /// Days, as doubles.
    pub time: Column,
    /// The number of each day's period, where days are by period and not by date.
    pub period: Option<Column>,
    /// In the order of the first dump that has them.
    pub series: Vec<Column>,
    pub annual: Annual,
    pub records: Vec<DumpRecord>,
    /// Of the periods that were read, what has no value up to the end of a dump.
    pub silent: Vec<(u32, Silence)>,
    /// The same of yearly files.
    pub silent_years: Vec<(i32, Silence)>,
    /// The day behind the last of all; days before it are taken, but by period.
    pub end: Option<i64>,
    /// First day of all.
    pub start: Option<i64>,
    /// Encoded chunks, which are not in the file yet.
    pub encoded: Vec<u8>,
    /// Those of `time`, which often are the same as those of the cell before.
    pub encoded_time: Vec<u8>,
    /// Values of daily series that were added.
    pub values: u64,
    /// Records and columns that were there before.
    pub known: (usize, usize),
}

/// How a cell's dumps are read.
pub(super) struct Gathering<'a> {
    pub run: &'a Run,
    pub unit: &'a TimeUnit,
    pub tune: &'a Tune,
    pub limits: &'a Limits,
    /// What dumps hold, and what that means.
    pub survey: &'a Survey,
    pub table: &'a VariableTable,
    /// The longest that series are thought to become, in days.
    pub days: u64,
}

impl CellParts {
    pub fn new(cell: Cell, tune: &Tune, days: u64, is_by_period: bool) -> Self {
        let time = Column::new(TIME, Element::Float64, None, tune.chunk(8, days));
        let period = is_by_period.then(|| period_column(time.chunk));
        CellParts {
            cell,
            time,
            period,
            series: Vec::new(),
            annual: Annual::default(),
            records: Vec::new(),
            silent: Vec::new(),
            silent_years: Vec::new(),
            end: None,
            start: None,
            encoded: Vec::new(),
            encoded_time: Vec::new(),
            values: 0,
            known: (0, 0),
        }
    }

    /// Bytes of the chunks that are in the file already.
    pub fn kept_bytes(&self) -> u64 {
        let kept = |stored: &Stored| match stored {
            Stored::There(chunk) => chunk.length,
            Stored::New(..) => 0,
        };
        let columns = self.series.iter().chain([&self.time]).chain(&self.period);
        columns.flat_map(|column| &column.chunks).map(kept).sum()
    }
}

impl CellParts {
    /// Has days by period from now on, where they were by date: of these each has a record.
    ///
    /// # Errors
    /// Where days were added by hand, which belong to no period; what the encoder says.
    pub fn begin_periods(&mut self, encoder: &mut Encoder) -> Result<(), String> {
        let mut column = period_column(self.time.chunk);
        for record in &mut self.records {
            if let (Some(number), Some((_, count))) = (record.period, record.days) {
                record.place = Some(column.length);
                push_period(&mut column, number, count as usize, encoder, &mut self.encoded_time)?;
            }
        }
        if column.length != self.time.length {
            let (own, all) = (column.length, self.time.length);
            return Err(format!(
                "{own} of its {all} days are of periods; days that were added by hand cannot be told from those of periods with \
                 the same dates"
            ));
        }
        self.period = Some(column);
        Ok(())
    }

    /// The names of the datasets of series, in their order.
    pub fn names(&self) -> Vec<String> {
        const OTHERS: [&str; 6] = [TIME, "lat", "lon", "dumps_length", "dumps", "annual"];
        let of_periods: &[&str] = if self.period.is_some() { &[PERIOD, PLACE] } else { &[] };
        let mut names: Vec<String> = Vec::with_capacity(self.series.len());
        for column in &self.series {
            let is_own = |name: &str| OTHERS.contains(&name) || of_periods.contains(&name);
            let taken = |name: &str| is_own(name) || names.iter().any(|known| known == name);
            names.push(schema::dataset_name(&column.key, taken));
        }
        names
    }

    /// Says of each dump which of the datasets have no values on its days.
    pub fn name_missing(&mut self) {
        let names = self.names();
        let (_, known) = self.known;
        for record in self.records.iter_mut().filter(|record| record.days.is_some()) {
            let before = std::mem::take(&mut record.missing);
            let has = |index: usize, name: &String| match &record.present {
                Some(present) => present.contains(&index),
                None => index < known && !before.contains(name),
            };
            let missing = names.iter().enumerate().filter(|(index, name)| !has(*index, name));
            record.missing = missing.map(|(_, name)| name.clone()).collect();
            record.present = None;
        }
    }
}

impl Gathering<'_> {
    /// Reads periods, in the order of their dates, and years of a cell, and adds them to `parts`.
    ///
    /// # Errors
    /// What an encoder says. Dumps that cannot be used are no error: their records say so.
    pub fn add(
        &self,
        parts: &mut CellParts,
        periods: &[u32],
        years: &[i32],
        memory: &mut Memory,
        encoder: &mut Encoder,
    ) -> Result<(), String> {
        for &period in periods {
            self.add_period(parts, period, memory, encoder)?;
        }
        for &year in years {
            self.add_year(parts, year, memory);
        }
        Ok(())
    }

    /// Encodes what is left.
    pub fn finish(parts: &mut CellParts, encoder: &mut Encoder) -> Result<(), String> {
        let CellParts { time, period, series, encoded, encoded_time, .. } = parts;
        time.finish(encoder, encoded_time)?;
        period.iter_mut().try_for_each(|column| column.finish(encoder, encoded_time))?;
        series.iter_mut().try_for_each(|column| column.finish(encoder, encoded))
    }

    fn add_period(
        &self,
        parts: &mut CellParts,
        period: u32,
        memory: &mut Memory,
        encoder: &mut Encoder,
    ) -> Result<(), String> {
        let source = self.run.source();
        let mut record = DumpRecord::of(source.name_of(Part::Period(period)), Part::Period(period));
        let mut added = Ok(());
        let mut desk = Desk::new(self.limits, memory);
        let reading = source.period(parts.cell, period, Wanted::All, &mut desk, &mut |content| {
            added = self.add_series(parts, content, &mut record, encoder);
            Ok(())
        });
        added?;
        record.note(reading);
        if record.is_lost() {
            parts.silent.push((period, Silence::unused()));
        }
        parts.records.push(record);
        Ok(())
    }

    fn add_series(
        &self,
        parts: &mut CellParts,
        content: &Content<'_>,
        record: &mut DumpRecord,
        encoder: &mut Encoder,
    ) -> Result<(), String> {
        let shift = content.unit().shift_to(self.unit);
        let Some(first) = shift.and_then(|shift| content.first_day().checked_add(shift)) else {
            let (unit, own) = (content.unit(), self.unit);
            let message = format!(
                "its days are {} in calendar {}, the archive's are {} in calendar {}",
                unit.text(),
                unit.calendar().name(),
                own.text(),
                own.calendar().name()
            );
            record.refuse(None, FaultKind::Calendar, message);
            return Ok(());
        };
        if let Some(end) = parts.end.filter(|&end| first < end && parts.period.is_none()) {
            let date = |day| self.unit.label(day).unwrap_or_default();
            let message = format!(
                "it begins on {}, but the cell's dumps before it end on {}; the dump is left out",
                date(first),
                date(end - 1)
            );
            record.refuse(None, FaultKind::Overlap, message);
            return Ok(());
        }
        let count = content.days();
        if content.unit().text() != self.unit.text() {
            record.unit = Some(content.unit().text().to_owned());
        }
        record.days = Some((first, count as u64));
        let counts = parts.records.iter().filter_map(|record| record.days).map(|(_, count)| count);
        // Days that were added by hand are in no record.
        if parts.period.is_some() || parts.time.length != counts.sum::<u64>() {
            record.place = Some(parts.time.length);
        }
        if let (Some(period), Some(silence)) =
            (record.period, self.survey.silence_of(content, first, self.table))
        {
            parts.silent.push((period, silence));
        }
        let CellParts { time, period, series, encoded, encoded_time, .. } = parts;
        let before = time.length;
        let days: Vec<u8> =
            (0..count as i64).flat_map(|step| self.unit.value(first + step).to_le_bytes()).collect();
        time.push(count, |_| Strided { data: &days, step: 8, big_endian: false }, encoder, encoded_time)?;
        if let (Some(column), Some(number)) = (period, record.period) {
            push_period(column, number, count, encoder, encoded_time)?;
        }
        for (key, values) in content.all_series() {
            let rows = values.has_rows().then_some(values.rows());
            let Some(element) = self.usable(key, &values, count, record) else { continue };
            let fits = |column: &Column| column.key == key && column.is_fit(element, rows);
            let column = match series.iter().position(fits) {
                Some(index) => series.get_mut(index),
                None => {
                    let bytes = element.size() * rows.unwrap_or(1);
                    series.push(Column::new(key, element, rows, self.tune.chunk(bytes, self.days)));
                    series.last_mut()
                }
            };
            let Some(column) = column else { continue };
            column.skip((before - column.length) as usize, encoder, encoded)?;
            let big_endian = values.is_big_endian();
            let row = |row: usize| {
                let (start, step) = values.layout(row);
                Strided { data: values.data().get(start..).unwrap_or_default(), step, big_endian }
            };
            column.push(count, row, encoder, encoded)?;
            // A masked whole number is the fill value, which readers must know of.
            column.has_gaps |= !element.is_float() && values.has_masked();
            parts.values += (count * rows.unwrap_or(1)) as u64;
        }
        for (key, reason) in content.others() {
            record.refuse(Some(key), FaultKind::Type, reason.to_string());
        }
        let mut present = Vec::new();
        for (index, column) in series.iter_mut().enumerate() {
            if column.length == before {
                column.skip(count, encoder, encoded)?;
            } else {
                present.push(index);
            }
        }
        record.present = Some(present);
        let end = first + count as i64;
        parts.start = Some(parts.start.map_or(first, |start| start.min(first)));
        parts.end = Some(parts.end.map_or(end, |last| last.max(end)));
        Ok(())
    }

    /// The element type of a series that can be kept. One that has no values is only named.
    fn usable(
        &self,
        key: &str,
        values: &Series<'_>,
        days: usize,
        record: &mut DumpRecord,
    ) -> Option<Element> {
        let element = values.element();
        if values.days() == 0 || values.rows() == 0 {
            let rows = values.has_rows().then_some(values.rows());
            record.empty.push((key.to_owned(), values.type_name().to_string(), rows));
            return None;
        }
        if values.days() != days {
            let message = format!("it has {} days, the dump's dates are {days} days", values.days());
            record.refuse(Some(key), FaultKind::Length, message);
            return None;
        }
        if element.is_some_and(|element| is_ambiguous(values, element)) {
            let message =
                "it has masked places, and a value that would stand for them in the archive".to_owned();
            record.refuse(Some(key), FaultKind::Type, message);
            return None;
        }
        if element.is_none() {
            let message = format!("its type, {}, has no exact counterpart in NetCDF", values.type_name());
            record.refuse(Some(key), FaultKind::Type, message);
        }
        element
    }

    fn add_year(&self, parts: &mut CellParts, year: i32, memory: &mut Memory) {
        let source = self.run.source();
        let mut record = DumpRecord::of(source.name_of(Part::Year(year)), Part::Year(year));
        let mut desk = Desk::new(self.limits, memory);
        let mut silence = None;
        let reading = source.year(parts.cell, year, &mut desk, &mut |root| {
            // What the reader of years takes for damage is damage here, too.
            let found = CommunityYear::read(root).map_err(|error| (FaultKind::Damaged, error.to_string()))?;
            silence = caete::silence(&found);
            let mut refused = Vec::new();
            parts.annual.add(root, &mut refused).map_err(|message| (FaultKind::Damaged, message))?;
            record.faults.extend(refused);
            Ok(())
        });
        record.note(reading);
        if record.is_lost() {
            silence = Some(Silence::unused());
        }
        parts.silent_years.extend(silence.map(|silence| (year, silence)));
        parts.records.push(record);
    }
}

/// The column of numbers of periods, with as many days in a chunk as that of days has.
fn period_column(chunk: usize) -> Column {
    Column::new(PERIOD, Element::Int32, None, chunk)
}

/// Adds days of a period.
fn push_period(
    column: &mut Column,
    number: u32,
    count: usize,
    encoder: &mut Encoder,
    encoded: &mut Vec<u8>,
) -> Result<(), String> {
    let numbers = (number as i32).to_le_bytes().repeat(count);
    column.push(count, |_| Strided { data: &numbers, step: 4, big_endian: false }, encoder, encoded)
}

/// Whether whole numbers have masked places beside values that are the fill value themselves.
fn is_ambiguous(values: &Series<'_>, element: Element) -> bool {
    if element.is_float() || !values.has_masked() {
        return false;
    }
    let mut fill = element.fill_bytes().to_vec();
    if values.is_big_endian() {
        fill.reverse();
    }
    let found = values.data().chunks_exact(element.size()).filter(|value| *value == fill).count() as u64;
    found > (0..values.rows()).map(|row| values.masked(row)).sum()
}

impl DumpRecord {
    fn of(file: String, part: Part) -> Self {
        let (period, year) = match part {
            Part::Period(number) => (Some(number), None),
            Part::Year(year) => (None, Some(year)),
        };
        DumpRecord { file, period, year, ..DumpRecord::default() }
    }

    /// Notes what was read of the dump.
    fn note(&mut self, reading: Reading) {
        if let Some(stamp) = reading.stamp {
            self.bytes = stamp.bytes;
            self.digest = format!("{:016x}", stamp.digest);
            self.modified = stamp.modified;
        }
        if let Err((kind, message)) = reading.result {
            self.refuse(None, kind, message);
        }
    }
}
