//! A parser that also looks for matches at any distance, for planes whose bytes take few values.

use super::WINDOW;
use super::costs::Costs;
use super::parse::{emit, load, match_length};
use super::symbols::{SEQUENCES, SHORTEST, Sequence};

/// Places remembered for each hash.
const WAYS: usize = 4;
/// Bits of a hash.
const HASH: u32 = 11;
/// Beyond this length, a match is taken without looking further.
const LONG: usize = 32;

/// Where four bytes were seen last, by their hash; places count from 1.
#[derive(Debug)]
pub(super) struct Table(Vec<[u32; WAYS]>);

impl Default for Table {
    fn default() -> Self {
        Table(vec![[0; WAYS]; 1 << HASH])
    }
}

impl Table {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.0.fill([0; WAYS]);
    }

    /// Remembers a place, and gives those of the same hash.
    #[inline(always)]
    fn swap(&mut self, word: u64, at: usize) -> [u32; WAYS] {
        let hash = (word as u32).wrapping_mul(0x9e37_79b1) >> (32 - HASH);
        let Some(places) = self.0.get_mut(hash as usize) else { return [0; WAYS] };
        let old = *places;
        *places = [(at as u32).wrapping_add(1), old[0], old[1], old[2]];
        old
    }
}

/// Parses as [`super::parse::parse`] does. The table must hold nothing or places before `start`.
pub(super) fn parse(
    bytes: &[u8],
    (start, end): (usize, usize),
    row: usize,
    costs: &Costs,
    table: &mut Table,
    sequences: &mut Vec<Sequence>,
) -> usize {
    sequences.clear();
    let (mut at, mut done) = (start, start);
    while at < end && sequences.len() < SEQUENCES {
        let word = load(bytes, at);
        let places = table.swap(word, at);
        let mut best = Best { gain: 0, length: 0, distance: 0 };
        let mut known = Known { bytes, at, costs, sums: [0; LONG + 1], length: 0 };
        for distance in [row, 1] {
            if distance <= at && (word ^ load(bytes, at - distance)) & 0xff_ffff == 0 {
                best.take(&mut known, match_length(bytes, at, distance, end), distance);
            }
        }
        for place in places {
            let distance = at.wrapping_sub((place as usize).wrapping_sub(1));
            if place == 0 || best.length > LONG || distance > WINDOW {
                break;
            }
            if (word ^ load(bytes, at - distance)) & 0xffff_ffff == 0 {
                best.take(&mut known, match_length(bytes, at, distance, end), distance);
            }
        }
        if best.length == 0 {
            at += 1;
            continue;
        }
        emit(sequences, at - done, best.length, best.distance);
        for inner in at + 1..at + best.length.min(LONG) {
            table.swap(load(bytes, inner), inner);
        }
        at += best.length;
        done = at;
    }
    if done < at {
        sequences.push(Sequence { literals: (at - done) as u32, length: 0, distance: 0 });
    }
    at
}

/// What the bytes from a place on cost as literals, as far as it was asked for.
struct Known<'a> {
    bytes: &'a [u8],
    at: usize,
    costs: &'a Costs,
    sums: [u32; LONG + 1],
    length: usize,
}

impl Known<'_> {
    #[inline(always)]
    fn literals(&mut self, length: usize) -> u32 {
        let length = length.min(LONG);
        while self.length < length {
            let byte = self.bytes.get(self.at + self.length).copied().unwrap_or(0);
            self.sums[self.length + 1] = self.sums[self.length] + self.costs.literal(byte);
            self.length += 1;
        }
        self.sums[length]
    }
}

/// The match that saves most.
struct Best {
    gain: u32,
    length: usize,
    distance: usize,
}

impl Best {
    #[inline(always)]
    fn take(&mut self, known: &mut Known<'_>, length: usize, distance: usize) {
        if length < SHORTEST {
            return;
        }
        // Bytes beyond the first ones count a bit each, so that the longer one of two long ones wins.
        let literals = known.literals(length) + length.saturating_sub(LONG) as u32;
        let gain = literals.saturating_sub(known.costs.length(length) + known.costs.distance(distance));
        if gain > self.gain {
            *self = Best { gain, length, distance };
        }
    }
}
