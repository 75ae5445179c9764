//! How a run's listing is kept: cells with the same files share one list of them, since most cells have the same.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::model::fault::Fault;
use crate::model::grid::{Cell, Grid};

use super::{Listing, RunCell};

/// A listing as it is written.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Written {
    kind: String,
    #[serde(with = "path_text")]
    path: PathBuf,
    name: String,
    grid: Grid,
    files: Vec<Files>,
    /// Row, column, index in `files`.
    cells: Vec<(u32, u32, usize)>,
    ignored: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Fault>,
}

#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
struct Files {
    periods: Vec<u32>,
    years: Vec<i32>,
}

impl From<Listing> for Written {
    fn from(mut run: Listing) -> Self {
        let mut known: HashMap<Files, usize> = HashMap::new();
        let mut files = Vec::new();
        let cells = std::mem::take(&mut run.cells).into_iter().map(|cell| {
            let own = Files { periods: cell.periods, years: cell.years };
            let index = *known.entry(own).or_insert_with_key(|own| {
                files.push(own.clone());
                files.len() - 1
            });
            (cell.cell.row, cell.cell.column, index)
        });
        let cells = cells.collect();
        let Listing { kind, path, name, grid, ignored, faults, .. } = run;
        Written { kind, path, name, grid, files, cells, ignored, faults }
    }
}

impl TryFrom<Written> for Listing {
    type Error = &'static str;

    fn try_from(listing: Written) -> Result<Self, Self::Error> {
        let cells = listing.cells.iter().map(|&(row, column, index)| {
            let files = listing.files.get(index).ok_or("a cell names files that are not listed")?;
            let cell = Cell { row, column };
            Ok(RunCell { cell, periods: files.periods.clone(), years: files.years.clone() })
        });
        let cells: Vec<RunCell> = cells.collect::<Result<_, Self::Error>>()?;
        if !cells.is_sorted_by(|one, other| one.cell < other.cell) {
            return Err("the cells are out of order");
        }
        let Written { kind, path, name, grid, ignored, faults, .. } = listing;
        Ok(Listing { kind, path, name, grid, cells, ignored, faults })
    }
}

/// A path as text; as bytes where it is not UTF-8.
mod path_text {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum PathText {
        Text(PathBuf),
        Bytes(Vec<u8>),
    }

    pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        match path.to_str() {
            Some(text) => serializer.serialize_str(text),
            None => serializer.collect_seq(path.as_os_str().as_bytes()),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        Ok(match PathText::deserialize(deserializer)? {
            PathText::Text(path) => path,
            PathText::Bytes(bytes) => PathBuf::from(OsStr::from_bytes(&bytes)),
        })
    }
}
