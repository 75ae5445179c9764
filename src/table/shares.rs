//! Shares of a cell's vegetation by the codes of its strategies: what limits growth, and how nutrients are taken up.

use crate::caete::community::{Community, CommunityYear, Limitation};
use crate::model::codes::{Group, PROCESSES, Process};

use super::living::{living, sorted};

/// What shares are of.
const OF: [(&str, &str); 2] =
    [("area", "share of the occupied area"), ("carbon", "share of the carbon in vegetation")];

/// What a share is by.
pub(super) const BY: &str = "By the commonest code of each strategy on the 365 or 366 days to day 365 of the year; over all unmasked communities that \
                             have codes. A code that is not listed counts to none of the shares, which then add up to less than 1.";

/// A share, as outputs name it.
pub(super) struct Share {
    pub name: String,
    pub long_name: String,
}

/// All shares, in the order of [`shares`].
pub(super) fn list() -> Vec<Share> {
    let of_group = |process: &'static Process, group: &'static Group| {
        OF.iter().map(move |(name, of)| Share {
            name: format!("{}_{}_{name}", process.name, group.name),
            long_name: format!("{of}, {} {}", process.words, group.words),
        })
    };
    let of_process =
        |process: &'static Process| process.groups.iter().flat_map(move |group| of_group(process, group));
    PROCESSES.iter().flat_map(of_process).collect()
}

/// The shares of a cell's year, in the order of [`list`]; NaN where no code is kept, or where there is nothing to share.
///
/// Weights are added in the order of communities and of their strategies.
pub(super) fn shares(year: &CommunityYear) -> Vec<f64> {
    let mut all = Vec::new();
    for (process, pairs) in PROCESSES.iter().zip(PAIRS) {
        let mut totals = [0.0; OF.len()];
        let mut sums = vec![[0.0; OF.len()]; process.groups.len()];
        for community in living(year) {
            let Some(limitation) = &community.limitation else { continue };
            let pairs = pairs(limitation);
            for index in sorted(community) {
                let Some((code, _)) = pairs.get(index) else { continue };
                let weights = weights(community, index);
                add(&mut totals, weights);
                let groups = process.groups.iter().zip(&mut sums);
                groups.filter(|(group, _)| group.codes.contains(code)).for_each(|(_, sum)| add(sum, weights));
            }
        }
        all.extend(sums.into_iter().flat_map(|sum| [0, 1].map(|of| share(sum, totals, of))));
    }
    all
}

/// The pairs of a process, of code and percent of days.
type PairsOf = fn(&Limitation) -> &Vec<(i32, f64)>;

/// The pairs of each process, in the order of [`PROCESSES`].
const PAIRS: [PairsOf; 5] =
    [|all| &all.leaf, |all| &all.root, |all| &all.wood, |all| &all.uptake_n, |all| &all.uptake_p];

/// Occupation of a strategy, and its carbon on the cell's ground.
pub(super) fn weights(community: &Community, index: usize) -> [f64; 2] {
    let of = |values: &Vec<f64>| values.get(index).copied().unwrap_or(f64::NAN);
    let occupation = of(&community.vp_ocp);
    [occupation, (of(&community.vp_cleaf) + of(&community.vp_croot) + of(&community.vp_cwood)) * occupation]
}

fn add(sums: &mut [f64; 2], weights: [f64; 2]) {
    sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight);
}

fn share(sums: [f64; 2], totals: [f64; 2], of: usize) -> f64 {
    match (sums.get(of), totals.get(of)) {
        // Of nothing there are no shares.
        (Some(sum), Some(&total)) if total > 0.0 => sum / total,
        _ => f64::NAN,
    }
}
