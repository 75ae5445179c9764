//! Archives: all that the dumps of a run hold, in one HDF5/NetCDF-4 file with a group per gridcell.
//!
//! `docs/cells.md` shows the layout, and how a file is changed so that it is always whole. Writing is [`write()`]; an archive is
//! read through [`Archive::open`], which reads no data:
//!
//! ```no_run
//! # fn main() -> gridloom::Result<()> {
//! use gridloom::archive::Archive;
//! use gridloom::model::grid::Cell;
//!
//! let archive = Archive::open("run.nc")?;
//! let cell = archive.cell(Cell { row: 185, column: 240 })?;
//! let npp = cell.variable("npp")?;
//! let year = npp.read(0..365)?; // [rows, days], one chunk or two are read
//! println!("{} {:?}", npp.element().name(), year.to_f64().first());
//! # Ok(())
//! # }
//! ```
//!
//! Chunks are fetched by positioned reads and decoded by the calling thread; there is no lock between threads, and HDF5's library
//! takes no part. An open archive stays in the state in which it was opened, whatever other processes add to the file.

mod annual;
pub mod arrays;
mod block;
mod change;
mod codec;
mod column;
mod edit;
mod editor;
mod gather;
mod handle;
mod identity;
mod less;
mod lock;
mod memory;
mod names;
mod read;
mod record;
mod repack;
mod repeats;
mod root;
mod run;
mod schema;
mod selected;
mod settings;
mod silent;
mod sink;
#[cfg(feature = "netcdf")]
mod stored;
mod tune;
mod variable;
mod verify;
mod write;
mod years;

pub use crate::hdf5::Problem;
pub use change::Change;
pub use codec::{ChunkProblem, Codec, ParseCodecError};
pub use edit::{append, drop_cells, replace};
pub use handle::{Archive, CellHandle};
pub use read::State;
pub use record::DumpRecord;
pub use repack::{Repacked, repack};
pub use root::Entry;
pub(crate) use run::{Archived, KIND, open_run};
pub use run::{is_archive, is_hdf5, run_of};
pub use settings::Settings;
#[cfg(feature = "netcdf")]
pub(crate) use stored::StoredSeries;
pub use tune::Tune;
pub use variable::{Slices, Values, Variable};
pub use verify::{Verified, verify};
pub use write::{Report, write};
