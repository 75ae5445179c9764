//! gridloom turns the per-gridcell dumps of a climate or vegetation model into files people can work with.
//!
//! The folders of the source are the way of the data: [`run`] finds cells and periods, [`dump`] reads one file of one
//! cell, [`plan`] cuts the work into units, [`place`] moves series onto the output's axes, [`chunk`] compresses, [`spool`]
//! keeps what is finished, `write` publishes it, `verify` proves it, `pipeline` ties them together.
//!
//! ```no_run
//! # #[cfg(feature = "netcdf")]
//! # fn main() -> gridloom::Result<()> {
//! use gridloom::model::grid::Grid;
//! use gridloom::{pipeline, plan, run};
//!
//! let grid = Grid::from_resolution(0.5).expect("half a degree divides the globe");
//! let run = run::Run::open("outputs/my_run".as_ref(), grid)?;
//! let plan = plan::Plan::new(run, plan::Settings::default())?;
//! let report = pipeline::grid(&plan, "maps".as_ref(), &Default::default(), &Default::default())?;
//! println!("{} files, {} inputs missing or damaged", report.files.len(), report.faults.len());
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "netcdf"))]
//! # fn main() {}
//! ```
//!
//! Features: `netcdf` for everything that writes or reads NetCDF files, `figures` for pictures of them, `static` (default) to
//! build the C libraries in, `cli` (default) for the command line. Without features the library reads dumps and plans, in pure Rust but for codecs.

// All that the program says goes through `cli/talk.rs`, which does not end the work where nobody listens.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod aggregate;
pub mod archive;
pub mod caete;
pub mod chunk;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "postgres")]
pub mod database;
#[cfg(feature = "figures")]
pub mod draw;
pub mod dump;
mod error;
#[cfg(feature = "figures")]
pub mod figure;
#[cfg(feature = "netcdf")]
#[cfg_attr(not(feature = "figures"), allow(dead_code, reason = "figures use more of it"))]
pub mod grid;
#[cfg(feature = "netcdf")]
mod guard;
pub mod model;
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
pub mod run;
#[cfg(feature = "netcdf")]
mod seal;
pub mod shared;
pub mod source;
#[cfg_attr(not(feature = "netcdf"), allow(dead_code, reason = "what writes files uses more of it"))]
pub mod spool;
mod sync;
#[cfg(feature = "netcdf")]
pub mod table;
#[cfg_attr(not(feature = "netcdf"), allow(dead_code, reason = "what works on several cores needs all of it"))]
mod threads;
#[cfg(feature = "netcdf")]
pub mod verify;
mod words;
#[cfg(feature = "netcdf")]
pub mod write;

pub use error::{Error, Result};

/// The version of gridloom; a spool of another one cannot be continued.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
