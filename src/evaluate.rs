//! Evaluation of a model by what was observed: maps on other grids, or stations.
//!
//! An [`Evaluation`] compares a gridded file with observations, in the model's units and on its cells:
//!
//! - **Time**: periods that both have are compared, days, months, seasons or years; of files, those that steps fill from end to end. Values of
//!   shorter steps are averaged, weighted by their length, over the times that *both* have a value at; a period counts where these are
//!   [`coverage`](Evaluation::coverage) of it.
//! - **Maps** are remapped to the model's cells by the area that they share, where they have a value (first-order conservative); a cell counts where
//!   they cover that part of it. Each pair weighs as much as its cell's area times its days.
//! - **Stations** are compared with the cell whose centre is nearest among those around it that have values, each pair weighing the days of its period.
//!
//! What cannot be compared is told, never left out silently: [`Evaluated::left_out`] and [`Evaluated::remarks`].

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::aggregate::convert::Conversion;
use crate::aggregate::spelling;
use crate::error::{Argument, Error, Result};
use crate::grid::read::{Field, Interval, in_folder};
use crate::model::calendar::Date;
use crate::model::grid::Grid;
use crate::observer::Observer;

mod csv;
mod maps;
mod period;
mod points;
mod remap;
mod score;
mod stations;

use score::Moments;

pub use csv::EvaluationTable;
pub use score::Scores;

/// What a model is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Observed {
    /// A gridded NetCDF file on any regular grid of degrees, or a folder, and the variable; `None` for its only one, or in a folder that of the model.
    Map(PathBuf, Option<String>),
    /// A CSV file with a line a station and date (`docs/evaluate.md`), and the column of values; `None` for `value`.
    Stations(PathBuf, Option<String>),
}

impl Observed {
    fn path(&self) -> &Path {
        match self {
            Observed::Map(path, _) | Observed::Stations(path, _) => path,
        }
    }
}

/// A part of the map that is scored by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredArea {
    /// What it is called.
    pub name: String,
    /// The cells.
    pub cells: AreaCells,
}

/// The cells of a part of the map.
#[derive(Debug, Clone, PartialEq)]
pub enum AreaCells {
    /// Those whose centres are in a box of degrees: north, south, west and east.
    Box([f64; 4]),
    /// Those around these places, in degrees north and east, as a mask's cells have them.
    Around(Vec<[f64; 2]>),
}

/// How a model is compared with observations.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Evaluation {
    /// The model's gridded file, or a folder that has the variable's.
    pub model: PathBuf,
    /// The variable in it; `None` for its only one.
    pub variable: Option<String>,
    /// The observations.
    pub observed: Observed,
    /// Their units, where the file does not say them, or says wrong ones.
    pub observed_units: Option<String>,
    /// Periods that are compared; the shortest that both have, otherwise.
    pub every: Option<Interval>,
    /// The first date.
    pub from: Option<Date>,
    /// The last date.
    pub to: Option<Date>,
    /// The least part of a cell, or of a period, that values must cover: 0 to 1.
    pub coverage: f64,
    /// Parts of the map that are scored beside all of it.
    pub areas: Vec<ScoredArea>,
}

impl Evaluation {
    /// Of a gridded file.
    pub fn new(model: impl Into<PathBuf>, observed: Observed) -> Self {
        Evaluation {
            model: model.into(),
            variable: None,
            observed,
            observed_units: None,
            every: None,
            from: None,
            to: None,
            coverage: 0.5,
            areas: Vec::new(),
        }
    }

    /// The grid of the model's file, by which masks name cells; the globe's where the file's cells are some of it.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library) where the file cannot be used, or its cells are not alike.
    pub fn grid(&self) -> Result<Grid> {
        let (model, _) = opened(&self.model, self.variable.as_deref())?;
        let none = || Error::netcdf(&model.path, "find", "cells that are alike".to_owned());
        model.place.grid().ok_or_else(none)
    }

    /// Compares.
    ///
    /// Memory: of maps about 256 MiB; of stations their values, and a cell's series.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library) where a file cannot be used, [`Config`](crate::ErrorKind::Config) with the line of a file of stations,
    /// [`Argument`](crate::ErrorKind::Argument) where units, grids or times do not fit, [`Stopped`](crate::ErrorKind::Stopped).
    pub fn run(&self, observer: &dyn Observer) -> Result<Evaluated> {
        if !(0.0..=1.0).contains(&self.coverage) {
            return Err(Error::selection(Argument::Range, self.coverage, "a coverage is a part: 0 to 1"));
        }
        let (model, choice) = opened(&self.model, self.variable.as_deref())?;
        let (mut evaluated, other) = match &self.observed {
            Observed::Map(path, variable) => {
                let (observed, choice) = opened(
                    path,
                    match path.is_dir() {
                        true => variable.as_deref().or(self.variable.as_deref()),
                        false => variable.as_deref(),
                    },
                )?;
                (maps::run(self, &model, &observed, observer)?, choice)
            }
            Observed::Stations(path, variable) => {
                (stations::run(self, &model, &points::read(path, variable.as_deref())?, observer)?, None)
            }
        };
        evaluated.remarks.splice(0..0, choice.into_iter().chain(other));
        Ok(evaluated)
    }

    /// The units that observations are said to have, by settings or by their file.
    fn said<'a>(&'a self, units: Option<&'a str>) -> Option<&'a str> {
        self.observed_units.as_deref().or(units.filter(|units| !units.is_empty()))
    }

