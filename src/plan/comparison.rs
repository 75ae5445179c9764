//! What is wanted of a run that is the change between two windows of time.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::builder::setters;
use crate::error::{Argument, Error, Result};
use crate::model::calendar::Date;
use crate::model::variables::VariableTable;

use super::{Input, Plan, Selection, Settings};

/// What is added to the name of a layer for its mean in the reference, the change from that, the same in percent, and how likely it is by chance.
pub(crate) const REFERENCE: &str = "_reference";
pub(crate) const CHANGE: &str = "_change";
pub(crate) const PERCENT: &str = "_change_percent";
pub(crate) const P_VALUE: &str = "_change_p_value";

/// What a region has of a variable that is not the mean of its cells' values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfRegion {
    /// The change in percent, of the region's own change and reference.
    Percent {
        /// The layer of the change.
        change: usize,
        /// The layer of the reference.
        reference: usize,
    },
    /// Nothing: a p-value of a region is not made of its cells'.
    Nothing,
}

/// The windows of time that are compared, and what of the runs.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The window.
    pub window: Dates,
    /// The window that it is compared with.
    pub reference: Dates,
    /// The run that the reference is of, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_run: Option<PathBuf>,
    /// Percents are masked where the mean of the reference is not further from 0, in the units of the variable.
    #[serde(default)]
    pub least: f64,
    /// As [`Selection::variables`], of the runs' own.
    pub variables: Vec<String>,
    /// As [`Selection::periods`], of the runs' own.
    pub periods: Vec<RangeInclusive<u32>>,
    /// The runs' own variables.
    pub table: VariableTable,
    /// What is known of the reference's variables, where it says that itself, or the run does of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_table: Option<VariableTable>,
    /// Of grids the files of the reference, where these are other ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
}

/// Days from a date to another one, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Dates {
    /// The first.
    pub from: Date,
    /// The last.
    pub to: Date,
}

setters!(Comparison {
    reference_run: Option<PathBuf>,
    least: f64,
    table: VariableTable,
    reference_table: Option<VariableTable>,
});

impl Comparison {
    /// The change from a window of time to another one, of what settings want of a run.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where a window ends before it begins.
    pub fn between(reference: Dates, window: Dates, settings: &Settings) -> Result<Self> {
        for (argument, Dates { from, to }) in
            [(Argument::Dates, window), (Argument::ReferenceDates, reference)]
        {
            if from > to {
                return Err(Error::selection(
                    argument,
                    format!("{from} to {to}"),
                    "it ends before it begins",
                ));
            }
        }
        let Selection { variables, periods, .. } = settings.selection.clone();
        let table = settings.table.clone();
        let (reference_run, least, reference_table, inputs) = (None, 0.0, None, Vec::new());
        Ok(Comparison {
            window,
            reference,
            reference_run,
            least,
            variables,
            periods,
            table,
            reference_table,
            inputs,
        })
    }

    /// Whether both windows have days of one run: values of these are in both means, which are then not independent of each other.
    pub(crate) fn is_overlapping(&self) -> bool {
        let (one, other) = (self.window, self.reference);
        self.reference_run.is_none() && one.from <= other.to && other.from <= one.to
    }

    /// The settings by which one of the windows is read of its run.
    pub(crate) fn of_window(&self, dates: Dates, settings: &Settings) -> Settings {
        let Selection { area, .. } = settings.selection.clone();
        let (from, to) = (Some(dates.from), Some(dates.to));
        let (variables, periods) = (self.variables.clone(), self.periods.clone());
        Settings {
            selection: Selection { variables, periods, from, to, area },
            table: self.table.clone(),
            limits: settings.limits,
            resources: settings.resources,
            ..Settings::default()
        }
    }
}

impl Plan {
    /// For each layer what regions have of it where that is not the mean of their cells' values: of a change in percent, and of its p-value.
    pub(crate) fn of_regions(&self) -> Vec<Option<OfRegion>> {
        let place = |key: String| self.layers.iter().position(|layer| layer.key == key);
        let of =
            |key: &str| match key.strip_suffix(PERCENT) {
                Some(stem) => {
                    let (change, reference) =
                        (place(format!("{stem}{CHANGE}")), place(format!("{stem}{REFERENCE}")));
                    let both = change.zip(reference);
                    Some(both.map_or(OfRegion::Nothing, |(change, reference)| OfRegion::Percent {
                        change,
                        reference,
                    }))
                }
                None => key.ends_with(P_VALUE).then_some(OfRegion::Nothing),
            };
        // Only where windows are compared do these names say what is in a layer.
        let of = |key: &str| self.settings.change.as_ref().and_then(|_| of(key));
        self.layers.iter().map(|layer| of(&layer.key)).collect()
    }

    /// The plan of other days of the same run, made of the same sample: nothing is read.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub(crate) fn of_other_dates(&self, dates: Dates) -> Result<Self> {
        let mut settings = self.settings.clone();
        (settings.selection.from, settings.selection.to) = (Some(dates.from), Some(dates.to));
        let plan = Self::from_survey(self.run.clone(), self.survey.clone(), settings)?;
        if plan.settings.selection.periods.is_empty() {
            plan.mixture.refuse(&plan.run)?;
        }
        Ok(plan)
    }
}

impl std::fmt::Display for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} less {}", self.window, self.reference)?;
        match self.reference_run.as_ref().map(|run| run.file_name().unwrap_or(run.as_os_str())) {
            Some(name) => write!(f, " of {}", name.to_string_lossy()),
            None => Ok(()),
        }
    }
}

impl std::fmt::Display for Dates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}", self.from, self.to)
    }
}
