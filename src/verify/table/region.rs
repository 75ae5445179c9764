//! Means over regions: each cell's means, weighted by area, in sums of two doubles.
//!
//! The writer keeps 106 bits of its sums as well, but adds up in other parts; so the nearest double is right, and its
//! neighbour where the exact number lies in the middle of both as far as 106 bits tell. A standard deviation is a difference
//! of two such numbers, and may be off by what is lost where they nearly are the same.

use std::collections::{BTreeMap, HashSet};

use crate::aggregate::exact::Exact;
use crate::aggregate::percent::NOUGHT;
use crate::aggregate::reduce::Stat;
use crate::aggregate::units;
use crate::model::grid::Cell;
use crate::plan::Plan;
use crate::plan::comparison::OfRegion;
use crate::plan::tables::RegionCells;
use crate::run::survey::Span;
use crate::table::read::{Bits, Heading, Rows, date};

use super::super::cell::CellData;
use super::super::interval::{self, Interval};
use super::super::statistics::{self, Right};
use super::Made;
use super::daily::right;

/// A sum of two doubles.
#[derive(Debug, Clone, Copy, Default)]
struct Twice(f64, f64);

impl Twice {
    fn add(&mut self, value: f64) {
        let sum = self.0 + value;
        let of_value = sum - self.0;
        let lost = (self.0 - (sum - of_value)) + (value - of_value);
        let low = self.1 + lost;
        self.0 = sum + low;
        self.1 = low - (self.0 - sum);
    }

    /// Adds a product, exactly but for what is below its 106 bits.
    fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        self.add(product);
        self.add(a.mul_add(b, -product));
    }

    fn parts(self) -> [f64; 2] {
        [self.0, self.1]
    }
}

/// A region, layer and interval.
#[derive(Debug, Clone, Copy)]
struct Sums {
    cells: u64,
    area: Twice,
    sum: Twice,
    squares: Twice,
    least: f64,
    greatest: f64,
    /// Of a change in percent the sum over area of what it is a change of, and the largest magnitude of that.
    before: Twice,
    largest: f64,
}

const NONE: Sums = Sums {
    cells: 0,
    area: Twice(0.0, 0.0),
    sum: Twice(0.0, 0.0),
    squares: Twice(0.0, 0.0),
    least: f64::INFINITY,
    greatest: f64::NEG_INFINITY,
    before: Twice(0.0, 0.0),
    largest: 0.0,
};

/// What rows are of.
enum Spans {
    /// Months, seasons or years.
    Intervals(Vec<Interval>),
    /// Periods by number: how many of their usual days are on the axis, and whether these are all.
    Periods(BTreeMap<u32, (i64, bool)>),
}

impl Spans {
    fn of(made: &Made<'_>) -> Self {
        let axis = &made.plan.axis;
        if !made.tables.by_period {
            return Spans::Intervals(interval::intervals(axis, made.tables.every));
        }
        let last = axis.first_day + i64::from(axis.days) - 1;
        let of = |span: &Span| {
            let days = (span.first_day..=span.last_day).filter(|day| (axis.first_day..=last).contains(day));
            let (days, all) = (days.count() as i64, span.last_day - span.first_day + 1);
            (span.period, (days, days == all))
        };
        Spans::Periods(made.plan.periods.iter().map(of).collect())
    }

    fn count(&self) -> usize {
        match self {
            Spans::Intervals(intervals) => intervals.len(),
            Spans::Periods(periods) => periods.len(),
        }
    }
}

/// The sums of all regions.
pub(super) struct Regions {
    names: Vec<String>,
    members: Vec<Option<HashSet<Cell>>>,
    spans: Spans,
    layers: usize,
    /// For each layer what a region has where that is not the mean of its cells.
    of_others: Vec<Option<OfRegion>>,
    sums: Vec<Sums>,
}

