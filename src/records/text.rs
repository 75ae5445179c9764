//! Reading lines of text: delimited by a character or by blanks, or of fixed widths.
//!
//! A [`TextReader`] reads a piece of a file in blocks. Most lines it reads from a cursor: each column is read as what it is, with no step before
//! that finds fields. A line that is in any way otherwise (glued, quoted, short, a comment, a header) goes to the way that knows everything, and
//! gives rows, is left out as the description says, or is a named fault. Both ways give the same rows.
//!
//! # Limits
//! Memory is a block, the longest line that is allowed, and rows up to [`TextLimits::rows`]. A longer line is a fault and is left out.

use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

use super::input::{Input, InputFault, InputLimits, Packing};
use super::rows::{Lines, RecordFault, RecordFaultKind, Rows};
use super::schema::{Head, Table, TimeRule};

mod decimal;
mod fields;
mod fixed;
mod line;
mod making;
mod number;
mod plan;
mod quick;
pub mod simple;
mod swar;
mod work;

#[cfg(feature = "netcdf")]
pub(super) use line::in_range;
#[cfg(feature = "netcdf")]
pub(super) use making::{Making, Steps, fixed_label};
pub(super) use making::{StepsOf, truncate};
#[cfg(feature = "netcdf")]
pub(super) use number::{Bad, Field, float, whole};
pub use plan::Dialect;
pub(super) use plan::Plan;
#[cfg(feature = "netcdf")]
pub(super) use plan::{Codes, Op, Times};
use work::Work;

/// What reading text may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextLimits {
    /// Bytes of a line. A longer one is a fault.
    pub line: usize,
    /// Bytes of rows before they are given on.
    pub rows: usize,
    /// Bytes that are read at once.
    pub block: usize,
    /// Faults that are named; the others are counted.
    pub faults: usize,
}

impl Default for TextLimits {
    /// Lines of 16 MiB, 8 MiB of rows, blocks of 1 MiB, 1,000 faults.
    fn default() -> Self {
        TextLimits { line: 16 << 20, rows: 8 << 20, block: 1 << 20, faults: 1_000 }
    }
}

crate::builder::setters!(TextLimits { line: usize, rows: usize, block: usize, faults: usize });

/// A file of text and how it is read.
#[derive(Debug, Clone, Copy)]
pub struct TextFile<'a> {
    /// Its path, as it is listed.
    pub name: &'a str,
    /// Its columns.
    pub table: &'a Table,
    /// Its lines.
    pub dialect: &'a Dialect,
    /// Its times.
    pub time: &'a TimeRule,
}

/// What became of the lines of a piece.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// Where each line went.
    pub lines: Lines,
    /// Faults, with lines counted from 1 at the beginning of the piece, as far as they are named. One of the file as a whole is the last.
    pub faults: Vec<RecordFault>,
    /// Whether the piece was read to its end, and the file stayed what it was. Rows that were given are not to be used otherwise: what a damaged
    /// archive gave before its damage was found may be wrong.
    pub is_whole: bool,
    /// The line, counted from 1, of a header that is another than the first, where the first does not come again behind it. Lines behind it in this
    /// piece are faults; of pieces behind this one nobody knows which columns their lines have.
    pub other_header: Option<u64>,
}

impl Outcome {
    /// The outcome of a file that is not read at all.
    pub(super) fn refused(name: &str, kind: RecordFaultKind, message: String) -> Self {
        let fault = RecordFault { file: name.to_owned(), line: None, kind, message };
        Outcome { faults: vec![fault], ..Outcome::default() }
    }
}

/// Bytes behind a block that are read with its last ones and mean nothing.
const BEHIND: usize = 64;

/// A reader of text, to be used for one piece after the other.
#[derive(Debug, Default)]
pub struct TextReader {
    limits: TextLimits,
    buffer: Vec<u8>,
    steps: making::Steps,
    is_careful: bool,
}

impl TextReader {
    /// A reader that keeps some limits.
    pub fn new(limits: TextLimits) -> Self {
        TextReader { limits, ..TextReader::default() }
    }

