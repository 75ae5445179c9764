//! How a table is divided into partitions, and which of them a row belongs to.

use std::collections::BTreeSet;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, UInt16Type};
use arrow_array::{Array, ArrayRef};
use chrono::{Datelike, Days, NaiveDate};

use super::Partition;
use super::moment::Moments;
use super::types::SqlType;

/// Bytes a partition's name has more than its table's, at the most.
pub(super) const SUFFIX: usize = 16;

/// How a table is divided.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Partitioning {
    pub column: String,
    /// Its place among the columns.
    pub at: usize,
    pub by: By,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum By {
    YearOfDate,
    MonthOfDate,
    YearNumber,
    Band { degrees: i64 },
}

/// One partition: a year, a month counted from year 0, or a band counted from the equator.
pub(super) type Bucket = i64;

impl Partitioning {
    /// Fails with the reason in words.
    pub fn new(wanted: &Partition, columns: &[(String, SqlType)]) -> std::result::Result<Self, String> {
        let (Partition::Year { column } | Partition::Month { column } | Partition::LatBand { column, .. }) =
            wanted;
        let at = columns
            .iter()
            .position(|(name, _)| name == column)
            .ok_or_else(|| format!("the column {column}, which divides it, is not there"))?;
        let sql = columns.get(at).map(|(_, sql)| *sql);
        let by = match (wanted, sql) {
            (Partition::Year { .. }, Some(SqlType::Date | SqlType::Timestamp)) => By::YearOfDate,
            (Partition::Year { .. }, Some(SqlType::SmallInt | SqlType::Integer | SqlType::BigInt)) => {
                By::YearNumber
            }
            (Partition::Month { .. }, Some(SqlType::Date | SqlType::Timestamp)) => By::MonthOfDate,
            (Partition::LatBand { degrees, .. }, Some(SqlType::Real | SqlType::Double))
                if (1..=180).contains(degrees) =>
            {
                By::Band { degrees: i64::from(*degrees) }
            }
            _ => return Err(format!("it cannot be divided by {wanted:?}")),
        };
        Ok(Partitioning { column: column.clone(), at, by })
    }

    /// The partitions that a column's rows belong to.
    pub fn buckets(&self, array: &ArrayRef) -> std::result::Result<BTreeSet<Bucket>, &'static str> {
        if array.null_count() > 0 {
            return Err("a row without a value here belongs to no partition");
        }
        let mut found = BTreeSet::new();
        if let Some(Moments { counts, per_day }) = Moments::of(array) {
            let mut last = None;
            for day in counts.iter().map(|count| count.div_euclid(per_day)) {
                // Rows of a cell follow each other by day; most are of the same year as the one before.
                if last.is_none_or(|(from, to)| !(from..to).contains(&day)) {
                    let bucket = self.of_day(day).ok_or("the date is beyond what can be divided")?;
                    found.insert(bucket);
                    let bounds = self.first_day(bucket).zip(self.first_day(bucket + 1));
                    last = bounds.map(|(from, to)| (days(from), days(to)));
                }
            }
            return Ok(found);
        }
        match self.by {
            By::Band { degrees } => {
                let band = |latitude: f64| match latitude.abs() <= 90.0 {
                    true => Ok((latitude / degrees as f64).floor() as Bucket),
                    false => Err("this is not a latitude"),
                };
                if let Some(array) = array.as_primitive_opt::<Float64Type>() {
                    return array.values().iter().map(|&latitude| band(latitude)).collect();
                }
                let array = array.as_primitive_opt::<Float32Type>().ok_or("this is not a latitude")?;
                array.values().iter().map(|&latitude| band(f64::from(latitude))).collect()
            }
            _ => {
                let year = |year: i64| match year.abs() < 1_000_000 {
                    true => Ok(year),
                    false => Err("this is not a year"),
                };
                if let Some(array) = array.as_primitive_opt::<Int16Type>() {
                    return array.values().iter().map(|&value| year(value.into())).collect();
                }
                if let Some(array) = array.as_primitive_opt::<UInt16Type>() {
                    return array.values().iter().map(|&value| year(value.into())).collect();
                }
                if let Some(array) = array.as_primitive_opt::<Int32Type>() {
                    return array.values().iter().map(|&value| year(value.into())).collect();
                }
                let array = array.as_primitive_opt::<Int64Type>().ok_or("this is not a year")?;
                array.values().iter().map(|&value| year(value)).collect()
            }
        }
    }

    pub fn of_day(&self, day: i64) -> Option<Bucket> {
        let date = date(day)?;
        Some(match self.by {
            By::MonthOfDate => i64::from(date.year()) * 12 + i64::from(date.month0()),
            _ => i64::from(date.year()),
        })
    }

    pub fn first_day(&self, bucket: Bucket) -> Option<NaiveDate> {
        let (year, month) = match self.by {
            By::MonthOfDate => (bucket.div_euclid(12), bucket.rem_euclid(12)),
            _ => (bucket, 0),
        };
        NaiveDate::from_ymd_opt(year.try_into().ok()?, month as u32 + 1, 1)
    }

    /// What follows a table's name in its partition's.
    pub fn suffix(&self, bucket: Bucket) -> String {
        let signed = |number: i64, width: usize| match number < 0 {
            true => format!("m{:0width$}", -number),
            false => format!("{number:0width$}"),
        };
        match self.by {
            By::YearOfDate | By::YearNumber => format!("_{}", signed(bucket, 4)),
            By::MonthOfDate => {
                format!("_{}_{:02}", signed(bucket.div_euclid(12), 4), bucket.rem_euclid(12) + 1)
            }
            By::Band { degrees } => format!("_lat_{}", signed(bucket * degrees, 2)),
        }
    }

    pub fn bounds(&self, bucket: Bucket) -> Option<String> {
        let bound = |bucket: Bucket| match self.by {
            By::YearNumber => Some(bucket.to_string()),
            By::Band { degrees } => Some((bucket * degrees).to_string()),
            By::YearOfDate | By::MonthOfDate => {
                let date = self.first_day(bucket)?;
                let (year, era) = match date.year() {
                    year if year > 0 => (year, ""),
                    year => (1 - year, " BC"),
                };
                Some(format!("'{year:04}-{:02}-01{era}'", date.month()))
            }
        };
        Some(format!("FROM ({}) TO ({})", bound(bucket)?, bound(bucket + 1)?))
    }
}

