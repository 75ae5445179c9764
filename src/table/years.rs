//! Rows of yearly community files.

use std::collections::BTreeMap;

use crate::caete::community::{Community, CommunityYear, Limitation};
use crate::plan::tables::TableKind;

use super::columns::Columns;
use super::days::add_cell;
use super::layout::Layout;
use super::living::{living, sorted};
use super::schema::{COMMUNITY, POOLS, PROCESSES, TOTALS};
use super::{shares, traits};

/// Adds a cell's year to one of the yearly tables.
pub(super) fn add(
    kind: TableKind,
    rows: &mut Columns,
    layout: &Layout<'_>,
    cell: usize,
    year: &CommunityYear,
) {
    match kind {
        TableKind::Biomass => biomass(rows, layout, cell, year),
        TableKind::Strategies => strategies(rows, layout, cell, year),
        TableKind::Community => community(rows, layout, cell, year),
        TableKind::Limitation => limitation(rows, layout, cell, year),
        TableKind::Traits => traits_of_cell(rows, layout, cell, year),
        _ => cell_year(rows, layout, cell, year),
    }
}

fn start(rows: &mut Columns, layout: &Layout<'_>, cell: usize, year: &CommunityYear) {
    add_cell(rows, layout, cell, 1);
    rows.push("year", year.year.to_le_bytes());
}

/// A strategy of a cell while its communities are added up.
#[derive(Default)]
struct Strategy {
    /// Sums of the pools, which are per area of the strategy's own ground.
    pools: [f64; 3],
    /// The communities that it lives in.
    count: i32,
    occupation: f64,
    /// Of the pools times the occupation: only these add up.
    carbon: f64,
}

impl Strategy {
    /// Carbon on the strategy's own ground: the sum of the means of its pools.
    fn cveg(&self) -> f64 {
        let [leaf, root, wood] = self.pools.map(|sum| sum / f64::from(self.count));
        leaf + root + wood
    }
}

/// The share that upstream calls an occupation: 0 where it is below, or nothing is known of all.
fn upstream_share(cveg: f64, total: f64) -> f64 {
    if total > 0.0 && cveg > 0.0 { cveg / total } else { 0.0 }
}

fn biomass(rows: &mut Columns, layout: &Layout<'_>, cell: usize, year: &CommunityYear) {
    let mut strategies: BTreeMap<i64, Strategy> = BTreeMap::new();
    for community in living(year) {
        for index in sorted(community) {
            let Some(&id) = community.ids.get(index) else { continue };
            let strategy = strategies.entry(id).or_default();
            let of = |values: &Vec<f64>| values.get(index).copied().unwrap_or(f64::NAN);
            let pools = [&community.vp_cleaf, &community.vp_croot, &community.vp_cwood].map(of);
            let occupation = of(&community.vp_ocp);
            for (sum, pool) in strategy.pools.iter_mut().zip(pools) {
                *sum += pool;
            }
            strategy.count += 1;
            strategy.occupation += occupation;
            let [leaf, root, wood] = pools;
            strategy.carbon += (leaf + root + wood) * occupation;
        }
    }
    // Where a strategy does not live it has no ground, so that means over all communities add up to those of the cell.
    let communities = living(year).count() as f64;
    let total: f64 = strategies.values().map(|strategy| strategy.carbon / communities).sum();
    let is_upstream = layout.settings.is_upstream(TableKind::Biomass);
    // Upstream's share is of what stands on each strategy's own ground.
    let own_ground: f64 = strategies.values().map(Strategy::cveg).sum();
    for (id, strategy) in strategies {
        let Strategy { pools, count, .. } = strategy;
        let (occupation, carbon) = (strategy.occupation / communities, strategy.carbon / communities);
        let cveg = strategy.cveg();
        let means = pools.map(|sum| sum / f64::from(count));
        start(rows, layout, cell, year);
        rows.push("pls_id", id.to_le_bytes());
        for ((column, _), mean) in POOLS.iter().zip(means) {
            rows.number(column, Some(mean));
        }
        rows.push("count", count.to_le_bytes());
        rows.number("cveg", Some(cveg));
        // Of what is not known there are no shares.
        let share = if total.is_nan() || (total > 0.0 && carbon > 0.0) { carbon / total } else { 0.0 };
        rows.number("ocp", Some(if is_upstream { upstream_share(cveg, own_ground) } else { share }));
        rows.number("occupation", Some(occupation));
        rows.number("carbon", Some(carbon));
        traits_of(rows, layout, id);
    }
}

