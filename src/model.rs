//! The terms of the field, without any input or output: grid, calendar, time, variables.

pub mod axis;
pub mod calendar;
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
