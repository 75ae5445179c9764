//! Reading gridded NetCDF: a variable over time, latitude and longitude, of gridloom's own files and of others.
//!
//! A [`GridFile`] is open and has been looked into: which variable is meant, and its coordinates as they stand in it. What
//! coordinates mean is told in two ways: [`Times`] and [`Raster`] are dates and degrees of any such file, `Days` and
//! `Cells` are those of daily grids on the cells of a globe's grid, with what is not as gridloom writes it. Values are read as
//! bytes by the library, or as numbers by a [`Field`], which reads chunks of gridloom's own form beside the library.
//!
//! Nothing here knows of figures, proofs or tables.

mod chunks;
mod coordinates;
mod daily;
mod field;
mod file;
mod findings;
mod handle;
mod meaning;
mod raster;
mod search;
mod stored;
mod times;
mod values;
mod variable;
mod windows;

pub(crate) use coordinates::Coordinates;
pub(crate) use daily::{Cells, DailyGrid, Days, Extent};
pub use field::Field;
pub(crate) use field::FieldReader;
pub use file::GridFile;
pub(crate) use findings::{Findings, SHOWN};
pub(crate) use handle::open_plain;
pub use meaning::{Interval, Meaning};
pub use raster::Raster;
#[cfg(feature = "figures")]
pub(crate) use search::{Found, UNREAD};
pub(crate) use search::{Layers, in_folder, of_folder};
pub(crate) use stored::{Stored, stored};
pub use times::Times;
pub(crate) use variable::type_name;
pub use windows::Windows;
