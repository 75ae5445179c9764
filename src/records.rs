//! Tables of cell records as a source: text, binary and columnar files in which a record holds values of one cell at one time.
//!
//! A [`Description`](description::Description) says what the files are: a table `[source]` of TOML. What it leaves open is found out from the
//! files and told with its evidence. Files are read once, piece by piece, in any order; each piece gives [`Rows`](rows::Rows), which are
//! put together by cell in a store on disk, and that store is read as a run.

mod about;
mod assemble;
mod binary;
mod cell_file;
#[cfg(feature = "netcdf")]
mod columnar;
pub mod description;
pub mod detect;
pub mod exact;
pub mod files;
pub mod gather;
pub mod head;
pub mod input;
pub mod lpjml;
mod number;
mod open;
mod packing;
pub mod pattern;
pub mod places;
pub mod presets;
mod read;
pub mod rows;
#[cfg(test)]
mod same;
pub mod schema;
pub mod source;
pub mod step;
pub mod store;
pub mod table;
pub mod text;
pub mod times;
pub mod vic_binary;

pub use gather::Gathering;
pub use open::{Records, is_description, read_description};
#[cfg(feature = "netcdf")]
pub use open::{folder_in, folder_of_reference_in};
pub(crate) use source::{Gathered, KIND};
pub use store::writer::forget;

pub(crate) use crate::spool::{RECORDS as FOLDER, RECORDS_OF_REFERENCE as FOLDER_OF_REFERENCE};
