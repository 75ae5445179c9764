//! The columns of tables that are made of each period by itself.

use arrow_schema::DataType;

use crate::model::grid::Cell;
use crate::plan::Plan;
use crate::plan::tables::TableKind;

use super::{Columns, Table};

impl Columns {
    /// The number of a period.
    pub(super) fn period(&mut self) {
        self.add("period", DataType::Int32, false, "number of the period", "1");
    }
}

/// What a change is by.
const CHANGE: &str = "Of the means of two periods, by the size of the first and the years from the middle of one to that of the other; \
                      the model's time goes on where dates are repeated.";

pub(in crate::table) fn drift(
    plan: &Plan,
    periods: &[u32],
    variables: Vec<String>,
    units: Vec<String>,
) -> Table {
    let mut columns = Columns::new().cell(plan);
    columns.text("variable", false, "variable", variables);
    for period in periods {
        let long_name = format!("mean over period {period}");
        columns.add(&format!("mean_{period}"), DataType::Float64, true, &long_name, "");
    }
    for pair in periods.windows(2) {
        let [before, after] = pair else { continue };
        let long_name = format!("change from period {before} to {after}");
        columns.add(&format!("change_{after}"), DataType::Float64, true, &long_name, "percent year-1");
        columns.note("comment", CHANGE);
    }
    let long_name = "whether the last change is within the threshold";
    columns.add("equilibrium", DataType::Boolean, true, long_name, "");
    columns.text("units", true, "units of the means", units);
    columns.table(plan, TableKind::Drift, vec!["grid_y", "grid_x", "variable"], "Drift of states")
}

/// The name of a cell in the model's gridlists.
fn station(plan: &Plan, cell: Cell) -> String {
    let named = plan.settings.tables.as_ref().and_then(|tables| tables.stations.get(&cell));
    named.cloned().unwrap_or_else(|| format!("station_{}-{}", cell.row, cell.column))
}

pub(in crate::table) fn drifting(plan: &Plan, cells: impl Iterator<Item = Cell>) -> Table {
    let mut columns = Columns::new().cell(plan);
    let names = cells.map(|cell| station(plan, cell)).collect();
    columns.add("station_id", DataType::Int32, false, "number of the gridcell among those of the run", "1");
    columns.add("lat", DataType::Float64, false, "latitude of the gridcell's centre", "degrees_north");
    columns.add("lon", DataType::Float64, false, "longitude of the gridcell's centre", "degrees_east");
    columns.text("station_name", false, "name of the gridcell", names);
    columns.add("global_y", DataType::Int32, false, "row of the gridcell, 0 in the north", "1");
    columns.add("global_x", DataType::Int32, false, "column of the gridcell, 0 in the west", "1");
    columns.add("states", DataType::Int32, false, "states that are not in equilibrium", "1");
    columns.table(
        plan,
        TableKind::Drifting,
        vec!["grid_y", "grid_x"],
        "Gridcells that are not in equilibrium",
    )
}
