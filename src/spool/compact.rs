//! Disk space of pieces that nothing needs any more is given back.
//!
//! A segment is only ever appended to: pieces that were made anew leave their old bytes behind. Where these are more than half
//! of what a segment takes on the disk, blocks of them become holes in it. All other bytes, and all lines of the journals, stay
//! where they are.
//!
//! What is needed is counted in bytes of pieces, not in blocks: in how many blocks pieces lie depends on which threads came when.
//!
//! A loss of power must not leave a record that counts without its bytes. So a record is first retired, if it was not; then
//! everything that was recorded goes to the disk, that which took its place included; only then its bytes go.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::journal;
use super::record::{Line, Location, Record, RecordId};
use super::{Spool, Task, path_of};
use crate::error::{Error, Result};
use crate::shared;

/// What file systems take and give back at a time; those that have larger blocks give back those that are free as a whole.
const BLOCK: u64 = 4 << 10;

/// More blocks are not looked at one by one: longer segments have larger ones.
const MOST_BLOCKS: u64 = 1 << 28;

/// Records that one line retires.
const RETIRED: usize = 100_000;

/// What became of bytes that nothing needs.
#[derive(Debug, Default)]
pub(crate) struct Compacted {
    /// Bytes that the disk got back.
    pub freed: u64,
    /// Bytes that stay, and why.
    pub kept: Option<(u64, io::Error)>,
}

impl Spool {
    /// Gives the disk space of dead pieces back, for each of the tasks of whose segment more than half is dead. Nobody else
    /// may work as one of them. Nothing is done to pieces of records that `is_live` is true for.
    ///
    /// Memory: a bit for each block of the segments.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io), [`Foreign`](crate::ErrorKind::Foreign). A file system that has no holes is no error.
    pub(crate) fn compact(&self, tasks: &[Task], is_live: impl Fn(RecordId) -> bool) -> Result<Compacted> {
        let mut wasteful = Vec::new();
        for &task in tasks {
            wasteful.extend(self.look(task, &is_live)?);
        }
        if wasteful.is_empty() {
            return Ok(Compacted::default());
        }
        // What other journals say may not be on the disk yet.
        let mut retired = HashSet::new();
        journal::read(&path_of(&self.folder, "journal", self.task), |_, line: Line| {
            if let Record::Retire(records) = line.record
                && line.under.epoch == self.under.epoch
            {
                retired.extend(records);
            }
        })?;
        let dead = wasteful.iter().flat_map(|waste| &waste.records).copied();
        let dead: Vec<RecordId> = dead.filter(|id| !retired.contains(id)).collect();
        for records in dead.chunks(RETIRED) {
            self.record(Record::Retire(records.to_vec()))?;
        }
        self.flush(tasks)?;
        let mut compacted = Compacted::default();
        for waste in wasteful {
            let (before, punched) = (waste.taken()?, waste.punch());
            let freed = before.saturating_sub(waste.taken()?);
            compacted.freed += freed;
            if let Err(error) = punched {
                let kept = compacted.kept.map_or(0, |(bytes, _)| bytes);
                compacted.kept = Some((kept + waste.dead.saturating_sub(freed), error));
            }
        }
        Ok(compacted)
    }

