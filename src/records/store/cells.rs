//! Reading a store: all values of a cell on the axis of time.

use std::collections::HashMap;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use twox_hash::XxHash3_64;

use crate::model::element::Element;
use crate::records::description::Repeated;
use crate::records::exact::{self, ExactSum};

use super::decimals;
use super::directory::{Directory, Part};
use super::segment::{Entry, Kept};

mod numbers;

use numbers::{MOST_PARTS, number_of, parts_of, put_bits, put_number, put_sum};

/// A store that is read as cells.
#[derive(Debug)]
pub struct Cells {
    /// All segments, in the order of files and lines.
    pub parts: Vec<Part>,
    /// For each segment, the slot of each of its columns.
    pub slots_of: Vec<Arc<Vec<u32>>>,
    /// For each segment its family: segments that share a slot, by whatever ways, may repeat each other's records.
    pub families: Vec<u32>,
    /// Where blocks are.
    pub directory: Directory,
    /// The type of each slot: a field, or a field and a label.
    pub slots: Vec<Element>,
    /// For each slot the decimals whose bits are kept; all bits otherwise.
    pub decimals: Vec<Option<u32>>,
    /// What several records of one cell and step become.
    pub repeated: Repeated,
    /// Whether records have keys, which none of a place and step may have twice.
    pub is_keyed: bool,
    /// The value where there is no record of a step that some cell has one of.
    pub absent: Option<f64>,
    /// The axis: its first step, and how many it has.
    pub axis: (i64, usize),
    /// Runs of steps that some record has.
    pub steps: Vec<(i64, i64)>,
}

/// The values of a cell.
#[derive(Debug, Default)]
pub struct CellValues {
    /// Slot after slot, step after step.
    pub bytes: Vec<u8>,
    /// Where each slot's values begin.
    pub starts: Vec<usize>,
    /// Bytes that were read.
    pub read: u64,
}

impl CellValues {
    /// Drops the values, not their memory.
    pub fn forget(&mut self) {
        self.bytes.clear();
        self.starts.clear();
        self.read = 0;
    }
}

/// The family of each segment, by the slots of its columns: those that share one, and those that share one with these, are of one.
pub fn families(slots_of: &[Arc<Vec<u32>>]) -> Vec<u32> {
    // Most segments have one of a few lists.
    let mut lists: Vec<(&Arc<Vec<u32>>, u32)> = Vec::new();
    let mut numbers = Vec::with_capacity(slots_of.len());
    for slots in slots_of {
        let known = lists.iter().position(|(list, _)| Arc::ptr_eq(list, slots));
        numbers.push(known.unwrap_or_else(|| {
            let family = lists.len() as u32;
            let near: Vec<u32> = lists
                .iter()
                .filter(|(list, _)| list.iter().any(|slot| slots.contains(slot)))
                .map(|&(_, family)| family)
                .collect();
            lists.iter_mut().filter(|(_, one)| near.contains(one)).for_each(|(_, one)| *one = family);
            lists.push((slots, family));
            lists.len() - 1
        }));
    }
    numbers.into_iter().map(|index| lists.get(index).map_or(0, |&(_, family)| family)).collect()
}

/// Writes the bytes of a value again and again.
fn fill(bytes: &mut [u8], value: &[u8]) {
    fn all<const N: usize>(bytes: &mut [u8], value: &[u8]) {
        let Some(value) = value.first_chunk::<N>() else { return };
        bytes.as_chunks_mut::<N>().0.fill(*value);
    }
    match value.len() {
        4 => all::<4>(bytes, value),
        8 => all::<8>(bytes, value),
        size => bytes.chunks_exact_mut(size.max(1)).for_each(|place| place.copy_from_slice(value)),
    }
}

/// Blocks that could not be read.
#[derive(Debug)]
pub enum Damage {
    /// By the system.
    Io(std::io::Error),
    /// They are not what was written.
    Checksum,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Damage::Io(error) => write!(f, "what was read of its records cannot be read again: {error}"),
            Damage::Checksum => f.write_str("what was read of its records is damaged; read them anew"),
        }
    }
}

