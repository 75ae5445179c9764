//! References: all grids of a folder, or the series of an archive, as one data set whose chunks stay where they are.
//!
//! Readers of Zarr (xarray and fsspec, VirtualiZarr, GDAL) take such a set as a store: metadata and small arrays stand in it, and for each
//! chunk the file, the first byte and the length. The forms are kerchunk's, as JSON and as Parquet, and a plain table of places for those
//! who make virtual stores of their own ([`References::places`]). The layout is that of Zarr v2, with codecs as numcodecs calls them.
//!
//! A chunk of gridloom's ends in its checksum, which those readers do not know: it is left out by its length.

mod archive;
mod changed;
mod grids;
mod kerchunk;
mod parquet;
mod pipeline;
mod places;
mod write;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Argument, Error, Result};
use crate::grid::json::Pairs;
use crate::model::element::Element;
use crate::shared::{Inside, Standing};

pub use changed::{Change, changed};

/// Where coordinates and other small arrays stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Small {
    /// Among the references.
    #[default]
    Here,
    /// In their files, as all else. Archives have no arrays of cells' places, so that these are here all the same.
    InFiles,
}

/// A data set of references.
#[derive(Debug, Clone)]
pub struct References {
    /// The folder that files are named below.
    root: PathBuf,
    files: Vec<FileStamp>,
    groups: Vec<Group>,
    notes: Vec<String>,
}

/// A file as it was when references to it were made.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FileStamp {
    /// Its name below the root.
    name: String,
    bytes: u64,
    /// When it was changed last, in nanoseconds since 1970.
    modified: i64,
    /// A digest of its beginning and end.
    seal: u64,
}

/// Arrays that share their dimensions.
#[derive(Debug, Clone)]
struct Group {
    /// Its name; empty where it is the only one.
    name: String,
    /// What all of its files say of themselves.
    attributes: Pairs<Value>,
    arrays: Vec<Array>,
}

/// An array.
#[derive(Debug, Clone, PartialEq)]
struct Array {
    name: String,
    element: Element,
    is_big_endian: bool,
    dimensions: Vec<String>,
    shape: Vec<usize>,
    chunk: Vec<usize>,
    /// What stands for a missing value, and for chunks that are not there.
    fill: Value,
    attributes: Pairs<Value>,
    codecs: pipeline::Codecs,
    content: Content,
}

/// The values of an array.
#[derive(Debug, Clone, PartialEq)]
enum Content {
    /// Few, as one chunk, little endian.
    Here(Vec<u8>),
    /// Where each chunk is, in the order of their indices; none where a chunk was not written.
    There(Vec<Option<Place>>),
}

/// Where a chunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    /// The file, by its place in the list.
    file: u32,
    offset: u64,
    bytes: u64,
}

impl Array {
    /// Chunks along each dimension.
    fn counts(&self) -> Vec<usize> {
        self.shape.iter().zip(&self.chunk).map(|(length, chunk)| length.div_ceil((*chunk).max(1))).collect()
    }

    /// The index of a chunk by its number.
    fn index(&self, mut number: usize) -> Vec<usize> {
        let mut index: Vec<usize> = Vec::new();
        for count in self.counts().iter().rev() {
            index.push(number % count.max(&1));
            number /= count.max(&1);
        }
        index.reverse();
        index
    }
}

impl References {
    /// References to all grids in a folder, to one, or to the series of an archive.
    ///
    /// Grids that have the same steps and places are one group: with all of them in the same, it is the root. Otherwise a group is called after
    /// its steps and what they are made of (`daily`, `monthly_mean`). An archive's series are arrays over cells and time; cells that share
    /// their days are a group.
    ///
    /// Coordinates and other small arrays stand among the references, so that opening them reads nothing else; with `Small::InFiles` they stay where
    /// they are as well, for readers that want it so.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where nothing is there to refer to, or where chunks are stored in a way that readers of references do not
    /// know; [`Library`](crate::ErrorKind::Library) and [`Damaged`](crate::ErrorKind::Damaged) where a file is damaged.
    pub fn of(path: impl AsRef<Path>, small: Small) -> Result<Self> {
        let path = path.as_ref();
        let references = match path.is_file() && crate::archive::is_archive(path) {
            true => archive::references(path)?,
            false => grids::references(path, small)?,
        };
        match references.groups.iter().all(|group| group.arrays.is_empty()) {
            true => {
                let reason = "has neither grids nor series to refer to";
                Err(Error::selection(Argument::Source, path.display(), reason))
            }
            false => Ok(references),
        }
    }

    /// What is left out, and why.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The names of groups, and in each of the variables whose values stay in files.
    pub fn variables(&self) -> Vec<(&str, Vec<&str>)> {
        let is_there = |array: &&Array| matches!(array.content, Content::There(_));
        let names = self.groups.iter().map(|group| {
            let arrays = group.arrays.iter().filter(is_there);
            (group.name.as_str(), arrays.map(|array| array.name.as_str()).collect())
        });
        names.collect()
    }

    /// How many chunks are referred to.
    pub fn chunks(&self) -> usize {
        let of = |array: &Array| match &array.content {
            Content::Here(_) => 0,
            Content::There(places) => places.iter().flatten().count(),
        };
        self.groups.iter().flat_map(|group| &group.arrays).map(of).sum()
    }

    /// How many files are referred to.
    pub fn files(&self) -> usize {
        self.files.len()
    }

    /// The address of a file: its name behind a base, by default that of its folder.
    fn address(&self, file: u32, base: Option<&str>) -> String {
        let name = self.files.get(file as usize).map(|file| file.name.as_str()).unwrap_or_default();
        match base {
            None => format!("file://{}/{name}", self.root.display()),
            Some("") => name.to_owned(),
            Some(base) => format!("{}/{name}", base.trim_end_matches('/')),
        }
    }
}

/// The folder of a path and what a file is known by.
fn stamp(root: &Path, name: &str) -> Result<FileStamp> {
    let path = root.join(name);
    let strange = || Error::foreign(path.clone(), "its name cannot stand in references");
    let inside = Inside::new(name).ok_or_else(strange)?;
    let there = Standing::of(root, &inside).map_err(|source| Error::io("read", &path, source))?;
    let Standing { bytes, modified, seal, .. } = there;
    Ok(FileStamp { name: name.to_owned(), bytes, modified, seal })
}

/// A path's own folder, in full, and its name there.
fn parts(path: &Path) -> Result<(PathBuf, Option<String>)> {
    let full = path.canonicalize().map_err(|source| Error::io("read", path, source))?;
    if full.is_dir() {
        return Ok((full, None));
    }
    let name = full.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok((full.parent().map(Path::to_owned).unwrap_or_default(), name))
}
