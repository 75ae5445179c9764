//! Reading one file: its beginning, its columns, its rows.

use std::io::{BufReader, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
#[cfg(feature = "netcdf")]
use std::sync::Arc;
use std::sync::Mutex;

use twox_hash::XxHash3_64;

use crate::error::{Error, Result};
use crate::source::stamp::modified;
use crate::sync::lock;

#[cfg(feature = "netcdf")]
use super::columnar::Opened;
use super::description::{Bad, Description, FileFormat};
use super::files::{Files, RecordFile};
use super::gather::{self, Reader};
use super::head;
use super::input::{Input, InputFault, InputLimits, Packing};
use super::rows::{RecordFault, RecordFaultKind, Rows};
use super::schema::{Schema, Table};
use super::store::batch::{Batch, MOST_FAULTS};
use super::text::{Dialect, Outcome, TextFile, TextLimits, TextReader, simple};
use super::{lpjml, vic_binary};

#[cfg(feature = "netcdf")]
mod columnar;

/// Reads the files of a description.
pub(super) struct FileReader<'a> {
    description: &'a Description,
    files: &'a Files,
    schema: &'a Schema,
    dialect: Dialect,
    /// Whether the simple reader is to read, which proves the other one.
    is_proof: bool,
    digest: u64,
    /// Readers that no thread uses now.
    readers: Mutex<Vec<Kept>>,
    /// The columnar file that was opened last: its parts are read one after the other.
    #[cfg(feature = "netcdf")]
    opened: Mutex<Option<(u32, Arc<Opened>)>>,
}

/// What a thread keeps from one file to the next.
#[derive(Default)]
struct Kept {
    reader: TextReader,
    /// A small file.
    bytes: Vec<u8>,
    /// The columns of the small file before: most begin alike.
    table: Option<Table>,
}

/// Bytes of text that a byte of columns may be about.
const PACKED: u64 = 8;

/// Bytes of a plain file that is read at once.
const SMALL: u64 = 256 << 10;

impl<'a> FileReader<'a> {
    pub fn new(description: &'a Description, files: &'a Files, schema: &'a Schema, is_proof: bool) -> Self {
        let dialect = Dialect::of(&description.text);
        // Which files there are is no part of how one is read.
        let how = Description { files: Vec::new(), name: None, ..description.clone() };
        let text =
            serde_json::to_string(&(how, &schema.variables, schema.is_keyed, is_proof)).unwrap_or_default();
        let digest = XxHash3_64::oneshot(text.as_bytes());
        FileReader {
            description,
            files,
            schema,
            dialect,
            is_proof,
            digest,
            readers: Mutex::default(),
            #[cfg(feature = "netcdf")]
            opened: Mutex::default(),
        }
    }

    fn path(&self, file: &RecordFile) -> PathBuf {
        self.files.path(file)
    }

    fn text(
        &self,
        file: &RecordFile,
        table: &Table,
        range: Option<Range<u64>>,
        rows: &mut Rows,
        give: &mut dyn FnMut(&mut Rows) -> Result<()>,
    ) -> Result<Outcome> {
        let name = file.name();
        let of = TextFile { name: &name, table, dialect: &self.dialect, time: &self.schema.time };
        let limits = TextLimits::default().rows(gather::MOST_ROWS);
        let (path, most) = (self.path(file), gather::MOST_ROWS);
        match self.description.format {
            Some(FileFormat::VicBinary) if self.is_proof => {
                return vic_binary::simple::read(&path, &name, (table, of.time), most, rows, give);
            }
            Some(FileFormat::VicBinary) => {
                return vic_binary::read(&path, &name, (table, of.time), most, rows, give);
            }
            Some(FileFormat::Lpjml) if self.is_proof => {
                return lpjml::simple::read(&path, &name, (table, of.time), most, rows, give);
            }
            Some(FileFormat::Lpjml) => {
                return lpjml::read(&path, &name, (table, of.time), most, rows, give);
            }
            Some(FileFormat::Netcdf) if self.is_proof => {
                return super::cell_file::again::read(&path, &name, (table, of.time), most, rows, give);
            }
            _ => {}
        }
        if self.is_proof {
            return self.text_again(&of, &self.path(file), &limits, rows, give);
        }
        let mut kept = self.kept();
        let range = range.unwrap_or(0..u64::MAX);
        let outcome = kept.reader.read_file(&path, &InputLimits::default(), &of, range, rows, give);
        lock(&self.readers).push(kept);
        outcome
    }