impl Regions {
    pub fn new(made: &Made<'_>) -> Self {
        let (plan, tables) = (made.plan, made.tables);
        let cells = || plan.cells.iter().map(|planned| planned.cell);
        let mut names = vec!["all".to_owned()];
        let mut members = vec![None];
        if !tables.regions.is_empty() {
            names = tables.regions.iter().map(|region| region.name.clone()).collect();
            let of = |cells_of: &RegionCells| match cells_of {
                RegionCells::All => None,
                RegionCells::Bounds(bounds) => {
                    let inside = plan.window.grid.inside(*bounds);
                    Some(
                        cells()
                            .filter(|&cell| inside.as_ref().is_some_and(|is_inside| is_inside(cell)))
                            .collect(),
                    )
                }
                RegionCells::Mask(mask) => Some(mask.iter().copied().collect()),
            };
            members = tables.regions.iter().map(|region| of(&region.cells)).collect();
        }
        let spans = Spans::of(made);
        let layers = plan.layers.len();
        let sums = vec![NONE; names.len() * layers * spans.count()];
        Regions { names, members, spans, layers, of_others: plan.of_regions(), sums }
    }

    /// The means of a cell's layers over all intervals, of values on the axis; or over its days of each period.
    pub fn means(&self, plan: &Plan, data: &CellData, days: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let of = |layer: usize| -> Vec<f64> {
            let lengths = interval::lengths(plan, layer);
            match &self.spans {
                Spans::Intervals(intervals) => {
                    let values = days.get(layer).map(Vec::as_slice).unwrap_or_default();
                    let mean =
                        |interval: &Interval| interval.reduce(values, Stat::Mean, lengths.as_deref()).best;
                    intervals.iter().map(mean).collect()
                }
                Spans::Periods(periods) => {
                    let element = plan.layers.get(layer).map(|layer| layer.element);
                    let axis = plan.axis.days as usize;
                    let found =
                        element.map(|element| data.by_period(layer, element, axis)).unwrap_or_default();
                    let mean = |period: &u32| {
                        let own = found.iter().find(|(own, ..)| own == period);
                        own.map_or(f64::NAN, |(_, first, values)| match &lengths {
                            None => statistics::reduce(values, Stat::Mean).best,
                            Some(lengths) => {
                                let own = lengths.get(*first..first + values.len()).unwrap_or_default();
                                statistics::mean_by_length(values, own).best
                            }
                        })
                    };
                    periods.keys().map(mean).collect()
                }
            }
        };
        (0..plan.layers.len()).map(of).collect()
    }

    /// Adds a cell's means.
    pub fn add(&mut self, made: &Made<'_>, cell: Cell, means: &[Vec<f64>]) {
        let grid = &made.plan.window.grid;
        let area = grid.area(cell);
        let count = self.spans.count();
        for (region, members) in self.members.iter().enumerate() {
            if members.as_ref().is_some_and(|members| !members.contains(&cell)) {
                continue;
            }
            for (layer, own) in means.iter().enumerate() {
                let first = (region * self.layers + layer) * count;
                let sums = self.sums.get_mut(first..first + count).unwrap_or_default();
                if let Some(Some(OfRegion::Percent { change, reference })) = self.of_others.get(layer) {
                    let of = |layer: usize| means.get(layer).into_iter().flatten().copied();
                    for (sums, (change, before)) in sums.iter_mut().zip(of(*change).zip(of(*reference))) {
                        sums.add_change(area, change, before);
                    }
                    continue;
                }
                let means = own;
                for (sums, &mean) in sums.iter_mut().zip(means).filter(|(_, mean)| !mean.is_nan()) {
                    sums.cells += 1;
                    sums.area.add(area);
                    sums.sum.add_product(area, mean);
                    let product = area * mean;
                    let rest = area.mul_add(mean, -product);
                    sums.squares.add_product(product, mean);
                    sums.squares.add(rest * mean);
                    sums.least = sums.least.min(mean);
                    sums.greatest = sums.greatest.max(mean);
                }
            }
        }
    }

