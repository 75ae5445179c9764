//! The rows that yearly tables should have, by the plain formulas of the tables' documentation.
//!
//! Numbers are added in the order of communities, in double precision.

use std::collections::BTreeMap;

use crate::caete::community::{Community, CommunityYear, Limitation};
use crate::plan::tables::TableKind;
use crate::plan::{Plan, PlannedCell};
use crate::table::read::{Heading, Rows};

use super::super::vegetation::living;
use super::daily::begin;

/// The rows of a cell.
pub(super) fn rows(heading: &Heading, plan: &Plan, planned: PlannedCell, years: &[CommunityYear]) -> Rows {
    let mut rows = heading.rows();
    for year in years {
        let start = |rows: &mut Rows| {
            begin(rows, plan, planned);
            rows.whole("year", year.year);
        };
        match heading.kind {
            TableKind::Biomass => biomass(&mut rows, year, &start),
            TableKind::Strategies => strategies(&mut rows, year, &start),
            TableKind::Community => communities(&mut rows, year, &start),
            _ => {
                start(&mut rows);
                cell_year(&mut rows, year);
            }
        }
    }
    rows
}

/// The entries of a community by strategy; of several of one strategy the first counts.
fn entries(community: &Community) -> BTreeMap<i64, usize> {
    let mut entries = BTreeMap::new();
    for (index, &id) in community.ids.iter().enumerate() {
        entries.entry(id).or_insert(index);
    }
    entries
}

fn at(values: &[f64], index: usize) -> f64 {
    values.get(index).copied().unwrap_or(f64::NAN)
}

fn biomass(rows: &mut Rows, year: &CommunityYear, start: &dyn Fn(&mut Rows)) {
    let living = living(year);
    let all = living.len() as f64;
    let mut ids: Vec<i64> = living.iter().flat_map(|community| community.ids.iter().copied()).collect();
    ids.sort_unstable();
    ids.dedup();
    // For each strategy its places in the communities that it lives in.
    let of_communities: Vec<(&Community, BTreeMap<i64, usize>)> =
        living.iter().map(|community| (*community, entries(community))).collect();
    let places = |id: i64| {
        of_communities.iter().filter_map(move |(community, entries)| Some((*community, *entries.get(&id)?)))
    };
    let sum = |id: i64, of: &dyn Fn(&Community, usize) -> f64| {
        places(id).fold(0.0, |sum, (community, index)| sum + of(community, index))
    };
    let leaf = |community: &Community, index: usize| at(&community.vp_cleaf, index);
    let root = |community: &Community, index: usize| at(&community.vp_croot, index);
    let wood = |community: &Community, index: usize| at(&community.vp_cwood, index);
    let share = |community: &Community, index: usize| at(&community.vp_ocp, index);
    let carbon = |community: &Community, index: usize| {
        (leaf(community, index) + root(community, index) + wood(community, index)) * share(community, index)
    };
    let total = ids.iter().fold(0.0, |total, &id| total + sum(id, &carbon) / all);
    for &id in &ids {
        let count = places(id).count();
        let mean = |of: &dyn Fn(&Community, usize) -> f64| sum(id, of) / count as f64;
        let (leaf, root, wood) = (mean(&leaf), mean(&root), mean(&wood));
        let carbon = sum(id, &carbon) / all;
        start(rows);
        rows.whole("pls_id", id);
        rows.double("vp_cleaf", leaf);
        rows.double("vp_croot", root);
        rows.double("vp_cwood", wood);
        rows.whole("count", count as i64);
        rows.double("cveg", leaf + root + wood);
        let part = if total.is_nan() || (total > 0.0 && carbon > 0.0) { carbon / total } else { 0.0 };
        rows.double("ocp", part);
        rows.double("occupation", sum(id, &share) / all);
        rows.double("carbon", carbon);
    }
}

fn strategies(rows: &mut Rows, year: &CommunityYear, start: &dyn Fn(&mut Rows)) {
    for community in living(year) {
        for (id, index) in entries(community) {
            start(rows);
            rows.whole("community", community.index);
            rows.whole("pls_id", id);
            rows.double("vp_cleaf", at(&community.vp_cleaf, index));
            rows.double("vp_croot", at(&community.vp_croot, index));
            rows.double("vp_cwood", at(&community.vp_cwood, index));
            rows.double("vp_ocp", at(&community.vp_ocp, index));
            let of = |process: fn(&Limitation) -> &Vec<(i32, f64)>| {
                community.limitation.as_ref().and_then(|limitation| process(limitation).get(index).copied())
            };
            for (code, percent, process) in [
                ("limitation_leaf_code", "limitation_leaf_percent", of(|l| &l.leaf)),
                ("limitation_root_code", "limitation_root_percent", of(|l| &l.root)),
                ("limitation_wood_code", "limitation_wood_percent", of(|l| &l.wood)),
                ("uptake_n_code", "uptake_n_percent", of(|l| &l.uptake_n)),
                ("uptake_p_code", "uptake_p_percent", of(|l| &l.uptake_p)),
            ] {
                rows.put(code, process.map(|(code, _)| i64::from(code) as u64));
                rows.double(percent, process.map_or(f64::NAN, |(_, percent)| percent));
            }
        }
    }
}

/// Communities of the cell, masked ones included.
fn count(year: &CommunityYear) -> u32 {
    let numbered = year.communities.iter().map(|community| community.index + 1).max().unwrap_or(0);
    numbered.max(year.mask.len() as u32)
}

fn communities(rows: &mut Rows, year: &CommunityYear, start: &dyn Fn(&mut Rows)) {
    for index in 0..count(year) {
        start(rows);
        rows.whole("community", index);
        let Some(community) = year.communities.iter().find(|community| community.index == index) else {
            // The file leaves it out.
            rows.whole("masked", 1);
            continue;
        };
        for (name, value) in [
            ("cleaf", Some(community.cleaf)),
            ("croot", Some(community.croot)),
            ("cwood", Some(community.cwood)),
            ("anpp", Some(community.anpp)),
            ("uptake_costs", Some(community.uptake_costs)),
            ("shannon_entropy", community.shannon_entropy),
            ("shannon_diversity", community.shannon_diversity),
            ("shannon_evenness", community.shannon_evenness),
        ] {
            rows.double(name, value.unwrap_or(f64::NAN));
        }
        rows.whole("strategies", community.ids.len() as i64);
        rows.whole("masked", i64::from(community.is_masked));
    }
}

fn cell_year(rows: &mut Rows, year: &CommunityYear) {
    let living = living(year);
    rows.whole("communities", count(year));
    rows.whole("living", living.len() as i64);
    let mean = |of: fn(&Community) -> f64| {
        let sum = living.iter().fold(-0.0, |sum, community| sum + of(community));
        if living.is_empty() { f64::NAN } else { sum / living.len() as f64 }
    };
    let (leaf, root, wood) = (mean(|c| c.cleaf), mean(|c| c.croot), mean(|c| c.cwood));
    let totals = &year.totals;
    for (name, dumped, of_living, mean) in [
        ("cveg", totals.cveg, "cveg_mean", leaf + root + wood),
        ("cleaf", totals.cleaf, "cleaf_mean", leaf),
        ("croot", totals.croot, "croot_mean", root),
        ("cwood", totals.cwood, "cwood_mean", wood),
        ("anpp", totals.anpp, "anpp_mean", mean(|c| c.anpp)),
        ("uptake_costs", totals.uptake_costs, "uptake_costs_mean", mean(|c| c.uptake_costs)),
    ] {
        rows.double(name, dumped);
        rows.double(of_living, mean);
    }
}
