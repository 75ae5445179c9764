//! What a store says of itself, read as anybody's: the group's metadata, those of each array, and whether they are the same.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use crate::model::element::Element;
use crate::shared;
use crate::write::{AttributeValue, Attributes, Dimension, Values};

use super::super::form::{Belongs, Found, FoundVariable};
use super::super::json;
use super::decode::{self, Step};
use super::metadata::TEXT;
use super::shards::path_of;
use super::{METADATA, is_name};

/// Metadata are not longer.
const LONGEST: u64 = 64 << 20;

/// Values of one chunk, in bytes, are not more.
const LARGEST: usize = 1 << 30;

/// How an array's values are stored.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub folder: PathBuf,
    pub element: Element,
    pub shape: Vec<usize>,
    /// The shape of its files.
    pub file: Vec<usize>,
    /// The shape of chunks in them.
    pub chunk: Vec<usize>,
    pub is_sharded: bool,
    pub steps: Vec<Step>,
    /// What stands for a missing value.
    pub fill: Value,
}

fn parsed(path: &Path) -> Result<Value, String> {
    let bytes = shared::read(path, LONGEST).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display()))
}

fn lengths(value: &Value) -> Option<Vec<usize>> {
    value.as_array()?.iter().map(|one| usize::try_from(one.as_u64()?).ok()).collect()
}

impl Layout {
    /// How the values of an array are stored, by its metadata.
    pub fn of(store: &Path, name: &str, array: &Value) -> Result<Self, String> {
        let wrong = |what: &str| format!("{name}: its {what} cannot be read");
        let element =
            array["data_type"].as_str().and_then(Element::parse).ok_or_else(|| wrong("data_type"))?;
        let shape = lengths(&array["shape"]).ok_or_else(|| wrong("shape"))?;
        let grid = &array["chunk_grid"];
        let file = lengths(&grid["configuration"]["chunk_shape"]).filter(|_| grid["name"] == "regular");
        let file = file.filter(|file| file.len() == shape.len()).ok_or_else(|| wrong("chunk_grid"))?;
        let key = &array["chunk_key_encoding"];
        if key["name"] != "default" || key["configuration"]["separator"] != "/" {
            return Err(wrong("chunk_key_encoding"));
        }
        let only = array["codecs"].as_array().and_then(|codecs| codecs.first());
        let sharding =
            only.filter(|codec| codec["name"] == "sharding_indexed").map(|codec| &codec["configuration"]);
        let (chunk, codecs) = match sharding {
            Some(own) => {
                let index = decode::steps(&own["index_codecs"], 8)?;
                if index != [Step::Crc32c] || own["index_location"] != "end" {
                    return Err(wrong("index of chunks"));
                }
                (lengths(&own["chunk_shape"]).ok_or_else(|| wrong("chunk_shape"))?, &own["codecs"])
            }
            None => (file.clone(), &array["codecs"]),
        };
        let fits = chunk.len() == file.len()
            && chunk.iter().zip(&file).all(|(chunk, file)| *chunk > 0 && *file > 0 && file % chunk == 0);
        let product = |lengths: &[usize]| {
            lengths.iter().try_fold(element.size(), |all, length| all.checked_mul(*length))
        };
        if !fits || product(&shape).is_none() || product(&file).is_none() {
            return Err(wrong("chunk_shape"));
        }
        if product(&chunk).is_none_or(|bytes| bytes > LARGEST) {
            return Err(format!("{name}: its chunks are too large"));
        }
        let steps = decode::steps(codecs, element.size()).map_err(|reason| format!("{name}: {reason}"))?;
        let folder = store.join(name);
        let (is_sharded, fill) = (sharding.is_some(), array["fill_value"].clone());
        Ok(Layout { folder, element, shape, file, chunk, is_sharded, steps, fill })
    }

    /// Bytes of the values of a chunk.
    pub fn chunk_bytes(&self) -> usize {
        self.chunk.iter().product::<usize>() * self.element.size()
    }

    /// All values of an array that is one chunk.
    fn values(&self) -> Option<Vec<f64>> {
        if self.is_sharded || self.shape != self.chunk {
            return None;
        }
        let most = 2 * self.chunk_bytes() as u64 + 1024;
        let stored = shared::read(&path_of(&self.folder, &vec![0; self.shape.len()]), most).ok()?;
        let bytes = decode::decoded(stored, &self.steps, self.element.size(), self.chunk_bytes()).ok()?;
        Some(match self.element {
            Element::Float64 => bytes.as_chunks::<8>().0.iter().map(|one| f64::from_le_bytes(*one)).collect(),
            Element::Int32 => {
                bytes.as_chunks::<4>().0.iter().map(|one| i32::from_le_bytes(*one).into()).collect()
            }
            Element::Int8 => bytes.iter().map(|one| one.cast_signed().into()).collect(),
            _ => return None,
        })
    }
}

