//! A period's dump of CAETE-DVM: a dict of daily series, and the dates they belong to.

use crate::model::calendar::{Calendar, Date};
use crate::model::element::Element;
use crate::model::time_unit::TimeUnit;

use super::array::Array;
use super::dtype::{DType, Scalar};
use super::error::{ContentProblem, DumpError};
use super::list::NotSeries;
use super::value::{Kind, Value};

/// A longer period than this many days (2,700 years) is taken for damage.
pub(super) const MAX_DAYS: i64 = 1 << 20;
/// The model writes 41 keys. Every key is looked for among all, so their number must not be a dump's to choose.
const MAX_KEYS: usize = 1 << 10;
/// The keys that tell the dates.
const DATES: [&str; 4] = ["calendar", "time_unit", "sind", "eind"];
/// Of a key that is not a text, so much is shown.
const SHOWN: usize = 40;

/// A period of one cell: its dates and its daily series.
#[derive(Debug, Clone)]
pub struct Period<'a> {
    root: Value<'a>,
    unit: TimeUnit,
    first_day: i64,
    last_day: i64,
}

impl<'a> Period<'a> {
    /// Sees a dict as a period. The keys `sind` and `eind` hold the first and the last day, both included, in the unit
    /// `time_unit` of the calendar `calendar`.
    ///
    /// # Errors
    /// [`DumpError::Content`] where one of them is missing or makes no sense.
    pub fn read(root: Value<'a>) -> Result<Self, DumpError> {
        match root.kind() {
            Kind::Dict(0..=MAX_KEYS) => {}
            Kind::Dict(keys) => {
                return Err(DumpError::Content(ContentProblem::Keys { keys, limit: MAX_KEYS }));
            }
            _ => return Err(DumpError::Content(ContentProblem::NotADict)),
        }
        let calendar = text(root, "calendar")?;
        let calendar = Calendar::parse(calendar)
            .ok_or_else(|| DumpError::Content(ContentProblem::Calendar(shorten(calendar))))?;
        let unit = text(root, "time_unit")?;
        let unit = TimeUnit::parse(unit, calendar).map_err(|error| {
            DumpError::Content(ContentProblem::TimeUnit { reason: shorten(&error.to_string()) })
        })?;
        let (first, last) = (day(root, "sind")?, day(root, "eind")?);
        // Both ends must be dates, so that everything behind this point can name them.
        let dated = unit.date(first).is_some() && unit.date(last).is_some();
        match last.checked_sub(first) {
            Some(0..MAX_DAYS) if dated => Ok(Period { root, unit, first_day: first, last_day: last }),
            _ => Err(DumpError::Content(ContentProblem::Span { first, last })),
        }
    }

    /// The first day, counted in [`Period::unit`].
    pub fn first_day(&self) -> i64 {
        self.first_day
    }

    /// The last day, which belongs to the period.
    pub fn last_day(&self) -> i64 {
        self.last_day
    }

    /// The number of days.
    pub fn days(&self) -> usize {
        usize::try_from(self.last_day - self.first_day + 1).unwrap_or(0)
    }

    /// The unit and calendar of the days.
    pub fn unit(&self) -> &TimeUnit {
        &self.unit
    }

    /// The date of the first day.
    pub fn first_date(&self) -> Option<Date> {
        self.unit.date(self.first_day)
    }

    /// The date of the last day.
    pub fn last_date(&self) -> Option<Date> {
        self.unit.date(self.last_day)
    }

    /// A series by its key: an array of one or two dimensions, or a list of numbers or of such lists. `None` where the
    /// key is missing or holds something else.
    pub fn series(&self, key: &str) -> Option<Series<'a>> {
        series(self.root.get(key)?).ok()
    }

    /// Why a key that is there is not a series; `None` where it is one, or is missing.
    pub fn not_series(&self, key: &str) -> Option<NotSeries> {
        series(self.root.get(key)?).err()
    }

    /// Whether the dump has this key, whatever it holds.
    pub fn has(&self, key: &str) -> bool {
        self.root.get(key).is_some()
    }

    /// What is neither a series nor a date: keys, and why.
    pub fn others(&self) -> impl Iterator<Item = (String, NotSeries)> + 'a {
        let root = self.root;
        root.entries().filter_map(move |(key, value)| {
            let Some(name) = key.as_str() else {
                let name = key.as_i64().map(|number| number.to_string());
                let name = name.unwrap_or_else(|| format!("{:?}", key.kind()));
                return Some((name.chars().take(SHOWN).collect(), NotSeries::Key));
            };
            // Of a key that is there twice the last counts, as in Python.
            let is_last = root.get(name).is_some_and(|last| last.identity() == value.identity());
            let other = series(value).err().filter(|_| is_last && !DATES.contains(&name))?;
            Some((name.to_owned(), other))
        })
    }

    /// All series, in the order of the dump.
    pub fn all_series(&self) -> impl Iterator<Item = (&'a str, Series<'a>)> + 'a {
        self.root.entries().filter_map(|(key, value)| {
            let key = key.as_str().filter(|key| !DATES.contains(key))?;
            Some((key, series(value).ok()?))
        })
    }
}

