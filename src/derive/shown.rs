//! A source that shows, beside another one's series, what formulas make of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::dump::Value;
use crate::error::Result;
use crate::model::fault::{Fault, Refusal};
use crate::model::grid::Cell;
use crate::model::series::NotSeries;
use crate::model::variables::VariableTable;
use crate::source::account::Account;
use crate::source::stamp::Stamp;
use crate::source::{CellSource, Content, Desk, Item, Part, Reading, Series, Wanted};

use super::series::{Made, Over};
use super::{Formulas, names};

/// What a formula gives and its values, or why it gives nothing.
type Calculated = std::result::Result<(Made, Vec<u8>), String>;

/// A source and formulas.
#[derive(Debug)]
pub(super) struct Derived {
    inner: Arc<dyn CellSource>,
    formulas: Arc<Formulas>,
    is_proof: bool,
}

impl Derived {
    pub fn new(inner: Arc<dyn CellSource>, formulas: Arc<Formulas>, is_proof: bool) -> Self {
        Derived { inner, formulas, is_proof }
    }

    /// What a period holds, and what formulas make of it. Values are those of keys that are `wanted`.
    fn show(
        &self,
        content: &Content<'_>,
        wanted: Wanted<'_>,
        take: &mut dyn FnMut(&Content<'_>) -> std::result::Result<(), Refusal>,
    ) -> std::result::Result<(), Refusal> {
        let fetch = |key: &str| content.series(key);
        let steps = (content.unit(), content.first_day());
        let over = Over { fetch: &fetch, count: content.days(), places: 1, steps, is_proof: self.is_proof };
        let mut all: Vec<(&str, Calculated)> = Vec::new();
        for key in self.formulas.keys() {
            let is_taken = content.series(key).is_some() && self.formulas.is_made(key);
            let free = if is_taken { Err(names::TAKEN.to_owned()) } else { Ok(()) };
            let made = free.and_then(|()| over.made(&self.formulas, key)).and_then(|made| {
                let values = if wanted.has(key) { over.values(&self.formulas, key)? } else { Vec::new() };
                Ok((made, values))
            });
            all.push((key, made));
        }
        let series = all.iter().map(|(key, made)| {
            let series = match made {
                Ok((made, values)) => Ok(Series::of_made(made.element, made.rows, content.days(), values)),
                Err(reason) => Err(NotSeries::Formula(reason.clone())),
            };
            (*key, series)
        });
        take(&content.with_derived(series.collect()))
    }
}

impl CellSource for Derived {
    fn kind(&self) -> &'static str {
        self.inner.kind()
    }

    fn name_of(&self, part: Part) -> String {
        self.inner.name_of(part)
    }

    fn has(&self, item: Item) -> bool {
        self.inner.has(item)
    }

    fn holds(&self, item: Item, known: &Stamp) -> bool {
        self.inner.holds(item, known)
    }

    fn glance(&self, item: Item) -> Option<(u64, i64)> {
        self.inner.glance(item)
    }

    fn kept(&self) -> Result<Option<serde_json::Value>> {
        self.inner.kept()
    }

    fn remarks(&self) -> Vec<String> {
        self.inner.remarks()
    }

    fn older(&self, cell: Cell) -> Vec<Fault> {
        self.inner.older(cell)
    }

    fn marks(&self) -> Result<BTreeSet<String>> {
        self.inner.marks()
    }

    fn variables(&self) -> Option<VariableTable> {
        self.inner.variables()
    }

    fn account(&self) -> Option<&Account> {
        self.inner.account()
    }

    fn period(
        &self,
        cell: Cell,
        number: u32,
        wanted: Wanted<'_>,
        desk: &mut Desk<'_>,
        take: &mut dyn FnMut(&Content<'_>) -> std::result::Result<(), Refusal>,
    ) -> Reading {
        let needed: Vec<&str> = match wanted {
            Wanted::All | Wanted::Dates => Vec::new(),
            Wanted::Keys(_) | Wanted::Only(_) => {
                let keys = self.formulas.keys().filter(|key| wanted.has(key));
                keys.flat_map(|key| self.formulas.inputs(key)).map(String::as_str).collect()
            }
        };
        let mut show = |content: &Content<'_>| self.show(content, wanted, take);
        match wanted {
            Wanted::All | Wanted::Dates => self.inner.period(cell, number, wanted, desk, &mut show),
            Wanted::Keys(is_wanted) => {
                let is_wanted = |key: &str| needed.contains(&key) || is_wanted(key);
                self.inner.period(cell, number, Wanted::Keys(&is_wanted), desk, &mut show)
            }
            Wanted::Only(keys) => {
                let all: Vec<&str> = keys.iter().copied().chain(needed).collect();
                self.inner.period(cell, number, Wanted::Only(&all), desk, &mut show)
            }
        }
    }

    fn year(
        &self,
        cell: Cell,
        year: i32,
        desk: &mut Desk<'_>,
        take: &mut dyn FnMut(Value<'_>) -> std::result::Result<(), Refusal>,
    ) -> Reading {
        self.inner.year(cell, year, desk, take)
    }
}
