//! Traits of a cell's vegetation: means and variances over its strategies, and indices of functional diversity.

use std::collections::BTreeMap;

use crate::caete::community::CommunityYear;
use crate::model::traits::{TraitSpread, TraitTable};

use super::living::{living, sorted};
use super::shares::weights;

/// What strategies are weighted by.
const BY: [(&str, &str); 2] =
    [("area", "weighted by occupation"), ("carbon", "weighted by carbon in vegetation")];
/// Strategies that evenness is made of at most: it looks at each pair of them.
const MOST: usize = 1 << 13;

const OF_STRATEGIES: &str =
    "Over the strategies that live in any unmasked community, each with its mean over these communities.";
const RICHNESS: &str = "Mean over traits of the range over the living strategies, divided by the range over the table of traits.";
const EVENNESS: &str = "Functional evenness of Villeger et al. (2008), by the minimum spanning tree of strategies in the space of traits, each standardised \
                        over the table of traits; of three and more strategies.";
const DIVERGENCE: &str = "Functional divergence as of Villeger et al. (2008), about the centre of all living strategies in the space of traits, each standardised \
                          over the table of traits; of two and more strategies.";

/// A number that is made of traits, as outputs name it.
pub(super) struct Index {
    pub name: String,
    pub long_name: String,
    pub units: Option<String>,
    pub comment: String,
}

/// All of them, in the order of [`Indices::of`].
pub(super) fn list(table: &TraitTable) -> Vec<Index> {
    let mut all = Vec::new();
    for one in table.traits() {
        for (by, words) in BY {
            let (mean, variance) = (format!("{}_mean_{by}", one.name), format!("{}_variance_{by}", one.name));
            let index = |name, what: &str, units| Index {
                name,
                long_name: format!("{}, community {what} {words}", one.long_name),
                units,
                comment: OF_STRATEGIES.to_owned(),
            };
            all.push(index(mean, "mean", one.units.clone()));
            all.push(index(variance, "variance", one.units.as_deref().map(squared)));
        }
    }
    let index = |name: String, long_name: String, comment: &str| Index {
        name,
        long_name,
        units: Some("1".to_owned()),
        comment: comment.to_owned(),
    };
    all.push(index("functional_richness".to_owned(), "functional richness".to_owned(), RICHNESS));
    for (what, comment) in [("evenness", EVENNESS), ("divergence", DIVERGENCE)] {
        for (by, words) in BY {
            let name = format!("functional_{what}_{by}");
            all.push(index(name, format!("functional {what}, {words}"), comment));
        }
    }
    all
}

/// The square of units as UDUNITS reads them.
fn squared(units: &str) -> String {
    let of = |unit: &str| -> Option<String> {
        let name = unit.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '-');
        let power = unit.get(name.len()..)?;
        let power: i32 = if power.is_empty() { 1 } else { power.parse().ok()? };
        (!name.is_empty() && name.chars().all(char::is_alphabetic)).then(|| format!("{name}{}", 2 * power))
    };
    match units {
        "1" => "1".to_owned(),
        _ => units
            .split(' ')
            .map(of)
            .collect::<Option<Vec<String>>>()
            .map_or_else(|| format!("({units})2"), |all| all.join(" ")),
    }
}

/// What is made of a table of traits.
#[derive(Debug)]
pub(super) struct Indices {
    table: TraitTable,
    spread: Vec<TraitSpread>,
}

/// An index of places in the space of traits and their weights.
type OfPlaces = fn(&[(&[f64], f64)]) -> f64;

/// A strategy that lives in a cell.
struct Strategy<'a> {
    traits: &'a [f32],
    /// Occupation, and carbon on the cell's ground.
    weights: [f64; 2],
}

impl Indices {
    pub fn new(table: &TraitTable) -> Self {
        Indices { table: table.clone(), spread: table.spread() }
    }

