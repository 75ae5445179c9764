//! What is said of the variables that a change has.

use crate::model::variables::{CellMethod, VariableInfo, VariableTable};
use crate::plan::{Comparison, Layer};

use super::measure::Made;

/// The table of the variables that are made of layers of the runs. `other` is the reference's run, where it is another one.
pub(super) fn table(change: &Comparison, layers: &[Layer], other: Option<&str>) -> VariableTable {
    let mut table = change.table.without_variables();
    for layer in layers {
        let own = change.table.get(&layer.key);
        let row = own.filter(|_| layer.rows.is_some()).and_then(|info| info.row(layer.row));
        let long_name = match (&row, own) {
            (Some(row), _) => row.long_name.clone(),
            (None, Some(info)) => info.long_name.clone(),
            (None, None) => layer.row_name.clone(),
        };
        let standard_name = match row {
            Some(row) => row.standard_name,
            None => own.and_then(|info| info.standard_name.clone()),
        };
        let units = own.and_then(|info| info.units.clone());
        let metadata = own.and_then(|info| info.units_metadata.clone());
        let said = own.and_then(|info| info.told(&layer.key));
        for made in Made::ALL {
            let (window, reference) = (change.window, change.reference);
            let reference = match other {
                None => reference.to_string(),
                Some(run) => format!("{reference} of {run}"),
            };
            let whole = || format!("{window} less {reference}.");
            let is_difference = !matches!(made, Made::Mean | Made::Reference);
            let (words, comment) = match made {
                Made::Mean => (", mean", format!("Mean of {window}.")),
                Made::Reference => (", reference", format!("Mean of {reference}.")),
                Made::Change => (", change", format!("Mean of {}", whole())),
                Made::Gained => (
                    ", gained",
                    format!("The change where it is more than 0, otherwise 0. Mean of {}", whole()),
                ),
                Made::Lost => (
                    ", lost",
                    format!(
                        "The change where it is less than 0, without its sign, otherwise 0. Mean of {}",
                        whole()
                    ),
                ),
                Made::Percent => (", change in percent", percent(change, &whole())),
                Made::PValue => (
                    ", p-value of the change",
                    format!("Welch's t-test of the means of whole calendar years, two-sided. {}", whole()),
                ),
            };
            let comment = match (&said, is_difference) {
                (Some(said), false) => format!("{comment} {said}"),
                _ => comment,
            };
            let units = match made {
                Made::Percent => Some("percent".to_owned()),
                Made::PValue => Some("1".to_owned()),
                _ => units.clone(),
            };
            // Of a temperature only the scale is known where it is on one.
            let metadata = match made {
                Made::Mean | Made::Reference => metadata.clone(),
                Made::Percent | Made::PValue => None,
                _ => metadata.as_ref().map(|_| "temperature: difference".to_owned()),
            };
            table.set(
                &name(layer, made),
                VariableInfo {
                    units,
                    standard_name: standard_name.clone().filter(|_| !is_difference),
                    cell_method: CellMethod::Mean,
                    comment: Some(comment),
                    units_metadata: metadata,
                    ..VariableInfo::called(&format!("{long_name}{words}"))
                },
            );
        }
    }
    table
}

/// What a variable is called.
pub(super) fn name(layer: &Layer, made: Made) -> String {
    format!("{}{}", layer.row_name, made.suffix())
}

fn percent(change: &Comparison, whole: &str) -> String {
    let least = match change.least {
        0.0 => String::new(),
        least => format!("at most {least}, or "),
    };
    format!("Of the reference's magnitude; masked where that is {least}near nought. Mean of {whole}")
}
