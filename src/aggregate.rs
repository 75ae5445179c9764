//! Daily series in fewer numbers: intervals of time, and statistics over days and over cells.
//!
//! Everything here is pure arithmetic over `&[f64]`, one value a day, where NaN stands for a missing value: whoever
//! has a fill value turns it into NaN first. Sums are compensated, so that a result is the exact one rounded, but for
//! the last bit, and so that partial results can be merged without a trace of where the parts were cut.
//!
//! ```
//! # use gridloom::aggregate::{interval::{Step, intervals}, reduce::{Stat, reduce}};
//! # use gridloom::model::{calendar::Calendar, time_unit::TimeUnit};
//! # use gridloom::model::axis::Axis;
//! let unit = TimeUnit::parse("days since 2001-01-01", Calendar::Standard)?;
//! let axis = Axis { unit, first_day: 30, days: 29 };
//! let values: Vec<f64> = (0..29).map(f64::from).collect();
//! let means: Vec<f64> = intervals(&axis, Step::Month)
//!     .iter()
//!     .filter_map(|month| values.get(month.range()))
//!     .map(|days| reduce(days, Stat::Mean))
//!     .collect();
//! assert_eq!(means, [0.0, 14.5]);
//! # Ok::<(), gridloom::model::time_unit::ParseTimeUnitError>(())
//! ```

pub mod convert;
pub(crate) mod exact;
pub mod interval;
mod lanes;
pub mod measure;
pub mod moments;
pub(crate) mod percent;
pub mod quantile;
pub mod reduce;
pub mod region;
pub(crate) mod spelling;
pub mod stats;
pub mod sum;
pub mod trend;
pub mod units;
pub mod welch;

/// The beginning of a text that was refused, short enough for a message.
fn excerpt(text: &str) -> String {
    text.chars().take(60).collect()
}
