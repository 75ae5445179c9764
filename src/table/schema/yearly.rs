//! The columns of yearly tables.

use arrow_schema::DataType;

use crate::model::codes;
use crate::model::traits::TraitTable;
use crate::plan::Plan;
use crate::plan::tables::TableKind;
use crate::table::{shares, traits as indices};

use super::{Columns, Table};

pub(in crate::table) const POOLS: [(&str, &str); 3] =
    [("vp_cleaf", "carbon in leaves"), ("vp_croot", "carbon in fine roots"), ("vp_cwood", "carbon in wood")];

/// What must be known before values of strategies are added.
const OWN_GROUND: &str =
    "Per area of the strategy's own ground: values of several strategies add up only times their occupation.";

pub(in crate::table) fn biomass(plan: &Plan, traits: Option<&TraitTable>) -> Table {
    let mut columns = Columns::new().cell(plan).year();
    columns.add("pls_id", DataType::Int64, false, "plant life strategy", "1");
    for (name, long_name) in POOLS {
        columns.add(
            name,
            DataType::Float64,
            true,
            &format!("{long_name} on the strategy's own ground, mean over the unmasked communities that it lives in"),
            "kg m-2",
        );
    }
    columns.add("count", DataType::Int32, false, "unmasked communities that the strategy lives in", "1");
    columns.add(
        "cveg",
        DataType::Float64,
        true,
        "carbon in leaves, fine roots and wood on the strategy's own ground",
        "kg m-2",
    );
    columns.note("comment", OWN_GROUND);
    columns.add("ocp", DataType::Float64, true, "share of the cell's vegetation carbon", "1");
    let long_name = "occupation, mean over unmasked communities; 0 where the strategy does not live";
    columns.add("occupation", DataType::Float64, true, long_name, "1");
    let long_name =
        "carbon in vegetation on the cell's ground: pools times occupation, mean over unmasked communities";
    columns.add("carbon", DataType::Float64, true, long_name, "kg m-2");
    columns.traits(traits);
    let key = vec!["grid_y", "grid_x", "year", "pls_id"];
    columns.table(plan, TableKind::Biomass, key, "Yearly biomass of plant life strategies")
}

impl Columns {
    /// The traits of a strategy.
    fn traits(&mut self, table: Option<&TraitTable>) {
        for one in table.iter().flat_map(|table| table.traits()) {
            let units = one.units.as_deref().unwrap_or_default();
            self.add(&one.name, DataType::Float32, true, &one.long_name, units);
        }
    }
}

