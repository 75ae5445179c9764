//! The terms of the field, without any input or output: grid, calendar, time, variables.

pub mod axis;
pub mod calendar;
#[cfg_attr(not(feature = "netcdf"), allow(dead_code, reason = "tables use more of it"))]
pub(crate) mod codes;
pub mod element;
pub mod ellipsoid;
pub mod fault;
pub mod grid;
pub mod names;
pub mod projection;
pub mod series;
pub mod time_step;
pub mod time_unit;
pub mod traits;
pub mod variables;