/// A block that was read.
pub(super) struct Block<'a> {
    pub(super) entry: Entry,
    part: &'a Part,
    pub(super) slots: &'a Arc<Vec<u32>>,
    pub(super) family: u32,
    bytes: &'a [u8],
}

impl Block<'_> {
    /// Whether a step, counted from the block's first, has a record.
    pub(super) fn has(&self, step: usize) -> bool {
        !self.entry.has_gaps || self.bytes.get(step / 8).is_some_and(|byte| byte >> (step % 8) & 1 == 1)
    }

    /// The columns: their slots, how they are kept, and their bytes.
    fn columns(&self) -> impl Iterator<Item = (u32, &Kept, &[u8])> {
        let count = self.entry.count as usize;
        let mut at = if self.entry.has_gaps { count.div_ceil(8) } else { 0 };
        self.part.segment.columns.iter().zip(self.slots.iter()).map(move |(kept, &slot)| {
            let length = count * kept.size();
            let bytes = self.bytes.get(at..at + length).unwrap_or_default();
            at += length;
            (slot, kept, bytes)
        })
    }
}

impl Block<'_> {
    /// The keys of its records, step after step.
    pub(super) fn keys(&self) -> &[u8] {
        let count = self.entry.count as usize;
        let bits = if self.entry.has_gaps { count.div_ceil(8) } else { 0 };
        let width: usize = self.part.segment.columns.iter().map(Kept::size).sum();
        self.bytes.get(bits + count * width..).unwrap_or_default()
    }
}

/// What becomes of several values of a slot and step.
#[derive(Default)]
struct Several {
    sum: ExactSum,
    count: u64,
    value: Option<f64>,
    bits: Option<u64>,
    /// Whether it cannot be told which of its terms count.
    is_unknown: bool,
}

impl Cells {
    /// The blocks of places, in the order of files and lines.
    ///
    /// # Errors
    /// Those of reading.
    pub fn entries(&self, places: &[u32]) -> std::io::Result<Vec<(u32, Entry)>> {
        let mut entries = Vec::new();
        for &place in places {
            entries.extend(self.directory.entries(place as usize)?);
        }
        if places.len() > 1 {
            entries.sort_by_key(|(number, entry)| (*number, entry.first));
        }
        Ok(entries)
    }

    /// Reads the values of a cell, whose records name it by these places.
    ///
    /// Memory: the values of all steps, and a block.
    ///
    /// # Errors
    /// [`Damage`].
    pub fn read(&self, places: &[u32], values: &mut CellValues, buffer: &mut Vec<u8>) -> Result<(), Damage> {
        self.begin(values);
        let entries = self.entries(places).map_err(Damage::Io)?;
        let several = self.overlaps(&entries, buffer)?;
        let mut sums: HashMap<(u32, usize), Several> = HashMap::new();
        let without = match &several {
            Some(several) if self.is_keyed => self.again(&entries, several, buffer)?,
            _ => Vec::new(),
        };
        for (place, &(number, entry)) in entries.iter().enumerate() {
            let block = self.block(number, entry, buffer)?;
            values.read += block.bytes.len() as u64;
            self.put((place, &block), (several.as_deref(), &without), values, &mut sums);
        }
        for ((slot, step), found) in sums {
            let (Some(&start), Some(&element)) =
                (values.starts.get(slot as usize), self.slots.get(slot as usize))
            else {
                continue;
            };
            let at = start + step * element.size();
            if let Some(target) = values.bytes.get_mut(at..at + element.size()) {
                match (self.repeated, found.bits) {
                    _ if found.is_unknown => put_number(None, element, target),
                    (Repeated::Sum | Repeated::Mean, _) => {
                        put_sum(found.sum.parts(), found.count, self.repeated, element, target);
                    }
                    (_, Some(bits)) => put_bits(bits, target),
                    (_, None) => put_number(None, element, target),
                }
            }
        }
        self.trim(values);
        Ok(())
    }

    /// Drops bits that the text did not have.
    fn trim(&self, values: &mut CellValues) {
        let CellValues { bytes, starts, .. } = values;
        for ((&start, &element), &decimals) in starts.iter().zip(&self.slots).zip(&self.decimals) {
            if let Some(decimals) = decimals {
                let (size, steps) = (element.size(), self.axis.1);
                decimals::trim(
                    bytes.get_mut(start..start + size * steps).unwrap_or_default(),
                    size,
                    decimals,
                );
            }
        }
    }