    /// What is dead of a task's segment, where that is more than half.
    fn look(&self, task: Task, is_live: &impl Fn(RecordId) -> bool) -> Result<Option<Waste>> {
        let path = path_of(&self.folder, "segment", task);
        let file = match shared::open_own(&path, File::options().read(true).write(true)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|source| shared::error("open", &path, source))?,
        };
        let length = file.metadata().map_err(|source| Error::io("look at", &path, source))?.len();
        let mut blocks = Blocks::new(length);
        let (mut records, mut end, mut named) = (Vec::new(), 0, 0u64);
        journal::read(&path_of(&self.folder, "journal", task), |at, line: Line| {
            if line.under.epoch != self.under.epoch {
                return;
            }
            let id = RecordId { task, at };
            let (is_live, mut has_pieces) = (is_live(id), false);
            line.record.each_place(&mut |place| {
                (has_pieces, end) = (true, place.end().max(end));
                // Pieces do not overlap. Those of a journal that somebody made up may, and would take for ever.
                if is_live && named <= length {
                    named = named.saturating_add(u64::from(place.length));
                    blocks.keep(place);
                }
            });
            if has_pieces && !is_live {
                records.push(id);
            }
        })?;
        let mut waste = Waste { path, file, blocks, records, end: end.min(length), dead: 0 };
        let most = length.next_multiple_of(BLOCK);
        if is_mostly_dead(most, named) {
            // What is not on the disk yet does not count as taken there, and would hide what is dead.
            waste.file.sync_data().map_err(|source| Error::io("write to the disk", &waste.path, source))?;
        }
        // Some file systems keep more for a file than it is long.
        let taken = waste.taken()?.min(most);
        waste.dead = taken.saturating_sub(waste.blocks.kept());
        // The block of the end stays.
        let is_worth_it = waste.dead > waste.blocks.size && is_mostly_dead(taken, named);
        Ok((named <= length && is_worth_it).then_some(waste))
    }

    /// Waits until all that these tasks recorded is on the disk.
    fn flush(&self, tasks: &[Task]) -> Result<()> {
        self.segment.sync_data().map_err(|source| Error::io("write to the disk", &self.path, source))?;
        self.journal.sync()?;
        for &task in tasks.iter().filter(|&&task| task != self.task) {
            for kind in ["segment", "journal"] {
                let path = path_of(&self.folder, kind, task);
                match shared::open(&path, File::options().read(true)) {
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    file => {
                        let synced = file.and_then(|file| file.sync_data());
                        synced.map_err(|source| shared::error("write to the disk", &path, source))?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A segment of which more than half is dead.
struct Waste {
    path: std::path::PathBuf,
    file: File,
    blocks: Blocks,
    /// Records whose pieces are dead.
    records: Vec<RecordId>,
    /// Where the last piece ends that has a record.
    end: u64,
    /// Bytes of blocks that it takes on the disk and that no needed piece has a part of.
    dead: u64,
}

impl Waste {
    /// Bytes that the segment takes on the disk.
    fn taken(&self) -> Result<u64> {
        taken(&self.file, &self.path)
    }

    /// Makes holes of what is dead.
    fn punch(&self) -> io::Result<()> {
        // Behind its end a task that has just begun may be writing.
        self.blocks.dead_below(self.end).try_for_each(|(offset, length)| punch(&self.file, offset, length))
    }
}

/// Whether more than half of what a segment takes is not of pieces that are needed.
fn is_mostly_dead(taken: u64, needed: u64) -> bool {
    taken.saturating_sub(needed) > needed
}

/// Bytes that a file takes on the disk.
fn taken(file: &File, path: &Path) -> Result<u64> {
    let metadata = file.metadata().map_err(|source| Error::io("look at", path, source))?;
    Ok(metadata.blocks().saturating_mul(512))
}

#[cfg(target_os = "linux")]
fn punch(file: &File, offset: u64, length: u64) -> io::Result<()> {
    use nix::fcntl::{FallocateFlags, fallocate};
    let number = |value: u64| i64::try_from(value).map_err(|_| io::Error::from(ErrorKind::FileTooLarge));
    let (offset, length) = (number(offset)?, number(length)?);
    let mode = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    loop {
        match fallocate(file, mode, offset, length) {
            Err(nix::errno::Errno::EINTR) => {}
            done => return Ok(done?),
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn punch(_: &File, _: u64, _: u64) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Which blocks of a segment have a byte that is needed.
#[derive(Debug)]
struct Blocks {
    /// Bytes of a block.
    size: u64,
    /// Bytes of the segment.
    length: u64,
    bits: Vec<u64>,
}

impl Blocks {
    fn new(length: u64) -> Self {
        let size = BLOCK.max(length.div_ceil(MOST_BLOCKS).next_power_of_two());
        Blocks { size, length, bits: vec![0; length.div_ceil(size).div_ceil(64) as usize] }
    }

    /// Marks what a piece takes; what lies behind the segment's end is not there.
    fn keep(&mut self, place: &Location) {
        let end = place.end().min(self.length);
        if place.offset >= end {
            return;
        }
        for block in place.offset / self.size..=(end - 1) / self.size {
            if let Some(word) = self.bits.get_mut((block / 64) as usize) {
                *word |= 1 << (block % 64);
            }
        }
    }

    /// Bytes of the blocks that are kept.
    fn kept(&self) -> u64 {
        self.size * self.bits.iter().map(|word| u64::from(word.count_ones())).sum::<u64>()
    }

    fn is_kept(&self, block: u64) -> bool {
        self.bits.get((block / 64) as usize).is_some_and(|word| word >> (block % 64) & 1 == 1)
    }

    /// Runs of dead blocks that end before a place: first byte and length.
    fn dead_below(&self, end: u64) -> impl Iterator<Item = (u64, u64)> {
        let (mut block, until) = (0, end / self.size);
        std::iter::from_fn(move || {
            block = (block..until).find(|&block| !self.is_kept(block))?;
            let first = block;
            block = (block..until).find(|&block| self.is_kept(block)).unwrap_or(until);
            Some((first * self.size, (block - first) * self.size))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{Piece, Under, Unit};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// No byte of a piece that is kept is in a hole, and every whole block without one is.
        #[test]
        fn holes_are_what_no_piece_has(
            pieces in prop::collection::vec((0u64..300_000, 0u32..40_000), 0..12),
            length in 0u64..320_000,
            end in 0u64..320_000,
        ) {
            let mut blocks = Blocks::new(length);
            for &(offset, length) in &pieces {
                blocks.keep(&Location { offset, length, checksum: 0 });
            }
            let end = end.min(length);
            let holes: Vec<(u64, u64)> = blocks.dead_below(end).collect();
            let is_dead = |from: u64, until: u64| {
                pieces.iter().all(|&(offset, length)| offset + u64::from(length) <= from || offset >= until || length == 0)
            };
            for &(offset, length) in &holes {
                prop_assert!(length > 0 && offset + length <= end && is_dead(offset, offset + length));
            }
            for block in (0..end / BLOCK).map(|block| block * BLOCK).filter(|&block| is_dead(block, block + BLOCK)) {
                prop_assert!(holes.iter().any(|&(offset, length)| (offset..offset + length).contains(&block)));
            }
        }
    }

    /// Units are made at the same time, so that their pieces lie in turns, and share blocks.
    #[test]
    fn pieces_that_lie_in_turns_do_not_hide_what_is_dead() {
        const PIECE: usize = 3000;
        let folder = tempfile::tempdir().expect("a folder");
        let under = Under { epoch: 1, plan: 1, number: 0 };
        let spool = Spool::open(folder.path(), Task::number(0), under, 0).expect("a spool");
        let mut units = vec![Unit::default(); 3];
        for number in 0..100 {
            for (unit, byte) in units.iter_mut().zip(1u8..) {
                let place = spool.append(&[byte; PIECE]).expect("a piece");
                unit.pieces.push(Piece { layer: 0, days: number, is_encoded: true, place });
            }
        }
        let record = |unit: &Unit| spool.record(Record::Unit(unit.clone())).expect("a record");
        let ids: Vec<RecordId> = units.iter().map(record).collect();
        let give_back =
            |live: &[RecordId]| spool.compact(&[Task::number(0)], |id| live.contains(&id)).expect("a spool");
        assert_eq!(give_back(&ids[..2]).freed, 0, "less than half is dead");
        assert!(give_back(&ids[..1]).freed > 30 * PIECE as u64);
        assert_eq!(give_back(&ids[..1]).freed, 0, "nothing is left to be given back");
        let mut bytes = Vec::new();
        for piece in &units[0].pieces {
            assert!(spool.read(Task::number(0), &piece.place, &mut bytes).expect("a piece"));
        }
    }

    #[test]
    fn the_longest_segments_take_little_memory() {
        let blocks = Blocks::new(u64::MAX);
        assert!(blocks.bits.len() as u64 <= MOST_BLOCKS / 64);
        assert_eq!(blocks.size.count_ones(), 1);
    }
}
