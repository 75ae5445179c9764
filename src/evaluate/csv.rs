//! What was found as tables.

use super::{Evaluated, Scored};

/// A table of what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvaluationTable {
    /// A row a station or part of the map: how near values are to each other.
    Scores,
    /// A row a station or part of the map, and month: the mean year.
    Cycle,
    /// A row a station and period.
    Pairs,
}

impl EvaluationTable {
    /// All of them.
    pub const ALL: [EvaluationTable; 3] =
        [EvaluationTable::Scores, EvaluationTable::Cycle, EvaluationTable::Pairs];

    /// Its name, which its file has.
    pub fn name(self) -> &'static str {
        match self {
            EvaluationTable::Scores => "scores",
            EvaluationTable::Cycle => "cycle",
            EvaluationTable::Pairs => "pairs",
        }
    }
}

/// The columns of numbers that a score has, by their names in tables.
pub(super) const SCORES: [&str; 10] = [
    "model_mean",
    "observed_mean",
    "bias",
    "rmse",
    "ubrmse",
    "correlation",
    "model_sd",
    "observed_sd",
    "nse",
    "kge",
];

impl Scored {
    /// Its numbers, in the order of [`Scored::names`].
    pub fn numbers(&self) -> [Option<f64>; 10] {
        let scores = &self.scores;
        [
            scores.model_mean,
            scores.observed_mean,
            scores.bias,
            scores.rmse,
            scores.ubrmse,
            scores.correlation,
            scores.model_sd,
            scores.observed_sd,
            scores.nse,
            scores.kge,
        ]
    }

    /// What its numbers are called.
    pub fn names() -> [&'static str; 10] {
        SCORES
    }
}

impl Evaluated {
    /// A table as CSV, with a header; numbers that are not defined are empty. Stations have their place and that of their cell, with how far
    /// these are from each other.
    pub fn csv(&self, table: EvaluationTable) -> String {
        let text = |number: Option<f64>| number.map_or(String::new(), |number| number.to_string());
        let mut rows: Vec<Vec<String>> = Vec::new();
        let head = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<String>>();
        match table {
            EvaluationTable::Scores => {
                let places = [
                    "name",
                    "lat",
                    "lon",
                    "cell_lat",
                    "cell_lon",
                    "distance_km",
                    "variable",
                    "units",
                    "pairs",
                ];
                rows.push([head(&places), head(&SCORES)].concat());
                for one in &self.scored {
                    let place = |of: &dyn Fn(&super::Place) -> f64| text(one.place.as_ref().map(of));
                    let mut row = vec![
                        one.name.clone(),
                        place(&|place| place.lat),
                        place(&|place| place.lon),
                        place(&|place| place.cell_lat),
                        place(&|place| place.cell_lon),
                        place(&|place| place.distance_km),
                        self.variable.clone(),
                        self.units.clone(),
                        one.scores.pairs.to_string(),
                    ];
                    row.extend(one.numbers().map(text));
                    rows.push(row);
                }
            }
            EvaluationTable::Cycle => {
                rows.push(head(&["name", "month", "variable", "units", "pairs", "model", "observed"]));
                for one in &self.scored {
                    for month in &one.cycle {
                        rows.push(vec![
                            one.name.clone(),
                            month.month.to_string(),
                            self.variable.clone(),
                            self.units.clone(),
                            month.pairs.to_string(),
                            month.model.to_string(),
                            month.observed.to_string(),
                        ]);
                    }
                }
            }
            EvaluationTable::Pairs => {
                rows.push(head(&["station", "period", "variable", "units", "model", "observed"]));
                for pair in &self.pairs {
                    rows.push(vec![
                        pair.station.clone(),
                        pair.period.clone(),
                        self.variable.clone(),
                        self.units.clone(),
                        pair.model.to_string(),
                        pair.observed.to_string(),
                    ]);
                }
            }
        }
        rows.iter()
            .map(|row| row.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(",") + "\n")
            .collect()
    }
}

fn quoted(field: &str) -> String {
    match field.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.to_owned(),
    }
}
