//! Turns bytes into literals and matches.

use super::costs::Costs;
use super::symbols::{LONGEST, SEQUENCES, SHORTEST, Sequence};

/// The most that the first byte of a run is taken to cost. It is a frequent byte wherever there are runs, but costs that
/// were learned from a parse without runs would never find out.
const RUN_START: u32 = 3;

/// What is looked for at a place where there is a match.
struct Finder<'a> {
    bytes: &'a [u8],
    end: usize,
    costs: &'a Costs,
    row: usize,
    far_cost: u32,
}

const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// Marks zero bytes with their highest bit.
#[inline(always)]
fn zeros(word: u64) -> u64 {
    !(((word & LOW) + LOW) | word | LOW)
}

#[inline(always)]
pub(super) fn load(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(word) => u64::from_le_bytes(*word),
        None => load_end(bytes, at),
    }
}

#[cold]
fn load_end(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    for (target, source) in word.iter_mut().zip(bytes.get(at..).unwrap_or_default()) {
        *target = *source;
    }
    u64::from_le_bytes(word)
}

/// How many bytes from `at` on equal those that are `distance` before, up to `end`.
#[inline]
pub(super) fn match_length(bytes: &[u8], at: usize, distance: usize, end: usize) -> usize {
    let here = bytes.get(at..end).unwrap_or_default();
    let there = bytes.get(at.wrapping_sub(distance)..).unwrap_or_default();
    let mut length = 0;
    let (words, tail) = here.as_chunks::<8>();
    let (others, _) = there.as_chunks::<8>();
    for (word, other) in words.iter().zip(others) {
        let difference = u64::from_le_bytes(*word) ^ u64::from_le_bytes(*other);
        if difference != 0 {
            return length + (difference.trailing_zeros() >> 3) as usize;
        }
        length += 8;
    }
    let others = there.get(length..).unwrap_or_default();
    length + tail.iter().zip(others).take_while(|(one, other)| one == other).count()
}

/// Parses `bytes[start..end]` into sequences that cover it up to the place that is returned: `end`, unless the block
/// became too long. What is before `start` may be referred to.
pub(super) fn parse(
    bytes: &[u8],
    (start, end): (usize, usize),
    row: usize,
    costs: &Costs,
    sequences: &mut Vec<Sequence>,
) -> usize {
    sequences.clear();
    let finder = Finder { bytes, end, costs, row, far_cost: costs.distance(row) };
    let (mut at, mut done) = (start, start);
    let mut previous = start.checked_sub(1).and_then(|at| bytes.get(at)).copied();
    while at < end {
        if sequences.len() >= SEQUENCES {
            break;
        }
        let word = load(bytes, at);
        let near = match previous {
            Some(byte) => zeros(word ^ (word << 8 | u64::from(byte))),
            // Nothing is before the first byte.
            None => zeros(word ^ word << 8) & !0xff,
        };
        let far = if row <= at { zeros(word ^ load(bytes, at - row)) } else { 0 };
        let (near_runs, far_runs) = (near & near >> 8 & near >> 16, far & far >> 8 & far >> 16);
        let either = near_runs | far_runs;
        if either == 0 {
            // Three zero bytes can start at six of the eight places.
            at += 6;
            previous = Some((word >> 40) as u8);
            continue;
        }
        let skip = either.trailing_zeros() & 56;
        at += (skip >> 3) as usize;
        if at >= end {
            break;
        }
        let is_near = near_runs >> skip & 0x80 != 0;
        let is_far = far_runs >> skip & 0x80 != 0;
        match finder.choose(at, is_near, is_far) {
            Some((literals, length, distance)) => {
                at += literals;
                emit(sequences, at - done, length, distance);
                at += length;
                done = at;
            }
            None => at += 1,
        }
        previous = bytes.get(at.wrapping_sub(1)).copied();
    }
    let end = if at < end { at } else { end };
    if done < end {
        sequences.push(Sequence { literals: (end - done) as u32, length: 0, distance: 0 });
    }
    end
}

/// Adds a match of any length from 3 on.
pub(super) fn emit(sequences: &mut Vec<Sequence>, literals: usize, mut length: usize, distance: usize) {
    let (mut literals, distance) = (literals as u32, distance.wrapping_sub(1) as u16);
    while length > LONGEST {
        // What is left must not become shorter than a match can be.
        let part = LONGEST.min(length - SHORTEST);
        sequences.push(Sequence { literals, length: part as u16, distance });
        literals = 0;
        length -= part;
    }
    sequences.push(Sequence { literals, length: length as u16, distance });
}

impl Finder<'_> {
    /// Which match to take, if any, where there are some with the byte before or the row before: how many literals come
    /// first, its length and its distance.
    #[inline(always)]
    fn choose(&self, at: usize, is_near: bool, is_far: bool) -> Option<(usize, usize, usize)> {
        let Finder { bytes, end, costs, row, .. } = *self;
        // A run that starts here costs a literal more than one that began before, but no extra bits.
        let literals = usize::from(!is_near);
        let run = match_length(bytes, at + literals, 1, end);
        let behind = at + literals + run;
        let literal = costs.literal(bytes.get(at).copied().unwrap_or(0));
        let run_cost = costs.length(run) + costs.near();
        // If the row before differs where the run ends, no match with it is longer.
        let is_longer = is_far && row <= behind && bytes.get(behind) == bytes.get(behind - row);
        let far = if is_longer || is_far && run < SHORTEST { match_length(bytes, at, row, end) } else { 0 };
        let is_cheap = is_near || !is_far || literal.min(RUN_START) + costs.near() < self.far_cost;
        if far <= run + literals && run >= SHORTEST && is_cheap {
            let pays = literal * run as u32 > run_cost;
            return pays.then_some((literals, run, 1));
        }
        let far = if is_far && far == 0 { match_length(bytes, at, row, end) } else { far };
        (far >= SHORTEST && self.pays(at, far)).then_some((0, far, row))
    }

    /// Whether a match with the row before is cheaper than its bytes as literals.
    #[inline(always)]
    fn pays(&self, at: usize, length: usize) -> bool {
        if length > 16 {
            return true;
        }
        let literals = self.bytes.get(at..at + length).unwrap_or_default();
        let sum: u32 = literals.iter().map(|&byte| self.costs.literal(byte)).sum();
        sum > self.costs.length(length) + self.far_cost
    }
}