fn series(value: Value<'_>) -> Result<Series<'_>, NotSeries> {
    let array = value.numbers()?;
    Series::new(array).ok_or(NotSeries::Dimensions(array.shape().len()))
}

fn text<'a>(root: Value<'a>, key: &'static str) -> Result<&'a str, DumpError> {
    let value = root.get(key).ok_or(DumpError::Content(ContentProblem::MissingKey(key)))?;
    value.as_str().ok_or(DumpError::Content(ContentProblem::KeyType { key, wanted: "a text" }))
}

fn day(root: Value<'_>, key: &'static str) -> Result<i64, DumpError> {
    let value = root.get(key).ok_or(DumpError::Content(ContentProblem::MissingKey(key)))?;
    value.as_i64().ok_or(DumpError::Content(ContentProblem::KeyType { key, wanted: "a whole number" }))
}

fn shorten(text: &str) -> String {
    text.chars().take(120).collect()
}

/// A daily series: one value a day, or one for each of several rows a day.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    array: Array<'a>,
    rows: usize,
    days: usize,
}

impl<'a> Series<'a> {
    /// Sees an array as a series: shape `(days,)`, or `(rows, days)`.
    pub fn new(array: Array<'a>) -> Option<Self> {
        match *array.shape() {
            [days] => Some(Series { array, rows: 1, days }),
            [rows, days] => Some(Series { array, rows, days }),
            _ => None,
        }
    }

    /// Rows; 1 for a series without rows, too (see [`Series::has_rows`]).
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether the array has a dimension of rows at all.
    pub fn has_rows(&self) -> bool {
        self.array.shape().len() == 2
    }

    /// Days.
    pub fn days(&self) -> usize {
        self.days
    }

    /// The type of the values.
    pub fn dtype(&self) -> &'a DType {
        self.array.dtype()
    }

    /// The bytes of all values, in the order of memory.
    pub fn data(&self) -> &'a [u8] {
        self.array.data()
    }

    /// Whether it is of a masked array with masked places.
    pub fn has_masked(&self) -> bool {
        self.array.mask().is_some()
    }

    /// Masked places of a row, of a masked array; they are NaN or the fill value in [`Series::data`].
    pub fn masked(&self, row: usize) -> u64 {
        let Some(mask) = self.array.mask() else { return 0 };
        let size = self.dtype().size.max(1);
        let (first, step) = self.layout(row);
        let row = mask.get(first / size..).unwrap_or_default().iter().step_by((step / size).max(1));
        row.take(self.days).map(|&place| u64::from(place != 0)).sum()
    }

    /// How many of a row's last days up to one, not included, have no value: NaN, masked, or the fill value, which readers take for
    /// masked.
    pub fn empty_end(&self, row: usize, until: usize) -> usize {
        self.end(row, until, false)
    }

    /// The same of days that have no value, or 0.
    pub fn still_end(&self, row: usize, until: usize) -> usize {
        self.end(row, until, true)
    }

    fn end(&self, row: usize, until: usize, zero_counts: bool) -> usize {
        let dtype = self.dtype();
        let size = dtype.size;
        let (first, step) = self.layout(row);
        let Some(fill) = Element::of(dtype).map(Element::fill) else { return 0 };
        let is_silent = |bytes: &[u8]| {
            let mut value = [0; 8];
            let Some(target) = value.get_mut(..size) else { return false };
            target.copy_from_slice(bytes);
            if dtype.big_endian {
                target.reverse();
            }
            let is_nan = match (&dtype.scalar, size) {
                (Scalar::Float, 4) => f32::from_bits(u64::from_le_bytes(value) as u32).is_nan(),
                (Scalar::Float, _) => f64::from_le_bytes(value).is_nan(),
                _ => false,
            };
            let is_fill = value.get(..size) == fill.get(..size);
            let is_minus_zero = || match (&dtype.scalar, size) {
                (Scalar::Float, 4) => u64::from_le_bytes(value) == 1 << 31,
                (Scalar::Float, _) => u64::from_le_bytes(value) == 1 << 63,
                _ => false,
            };
            is_nan || is_fill || (zero_counts && (value == [0; 8] || is_minus_zero()))
        };
        let value = |day: usize| self.data().get(first + day * step..first + day * step + size);
        let days = (0..until.min(self.days)).rev();
        days.take_while(|&day| value(day).is_some_and(is_silent)).count()
    }

    /// Where a row's values are in [`Series::data`]: the byte of its first day, and the bytes from day to day.
    pub fn layout(&self, row: usize) -> (usize, usize) {
        let size = self.dtype().size;
        if self.array.is_fortran() || self.rows == 1 {
            (row * size, self.rows * size)
        } else {
            (row * self.days * size, size)
        }
    }
}
