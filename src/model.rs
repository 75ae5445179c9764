//! The terms of the field, without any input or output: grid, calendar, time, variables.

pub mod calendar;
pub mod element;
pub mod ellipsoid;
pub mod grid;
pub mod time_unit;
pub mod variables;
