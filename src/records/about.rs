//! What a file of one cell says of itself beside its values: the first line of the text that it becomes.

use serde::{Deserialize, Serialize};

use crate::model::calendar::Calendar;

use super::description::{Header, MissingCodes, Text};
use super::schema::Head;

/// What begins the line.
const MARK: &str = "#gridloom ";

/// The column of times, and how these are written.
pub(super) const TIME: (&str, &str) = ("time", "%Y-%m-%dT%H:%M:%S");

/// The columns of the cell's place.
pub(super) const PLACE: [&str; 2] = ["lat", "lon"];

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct About {
    /// CF's name of the calendar.
    pub calendar: String,
    /// Whether it tells where its cell is.
    pub has_place: bool,
    /// The series, in the order of columns.
    pub series: Vec<AboutSeries>,
}

/// A series.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct AboutSeries {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<String>,
    /// The dimension of its rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimension: Option<String>,
    /// The labels of these; none without rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

impl AboutSeries {
    /// The names of its columns.
    fn columns(&self) -> Vec<String> {
        match self.labels.len() {
            0 => vec![self.name.clone()],
            rows => (1..=rows).map(|row| format!("{}_{row}", self.name)).collect(),
        }
    }
}

impl About {
    /// The line, and the names of columns.
    pub fn line(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        format!("{MARK}{text}")
    }

    /// What a head says; `None` of files that are no NetCDF.
    pub fn of(head: &Head) -> Option<About> {
        let line = head.comments.iter().find_map(|line| line.strip_prefix(MARK))?;
        serde_json::from_str(line).ok()
    }

    /// The names of columns.
    pub fn names(&self) -> Vec<String> {
        let place = PLACE.iter().filter(|_| self.has_place).map(|&name| name.to_owned());
        let series = self.series.iter().flat_map(AboutSeries::columns);
        std::iter::once(TIME.0.to_owned()).chain(place).chain(series).collect()
    }

    /// The series of a column, and its label.
    pub fn series(&self, column: usize) -> Option<(&AboutSeries, Option<&str>)> {
        let mut at = column.checked_sub(if self.has_place { 3 } else { 1 })?;
        for series in &self.series {
            let rows = series.labels.len().max(1);
            match at < rows {
                true => return Some((series, series.labels.get(at).map(String::as_str))),
                false => at -= rows,
            }
        }
        None
    }

    /// Whether dates of one calendar are dates of another: those of the real world are since 1582.
    pub fn fits(&self, calendar: &str) -> bool {
        let [own, other] = [self.calendar.as_str(), calendar].map(Calendar::parse);
        let is_civil = |calendar| matches!(calendar, Some(Calendar::Standard | Calendar::ProlepticGregorian));
        own == other || is_civil(own) && is_civil(other)
    }
}

/// How the lines are made of columns.
pub(super) fn dialect() -> Text {
    Text {
        separator: Some(",".to_owned()),
        header: Some(Header::Line),
        comment: Some("#".to_owned()),
        missing: Some(MissingCodes::All(vec![String::new()])),
        ..Text::default()
    }
}
