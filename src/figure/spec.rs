//! What a figure is to show and how: the options of `gridloom plot`, and an entry of `figures.toml`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::draw::colours::ColourMap;
use crate::draw::scale::{self, ColourScale};
use crate::error::{Argument, Error, Result};
use crate::mask::TrueIs;
use crate::model::calendar::Date;

use super::data::parts::Every;
use super::data::reduce::MapStat;

mod strategies;

pub(in crate::figure) use strategies::WantedYears;
pub use strategies::{By, WeighedBy};

/// The kinds of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plot {
    /// A map.
    Map,
    /// Means of a region over time.
    Series,
    /// Means of a region over the months of the year.
    Climatology,
    /// Time against latitude.
    Hovmoller,
    /// A variable against another.
    Scatter,
    /// Maps of two runs and of their difference.
    Compare,
    /// Strategies and their carbon over the years.
    Biomass,
    /// What was missing or damaged.
    Health,
    /// How near an evaluation's stations and areas are to what was observed.
    Taylor,
    /// The mean year of an evaluation beside what was observed.
    Cycle,
    /// What limits growth, and how nutrients are taken up, over the years.
    Limitation,
    /// Traits of the strategies that live, by year, cell or area.
    Boxes,
    /// How strategies that live are spread over two traits.
    Density,
    /// States of a spin-up over its periods, and whether they drift.
    Drift,
}

/// What shades a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spread {
    /// Nothing.
    None,
    /// The standard deviation over the cells.
    #[default]
    Std,
    /// From the least cell to the greatest.
    Range,
    /// One line of all inputs, from the least of them to the greatest.
    Ensemble,
    /// The same, with one standard deviation between them.
    #[serde(rename = "ensemble-std")]
    EnsembleStd,
}

/// One figure. Absent settings have defaults; lengths are millimetres.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Spec {
    /// What it is.
    pub kind: Option<Plot>,
    /// The files, or folders in which those of the variables are looked for.
    #[serde(alias = "input", deserialize_with = "one_or_more", skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<PathBuf>,
    /// Variables.
    #[serde(alias = "variable", deserialize_with = "one_or_more", skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<String>,
    /// The one day of a map.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What of the days a map shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stat: Option<MapStat>,
    /// A file that is subtracted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<PathBuf>,
    /// A file that is the reference of a change: the same as `difference`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<PathBuf>,
    /// The first day of the reference; with `reference_to` in the place of `from` and `to`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_from: Option<String>,
    /// The last day of the reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_to: Option<String>,
    /// Whether a change is in percent of the reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<bool>,
    /// What the reference is at least, up or down, where percent are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<f64>,
    /// Below which probability of chance a cell's change is marked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub significant: Option<f64>,
    /// Traits.
    #[serde(alias = "trait", deserialize_with = "one_or_more", skip_serializing_if = "Vec::is_empty")]
    pub traits: Vec<String>,
    /// What has a box of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
    /// What strategies, or the shares of a cell, count by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<WeighedBy>,
    /// Years of a table: `1979,1985-1990`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub years: Option<String>,
    /// Boxes of degrees with names: `NAME=N,S,W,E`.
    #[serde(alias = "area", deserialize_with = "one_or_more", skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<String>,
    /// A mask whose regions are areas: `FILE`, or `FILE#NAME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<PathBuf>,
    /// What true means in a mask of truth values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub true_is: Option<TrueIs>,
    /// A run whose days go before those of each input, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<PathBuf>,
    /// How time is cut: series, scatter, Hovmöller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Every>,
    /// Only cells with centres in this box of degrees: north, south, west, east.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bbox: Option<[f64; 4]>,
    /// Single cells, `lat,lon`, each a line of a series.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<[f64; 2]>,
    /// Days of a running mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<usize>,
    /// What shades a series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<Spread>,
    /// Names of the inputs in the key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The colour map.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmap: Option<String>,
    /// The least and the greatest value that colours or axes tell apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    /// A number of classes, their borders, or `smooth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels: Option<String>,
    /// Width and height; 0 leaves one open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<[f64; 2]>,
    /// Dots per inch of PNG.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpi: Option<f64>,
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The line below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// Words below the figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Whether the origin is printed in the corner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corner: Option<bool>,
}

/// A text or a list of texts.
fn one_or_more<'de, D: serde::Deserializer<'de>, T: From<String>>(
    from: D,
) -> std::result::Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        One(String),
        More(Vec<String>),
    }
    Ok(match Either::deserialize(from)? {
        Either::One(text) => vec![T::from(text)],
        Either::More(texts) => texts.into_iter().map(T::from).collect(),
    })
}

/// Points in a millimetre.
const MILLIMETRE: f64 = 72.0 / 25.4;

impl Spec {
    /// Whether all inputs are one line.
    pub(super) fn is_ensemble(&self) -> bool {
        matches!(self.spread, Some(Spread::Ensemble | Spread::EnsembleStd))
    }

