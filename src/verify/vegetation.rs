//! What a year's communities have together, by plain formulas.
//!
//! Numbers are added in the order of communities and of their strategies, in double precision, as the tables' documentation
//! has them.

use std::collections::BTreeMap;

use crate::caete::community::{Community, CommunityYear};

/// The communities that count.
pub(super) fn living(year: &CommunityYear) -> Vec<&Community> {
    year.communities.iter().filter(|community| !community.is_masked).collect()
}

/// The entries of a community by strategy; of several of one strategy the first counts.
pub(super) fn entries(community: &Community) -> BTreeMap<i64, usize> {
    let mut entries = BTreeMap::new();
    for (index, &id) in community.ids.iter().enumerate() {
        entries.entry(id).or_insert(index);
    }
    entries
}

/// The value of an annual grid in a year; NaN where there is none.
pub(super) fn annual(name: &str, year: &CommunityYear) -> f64 {
    let living = living(year);
    match name {
        "richness" => {
            let ids: std::collections::BTreeSet<i64> =
                living.iter().flat_map(|community| community.ids.iter().copied()).collect();
            if living.is_empty() { f64::NAN } else { ids.len() as f64 }
        }
        "evenness" => mean(living.iter().filter_map(|community| evenness(community))),
        "occupation" => mean(living.iter().map(|community| community.vp_ocp.iter().sum())),
        _ => mean(living.iter().map(|community| {
            let mut sum = 0.0;
            for (index, share) in community.vp_ocp.iter().enumerate() {
                let of = |pool: &[f64]| pool.get(index).copied().unwrap_or(f64::NAN);
                let (leaf, root, wood) =
                    (of(&community.vp_cleaf), of(&community.vp_croot), of(&community.vp_cwood));
                sum += share
                    * match name {
                        "cleaf" => leaf,
                        "croot" => root,
                        "cwood" => wood,
                        _ => leaf + root + wood,
                    };
            }
            sum
        })),
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for value in values {
        sum += value;
        count += 1.0;
    }
    sum / count
}

/// Pielou's evenness of the shares that are there: entropy by the logarithm of their number.
fn evenness(community: &Community) -> Option<f64> {
    let shares: Vec<f64> = community.vp_ocp.iter().copied().filter(|&share| share > 0.0).collect();
    if shares.len() < 2 {
        return None;
    }
    let total: f64 = shares.iter().sum();
    let mut entropy = 0.0;
    for share in &shares {
        let part = share / total;
        entropy -= part * part.ln();
    }
    Some(entropy / (shares.len() as f64).ln())
}
