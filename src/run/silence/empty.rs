//! What is told of cells that hold nothing.

use std::collections::BTreeSet;

use crate::model::grid::Cell;

/// Variables and cells that a message names.
const NAMED: usize = 6;

/// Cells that are there, and of which the same is to be said of what they lack.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct EmptyCells {
    /// The same in words.
    pub message: String,
    /// Whether it is said of yearly files, whose days are years.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_yearly: bool,
    /// Variables without a value up to the end, by since when.
    pub empty: Vec<EmptyVariables>,
    /// How many variables there are; each row counts for itself.
    pub of: usize,
    /// Whether nothing lives at the end.
    pub is_dead: bool,
    /// The first day on which nothing lives; `None` where nothing ever does.
    pub dead_since: Option<String>,
    /// The cells.
    pub cells: Vec<EmptyCell>,
}

/// Variables without a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct EmptyVariables {
    /// The first day without one; `None` where there never is any.
    pub since: Option<String>,
    /// Their names.
    pub variables: Vec<String>,
}

/// A cell and its centre.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct EmptyCell {
    /// The cell.
    pub cell: Cell,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
}

/// What cells lack, in words.
pub(super) fn words(empty: &[EmptyVariables], of: usize, is_dead: bool, dead_since: Option<&str>) -> String {
    let since = |date: Option<&str>| date.map_or(String::new(), |date| format!(" since {date}"));
    let mut parts = Vec::new();
    for EmptyVariables { since: date, variables } in empty {
        let date = since(date.as_deref());
        let named = variables.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = if variables.len() > NAMED { ", …" } else { "" };
        parts.push(match (variables.len(), of) {
            (count, of) if count == of => format!("no variable has a value{date}"),
            (1, of) => format!("1 of {of} variables has no value{date}: {named}"),
            (count, of) => format!("{count} of {of} variables have no value{date}: {named}{more}"),
        });
    }
    match (is_dead, dead_since) {
        (true, None) => parts.push("nothing ever lives".to_owned()),
        (true, date) => parts.push(format!("nothing lives{}", since(date))),
        _ => {}
    }
    parts.join("; ")
}

impl EmptyCells {
    /// `empty` where variables have no value, `dead` where they have and nothing lives.
    pub fn kind(&self) -> &'static str {
        if self.empty.is_empty() { "dead" } else { "empty" }
    }

    /// The first cells and how many there are, in words.
    pub fn named(&self) -> String {
        let names: Vec<String> = self.cells.iter().take(NAMED).map(|cell| cell.cell.to_string()).collect();
        match self.cells.len() {
            1 => format!("cell {}", names.join(", ")),
            count if count > NAMED => format!("cells {}, … ({count} in all)", names.join(", ")),
            _ => format!("cells {}", names.join(", ")),
        }
    }

    /// How many cells several lists have. One may be in two of them, for its daily series and for its yearly files.
    pub fn count(lists: &[EmptyCells]) -> usize {
        let cells = lists.iter().flat_map(|list| &list.cells).map(|one| one.cell);
        cells.collect::<BTreeSet<Cell>>().len()
    }
}

impl std::fmt::Display for EmptyCells {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.named(), self.message)
    }
}