    /// The rows of all regions, variables and intervals that any cell has a value in, those of a variable at a time.
    pub fn rows(&self, made: &Made<'_>, heading: &Heading, emit: &mut dyn FnMut(&Rows)) {
        let texts = |column: &str| made.texts("region", column);
        let (regions, variables) = (texts("region"), texts("variable"));
        let (starts, of_units, of_sums) = (texts("start"), texts("units"), texts("sum_units"));
        let is_date = heading.column("start").is_some_and(|column| column.bits == Bits::Date);
        let mut sums = self.sums.iter();
        for name in &self.names {
            for layer in 0..self.layers {
                let unit = made.units(layer);
                let mut rows = heading.rows();
                for (index, sums) in sums.by_ref().take(self.spans.count()).enumerate() {
                    if sums.cells == 0 {
                        continue;
                    }
                    rows.begin();
                    rows.put("region", Some(regions.number(name)));
                    rows.put("variable", Some(variables.number(&made.layer_name(layer))));
                    let (steps, is_whole) = match &self.spans {
                        Spans::Intervals(intervals) => {
                            let Some(interval) = intervals.get(index) else { continue };
                            match is_date {
                                true => rows.whole("start", date::milliseconds(interval.start)),
                                false => rows.put("start", Some(starts.number(&interval.start.to_string()))),
                            }
                            (interval.days() as i64, interval.is_complete())
                        }
                        Spans::Periods(periods) => {
                            let Some((&period, &own)) = periods.iter().nth(index) else { continue };
                            rows.whole("period", i64::from(period));
                            own
                        }
                    };
                    rows.whole(made.plan.axis.step_noun(), steps);
                    rows.whole("complete", i64::from(is_whole));
                    rows.whole("cells", sums.cells as i64);
                    let numbers = sums.numbers();
                    let of_others = self.of_others.get(layer).copied().flatten();
                    let numbers = match of_others {
                        None => numbers.to_vec(),
                        Some(OfRegion::Nothing) => numbers.into_iter().take(1).collect(),
                        Some(OfRegion::Percent { .. }) => {
                            let least = made.plan.settings.change.as_ref().map_or(0.0, |change| change.least);
                            let percent = sums.percent(least).map(|percent| ("mean", percent));
                            numbers.into_iter().take(1).chain(percent).collect()
                        }
                    };
                    numbers.into_iter().for_each(|(name, number)| right(&mut rows, name, number));
                    let text = (!unit.is_empty()).then(|| units::summed_over_area(&unit));
                    rows.put("units", text.as_ref().map(|_| of_units.number(&unit)));
                    let text = text.filter(|_| of_others.is_none());
                    rows.put("sum_units", text.map(|text| of_sums.number(&text)));
                }
                emit(&rows);
            }
        }
    }
}

impl Sums {
    /// Adds a cell's change and what it is a change of, where there is one.
    fn add_change(&mut self, area: f64, change: f64, before: f64) {
        if change.is_nan() {
            return;
        }
        self.cells += 1;
        self.area.add(area);
        self.sum.add_product(area, change);
        self.before.add_product(area, before);
        self.least = self.least.min(change);
        self.greatest = self.greatest.max(change);
        self.largest = self.largest.max(before.abs());
    }

    /// The change in percent of the magnitude of what it is a change of; `None` where that is near nought.
    fn percent(&self, least: f64) -> Option<Right> {
        let lost = self.cells as f64 * 2f64.powi(-100) * self.area.0;
        let mean = nearest(&Exact::of(self.before.parts()), self.area.parts(), lost * self.largest);
        if mean.best.abs() <= least.max(NOUGHT * self.largest) {
            return None;
        }
        let magnitude = self.before.parts().map(|part| if self.before.0 < 0.0 { -part } else { part });
        let mut hundredfold = Exact::default();
        self.sum.parts().into_iter().for_each(|part| hundredfold.add_product(100.0, part));
        let greatest = self.least.abs().max(self.greatest.abs());
        let of_change = 100.0 * lost * greatest;
        let Right { best, low, high } = nearest(&hundredfold, magnitude, of_change);
        // Changes that cancel each other leave little beside what their sum may lose.
        let more = of_change / magnitude[0];
        Some(Right { best, low: low.min(best - more), high: high.max(best + more) })
    }

