//! Writing final files: the schema by netCDF-C, the chunks by HDF5, each file whole or not at all.
//!
//! A file is made under a temporary name in the output folder: dimensions, coordinates and attributes first, then the
//! encoded chunks in a fixed order, copied as they are. It is synced to the disk and only then gets its name.

mod command;
mod provenance;
mod raw;
mod said;
mod schema;
mod subject;

use std::path::{Path, PathBuf};

use crate::chunk::Codec;
use crate::error::{Error, Result, Trouble, errno_of_hdf5};
use crate::plan::OutputRows;
use crate::shared::Draft;

pub use provenance::Provenance;
pub use raw::{give_memory_back, switch_off_locks};
pub(crate) use raw::{ignores_locks, register_zstd, with_chunk_cache};
pub use schema::Schema;
pub(crate) use schema::dimensions;
pub use subject::{Coverage, MadeBy, Steps, Subject};

/// A grid that is being written.
pub struct GridWriter {
    path: PathBuf,
    draft: Draft,
    chunks: raw::ChunkWriter,
    /// Whether the variable has a dimension of rows.
    has_rows: bool,
    chunk: crate::chunk::Shape,
}

impl GridWriter {
    /// Makes the file of an output under a temporary name that bears a mark, complete but for its chunks.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library) with what the library says, as when the disk is full.
    pub fn create(folder: &Path, mark: &str, subject: &Subject<'_>, schema: &Schema) -> Result<Self> {
        let Subject { plan, output, steps, .. } = subject;
        let path = folder.join(&output.file);
        let fail =
            |action: &str, error: netcdf::Error| Error::netcdf(path.clone(), action, error.to_string());
        // Made anew, so that the libraries write into this file and no other; and they tell too little of why one cannot be made.
        let draft = Draft::marked(folder, mark, &output.file)?;
        let temporary = draft.path.clone();
        let held = schema.write(&temporary, subject).map_err(|error| fail("write the coordinates", error))?;
        let [y, x] = schema::dimensions(&plan.window);
        let dimensions: &[&str] = match output.rows {
            OutputRows::Dimension(_) => &["time", &schema::row_dimension(plan, output), y, x],
            _ => &["time", y, x],
        };
        let shape = output.chunk;
        let has_rows = matches!(output.rows, OutputRows::Dimension(_));
        let chunk: Vec<usize> = if has_rows {
            vec![shape.days as usize, 1, shape.rows as usize, shape.columns as usize]
        } else {
            vec![shape.days as usize, shape.rows as usize, shape.columns as usize]
        };
        raw::define_variable(
            &temporary,
            &output.name,
            output.element,
            dimensions,
            &chunk,
            plan.settings.codec,
        )
        .map_err(|reason| Error::netcdf(path.clone(), format!("define {}", output.name), reason))?;
        schema.write_attributes(&temporary, subject).map_err(|error| fail("write the attributes", error))?;
        let mut extent: Vec<usize> = vec![steps.values.len()];
        if has_rows {
            extent.push(output.layers.len());
        }
        extent.extend([plan.window.rows as usize, plan.window.columns as usize]);
        let chunks = raw::ChunkWriter::open(held, &output.name, &extent)
            .map_err(|reason| Error::netcdf(path.clone(), format!("open {}", output.name), reason))?;
        Ok(GridWriter { path, draft, chunks, has_rows, chunk: shape })
    }

    /// Writes an encoded chunk. `position` counts chunks: in time, layer of the output, row and column of tiles.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library).
    pub fn write_chunk(&mut self, position: [u32; 4], bytes: &[u8]) -> Result<()> {
        let [days, layer, row, column] = position.map(u64::from);
        let mut offset = vec![days * u64::from(self.chunk.days)];
        if self.has_rows {
            offset.push(layer);
        }
        offset.push(row * u64::from(self.chunk.rows));
        offset.push(column * u64::from(self.chunk.columns));
        self.chunks
            .write(&offset, bytes)
            .map_err(|reason| Error::netcdf(self.path.clone(), "write a chunk", reason))
    }

    /// Closes and seals the file; it still has its temporary name.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library), [`Io`](crate::ErrorKind::Io).
    pub fn close(self) -> Result<Unpublished> {
        let fail = |reason| Error::netcdf(self.path.clone(), "close", reason);
        let data = self.chunks.data().map_err(fail)?;
        self.chunks.close().map_err(fail)?;
        crate::seal::put(&self.draft.path, data).map_err(|source| Error::io("write", &self.path, source))?;
        Ok(Unpublished(self.draft))
    }
}

/// A file that is complete, but not under its name yet.
#[derive(Debug)]
pub struct Unpublished(pub(crate) Draft);

/// What the system said, where a library that writes for us only says that it failed.
pub(crate) fn explain(error: Error) -> Error {
    let Trouble::Netcdf { path, action, reason } = error.trouble() else { return error };
    // HDF5 tells the number deep in its text; netCDF-C does not, so try the same folder.
    let source = match errno_of_hdf5(&reason.to_string()) {
        Some(number) => Some(std::io::Error::from_raw_os_error(number)),
        None => path.parent().and_then(|folder| probe(folder).err()),
    };
    match source {
        Some(source) => Error::io("write", path, source),
        None => Error::netcdf(path, action.as_str(), reason.clone()),
    }
}

/// Writes as much as a small file into a folder, and removes it.
fn probe(folder: &Path) -> std::io::Result<()> {
    let (_draft, mut file) = match Draft::beside(&folder.join("probe.nc")) {
        Ok(made) => made,
        Err(error) => {
            return match error.into_trouble() {
                Trouble::Io { source, .. } => Err(source),
                _ => Ok(()),
            };
        }
    };
    std::io::Write::write_all(&mut file, &vec![1; 1 << 18])?;
    file.sync_all()
}

/// Registers the codec with HDF5, where it is not one of HDF5's own.
pub(crate) fn register(codec: Codec) -> Result<()> {
    match codec {
        Codec::Zstd(_) => {
            register_zstd().map_err(|reason| Error::netcdf(PathBuf::from("HDF5"), "register zstd", reason))
        }
        _ => Ok(()),
    }
}
