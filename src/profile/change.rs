//! What somebody says of a profile: in what it differs from another one.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use super::kept::{check_attribute, is_name};
use super::{Attribute, Layout, Name, Names, Profile, Template, Value};

/// In what a profile differs from the one that it begins with. What is not said stays as it is.
///
/// ```
/// use gridloom::profile::{Profile, ProfileChange};
///
/// let text = r#"{ "name": "ours", "names": { "mapping": "spatial_ref" }, "time_units": "days since 1850-01-01",
///                 "file": { "institution": "an institute", "keywords": null }, "data": { "comment": "{long_name}, per cell" } }"#;
/// let change: ProfileChange = serde_json::from_str(text)?;
/// let profile = Profile::cf().changed_by(&change)?;
/// assert_eq!(profile.names.mapping, "spatial_ref");
/// assert!(profile.file.iter().all(|attribute| attribute.name != "keywords"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProfileChange {
    /// The profile that it begins with, by its name; `cf` where it is not said.
    pub like: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Names of variables and dimensions, by the keys of [`Names`].
    pub names: BTreeMap<String, String>,
    /// The unit that times are counted in.
    pub time_units: Option<String>,
    /// Whether the dimension of time has no limit.
    pub is_time_unlimited: Option<bool>,
    /// Values of time in a chunk of its coordinate.
    pub time_chunk: Option<usize>,
    /// Attributes of the file, by name.
    pub file: Said,
    /// Attributes of the variable itself.
    pub data: Said,
    /// Attributes of time.
    pub time: Said,
    /// Attributes of latitudes.
    pub latitude: Said,
    /// Attributes of longitudes.
    pub longitude: Said,
    /// Attributes of a projection's y.
    pub y: Said,
    /// Attributes of a projection's x.
    pub x: Said,
    /// Attributes of the grid mapping.
    pub mapping: Said,
    /// Attributes of the cells' areas.
    pub area: Said,
    /// Attributes of the numbers of a variable's rows.
    pub rows: Said,
    /// Attributes of the number of steps.
    pub steps: Said,
    /// Attributes of whether an interval is complete.
    pub complete: Said,
}

/// Attributes by name; those that are not to be are `null` or `false`.
pub type Said = BTreeMap<String, Option<SaidValue>>;

/// What an attribute says.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum SaidValue {
    /// Whether it is there at all.
    Is(bool),
    /// A number.
    Number(f64),
    /// A text, with facts in braces.
    Text(String),
    /// What else it can be: `{"value": {"number": "southernmost"}, "only_with": "degrees"}`.
    Whole {
        /// What it says.
        value: Value,
        /// A fact without which it is left out.
        #[serde(default)]
        only_with: Option<String>,
    },
}

/// What time, latitudes and longitudes are called, which no profile changes.
const FIXED: [&str; 3] = ["time", "lat", "lon"];

impl Profile {
    /// A profile by its name.
    ///
    /// # Errors
    /// Which there are, in words.
    pub fn named(name: &str) -> Result<Self, String> {
        match name {
            "cf" => Ok(Profile::cf()),
            _ => Err("there is no profile of that name; there is cf, and what is said as a table".to_owned()),
        }
    }

    /// This profile with what somebody says of it.
    ///
    /// # Errors
    /// What of it cannot be, in words.
    pub fn changed_by(&self, change: &ProfileChange) -> Result<Self, String> {
        let mut made = match &change.like {
            Some(name) => Profile::named(name)?,
            None => self.clone(),
        };
        if let Some(name) = &change.name {
            made.name = Cow::Owned(name.clone());
        }
        for (key, name) in &change.names {
            made.names.set(key, name)?;
        }
        made.names.check()?;
        made.time_units = change.time_units.clone().or(made.time_units);
        let Layout { is_time_unlimited, time_chunk } = &mut made.layout;
        *is_time_unlimited = change.is_time_unlimited.unwrap_or(*is_time_unlimited);
        *time_chunk = change.time_chunk.unwrap_or(*time_chunk);
        for (what, said, own) in [
            ("file", &change.file, &mut made.file),
            ("data", &change.data, &mut made.data),
            ("time", &change.time, &mut made.time),
            ("latitude", &change.latitude, &mut made.latitude),
            ("longitude", &change.longitude, &mut made.longitude),
            ("y", &change.y, &mut made.y),
            ("x", &change.x, &mut made.x),
            ("mapping", &change.mapping, &mut made.mapping),
            ("area", &change.area, &mut made.area),
            ("rows", &change.rows, &mut made.rows),
            ("steps", &change.steps, &mut made.steps),
            ("complete", &change.complete, &mut made.complete),
        ] {
            for (name, value) in said {
                attribute(own, name, value.as_ref())
                    .map_err(|reason| format!("{what}: {name:?}: {reason}"))?;
            }
        }
        made.check()?;
        Ok(made)
    }
}

