//! What the files of a product are, by name: the forms themselves stand where files are written.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name of a form of files, and how it packs them, where it can in more than one way.
///
/// Written down as `"parquet"`, and with a packing as `{"csv": "gzip"}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Format {
    name: Cow<'static, str>,
    packing: Option<Cow<'static, str>>,
}

impl Format {
    /// A form that packs its files in one way.
    pub fn named(name: impl Into<Cow<'static, str>>) -> Self {
        Format { name: name.into(), packing: None }
    }

    /// A form, and how it packs its files.
    pub fn packed(name: impl Into<Cow<'static, str>>, packing: impl Into<Cow<'static, str>>) -> Self {
        Format { name: name.into(), packing: Some(packing.into()) }
    }

    /// The form's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it packs its files.
    pub fn packing(&self) -> Option<&str> {
        self.packing.as_deref()
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.packing {
            None => f.write_str(&self.name),
            Some(packing) => write!(f, "{} ({packing})", self.name),
        }
    }
}

/// As it is written down.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Named(String),
    Packed(BTreeMap<String, String>),
}

impl Serialize for Format {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = self.name.clone().into_owned();
        let written = match &self.packing {
            None => Written::Named(name),
            Some(packing) => Written::Packed(BTreeMap::from([(name, packing.clone().into_owned())])),
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut pairs = match Written::deserialize(deserializer)? {
            Written::Named(name) => return Ok(Format::named(name)),
            Written::Packed(pairs) => pairs.into_iter(),
        };
        match (pairs.next(), pairs.next()) {
            (Some((name, packing)), None) => Ok(Format::packed(name, packing)),
            _ => Err(serde::de::Error::custom("a form of files has one name and one packing")),
        }
    }
}

/// Several forms: one is written down by itself, more as a list.
pub(super) mod list {
    use super::{Deserialize, Deserializer, Format, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(Format),
        Several(Vec<Format>),
    }

    pub fn serialize<S: Serializer>(formats: &[Format], serializer: S) -> Result<S::Ok, S::Error> {
        match formats {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Format>, D::Error> {
        Ok(match Written::deserialize(deserializer)? {
            Written::One(format) => vec![format],
            Written::Several(formats) => formats,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_it_was_written() {
        for (format, text) in
            [(Format::named("parquet"), r#""parquet""#), (Format::packed("csv", "gzip"), r#"{"csv":"gzip"}"#)]
        {
            assert_eq!(serde_json::to_string(&format).expect("JSON"), text);
            assert_eq!(serde_json::from_str::<Format>(text).expect("a form"), format);
        }
        for wrong in ["{}", r#"{"csv":"gzip","a":"b"}"#, "1"] {
            assert!(serde_json::from_str::<Format>(wrong).is_err(), "{wrong}");
        }
    }
}
