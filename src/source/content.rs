//! What a source gives of a cell's period: dates and daily series.

use std::fmt::Display;

use crate::model::calendar::Date;
use crate::model::element::Element;
use crate::model::series::NotSeries;
use crate::model::time_unit::TimeUnit;

/// A period of one cell.
#[derive(Debug)]
pub struct Content<'a> {
    unit: TimeUnit,
    first_day: i64,
    last_day: i64,
    series: Vec<(&'a str, Series<'a>)>,
    others: Vec<(String, NotSeries)>,
    ends_are_silent: bool,
}

impl<'a> Content<'a> {
    /// One without series, of days counted in a unit, both ends included.
    pub fn new(unit: TimeUnit, first_day: i64, last_day: i64) -> Self {
        Content { unit, first_day, last_day, series: Vec::new(), others: Vec::new(), ends_are_silent: true }
    }

    /// Says that days at the end without a value are nothing special, as where records are of some days only: a series is silent where it has no value
    /// at all.
    pub fn with_any_days(self) -> Self {
        Content { ends_are_silent: false, ..self }
    }

    /// Days at the end of a series that count as silent, of so many without a value among `all`.
    pub(crate) fn silent_end(&self, days: usize, all: usize) -> usize {
        if self.ends_are_silent || days >= all { days } else { 0 }
    }

    /// Adds a series. Keys are added once.
    pub fn push(&mut self, key: &'a str, series: Series<'a>) {
        self.series.push((key, series));
    }

    /// Adds what is not a series, and why.
    pub fn push_other(&mut self, key: String, reason: NotSeries) {
        self.others.push((key, reason));
    }

    /// The same with what formulas make: series, or why there is none. One of the key of a series stands in its place.
    pub(crate) fn with_derived<'b>(
        &'b self,
        derived: Vec<(&'b str, Result<Series<'b>, NotSeries>)>,
    ) -> Content<'b> {
        let own = |key: &str| derived.iter().find(|(known, _)| *known == key).map(|(_, made)| made);
        let mut series: Vec<(&str, Series<'_>)> = Vec::with_capacity(self.series.len() + derived.len());
        for (key, there) in &self.series {
            match own(key) {
                Some(Ok(made)) => series.push((key, *made)),
                Some(Err(_)) => {}
                None => series.push((key, *there)),
            }
        }
        let mut others: Vec<(String, NotSeries)> =
            self.others.iter().filter(|(key, _)| own(key).is_none()).cloned().collect();
        for (key, made) in &derived {
            match made {
                Ok(made) if self.series(key).is_none() => series.push((key, *made)),
                Ok(_) => {}
                Err(reason) => others.push(((*key).to_owned(), reason.clone())),
            }
        }
        Content { unit: self.unit.clone(), series, others, ..*self }
    }

    /// The first day, counted in [`Content::unit`].
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

    /// A series by its key. `None` where the key is missing or holds something else.
    pub fn series(&self, key: &str) -> Option<Series<'a>> {
        self.series.iter().find(|(known, _)| *known == key).map(|(_, series)| *series)
    }

    /// Why a key that is there is not a series; `None` where it is one, or is missing.
    pub fn not_series(&self, key: &str) -> Option<&NotSeries> {
        self.others.iter().find(|(known, _)| known == key).map(|(_, reason)| reason)
    }

    /// What is neither a series nor a date: keys, and why.
    pub fn others(&self) -> impl Iterator<Item = (&str, &NotSeries)> {
        self.others.iter().map(|(key, reason)| (key.as_str(), reason))
    }

    /// All series, in the order of the source.
    pub fn all_series(&self) -> impl Iterator<Item = (&'a str, Series<'a>)> {
        self.series.iter().copied()
    }
}

/// A daily series: one value a day, or one for each of several rows a day.
#[derive(Clone, Copy)]
pub struct Series<'a> {
    /// The type of its values, where outputs can hold it.
    pub(crate) element: Option<Element>,
    /// What the source calls that type.
    pub(crate) type_name: &'a (dyn Display + Sync),
    /// Bytes of a value.
    pub(crate) size: usize,
    pub(crate) big_endian: bool,
    /// `None` without a dimension of rows.
    pub(crate) rows: Option<usize>,
    pub(crate) days: usize,
    /// Whether all rows of a day stand together, and not all days of a row.
    pub(crate) is_day_first: bool,
    pub(crate) data: &'a [u8],
    /// For each value whether it is masked, in the order of the data.
    pub(crate) mask: Option<&'a [u8]>,
}

impl std::fmt::Debug for Series<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} × {} of {}", self.rows, self.days, self.type_name)
    }
}

impl<'a> Series<'a> {
    /// A series without rows: little-endian values of some type, one a day. `None` where the bytes are not whole values.
    pub fn of_days(element: Element, data: &'a [u8]) -> Option<Self> {
        let size = element.size();
        data.len().is_multiple_of(size).then(|| Series {
            element: Some(element),
            type_name: element.shared(),
            size,
            big_endian: false,
            rows: None,
            days: data.len() / size,
            is_day_first: false,
            data,
            mask: None,
        })
    }

    /// The same values as `[row][day]`. `None` where they are not as many days of each row.
    pub fn in_rows(self, rows: usize) -> Option<Self> {
        let days = self.days.checked_div(rows)?;
        (days * rows == self.days).then_some(Series { rows: Some(rows), days, ..self })
    }

