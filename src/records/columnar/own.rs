//! A file that is read from a place of its own: of one that threads share, none moves the place of another.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// A file with a place of its own.
#[derive(Debug, Clone)]
pub(in crate::records) struct Own {
    file: Arc<File>,
    at: u64,
}

impl Own {
    pub(super) fn of(file: &Arc<File>) -> Self {
        Own { file: file.clone(), at: 0 }
    }
}

impl Read for Own {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Own {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::Current(by) => (self.at, by),
            SeekFrom::End(by) => (self.file.metadata()?.len(), by),
        };
        self.at = from.checked_add_signed(by).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

impl Length for Own {
    fn len(&self) -> u64 {
        self.file.metadata().map_or(0, |file| file.len())
    }
}

impl ChunkReader for Own {
    type T = BufReader<Own>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(BufReader::new(Own { file: self.file.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        // No more than the file has is made room for.
        if start.checked_add(length as u64).is_none_or(|end| end > self.len()) {
            return Err(ParquetError::EOF("it is cut".to_owned()));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}