    /// Reads every line by the way that knows everything, to compare: slower, and with the same outcome.
    #[must_use]
    pub fn carefully(self) -> Self {
        TextReader { is_careful: true, ..self }
    }

    /// Forgets what it knows of steps. Needed before pieces with another rule of times.
    pub fn forget(&mut self) {
        self.steps.clear();
    }

    /// Opens a file and reads a piece of it; of a packed one, all of it.
    ///
    /// # Errors
    /// Those of `flush` alone: all that is wrong with the file is in the outcome.
    pub fn read_file<E>(
        &mut self,
        path: &Path,
        limits: &InputLimits,
        of: &TextFile<'_>,
        range: Range<u64>,
        rows: &mut Rows,
        flush: &mut dyn FnMut(&mut Rows) -> Result<(), E>,
    ) -> Result<Outcome, E> {
        let refused = |fault: InputFault| Ok(Outcome::refused(of.name, fault.kind, fault.message));
        let mut input = match Input::open(path, limits) {
            Ok(input) => input,
            Err(fault) => return refused(fault),
        };
        let range = match input.packing() {
            Packing::Plain if range.end < input.size() => range,
            Packing::Plain => range.start..u64::MAX,
            _ => 0..u64::MAX,
        };
        if let Err(fault) = input.skip_to(begin_of(&of.table.head, &range)) {
            return refused(fault);
        }
        let mut outcome = self.read(&mut input, of, range, rows, flush)?;
        if let Err(fault) = input.finish()
            && outcome.is_whole
        {
            let InputFault { kind, message, .. } = fault;
            outcome.faults.push(RecordFault { file: of.name.to_owned(), line: None, kind, message });
            outcome.is_whole = false;
        }
        Ok(outcome)
    }

    /// Reads a piece: the lines that begin in a range of a file's bytes, of which `source` gives those from [`begin_of`] it.
    ///
    /// Rows come behind those that are there, which have to be of the same fields. `flush` gets all of them whenever there are many; it may leave them or
    /// take them out, all at once, by [`Rows::clear`] or otherwise. The last ones stay in `rows`.
    ///
    /// # Errors
    /// Those of `flush` alone: all that is wrong with the file is in the outcome.
    pub fn read<E>(
        &mut self,
        source: &mut dyn Read,
        of: &TextFile<'_>,
        range: Range<u64>,
        rows: &mut Rows,
        flush: &mut dyn FnMut(&mut Rows) -> Result<(), E>,
    ) -> Result<Outcome, E> {
        let plan = match Plan::of(of.table, of.dialect, of.time) {
            Ok(plan) => plan,
            Err(message) => return Ok(Outcome::refused(of.name, RecordFaultKind::Columns, message)),
        };
        if !plan.begin(&of.table.fields, rows) {
            let message = "rows of other columns are not given on yet".to_owned();
            return Ok(Outcome::refused(of.name, RecordFaultKind::Columns, message));
        }
        let mut work = Work::new(&plan, of, &self.limits, &mut self.steps, rows);
        if self.is_careful {
            work.be_careful();
        }
        let is_first = range.start == 0;
        let begin = begin_of(&of.table.head, &range);
        if is_first {
            work.outcome.lines.lines = of.table.head.lines;
            work.outcome.lines.skipped = of.table.head.lines;
            work.outcome.lines.heads = of.table.head.lines;
        }
        let mut block = Block { buffer: &mut self.buffer, from: 0, to: 0, offset: begin, is_end: false };
        let read = blocks(source, &mut block, &mut work, &range, &self.limits, flush)?;
        let mut outcome = work.outcome;
        let Err(error) = read else {
            outcome.is_whole = true;
            return Ok(outcome);
        };
        let fault = InputFault::of(&error);
        let (kind, message) = (fault.kind, fault.message);
        outcome.faults.push(RecordFault { file: of.name.to_owned(), line: None, kind, message });
        Ok(outcome)
    }
}

