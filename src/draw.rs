//! Drawing: a picture as shapes in points, and its files. It knows of no grids, runs or kinds of figures.
//!
//! A [`Scene`] is put together by axes, scales, colours, letters and coasts, and becomes PNG, SVG or PDF. Its bytes depend on
//! nothing but the scene: not on the machine, its fonts, or the number of threads.

use std::path::Path;

use crate::error::{Argument, Error, Reason, Result};

pub(crate) mod axes;
pub mod colours;
pub mod font;
pub mod outlines;
mod pdf;
pub mod png;
pub mod scale;
pub mod scene;
pub mod svg;
pub(crate) mod time;

use scene::Scene;

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
    /// [`Argument`](crate::ErrorKind::Argument) for any other than `png`, `svg` and `pdf`.
    pub fn of(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        match extension.as_deref() {
            Some("png") => Ok(Format::Png),
            Some("svg") => Ok(Format::Svg),
            Some("pdf") => Ok(Format::Pdf),
            _ => Err(Error::selection(
                Argument::Output,
                path.display(),
                "wants a name that ends in .png, .svg or .pdf",
            )),
        }
    }
}

/// A scene as a file.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where the picture is too large to be held, or its encoder refuses it.
pub fn encode(scene: &Scene, format: Format, dpi: f64) -> Result<Vec<u8>> {
    let fail = |reason: Reason| {
        let [width, height] = [scene.width, scene.height].map(|points| (points / 72.0 * 25.4).round());
        Error::selection(Argument::Size, format!("{width}x{height}"), reason)
    };
    match format {
        Format::Png => png::encode(scene, dpi).map_err(fail),
        Format::Svg => Ok(svg::encode(scene).into_bytes()),
        Format::Pdf => pdf::encode(scene).map_err(|reason| fail(reason.into())),
    }
}
