//! Opening a file of records: plain or packed, told by its first bytes and never by its name.
//!
//! Packed files are unpacked as they are read, so that memory stays what a window of the decoder takes. What a file unpacks to is limited by
//! [`InputLimits`], in bytes and as a multiple of what it has on the disk.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use super::packing::{InputFault, Packing};
use super::rows::RecordFaultKind;

#[cfg(feature = "netcdf")]
mod columnar;

/// What a file may unpack to before it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InputLimits {
    /// Bytes, unpacked.
    pub bytes: u64,
    /// Unpacked bytes for one of the packed file, once there are more than [`InputLimits::free`].
    pub ratio: u64,
    /// Unpacked bytes of which the ratio is not looked at.
    pub free: u64,
    /// Bytes that a decoder may keep for itself.
    pub window: u64,
}

impl Default for InputLimits {
    /// A tebibyte, and beyond 256 MiB two thousand times the packed bytes: twice what gzip can do at all.
    fn default() -> Self {
        InputLimits { bytes: 1 << 40, ratio: 2_000, free: 256 << 20, window: 256 << 20 }
    }
}

crate::builder::setters!(InputLimits { bytes: u64, ratio: u64, free: u64, window: u64 });

/// The columns of a Parquet or Arrow file that are numbers, or the series of a NetCDF file, and their own types, as a description has them.
pub(super) fn types_of(path: &Path, is_netcdf: bool) -> Option<Vec<(String, &'static str)>> {
    if is_netcdf {
        return super::cell_file::types(path);
    }
    #[cfg(feature = "netcdf")]
    return columnar::types(path);
    #[cfg(not(feature = "netcdf"))]
    return None;
}

/// An open file of records. It reads as what it was before it was packed.
#[derive(Debug)]
pub struct Input {
    packing: Packing,
    source: Source,
    file: Arc<File>,
    before: (u64, i64, i64),
    packed: Arc<AtomicU64>,
    unpacked: u64,
    limits: InputLimits,
}

enum Source {
    Plain(Arc<File>),
    Packed(Box<dyn Read + Send>),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Source::Plain(_) => "Plain",
            Source::Packed(_) => "Packed",
        })
    }
}

/// A file that counts what is read of it.
struct Counted(Arc<File>, Arc<AtomicU64>);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = (&*self.0).read(buffer)?;
        self.1.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Size and time of change, by which a file is known to be as it was.
fn state(metadata: &Metadata) -> (u64, i64, i64) {
    (metadata.len(), metadata.mtime(), metadata.mtime_nsec())
}

impl Input {
    /// Opens a file. Behind links, too, but nothing that only has a name as files have, such as a pipe.
    ///
    /// # Errors
    /// What the system or a decoder says, as [`Unreadable`](RecordFaultKind::Unreadable).
    pub fn open(path: &Path, limits: &InputLimits) -> Result<Self, InputFault> {
        Self::open_raw(path, limits, &|_| true).map_err(|error| InputFault::of(&error))
    }

    /// Opens a columnar file of which only some columns are wanted; others have no values.
    ///
    /// # Errors
    /// Those of [`Input::open`].
    #[cfg(feature = "netcdf")]
    pub(super) fn open_columns(path: &Path, wanted: &dyn Fn(usize) -> bool) -> Result<Self, InputFault> {
        Self::open_raw(path, &InputLimits::default().ratio(u64::MAX), wanted)
            .map_err(|error| InputFault::of(&error))
    }

