//! Shares of the cells' vegetation by what limits growth and how nutrients are taken up: means over cells by area.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::error::{Error, Result};
use crate::figure::spec::{WantedYears, WeighedBy};

use super::columns;
use super::table::ground;

const TABLE: &str = "limitation.parquet";

/// A process, the beginning of its columns' names, and its shares as they are called there and in words.
pub(crate) struct Process {
    pub name: &'static str,
    column: &'static str,
    pub shares: &'static [(&'static str, &'static str)],
}

const LIMITS: &[(&str, &str)] = &[
    ("none", "none"),
    ("nitrogen", "nitrogen"),
    ("phosphorus", "phosphorus"),
    ("colimited", "both nutrients"),
];

/// All processes of the table.
pub(crate) const PROCESSES: [Process; 5] = [
    Process { name: "Leaf growth", column: "limitation_leaf", shares: LIMITS },
    Process { name: "Root growth", column: "limitation_root", shares: LIMITS },
    Process { name: "Wood growth", column: "limitation_wood", shares: LIMITS },
    Process {
        name: "Uptake of nitrogen",
        column: "uptake_n",
        shares: &[
            ("passive", "passive"),
            ("am_roots", "AM roots"),
            ("em_roots", "EM roots"),
            ("am_hyphae", "AM hyphae"),
            ("em_hyphae", "EM hyphae"),
            ("organic_am", "organic, AM"),
            ("organic_em", "organic, EM"),
        ],
    },
    Process {
        name: "Uptake of phosphorus",
        column: "uptake_p",
        shares: &[
            ("passive", "passive"),
            ("am_roots", "AM roots"),
            ("em_roots", "EM roots"),
            ("am_hyphae", "AM hyphae"),
            ("em_hyphae", "EM hyphae"),
            ("phosphatase_am_roots", "phosphatase, AM roots"),
            ("phosphatase_em_roots", "phosphatase, EM roots"),
            ("phosphatase_am_hyphae", "phosphatase, AM hyphae"),
            ("exudates_em", "exudates of EM"),
        ],
    },
];

/// Shares of a table, by year.
#[derive(Debug, Default)]
pub(crate) struct Shares {
    pub run: String,
    /// For each year and process the shares; NaN where no cell has them.
    pub years: BTreeMap<i32, Vec<Vec<f64>>>,
    /// Cells of a year, the least and the most.
    pub cells: (u64, u64),
    /// Shares of a cell and process that are not known.
    pub unknown: u64,
}

/// The sums of a year.
struct Sums {
    cells: u64,
    /// By process: the area of the cells that have shares, and for each share its sum times the area.
    processes: Vec<(f64, Vec<f64>)>,
}

/// Reads `limitation.parquet`: a row a cell and year.
///
/// # Errors
/// [`Library`](crate::ErrorKind::Library) where it is no such table, or has no row; [`Argument`](crate::ErrorKind::Argument) where it has none of a year.
pub(crate) fn shares(path: &Path, weight: WeighedBy, wanted: Option<&WantedYears>) -> Result<Shares> {
    let suffix = match weight {
        WeighedBy::Occupation => "area",
        WeighedBy::Carbon => "carbon",
    };
    let mut names = vec!["grid_y".to_owned(), "latitude".to_owned(), "year".to_owned()];
    for process in &PROCESSES {
        let column = |(share, _): &(&str, &str)| format!("{}_{share}_{suffix}", process.column);
        names.extend(process.shares.iter().map(column));
    }
    let mut found = Shares { run: columns::about(path, TABLE)?.run, ..Shares::default() };
    let mut years: BTreeMap<i32, Sums> = BTreeMap::new();
    let mut there = BTreeSet::new();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    columns::each(path, TABLE, &names, |batch| {
        for row in 0..batch.rows {
            let (Some(grid_y), Some(year)) = (batch.whole(0, row), batch.whole(2, row)) else { continue };
            there.insert(year);
            if wanted.is_some_and(|wanted| !wanted.contains(year)) {
                continue;
            }
            let area = ground(path, grid_y, batch.number(1, row))?;
            let sums = years.entry(year).or_insert_with(|| Sums {
                cells: 0,
                processes: PROCESSES.iter().map(|process| (0.0, vec![0.0; process.shares.len()])).collect(),
            });
            sums.cells += 1;
            let mut column = 3;
            for (whole, parts) in &mut sums.processes {
                let values: Vec<f64> =
                    (column..column + parts.len()).map(|column| batch.number(column, row)).collect();
                column += parts.len();
                if values.iter().any(|value| value.is_nan()) {
                    found.unknown += 1;
                    continue;
                }
                *whole += area;
                parts.iter_mut().zip(values).for_each(|(part, value)| *part += value * area);
            }
        }
        Ok(())
    })?;
    if let Some(wanted) = wanted {
        wanted.refuse_absent(path, "row", &there)?;
    }
    if years.is_empty() {
        return Err(Error::in_table(path, "draw the table", "it has no row".to_owned()));
    }
    let counts = || years.values().map(|sums| sums.cells);
    found.cells = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    let means = |(whole, parts): &(f64, Vec<f64>)| parts.iter().map(|part| part / whole).collect();
    found.years =
        years.iter().map(|(&year, sums)| (year, sums.processes.iter().map(means).collect())).collect();
    Ok(found)
}