    /// The numbers, by their columns.
    fn numbers(&self) -> [(&'static str, Right); 6] {
        // What sums of so many cells may lose, in shares of the area times the greatest value.
        let lost = self.cells as f64 * 2f64.powi(-100);
        let greatest = self.least.abs().max(self.greatest.abs());
        let of_sum = lost * greatest * self.area.0;
        [
            ("area", nearest(&Exact::of(self.area.parts()), [1.0, 0.0], lost * self.area.0)),
            ("mean", nearest(&Exact::of(self.sum.parts()), self.area.parts(), of_sum)),
            ("sum", nearest(&Exact::of(self.sum.parts()), [1.0, 0.0], of_sum)),
            ("minimum", Right::only(self.least)),
            ("maximum", Right::only(self.greatest)),
            ("std", self.deviation(lost * greatest * greatest)),
        ]
    }

    /// The root of the mean of squares without the square of the mean; `lost` is what both may have lost.
    fn deviation(&self, lost: f64) -> Right {
        if self.least == self.greatest {
            return Right::only(0.0);
        }
        let mut variance = Exact::default();
        let (area, sum, squares) = (self.area.parts(), self.sum.parts(), self.squares.parts());
        for one in squares {
            area.iter().for_each(|&other| variance.add_product(one, other));
        }
        for one in sum {
            sum.iter().for_each(|&other| variance.add_product(-one, other));
        }
        let variance = variance.value() / (self.area.0 * self.area.0);
        let part = 8.0 * f64::EPSILON;
        let root = |value: f64| value.max(0.0).sqrt();
        Right {
            best: root(variance),
            low: root(variance * (1.0 - part) - 4.0 * lost),
            high: root(variance * (1.0 + part) + 4.0 * lost),
        }
    }
}

/// The double that is nearest to a sum divided by two doubles, and its neighbour where nobody can tell.
fn nearest(sum: &Exact, divisor: [f64; 2], lost: f64) -> Right {
    let rest = |quotient: f64| {
        let mut rest = sum.clone();
        divisor.iter().for_each(|&part| rest.add_product(-quotient, part));
        rest.value()
    };
    let about = sum.value() / divisor[0];
    if !about.is_finite() {
        return Right::only(about);
    }
    // Without the divisor's second part it is up to two units in the last place off.
    let about = about + rest(about) / divisor[0];
    let mut all = [about.next_down(), about, about.next_up()].map(|value| (value, rest(value)));
    all.sort_by(|one, other| one.1.abs().total_cmp(&other.1.abs()));
    let [(best, left), (next, other), _] = all;
    if other.abs() - left.abs() <= 2.0 * lost + other.abs() * 1e-12 {
        return Right { best, low: best.min(next), high: best.max(next) };
    }
    Right::only(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_part_of_a_divisor_counts() {
        for last in 1..2000_u32 {
            // As of sixteen cells; the second parts are half a unit in the last place of the first.
            let (area, low) = (49_178_216_520.320_59, 3.814_697_265_625e-6);
            let sum = [93_146_163_481.7 + f64::from(last) * 1.7, -7.4e-6];
            let right = nearest(&Exact::of(sum), [area, low], 0.0);
            let rest = |quotient: f64| {
                let mut rest = Exact::of(sum);
                rest.add_product(-quotient, area);
                rest.add_product(-quotient, low);
                rest.value().abs()
            };
            let far = (-3..=3).map(|step| f64::from_bits(right.best.to_bits().wrapping_add_signed(step)));
            assert!(
                far.into_iter().all(|other| rest(right.best) <= rest(other)),
                "{sum:?} / ({area} + {low})"
            );
        }
    }
}
