//! Variables that formulas make of those of gridded files.

use std::collections::HashMap;

use crate::derive::{self, Formulas, Over};
use crate::error::{Argument, Error, Result};
use crate::grid::read::DailyGrid;
use crate::model::names;
use crate::model::series::NotSeries;
use crate::model::variables::VariableTable;
use crate::plan::{Layer, name_sums};
use crate::run::survey::{Survey, Unusable, Variable};
use crate::source::Series;

use super::super::stats::Stage;
use super::{Import, Slab};

/// A table of variables with the units that files say.
pub(super) fn in_units_of(
    files: &[DailyGrid],
    names: &[(String, Option<usize>)],
    mut table: VariableTable,
) -> VariableTable {
    for (file, (key, _)) in files.iter().zip(names) {
        let (Some(units), Some(info)) = (&file.units, table.get(key)) else { continue };
        let mut info = info.clone();
        match &mut info.source_units {
            Some(own) => own.clone_from(units),
            // What a file holds is not made anew.
            None => (info.units, info.formula) = (Some(units.clone()), None),
        }
        table.set(key, info);
    }
    table
}

/// What is known of files, with what formulas make of their variables.
///
/// # Errors
/// Those of [`Formulas::of`].
pub(super) fn surveyed(mut survey: Survey, table: &VariableTable) -> Result<Survey> {
    let formulas = Formulas::of(table)?;
    let own = survey.variables.clone();
    for key in formulas.keys() {
        let fetch = |key: &str| {
            let variable = own.iter().find(|variable| variable.key == key)?;
            Some(Series::of_made(variable.element, variable.rows, 1, &[]))
        };
        let over = Over { fetch: &fetch, count: 1, places: 1, steps: (&survey.unit, 0), is_proof: false };
        let made = over.made(&formulas, key);
        let known = survey.variables.iter_mut().find(|variable| variable.key == key);
        match (made, known) {
            (Ok(made), Some(known)) => (known.element, known.rows) = (made.element, made.rows),
            (Ok(made), None) => survey.variables.push(Variable {
                key: key.to_owned(),
                name: key.to_owned(),
                element: made.element,
                rows: made.rows,
                labels: Vec::new(),
            }),
            (Err(reason), _) => {
                let reason = reason.replace("the dump does", "the files do");
                survey.unusable.push((key.to_owned(), Unusable::Content(NotSeries::Formula(reason))));
            }
        }
    }
    // Files keep their names, which the first variables have.
    let names =
        names::assign(survey.variables.iter().map(|variable| (variable.name.as_str(), variable.rows)));
    survey.variables.iter_mut().zip(names).for_each(|(variable, name)| variable.name = name);
    name_sums(&mut survey, table);
    Ok(survey)
}

/// What formulas made of a slab, by their keys: all rows, or nothing where an input is not there.
#[derive(Default)]
pub(super) struct MadeSlabs(HashMap<String, Option<Vec<u8>>>);

impl MadeSlabs {
    /// The values of a layer.
    pub fn of(
        &mut self,
        layer: &Layer,
        make: impl FnOnce() -> Result<Option<Vec<u8>>>,
    ) -> Result<Option<Vec<u8>>> {
        if !self.0.contains_key(&layer.key) {
            self.0.insert(layer.key.clone(), make()?);
        }
        let Some(all) = self.0.get(&layer.key).and_then(Option::as_ref) else { return Ok(None) };
        let length = all.len() / layer.rows.unwrap_or(1).max(1);
        Ok(all.get(layer.row * length..(layer.row + 1) * length).map(<[u8]>::to_vec))
    }
}

impl Import<'_> {
    /// A file's values in a slab.
    pub(super) fn values(
        &self,
        (file, row): (&DailyGrid, Option<usize>),
        key: &str,
        size: usize,
        slab: &Slab,
    ) -> Result<Vec<u8>> {
        let Import { shop, plan, .. } = *self;
        // The window of the plan may be a part of the file's.
        let window = &plan.window;
        let corner = file.extent.cells.position_of(window, slab.rows.start, slab.columns.start);
        let Some((top, left)) = corner else {
            let reason = "the selected window leaves the files' window".to_owned();
            return Err(Error::selection(Argument::Area, file.name(), reason));
        };
        let (rows, columns) = (top..top + slab.rows.len(), left..left + slab.columns.len());
        let what = || format!("{key} of {}", file.name());
        shop.stats.time(Stage::Read, what, || {
            let read = file.file.read(row, [slab.days.clone(), rows, columns], size);
            let bytes = read.as_ref().map_or(0, |bytes| bytes.len() as u64);
            (read, bytes)
        })
    }

    /// What a formula makes of the files' values in a slab: all rows, as `[row][day][y][x]`; `None` where an input is not there.
    pub(super) fn calculated(
        &self,
        key: &str,
        (period, formulas): (u32, &Formulas),
        slab: &Slab,
    ) -> Result<Option<Vec<u8>>> {
        let Import { grids, plan, .. } = *self;
        let places = slab.rows.len() * slab.columns.len();
        let count = slab.days.len() * places;
        let mut inputs: Vec<(&Variable, Vec<u8>)> = Vec::new();
        for input in formulas.inputs(key) {
            let Some(variable) = grids.survey.variables.iter().find(|variable| variable.key == *input) else {
                return Ok(None);
            };
            let mut bytes = Vec::new();
            for row in 0..variable.rows.unwrap_or(1) {
                let Some(file) = grids.file_of(input, row, variable.rows, period) else { return Ok(None) };
                bytes.extend(self.values(file, input, variable.element.size(), slab)?);
            }
            inputs.push((variable, bytes));
        }
        let fetch = |key: &str| {
            let (variable, bytes) = inputs.iter().find(|(variable, _)| variable.key == key)?;
            Some(Series::of_made(variable.element, variable.rows, count, bytes))
        };
        let first = plan.axis.first_day.saturating_add(slab.first);
        let over = Over { fetch: &fetch, count, places, steps: (&plan.axis.unit, first), is_proof: false };
        let (Ok(made), Ok(mut values)) = (over.made(formulas, key), over.values(formulas, key)) else {
            return Ok(None);
        };
        derive::fill_masked(&mut values, made.element);
        Ok(Some(values))
    }
}
