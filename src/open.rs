//! Opening what a path names: it is shown to each kind of source in turn.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::dump::{Dump, DumpError, Limits};
use crate::error::{Error, Result};
use crate::model::grid::Grid;
use crate::observer::Nobody;
#[cfg(feature = "netcdf")]
use crate::pipeline::import;
use crate::records::{self, Records};
use crate::run::{Listing, Run};
use crate::source::CellSource;
use crate::{archive, caete, change};

/// What a source wrote down beside its listing.
type Kept = Option<serde_json::Value>;

/// A kind of source.
struct SourceKind {
    name: &'static str,
    /// Whether a path is one of it. Reads some bytes at the most.
    knows: fn(&Path) -> bool,
    /// Lists what is at a path.
    open: fn(&Path, Grid) -> Result<Run>,
    /// The source of a run that was listed before, by its path, what the source kept, and where the spool is.
    again: fn(&Path, Kept, Spool<'_>) -> Result<Arc<dyn CellSource>>,
}

/// Where work keeps what it needs of its sources.
#[derive(Debug, Clone, Copy)]
struct Spool<'a> {
    /// Its folder.
    folder: &'a Path,
    /// The folder inside of it for what was read of records.
    records: &'static str,
}

/// The kinds, in the order in which they are asked. The last takes what nobody knows, and says what is wrong with it.
const KINDS: &[SourceKind] = &[
    SourceKind {
        name: archive::KIND,
        knows: |path| archive::is_hdf5(path),
        open: archive::open_run,
        again: |path, _, _| Ok(Arc::new(archive::Archived::at(path))),
    },
    SourceKind {
        name: records::KIND,
        knows: records::is_description,
        open: |path, _| Records::open(path)?.gather_aside(records::Gathering::detect(), &Nobody),
        again: |_, _, spool| Ok(Arc::new(records::Gathered::at(&spool.folder.join(spool.records)))),
    },
    // Grids are named one by one, so that no single path is known as theirs.
    #[cfg(feature = "netcdf")]
    SourceKind {
        name: import::KIND,
        knows: |_| false,
        open: |path, _| Err(nobody(path)),
        again: |_, _, _| Ok(Arc::new(import::InSpool::default())),
    },
    // A change is made of runs that are open.
    SourceKind {
        name: change::KIND,
        knows: |_| false,
        open: |path, _| Err(nobody(path)),
        again: |path, kept, spool| {
            let open = |place: usize, run, kept| {
                let records = if place == 0 { records::FOLDER } else { records::FOLDER_OF_REFERENCE };
                Run::again_of(run, kept, Spool { records, ..spool })
            };
            Ok(Arc::new(change::again(kept, path.to_owned(), open)?))
        },
    },
    SourceKind {
        name: caete::input::KIND,
        knows: caete::input::is_input,
        open: caete::input::open,
        again: |path, _, _| Ok(Arc::new(caete::input::Inputs::new(path))),
    },
    SourceKind {
        name: caete::KIND,
        knows: |_| true,
        open: caete::open,
        again: |path, _, _| Ok(Arc::new(caete::Folder::new(path))),
    },
];

/// That no kind of source knows a path.
fn nobody(path: &Path) -> Error {
    Error::bug(format!("no kind of source takes {}", path.display()))
}

impl Run {
    /// Opens a run: a folder of dumps, or an archive of one. Lists what there is and reads no data.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where it cannot be listed, [`NotASource`](crate::ErrorKind::NotASource) where it holds no gridcell, [`NothingUsable`](crate::ErrorKind::NothingUsable) where the grid has
    /// none of them; those of [`Archive::open`](archive::Archive::open), and [`Argument`](crate::ErrorKind::Argument) where an archive's grid is not the
    /// one that is expected. A cell that cannot be listed is no error: it is in [`Listing::faults`].
    pub fn open(path: impl AsRef<Path>, grid: Grid) -> Result<Self> {
        let path = path.as_ref();
        match KINDS.iter().find(|kind| (kind.knows)(path)) {
            Some(kind) => (kind.open)(path, grid),
            None => Err(nobody(path)),
        }
    }

    /// The same, to prove what was made of it: records are read by another reader than they were.
    ///
    /// # Errors
    /// Those of [`Run::open`].
    #[cfg(feature = "netcdf")]
    pub(crate) fn open_for_proof(path: &Path, grid: Grid) -> Result<Self> {
        let run = match records::is_description(path) {
            true => Records::open(path)?.for_proof().gather_aside(records::Gathering::detect(), &Nobody)?,
            false => Run::open(path, grid)?,
        };
        Ok(run.for_proof())
    }

    /// A run that was listed before, possibly by another process, and what its source kept. Nothing is read.
    ///
    /// # Errors
    /// [`Checkpoint`](crate::ErrorKind::Checkpoint) where its kind of source is not known, or what it kept is damaged.
    pub(crate) fn again(listing: Listing, kept: Kept, spool: &Path) -> Result<Self> {
        Run::again_of(listing, kept, Spool { folder: spool, records: records::FOLDER })
    }

    fn again_of(listing: Listing, kept: Kept, spool: Spool<'_>) -> Result<Self> {
        let Some(kind) = KINDS.iter().find(|kind| kind.name == listing.kind) else {
            let reason = format!("it names a kind of source that is not known, {:?}", listing.kind);
            return Err(Error::spool(listing.path, reason));
        };
        let source = (kind.again)(&listing.path, kept, spool)?;
        Ok(Run::new(listing, source))
    }
}

impl Dump {
    /// Reads a file; no more of it than a dump within the limits can take.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where the file cannot be read, [`Damaged`](crate::ErrorKind::Damaged) where it is
    /// no sound dump; both name the file.
    pub fn open(path: impl AsRef<Path>, limits: &Limits) -> Result<Self> {
        let path = path.as_ref();
        let io_error = |source| Error::io("read", path, source);
        let refused = |source| Error::dump(path, source);
        // Data that does not compress is a little longer in its container.
        let bound =
            (limits.decoded_bytes as u64).saturating_add((limits.decoded_bytes as u64 >> 5) + (1 << 16));
        let mut bytes = Vec::new();
        crate::shared::open_input(path)
            .and_then(|file| file.take(bound).read_to_end(&mut bytes))
            .map_err(io_error)?;
        if bytes.len() as u64 == bound {
            return Err(refused(DumpError::TooLarge { limit: limits.decoded_bytes }));
        }
        Self::decode(&bytes, Vec::new(), limits).map_err(refused)
    }
}