/// The byte of a file from which on it is read for a piece: behind its beginning lines, or one before the piece, which tells whether a line begins
/// with the piece.
pub fn begin_of(head: &Head, range: &Range<u64>) -> u64 {
    if range.start <= head.start { head.start } else { range.start - 1 }
}

/// A part of a file in memory.
struct Block<'a> {
    buffer: &'a mut Vec<u8>,
    from: usize,
    to: usize,
    /// The byte of the file that `buffer` begins with.
    offset: u64,
    is_end: bool,
}

impl Block<'_> {
    /// Reads more behind what is there.
    fn fill(&mut self, source: &mut dyn Read, block: usize) -> io::Result<()> {
        self.buffer.copy_within(self.from..self.to, 0);
        self.offset += self.from as u64;
        self.to -= self.from;
        self.from = 0;
        if self.buffer.len() < self.to + block + BEHIND {
            self.buffer.resize(self.to + block + BEHIND, 0);
        }
        let begin = self.to;
        while self.to - begin < block {
            let free = self.buffer.get_mut(self.to..begin + block).unwrap_or_default();
            match source.read(free) {
                Ok(0) => {
                    self.is_end = true;
                    break;
                }
                Ok(read) => self.to += read.min(free.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.from..self.to).unwrap_or_default()
    }

    /// Drops bytes up to and with the next end of a line; false where the file ends before.
    fn skip_line(&mut self, source: &mut dyn Read, block: usize) -> io::Result<bool> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', self.rest()) {
                self.from += end + 1;
                return Ok(true);
            }
            self.from = self.to;
            if self.is_end {
                return Ok(false);
            }
            self.fill(source, block)?;
        }
    }
}

/// Reads blocks to the end of a range. The outer error is of `flush`, the inner of the source.
fn blocks<E>(
    source: &mut dyn Read,
    block: &mut Block<'_>,
    work: &mut Work<'_, '_>,
    range: &Range<u64>,
    limits: &TextLimits,
    flush: &mut dyn FnMut(&mut Rows) -> Result<(), E>,
) -> Result<io::Result<()>, E> {
    macro_rules! tried {
        ($result:expr) => {
            match $result {
                Ok(value) => value,
                Err(error) => return Ok(Err(error)),
            }
        };
    }
    let size = limits.block.max(BEHIND);
    tried!(block.fill(source, size));
    if range.start > 0 && block.offset + 1 == range.start {
        // The line that the byte before belongs to is of the piece before.
        if !tried!(block.skip_line(source, size)) {
            return Ok(Ok(()));
        }
    } else if block.offset == 0 {
        block.from = if block.rest().starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    }
    loop {
        let at = block.offset + block.from as u64;
        if at >= range.end {
            return Ok(Ok(()));
        }
        // Lines that begin before the end of the range, as far as they are here.
        let left = usize::try_from(range.end - at).unwrap_or(usize::MAX);
        let rest = block.rest();
        let whole = match left <= rest.len() {
            true => memchr::memchr(b'\n', rest.get(left - 1..).unwrap_or_default()).map(|end| left + end),
            false => memchr::memrchr(b'\n', rest).map(|end| end + 1),
        };
        if let Some(whole) = whole {
            work.lines(block.buffer, block.from..block.from + whole, flush)?;
            block.from += whole;
            continue;
        }
        // With a whole line before it, all but the line that is not here was read.
        let earlier = memchr::memrchr(b'\n', rest).filter(|_| left <= rest.len());
        if let Some(end) = earlier {
            work.lines(block.buffer, block.from..block.from + end + 1, flush)?;
            block.from += end + 1;
            continue;
        }
        if block.is_end {
            if block.from < block.to {
                work.last(block.rest(), flush)?;
            }
            return Ok(Ok(()));
        }
        if rest.len() > limits.line {
            work.too_long();
            if !tried!(block.skip_line(source, size)) {
                return Ok(Ok(()));
            }
            continue;
        }
        // A long line is read in steps that grow with it.
        let step = size.max(rest.len());
        tried!(block.fill(source, step));
    }
}

#[cfg(test)]
mod tests;
