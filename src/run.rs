//! A run: the gridcells of a source, the periods each has, and what their dumps look like.
//!
//! [`Run::open`] lists and reads nothing; [`survey`](mod@survey) reads a few dumps to learn dates and variables.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::fault::Fault;
use crate::model::grid::{Cell, Grid};
use crate::source::CellSource;

pub(crate) mod days;
pub mod gridlist;
mod listing;
pub mod mixture;
pub mod numbers;
pub mod silence;
pub mod survey;

/// A run as it was found, and where its data come from.
#[derive(Debug, Clone)]
pub struct Run {
    listing: Listing,
    source: Arc<dyn CellSource>,
    /// The source without what formulas make of its series.
    origin: Arc<dyn CellSource>,
    is_for_proof: bool,
}

/// What was found of a run. It can be written down.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(into = "listing::Written", try_from = "listing::Written")]
pub struct Listing {
    /// The [kind](CellSource::kind) of its source.
    pub kind: String,
    /// The folder, or the file.
    pub path: PathBuf,
    /// Its name, as it was given: a link's own, where it is one.
    pub name: String,
    /// The grid that the cells' indices count in.
    pub grid: Grid,
    /// Its gridcells, from north to south and west to east.
    pub cells: Vec<RunCell>,
    /// Entries that are neither gridcells nor anything else that the model writes.
    pub ignored: Vec<String>,
    /// Folders of gridcells that could not be listed, and those whose indices the grid does not have. The former are
    /// among the cells, with what was listed of them.
    pub faults: Vec<Fault>,
}

/// A gridcell of a run.
#[derive(Debug, Clone)]
pub struct RunCell {
    /// Its indices.
    pub cell: Cell,
    /// The numbers of the periods that it has a dump of, in order.
    pub periods: Vec<u32>,
    /// The years that it has a community file of, in order.
    pub years: Vec<i32>,
}

impl Run {
    /// A run of what was listed, whose data come from a source.
    pub fn new(listing: Listing, source: Arc<dyn CellSource>) -> Self {
        Run { listing, origin: source.clone(), source, is_for_proof: false }
    }

    /// What else was listed of the same source.
    pub(crate) fn listed(&self, listing: Listing) -> Self {
        let (source, origin) = (self.source.clone(), self.origin.clone());
        Run { listing, source, origin, is_for_proof: self.is_for_proof }
    }

    /// The source without what formulas make of its series.
    pub(crate) fn origin(&self) -> &Arc<dyn CellSource> {
        &self.origin
    }

    /// The same run, whose source also shows what formulas make.
    pub(crate) fn showing(self, source: Arc<dyn CellSource>) -> Self {
        Run { source, ..self }
    }

    /// The same run without what formulas make.
    pub(crate) fn without_derived(self) -> Self {
        Run { source: self.origin.clone(), ..self }
    }

    /// The same run, of which formulas are calculated in another way, to prove what was made of them.
    #[cfg_attr(not(feature = "netcdf"), allow(dead_code, reason = "nothing is proved without files"))]
    pub(crate) fn for_proof(self) -> Self {
        Run { is_for_proof: true, ..self }
    }

    /// Whether formulas are calculated in another way than for files.
    pub(crate) fn is_for_proof(&self) -> bool {
        self.is_for_proof
    }

    /// What was found.
    pub fn listing(&self) -> &Listing {
        &self.listing
    }

    /// Where its data come from.
    pub fn source(&self) -> &dyn CellSource {
        self.source.as_ref()
    }
}

impl Deref for Run {
    type Target = Listing;

    fn deref(&self) -> &Listing {
        &self.listing
    }
}

impl Listing {
    /// The numbers of all periods that any cell has, in order.
    pub fn periods(&self) -> Vec<u32> {
        let all: BTreeSet<u32> = self.cells.iter().flat_map(|cell| cell.periods.iter().copied()).collect();
        all.into_iter().collect()
    }
}

impl RunCell {
    /// Whether the cell has a dump of a period.
    pub fn has(&self, period: u32) -> bool {
        self.periods.binary_search(&period).is_ok()
    }
}

/// What a run is called: the last part of its path as it was given, since people name runs by links; of `.` and such paths
/// that of the folder that is meant.
pub(crate) fn name_of(path: &Path) -> String {
    let name = |path: &Path| Some(path.file_name()?.to_string_lossy().into_owned());
    // The name in front of `/.` counts for `Path`, though that is the folder behind a link, not the link.
    name(path).or_else(|| name(&path.canonicalize().ok()?)).unwrap_or_else(|| "run".to_owned())
}
