//! Tables: rows of daily series, of yearly vegetation and of statistics, and fields of them.
//!
//! [`Layout`] says which tables a plan makes and in which blocks of cells; [`Maker`] turns the series and years of a
//! block's cells into rows; [`file`](mod@file) into parts, and parts into files, as a [`form`] has it. `docs/tables.md` lists all columns.

mod block;
mod columns;
mod csv;
mod cut;
mod days;
mod drift;
mod feather;
pub mod file;
pub mod form;
pub mod forms;
mod groups;
mod hdf5;
mod layout;
mod living;
mod map;
mod metadata;
mod packing;
mod parquet;
mod partitions;
pub mod read;
mod region;
mod schema;
mod shares;
mod stations;
mod texts;
mod together;
mod traits;
mod upstream;
mod years;

pub use block::{Batch, CellInput, Maker, Remainder};
pub(crate) use cut::folder_of_parts;
pub(crate) use layout::is_on_axis;
pub use layout::{Layout, TableCell, wanted_years};
pub use map::{Map, Steps, maps};
pub(crate) use metadata::columns_of;
pub use region::Regions;
pub use schema::Table;
pub use texts::Texts;
pub use together::{RUN, Together};

/// Looks at the seal of a Parquet file.
#[cfg(feature = "figures")]
pub(crate) fn seal_of_parquet(path: &std::path::Path) -> std::io::Result<crate::seal::Seal> {
    parquet::seal::look(path)
}

/// Whether days are timestamps; of calendars with dates that others lack they are texts.
#[cfg(feature = "postgres")]
pub(crate) fn has_dates(plan: &crate::plan::Plan) -> bool {
    schema::has_timestamps(&plan.axis)
}
