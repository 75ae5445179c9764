//! What the model's own post-processing, `dataframes.py`, calls its files. Its spelling is kept.

use crate::model::grid::Cell;

use super::names::{folder_of, table_of};

/// The file of a cell's days, below the folder of the run, without its ending; `dates` are the first and the last, with `_` between them.
pub(crate) fn days_of_cell(cell: Cell, dates: &str) -> String {
    format!("{}/{}_{dates}", folder_of(cell), table_of(cell))
}

/// The file of a cell's strategies, below the folder of the run, without its ending.
pub(crate) fn biomass_of_cell(cell: Cell) -> String {
    format!("{}/metacomunity_biomass_{cell}", folder_of(cell))
}

/// The file of all cells' strategies, beside the folder of the run, without its ending: of a year, or of all.
pub(crate) fn biomass(run: &str, year: Option<i64>) -> String {
    match year {
        Some(year) => format!("{run}_biomass_{year}"),
        None => format!("{run}_biomass"),
    }
}

/// The folder of the files that all cells' days are cut into, below the folder of the run.
pub(crate) fn partitioned(run: &str) -> String {
    format!("{run}_partitioned")
}

/// The file that says what variables are, in the folder of the run, and its columns.
pub(crate) const METADATA: &str = "output_metadata.csv";
pub(crate) const METADATA_COLUMNS: [&str; 5] =
    ["variable_name", "long_name", "units", "standart_name", "significant_digits"];