    fn kept(&self) -> Kept {
        let new = || Kept {
            reader: TextReader::new(TextLimits::default().rows(gather::MOST_ROWS)),
            ..Kept::default()
        };
        lock(&self.readers).pop().unwrap_or_else(new)
    }

    /// Reads a small plain file at once, its beginning and its records. `None` of one that is not so, or not as it should be: the other way says what is
    /// wrong with it.
    fn small(
        &self,
        file: &RecordFile,
        kept: &mut Kept,
        rows: &mut Rows,
        give: &mut dyn FnMut(&mut Rows) -> Result<()>,
    ) -> Result<Option<Outcome>> {
        let is_text = matches!(self.description.format, None | Some(FileFormat::Text));
        if !is_text || self.is_proof || file.bytes > SMALL {
            return Ok(None);
        }
        let Kept { reader, bytes, table } = kept;
        if !self.read_whole(file, bytes) || Packing::detect(bytes) != Packing::Plain {
            return Ok(None);
        }
        let Ok(head) = head::of(bytes, true, &self.description.text) else { return Ok(None) };
        let found = match table.take().filter(|table| table.head == head) {
            Some(mut like) => self.schema.make_like(&mut like, file).map(|()| like),
            None => self.schema.table(file, &head),
        };
        let Ok(found) = found else { return Ok(None) };
        let found = table.insert(found);
        if !rows.is_empty() && (rows.fields != found.fields || gather::is_full(rows)) {
            give(rows)?;
        }
        let name = file.name();
        let of = TextFile { name: &name, table: found, dialect: &self.dialect, time: &self.schema.time };
        let start = usize::try_from(found.head.start).unwrap_or(usize::MAX);
        let mut records = bytes.get(start..).unwrap_or_default();
        reader.read(&mut records, &of, 0..u64::MAX, rows, give).map(Some)
    }

    /// Reads all of a file; false where it is not the one that was listed.
    fn read_whole(&self, file: &RecordFile, bytes: &mut Vec<u8>) -> bool {
        let is_listed = |metadata: std::io::Result<std::fs::Metadata>| {
            metadata.is_ok_and(|now| (now.len(), modified(&now)) == (file.bytes, file.modified))
        };
        let Ok(opened) = crate::shared::open_input(&self.path(file)) else { return false };
        // Room for a byte more, so that what is read at once is known to be all.
        let length = file.bytes as usize;
        bytes.resize(length + 1, 0);
        let mut known = 0;
        while let Some(rest) = bytes.get_mut(known..).filter(|_| known < length) {
            match (&opened).read(rest) {
                Ok(0) => break,
                Ok(read) => known += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        bytes.truncate(known);
        // What is the listed file behind the reading was it before.
        known == length && is_listed(opened.metadata())
    }
}

impl FileReader<'_> {
    /// Reads a text by the simple reader.
    fn text_again(
        &self,
        of: &TextFile<'_>,
        path: &Path,
        limits: &TextLimits,
        rows: &mut Rows,
        give: &mut dyn FnMut(&mut Rows) -> Result<()>,
    ) -> Result<Outcome> {
        again(Input::open(path, &InputLimits::default()), of, limits, rows, give)
    }
}

/// Reads what was opened by the simple reader.
fn again(
    opened: std::result::Result<Input, InputFault>,
    of: &TextFile<'_>,
    limits: &TextLimits,
    rows: &mut Rows,
    give: &mut dyn FnMut(&mut Rows) -> Result<()>,
) -> Result<Outcome> {
    let refused = |fault: InputFault| {
        let InputFault { kind, message, .. } = fault;
        let mut outcome = Outcome::default();
        outcome.faults.push(RecordFault { file: of.name.to_owned(), line: None, kind, message });
        outcome
    };
    let opened = opened.and_then(|mut input| input.skip_to(of.table.head.start).map(|()| input));
    let mut input = match opened {
        Ok(input) => BufReader::new(input),
        Err(fault) => return Ok(refused(fault)),
    };
    let outcome = simple::read(&mut input, of, limits, rows, give)?;
    match input.into_inner().finish() {
        Err(fault) if outcome.is_whole => Ok(refused(fault)),
        _ => Ok(outcome),
    }
}

impl Reader for FileReader<'_> {
    fn is_divisible(&self, number: u32) -> bool {
        let Some(file) = self.files.files.get(number as usize) else { return false };
        #[cfg(feature = "netcdf")]
        if matches!(self.description.format, Some(FileFormat::Parquet | FileFormat::Arrow)) {
            let opened = self.opened(number, file);
            return !self.is_proof && matches!(opened, Ok(Some(opened)) if opened.is_divisible());
        }
        let is_text = matches!(self.description.format, None | Some(FileFormat::Text));
        // Records without a time are told apart by the number of their line.
        is_text
            && !self.is_proof
            && self.schema.time.start.is_none()
            && std::fs::File::open(self.path(file)).is_ok_and(|mut opened| {
                let mut start = [0; 16];
                let read = std::io::Read::read(&mut opened, &mut start).unwrap_or(0);
                Packing::detect(start.get(..read).unwrap_or_default()) == Packing::Plain
            })
    }