    /// The numbers of a cell's year, in the order of [`list`]; NaN where there is none, and all of them where a strategy is not in the
    /// table. Strategies are added in the order of their numbers.
    pub fn of(&self, year: &CommunityYear) -> Vec<f64> {
        let count = self.table.traits().len() * 4 + 5;
        let strategies = self.strategies(year).unwrap_or_default();
        if strategies.is_empty() {
            return vec![f64::NAN; count];
        }
        let mut all = Vec::with_capacity(count);
        for index in 0..self.table.traits().len() {
            for by in [0, 1] {
                let (mean, variance) = moments(&strategies, index, by);
                all.extend([mean, variance]);
            }
        }
        all.push(self.richness(&strategies));
        let points: Vec<Vec<f64>> = strategies.iter().map(|strategy| self.point(strategy.traits)).collect();
        let weighted = |by: usize| -> Vec<(&[f64], f64)> {
            let weights = strategies.iter().map(|strategy| weight(strategy, by));
            points.iter().map(Vec::as_slice).zip(weights).filter(|(_, weight)| *weight > 0.0).collect()
        };
        let is_known = |by: usize| strategies.iter().all(|strategy| !weight(strategy, by).is_nan());
        let of = |by: usize, what: OfPlaces| {
            if is_known(by) { what(&weighted(by)) } else { f64::NAN }
        };
        all.extend([of(0, evenness), of(1, evenness), of(0, divergence), of(1, divergence)]);
        all
    }

    /// The strategies that live, by their numbers; none where the table lacks one.
    fn strategies(&self, year: &CommunityYear) -> Option<Vec<Strategy<'_>>> {
        let mut sums: BTreeMap<i64, [f64; 2]> = BTreeMap::new();
        for community in living(year) {
            for index in sorted(community) {
                let Some(&id) = community.ids.get(index) else { continue };
                let sum = sums.entry(id).or_default();
                sum.iter_mut().zip(weights(community, index)).for_each(|(sum, weight)| *sum += weight);
            }
        }
        // Where a strategy does not live it has no ground.
        let communities = living(year).count() as f64;
        let of = |(id, sums): (i64, [f64; 2])| {
            Some(Strategy { traits: self.table.of(id)?, weights: sums.map(|sum| sum / communities) })
        };
        sums.into_iter().map(of).collect()
    }

    fn richness(&self, strategies: &[Strategy<'_>]) -> f64 {
        let shares = self.spread.iter().enumerate().filter(|(_, spread)| spread.maximum > spread.minimum);
        let share = |(index, spread): (usize, &TraitSpread)| {
            let values = || strategies.iter().map(move |strategy| value(strategy, index));
            if values().any(f64::is_nan) {
                return f64::NAN;
            }
            let range = values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min);
            range / (spread.maximum - spread.minimum)
        };
        let shares: Vec<f64> = shares.map(share).collect();
        shares.iter().sum::<f64>() / shares.len() as f64
    }

    /// A strategy in the space of traits; traits that all strategies have alike are no dimension of it.
    fn point(&self, traits: &[f32]) -> Vec<f64> {
        let pairs = traits.iter().zip(&self.spread).filter(|(_, spread)| spread.std > 0.0);
        pairs.map(|(&value, spread)| (f64::from(value) - spread.mean) / spread.std).collect()
    }
}

fn value(strategy: &Strategy<'_>, index: usize) -> f64 {
    strategy.traits.get(index).map_or(f64::NAN, |&value| f64::from(value))
}

fn weight(strategy: &Strategy<'_>, by: usize) -> f64 {
    strategy.weights.get(by).copied().unwrap_or(f64::NAN)
}

/// Weighted mean and variance of a trait.
fn moments(strategies: &[Strategy<'_>], index: usize, by: usize) -> (f64, f64) {
    let pairs = || strategies.iter().map(move |strategy| (value(strategy, index), weight(strategy, by)));
    let total: f64 = pairs().map(|(_, weight)| weight).sum();
    if total.is_nan() || total <= 0.0 {
        return (f64::NAN, f64::NAN);
    }
    let mean = pairs().map(|(value, weight)| weight * value).sum::<f64>() / total;
    let variance =
        pairs().map(|(value, weight)| weight * ((value - mean) * (value - mean))).sum::<f64>() / total;
    (mean, variance)
}

fn distance(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| (one - other) * (one - other)).sum::<f64>().sqrt()
}

