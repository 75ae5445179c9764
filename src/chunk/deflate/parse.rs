//! Turns bytes into literals and matches.

use super::block::Costs;

/// Distances that matches may have, as an index into [`Distances`].
pub(super) const KINDS: usize = 2;
/// The byte before.
const NEAR: usize = 0;
/// The row before.
const FAR: usize = 1;

/// The longest match of the format.
pub(super) const LONGEST: usize = 258;
/// The shortest.
const SHORTEST: usize = 3;
/// Sequences of a block at most.
const SEQUENCES: usize = 1 << 15;

/// The distances that are looked at.
pub(super) type Distances = [usize; KINDS];

/// Literals, then a match; `length` is 0 where there is none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sequence {
    pub(super) literals: u32,
    pub(super) length: u16,
    pub(super) kind: u16,
}

/// What is looked for at a place where there is a match.
struct Finder<'a> {
    bytes: &'a [u8],
    end: usize,
    costs: &'a Costs,
}

const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// Marks zero bytes with their highest bit.
#[inline(always)]
fn zeros(word: u64) -> u64 {
    !(((word & LOW) + LOW) | word | LOW)
}

#[inline(always)]
fn load(bytes: &[u8], at: usize) -> u64 {
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
fn match_length(bytes: &[u8], at: usize, distance: usize, end: usize) -> usize {
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
    distances: &Distances,
    costs: &Costs,
    sequences: &mut Vec<Sequence>,
) -> usize {
    sequences.clear();
    let row = distances[FAR];
    let finder = Finder { bytes, end, costs };
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
        let near_length = if near_runs >> skip & 0xff != 0 { match_length(bytes, at, 1, end) } else { 0 };
        let far_length = if far_runs >> skip & 0xff != 0 { match_length(bytes, at, row, end) } else { 0 };
        match finder.choose(at, near_length, far_length) {
            Some((literals, length, kind)) => {
                at += literals;
                emit(sequences, at - done, length, kind);
                at += length;
                done = at;
            }
            None => at += 1,
        }
        previous = bytes.get(at.wrapping_sub(1)).copied();
    }
    let end = if at < end { at } else { end };
    if done < end {
        sequences.push(Sequence { literals: (end - done) as u32, length: 0, kind: 0 });
    }
    end
}

/// Adds a match of any length from 3 on.
fn emit(sequences: &mut Vec<Sequence>, literals: usize, mut length: usize, kind: usize) {
    let (mut literals, kind) = (literals as u32, kind as u16);
    while length > LONGEST {
        // What is left must not become shorter than a match can be.
        let part = LONGEST.min(length - SHORTEST);
        sequences.push(Sequence { literals, length: part as u16, kind });
        literals = 0;
        length -= part;
    }
    sequences.push(Sequence { literals, length: length as u16, kind });
}

impl Finder<'_> {
    /// Which match to take, if any, where those with the byte and the row before are so long: how many literals come
    /// first, its length and its kind.
    #[inline(always)]
    fn choose(&self, at: usize, near: usize, far: usize) -> Option<(usize, usize, usize)> {
        let costs = self.costs;
        if near >= far.max(SHORTEST) {
            return self.pays(at, near, NEAR).then_some((0, near, NEAR));
        }
        if far < SHORTEST {
            return None;
        }
        if near == 0 {
            // A run that starts here costs a literal more, but no extra bits.
            let run = match_length(self.bytes, at + 1, 1, self.end);
            if run >= SHORTEST && run + 1 >= far {
                let literal = costs.literal(self.bytes.get(at).copied().unwrap_or(0));
                if literal + costs.matched(run, NEAR) < costs.matched(far, FAR) {
                    return self.pays(at + 1, run, NEAR).then_some((1, run, NEAR));
                }
            }
        }
        self.pays(at, far, FAR).then_some((0, far, FAR))
    }

    /// Whether a match is cheaper than its bytes as literals.
    #[inline(always)]
    fn pays(&self, at: usize, length: usize, kind: usize) -> bool {
        if length > 32 {
            return true;
        }
        let literals = self.bytes.get(at..at + length).unwrap_or_default();
        let sum: u32 = literals.iter().map(|&byte| self.costs.literal(byte)).sum();
        sum > self.costs.matched(length, kind)
    }
}
