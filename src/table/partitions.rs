//! The numbers of the files that tables are cut into.

use crate::plan::tables::BAND_DEGREES;

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
