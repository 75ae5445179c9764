//! Settings of figures of strategies and their traits.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Argument, Error, Result};
use crate::run::numbers::ranges;

use super::Spec;

/// What has a box of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// A year, of all cells.
    #[default]
    Year,
    /// A cell, of all years.
    Cell,
    /// An area with a name, of all years.
    #[serde(alias = "region")]
    Area,
}

/// What strategies, or the shares of a cell, count by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeighedBy {
    /// The area that strategies occupy.
    #[serde(alias = "area")]
    Occupation,
    /// Their carbon.
    Carbon,
}

impl WeighedBy {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            WeighedBy::Occupation => "occupation",
            WeighedBy::Carbon => "carbon",
        }
    }
}

/// Years and ranges of them.
#[derive(Debug, Clone)]
pub(in crate::figure) struct WantedYears {
    parts: Vec<RangeInclusive<i32>>,
}

impl WantedYears {
    /// Whether a year is one of them.
    pub fn contains(&self, year: i32) -> bool {
        self.parts.iter().any(|part| part.contains(&year))
    }

    /// Refuses years and ranges of which a table has none. `there` are the years that it has, of rows or whatever is drawn. One that has
    /// none at all is not refused by its years.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) with the first of them, and the years that there are.
    pub fn refuse_absent(&self, path: &Path, what: &str, there: &BTreeSet<i32>) -> Result<()> {
        let is_absent = |part: &&RangeInclusive<i32>| there.range((*part).clone()).next().is_none();
        let Some(part) = self.parts.iter().find(is_absent).filter(|_| !there.is_empty()) else {
            return Ok(());
        };
        let value = match part.start() == part.end() {
            true => part.start().to_string(),
            false => format!("{}-{}", part.start(), part.end()),
        };
        let there = ranges(&there.iter().copied().collect::<Vec<i32>>());
        let reason = format!("no {what} of {} is of it; there are the years {there}", path.display());
        Err(Error::selection(Argument::Years, value, reason))
    }
}

impl Spec {
    /// The years that are wanted; none for all.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where they are not numbers and ranges.
    pub(in crate::figure) fn wanted_years(&self) -> Result<Option<WantedYears>> {
        let Some(text) = &self.years else { return Ok(None) };
        let wrong =
            || Error::selection(Argument::Years, text, "wants years and ranges, as in 1979,1985-1990");
        let mut parts = Vec::new();
        for part in text.split(',').map(str::trim) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let year = |text: &str| text.trim().parse::<i32>().ok();
            let (first, last) = year(first).zip(year(last)).ok_or_else(wrong)?;
            if first > last {
                return Err(wrong());
            }
            parts.push(first..=last);
        }
        Ok(Some(WantedYears { parts }))
    }

    /// The areas that are wanted, north, south, west and east.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where they are not names and degrees.
    pub(in crate::figure) fn wanted_areas(&self) -> Result<Vec<(String, [f64; 4])>> {
        let area = |text: &String| {
            let (name, edges) = text.split_once('=')?;
            let edges: Option<Vec<f64>> = edges.split(',').map(|edge| edge.trim().parse().ok()).collect();
            let edges: [f64; 4] = edges?.try_into().ok()?;
            let [n, s, w, e] = edges;
            let is_box = n > s && w < e && edges.iter().all(|edge| edge.is_finite());
            (is_box && !name.trim().is_empty()).then(|| (name.trim().to_owned(), edges))
        };
        let wrong = |text: &String| {
            let reason = "wants a name, north, south, west and east: NAME=N,S,W,E";
            Error::selection(Argument::Areas, text, reason)
        };
        self.areas.iter().map(|text| area(text).ok_or_else(|| wrong(text))).collect()
    }
}