fn days(date: NaiveDate) -> i64 {
    (date - NaiveDate::default()).num_days()
}

fn date(day: i64) -> Option<NaiveDate> {
    let (epoch, days) = (NaiveDate::default(), Days::new(day.unsigned_abs()));
    if day < 0 { epoch.checked_sub_days(days) } else { epoch.checked_add_days(days) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Date32Array, Float32Array, Float64Array, TimestampMillisecondArray};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn names(by: By, array: ArrayRef) -> Vec<(String, String)> {
        let partitioning = Partitioning { column: "c".to_owned(), at: 0, by };
        let buckets = partitioning.buckets(&array).expect("buckets");
        let told = |bucket| (partitioning.suffix(bucket), partitioning.bounds(bucket).expect("bounds"));
        buckets.into_iter().map(told).collect()
    }

    fn told(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(name, bounds)| (name.to_owned(), bounds.to_owned())).collect()
    }

    #[test]
    fn partitions_have_names_and_bounds() {
        let days: ArrayRef = Arc::new(Date32Array::from(vec![0, 364, 365, -1, -719_163]));
        assert_eq!(
            names(By::YearOfDate, Arc::clone(&days)),
            told(&[
                ("_0000", "FROM ('0001-01-01 BC') TO ('0001-01-01')"),
                ("_1969", "FROM ('1969-01-01') TO ('1970-01-01')"),
                ("_1970", "FROM ('1970-01-01') TO ('1971-01-01')"),
                ("_1971", "FROM ('1971-01-01') TO ('1972-01-01')"),
            ])
        );
        let december: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![-1]));
        assert_eq!(
            names(By::MonthOfDate, december),
            told(&[("_1969_12", "FROM ('1969-12-01') TO ('1970-01-01')")])
        );
        let latitudes: ArrayRef = Arc::new(Float64Array::from(vec![-0.25, 0.0, 9.75, -90.0]));
        assert_eq!(
            names(By::Band { degrees: 10 }, latitudes),
            told(&[
                ("_lat_m90", "FROM (-90) TO (-80)"),
                ("_lat_m10", "FROM (-10) TO (0)"),
                ("_lat_00", "FROM (0) TO (10)")
            ])
        );
        let partitioning = Partitioning { column: "c".to_owned(), at: 0, by: By::Band { degrees: 10 } };
        for latitude in [f32::NAN, f32::INFINITY, -90.5] {
            assert!(
                partitioning.buckets(&(Arc::new(Float32Array::from(vec![latitude])) as ArrayRef)).is_err()
            );
        }
    }

    proptest! {
        /// A day lies within the partition it is given, and names are never too long.
        #[test]
        fn a_day_is_in_its_partition(days in proptest::collection::vec(-2_000_000i32..2_000_000, 1..60), months: bool) {
            let by = if months { By::MonthOfDate } else { By::YearOfDate };
            let partitioning = Partitioning { column: "c".to_owned(), at: 0, by };
            let array: ArrayRef = Arc::new(Date32Array::from(days.clone()));
            let buckets = partitioning.buckets(&array).expect("buckets");
            for bucket in &buckets {
                prop_assert!(partitioning.suffix(*bucket).len() <= SUFFIX);
            }
            for day in days {
                let within = |bucket: &&Bucket| {
                    let first = |bucket| super::days(partitioning.first_day(bucket).expect("a day"));
                    (first(**bucket)..first(**bucket + 1)).contains(&i64::from(day))
                };
                prop_assert_eq!(buckets.iter().filter(within).count(), 1);
            }
        }
    }
}
