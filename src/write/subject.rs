//! What a file is about: a variable, its steps in time, and what is to be said of both.

use crate::aggregate::interval::{Interval, Step};
use crate::plan::tables::{Aggregate, TableKind};
use crate::plan::{Data, Output, Plan};
use crate::table::Map;

/// What a file is about.
#[derive(Clone)]
pub struct Subject<'a> {
    /// Window, axis and everything that all files share.
    pub plan: &'a Plan,
    /// Name, type, chunks and file.
    pub output: &'a Output,
    /// The steps in time.
    pub steps: Steps,
    /// What is said of the variable.
    pub data: Data,
    /// What makes such a file.
    pub made_by: MadeBy,
    /// The name of its form.
    pub form: &'static str,
    /// Whether the file is a store of other variables, too, so that what it says of itself is of them all.
    pub is_store: bool,
}

/// What a store is about, as a title begins.
const ALL: &str = "Model output";

/// What makes a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MadeBy {
    /// `gridloom grid`.
    Daily,
    /// `gridloom grid --every --stat`.
    Aggregate(Aggregate),
    /// `gridloom tables --tables`, grids of a value a year.
    Annual(TableKind),
}

/// The steps in time.
#[derive(Clone)]
pub struct Steps {
    /// The value of the time coordinate for each.
    pub values: Vec<f64>,
    /// Begin and end of each.
    pub bounds: Vec<f64>,
    /// What intervals longer than a step of the axis are made of.
    pub coverage: Option<Coverage>,
    /// The moments that the first and the last value of the time coordinate are.
    pub ends: [Option<String>; 2],
    /// The first step of the axis, counted from its first.
    pub first: i64,
    /// The step of the axis behind the last.
    pub end: i64,
    /// Their length as ISO 8601 has it.
    pub resolution: String,
    /// Their length in words, to begin a sentence with.
    pub word: String,
}

/// What intervals are made of.
#[derive(Clone)]
pub struct Coverage {
    /// Steps of the axis.
    pub days: Vec<i32>,
    /// Whether these are all: 0 or 1.
    pub complete: Vec<i8>,
}

impl<'a> Subject<'a> {
    /// An output of a plan with the axis' own steps.
    pub fn daily(plan: &'a Plan, output: &'a Output) -> Self {
        let axis = &plan.written;
        let days = i64::from(axis.days);
        let length = axis.unit.step();
        let steps = Steps {
            values: (0..days).map(|step| axis.value(step)).collect(),
            bounds: (0..days).flat_map(|step| [axis.value(step), axis.value(step + 1)]).collect(),
            coverage: None,
            ends: [0, days - 1].map(|step| axis.unit.timestamp(axis.first_day + step)),
            first: 0,
            end: days,
            resolution: length.to_string(),
            word: length.adjective(),
        };
        let (data, made_by) = (Data::daily(plan, output), MadeBy::Daily);
        Subject { plan, output, steps, data, made_by, form: "nc", is_store: false }
    }

    /// The same in another form.
    pub fn in_form(self, form: &'static str, is_store: bool) -> Self {
        Subject { form, is_store, ..self }
    }

    /// All variables of its store.
    pub(super) fn of_all(&self) -> Self {
        let data = Data {
            long_name: ALL.to_owned(),
            standard_name: None,
            units: None,
            units_metadata: None,
            cell_methods: String::new(),
            comment: None,
            dump_key: None,
        };
        Subject { data, ..self.clone() }
    }

    /// A field of one value an interval.
    pub fn map(plan: &'a Plan, map: &'a Map) -> Self {
        let intervals = &map.steps.intervals;
        let day = |step: i64| plan.written.value(step);
        let bounds: Vec<f64> =
            intervals.iter().flat_map(|interval| [day(interval.first), day(interval.end)]).collect();
        // The middle, as other tools have it.
        let values =
            intervals.iter().map(|interval| (day(interval.first) + day(interval.end)) / 2.0).collect();
        let coverage = map.is_of_days().then(|| Coverage {
            days: intervals.iter().map(|interval| interval.days() as i32).collect(),
            complete: intervals.iter().map(|interval| i8::from(interval.is_complete())).collect(),
        });
        let (resolution, word) = match map.steps.every {
            Step::Day => ("P1D", "Daily"),
            Step::Month => ("P1M", "Monthly"),
            Step::Season => ("P3M", "Seasonal"),
            Step::Year => ("P1Y", "Yearly"),
        };
        let steps = Steps {
            values,
            bounds,
            coverage,
            ends: [intervals.first(), intervals.last()].map(|interval| {
                let axis = &plan.written;
                let Interval { first, end, .. } = interval?;
                axis.unit.timestamp_between(axis.first_day + first, axis.first_day + end)
            }),
            first: intervals.first().map_or(0, |interval| interval.first),
            end: intervals.last().map_or(0, |interval| interval.end),
            resolution: resolution.to_owned(),
            word: word.to_owned(),
        };
        Subject {
            plan,
            output: &map.output,
            steps,
            data: map.data.clone(),
            made_by: map.aggregate().map_or(MadeBy::Annual(map.kind()), MadeBy::Aggregate),
            form: "nc",
            is_store: false,
        }
    }
}
