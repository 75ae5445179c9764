//! By whose names files and columns of tables are called.

use crate::error::{Argument, Error, Reason, Result};
use crate::model::time_step::TimeStep;

use super::{Partition, TableKind, Tables};

/// By whose names files and columns of tables are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Names {
    /// Gridloom's.
    #[default]
    Gridloom,
    /// Those of CAETE-DVM's own `dataframes.py`, which has files of `daily` and `biomass`. Text with commas is a file a cell (and period)
    /// then, as there, and other forms are one file of all cells.
    Upstream,
}

impl Names {
    /// Whether names are gridloom's own.
    pub(super) fn is_own(&self) -> bool {
        *self == Names::Gridloom
    }
}

impl Tables {
    /// Whether a table of upstream's is made by upstream's names.
    pub fn is_upstream(&self, kind: TableKind) -> bool {
        self.names == Names::Upstream && matches!(kind, TableKind::Daily | TableKind::Biomass)
    }

    /// Whether each cell has files of its own.
    pub fn is_per_cell(&self) -> bool {
        self.per_cell || (self.names == Names::Upstream && self.format.name() == "csv")
    }

    /// The year of upstream's file of strategies, where one alone is wanted.
    pub(crate) fn only_year(&self) -> Option<i64> {
        match self.years.as_slice() {
            [years] if years.start() == years.end() => Some(i64::from(*years.start())),
            _ => None,
        }
    }

    /// Refuses what upstream has no names for.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument).
    pub(in crate::plan) fn check_names(&self, run: &str, step: TimeStep) -> Result<()> {
        if self.names.is_own() {
            return Ok(());
        }
        let refuse = |argument, value: &str, reason: &str| {
            Err(Error::selection(argument, value, Reason::from(reason)))
        };
        if run.is_empty() || run.starts_with('.') {
            let reason = "the files would be called after the run, whose name is hidden";
            return refuse(Argument::Run, run, reason);
        }
        if self.by_period {
            let reason = "upstream calls files by dates, which periods of a spin-up repeat; leave upstream's names out";
            return refuse(Argument::Names, "upstream", reason);
        }
        let has = |kind: TableKind| self.kinds.contains(&kind);
        if has(TableKind::Daily) && !step.is_day() {
            let reason = format!("upstream's files are of days; the run has steps of {}", step.words());
            return Err(Error::selection(Argument::Names, "upstream", reason));
        }
        let format = self.format.name();
        if format == "hdf5" && (has(TableKind::Daily) || has(TableKind::Biomass)) {
            let reason = "has no form of upstream's: its groups differ; choose csv, feather or parquet";
            return refuse(Argument::Format, format, reason);
        }
        if self.per_cell && format != "csv" {
            let reason = "upstream's files of single cells are CSV; choose csv, or leave this out";
            return refuse(Argument::PerCell, "", reason);
        }
        match self.partition {
            None => Ok(()),
            Some(_) if format == "csv" => {
                refuse(Argument::Partition, "", "upstream's CSV is a file a cell, and is not cut further")
            }
            Some(Partition::Year) if has(TableKind::Daily) => {
                refuse(Argument::Partition, "year", "upstream cuts days by month or by bands of latitude")
            }
            Some(Partition::LatBand) if has(TableKind::Biomass) => {
                refuse(Argument::Partition, "lat-band", "upstream cuts the strategies by year alone")
            }
            Some(_) => Ok(()),
        }
    }
}
