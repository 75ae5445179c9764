//! Figures of outputs: maps, series and others, as PNG, SVG and PDF.
//!
//! A [`Spec`] says what a figure shows; a [`Draft`] knows its inputs; a [`Gather`] reads all inputs of all drafts, each once;
//! what is drawn is a [`Scene`](crate::draw::scene::Scene), which becomes a file of any kind. A figure's bytes depend on its inputs, its settings and the
//! version of gridloom: not on the machine, its fonts, or the number of threads.
//!
//! ```no_run
//! use gridloom::draw::{Format, encode};
//! use gridloom::figure::{Draft, Gather, Spec};
//!
//! # fn main() -> gridloom::Result<()> {
//! let spec: Spec = toml::from_str("kind = 'map'\ninput = 'npp_run_19790101_19831231.nc'").expect("settings");
//! let mut gather = Gather::default();
//! let draft = Draft::of(&spec, &mut gather)?;
//! let scene = draft.draw(&spec, &gather.run())?;
//! let bytes = encode(&scene, Format::Png, spec.dots())?;
//! # Ok(())
//! # }
//! ```

mod data;
mod draft;
mod fits;
pub mod list;
mod open;
pub mod output;
pub mod page;
mod plots;
mod spec;

use std::path::Path;

use crate::error::{Error, Result};
use crate::shared;

pub use data::gather::{FieldId, Gather, Gathered, Ticket};
pub use data::stamp::digest;
pub use data::{parts, reduce};
pub use draft::Draft;
pub use list::{FigureList, State};
pub use spec::{By, Plot, Spec, Spread, WeighedBy};

/// Writes a file under a temporary name and then gives it its own, so that it is whole or absent. A link of that name is
/// replaced, not followed. What is there already is replaced; [`output::check`] says whether it may be.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io).
pub fn publish(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    let path = path.as_ref();
    let folder = shared::folder_of(path);
    std::fs::create_dir_all(folder).map_err(|source| Error::io("create", folder, source))?;
    shared::write_whole(path, bytes).map(drop)
}