/// Functional evenness: how regular the weighted branches of the minimum spanning tree are.
///
/// The tree grows from the first strategy; of strategies that are as near the first joins, and of those in the tree that are as near it joins
/// the one that joined first.
fn evenness(strategies: &[(&[f64], f64)]) -> f64 {
    let count = strategies.len();
    if !(3..=MOST).contains(&count) {
        return f64::NAN;
    }
    let total: f64 = strategies.iter().map(|(_, weight)| weight).sum();
    // For each strategy that is not in the tree its distance from that, and from whom.
    let mut outside: Vec<(usize, f64, usize)> = (1..count).map(|place| (place, f64::INFINITY, 0)).collect();
    let mut last = 0;
    let mut branches = Vec::with_capacity(count - 1);
    while !outside.is_empty() {
        let Some((joined, _)) = strategies.get(last) else { return f64::NAN };
        let mut nearest: Option<(usize, f64)> = None;
        for (at, (place, least, from)) in outside.iter_mut().enumerate() {
            let Some((point, _)) = strategies.get(*place) else { return f64::NAN };
            let found = distance(joined, point);
            if found < *least {
                (*least, *from) = (found, last);
            }
            if nearest.is_none_or(|(_, nearest)| *least < nearest) {
                nearest = Some((at, *least));
            }
        }
        let Some((at, _)) = nearest else { return f64::NAN };
        let (place, length, from) = outside.remove(at);
        let share = |place: usize| strategies.get(place).map_or(f64::NAN, |(_, weight)| weight / total);
        branches.push(length / (share(from) + share(place)));
        last = place;
    }
    let whole: f64 = branches.iter().sum();
    let even = 1.0 / (count as f64 - 1.0);
    let sum: f64 = branches.iter().map(|branch| (branch / whole).min(even)).sum();
    if whole > 0.0 { (sum - even) / (1.0 - even) } else { f64::NAN }
}

/// Functional divergence: how far from the centre the weight is.
fn divergence(strategies: &[(&[f64], f64)]) -> f64 {
    if strategies.len() < 2 {
        return f64::NAN;
    }
    let count = strategies.len() as f64;
    let dimensions = strategies.first().map_or(0, |(point, _)| point.len());
    let at =
        |index: usize| strategies.iter().map(move |(point, _)| point.get(index).copied().unwrap_or(f64::NAN));
    let centre: Vec<f64> = (0..dimensions).map(|index| at(index).sum::<f64>() / count).collect();
    let distances: Vec<f64> = strategies.iter().map(|(point, _)| distance(point, &centre)).collect();
    let mean = distances.iter().sum::<f64>() / count;
    let total: f64 = strategies.iter().map(|(_, weight)| weight).sum();
    let pairs =
        || distances.iter().zip(strategies).map(|(distance, (_, weight))| (weight / total, distance - mean));
    let deviation: f64 = pairs().map(|(share, away)| share * away).sum();
    let absolute: f64 = pairs().map(|(share, away)| share * away.abs()).sum();
    if mean > 0.0 { (deviation + mean) / (absolute + mean) } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_squared() {
        for (units, wanted) in
            [("1", "1"), ("year", "year2"), ("g g-1", "g2 g-2"), ("m2 s-1", "m4 s-2"), ("kg/m2", "(kg/m2)2")]
        {
            assert_eq!(squared(units), wanted);
        }
    }

    #[test]
    fn even_and_uneven_communities() {
        let points = [[0.0], [1.0], [2.0], [3.0]];
        let of = |weights: [f64; 4], points: &[[f64; 1]; 4]| {
            let all: Vec<(&[f64], f64)> = points.iter().map(|point| &point[..]).zip(weights).collect();
            (evenness(&all), divergence(&all))
        };
        let (even, _) = of([1.0; 4], &points);
        assert_eq!(even, 1.0);
        // One branch has 98 of 100 parts of the whole, the others one each: (1/3 + 2/100 - 1/3) / (2/3).
        let (uneven, _) = of([1.0; 4], &[[0.0], [1.0], [2.0], [100.0]]);
        assert!((uneven - 0.03).abs() < 1e-12, "{uneven}");
        // All weight at the ends, and all in the middle.
        let (_, outer) = of([1.0, 1e-300, 1e-300, 1.0], &points);
        let (_, inner) = of([1e-300, 1.0, 1.0, 1e-300], &points);
        assert!((outer - 1.0).abs() < 1e-12, "{outer}");
        assert!((inner - 0.5 / 1.5).abs() < 1e-12, "{inner}");
        assert!(of([1.0; 4], &[[1.0]; 4]).0.is_nan());
        assert!(evenness(&[(&[1.0], 1.0), (&[2.0], 1.0)]).is_nan());
        assert!(divergence(&[(&[1.0], 1.0)]).is_nan());
    }
}
