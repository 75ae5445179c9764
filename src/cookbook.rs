//! Recipes: what people do with a run, in a few lines each. All of them are run as tests, on the sample in `data/`.
//!
//! # Statistics of a cell
//!
//! Values are ndarray's, with a mask beside them, so that its family does the rest.
//!
//! ```
//! let run = gridloom::open("data/sample_run")?;
//! let cell = run.cells[0].cell;
//! let npp = run.read::<f32>(cell, "npp")?;
//! // Masked places hold a fill value; here they are left out.
//! let there = npp.there(0);
//! let median = npp.quantiles(0, &[0.25, 0.5, 0.75]).map(|quartiles| quartiles[1]);
//! println!("{} values, mean {:?}, median {median:?}", there.len(), there.mean());
//! # assert!(there.len() > 700 && median.is_some());
//! # Ok::<(), gridloom::Error>(())
//! ```
//!
//! # A mean for each month
//!
//! An axis knows its calendar; intervals are ranges of it, and the same sums as in files are at hand.
//!
//! ```
//! use gridloom::aggregate::{interval::intervals, reduce::reduce};
//! use gridloom::{Stat, Step};
//!
//! let run = gridloom::open("data/sample_run")?;
//! let npp = run.read::<f32>(run.cells[0].cell, "npp")?;
//! let series: Vec<f64> = (npp.values.row(0).iter().zip(npp.mask.row(0)))
//!     .map(|(value, masked)| if *masked { f64::NAN } else { f64::from(*value) })
//!     .collect();
//! for month in intervals(&npp.axis, Step::Month).iter().take(3) {
//!     println!("{}: {}", month.start_date, reduce(&series[month.range()], Stat::Mean));
//! }
//! # assert_eq!(series.len(), npp.axis.days as usize);
//! # Ok::<(), gridloom::Error>(())
//! ```
//!
//! # Grids of a part of a run
//!
//! ```
//! use gridloom::model::grid::Bounds;
//! use gridloom::{Area, Stat, Step};
//!
//! let run = gridloom::open("data/sample_run")?;
//! # let folder = tempfile::tempdir()?;
//! # let out = folder.path().join("amazon");
//! let report = run
//!     .plan()
//!     .variables(["npp", "csoil_2"])
//!     .area(Area::Bounds(Bounds { north: 6.0, south: 1.0, west: -70.0, east: -65.0 }))
//!     .from("1979-06-01".parse()?)
//!     .every(Step::Month, Stat::Mean)
//!     .attribute("institution", "Where I work")
//!     .memory(512 << 20)
//!     .make(&out)?;
//! for fault in &report.faults {
//!     eprintln!("{fault}");
//! }
//! # assert!(out.join("report.json").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The same call goes on where an earlier one ended, takes in dumps that were changed or came since, and gives the same files.
//!
//! # Progress, and an end before the end
//!
//! ```
//! use std::sync::atomic::{AtomicU64, Ordering};
//!
//! use gridloom::observer::Counted;
//! use gridloom::{ErrorKind, Observer};
//!
//! /// Stops after some units of work, as Ctrl-C would.
//! struct Impatient(AtomicU64);
//!
//! impl Observer for Impatient {
//!     fn advanced(&self, _: Counted, by: u64) {
//!         self.0.fetch_add(by, Ordering::Relaxed);
//!     }
//!
//!     fn is_stopped(&self) -> bool {
//!         self.0.load(Ordering::Relaxed) > 0
//!     }
//! }
//!
//! let run = gridloom::open("data/sample_run")?;
//! # let folder = tempfile::tempdir()?;
//! # let out = folder.path().join("maps");
//! let plan = run.plan().variables(["npp"]).threads(1).build()?;
//! match plan.make_watched(&out, &Impatient(AtomicU64::new(0))) {
//!     Err(error) if error.kind() == ErrorKind::Stopped => println!("what is done is kept"),
//!     result => println!("{} files", result?.files.len()),
//! }
//! // Goes on where that ended.
//! let report = plan.make(&out)?;
//! # assert_eq!(report.files.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A few days of one cell of thousands
//!
//! An archive is one file with a group a cell. Nothing but the chunks that are asked for is read.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("run.nc");
//! gridloom::open("data/sample_run")?.archive(&path)?;
//! let archive = gridloom::Archive::open(&path)?;
//! let cell = archive.cells().next().ok_or("an archive of no cells")?;
//! let handle = archive.cell(cell)?;
//! let days = handle.range(Some("1979-03-01".parse()?), Some("1979-03-31".parse()?))?;
//! let march = handle.variable("npp")?.read(days)?.to_f64();
//! # assert_eq!(march.len(), 31);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Tables without grids
//!
//! ```
//! use gridloom::plan::tables::{TableKind, Tables};
//!
//! let run = gridloom::open("data/sample_run")?;
//! # let folder = tempfile::tempdir()?;
//! # let out = folder.path().join("tables");
//! let tables = Tables::default().kinds(vec![TableKind::Daily, TableKind::Stats]);
//! run.plan().variables(["npp", "lai"]).tables(tables).without_grids().make(&out)?;
//! assert!(out.join("daily.parquet").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What went wrong
//!
//! ```
//! use gridloom::ErrorKind;
//!
//! let error = gridloom::open("data/no_such_run").expect_err("it is not there");
//! match error.kind() {
//!     ErrorKind::Io => println!("{:?} cannot be read: {error}", error.path()),
//!     kind => println!("{kind:?}: {error}"),
//! }
//! ```
//!
//! # A city's squares, every 10 minutes
//!
//! A grid is the globe's, of any degrees, or regular in a projection; a step of time is of seconds, months or years. A
//! [source](crate::source::CellSource) says both, and every product follows; `examples/own_source.rs` has a whole one.
//!
//! ```
//! use gridloom::Grid;
//! use gridloom::model::calendar::Calendar;
//! use gridloom::model::grid::Lattice;
//! use gridloom::model::projection::Projection;
//! use gridloom::model::time_unit::TimeUnit;
//!
//! let utm = Projection::parse("EPSG:32632")?;
//! let lattice = Lattice { north: 5_040_000.0, west: 500_000.0, height: 235.0, width: 235.0, projection: Some(utm) };
//! let grid = Grid::regular(lattice, 100, 100).ok_or("a hundred by a hundred squares")?;
//! let square = grid.cell_at(45.4642, 9.19).ok_or("Milan is on it")?;
//! println!("cell {square}, {} m2, centre {:?}", grid.area(square), grid.centre(square));
//!
//! let time = TimeUnit::of_steps("minutes since 2013-11-01", Calendar::Standard, Some("PT10M".parse()?))?;
//! assert_eq!(time.label(37).as_deref(), Some("2013-11-01T06:10"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
