//! The communities and strategies of a year that count.

use crate::caete::community::{Community, CommunityYear};

/// The communities that count.
pub(super) fn living(year: &CommunityYear) -> impl Iterator<Item = &Community> {
    year.communities.iter().filter(|community| !community.is_masked)
}

/// The entries of a community in the order of their strategies; of entries of the same strategy the first counts.
pub(super) fn sorted(community: &Community) -> Vec<usize> {
    let id = |&index: &usize| community.ids.get(index).copied().unwrap_or(0);
    let mut order: Vec<usize> = (0..community.ids.len()).collect();
    order.sort_by_key(id);
    order.dedup_by_key(|index| id(index));
    order
}
