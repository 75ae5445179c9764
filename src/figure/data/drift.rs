//! States of a spin-up by period: means over cells by area, of the table `drift`.

use std::path::Path;

use crate::error::{Argument, Error, Result};

use super::columns;
use super::table::ground;

const TABLE: &str = "drift.parquet";

/// A state.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub name: String,
    pub units: String,
    /// For each period the mean over the cells that have one of all: a cell that comes or goes is no drift.
    pub means: Vec<f64>,
    /// For each period but the first the mean change of the same cells, percent a year; NaN where none is known.
    pub changes: Vec<f64>,
    /// Cells whose last change is known, and those of them that are in equilibrium.
    pub known: u64,
    pub at_rest: u64,
    sums: Vec<[f64; 2]>,
    change_sums: Vec<[f64; 2]>,
    /// Cells that have a mean of each period, of which the state's are made; and those that have not.
    pub cells: u64,
    pub left: u64,
}

/// All states, in the order of the table.
#[derive(Debug, Default)]
pub(crate) struct Drift {
    pub run: String,
    pub periods: Vec<u32>,
    pub states: Vec<State>,
}

/// Reads `drift.parquet`: a row a cell and state. Without names all states.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where it has no such state, [`Library`](crate::ErrorKind::Library) where it is no such table.
pub(crate) fn drift(path: &Path, wanted: &[String]) -> Result<Drift> {
    let about = columns::about(path, TABLE)?;
    let number = |name: &String| name.strip_prefix("mean_")?.parse::<u32>().ok();
    let mut periods: Vec<u32> = about.columns.keys().filter_map(number).collect();
    periods.sort_unstable();
    if periods.is_empty() {
        let reason = format!("it has no column \"mean_1\"; gridloom's {TABLE} has");
        return Err(Error::in_table(path, "draw the table", reason));
    }
    let mut names: Vec<String> =
        ["grid_y", "latitude", "variable", "units", "equilibrium"].map(str::to_owned).to_vec();
    names.extend(periods.iter().map(|period| format!("mean_{period}")));
    names.extend(periods.iter().skip(1).map(|period| format!("change_{period}")));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let count = periods.len();
    let mut states: Vec<State> = Vec::new();
    columns::each(path, TABLE, &names, |batch| {
        for row in 0..batch.rows {
            let name = batch.text(2, row);
            if !wanted.is_empty() && wanted.iter().all(|wanted| wanted != name) {
                continue;
            }
            let Some(grid_y) = batch.whole(0, row) else { continue };
            let area = ground(path, grid_y, batch.number(1, row))?;
            let at = states.iter().position(|state| state.name == name).unwrap_or_else(|| {
                states.push(State {
                    name: name.to_owned(),
                    units: batch.text(3, row).to_owned(),
                    sums: vec![[0.0; 2]; count],
                    change_sums: vec![[0.0; 2]; count - 1],
                    ..State::default()
                });
                states.len() - 1
            });
            let Some(state) = states.get_mut(at) else { continue };
            let at_rest = batch.number(4, row);
            state.known += u64::from(!at_rest.is_nan());
            state.at_rest += u64::from(at_rest == 1.0);
            if (0..count).any(|period| batch.number(5 + period, row).is_nan()) {
                state.left += 1;
                continue;
            }
            state.cells += 1;
            let columns = state.sums.iter_mut().chain(&mut state.change_sums).enumerate();
            for (column, [sum, whole]) in columns {
                let value = batch.number(5 + column, row);
                if !value.is_nan() {
                    *sum += value * area;
                    *whole += area;
                }
            }
        }
        Ok(())
    })?;
    if let Some(name) = wanted.iter().find(|name| states.iter().all(|state| state.name != **name)) {
        let reason = format!("is not a state of {}", path.display());
        return Err(Error::selection(Argument::Variable, name, reason));
    }
    if states.is_empty() {
        return Err(Error::in_table(path, "draw the table", "it has no row".to_owned()));
    }
    if let Some(state) = states.iter().find(|state| state.cells == 0) {
        let reason = format!("no cell has a mean of {} in all periods", state.name);
        return Err(Error::in_table(path, "draw the table", reason));
    }
    let mean = |[sum, whole]: &[f64; 2]| if *whole > 0.0 { sum / whole } else { f64::NAN };
    for state in &mut states {
        state.means = state.sums.iter().map(mean).collect();
        state.changes = state.change_sums.iter().map(mean).collect();
    }
    Ok(Drift { run: about.run, periods, states })
}
