//! Dates and times between Arrow, which counts from 1970, and PostgreSQL, which counts from 2000.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampSecondType,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};

/// Days from 1970 to 2000.
const EPOCH_DAYS: i64 = 10_957;
const DAY: i64 = 86_400_000_000;

/// Counts from 1970, and how many of them a day has.
pub(super) struct Moments<'a> {
    pub counts: Cow<'a, [i64]>,
    pub per_day: i64,
}

impl<'a> Moments<'a> {
    /// The moments of an array of dates or timestamps.
    pub fn of(array: &'a ArrayRef) -> Option<Self> {
        let (counts, per_day): (&[i64], i64) = match array.data_type() {
            DataType::Date32 => {
                let days = array.as_primitive::<Date32Type>().values();
                return Some(Moments {
                    counts: days.iter().map(|&day| i64::from(day)).collect(),
                    per_day: 1,
                });
            }
            DataType::Timestamp(TimeUnit::Second, None) => {
                (array.as_primitive::<TimestampSecondType>().values(), 86_400)
            }
            DataType::Timestamp(TimeUnit::Millisecond, None) => {
                (array.as_primitive::<TimestampMillisecondType>().values(), 86_400_000)
            }
            DataType::Timestamp(TimeUnit::Microsecond, None) => {
                (array.as_primitive::<TimestampMicrosecondType>().values(), DAY)
            }
            _ => return None,
        };
        Some(Moments { counts: Cow::Borrowed(counts), per_day })
    }

    /// A count as PostgreSQL's date: days from 2000.
    pub fn date(count: i64, per_day: i64) -> Result<i32, &'static str> {
        if count.checked_rem(per_day) != Some(0) {
            return Err("a time within a day is not a date");
        }
        let days = count / per_day - EPOCH_DAYS;
        // From 4713 BC; what lies beyond stands for infinity.
        match i32::try_from(days) {
            Ok(days) if (-2_451_545..2_145_031_949).contains(&days) => Ok(days),
            _ => Err("the date is beyond what PostgreSQL can hold"),
        }
    }

    /// A count as PostgreSQL's timestamp: microseconds from 2000.
    pub fn timestamp(count: i64, per_day: i64) -> Result<i64, &'static str> {
        count
            .checked_mul(DAY / per_day)
            .and_then(|micros| micros.checked_sub(EPOCH_DAYS * DAY))
            .filter(|micros| (-211_813_488_000_000_000..9_223_371_331_200_000_000).contains(micros))
            .ok_or("the time is beyond what PostgreSQL can hold")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_of_what_the_server_holds() {
        assert_eq!(Moments::date(EPOCH_DAYS, 1), Ok(0));
        assert_eq!(Moments::date(-86_400_000, 86_400_000), Ok(-EPOCH_DAYS as i32 - 1));
        assert!(Moments::date(1, 86_400).is_err());
        assert!(Moments::date(EPOCH_DAYS - 2_451_545, 1).is_ok());
        assert!(Moments::date(EPOCH_DAYS - 2_451_546, 1).is_err());
        assert!(Moments::date(i64::MAX / DAY * DAY, DAY).is_ok());
        assert_eq!(Moments::timestamp(0, 86_400), Ok(-EPOCH_DAYS * DAY));
        for extreme in [i64::MIN, i64::MAX] {
            assert!(Moments::timestamp(extreme, 86_400_000).is_err());
        }
        // In microseconds Arrow's last moment is one for PostgreSQL too.
        assert!(Moments::timestamp(i64::MIN, DAY).is_err() && Moments::timestamp(i64::MAX, DAY).is_ok());
    }
}
