//! What files of grids are called as series of cells.

use crate::error::{Argument, Error, Result};
use crate::grid::read::DailyGrid;
use crate::model::element::Element;
use crate::model::names;
use crate::model::variables::VariableTable;
use crate::run::survey::Variable;

/// The key of a file's variable, and its row: `csoil_2` is the second row of `csoil`, where the table of variables knows
/// such a variable.
pub(super) fn name_of(file: &DailyGrid, table: &VariableTable) -> (String, Option<usize>) {
    let variable = file.file.variable();
    if let Some(key) = file.dump_key.clone() {
        let row = variable.rsplit_once('_').and_then(|(_, number)| number.parse::<usize>().ok());
        let rows = table.get(&key).map_or(0, |info| info.rows.len());
        let row = row.filter(|row| file.rows().is_none() && (1..=rows).contains(row)).map(|row| row - 1);
        return (key, row);
    }
    let row = variable.rsplit_once('_').and_then(|(key, number)| {
        let number: usize = number.parse().ok()?;
        let rows = table.get(key)?.rows.len();
        (1..=rows).contains(&number).then(|| (key.to_owned(), Some(number - 1)))
    });
    row.unwrap_or_else(|| (variable.to_owned(), None))
}

/// Files of one key and different variables hold rows that have names: each is a variable of its own.
pub(super) fn part_rows(files: &[DailyGrid], names: &mut [(String, Option<usize>)]) {
    let own: Vec<(String, String)> = files
        .iter()
        .zip(names.iter())
        .filter(|(file, (_, row))| row.is_none() && file.rows().is_none())
        .map(|(file, (key, _))| (key.clone(), file.file.variable().to_owned()))
        .collect();
    for (file, (key, row)) in files.iter().zip(names) {
        let variable = file.file.variable();
        let is_other = |(known, name): &(String, String)| known == key && name != variable;
        if row.is_none() && file.rows().is_none() && own.iter().any(is_other) {
            *key = variable.to_owned();
        }
    }
}

pub(super) fn variables(
    files: &[DailyGrid],
    names: &[(String, Option<usize>)],
    table: &VariableTable,
) -> Result<Vec<Variable>> {
    let mut variables: Vec<Variable> = Vec::new();
    for (file, (key, row)) in files.iter().zip(names) {
        let element: Option<Element> =
            file.file.element().and_then(|name| serde_json::from_value(serde_json::Value::from(name)).ok());
        let element = element.filter(|&element| file.has_fill(element)).ok_or_else(|| {
            Error::selection(
                Argument::Inputs,
                file.name(),
                "its variable has a type or fill value that grids do not have",
            )
        })?;
        let rows = match row {
            Some(_) => table.get(key).map(|info| info.rows.len()),
            None => file.rows(),
        };
        match variables.iter().find(|variable| variable.key == *key) {
            None => {
                let base = row.and_then(|_| file.file.variable().rsplit_once('_')).map(|(base, _)| base);
                let (key, name) = (key.clone(), base.unwrap_or(file.file.variable()).to_owned());
                variables.push(Variable { key, name, element, rows, labels: Vec::new() });
            }
            Some(known) if known.element == element && known.rows == rows => {}
            Some(_) => {
                let reason = format!("{key} has another type or other rows in another file");
                return Err(Error::selection(Argument::Inputs, file.name(), reason));
            }
        }
    }
    // The files' names, unless an older version wrote one that tables need.
    let names = names::assign(variables.iter().map(|variable| (variable.name.as_str(), variable.rows)));
    variables.iter_mut().zip(names).for_each(|(variable, name)| variable.name = name);
    Ok(variables)
}
