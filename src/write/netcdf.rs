//! NetCDF-4, written without a library: all metadata in front of the first chunk, then the chunks as they come.
//!
//! The file is what netCDF-C makes: dimension scales in the order of `_Netcdf4Dimid`, objects and attributes that know their order,
//! chunks under an index that HDF5 1.8 reads. Others can add to it.

mod attributes;
mod head;
mod object;

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use crate::chunk::{Filters, Shape};
use crate::error::{Error, Result};
use crate::hdf5::Problem;
use crate::hdf5::old_tree::Tile;
use crate::shared::{self, Draft, Site};

use super::skeleton::Skeleton;
use head::Head;

/// Bytes that are collected before they are written.
const BUFFER: usize = 1 << 18;

/// A NetCDF file that is being written.
pub struct NetcdfWriter {
    path: PathBuf,
    draft: Draft,
    file: BufWriter<File>,
    head: Head,
    /// Where the next chunk will stand.
    end: u64,
    /// Chunks that were written.
    tiles: Vec<Tile>,
    /// Whether the variable has a dimension of rows.
    has_rows: bool,
    chunk: Shape,
}

impl NetcdfWriter {
    /// Makes a file under a temporary name, which lacks its chunks; they will have gone through these filters.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io); [`Library`](crate::ErrorKind::Library) where NetCDF cannot hold what the skeleton says, such as a name.
    pub fn create(site: &Site<'_>, skeleton: &Skeleton, filters: Filters) -> Result<Self> {
        let path = site.path();
        let head = Head::new(skeleton, filters);
        let head = head.map_err(|problem| Error::netcdf(&path, "make the file", problem.to_string()))?;
        let draft = site.file()?;
        let fail = |source| Error::io("write", &path, source);
        let file = shared::open(draft.path(), OpenOptions::new().write(true));
        let mut file = file.map_err(|source| shared::error("open for writing", &path, source))?;
        let end = file.seek(SeekFrom::Start(head.length())).map_err(fail)?;
        let (has_rows, chunk) = (skeleton.data.has_rows(), skeleton.data.chunk);
        let file = BufWriter::with_capacity(BUFFER, file);
        Ok(NetcdfWriter { path, draft, file, head, end, tiles: Vec::new(), has_rows, chunk })
    }

    /// Writes an encoded chunk. `position` counts chunks: in time, layer of the variable, row and column of tiles.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn write_chunk(&mut self, position: [u32; 4], bytes: &[u8]) -> Result<()> {
        let [days, layer, row, column] = position.map(u64::from);
        let time = days * u64::from(self.chunk.days);
        let place = [row * u64::from(self.chunk.rows), column * u64::from(self.chunk.columns)];
        let first = match self.has_rows {
            true => [time, layer, place[0], place[1]],
            false => [time, place[0], place[1], 0],
        };
        let length = u32::try_from(bytes.len());
        let length =
            length.map_err(|_| self.refused(Problem::new("a chunk has more bytes than HDF5 counts")))?;
        self.file.write_all(bytes).map_err(|source| Error::io("write", &self.path, source))?;
        self.tiles.push(Tile { first, address: self.end, bytes: length });
        self.end += u64::from(length);
        Ok(())
    }

    fn refused(&self, problem: Problem) -> Error {
        Error::netcdf(&self.path, "write a chunk", problem.to_string())
    }

    /// Completes and seals the file; it still has its temporary name.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io); [`Library`](crate::ErrorKind::Library) where a chunk came twice.
    pub fn close(mut self) -> Result<Draft> {
        let fail = |source| Error::io("write", &self.path, source);
        self.tiles.sort_unstable_by_key(|tile| tile.first);
        let head = self.head.finish(&self.tiles, self.end).map_err(|problem| self.refused(problem))?;
        self.file.flush().map_err(fail)?;
        self.file.get_ref().write_all_at(&head, 0).map_err(fail)?;
        let data = head.len() as u64..self.end;
        crate::seal::put(self.draft.path(), vec![data]).map_err(fail)?;
        Ok(self.draft)
    }
}