    /// The width in points, or the default in millimetres.
    pub(super) fn width(&self, default: f64) -> f64 {
        let wanted = self.size.map_or(0.0, |[width, _]| width);
        let width = if wanted > 0.0 && wanted.is_finite() { wanted.clamp(30.0, 2000.0) } else { default };
        width * MILLIMETRE
    }

    /// The height in points, where one is wanted.
    pub(super) fn height(&self) -> Option<f64> {
        let [_, height] = self.size?;
        (height > 0.0 && height.is_finite()).then(|| height.clamp(30.0, 2000.0) * MILLIMETRE)
    }

    /// Dots per inch.
    pub fn dots(&self) -> f64 {
        self.dpi.filter(|dpi| dpi.is_finite()).unwrap_or(200.0).clamp(20.0, 1200.0)
    }

    /// A date of an option.
    pub(super) fn parse_date(argument: Argument, text: &Option<String>) -> Result<Option<Date>> {
        let parse = |text: &String| {
            text.parse::<Date>().map_err(|error| Error::selection(argument, text, error.hint()))
        };
        text.as_ref().map(parse).transpose()
    }

    /// A date, and the seconds after its midnight where a time of day is wanted: `2013-11-01T06:10`.
    pub(super) fn parse_moment(argument: Argument, text: &str) -> Result<(Date, u32)> {
        let (date, clock) = text.split_once(['T', ' ']).unwrap_or((text, "0:0"));
        let refuse = |hint: &str| Error::selection(argument, text, hint);
        let date = date.parse::<Date>().map_err(|error| refuse(error.hint()))?;
        let mut parts = clock.splitn(3, ':').map(|part| part.parse::<u32>().ok());
        let seconds = match (parts.next().flatten(), parts.next().flatten(), parts.next()) {
            (Some(hour), Some(minute), second) if hour < 24 && minute < 60 => {
                let second = second.unwrap_or(Some(0)).filter(|second| *second < 60);
                second.map(|second| (hour * 60 + minute) * 60 + second)
            }
            _ => None,
        };
        let seconds =
            seconds.ok_or_else(|| refuse("write times as YYYY-MM-DDTHH:MM, for example 2013-11-01T06:10"))?;
        Ok((date, seconds))
    }

    /// The colour scale of values; `diverging` where zero is to be in the middle.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where an option cannot be understood.
    pub(super) fn colour_scale(&self, values: &[f64], diverging: bool) -> Result<ColourScale> {
        let map = match &self.cmap {
            Some(name) => ColourMap::parse(name)?,
            None if diverging => ColourMap::DIVERGING,
            None => ColourMap::SEQUENTIAL,
        };
        let centred = diverging || map.is_diverging();
        let mut smooth = false;
        let (mut classes, mut borders) = (10, Vec::new());
        if let Some(text) = &self.levels {
            let wrong = || {
                let reason =
                    "wants a number of classes from 2 to 100, ascending borders such as 0,1,2.5,5, or smooth";
                Error::selection(Argument::Levels, text, reason)
            };
            match text.trim() {
                "smooth" => smooth = true,
                text if text.contains(',') => {
                    borders = text
                        .split(',')
                        .map(|part| part.trim().parse::<f64>().ok().filter(|value| value.is_finite()))
                        .collect::<Option<Vec<f64>>>()
                        .ok_or_else(wrong)?;
                    let ascend = borders.windows(2).all(|pair| pair.first() < pair.last());
                    if borders.len() < 2 || borders.len() > 256 || !ascend {
                        return Err(wrong());
                    }
                }
                text => classes = text.parse().ok().filter(|n| (2..=100).contains(n)).ok_or_else(wrong)?,
            }
        }
        let extremes = scale::robust_range(values.iter().copied(), 0.0).unwrap_or((0.0, 1.0));
        let levels = match (self.range, borders.is_empty()) {
            (_, false) => borders,
            (Some([low, high]), _) => {
                if !(low < high && low.is_finite() && high.is_finite()) {
                    let text = format!("{low},{high}");
                    return Err(Error::selection(
                        Argument::Range,
                        text,
                        "wants the least value first: LOW,HIGH",
                    ));
                }
                // The range holds as it is; round borders lie within it.
                let mut levels = vec![low];
                let step = (high - low) * 1e-6;
                let inner = scale::ticks(low, high, classes);
                levels.extend(inner.into_iter().filter(|level| *level > low + step && *level < high - step));
                levels.push(high);
                levels
            }
            (None, _) => {
                let (low, high) = scale::robust_range(values.iter().copied(), 0.02).unwrap_or((0.0, 1.0));
                match centred {
                    true => scale::centred_levels(low.abs().max(high.abs()), classes),
                    // A scale that begins near zero begins at zero.
                    false if low > 0.0 && low < 0.3 * high => scale::levels(0.0, high, classes),
                    false => scale::levels(low, high, classes),
                }
            }
        };
        let slack = |level: Option<&f64>| level.copied().unwrap_or(0.0);
        let extends = (extremes.0 < slack(levels.first()), extremes.1 > slack(levels.last()));
        Ok(ColourScale { levels, map, smooth, extends })
    }
}
