//! Looks for the last days on which dumps, parts of grids and yearly files have values.

use crate::caete::CommunityYear;
use crate::model::element::Element;
use crate::plan::Plan;
use crate::source::{Content, Series};

use super::silences::{Heard, Last};
use super::slab::CellDump;
use super::value::number;
use super::vegetation;

/// Of the yearly grids those that say whether a year holds anything.
pub(super) const YEARLY: [&str; 4] = ["cleaf", "croot", "cwood", "occupation"];

impl Heard {
    /// Days of a dump, where any are on the axis.
    fn on_axis(plan: &Plan, first: i64, days: usize) -> Option<(i64, i64)> {
        let end = first.saturating_add(days as i64).min(i64::from(plan.axis.days));
        (first.max(0) < end).then(|| (first.max(0), end - 1))
    }

    /// Looks at a dump's series, some of which it may have read for this only. `None` where it has no day on the axis.
    pub fn of_dump(plan: &Plan, content: &Content<'_>, dump: &CellDump) -> Option<Self> {
        let (first, last) = Heard::on_axis(plan, dump.first, dump.days)?;
        let living = plan.settings.table.living().filter_map(|key| content.series(key));
        let fits = |series: &Series<'_>| series.days() == content.days() && series.rows() > 0;
        let rows = |series: Series<'_>| {
            let days = (first - dump.first) as usize..=(last - dump.first) as usize;
            let of = |row| days.clone().rev().find(|&day| lives(&series, row, day));
            (0..series.rows())
                .filter_map(of)
                .max()
                .map_or(Last::Never, |day| Last::On(dump.first + day as i64))
        };
        let life = living.filter(fits).map(rows).max().unwrap_or(Last::Absent);
        let mut fields = fields(plan, &[dump], (first, last));
        for field in fields.iter_mut().filter(|_| content.silent_end(1, 2) == 0) {
            if let Last::On(day) = field {
                *day = last;
            }
        }
        Some(Heard { first, last, fields, life })
    }

    /// Looks at the parts of a file's days that have any value in a cell. `has` tells which layers there are.
    pub fn of_parts(plan: &Plan, first: i64, days: usize, parts: &[CellDump], has: &[bool]) -> Option<Self> {
        let (first, last) = Heard::on_axis(plan, first, days)?;
        let parts: Vec<&CellDump> = parts.iter().collect();
        let mut found = fields(plan, &parts, (first, last));
        let (mut life, is_zero) = (Last::Absent, |value: f64| value == 0.0);
        for ((index, layer), (field, has)) in plan.layers.iter().enumerate().zip(found.iter_mut().zip(has)) {
            if !has {
                *field = Last::Absent;
                continue;
            }
            // Without a part nothing has a value.
            if *field == Last::Absent {
                *field = Last::Never;
            }
            if plan.settings.table.living().any(|key| key == layer.key) {
                let own = last_of(layer.element, &parts, index, (first, last), |value| !is_zero(value));
                life = life.max(if own == Last::Absent { Last::Never } else { own });
            }
        }
        Some(Heard { first, last, fields: found, life })
    }

    /// Looks at a year's communities.
    pub fn of_year(found: &CommunityYear) -> Self {
        let year = i64::from(found.year);
        let on = |is: bool| if is { Last::On(year) } else { Last::Never };
        let fields = YEARLY.map(|name| on(!vegetation::annual(name, found).is_nan()));
        let pools = vegetation::living(found);
        let mut pools = pools.iter().flat_map(|one| [&one.vp_cleaf, &one.vp_croot, &one.vp_cwood]).flatten();
        let life = on(pools.any(|carbon| carbon.abs() > 0.0));
        Heard { first: year, last: year, fields: fields.to_vec(), life }
    }
}

/// For each layer the last day on which parts of a cell's time have a value.
fn fields(plan: &Plan, parts: &[&CellDump], days: (i64, i64)) -> Vec<Last> {
    let layers = plan.layers.iter().enumerate();
    layers.map(|(index, layer)| last_of(layer.element, parts, index, days, |_| true)).collect()
}

/// The last day of some on which a layer has a value that `counts`; absent where no part has the layer.
fn last_of(
    element: Element,
    parts: &[&CellDump],
    layer: usize,
    (first, last): (i64, i64),
    counts: impl Fn(f64) -> bool,
) -> Last {
    let of_part = |part: &&CellDump| {
        let Some(Some(bytes)) = part.layers.get(layer) else { return Last::Absent };
        let dated = (part.first..).zip(bytes.chunks_exact(element.size()));
        let mut days: Vec<(i64, &[u8])> = dated.filter(|(day, _)| (first..=last).contains(day)).collect();
        while let Some((day, bytes)) = days.pop() {
            if number(element, bytes).is_some_and(&counts) {
                return Last::On(day);
            }
        }
        Last::Never
    };
    parts.iter().map(of_part).max().unwrap_or(Last::Absent)
}

/// Whether a value is neither missing nor 0. One that cannot be told is taken for life.
fn lives(series: &Series<'_>, row: usize, day: usize) -> bool {
    let Some(element) = series.element() else { return true };
    let (start, step) = series.layout(row);
    let at = start + day * step;
    let mut value = series.data().get(at..at + series.size()).unwrap_or_default().to_vec();
    if series.is_big_endian() {
        value.reverse();
    }
    number(element, &value).is_some_and(|value| value != 0.0)
}