    fn piece(&self, _: u32, piece: u64) -> u64 {
        match self.description.format {
            Some(FileFormat::Parquet | FileFormat::Arrow) => piece / PACKED,
            _ => piece,
        }
    }

    fn digest(&self) -> u64 {
        self.digest
    }

    fn read(
        &self,
        number: u32,
        range: Option<Range<u64>>,
        rows: &mut Rows,
        batch: &mut Batch,
        give: &mut dyn FnMut(&mut Rows) -> Result<()>,
    ) -> Result<bool> {
        let Some(file) = self.files.files.get(number as usize) else { return Ok(true) };
        if range.is_none() {
            let mut kept = self.kept();
            let outcome = self.small(file, &mut kept, rows, give)?;
            lock(&self.readers).push(kept);
            if let Some(outcome) = outcome {
                batch.bytes += file.bytes;
                return self.add(outcome, batch);
            }
        }
        if let Some(fault) = self.changed(file) {
            self.refuse(&fault)?;
            batch.add_faults([fault]);
            return Ok(false);
        }
        let is_first = range.as_ref().is_none_or(|range| range.start == 0);
        #[cfg(feature = "netcdf")]
        if matches!(self.description.format, Some(FileFormat::Parquet | FileFormat::Arrow)) {
            let opened = self.opened(number, file);
            let Some(opened) = self.usable(opened, file, is_first, batch)? else { return Ok(true) };
            if let Some(opened) = opened {
                return self.columnar(&opened, file, range, rows, batch, give);
            }
        }
        let table =
            head::read(&self.path(file), self.description).and_then(|head| self.schema.table(file, &head));
        let Some(table) = self.usable(table, file, is_first, batch)? else { return Ok(true) };
        if !rows.is_empty() && (rows.fields != table.fields || gather::is_full(rows)) {
            give(rows)?;
        }
        batch.bytes += range.as_ref().map_or(file.bytes, |range| range.end - range.start);
        let outcome = self.text(file, &table, range, rows, give)?;
        self.add(outcome, batch)
    }
}

impl FileReader<'_> {
    /// What was found of a file, or else its fault is told: of a file that is read in parts by the first one.
    fn usable<T>(
        &self,
        found: std::result::Result<T, RecordFault>,
        file: &RecordFile,
        is_first: bool,
        batch: &mut Batch,
    ) -> Result<Option<T>> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(fault) => {
                let fault = RecordFault { file: file.name(), ..fault };
                if is_first {
                    self.refuse(&fault)?;
                    batch.add_faults([fault]);
                }
                Ok(None)
            }
        }
    }

    /// The fault of a file that is not the one that was listed.
    fn changed(&self, file: &RecordFile) -> Option<RecordFault> {
        let metadata = std::fs::metadata(self.path(file)).ok()?;
        let is_same = (metadata.len(), modified(&metadata)) == (file.bytes, file.modified);
        (!is_same).then(|| RecordFault {
            file: file.name(),
            line: None,
            kind: RecordFaultKind::Changed,
            message: "it was changed since the files were listed; start again when nobody writes it"
                .to_owned(),
        })
    }

    /// Adds what became of a file to its batch; says whether its records count.
    fn add(&self, outcome: Outcome, batch: &mut Batch) -> Result<bool> {
        if let Some(fault) = outcome.faults.first() {
            self.refuse(fault)?;
        }
        let named = outcome.faults.len() as u64;
        batch.lines += outcome.lines;
        batch.other_header |= outcome.other_header.is_some();
        batch.more += outcome.lines.faulty.saturating_sub(named);
        batch.add_faults(outcome.faults.into_iter().take(MOST_FAULTS));
        Ok(outcome.is_whole)
    }

    /// Ends the work where the description wants no fault.
    fn refuse(&self, fault: &RecordFault) -> Result<()> {
        match self.description.text.bad {
            Some(Bad::Error) => Err(Error::config(&self.files.base, fault.to_string())),
            _ => Ok(()),
        }
    }
}
