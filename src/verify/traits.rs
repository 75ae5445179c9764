//! Traits of a cell's vegetation, by the plain formulas of the tables' documentation.

use std::collections::BTreeMap;

use crate::caete::community::CommunityYear;
use crate::model::traits::TraitTable;

use super::vegetation::{entries, living};

/// Strategies that evenness is made of at most.
const MOST: usize = 8192;

/// A strategy: its traits, occupation and carbon.
type Strategy = (Vec<f64>, f64, f64);
/// What strategies are weighted by.
type Weight = fn(&Strategy) -> f64;
/// A place in the space of traits, and a weight.
type Place = (Vec<f64>, f64);

/// How a trait is spread over the strategies of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    range: f64,
    mean: f64,
    std: f64,
}

/// The spread of each trait.
pub(super) fn scales(table: &TraitTable) -> Vec<Scale> {
    let of = |index: usize| {
        let all = of_table(table, index);
        let mean = sum(all.iter().copied()) / all.len() as f64;
        let variance = sum(all.iter().map(|value| (value - mean) * (value - mean))) / all.len() as f64;
        Scale { range: range(&all), mean, std: variance.sqrt() }
    };
    (0..table.traits().len()).map(of).collect()
}

/// All numbers of a cell's year by their names, NaN where there are none. Strategies are added in the order of their numbers.
pub(super) fn indices(table: &TraitTable, scales: &[Scale], year: &CommunityYear) -> BTreeMap<String, f64> {
    let strategies = strategies(table, year).unwrap_or_default();
    let mut all = BTreeMap::new();
    for (index, one) in table.traits().iter().enumerate() {
        for (by, of) in BY {
            let total = sum(strategies.iter().map(of));
            let value = |strategy: &Strategy| strategy.0.get(index).copied().unwrap_or(f64::NAN);
            let mean = sum(strategies.iter().map(|strategy| of(strategy) * value(strategy))) / total;
            let square =
                |strategy: &Strategy| of(strategy) * ((value(strategy) - mean) * (value(strategy) - mean));
            let variance = sum(strategies.iter().map(square)) / total;
            let is_there = total > 0.0;
            all.insert(format!("{}_mean_{by}", one.name), if is_there { mean } else { f64::NAN });
            all.insert(format!("{}_variance_{by}", one.name), if is_there { variance } else { f64::NAN });
        }
    }
    all.insert("functional_richness".to_owned(), richness(scales, &strategies));
    for (by, of) in BY {
        let is_known = !strategies.is_empty() && strategies.iter().all(|strategy| !of(strategy).is_nan());
        let places: Vec<Place> = strategies
            .iter()
            .filter(|strategy| of(strategy) > 0.0)
            .map(|strategy| (standardised(scales, &strategy.0), of(strategy)))
            .collect();
        all.insert(format!("functional_evenness_{by}"), if is_known { evenness(&places) } else { f64::NAN });
        all.insert(
            format!("functional_divergence_{by}"),
            if is_known { divergence(&places) } else { f64::NAN },
        );
    }
    all
}

const BY: [(&str, Weight); 2] = [("area", |strategy| strategy.1), ("carbon", |strategy| strategy.2)];

fn sum(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(-0.0, |sum, value| sum + value)
}

/// Each living strategy with its means over the communities that count; none where the table lacks one.
fn strategies(table: &TraitTable, year: &CommunityYear) -> Option<Vec<Strategy>> {
    let communities = living(year);
    let mut sums: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for community in &communities {
        for (id, place) in entries(community) {
            let at = |values: &[f64]| values.get(place).copied().unwrap_or(f64::NAN);
            let pools = at(&community.vp_cleaf) + at(&community.vp_croot) + at(&community.vp_cwood);
            let own = sums.entry(id).or_insert((0.0, 0.0));
            own.0 += at(&community.vp_ocp);
            own.1 += pools * at(&community.vp_ocp);
        }
    }
    let count = communities.len() as f64;
    let mut all = Vec::new();
    for (id, (area, carbon)) in sums {
        let traits = table.of(id)?.iter().map(|&value| f64::from(value)).collect();
        all.push((traits, area / count, carbon / count));
    }
    Some(all)
}

