//! Profiles: what gridded files are called, say and look like inside, apart from their values.
//!
//! A profile is a value, so that another convention is another value and no other code. [`Profile::cf`] is the one that is used where settings
//! say nothing; the files' schema is made from it, and files are proved against it.

mod cf;
mod change;
mod kept;
mod template;

use std::borrow::Cow;

pub use change::{ProfileChange, Said, SaidValue};
pub use kept::check_attribute;
pub use template::{FACTS, NUMBERS, Template};

/// A name in a file.
pub type Name = Cow<'static, str>;

/// What gridded files are called, say and look like inside.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Profile {
    /// Its name.
    pub name: Name,
    /// Names of variables and dimensions.
    pub names: Names,
    /// The unit that times are counted in, `days since 1601-01-01`; that of the source where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_units: Option<String>,
    /// How files are laid out.
    pub layout: Layout,
    /// Attributes of the file. Settings may add some, and say others.
    pub file: Vec<Attribute>,
    /// Attributes of the variable itself.
    pub data: Vec<Attribute>,
    /// Attributes of time.
    pub time: Vec<Attribute>,
    /// Attributes of latitudes.
    pub latitude: Vec<Attribute>,
    /// Attributes of longitudes.
    pub longitude: Vec<Attribute>,
    /// Attributes of a projection's y, of grids that are regular in it; latitudes and longitudes are then of each cell.
    pub y: Vec<Attribute>,
    /// Attributes of a projection's x.
    pub x: Vec<Attribute>,
    /// Attributes of the grid mapping. Of projections CF's parameters of the method come before them.
    pub mapping: Vec<Attribute>,
    /// Attributes of the cells' areas.
    pub area: Vec<Attribute>,
    /// Attributes of the numbers of a variable's rows.
    pub rows: Vec<Attribute>,
    /// Attributes of the number of steps that values of intervals are made of.
    pub steps: Vec<Attribute>,
    /// Attributes of whether these are all of an interval.
    pub complete: Vec<Attribute>,
}

/// Names of variables and dimensions beside those of the data.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Names {
    /// The bounds of time.
    pub time_bounds: Name,
    /// The bounds of latitudes.
    pub latitude_bounds: Name,
    /// The bounds of longitudes.
    pub longitude_bounds: Name,
    /// The bounds of a projection's y.
    pub y_bounds: Name,
    /// The bounds of a projection's x.
    pub x_bounds: Name,
    /// The dimension of bounds.
    pub bounds: Name,
    /// The dimension of a cell's corners.
    pub corners: Name,
    /// The grid mapping.
    pub mapping: Name,
    /// The cells' areas.
    pub area: Name,
    /// Whether an interval is complete.
    pub complete: Name,
    /// What the dimension of a variable's rows is called behind the variable's name.
    pub rows: Name,
}

/// How files are laid out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Layout {
    /// Whether the dimension of time has no limit.
    pub is_time_unlimited: bool,
    /// Values of time in a chunk of its coordinate, at least; a longer axis is one chunk as well.
    pub time_chunk: usize,
}

/// An attribute. It is left out where its text has a fact in it that is not known of the file.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Its name.
    pub name: Name,
    /// What it says.
    pub value: Value,
    /// A fact without which it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_with: Option<Name>,
}

/// What an attribute says.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A text with facts in it.
    Text(Template),
    /// A fact that is a number, one of [`NUMBERS`].
    Number(Name),
    /// A number.
    Constant(f64),
    /// Small whole numbers.
    Flags(Vec<i8>),
    /// What stands for a missing value, in the type of the values.
    Missing,
    /// The numbers of the rows that the file has.
    RowNumbers,
}

/// Values of time in a chunk at most: readers keep chunks of 4 MiB in memory.
const MOST_TIMES: usize = 1 << 19;

impl Layout {
    /// How many values a chunk of a coordinate of so many has: all of them, and room for those that are added later.
    pub(crate) fn chunk_of_times(&self, count: usize) -> usize {
        match self.is_time_unlimited {
            true => count.max(self.time_chunk).min(MOST_TIMES),
            false => count.clamp(1, MOST_TIMES),
        }
    }

    /// The most steps that a chunk of so many may have: NetCDF refuses chunks that are longer than a dimension with a limit.
    pub(crate) fn most_steps(&self, count: u32) -> u32 {
        if self.is_time_unlimited { u32::MAX } else { count.max(1) }
    }
}

impl Default for Profile {
    fn default() -> Self {
        Profile::cf()
    }
}

impl Profile {
    /// Whether it is the one that is used where settings say nothing.
    pub fn is_default(&self) -> bool {
        *self == Profile::cf()
    }

    /// The attributes of all that a file may hold.
    fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        let places = [&self.latitude, &self.longitude, &self.y, &self.x, &self.mapping, &self.area];
        let coordinates = places.into_iter().chain([&self.time]);
        let others = [&self.file, &self.data, &self.rows, &self.steps, &self.complete];
        coordinates.chain(others).flatten()
    }

    /// The first fact that an attribute names and that no file has.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        for attribute in self.attributes() {
            let unknown = match &attribute.value {
                Value::Text(text) => text.unknown(),
                Value::Number(name) => (!NUMBERS.contains(&name.as_ref())).then(|| name.to_string()),
                _ => None,
            };
            let condition = attribute.only_with.as_deref();
            let unknown =
                unknown.or_else(|| condition.filter(|name| !FACTS.contains(name)).map(ToOwned::to_owned));
            if let Some(unknown) = unknown {
                return Err(format!(
                    "its attribute {} names {{{unknown}}}, which is no fact",
                    attribute.name
                ));
            }
        }
        match self.layout.time_chunk {
            0 => Err("its chunks of time hold no value".to_owned()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read_as_it_was_written() {
        let cf = Profile::cf();
        cf.check().expect("a sound profile");
        let text = serde_json::to_string(&cf).expect("JSON");
        assert_eq!(serde_json::from_str::<Profile>(&text).expect("a profile"), cf);
    }

    #[test]
    fn what_no_file_knows_is_refused() {
        let text = |text: &'static str| Value::Text(Template::from(text));
        for (value, only_with) in [
            (text("{longname}"), None),
            (text("{"), None),
            (Value::Number("run".into()), None),
            (text("x"), Some("y".into())),
        ] {
            let mut profile = Profile::cf();
            profile.data.push(Attribute { name: "own".into(), value, only_with });
            let reason = profile.check().expect_err("an unknown fact");
            assert!(reason.contains("own"), "{reason}");
        }
    }
}
