//! Names of rows.

use std::collections::BTreeSet;

use crate::model::variables::VariableTable;

use super::Variable;

/// Gives rows the names that their source has for them, where these can be parts of names and all names differ.
pub(super) fn label(variables: &mut [Variable], table: &VariableTable) {
    let names: Vec<String> = variables.iter().map(|variable| variable.name.to_ascii_lowercase()).collect();
    for variable in variables {
        let Some(info) = table.get(&variable.key).filter(|info| info.dimension.is_some()) else { continue };
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let labels = info.rows.iter().map(|row| row.label.replace(|c| !is_part(c), "_"));
        let labels: Vec<String> = labels.take(variable.rows.unwrap_or(0)).collect();
        let taken = labels.iter().map(|label| format!("{}_{label}", variable.name).to_ascii_lowercase());
        let taken: BTreeSet<String> = taken.collect();
        let is_short = labels.iter().all(|label| (1..=LONGEST_LABEL).contains(&label.len()));
        // `csoil_sum` is the sum of all rows.
        let sum = format!("{}_sum", variable.name).to_ascii_lowercase();
        let is_free = !taken.contains(&sum) && !names.iter().any(|name| taken.contains(name));
        if Some(taken.len()) == variable.rows && is_short && is_free {
            variable.labels = labels;
        }
    }
}

/// Bytes of a label that is a part of a name.
const LONGEST_LABEL: usize = 40;
