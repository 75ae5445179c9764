//! Figures of outputs: maps, series and others, as PNG, SVG and PDF.
//!
//! A [`Spec`] says what a figure shows; a [`Draft`] knows its inputs; a [`Gather`] reads all inputs of all drafts, each once;
//! what is drawn is a [`scene::Scene`], which becomes a file of any kind. A figure's bytes depend on its inputs, its settings and the
//! version of gridloom: not on the machine, its fonts, or the number of threads.
//!
//! ```no_run
//! use gridloom::figure::{Draft, Format, Gather, Spec, encode};
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

mod axes;
mod biomass;
mod climatology;
pub mod colours;
mod compare;
mod draft;
mod fits;
pub mod font;
mod gather;
mod health;
mod hovmoller;
mod kernels;
mod lines;
pub mod list;
mod map;
pub mod outlines;
pub mod output;
mod pair;
mod panels;
mod partial;
pub mod parts;
mod pdf;
pub mod png;
pub mod reduce;
pub mod report;
pub mod scale;
mod scatter;
pub mod scene;
mod search;
mod series;
mod spec;
mod stamp;
pub mod svg;
mod table;
mod time;

use std::path::Path;

use crate::error::{Error, Result};
use crate::shared;

pub use draft::Draft;
pub use gather::{FieldId, Gather, Gathered, Ticket};
pub use list::{FigureList, State};
pub use spec::{Kind, Spec, Spread};
pub use stamp::digest;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Pixels.
    Png,
    /// Vectors for pages of the web.
    Svg,
    /// Vectors for papers.
    Pdf,
}

impl Format {
    /// By a file's extension.
    ///
    /// # Errors
    /// [`Error::Selection`] for any other than `png`, `svg` and `pdf`.
    pub fn of(path: &Path) -> Result<Self> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        match extension.as_deref() {
            Some("png") => Ok(Format::Png),
            Some("svg") => Ok(Format::Svg),
            Some("pdf") => Ok(Format::Pdf),
            _ => Err(Error::selection(
                "--output",
                path.display(),
                "wants a name that ends in .png, .svg or .pdf",
            )),
        }
    }
}

/// A scene as a file.
///
/// # Errors
/// [`Error::Selection`] where the picture is too large to be held, or its encoder refuses it.
pub fn encode(scene: &scene::Scene, format: Format, dpi: f64) -> Result<Vec<u8>> {
    let fail = |reason: String| {
        let [width, height] = [scene.width, scene.height].map(|points| (points / 72.0 * 25.4).round());
        Error::selection("--size", format!("{width}x{height}"), reason)
    };
    match format {
        Format::Png => png::encode(scene, dpi).map_err(fail),
        Format::Svg => Ok(svg::encode(scene).into_bytes()),
        Format::Pdf => pdf::encode(scene).map_err(fail),
    }
}

/// Writes a file under a temporary name and then gives it its own, so that it is whole or absent. A link of that name is
/// replaced, not followed. What is there already is replaced; [`output::check`] says whether it may be.
///
/// # Errors
/// [`Error::Io`].
pub fn publish(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = shared::folder_of(path);
    std::fs::create_dir_all(folder).map_err(|source| Error::io("create", folder, source))?;
    shared::write_whole(path, bytes).map(drop)
}
