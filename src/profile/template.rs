//! Texts of attributes, with facts of the file in them.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// All facts that a text may name.
pub const FACTS: [&str; 67] = [
    "area_variable",
    "calendar",
    "cell_methods",
    "cell_size",
    "columns",
    "command",
    "comment",
    "complete_variable",
    "content_type",
    "coordinates",
    "created",
    "crs_wkt",
    "dates_begin",
    "dates_end",
    "degrees",
    "degrees_wide",
    "digest",
    "dump_key",
    "duration",
    "east",
    "easternmost",
    "ellipsoid",
    "geo_transform",
    "grid",
    "heading",
    "interval_steps",
    "inverse_flattening",
    "last_day",
    "latitude_bounds",
    "leap_seconds",
    "length_of_steps",
    "long_name",
    "long_name_within",
    "longitude_bounds",
    "mapping_variable",
    "model",
    "north",
    "northernmost",
    "polygon",
    "projection",
    "row_labels",
    "rows",
    "run",
    "semi_major_axis",
    "simulated",
    "source",
    "south",
    "southernmost",
    "standard_name",
    "steps_of_time",
    "steps_variable",
    "steps_word",
    "time_begins",
    "time_bounds",
    "time_ends",
    "time_first",
    "time_last",
    "time_units",
    "units",
    "units_metadata",
    "variable",
    "version",
    "west",
    "westernmost",
    "word",
    "x_bounds",
    "y_bounds",
];

/// Facts that are numbers.
pub const NUMBERS: [&str; 12] = [
    "degrees",
    "degrees_wide",
    "east",
    "easternmost",
    "inverse_flattening",
    "north",
    "northernmost",
    "semi_major_axis",
    "south",
    "southernmost",
    "west",
    "westernmost",
];

/// A text in which `{fact}` stands for a fact, and `{fact|otherwise}` for one that may be unknown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Template(Cow<'static, str>);

impl From<&'static str> for Template {
    fn from(text: &'static str) -> Self {
        Template(Cow::Borrowed(text))
    }
}

impl From<String> for Template {
    fn from(text: String) -> Self {
        Template(Cow::Owned(text))
    }
}

/// A part of a text.
enum Part<'a> {
    Text(&'a str),
    Fact(&'a str, Option<&'a str>),
}

impl Template {
    fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let mut rest: &str = &self.0;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            if let Some(inner) = rest.strip_prefix('{') {
                let (fact, behind) = inner.split_once('}').unwrap_or((inner, ""));
                rest = behind;
                return Some(match fact.split_once('|') {
                    Some((fact, otherwise)) => Part::Fact(fact, Some(otherwise)),
                    None => Part::Fact(fact, None),
                });
            }
            let (text, behind) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
            rest = behind;
            Some(Part::Text(text))
        })
    }

    /// The first fact in it that there is not.
    pub(super) fn unknown(&self) -> Option<String> {
        self.parts().find_map(|part| match part {
            Part::Fact(fact, _) if !FACTS.contains(&fact) => Some(fact.to_owned()),
            _ => None,
        })
    }

    /// The text with a file's facts; nothing where one is not known. What stands in a fact is a text, braces too.
    pub fn filled(&self, facts: &BTreeMap<&'static str, String>) -> Option<String> {
        let part = |part: Part<'_>| match part {
            Part::Text(text) => Some(text.to_owned()),
            Part::Fact(fact, otherwise) => {
                facts.get(fact).cloned().or_else(|| otherwise.map(ToOwned::to_owned))
            }
        };
        self.parts().map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_filled_in_once() {
        let facts = BTreeMap::from([("run", "{model}".to_owned()), ("units", "m".to_owned())]);
        let filled = |text| Template::from(text).filled(&facts);
        assert_eq!(filled("of {run} in {units}!"), Some("of {model} in m!".to_owned()));
        assert_eq!(filled("by {model|nobody}"), Some("by nobody".to_owned()));
        assert_eq!((filled("by {model}"), filled("")), (None, Some(String::new())));
        assert_eq!(Template::from("{run").unknown(), None);
        assert_eq!(Template::from("{run} {it}").unknown(), Some("it".to_owned()));
    }

    #[test]
    fn facts_are_in_order_and_numbers_are_facts() {
        assert!(NUMBERS.is_sorted() && NUMBERS.iter().all(|number| FACTS.contains(number)));
    }
}