    fn open_raw(path: &Path, limits: &InputLimits, _wanted: &dyn Fn(usize) -> bool) -> io::Result<Self> {
        let file = Arc::new(crate::shared::open_input(path)?);
        let before = state(&file.metadata()?);
        let mut first = [0; 10];
        let mut known = 0;
        while let Some(rest) = first.get_mut(known..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, known as u64) {
                Ok(0) => break,
                Ok(read) => known += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let packing = Packing::detect(first.get(..known).unwrap_or_default());
        let packed = Arc::new(AtomicU64::new(0));
        let bytes = || BufReader::with_capacity(128 << 10, Counted(file.clone(), packed.clone()));
        let source = match packing {
            #[cfg(feature = "netcdf")]
            Packing::Parquet | Packing::Arrow | Packing::ArrowStream => {
                // The library reads where it wants, and what it has read is not counted.
                packed.store(before.0, Ordering::Relaxed);
                Source::Packed(Box::new(columnar::Columnar::open(&file, packing, _wanted)?))
            }
            Packing::Netcdf => {
                packed.store(before.0, Ordering::Relaxed);
                let lines = super::cell_file::open(path, &file);
                let lines = lines
                    .map_err(|refused| io::Error::other(InputFault::new(refused.kind, refused.message)))?;
                Source::Packed(Box::new(lines))
            }
            #[cfg(not(feature = "netcdf"))]
            Packing::Parquet | Packing::Arrow | Packing::ArrowStream => {
                return Err(io::Error::other("Parquet and Arrow need the feature netcdf"));
            }
            Packing::Plain => Source::Plain(file.clone()),
            Packing::Gzip => Source::Packed(Box::new(flate2::bufread::MultiGzDecoder::new(bytes()))),
            Packing::Bzip2 => Source::Packed(Box::new(bzip2::bufread::MultiBzDecoder::new(bytes()))),
            Packing::Xz => {
                let stream = liblzma::stream::Stream::new_stream_decoder(
                    limits.window,
                    liblzma::stream::CONCATENATED,
                )?;
                Source::Packed(Box::new(liblzma::bufread::XzDecoder::new_stream(bytes(), stream)))
            }
            Packing::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes())?;
                decoder.window_log_max(limits.window.max(1 << 10).ilog2().min(31))?;
                Source::Packed(Box::new(decoder))
            }
        };
        Ok(Input { packing, source, file, before, packed, unpacked: 0, limits: *limits })
    }

    /// What it is packed with.
    pub fn packing(&self) -> Packing {
        self.packing
    }

    /// Bytes on the disk.
    pub fn size(&self) -> u64 {
        self.before.0
    }

    /// Goes on from a byte of what is unpacked. Of a packed file, all before it is unpacked and dropped; it cannot be one that was read.
    ///
    /// # Errors
    /// Those of reading.
    pub fn skip_to(&mut self, byte: u64) -> Result<(), InputFault> {
        let result = match &mut self.source {
            Source::Plain(file) => (&**file).seek(SeekFrom::Start(byte)).map(|_| self.unpacked = byte),
            Source::Packed(_) => {
                let skip = byte.saturating_sub(self.unpacked);
                io::copy(&mut self.take(skip), &mut io::sink()).map(|_| ())
            }
        };
        result.map_err(|error| InputFault::of(&error))
    }

    /// Whether the file is still what it was when it was opened. To be asked when all of it, or of a piece, was read.
    ///
    /// # Errors
    /// [`Changed`](RecordFaultKind::Changed), and what the system says.
    pub fn finish(self) -> Result<(), InputFault> {
        let now = self.file.metadata().map_err(|error| InputFault::of(&error))?;
        match state(&now) == self.before {
            true => Ok(()),
            false => {
                let (before, after) = (self.before.0, now.len());
                let message = match before == after {
                    true => "it was written to while it was read".to_owned(),
                    false => format!("it changed from {before} to {after} bytes while it was read"),
                };
                Err(InputFault::new(RecordFaultKind::Changed, message))
            }
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let packed = match &mut self.source {
            Source::Plain(file) => {
                let read = (&**file).read(buffer)?;
                self.unpacked += read as u64;
                return Ok(read);
            }
            Source::Packed(packed) => packed,
        };
        let read = packed.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            io::ErrorKind::UnexpectedEof => of_packed(self.packing, "it ends in the middle"),
            _ => of_packed(self.packing, &error.to_string()),
        })?;
        self.unpacked += read as u64;
        let limits = &self.limits;
        // What a decoder has before it is more than it has used, which is on the generous side by one buffer.
        let beyond = self.unpacked > limits.free
            && self.unpacked / limits.ratio.max(1) > self.packed.load(Ordering::Relaxed);
        if beyond || self.unpacked > limits.bytes {
            let (unpacked, packed) = (self.unpacked, self.packed.load(Ordering::Relaxed));
            let message = format!(
                "{packed} bytes of it unpack to more than {unpacked}, which is beyond what is allowed"
            );
            return Err(io::Error::other(InputFault::new(RecordFaultKind::TooLarge, message)));
        }
        Ok(read)
    }
}