    /// Makes room, with what stands where there is no record.
    fn begin(&self, values: &mut CellValues) {
        let (first, steps) = self.axis;
        values.forget();
        for &element in &self.slots {
            let (start, size) = (values.bytes.len(), element.size());
            values.starts.push(start);
            let mut missing = [0; 8];
            let missing = missing.get_mut(..size).unwrap_or_default();
            put_number(None, element, missing);
            values.bytes.resize(start + steps * size, 0);
            fill(values.bytes.get_mut(start..).unwrap_or_default(), missing);
            let Some(number) = self.absent else { continue };
            put_number(Some(number), element, missing);
            for &(from, until) in &self.steps {
                let range = (from - first).max(0) as usize..((until - first + 1).max(0) as usize).min(steps);
                let bytes = values.bytes.get_mut(start + range.start * size..start + range.end * size);
                fill(bytes.unwrap_or_default(), missing);
            }
        }
    }

    pub(super) fn block<'a>(
        &'a self,
        number: u32,
        entry: Entry,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Block<'a>, Damage> {
        let at = number as usize;
        let (Some(part), Some(slots), Some(&family)) =
            (self.parts.get(at), self.slots_of.get(at), self.families.get(at))
        else {
            return Err(Damage::Checksum);
        };
        let end = entry.offset.checked_add(u64::from(entry.length));
        let is_there = end.is_some_and(|end| end <= part.end());
        let (first, steps) = self.axis;
        if !is_there || entry.first < first || entry.end() > first.saturating_add(steps as i64) {
            return Err(Damage::Checksum);
        }
        buffer.resize(entry.length as usize, 0);
        part.file.read_exact_at(buffer, entry.offset).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Damage::Checksum,
            _ => Damage::Io(error),
        })?;
        if XxHash3_64::oneshot(buffer) != entry.checksum {
            return Err(Damage::Checksum);
        }
        Ok(Block { entry, part, slots, family, bytes: buffer })
    }

    /// For each step of the axis how many blocks have a record of it, where some have more than one; blocks of other columns apart.
    pub(super) fn overlaps(
        &self,
        entries: &[(u32, Entry)],
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Vec<Overlap>>, Damage> {
        let mut kinds: Vec<Overlap> = Vec::new();
        for &(number, entry) in entries {
            let Some(&family) = self.families.get(number as usize) else { return Err(Damage::Checksum) };
            let index = kinds.iter().position(|kind| kind.family == family);
            let index = index.unwrap_or_else(|| {
                kinds.push(Overlap { family, spans: Vec::new(), counts: Vec::new() });
                kinds.len() - 1
            });
            if let Some(kind) = kinds.get_mut(index) {
                kind.spans.push((entry.first, entry.end(), number, entry));
            }
        }
        let mut any = false;
        for kind in &mut kinds {
            kind.spans.sort_unstable_by_key(|&(first, end, ..)| (first, end));
            let meets = |pair: &[(i64, i64, u32, Entry)]| matches!(pair, [one, next] if next.0 < one.1);
            let mut reach = i64::MIN;
            let is_any = kind.spans.iter().any(|&(first, end, ..)| {
                let meets = first < reach;
                reach = reach.max(end);
                meets
            });
            if !is_any && !kind.spans.windows(2).any(meets) {
                continue;
            }
            kind.counts = vec![0; self.axis.1];
            for (_, _, number, entry) in std::mem::take(&mut kind.spans) {
                let block = self.block(number, entry, buffer)?;
                for step in (0..entry.count as usize).filter(|&step| block.has(step)) {
                    let at = (entry.first - self.axis.0) as usize + step;
                    if let Some(count) = kind.counts.get_mut(at) {
                        *count = count.saturating_add(1);
                    }
                }
            }
            any |= kind.counts.iter().any(|&count| count > 1);
        }
        Ok(any.then_some(kinds))
    }

    /// Puts a block's values to their places; those of steps that several blocks have into `sums`.
    fn put(
        &self,
        (place, block): (usize, &Block<'_>),
        (several, without): (Option<&[Overlap]>, &[Again]),
        values: &mut CellValues,
        sums: &mut HashMap<(u32, usize), Several>,
    ) {
        let offset = (block.entry.first - self.axis.0) as usize;
        let count = block.entry.count as usize;
        let kind = several.and_then(|kinds| kinds.iter().find(|kind| kind.family == block.family));
        let is_several = |step: usize| {
            kind.is_some_and(|kind| kind.counts.get(offset + step).is_some_and(|&count| count > 1))
        };
        let is_plain = !block.entry.has_gaps && kind.is_none_or(|kind| kind.counts.is_empty());
        for (slot, kept, bytes) in block.columns() {
            let (Some(&start), Some(&element)) =
                (values.starts.get(slot as usize), self.slots.get(slot as usize))
            else {
                continue;
            };
            let size = element.size();
            let target = values.bytes.get_mut(start + offset * size..start + (offset + count) * size);
            let target = target.unwrap_or_default();
            if is_plain && kept.parts == 0 {
                if target.len() == bytes.len() {
                    target.copy_from_slice(bytes);
                }
                continue;
            }
            if is_plain && kept.is_short && kept.size() == 12 && element == Element::Float32 {
                let (values, _) = bytes.as_chunks::<12>();
                for (target, value) in target.as_chunks_mut::<4>().0.iter_mut().zip(values) {
                    *target = exact::short_to_f32(*value).to_le_bytes();
                }
                continue;
            }
            let each = target.chunks_exact_mut(size).zip(bytes.chunks_exact(kept.size().max(1))).enumerate();
            for (step, (target, value)) in each {
                if !block.has(step) {
                    continue;
                }
                if is_several(step) {
                    let own = without.binary_search_by_key(&(place, step), |again| (again.place, again.step));
                    let again = own.ok().and_then(|own| without.get(own));
                    if again.is_some_and(|again| again.is_all) {
                        continue;
                    }
                    let found = sums.entry((slot, offset + step)).or_default();
                    found.is_unknown |= again.is_some();
                    self.add(found, kept, value);
                } else if kept.parts == 0 {
                    target.copy_from_slice(value);
                } else {
                    let mut parts = [0.0; MOST_PARTS];
                    let (parts, count) = parts_of(value, kept, &mut parts);
                    put_sum(parts, count, self.repeated, element, target);
                }
            }
        }
    }

    fn add(&self, found: &mut Several, kept: &Kept, bytes: &[u8]) {
        if kept.parts > 0 {
            let mut parts = [0.0; MOST_PARTS];
            let (parts, count) = parts_of(bytes, kept, &mut parts);
            if count > 0 {
                found.sum.extend(parts.iter().copied().filter(|&part| part != 0.0));
                found.count += count;
            }
            return;
        }
        let mut value = [0; 8];
        value.get_mut(..bytes.len()).unwrap_or_default().copy_from_slice(bytes);
        let bits = u64::from_le_bytes(value);
        let number = number_of(bits, kept.element);
        let takes = match self.repeated {
            Repeated::Last => true,
            Repeated::Min => number.is_some_and(|new| found.value.is_none_or(|old| new < old)),
            Repeated::Max => number.is_some_and(|new| found.value.is_none_or(|old| new > old)),
            _ => found.bits.is_none(),
        };
        if takes || found.bits.is_none() {
            (found.bits, found.value) = (Some(bits), number);
        }
    }
}

/// A step of a block of which some records have keys of earlier blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Again {
    /// Which of the cell's blocks.
    pub place: usize,
    /// The step, counted from the block's first.
    pub step: usize,
    /// The first of the earlier blocks.
    pub first: usize,
    /// Whether all of them have: nothing of the step counts. Otherwise what they are together cannot be told apart.
    pub is_all: bool,
}

/// How many blocks with the same columns have a record of each step.
pub(super) struct Overlap {
    pub(super) family: u32,
    spans: Vec<(i64, i64, u32, Entry)>,
    /// Empty where no blocks overlap.
    pub(super) counts: Vec<u8>,
}