/// What the codes of a process mean, as CF writes it.
fn flags(process: &str) -> [(&'static str, String); 2] {
    let (codes, meanings) = codes::of(process);
    let codes: Vec<String> = codes.iter().map(u8::to_string).collect();
    [("flag_values", codes.join(", ")), ("flag_meanings", meanings.to_owned())]
}

/// A process whose limitation is recorded, and the columns of its code and of the days that have it.
pub(in crate::table) struct Process {
    name: &'static str,
    pub code: &'static str,
    pub percent: &'static str,
    long_name: &'static str,
}

macro_rules! process {
    ($name:literal, $long_name:literal) => {
        Process {
            name: $name,
            code: concat!($name, "_code"),
            percent: concat!($name, "_percent"),
            long_name: $long_name,
        }
    };
}

pub(in crate::table) const PROCESSES: [Process; 5] = [
    process!("limitation_leaf", "limitation of leaf growth"),
    process!("limitation_root", "limitation of root growth"),
    process!("limitation_wood", "limitation of wood growth"),
    process!("uptake_n", "strategy of nitrogen uptake"),
    process!("uptake_p", "strategy of phosphorus uptake"),
];

/// The model sets it at the start of the day that the state is of.
const OCCUPATION: &str = "occupation: share of the community's biomass, and so of its area";

pub(in crate::table) fn strategies(plan: &Plan, traits: Option<&TraitTable>) -> Table {
    let mut columns = Columns::new().cell(plan).year();
    columns.add("community", DataType::Int32, false, "community, counted from 0", "1");
    columns.add("pls_id", DataType::Int64, false, "plant life strategy", "1");
    for (name, long_name) in POOLS {
        let long_name = format!("{long_name} on the strategy's own ground");
        columns.add(name, DataType::Float64, true, &long_name, "kg m-2");
        columns.note("comment", OWN_GROUND);
    }
    columns.add("vp_ocp", DataType::Float64, true, OCCUPATION, "1");
    for Process { name, code, percent, long_name } in PROCESSES {
        columns.add(code, DataType::Int32, true, long_name, "1");
        flags(name).iter().for_each(|(key, text)| columns.note(key, text));
        let long_name = format!("{long_name}: share of days with this code");
        columns.add(percent, DataType::Float64, true, &long_name, "percent");
    }
    columns.traits(traits);
    let key = vec!["grid_y", "grid_x", "year", "community", "pls_id"];
    columns.table(plan, TableKind::Strategies, key, "Yearly state of plant life strategies")
}

/// The year of the model's sums ends on its day 365: 365 days, or 366 in the year after a leap year.
const ANPP: &str = "carbon allocated to growth in the year to its day 365";
const COSTS: &str = "carbon costs of nutrient uptake in the year to its day 365";

pub(in crate::table) const COMMUNITY: [(&str, &str, &str); 8] = [
    ("cleaf", "carbon in leaves", "kg m-2"),
    ("croot", "carbon in fine roots", "kg m-2"),
    ("cwood", "carbon in wood", "kg m-2"),
    ("anpp", ANPP, "g m-2"),
    ("uptake_costs", COSTS, "g m-2"),
    ("shannon_entropy", "Shannon entropy, by the natural logarithm", "1"),
    ("shannon_diversity", "Shannon diversity: exponential of the entropy", "1"),
    ("shannon_evenness", "Shannon evenness: entropy by the logarithm of the number of strategies", "1"),
];

pub(in crate::table) fn community(plan: &Plan) -> Table {
    let mut columns = Columns::new().cell(plan).year();
    columns.add("community", DataType::Int32, false, "community, counted from 0", "1");
    for (name, long_name, units) in COMMUNITY {
        columns.add(name, DataType::Float64, true, long_name, units);
    }
    columns.add("strategies", DataType::Int32, true, "living plant life strategies", "1");
    columns.add("masked", DataType::Boolean, false, "whether the community is masked or dead", "");
    let key = vec!["grid_y", "grid_x", "year", "community"];
    columns.table(plan, TableKind::Community, key, "Yearly state of communities")
}

/// Totals of a cell: as dumped, and the mean over living communities.
pub(in crate::table) const TOTALS: [(&str, &str, &str, &str); 6] = [
    ("cveg", "cveg_mean", "carbon in vegetation", "kg m-2"),
    ("cleaf", "cleaf_mean", "carbon in leaves", "kg m-2"),
    ("croot", "croot_mean", "carbon in fine roots", "kg m-2"),
    ("cwood", "cwood_mean", "carbon in wood", "kg m-2"),
    ("anpp", "anpp_mean", ANPP, "g m-2"),
    ("uptake_costs", "uptake_costs_mean", COSTS, "g m-2"),
];

pub(in crate::table) fn cell_year(plan: &Plan) -> Table {
    let mut columns = Columns::new().cell(plan).year();
    columns.add("communities", DataType::Int32, false, "communities, masked ones included", "1");
    columns.add("living", DataType::Int32, false, "communities that are neither masked nor dead", "1");
    for (name, mean, long_name, units) in TOTALS {
        columns.add(name, DataType::Float64, true, &format!("{long_name}, as dumped"), units);
        columns
            .note("comment", "The model divides the sum over living communities by their number plus one.");
        let long_name = format!("{long_name}, mean over living communities");
        columns.add(mean, DataType::Float64, true, &long_name, units);
    }
    columns.table(plan, TableKind::CellYear, vec!["grid_y", "grid_x", "year"], "Yearly totals of gridcells")
}

pub(in crate::table) fn limitation(plan: &Plan) -> Table {
    let mut columns = Columns::new().cell(plan).year();
    for share in shares::list() {
        columns.add(&share.name, DataType::Float64, true, &share.long_name, "1");
        columns.note("comment", shares::BY);
    }
    let key = vec!["grid_y", "grid_x", "year"];
    columns.table(plan, TableKind::Limitation, key, "Yearly nutrient limitation and uptake")
}

pub(in crate::table) fn traits(plan: &Plan, table: &TraitTable) -> Table {
    let mut columns = Columns::new().cell(plan).year();
    for index in indices::list(table) {
        let units = index.units.unwrap_or_default();
        columns.add(&index.name, DataType::Float64, true, &index.long_name, &units);
        columns.note("comment", &index.comment);
    }
    let key = vec!["grid_y", "grid_x", "year"];
    columns.table(plan, TableKind::Traits, key, "Yearly traits of vegetation")
}
