//! Short ways to what a description says.

use super::{TimeKeys, TimePart};

impl TimeKeys {
    /// The parts of a time that are told, by their keys, from the year to the second.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, &TimePart)> {
        let all = [
            ("year", &self.year),
            ("month", &self.month),
            ("day", &self.day),
            ("day_of_year", &self.day_of_year),
            ("hour", &self.hour),
            ("minute", &self.minute),
            ("second", &self.second),
        ];
        all.into_iter().filter_map(|(name, part)| Some((name, part.as_ref()?)))
    }
}

impl TimePart {
    /// The column, or field of the path in braces.
    pub fn column(&self) -> &str {
        match self {
            TimePart::Column(column) | TimePart::From { column, .. } => column,
        }
    }

    /// The number that stands for the first, where it is not the usual one.
    pub fn first(&self) -> Option<i64> {
        match self {
            TimePart::Column(_) => None,
            TimePart::From { first, .. } => Some(*first),
        }
    }
}

/// The field of the path that a name in braces is; `None` of a column.
pub fn path_field(name: &str) -> Option<&str> {
    name.strip_prefix('{')?.strip_suffix('}')
}
