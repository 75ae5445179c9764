//! What symbols cost, to choose among ways to write the same bytes.

use super::symbols::{DISTANCES, LONGEST, distance_symbol};

/// What symbols cost, in bits.
pub(super) struct Costs {
    pub(super) literals: [u8; 256],
    pub(super) lengths: [u8; LONGEST + 1],
    pub(super) distances: [u8; DISTANCES],
}

impl Default for Costs {
    /// A guess, before anything is known: two distances, many literals.
    fn default() -> Self {
        let mut costs = Costs { literals: [7; 256], lengths: [8; LONGEST + 1], distances: [1; DISTANCES] };
        for (symbol, target) in costs.distances.iter_mut().enumerate() {
            *target += (symbol as u8 / 2).saturating_sub(1);
        }
        costs
    }
}

impl Costs {
    #[inline(always)]
    pub(super) fn literal(&self, byte: u8) -> u32 {
        u32::from(self.literals[usize::from(byte)])
    }

    #[inline(always)]
    pub(super) fn length(&self, length: usize) -> u32 {
        u32::from(self.lengths[length.min(LONGEST)])
    }

    #[inline(always)]
    pub(super) fn near(&self) -> u32 {
        u32::from(self.distances[0])
    }

    #[inline(always)]
    pub(super) fn distance(&self, distance: usize) -> u32 {
        u32::from(self.distances[distance_symbol(distance.wrapping_sub(1) as u16).0 % DISTANCES])
    }
}
