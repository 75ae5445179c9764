//! What is said of a variable in a file.

use super::{Output, OutputRows, Plan};

/// What is said of a variable.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Data {
    /// CF's `long_name`.
    pub long_name: String,
    /// CF's `standard_name`.
    pub standard_name: Option<String>,
    /// UDUNITS.
    pub units: Option<String>,
    /// CF's `units_metadata`.
    pub units_metadata: Option<String>,
    /// CF's `cell_methods`.
    pub cell_methods: String,
    /// CF's `comment`.
    pub comment: Option<String>,
    /// The key in the dumps, where the variable has another name.
    pub dump_key: Option<String>,
}

impl Data {
    /// Of a daily output.
    pub fn daily(plan: &Plan, output: &Output) -> Self {
        let info = plan.settings.table.get(&output.key);
        let (long_name, standard_name) = match (info, &output.rows) {
            (None, _) => (output.name.clone(), None),
            (Some(info), OutputRows::One(row)) => match info.row(*row) {
                Some(row) => (row.long_name, row.standard_name),
                None => (output.name.clone(), None),
            },
            // Rows of different quantities have no standard name together.
            (Some(info), OutputRows::Dimension(_))
                if info.rows.iter().any(|row| row.standard_name.is_some()) =>
            {
                (info.long_name.clone(), None)
            }
            (Some(info), _) => (info.long_name.clone(), info.standard_name.clone()),
        };
        let method = info.map_or("mean", |info| info.cell_method.name());
        let name = plan.layers.get(output.layers.start).map_or(&output.key, |layer| &layer.name);
        Data {
            dump_key: (*name != output.key).then(|| output.key.clone()),
            long_name,
            standard_name,
            units: info.and_then(|info| info.units.clone()),
            units_metadata: info.and_then(|info| info.units_metadata.clone()),
            cell_methods: format!("area: mean time: {method}"),
            comment: info.and_then(|info| info.told(&output.key)),
        }
    }
}
