//! Which cells of grids hold nothing in a period, put together from its parts in time.

use std::collections::HashMap;
use std::ops::Range;

use crate::model::grid::Cell;
use crate::plan::Plan;
use crate::run::silence::{Silence, SilentDumps};
use crate::run::survey::Span;
use crate::source::Series;
use crate::spool::contents::Contents;

/// What is silent at the end of some days of a cell.
pub(super) struct Ends {
    days: usize,
    /// For each layer the last days without a value; `None` where no file has the layer.
    fields: Vec<Option<usize>>,
    /// The last days on which nothing lives; `None` where no file tells.
    dead: Option<usize>,
    /// Whether any place is not masked.
    has_any: bool,
}

impl Ends {
    /// Looks at a cell's days, the first of which is `first` on the axis, where they are on the axis. `layers` are their values.
    pub fn of(plan: &Plan, first: i64, days: usize, layers: &[Option<Vec<u8>>], has_any: bool) -> Self {
        let end = first.saturating_add(days as i64);
        let on_axis: Range<i64> = first.max(0)..end.min(i64::from(plan.axis.days));
        let count = usize::try_from(on_axis.end - on_axis.start).unwrap_or(0);
        let until = usize::try_from(on_axis.end - first).unwrap_or(0);
        let mut all: Vec<Option<(&str, Series<'_>)>> = Vec::with_capacity(plan.layers.len());
        for (layer, bytes) in plan.layers.iter().zip(layers) {
            let series = bytes.as_deref().and_then(|bytes| Series::of_days(layer.element, bytes));
            all.push(series.map(|series| (layer.key.as_str(), series)));
        }
        let fields = all.iter().map(|one| one.map(|(_, series)| series.empty_end(0, until).min(count)));
        let lives = |key: &str| plan.settings.table.living().any(|living| living == key);
        let living = all.iter().flatten().filter(|(key, _)| lives(key));
        let dead = living.map(|(_, series)| series.still_end(0, until).min(count)).min();
        Ends { days: count, fields: fields.collect(), dead, has_any }
    }

    /// Adds the days behind them.
    fn add(&mut self, next: Ends) {
        let add = |end: &mut Option<usize>, more: Option<usize>| match (end, more) {
            (Some(end), Some(more)) if more == next.days => *end += more,
            (end, more) => *end = more,
        };
        self.fields.iter_mut().zip(next.fields).for_each(|(end, more)| add(end, more));
        add(&mut self.dead, next.dead);
        self.days += next.days;
        self.has_any |= next.has_any;
    }
}

/// The cells of a period's tile.
#[derive(Default)]
pub(super) struct Silent(HashMap<Cell, Ends>);

impl Silent {
    /// Adds a cell's next days.
    pub fn add(&mut self, cell: Cell, ends: Ends) {
        match self.0.get_mut(&cell) {
            Some(known) => known.add(ends),
            None => drop(self.0.insert(cell, ends)),
        }
    }

    /// What is to be said of them.
    pub fn finish(self, plan: &Plan, period: &Span) -> Vec<SilentDumps> {
        let axis = &plan.axis;
        let first = period.first_day.max(axis.first_day);
        let mut list = Vec::new();
        for (cell, ends) in self.0 {
            let Ends { days, fields, dead, has_any } = ends;
            let silence = match days {
                0 => Some(Silence::unused()),
                days => Silence::of_ends((first, first + days as i64 - 1), fields.into_iter(), dead),
            };
            if let Some(silence) = silence {
                let silence = if has_any { silence } else { silence.blank() };
                SilentDumps::add(&mut list, cell, period.period, silence);
            }
        }
        SilentDumps::sort(&mut list);
        list
    }
}

/// What is silent in all that was put into the spool under a plan.
pub(in crate::pipeline) fn silent(id: u64, contents: &Contents) -> Vec<SilentDumps> {
    let mut units = HashMap::new();
    for unit in contents.units.iter().filter(|unit| unit.plan == id) {
        units.entry((unit.tile, unit.period)).or_insert(unit);
    }
    units.into_values().flat_map(|unit| unit.silent.iter().cloned()).collect()
}
