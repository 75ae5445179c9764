//! The rows that yearly tables should have, by the plain formulas of the tables' documentation.
//!
//! Numbers are added in the order of communities, in double precision.

use std::collections::BTreeMap;

use crate::caete::community::{Community, CommunityYear, Limitation};
use crate::model::traits::TraitTable;
use crate::plan::PlannedCell;
use crate::plan::tables::TableKind;
use crate::table::read::{Heading, Rows};

use super::super::limitation::shares;
use super::super::traits::indices;
use super::super::vegetation::{entries, living};
use super::daily::begin;
use super::made::Made;

/// The rows of a cell.
pub(super) fn rows(
    heading: &Heading,
    made: &Made<'_>,
    planned: PlannedCell,
    years: &[CommunityYear],
) -> Rows {
    let mut rows = heading.rows();
    let traits = made.tables.traits.as_ref();
    for year in years {
        let start = |rows: &mut Rows| {
            begin(rows, made.plan, planned);
            rows.whole("year", year.year);
        };
        match heading.kind {
            TableKind::Biomass => {
                let is_upstream = made.tables.is_upstream(TableKind::Biomass);
                biomass(&mut rows, year, traits, is_upstream, &start);
            }
            TableKind::Strategies => strategies(&mut rows, year, traits, &start),
            TableKind::Community => communities(&mut rows, year, &start),
            TableKind::Limitation => {
                start(&mut rows);
                shares(year).iter().for_each(|(name, share)| rows.double(name, *share));
            }
            TableKind::Traits => {
                start(&mut rows);
                let all = traits.map(|table| indices(table, &made.scales, year)).unwrap_or_default();
                all.iter().for_each(|(name, value)| rows.double(name, *value));
            }
            _ => {
                start(&mut rows);
                cell_year(&mut rows, year);
            }
        }
    }
    rows
}

fn at(values: &[f64], index: usize) -> f64 {
    values.get(index).copied().unwrap_or(f64::NAN)
}

fn biomass(
    rows: &mut Rows,
    year: &CommunityYear,
    traits: Option<&TraitTable>,
    is_upstream: bool,
    start: &dyn Fn(&mut Rows),
) {
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
    let means = |id: i64| {
        let count = places(id).count() as f64;
        let mean = |of: &dyn Fn(&Community, usize) -> f64| sum(id, of) / count;
        (mean(&leaf), mean(&root), mean(&wood))
    };
    // What upstream takes shares of: the pools as they are, each on its own ground.
    let ground = ids.iter().fold(0.0, |all, &id| {
        let (leaf, root, wood) = means(id);
        all + (leaf + root + wood)
    });
    for &id in &ids {
        let count = places(id).count();
        let (leaf, root, wood) = means(id);
        let carbon = sum(id, &carbon) / all;
        start(rows);
        rows.whole("pls_id", id);
        rows.double("vp_cleaf", leaf);
        rows.double("vp_croot", root);
        rows.double("vp_cwood", wood);
        rows.whole("count", count as i64);
        rows.double("cveg", leaf + root + wood);
        let part = if total.is_nan() || (total > 0.0 && carbon > 0.0) { carbon / total } else { 0.0 };
        let of_ground = (leaf + root + wood) / ground;
        let of_ground = if ground > 0.0 && of_ground > 0.0 { of_ground } else { 0.0 };
        rows.double("ocp", if is_upstream { of_ground } else { part });
        rows.double("occupation", sum(id, &share) / all);
        rows.double("carbon", carbon);
        own_traits(rows, traits, id);
    }
}

fn strategies(rows: &mut Rows, year: &CommunityYear, traits: Option<&TraitTable>, start: &dyn Fn(&mut Rows)) {
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
            own_traits(rows, traits, id);
        }
    }
}

/// The traits of a strategy, as the table of traits has them.
fn own_traits(rows: &mut Rows, table: Option<&TraitTable>, id: i64) {
    for (index, one) in table.iter().flat_map(|table| table.traits()).enumerate() {
        let value = table.and_then(|table| table.of(id)?.get(index).copied()).filter(|value| !value.is_nan());
        rows.put(&one.name, value.map(|value| u64::from(value.to_bits())));
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
