//! Records of different segments that have one place and time: which repeat others, and what becomes of those that have keys.

use std::collections::HashMap;
use std::sync::Arc;

use super::cells::{Again, Block, Cells, Damage, Overlap};
use super::segment::{Entry, keys};

/// Records of a block that repeat those of an earlier one.
#[derive(Debug, Clone, PartialEq)]
pub struct Repeat {
    /// Which of the cell's blocks these are.
    places: (usize, usize),
    /// The earlier one, with its segment's number.
    pub first: (u32, Entry),
    /// The other one.
    pub other: (u32, Entry),
    /// The first step that both have.
    pub from: i64,
    /// Steps that both have.
    pub steps: u64,
    /// Those of them whose value is not known, since only a part of what was made one repeats others.
    pub unknown: u64,
}

/// Whether two blocks have a column in common.
fn meet(one: &Arc<Vec<u32>>, other: &Arc<Vec<u32>>) -> bool {
    Arc::ptr_eq(one, other) || one.iter().any(|slot| other.contains(slot))
}

impl Cells {
    /// Steps of a cell that several blocks have a record of, and these blocks, with the numbers of their segments: the first and another one.
    ///
    /// # Errors
    /// [`Damage`].
    pub fn repeats(&self, places: &[u32], buffer: &mut Vec<u8>) -> Result<Vec<Repeat>, Damage> {
        let entries = self.entries(places).map_err(Damage::Io)?;
        let Some(several) = self.overlaps(&entries, buffer)? else { return Ok(Vec::new()) };
        let again = match self.is_keyed {
            true => self.again(&entries, &several, buffer)?,
            false => self.same_step(&entries, &several, buffer)?,
        };
        let mut found: Vec<Repeat> = Vec::new();
        for Again { place, step, first, is_all } in again {
            let (Some(&one), Some(&other)) = (entries.get(first), entries.get(place)) else { continue };
            let unknown = u64::from(!is_all);
            match found.iter_mut().find(|known| known.places == (first, place)) {
                Some(known) => {
                    known.steps += 1;
                    known.unknown += unknown;
                }
                None => {
                    let from = other.1.first + step as i64;
                    found.push(Repeat { places: (first, place), first: one, other, from, steps: 1, unknown });
                }
            }
        }
        Ok(found)
    }

    /// Steps that an earlier block has a record of.
    fn same_step(
        &self,
        entries: &[(u32, Entry)],
        several: &[Overlap],
        buffer: &mut Vec<u8>,
    ) -> Result<Vec<Again>, Damage> {
        // The blocks that have a record of a step, of which most have one or two.
        let mut before: HashMap<i64, Vec<usize>> = HashMap::new();
        let mut found = Vec::new();
        self.each(entries, several, buffer, |place, block, step, _| {
            let earlier = before.entry(block.entry.first + step as i64).or_default();
            let one = earlier.iter().copied().find(|&one| {
                let number = entries.get(one).and_then(|(number, _)| self.slots_of.get(*number as usize));
                number.is_some_and(|slots| meet(slots, block.slots))
            });
            earlier.push(place);
            found.extend(one.map(|first| Again { place, step, first, is_all: true }));
        })?;
        Ok(found)
    }

    /// Steps of which some record has a key that an earlier block has at the same time, in order.
    pub(super) fn again(
        &self,
        entries: &[(u32, Entry)],
        several: &[Overlap],
        buffer: &mut Vec<u8>,
    ) -> Result<Vec<Again>, Damage> {
        type Earlier<'a> = Vec<(usize, &'a Arc<Vec<u32>>, Vec<u64>)>;
        let mut before: HashMap<i64, Earlier<'_>> = HashMap::new();
        let mut found = Vec::new();
        self.each(entries, several, buffer, |place, block, step, keys| {
            let earlier = before.entry(block.entry.first + step as i64).or_default();
            let has = |one: &(usize, &Arc<Vec<u32>>, Vec<u64>), key: &u64| {
                meet(one.1, block.slots) && one.2.binary_search(key).is_ok()
            };
            let twice = keys.iter().filter(|key| earlier.iter().any(|one| has(one, key))).count();
            if twice > 0 {
                let first = earlier.iter().find(|one| keys.iter().any(|key| has(one, key)));
                let first = first.map_or(place, |one| one.0);
                found.push(Again { place, step, first, is_all: twice == keys.len() });
            }
            if let Some(slots) =
                entries.get(place).and_then(|(number, _)| self.slots_of.get(*number as usize))
            {
                earlier.push((place, slots, keys.to_vec()));
            }
        })?;
        found.sort_unstable_by_key(|again| (again.place, again.step));
        Ok(found)
    }

    /// Shows the steps that several blocks have a record of, block after block, with the keys of their records.
    fn each(
        &self,
        entries: &[(u32, Entry)],
        several: &[Overlap],
        buffer: &mut Vec<u8>,
        mut show: impl FnMut(usize, &Block<'_>, usize, &[u64]),
    ) -> Result<(), Damage> {
        let mut own = Vec::new();
        for (place, &(number, entry)) in entries.iter().enumerate() {
            let block = self.block(number, entry, buffer)?;
            let Some(kind) = several.iter().find(|kind| kind.family == block.family) else { continue };
            let mut rest = block.keys();
            for step in (0..entry.count as usize).filter(|&step| block.has(step)) {
                if self.is_keyed {
                    rest = keys::read(rest, &mut own).ok_or(Damage::Checksum)?;
                }
                let at = entry.first + step as i64 - self.axis.0;
                if usize::try_from(at).is_ok_and(|at| kind.counts.get(at).is_some_and(|&count| count > 1)) {
                    show(place, &block, step, &own);
                }
            }
        }
        Ok(())
    }
}