fn of_packed(packing: Packing, words: &str) -> io::Error {
    let message = format!("as {} data it cannot be unpacked: {words}", packing.name());
    io::Error::other(InputFault::new(RecordFaultKind::Unreadable, message))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    fn packings(bytes: &[u8]) -> Vec<(Packing, Vec<u8>)> {
        let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
        bzip2.write_all(bytes).expect("memory");
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 6);
        xz.write_all(bytes).expect("memory");
        vec![
            (Packing::Plain, bytes.to_vec()),
            (Packing::Gzip, gzip(bytes)),
            (Packing::Zstd, zstd::encode_all(bytes, 3).expect("memory")),
            (Packing::Bzip2, bzip2.finish().expect("memory")),
            (Packing::Xz, xz.finish().expect("memory")),
        ]
    }

    fn read(path: &Path, limits: &InputLimits, skip: u64) -> Result<Vec<u8>, InputFault> {
        let mut input = Input::open(path, limits)?;
        input.skip_to(skip)?;
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes).map_err(|error| InputFault::of(&error))?;
        input.finish().map(|()| bytes)
    }

    #[test]
    fn all_packings_give_the_same_bytes_and_damage_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("any.name");
        let text: Vec<u8> =
            (0..20_000).flat_map(|line| format!("{line} {}\n", line * 7).into_bytes()).collect();
        let limits = InputLimits::default();
        for bytes in [b"".as_slice(), b"B", b"BZh9 1 2\n", &text] {
            for (packing, packed) in packings(bytes) {
                std::fs::write(&path, &packed).expect("a file");
                assert_eq!(Input::open(&path, &limits).expect("a file").packing(), packing);
                assert_eq!(read(&path, &limits, 0).as_deref(), Ok(bytes), "{packing:?}");
                // Two behind each other are one.
                std::fs::write(&path, [packed.clone(), packed.clone()].concat()).expect("a file");
                assert_eq!(
                    read(&path, &limits, 0).as_deref(),
                    Ok([bytes, bytes].concat().as_slice()),
                    "{packing:?}"
                );
                if bytes.len() > 1_000 {
                    std::fs::write(&path, &packed).expect("a file");
                    assert_eq!(read(&path, &limits, 777).as_deref(), Ok(&bytes[777..]), "{packing:?}");
                    if packing != Packing::Plain {
                        std::fs::write(&path, &packed[..packed.len() - 9]).expect("a file");
                        let fault = read(&path, &limits, 0).expect_err("it is cut");
                        assert_eq!(fault.kind, RecordFaultKind::Unreadable);
                        assert!(fault.message.contains(packing.name()), "{fault}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bomb");
        let zeros = vec![0; 4 << 20];
        for (packing, packed) in packings(&zeros).into_iter().skip(1) {
            std::fs::write(&path, packed).expect("a file");
            for limits in
                [InputLimits::default().bytes(1 << 20), InputLimits::default().free(1 << 20).ratio(20)]
            {
                let fault = read(&path, &limits, 0).expect_err("it is too much");
                assert_eq!(fault.kind, RecordFaultKind::TooLarge, "{packing:?}");
            }
            assert!(read(&path, &InputLimits::default(), 0).is_ok());
        }
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        std::fs::write(&path, "1 2\n").expect("a file");
        let mut input = Input::open(&path, &InputLimits::default()).expect("a file");
        std::fs::write(&path, "1 2\n3 4\n").expect("a file");
        let mut text = String::new();
        input.read_to_string(&mut text).expect("a text");
        let fault = input.finish().expect_err("it grew");
        assert_eq!(
            (fault.kind, fault.message.contains("4 to 8")),
            (RecordFaultKind::Changed, true),
            "{fault}"
        );
    }

    #[test]
    fn only_files_are_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).expect("a pipe");
        for path in [&pipe, folder.path(), &folder.path().join("not there")] {
            let fault = Input::open(path, &InputLimits::default()).expect_err("no file");
            assert_eq!(fault.kind, RecordFaultKind::Unreadable);
        }
    }

    /// What begins as a columnar file does and is none is a fault, whatever follows.
    #[cfg(feature = "netcdf")]
    #[test]
    fn damaged_columnar_files_are_faults() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        let starts = [b"PAR1".as_slice(), b"ARROW1\0\0", b"\xff\xff\xff\xff\x10\0\0\0"];
        for (start, seed) in starts.into_iter().flat_map(|start| (0..40u32).map(move |seed| (start, seed))) {
            let noise =
                (0..seed * 7).map(|at| (at.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 13) as u8);
            let mut bytes: Vec<u8> = start.iter().copied().chain(noise).collect();
            bytes.extend_from_slice(if seed % 2 == 0 { start } else { b"" });
            std::fs::write(&path, bytes).expect("a file");
            let fault = read(&path, &InputLimits::default(), 0).err().map(|fault| fault.kind);
            // A stream may end before its first batch.
            assert!(fault.is_some() || start[0] == 0xff, "{start:?} {seed}");
        }
    }
}