    /// The same values as `[day][row]`. `None` where they are not as many rows of each day.
    pub fn in_days_of_rows(self, rows: usize) -> Option<Self> {
        self.in_rows(rows).map(|series| Series { is_day_first: true, ..series })
    }

    /// With masked places: a byte for each value, in the order of the values, which is not 0 where the value is masked. What stands there
    /// must be NaN or the fill value. `None` where there are not as many.
    pub fn with_mask(self, mask: &'a [u8]) -> Option<Self> {
        (mask.len() * self.size == self.data.len()).then_some(Series { mask: Some(mask), ..self })
    }

    /// What was made of others: little-endian values of some type, `[row][day]`; none where they are not wanted.
    pub(crate) fn of_made(element: Element, rows: Option<usize>, days: usize, data: &'a [u8]) -> Self {
        Series {
            element: Some(element),
            type_name: element.shared(),
            size: element.size(),
            big_endian: false,
            rows,
            days,
            is_day_first: false,
            data,
            mask: None,
        }
    }

    /// Rows; 1 for a series without rows, too (see [`Series::has_rows`]).
    pub fn rows(&self) -> usize {
        self.rows.unwrap_or(1)
    }

    /// Whether it has a dimension of rows at all.
    pub fn has_rows(&self) -> bool {
        self.rows.is_some()
    }

    /// Days.
    pub fn days(&self) -> usize {
        self.days
    }

    /// The type of the values; `None` where no output holds it exactly.
    pub fn element(&self) -> Option<Element> {
        self.element
    }

    /// What the source calls the type of the values.
    pub fn type_name(&self) -> &'a (dyn Display + Sync) {
        self.type_name
    }

    /// Bytes of a value.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Bytes of all values, whether they were wanted or not.
    pub fn bytes(&self) -> u64 {
        let count = (self.rows() as u64).saturating_mul(self.days as u64);
        count.saturating_mul(self.size as u64)
    }

    /// Whether the bytes of a value stand the other way round.
    pub fn is_big_endian(&self) -> bool {
        self.big_endian
    }

    /// The bytes of all values, in the order of memory; none where they were not [wanted](super::Wanted).
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// Whether some of its places are masked.
    pub fn has_masked(&self) -> bool {
        self.mask.is_some()
    }

    /// Masked places of a row; they are NaN or the fill value in [`Series::data`].
    pub fn masked(&self, row: usize) -> u64 {
        let Some(mask) = self.mask else { return 0 };
        let size = self.size.max(1);
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
        let Some(element) = self.element else { return 0 };
        let (size, fill) = (self.size, element.fill_bytes());
        let (first, step) = self.layout(row);
        let is_silent = |bytes: &[u8]| {
            let mut value = [0; 8];
            let Some(target) = value.get_mut(..size) else { return false };
            target.copy_from_slice(bytes);
            if self.big_endian {
                target.reverse();
            }
            let bits = u64::from_le_bytes(value);
            let (is_nan, is_minus_zero) = match element {
                Element::Float32 => (f32::from_bits(bits as u32).is_nan(), bits == 1 << 31),
                Element::Float64 => (f64::from_bits(bits).is_nan(), bits == 1 << 63),
                _ => (false, false),
            };
            let is_fill = value.get(..size) == Some(fill);
            is_nan || is_fill || (zero_counts && (bits == 0 || is_minus_zero))
        };
        let value = |day: usize| self.data.get(first + day * step..first + day * step + size);
        let days = (0..until.min(self.days)).rev();
        days.take_while(|&day| value(day).is_some_and(is_silent)).count()
    }

    /// Where a row's values are in [`Series::data`]: the byte of its first day, and the bytes from day to day.
    pub fn layout(&self, row: usize) -> (usize, usize) {
        if self.is_day_first || self.rows() == 1 {
            (row * self.size, self.rows() * self.size)
        } else {
            (row * self.days * self.size, self.size)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_has_whole_values_of_all_rows() {
        let data = [0u8, 1, 10, 11, 20, 21];
        assert!(Series::of_days(Element::Int16, &data[..5]).is_none());
        let series = Series::of_days(Element::UInt8, &data).expect("six days");
        assert_eq!((series.rows(), series.has_rows(), series.days()), (1, false, 6));
        assert!(
            series.in_rows(4).is_none() && series.in_rows(0).is_none() && series.with_mask(&[0; 5]).is_none()
        );
        let by_row = series.in_rows(3).expect("three rows of two days");
        let by_day = series.in_days_of_rows(2).expect("three days of two rows");
        let values = |series: &Series<'_>, row: usize| -> Vec<u8> {
            let (first, step) = series.layout(row);
            (0..series.days()).map(|day| series.data()[first + day * step]).collect()
        };
        assert_eq!(values(&by_row, 1), [10, 11]);
        assert_eq!(values(&by_day, 1), [1, 11, 21]);
        assert_eq!((series.bytes(), by_row.bytes(), Series { data: &[], ..by_day }.bytes()), (6, 6, 6));
        let masked = by_day.with_mask(&[0, 1, 0, 1, 0, 0]).expect("a mask");
        assert_eq!((masked.masked(0), masked.masked(1)), (0, 2));
    }
}
