//! Which finished blocks count.

use std::collections::BTreeSet;

use rayon::prelude::*;
use twox_hash::XxHash3_64;

use crate::error::Result;
use crate::plan::{Plan, Share};
use crate::source::Item;
use crate::spool::contents::{BlockState, Contents, SeriesIndex};
use crate::spool::record::{Block, RecordId};
use crate::table::{Layout, Map};

use super::super::checkpoint::is_same;
use super::super::complete;
use super::super::identity;
use super::super::pass::Workshop;
use super::Blocks;

/// The finished blocks that count.
#[derive(Default)]
pub(in crate::pipeline) struct Accepted {
    /// By number.
    pub blocks: Vec<BlockState>,
    /// Records that do not count because files are others now.
    pub stale: Vec<RecordId>,
    /// Records that do not count because they lack pieces that their blocks leave.
    pub short: Vec<RecordId>,
    /// Blocks of the share that are left.
    pub left: Vec<u32>,
    /// Finished blocks of the share.
    pub mine: usize,
}

impl Accepted {
    /// A digest of the blocks.
    pub fn digest(&self) -> u64 {
        identity::of_records("blocks", self.blocks.iter().map(|state| &state.id))
    }
}

/// Whether the files that a block was made of are what they were.
pub(in crate::pipeline) fn holds(plan: &Plan, block: &Block) -> bool {
    block
        .files
        .iter()
        .all(|(cell, part, stamp)| is_same(plan, Item { cell: *cell, part: *part }, stamp.as_ref()))
}

/// A digest of the series that a block is made of.
pub(super) fn digest_of_series(layout: &Layout<'_>, number: u32, index: &SeriesIndex) -> Result<u64> {
    let mut bytes = Vec::new();
    for cell in layout.block(number)?.1 {
        let places = index.get(&cell.planned.cell).into_iter().flatten();
        let mut places: Vec<(u64, u32)> = places.map(|(_, place)| (place.checksum, place.length)).collect();
        places.sort_unstable();
        bytes.extend_from_slice(&(places.len() as u64).to_le_bytes());
        for (checksum, length) in places {
            bytes.extend_from_slice(&checksum.to_le_bytes());
            bytes.extend_from_slice(&length.to_le_bytes());
        }
    }
    Ok(XxHash3_64::oneshot(&bytes))
}

/// The shards that blocks are left of, as `I/N`; none where the work is not shared.
pub(in crate::pipeline) fn missing_shards(contents: &Contents, left: &[u32]) -> Vec<String> {
    let shares =
        contents.sessions.iter().filter_map(|(_, session)| Some((session.started, session.share?.count)));
    let Some((_, count)) = shares.max() else { return Vec::new() };
    let missing: BTreeSet<u32> = left.iter().map(|number| number % count).collect();
    missing.into_iter().map(|index| Share { index, count }.to_string()).collect()
}

/// Chooses the finished blocks that count for a plan; those of the share are compared with their files, if that is asked
/// for. Where blocks are made of series in the spool, those of other series are left out.
pub(in crate::pipeline) fn accept(
    layout: &Layout<'_>,
    maps: &[Map],
    basis: u64,
    contents: &Contents,
    share: Share,
    compares: bool,
    series: Option<&SeriesIndex>,
) -> Accepted {
    let is_mine = |number: u32| number % share.count == share.index;
    let fits = |state: &&BlockState| {
        state.block.basis == basis && (state.block.number as usize) < layout.blocks.len()
    };
    let days = series.map(|_| complete::days_of_units(layout.plan, &contents.units));
    let fitting = contents.blocks.iter().filter(fits);
    let (fitting, short): (Vec<&BlockState>, Vec<&BlockState>) =
        fitting.partition(|state| complete::is_block(layout, maps, &state.block, days.as_ref()));
    let is_made_of = |block: &Block| {
        series.is_none_or(|index| {
            digest_of_series(layout, block.number, index).is_ok_and(|digest| block.series == Some(digest))
        })
    };
    let held: Vec<bool> = fitting
        .par_iter()
        .map(|state| {
            let is_same = !compares || !is_mine(state.block.number) || holds(layout.plan, &state.block);
            is_same && is_made_of(&state.block)
        })
        .collect();
    let mut accepted = Accepted::default();
    let short = short.into_iter().filter(|state| is_mine(state.block.number));
    accepted.short = short.map(|state| state.id).collect();
    let mut done = vec![false; layout.blocks.len()];
    for (state, holds) in fitting.into_iter().zip(held) {
        if !holds {
            accepted.stale.push(state.id);
        } else if let Some(done) = done.get_mut(state.block.number as usize)
            && !*done
        {
            *done = true;
            accepted.mine += usize::from(is_mine(state.block.number));
            accepted.blocks.push(state.clone());
        }
    }
    accepted.blocks.sort_by_key(|state| state.block.number);
    let is_left = |number: &u32| !done.get(*number as usize).copied().unwrap_or(true);
    accepted.left = Blocks::of(layout, share).into_iter().filter(is_left).collect();
    accepted
}

/// Records among finished blocks with pieces that are not what was written. Without `all`, only those are looked at
/// that were not on the disk for certain.
pub(in crate::pipeline) fn damaged(
    shop: &Workshop<'_>,
    accepted: &Accepted,
    all: bool,
) -> Result<Vec<RecordId>> {
    let doubtful: Vec<&BlockState> = accepted.blocks.iter().filter(|state| all || !state.is_synced).collect();
    let bad: Result<Vec<Option<RecordId>>> = doubtful
        .par_iter()
        .map_init(Vec::new, |bytes, state| {
            for piece in &state.block.pieces {
                if !shop.spool.read(state.id.task, &piece.place, bytes)? {
                    return Ok(Some(state.id));
                }
            }
            Ok(None)
        })
        .collect();
    Ok(bad?.into_iter().flatten().collect())
}
