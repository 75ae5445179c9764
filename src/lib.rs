//! gridloom turns the per-gridcell dumps of a climate or vegetation model into files people can work with.
//!
//! ```
//! # #[cfg(feature = "netcdf")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use gridloom::{Stat, Step};
//!
//! // A run: its cells, and the periods that each has. Nothing is read yet.
//! let run = gridloom::open("data/sample_run")?;
//! println!("{} has {} cells, periods {:?}", run.name, run.cells.len(), run.periods());
//!
//! // A variable of one cell as an ndarray array, [row, day], and where it is masked.
//! let npp = run.read::<f32>(run.cells[0].cell, "npp")?;
//! let mean = npp.values.iter().zip(&npp.mask).filter(|(_, masked)| !**masked).map(|(value, _)| value).sum::<f32>();
//! println!("{:?} from {:?}, {} {:?}", npp.values.dim(), npp.axis.date(0), mean, npp.units);
//!
//! // Daily grids of all cells as CF NetCDF-4, and their monthly means, in one pass.
//! # let folder = tempfile::tempdir()?;
//! # let out = folder.path();
//! let report = run.plan().variables(["npp"]).every(Step::Month, Stat::Mean).make(out.join("maps"))?;
//! println!("{} files; {} inputs missing or damaged", report.files.len(), report.faults.len());
//!
//! // All of the run in one file, and both proved by reading all dumps again.
//! run.archive(out.join("run.nc"))?;
//! for made in ["maps", "run.nc"] {
//!     let proof = run.verify(out.join(made))?;
//!     assert_eq!(proof.differences, 0, "{:?}", proof.first_differences);
//! }
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "netcdf"))]
//! # fn main() {}
//! ```
//!
//! # Where to look
//!
//! | for | see |
//! |---|---|
//! | recipes | [`cookbook`](https://docs.rs/gridloom/latest/gridloom/cookbook/) |
//! | cells and periods, what they hold, what is missing | [`Run`], [`run::survey`] |
//! | a cell's values | [`Run::read`]; of archives chunk by chunk [`Archive`] |
//! | scattered values as one masked array | [`regional()`] |
//! | what is made, of which cells, days and variables | `Planner`, [`plan`] |
//! | running it: shares of a cluster's work | `pipeline` |
//! | progress, notes, stopping | [`Observer`] |
//! | another model's cells as a source | [`source`], `examples/own_source.rs` |
//! | forms of files of one's own; other names and attributes | `table::form`, `grid::form`, `examples/own_form.rs`; [`profile`] |
//! | archives: writing, adding, changing; arrays and records | [`archive`] |
//! | dumps, value by value | [`dump`], [`caete`] |
//! | pictures; tables in PostgreSQL | `figure`, `database` |
//! | a model beside what was observed | `evaluate` |
//!
//! Features: `netcdf` for everything that writes or reads NetCDF files, `figures` for pictures of them, `static` (default) to
//! build the C libraries in, `cli` (default) for the command line. Without features the library reads dumps and plans, in pure Rust but for codecs.

// The library says nothing by itself.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod aggregate;
pub mod archive;
mod builder;
pub mod caete;
pub mod change;
pub mod chunk;
#[cfg(all(feature = "netcdf", any(doc, doctest)))]
pub mod cookbook;
#[cfg(feature = "postgres")]
pub mod database;
pub mod derive;
#[cfg(feature = "figures")]
pub mod draw;
pub mod dump;
mod error;
#[cfg(feature = "netcdf")]
pub mod evaluate;
#[cfg_attr(not(feature = "netcdf"), allow(unused_imports, reason = "what writes files uses more of it"))]
mod face;
#[cfg(feature = "figures")]
pub mod figure;
#[cfg(feature = "netcdf")]
#[cfg_attr(not(feature = "figures"), allow(dead_code, reason = "figures use more of it"))]
pub mod grid;
#[cfg(feature = "netcdf")]
mod guard;
mod hdf5;
pub mod mask;
pub mod model;
pub mod observer;
#[cfg_attr(not(feature = "netcdf"), allow(dead_code, reason = "what writes files uses more of it"))]
mod open;
#[cfg(feature = "netcdf")]
pub mod pipeline;
#[cfg_attr(not(feature = "netcdf"), allow(dead_code, reason = "what writes files uses more of it"))]
pub mod place;
#[cfg_attr(not(feature = "netcdf"), allow(dead_code, reason = "what writes files uses more of it"))]
pub mod plan;
pub mod printable;
#[cfg(feature = "netcdf")]
pub mod probe;
#[cfg_attr(not(feature = "netcdf"), allow(dead_code, reason = "what writes files uses more of it"))]
pub mod profile;
pub mod records;
#[cfg(feature = "netcdf")]
pub mod refs;
pub mod run;
#[cfg(feature = "netcdf")]
pub mod scenarios;
#[cfg(feature = "netcdf")]
mod seal;
pub mod shared;
pub mod source;
#[cfg_attr(not(feature = "netcdf"), allow(dead_code, reason = "what writes files uses more of it"))]
pub mod spool;
mod sync;
#[cfg(feature = "netcdf")]
pub mod table;
// For the program alone: figures work on the threads of whoever calls, and the program's have to end before it does.
#[doc(hidden)]
#[cfg_attr(not(feature = "netcdf"), allow(dead_code, reason = "what works on several cores needs all of it"))]
pub mod threads;
#[cfg(feature = "netcdf")]
pub mod verify;
mod words;
#[cfg(feature = "netcdf")]
pub mod write;

pub use aggregate::interval::Step;
pub use aggregate::reduce::Stat;
pub use archive::Archive;
pub use error::{Argument, Cure, Error, ErrorKind, Reason, Result};
pub use face::{CellArray, Number, Regional, open, open_on, regional};
#[cfg(feature = "netcdf")]
pub use face::{Gridded, Places, Planner, Point, PointSeries, Slab, View, Wanted};
pub use model::calendar::Date;
pub use model::grid::{Cell, Grid};
pub use observer::{Nobody, Observer};
pub use plan::{Area, Plan};
pub use run::Run;

/// The version of gridloom; a spool of another one cannot be continued.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