    /// The remark on observations that are not said to have any units.
    fn taken_for(&self, model: &Field, units: Option<&str>) -> Option<String> {
        let words = match model.units.as_str() {
            "" => return None,
            units => {
                format!("observations are taken for {units}, as the model's are: nothing says their units")
            }
        };
        self.said(units).is_none().then_some(words)
    }

    /// How values that were observed in units become the model's.
    fn conversion(&self, model: &Field, units: Option<&str>) -> Result<(Conversion, String)> {
        let units = self.said(units).unwrap_or(&model.units);
        let conversion = Conversion::between(units, &model.units);
        let refuse = || {
            let reason = format!(
                "is in {units:?}, {} is in {:?}: one is not to be had from the other; say what units the observations have{}",
                model.file_name(),
                model.units,
                spelling::cure(&[units, &model.units])
            );
            Error::selection(Argument::File, self.observed.path().display(), reason)
        };
        Ok((conversion.ok_or_else(refuse)?, units.to_owned()))
    }

    /// How long periods are that both have, and those that are scored.
    fn intervals(&self, model: &Field, observed: Option<Interval>) -> Result<(Interval, Interval)> {
        let unknown = |path: &Path| {
            let reason = "has steps of several lengths, or of a length that cannot be told; days, months, seasons or years are compared";
            Error::selection(Argument::File, path.display(), reason)
        };
        let own = model.meaning.interval.ok_or_else(|| unknown(&model.path))?;
        let other = observed.ok_or_else(|| unknown(self.observed.path()))?;
        let base = own.max(other).max(Interval::Day);
        let every = self.every.unwrap_or(base);
        match every >= base {
            true => Ok((base, every)),
            false => {
                let reason = format!("is shorter than what is compared, {} values", base.word());
                Err(Error::selection(Argument::Every, every.word(), reason))
            }
        }
    }

    /// The remark on steps of a file that make up no whole period.
    fn cut(&self, field: &Field, whole: &[period::Steps], base: Interval) -> Option<String> {
        let count = period::cut(&field.times, whole, base, |date| self.takes(date));
        let (all, file) = (field.times.steps.len(), field.file_name());
        (count > 0).then(|| {
            format!("{count} of {all} steps of {file} not compared: in no whole {} period", base.word())
        })
    }

    fn takes(&self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date) && self.to.is_none_or(|to| date <= to)
    }
}

/// A gridded file, or that of a variable in a folder, and what was chosen among several.
fn opened(path: &Path, variable: Option<&str>) -> Result<(Field, Option<String>)> {
    if !path.is_dir() {
        return Ok((Field::open(path, variable)?, None));
    }
    let found = in_folder(path, variable)?;
    Ok((Field::open(&found.path, found.variable.as_deref())?, found.choice))
}

/// Where a station is, and what it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Place {
    /// Degrees north of the station.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Degrees north of the cell's centre.
    pub cell_lat: f64,
    /// Degrees east.
    pub cell_lon: f64,
    /// How far these are from each other, in km along a great circle.
    pub distance_km: f64,
}

/// A month of the mean year.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CycleMonth {
    /// 1 to 12.
    pub month: u8,
    /// Pairs of values.
    pub pairs: u64,
    /// The model's mean.
    pub model: f64,
    /// The observed mean.
    pub observed: f64,
}

/// A station, or a part of the map.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Scored {
    /// What it is called: `all` of all stations or cells.
    pub name: String,
    /// Of a station.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// How near values are to each other.
    pub scores: Scores,
    /// The mean year, of periods not longer than a month.
    pub cycle: Vec<CycleMonth>,
}

/// A pair of values at a station.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Pair {
    /// The station.
    pub station: String,
    /// The period: `2001-02-03`, `2001-02`, `2001 DJF` or `2001`.
    pub period: String,
    /// The model's value.
    pub model: f64,
    /// The observed one, in the model's units.
    pub observed: f64,
}

/// How a model compares with observations.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Evaluated {
    /// The model's variable.
    pub variable: String,
    /// Its units, which all values are in.
    pub units: String,
    /// What periods are, as an adjective: monthly.
    pub every: String,
    /// The first and the last of them; none where nothing was compared.
    pub periods: Option<(String, String)>,
    /// All, and parts or stations of it.
    pub scored: Vec<Scored>,
    /// Pairs at stations; none of maps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<Pair>,
    /// What should be known: conversions, calendars, lines without a value.
    pub remarks: Vec<String>,
    /// What was given and could not be compared.
    pub left_out: Vec<String>,
}

/// Sums of one part or station.
#[derive(Debug, Clone, Default)]
struct Sums {
    all: Moments,
    months: [Moments; 12],
}

impl Sums {
    fn add(&mut self, month: Option<u8>, weight: f64, (model, observed): (f64, f64)) {
        self.all.add(weight, model, observed);
        let month = month.and_then(|month| self.months.get_mut(usize::from(month.saturating_sub(1))));
        if let Some(month) = month {
            month.add(weight, model, observed);
        }
    }

    fn join(&mut self, other: &Self) {
        self.all.join(&other.all);
        self.months.iter_mut().zip(&other.months).for_each(|(own, other)| own.join(other));
    }

    fn scored(&self, name: &str, place: Option<Place>) -> Scored {
        let months = (1u8..).zip(&self.months).filter_map(|(month, moments)| {
            let (model, observed) = moments.means()?;
            Some(CycleMonth { month, pairs: moments.scores().pairs, model, observed })
        });
        Scored { name: name.to_owned(), place, scores: self.all.scores(), cycle: months.collect() }
    }
}

/// The month that a period is of, where it is not longer.
fn month_of(period: period::Period, interval: Interval) -> Option<u8> {
    (interval <= Interval::Month).then(|| period.first(interval).month)
}
