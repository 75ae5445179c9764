//! NetCDF-4: dimensions, coordinates, filters and attributes by netCDF-C, chunks by HDF5.

use std::path::{Path, PathBuf};

use crate::chunk::{Codec, Filters, Shape};
use crate::error::{Error, Result};
use crate::shared::{Draft, Site};

use super::raw::{self, Held};
use super::skeleton::{Attributes, Skeleton, Values, Variable};

/// A NetCDF file that is being written.
pub struct NetcdfWriter {
    path: PathBuf,
    draft: Draft,
    chunks: raw::ChunkWriter,
    /// Whether the variable has a dimension of rows.
    has_rows: bool,
    chunk: Shape,
}

impl NetcdfWriter {
    /// Makes a file under a temporary name, complete but for its chunks, which will be encoded by these filters.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library) with what the library says, as when the disk is full.
    pub fn create(site: &Site<'_>, skeleton: &Skeleton, codec: Codec) -> Result<Self> {
        let path = site.path();
        let fail = |action: &str, reason: String| Error::netcdf(path.clone(), action, reason);
        // Made anew, so that the libraries write into this file and no other; and they tell too little of why one cannot be made.
        let draft = site.file()?;
        let temporary = draft.path();
        let held =
            write(temporary, skeleton).map_err(|error| fail("write the coordinates", error.to_string()))?;
        let data = &skeleton.data;
        let dimensions: Vec<&str> = data.dimensions.iter().map(String::as_str).collect();
        raw::define_variable(temporary, &data.name, data.element, &dimensions, &data.chunk_of_all(), codec)
            .map_err(|reason| fail(&format!("define {}", data.name), reason))?;
        write_attributes(temporary, skeleton)
            .map_err(|error| fail("write the attributes", error.to_string()))?;
        let chunks = raw::ChunkWriter::open(held, &data.name, &data.extent);
        let chunks = chunks.map_err(|reason| fail(&format!("open {}", data.name), reason))?;
        Ok(NetcdfWriter { path, draft, chunks, has_rows: data.has_rows(), chunk: data.chunk })
    }

    /// The filters of chunks that are compressed by a codec.
    pub fn filters(codec: Codec) -> Filters {
        Filters::netcdf(codec)
    }

    /// Writes an encoded chunk. `position` counts chunks: in time, layer of the variable, row and column of tiles.
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
    pub fn close(self) -> Result<Draft> {
        let fail = |reason| Error::netcdf(self.path.clone(), "close", reason);
        let data = self.chunks.data().map_err(fail)?;
        self.chunks.close().map_err(fail)?;
        crate::seal::put(self.draft.path(), data).map_err(|source| Error::io("write", &self.path, source))?;
        Ok(self.draft)
    }
}

/// Makes the file with all but the variable that it is about.
fn write(path: &Path, skeleton: &Skeleton) -> netcdf::Result<Held> {
    // Declared first, so that it goes last, on errors too.
    let held;
    let mut file = netcdf::create(path)?;
    held = Held::open(path)?;
    for dimension in &skeleton.dimensions {
        match dimension.is_unlimited {
            true => file.add_unlimited_dimension(&dimension.name)?,
            false => file.add_dimension(&dimension.name, dimension.length)?,
        };
    }
    for variable in &skeleton.variables {
        match &variable.values {
            Values::Double(values) => add(&mut file, skeleton, variable, values)?,
            Values::Whole(values) => add(&mut file, skeleton, variable, values)?,
            Values::Flag(values) => add(&mut file, skeleton, variable, values)?,
        }
    }
    for (name, value) in &skeleton.attributes {
        file.add_attribute(name, value.clone())?;
    }
    file.close()?;
    Ok(held)
}

fn add<T: netcdf::NcTypeDescriptor>(
    file: &mut netcdf::FileMut,
    skeleton: &Skeleton,
    variable: &Variable,
    values: &[T],
) -> netcdf::Result<()> {
    let dimensions: Vec<&str> = variable.dimensions.iter().map(String::as_str).collect();
    let mut added = file.add_variable::<T>(&variable.name, &dimensions)?;
    if let Some(chunk) = &variable.chunk {
        added.set_chunking(chunk)?;
    }
    if variable.is_packed {
        added.set_compression(4, true)?;
    }
    put(&mut added, &variable.attributes)?;
    // A dimension without a limit is as long as what is written along it.
    let length =
        |name: &&str| skeleton.dimensions.iter().find(|one| one.name == **name).map(|one| one.length);
    let lengths: Vec<netcdf::Extent> =
        dimensions.iter().map(|name| (0..length(name).unwrap_or_default()).into()).collect();
    added.put_values(values, lengths)
}

/// Adds the attributes of the variable that the file is about.
fn write_attributes(path: &Path, skeleton: &Skeleton) -> netcdf::Result<()> {
    let mut file = netcdf::append(path)?;
    if let Some(mut variable) = file.variable_mut(&skeleton.data.name) {
        put(&mut variable, &skeleton.data.attributes)?;
    }
    file.close()
}

fn put(variable: &mut netcdf::VariableMut<'_>, attributes: &Attributes) -> netcdf::Result<()> {
    for (name, value) in attributes {
        variable.put_attribute(name, value.clone())?;
    }
    Ok(())
}
