//! Kerchunk's references as JSON, and the metadata that Parquet's have as well: a store of Zarr v2.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::Result;
use crate::grid::json::Pairs;
use crate::model::element::Element;

use super::{Array, Content, Group, References, changed};

/// What the file is.
#[derive(Serialize)]
struct File {
    version: u8,
    refs: Pairs<Value>,
}

impl References {
    /// Kerchunk's references as JSON. `base` is what stands before the names of files: an address such as `https://host/maps`, nothing for names
    /// alone, and where it is not given the address of their folder on this machine.
    ///
    /// # Errors
    /// [`Bug`](crate::ErrorKind::Bug) where they cannot be written down.
    pub fn json(&self, base: Option<&str>) -> Result<Vec<u8>> {
        let metadata = self.metadata();
        let mut refs: Vec<(String, Value)> = Vec::new();
        let all = json!({ "zarr_consolidated_format": 1, "metadata": ordered(&metadata) });
        refs.push((".zmetadata".to_owned(), all.to_string().into()));
        refs.extend(metadata.0.iter().map(|(key, value)| (key.clone(), value.to_string().into())));
        for (path, array) in self.arrays() {
            match &array.content {
                Content::Here(bytes) => {
                    let text = format!("base64:{}", BASE64_STANDARD.encode(bytes));
                    refs.push((format!("{path}/{}", key(&vec![0; array.shape.len()])), text.into()));
                }
                Content::There(places) => {
                    for (number, place) in places.iter().enumerate() {
                        if let Some(place) = place {
                            let address = self.address(place.file, base);
                            let place = json!([address, place.offset, place.bytes]);
                            refs.push((format!("{path}/{}", key(&array.index(number))), place));
                        }
                    }
                }
            }
        }
        let file = File { version: 1, refs: Pairs(refs) };
        serde_json::to_vec(&file).map_err(|error| crate::error::Error::bug(format!("references: {error}")))
    }

    /// All arrays with their paths in the store.
    pub(super) fn arrays(&self) -> impl Iterator<Item = (String, &Array)> {
        self.groups
            .iter()
            .flat_map(|group| group.arrays.iter().map(|array| (join(&group.name, &array.name), array)))
    }

    /// The metadata of the store, by their names in it.
    pub(super) fn metadata(&self) -> Pairs<Value> {
        let mut metadata = Vec::new();
        if !self.is_one_group() {
            metadata.extend(self.root());
        }
        for group in &self.groups {
            let own = self.of_group(group, self.is_one_group()).0;
            metadata.extend(own.into_iter().map(|(key, value)| (join(&group.name, &key), value)));
        }
        Pairs(metadata)
    }

    /// Whether its only group is the root.
    pub(super) fn is_one_group(&self) -> bool {
        matches!(self.groups.as_slice(), [one] if one.name.is_empty())
    }

    fn known(&self) -> (String, Value) {
        (changed::ATTRIBUTE.to_owned(), changed::text(&self.files).into())
    }

    /// The metadata of a root without arrays.
    pub(super) fn root(&self) -> [(String, Value); 2] {
        let attributes = ordered(&Pairs(vec![self.known()]));
        [(".zgroup".to_owned(), json!({ "zarr_format": 2 })), (".zattrs".to_owned(), attributes)]
    }

    /// The metadata of a group, by their names in it; with what is known of the files, where it is a set by itself.
    pub(super) fn of_group(&self, group: &Group, is_set: bool) -> Pairs<Value> {
        let mut attributes = group.attributes.clone();
        if is_set {
            attributes.0.push(self.known());
        }
        let mut metadata = vec![
            (".zgroup".to_owned(), json!({ "zarr_format": 2 })),
            (".zattrs".to_owned(), ordered(&attributes)),
        ];
        for array in &group.arrays {
            metadata.push((format!("{}/.zarray", array.name), of_array(array)));
            let mut attributes = array.attributes.clone();
            attributes.0.push(("_ARRAY_DIMENSIONS".to_owned(), array.dimensions.clone().into()));
            metadata.push((format!("{}/.zattrs", array.name), ordered(&attributes)));
        }
        Pairs(metadata)
    }
}

pub(super) fn join(group: &str, name: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") }
}

fn ordered(pairs: &Pairs<Value>) -> Value {
    Value::Object(pairs.0.iter().cloned().collect())
}

/// A chunk's name.
pub(super) fn key(index: &[usize]) -> String {
    match index {
        [] => "0".to_owned(),
        index => index.iter().map(ToString::to_string).collect::<Vec<_>>().join("."),
    }
}

fn of_array(array: &Array) -> Value {
    let Array { element, is_big_endian, shape, chunk, fill, codecs, .. } = array;
    let size = element.size();
    let order = match (size, is_big_endian) {
        (1, _) => '|',
        (_, false) => '<',
        (_, true) => '>',
    };
    let kind = match element {
        Element::Float32 | Element::Float64 => 'f',
        Element::Int8 | Element::Int16 | Element::Int32 | Element::Int64 => 'i',
        _ => 'u',
    };
    let filters = if codecs.filters.is_empty() { Value::Null } else { codecs.filters.clone().into() };
    json!({
        "zarr_format": 2, "shape": shape, "chunks": chunk, "dtype": format!("{order}{kind}{size}"), "order": "C",
        "fill_value": fill, "filters": filters, "compressor": null,
    })
}