fn strategies(rows: &mut Columns, layout: &Layout<'_>, cell: usize, year: &CommunityYear) {
    for community in living(year) {
        for index in sorted(community) {
            let Some(&id) = community.ids.get(index) else { continue };
            start(rows, layout, cell, year);
            rows.push("community", (community.index as i32).to_le_bytes());
            rows.push("pls_id", id.to_le_bytes());
            let pools = [&community.vp_cleaf, &community.vp_croot, &community.vp_cwood];
            for ((column, _), values) in POOLS.iter().zip(pools) {
                rows.number(column, values.get(index).copied());
            }
            rows.number("vp_ocp", community.vp_ocp.get(index).copied());
            let limitation = community.limitation.as_ref();
            let of =
                |process: fn(&Limitation) -> &Vec<(i32, f64)>| limitation.and_then(|l| process(l).get(index));
            let processes =
                [of(|l| &l.leaf), of(|l| &l.root), of(|l| &l.wood), of(|l| &l.uptake_n), of(|l| &l.uptake_p)];
            for (process, pair) in PROCESSES.iter().zip(processes) {
                match pair {
                    Some((code, _)) => rows.push(process.code, code.to_le_bytes()),
                    None => rows.nulls(process.code, 1),
                }
                rows.number(process.percent, pair.map(|&(_, percent)| percent));
            }
            traits_of(rows, layout, id);
        }
    }
}

/// How many communities a cell has, masked ones included.
fn communities(year: &CommunityYear) -> u32 {
    let last = year.communities.iter().map(|community| community.index + 1).max().unwrap_or(0);
    last.max(year.mask.len() as u32)
}

fn community(rows: &mut Columns, layout: &Layout<'_>, cell: usize, year: &CommunityYear) {
    for index in 0..communities(year) {
        let community = year.communities.iter().find(|community| community.index == index);
        start(rows, layout, cell, year);
        rows.push("community", (index as i32).to_le_bytes());
        let of = |value: fn(&Community) -> Option<f64>| community.and_then(value);
        let values = [
            of(|community| Some(community.cleaf)),
            of(|community| Some(community.croot)),
            of(|community| Some(community.cwood)),
            of(|community| Some(community.anpp)),
            of(|community| Some(community.uptake_costs)),
            of(|community| community.shannon_entropy),
            of(|community| community.shannon_diversity),
            of(|community| community.shannon_evenness),
        ];
        for ((column, ..), value) in COMMUNITY.iter().zip(values) {
            rows.number(column, value);
        }
        match community {
            Some(community) => rows.push("strategies", (community.ids.len() as i32).to_le_bytes()),
            None => rows.nulls("strategies", 1),
        }
        rows.push("masked", [u8::from(community.is_none_or(|community| community.is_masked))]);
    }
}

fn cell_year(rows: &mut Columns, layout: &Layout<'_>, cell: usize, year: &CommunityYear) {
    start(rows, layout, cell, year);
    let count = living(year).count() as i32;
    rows.push("communities", (communities(year) as i32).to_le_bytes());
    rows.push("living", count.to_le_bytes());
    let mean = |value: fn(&Community) -> f64| {
        (count > 0).then(|| living(year).map(value).sum::<f64>() / f64::from(count))
    };
    let (leaf, root, wood) = (mean(|c| c.cleaf), mean(|c| c.croot), mean(|c| c.cwood));
    let cveg = leaf.zip(root).zip(wood).map(|((leaf, root), wood)| leaf + root + wood);
    let totals = &year.totals;
    let values = [
        (totals.cveg, cveg),
        (totals.cleaf, leaf),
        (totals.croot, root),
        (totals.cwood, wood),
        (totals.anpp, mean(|c| c.anpp)),
        (totals.uptake_costs, mean(|c| c.uptake_costs)),
    ];
    for ((of_dump, of_living, ..), (dumped, mean)) in TOTALS.iter().zip(values) {
        rows.number(of_dump, Some(dumped));
        rows.number(of_living, mean);
    }
}

fn limitation(rows: &mut Columns, layout: &Layout<'_>, cell: usize, year: &CommunityYear) {
    start(rows, layout, cell, year);
    for (share, value) in shares::list().iter().zip(shares::shares(year)) {
        rows.number(&share.name, Some(value));
    }
}

fn traits_of_cell(rows: &mut Columns, layout: &Layout<'_>, cell: usize, year: &CommunityYear) {
    let (Some(table), Some(indices)) = (&layout.settings.traits, &layout.indices) else { return };
    start(rows, layout, cell, year);
    for (index, value) in traits::list(table).iter().zip(indices.of(year)) {
        rows.number(&index.name, Some(value));
    }
}

/// The traits of a strategy; null where the table of traits lacks it.
fn traits_of(rows: &mut Columns, layout: &Layout<'_>, id: i64) {
    let Some(table) = &layout.settings.traits else { return };
    let own = table.of(id).unwrap_or_default();
    for (index, one) in table.traits().iter().enumerate() {
        match own.get(index).filter(|value| !value.is_nan()) {
            Some(value) => rows.push(&one.name, value.to_le_bytes()),
            None => rows.nulls(&one.name, 1),
        }
    }
}
