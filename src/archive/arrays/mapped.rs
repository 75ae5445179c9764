//! Rows of plain arrays in the mapped file. Nobody but who maps it can see to it that no other program writes there.
#![allow(unsafe_code)]

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::array::Array;
use crate::archive::memory::Map;
use crate::error::{Argument, Error, Result};
use crate::hdf5::chunks::Chunk;

impl Array {
    /// The file's memory, through which rows are read without a call to the system. Only for plain arrays.
    ///
    /// # Safety
    /// As long as the map or a clone of it is there, nothing but gridloom may write into the file or cut it: bytes would change under a
    /// reference, or the system end the process. gridloom's own writers, in any process, only add bytes behind what is mapped.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where rows are compressed, [`Io`](crate::ErrorKind::Io) where the file cannot be mapped, and as [`Array::read`].
    pub unsafe fn map(&self) -> Result<Mapped> {
        if !self.is_plain() {
            let reason =
                "its rows are compressed: only plain arrays can be mapped; read them, or write them as plain";
            return Err(Error::selection(Argument::Array, &self.name, reason));
        }
        let chunks = self.chunks()?.clone();
        if self.map.get().is_none() {
            // SAFETY: the caller sees to it that nobody else writes; what a state of the file leads to gridloom never writes again.
            let map = unsafe { Map::new(&self.source.file, self.source.state.end) };
            let map = map.map_err(|source| Error::io("map", &self.source.path, source))?;
            let _ = self.map.set(map);
        }
        let end = self.source.state.end;
        let (bytes, rows) = (self.chunk_bytes() as u64, self.rows());
        let inside = |chunk: &Chunk| chunk.address.checked_add(bytes).is_some_and(|behind| behind <= end);
        if !chunks.iter().all(inside) {
            return Err(self.wrong("chunks lie behind the end of the file"));
        }
        Ok(Mapped::new(self.map.clone(), chunks, (self.row, self.chunk, rows)))
    }
}

/// The rows of a plain array, read where they are. Threads may share it.
#[derive(Debug, Clone)]
pub struct Mapped {
    map: Arc<OnceLock<Map>>,
    chunks: Arc<Vec<Chunk>>,
    row: usize,
    chunk: u64,
    rows: u64,
}

impl Mapped {
    fn new(map: Arc<OnceLock<Map>>, chunks: Arc<Vec<Chunk>>, (row, chunk, rows): (usize, u64, u64)) -> Self {
        Mapped { map, chunks, row, chunk, rows }
    }

    /// Rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The bytes of a row, little endian; `None` behind the last.
    pub fn row(&self, row: u64) -> Option<&[u8]> {
        Self::find(&self.map.get()?.0, &self.chunks, (self.row, self.chunk, self.rows), row)
    }

    fn find<'a>(
        map: &'a [u8],
        chunks: &[Chunk],
        (length, chunk, rows): (usize, u64, u64),
        row: u64,
    ) -> Option<&'a [u8]> {
        if row >= rows {
            return None;
        }
        let address = chunks.get((row / chunk) as usize)?.address as usize;
        let start = address + (row % chunk) as usize * length;
        map.get(start..start + length)
    }

    /// Rows that follow one another, where they do so in the file as well; `None` where they do not, or are behind the last. Rows that were
    /// written at once do.
    pub fn together(&self, rows: Range<u64>) -> Option<&[u8]> {
        if rows.start >= rows.end {
            return (rows.start <= self.rows).then_some(&[]);
        }
        let (first, last) = (rows.start / self.chunk, (rows.end - 1) / self.chunk);
        let chunks = self.chunks.get(first as usize..=last as usize)?;
        let step = self.row as u64 * self.chunk;
        let follow =
            chunks.iter().zip(chunks.iter().skip(1)).all(|(one, next)| one.address + step == next.address);
        let start = chunks.first()?.address as usize + (rows.start % self.chunk) as usize * self.row;
        let length = (rows.end - rows.start) as usize * self.row;
        if rows.end > self.rows || !follow {
            return None;
        }
        self.map.get()?.0.get(start..start + length)
    }

    /// Rows at some places, one after another; `None` where one is behind the last.
    pub fn points(&self, rows: &[u64]) -> Option<Vec<u8>> {
        let map: &[u8] = &self.map.get()?.0;
        let mut bytes = Vec::with_capacity(rows.len() * self.row);
        for &row in rows {
            let found = Self::find(map, &self.chunks, (self.row, self.chunk, self.rows), row)?;
            bytes.extend_from_slice(found);
        }
        Some(bytes)
    }
}