/// All values of a trait in the table that are there.
fn of_table(table: &TraitTable, index: usize) -> Vec<f64> {
    let of = |&id: &i64| table.of(id).and_then(|values| values.get(index)).map(|&value| f64::from(value));
    table.ids().iter().filter_map(of).filter(|value| !value.is_nan()).collect()
}

fn range(values: &[f64]) -> f64 {
    let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    greatest - values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn richness(scales: &[Scale], strategies: &[Strategy]) -> f64 {
    let (mut shares, mut count) = (-0.0, 0.0);
    for (index, scale) in scales.iter().enumerate() {
        let whole = scale.range;
        let own: Vec<f64> = strategies.iter().filter_map(|strategy| strategy.0.get(index).copied()).collect();
        if whole > 0.0 {
            shares += if own.iter().any(|value| value.is_nan()) { f64::NAN } else { range(&own) / whole };
            count += 1.0;
        }
    }
    if strategies.is_empty() { f64::NAN } else { shares / count }
}

/// Traits as deviations from the mean over the table, in standard deviations; those that do not vary are left out.
fn standardised(scales: &[Scale], traits: &[f64]) -> Vec<f64> {
    let varied = traits.iter().zip(scales).filter(|(_, scale)| scale.std > 0.0);
    varied.map(|(value, scale)| (value - scale.mean) / scale.std).collect()
}

fn distance(one: &[f64], other: &[f64]) -> f64 {
    sum(one.iter().zip(other).map(|(one, other)| (one - other) * (one - other))).sqrt()
}

fn evenness(places: &[Place]) -> f64 {
    if places.len() < 3 || places.len() > MOST {
        return f64::NAN;
    }
    let total = sum(places.iter().map(|place| place.1));
    // For each place: whether it is in the tree, how near that is, and the place in it that is as near.
    let mut known: Vec<(bool, f64, usize)> = vec![(false, f64::INFINITY, 0); places.len()];
    let (mut joined, mut branches) = (0, Vec::new());
    for _ in 1..places.len() {
        if let Some(known) = known.get_mut(joined) {
            known.0 = true;
        }
        let of = |place: usize| {
            places.get(place).map_or((&[][..], f64::NAN), |(at, weight)| (at.as_slice(), weight / total))
        };
        for (place, known) in known.iter_mut().enumerate().filter(|(_, known)| !known.0) {
            let found = distance(of(joined).0, of(place).0);
            if found < known.1 {
                *known = (false, found, joined);
            }
        }
        let outside = known.iter().enumerate().filter(|(_, known)| !known.0);
        let next =
            outside.fold(None, |best: Option<(usize, (bool, f64, usize))>, (place, known)| match best {
                Some((_, least)) if known.1 >= least.1 || known.1.is_nan() => best,
                _ => Some((place, *known)),
            });
        let Some((place, (_, length, from))) = next else { return f64::NAN };
        branches.push(length / (of(from).1 + of(place).1));
        joined = place;
    }
    let whole = sum(branches.iter().copied());
    let even = 1.0 / (places.len() as f64 - 1.0);
    let regular = sum(branches.iter().map(|branch| (branch / whole).min(even)));
    if whole > 0.0 { (regular - even) / (1.0 - even) } else { f64::NAN }
}

fn divergence(places: &[Place]) -> f64 {
    let Some(((first, _), true)) = places.first().map(|first| (first, places.len() > 1)) else {
        return f64::NAN;
    };
    let count = places.len() as f64;
    let mean_of = |index: usize| sum(places.iter().filter_map(|(at, _)| at.get(index).copied())) / count;
    let centre: Vec<f64> = (0..first.len()).map(mean_of).collect();
    let away: Vec<f64> = places.iter().map(|(at, _)| distance(at, &centre)).collect();
    let mean = sum(away.iter().copied()) / count;
    let total = sum(places.iter().map(|place| place.1));
    let weighted = |of: fn(f64) -> f64| {
        sum(away.iter().zip(places).map(|(away, (_, weight))| weight / total * of(away - mean)))
    };
    if mean > 0.0 { (weighted(|value| value) + mean) / (weighted(f64::abs) + mean) } else { f64::NAN }
}