/// Says an attribute, in the place where it stood, or behind all others.
fn attribute(all: &mut Vec<Attribute>, name: &str, said: Option<&SaidValue>) -> Result<(), String> {
    let place = all.iter().position(|one| one.name == name);
    let (value, only_with) = match said {
        None | Some(SaidValue::Is(false)) => {
            all.retain(|one| one.name != name);
            return match (place, name.starts_with("gridloom_")) {
                (Some(_), true) => Err("files are known again by it; it stays".to_owned()),
                (Some(_), false) => Ok(()),
                (None, _) => Err("it is not one of the profile that this begins with".to_owned()),
            };
        }
        Some(SaidValue::Is(true)) => {
            return Err("wants a text, a number, or false to leave it out".to_owned());
        }
        Some(SaidValue::Number(number)) => (Value::Constant(*number), None),
        Some(SaidValue::Text(text)) => (Value::Text(Template::from(text.clone())), None),
        Some(SaidValue::Whole { value, only_with }) => (value.clone(), only_with.clone().map(Name::Owned)),
    };
    let text = match said {
        Some(SaidValue::Text(text)) => text.as_str(),
        _ => "",
    };
    if place.is_none() || name.starts_with("gridloom_") {
        check_attribute(name, text)?;
    }
    let said = Attribute { name: Cow::Owned(name.to_owned()), value, only_with };
    match place.and_then(|place| all.get_mut(place)) {
        // What it depended on before, it still does where it says nothing of that.
        Some(own) => *own = Attribute { only_with: said.only_with.or(own.only_with.take()), ..said },
        None => all.push(said),
    }
    Ok(())
}

impl Names {
    fn all(&mut self) -> [(&'static str, &mut Name); 11] {
        [
            ("time_bounds", &mut self.time_bounds),
            ("latitude_bounds", &mut self.latitude_bounds),
            ("longitude_bounds", &mut self.longitude_bounds),
            ("y_bounds", &mut self.y_bounds),
            ("x_bounds", &mut self.x_bounds),
            ("bounds", &mut self.bounds),
            ("corners", &mut self.corners),
            ("mapping", &mut self.mapping),
            ("area", &mut self.area),
            ("complete", &mut self.complete),
            ("rows", &mut self.rows),
        ]
    }

    fn set(&mut self, key: &str, name: &str) -> Result<(), String> {
        let mut all = self.all();
        let keys: Vec<&str> = all.iter().map(|(key, _)| *key).collect();
        let Some((_, own)) = all.iter_mut().find(|(one, _)| *one == key) else {
            return Err(format!("names: {key:?} is not a name of a profile; there are {}", keys.join(", ")));
        };
        let whole = if key == "rows" { format!("x{name}") } else { name.to_owned() };
        if !is_name(&whole) || name.is_empty() {
            return Err(format!("names: {key}: {name:?} is not a name that NetCDF takes"));
        }
        **own = Cow::Owned(name.to_owned());
        Ok(())
    }

    fn check(&mut self) -> Result<(), String> {
        let mut seen: HashSet<String> = FIXED.iter().map(|&name| name.to_owned()).collect();
        let all = self.all();
        let twice = all.into_iter().find(|(key, name)| *key != "rows" && !seen.insert(name.to_string()));
        twice.map_or(Ok(()), |(key, name)| Err(format!("names: {key}: {name:?} is there twice")))
    }

    /// Whether a variable of data would have the name of one beside it.
    pub(crate) fn has(&self, name: &str) -> bool {
        let mut own = self.clone();
        FIXED.contains(&name) || own.all().iter().any(|(key, one)| *key != "rows" && **one == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str) -> Result<Profile, String> {
        let change: ProfileChange = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Profile::cf().changed_by(&change)
    }

    #[test]
    fn what_is_not_said_stays() {
        assert_eq!(changed("{}"), Ok(Profile::cf()));
        let made =
            changed(r#"{"file": {"title": "ours", "keywords": false, "level": 3}}"#).expect("a profile");
        let names: Vec<&str> = made.file.iter().map(|one| one.name.as_ref()).collect();
        assert_eq!(names.first(), Some(&"Conventions"));
        assert_eq!(names.get(1), Some(&"title"));
        assert_eq!(names.last(), Some(&"level"));
        assert!(!names.contains(&"keywords"));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (text, word) in [
            (r#"{"like": "isimip9"}"#, "there is cf"),
            (r#"{"nam": "x"}"#, "nam"),
            (r#"{"names": {"mapping": "lat"}}"#, "twice"),
            (r#"{"names": {"mapping": "time_bnds"}}"#, "twice"),
            (r#"{"names": {"mapping": "a/b"}}"#, "a/b"),
            (r#"{"names": {"maping": "x"}}"#, "mapping"),
            (r#"{"file": {"_FillValue": "x"}}"#, "_FillValue"),
            (r#"{"file": {"DIMENSION_LIST": "x"}}"#, "DIMENSION_LIST"),
            (r#"{"file": {"gridloom_version": null}}"#, "known again"),
            (r#"{"file": {"gridloom_version": "2"}}"#, "kept"),
            (r#"{"file": {"never": null}}"#, "begins with"),
            (r#"{"data": {"own": "{longname}"}}"#, "longname"),
            (r#"{"data": {"own": true}}"#, "false"),
            (r#"{"time_chunk": 0}"#, "chunks of time"),
        ] {
            let reason = changed(text).expect_err(text);
            assert!(reason.contains(word), "{text}: {reason}");
        }
    }
}
