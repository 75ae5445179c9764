//! What tables are made of: a plan, the forms of its tables, and the texts that their columns may have.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Result;
use crate::model::grid::Cell;
use crate::plan::Plan;
use crate::plan::tables::Tables;
use crate::table::Layout;
use crate::table::read::{Heading, Texts};

use super::super::traits::{self, Scale};

/// What the tables were made of and how.
pub(in super::super) struct Made<'a> {
    pub plan: &'a Plan,
    pub tables: &'a Tables,
    pub layout: Layout<'a>,
    /// Texts by table and column.
    pub texts: HashMap<(&'static str, &'static str), Arc<Texts>>,
    /// The columns of the tables, in the order of the layout's.
    pub headings: Vec<Heading>,
    /// How traits are spread, where there are some.
    pub scales: Vec<Scale>,
}

impl<'a> Made<'a> {
    /// # Errors
    /// Those of [`Layout::new`].
    pub fn new(plan: &'a Plan, tables: &'a Tables) -> Result<Self> {
        let layout = Layout::new(plan, tables)?;
        let scales = tables.traits.as_ref().map(traits::scales).unwrap_or_default();
        let mut made = Made { plan, tables, layout, texts: HashMap::new(), headings: Vec::new(), scales };
        let layers = 0..plan.layers.len();
        let names: Vec<String> = layers.clone().map(|layer| made.layer_name(layer)).collect();
        let units: Vec<String> =
            layers.map(|layer| made.units(layer)).filter(|units| !units.is_empty()).collect();
        let sums = units.iter().map(|units| crate::aggregate::units::summed_over_area(units));
        let sums: Vec<String> = sums.collect();
        let steps = (0..i64::from(plan.axis.days)).filter_map(|step| plan.axis.label(step));
        let mut cells: Vec<_> = plan.cells.iter().map(|planned| planned.cell).collect();
        cells.sort_unstable();
        let plain = |cell: &Cell| format!("station_{}-{}", cell.row, cell.column);
        let named = |cell: &Cell| tables.stations.get(cell).cloned();
        let stations = cells.iter().map(|cell| named(cell).unwrap_or_else(|| plain(cell))).collect();
        let listed: Arc<Texts> = Arc::new(Texts::new(cells.iter().filter_map(named)));
        let starts = super::super::interval::intervals(&plan.axis, tables.every);
        let regions = match tables.regions.is_empty() {
            true => vec!["all".to_owned()],
            false => tables.regions.iter().map(|region| region.name.clone()).collect(),
        };
        let labels: Vec<String> = steps.collect();
        let of_labels = |range: std::ops::Range<usize>| -> Vec<String> {
            labels.iter().filter_map(|label| label.get(range.clone()).map(str::to_owned)).collect()
        };
        let lists = [
            ("daily", "year", of_labels(0..4)),
            ("daily", "month", of_labels(5..7)),
            ("daily", plan.axis.step_column(), labels.clone()),
            ("drift", "variable", names.clone()),
            ("drift", "units", units.clone()),
            ("drifting", "station_name", stations),
            ("stats", "variable", names.clone()),
            ("stats", "units", units.clone()),
            ("region", "region", regions),
            ("region", "variable", names),
            ("region", "start", starts.iter().map(|interval| interval.start.to_string()).collect()),
            ("region", "units", units),
            ("region", "sum_units", sums),
        ];
        for (table, column, list) in lists {
            made.texts.insert((table, column), Arc::new(Texts::new(list)));
        }
        for kind in tables.kinds.iter().filter(|_| !tables.stations.is_empty()) {
            made.texts.insert((kind.name(), "station"), listed.clone());
        }
        let heading = |table: &crate::table::Table| {
            let name = table.kind.name();
            Heading::new(table, |column| {
                made.texts.iter().find(|(key, _)| **key == (name, column)).map(|(_, texts)| texts.clone())
            })
        };
        made.headings = made.layout.tables.iter().map(heading).collect();
        Ok(made)
    }

    pub fn texts(&self, table: &'static str, column: &str) -> Arc<Texts> {
        self.texts
            .iter()
            .find(|(key, _)| **key == (table, column))
            .map(|(_, t)| t.clone())
            .unwrap_or_default()
    }

    /// The name of a layer: that of its variable, and the number of its row.
    pub fn layer_name(&self, layer: usize) -> String {
        self.plan.layers.get(layer).map(|layer| layer.row_name.clone()).unwrap_or_default()
    }

    /// The units of a layer; nothing where they are not known.
    pub fn units(&self, layer: usize) -> String {
        let key = self.plan.layers.get(layer).map_or("", |layer| layer.key.as_str());
        self.plan.settings.table.get(key).and_then(|info| info.units.clone()).unwrap_or_default()
    }

    pub fn ending(&self) -> &'static str {
        self.layout.form.ending()
    }
}
