//! The numbers of the files that tables are cut into.

use crate::aggregate::interval::{Interval, Step, intervals};
use crate::plan::Plan;
use crate::plan::tables::{BAND_DEGREES, Partition};

/// Years may be negative, keys may not.
const YEAR_SHIFT: i64 = 10_000;

/// The number of the files of a year, or of a month of it; 0 stands for no month.
pub(super) fn partition_key(year: i32, month: u8) -> u32 {
    u32::try_from((i64::from(year) + YEAR_SHIFT) * 16 + i64::from(month)).unwrap_or(0)
}

/// The year of a partition by time, and its month; 0 where it has the whole year.
pub(super) fn year_and_month(partition: u32) -> (i64, u32) {
    (i64::from(partition / 16) - YEAR_SHIFT, partition % 16)
}

/// The number of the files of a band of latitude.
pub(super) fn band(latitude: f64) -> u32 {
    ((latitude + 90.0) / f64::from(BAND_DEGREES)).floor().max(0.0) as u32
}

pub(super) fn day_partitions(plan: &Plan, partition: Option<Partition>) -> Vec<(i64, u32)> {
    let step = match partition {
        Some(Partition::Year) => Step::Year,
        Some(Partition::Month) => Step::Month,
        _ => return Vec::new(),
    };
    let key = |interval: &Interval| {
        let date = interval.start_date;
        partition_key(date.year, if step == Step::Month { date.month } else { 0 })
    };
    intervals(&plan.axis, step).iter().map(|interval| (interval.first, key(interval))).collect()
}