/// The bytes of texts in one chunk, all as long as the longest; `None` of what is stored otherwise.
fn letters(store: &Path, name: &str, array: &Value) -> Option<Vec<f64>> {
    let shape = lengths(&array["shape"])?;
    let chunk = lengths(&array["chunk_grid"]["configuration"]["chunk_shape"])?;
    let codecs = array["codecs"].as_array()?;
    let is_plain = matches!(codecs.as_slice(), [only] if only["name"] == "vlen-utf8");
    if !is_plain || shape != chunk || shape.len() != 1 {
        return None;
    }
    let stored = shared::read(&path_of(&store.join(name), &[0]), LONGEST).ok()?;
    let (count, mut rest) = stored.split_first_chunk::<4>()?;
    let mut texts = Vec::new();
    for _ in 0..u32::from_le_bytes(*count) {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let (text, behind) = behind.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        texts.push(std::str::from_utf8(text).ok()?.to_owned());
        rest = behind;
    }
    let width = texts.iter().map(String::len).max().unwrap_or(0);
    let is_all = rest.is_empty() && Some(&texts.len()) == shape.first();
    is_all.then(|| Values::letters(&texts, width).into_iter().map(f64::from).collect())
}

/// The group of a store, and its arrays by name.
pub(super) fn group(store: &Path) -> Result<(Value, Map<String, Value>), String> {
    let group = parsed(&store.join(METADATA))?;
    if group["zarr_format"] != 3 || group["node_type"] != "group" {
        return Err("it is not a group of Zarr v3".to_owned());
    }
    let arrays = group["consolidated_metadata"]["metadata"].as_object().cloned();
    Ok((group, arrays.ok_or("its metadata are not consolidated")?))
}

/// The folders in a store, which are its arrays.
fn folders(store: &Path) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(store).map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.file_type().map_err(|error| error.to_string())?.is_dir() {
            true => names.push(name),
            false if name == METADATA => {}
            false => return Err(format!("it has a file {name:?}")),
        }
    }
    Ok(names)
}

/// What a product would hold that had one of the store's variables.
pub(super) fn found(store: &Path, variable: &str, wanted: &[&str]) -> Result<Found, String> {
    let (group, arrays) = group(store)?;
    if let Some(other) = folders(store)?.into_iter().find(|name| !arrays.contains_key(name)) {
        return Err(format!("it has {other:?}, which its metadata do not name"));
    }
    let mut all = Vec::new();
    let mut groups = Vec::new();
    for (name, array) in &arrays {
        if !is_name(name) {
            return Err(format!("its metadata name {name:?}"));
        }
        if parsed(&store.join(name).join(METADATA))? != *array {
            return Err(format!("{name} says something else of itself than the store"));
        }
        match array["node_type"] == "array" {
            true => all.push((name, array, dimensions(name, array)?)),
            false => groups.push(name.clone()),
        }
    }
    let belongings: Vec<(&str, &[(String, usize)])> =
        all.iter().map(|(name, _, over)| (name.as_str(), over.as_slice())).collect();
    let belongings = Belongs::of(variable, &belongings)?;
    let (mut found, mut over_all) = (Found { groups, ..Found::default() }, Vec::new());
    for ((name, array, over), belongs) in all.iter().zip(belongings) {
        match belongs {
            Belongs::ToIt => {}
            Belongs::IsAnother => {
                found.others.push((*name).clone());
                continue;
            }
            Belongs::ToOthers => continue,
        }
        over_all.extend(over.iter().cloned());
        if array["data_type"] == TEXT {
            found.variables.push(FoundVariable {
                name: (*name).clone(),
                dimensions: over.clone(),
                attributes: pairs(array),
                values: wanted.contains(&name.as_str()).then(|| letters(store, name, array)).flatten(),
                ..FoundVariable::default()
            });
            continue;
        }
        let layout = Layout::of(store, name, array)?;
        found.variables.push(FoundVariable {
            name: (*name).clone(),
            element: Some(layout.element.name()),
            dimensions: over.clone(),
            attributes: attributes(array, &layout),
            chunk: layout.chunk.clone(),
            values: wanted.contains(&name.as_str()).then(|| layout.values()).flatten(),
        });
    }
    over_all.sort();
    over_all.dedup();
    let dimension = |(name, length)| Dimension { name, length, is_unlimited: false };
    found.dimensions = over_all.into_iter().map(dimension).collect();
    found.attributes = pairs(&group);
    Ok(found)
}

fn dimensions(name: &str, array: &Value) -> Result<Vec<(String, usize)>, String> {
    let names = array["dimension_names"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names = names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
    match names.zip(lengths(&array["shape"])) {
        Some((names, lengths)) if names.len() == lengths.len() => {
            Ok(names.into_iter().zip(lengths).collect())
        }
        _ => Err(format!("{name}: its dimensions have no names")),
    }
}

fn pairs(node: &Value) -> Attributes {
    let unread = || AttributeValue::Str("(it cannot be read)".to_owned());
    let pair =
        |(name, value): (&String, &Value)| (name.clone(), json::attribute(value).unwrap_or_else(unread));
    node["attributes"].as_object().into_iter().flatten().map(pair).collect()
}

/// The attributes of an array; what stands for a missing value as a number, if the array's metadata have the same.
fn attributes(array: &Value, layout: &Layout) -> Attributes {
    let number = |text: &str| {
        let bytes: [u8; 8] = BASE64_STANDARD.decode(text).ok()?.try_into().ok()?;
        Some(AttributeValue::Double(f64::from_le_bytes(bytes)))
    };
    let mut attributes = pairs(array);
    for (_, value) in attributes.iter_mut().filter(|(name, _)| name == "_FillValue") {
        if let (true, AttributeValue::Str(text)) = (layout.element.is_float(), &*value) {
            *value = number(text).unwrap_or_else(|| value.clone());
        }
        if json::attribute(&layout.fill).as_ref() != Some(value) {
            *value = AttributeValue::Str(format!("{value:?}, while the array has {}", layout.fill));
        }
    }
    attributes
}
