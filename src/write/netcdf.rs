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
    /// Chunks that were written, of each variable that was begun.
    tiles: Vec<Vec<Tile>>,
    variables: Vec<Streamed>,
}

/// A variable whose chunks come.
struct Streamed {
    name: String,
    /// Whether it has a dimension of rows.
    has_rows: bool,
    chunk: Shape,
}

impl NetcdfWriter {
    /// Makes a file under a temporary name, which lacks its chunks; they will have gone through these filters. Those of the first variable
    /// come first.
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
        let streamed = skeleton.data.iter().map(|data| Streamed {
            name: data.name.clone(),
            has_rows: data.has_rows(),
            chunk: data.chunk,
        });
        let (variables, tiles) = (streamed.collect(), vec![Vec::new()]);
        let file = BufWriter::with_capacity(BUFFER, file);
        Ok(NetcdfWriter { path, draft, file, head, end, tiles, variables })
    }

    /// Begins the next variable.
    pub fn next_variable(&mut self) {
        self.tiles.push(Vec::new());
    }

    /// Writes an encoded chunk. `position` counts chunks: in time, layer of the variable, row and column of tiles.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn write_chunk(&mut self, position: [u32; 4], bytes: &[u8]) -> Result<()> {
        let at = self.tiles.len().saturating_sub(1);
        let (Some(variable), Some(tiles)) = (self.variables.get(at), self.tiles.last_mut()) else {
            return Err(Error::bug("a chunk of no variable"));
        };
        let [days, layer, row, column] = position.map(u64::from);
        let Shape { days: steps, rows, columns } = variable.chunk;
        let time = days * u64::from(steps);
        let place = [row * u64::from(rows), column * u64::from(columns)];
        let first = match variable.has_rows {
            true => [time, layer, place[0], place[1]],
            false => [time, place[0], place[1], 0],
        };
        let length = u32::try_from(bytes.len()).map_err(|_| {
            let reason = format!("a chunk of {} has more bytes than HDF5 counts", variable.name);
            Error::netcdf(&self.path, "write a chunk", reason)
        })?;
        self.file.write_all(bytes).map_err(|source| Error::io("write", &self.path, source))?;
        tiles.push(Tile { first, address: self.end, bytes: length });
        self.end += u64::from(length);
        Ok(())
    }

    /// Completes and seals the file; it still has its temporary name.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io); [`Library`](crate::ErrorKind::Library) where a chunk came twice.
    pub fn close(mut self) -> Result<Draft> {
        let fail = |source| Error::io("write", &self.path, source);
        for tiles in &mut self.tiles {
            tiles.sort_unstable_by_key(|tile| tile.first);
        }
        let refused = |problem: Problem| Error::netcdf(&self.path, "close the file", problem.to_string());
        let head = self.head.finish(&self.tiles, self.end).map_err(refused)?;
        self.file.flush().map_err(fail)?;
        self.file.get_ref().write_all_at(&head, 0).map_err(fail)?;
        let data = head.len() as u64..self.end;
        crate::seal::put(self.draft.path(), vec![data]).map_err(fail)?;
        Ok(self.draft)
    }
}
