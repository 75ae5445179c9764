//! What `zarr.json` says of an array, and of the group of them all.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

use crate::chunk::Codec;
use crate::model::element::Element;
use crate::write::{AttributeValue, Attributes};

use super::super::json::{self, Pairs};

/// What an array says of itself.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Array {
    zarr_format: u8,
    node_type: &'static str,
    shape: Vec<usize>,
    data_type: &'static str,
    chunk_grid: Value,
    chunk_key_encoding: Value,
    fill_value: Value,
    codecs: Vec<Value>,
    attributes: Pairs<Value>,
    dimension_names: Vec<String>,
    storage_transformers: [Value; 0],
}

/// What a group says of itself and of all arrays in it.
#[derive(Debug, Serialize)]
pub(super) struct Group<'a> {
    zarr_format: u8,
    node_type: &'static str,
    attributes: Pairs<Value>,
    consolidated_metadata: Consolidated<'a>,
}

#[derive(Debug, Serialize)]
struct Consolidated<'a> {
    kind: &'static str,
    must_understand: bool,
    metadata: &'a Pairs<Array>,
}

/// How the values of an array are stored.
pub(super) struct Stored<'a> {
    pub element: Element,
    pub shape: &'a [usize],
    /// The shape of its files.
    pub file: &'a [usize],
    /// The shape of the chunks in a file, where it is a shard.
    pub chunk: Option<&'a [usize]>,
    pub codec: Codec,
    /// What stands for a value in a chunk that is not there.
    pub fill: Value,
}

impl Array {
    pub fn new(stored: &Stored<'_>, attributes: Pairs<Value>, dimensions: Vec<String>) -> Self {
        let Stored { element, shape, file, chunk, codec, fill } = stored;
        let little = json!({ "name": "bytes", "configuration": { "endian": "little" } });
        let crc = json!({ "name": "crc32c" });
        let bytes = match element.size() {
            1 => json!({ "name": "bytes" }),
            _ => little.clone(),
        };
        let mut codecs = vec![bytes];
        let blosc = |name: &str, level: u8| {
            json!({ "name": "blosc", "configuration": {
                "typesize": element.size(), "cname": name, "clevel": level.min(9), "shuffle": "shuffle", "blocksize": 0,
            } })
        };
        match codec {
            Codec::None => {}
            Codec::Deflate(level) => codecs.push(blosc("zlib", *level)),
            Codec::Zstd(level) => codecs.push(blosc("zstd", *level)),
        }
        codecs.push(crc.clone());
        if let Some(chunk) = chunk {
            codecs = vec![json!({ "name": "sharding_indexed", "configuration": {
                "chunk_shape": chunk, "codecs": codecs, "index_codecs": [little, crc], "index_location": "end",
            } })];
        }
        Array {
            zarr_format: 3,
            node_type: "array",
            shape: shape.to_vec(),
            data_type: element.name(),
            chunk_grid: json!({ "name": "regular", "configuration": { "chunk_shape": file } }),
            chunk_key_encoding: json!({ "name": "default", "configuration": { "separator": "/" } }),
            fill_value: fill.clone(),
            codecs,
            attributes,
            dimension_names: dimensions,
            storage_transformers: [],
        }
    }
}

/// The type of texts.
pub(super) const TEXT: &str = "string";

impl Array {
    /// Texts of any length, in one chunk.
    pub fn texts(shape: &[usize], attributes: Pairs<Value>, dimensions: Vec<String>) -> Self {
        Array {
            zarr_format: 3,
            node_type: "array",
            shape: shape.to_vec(),
            data_type: TEXT,
            chunk_grid: json!({ "name": "regular", "configuration": { "chunk_shape": shape } }),
            chunk_key_encoding: json!({ "name": "default", "configuration": { "separator": "/" } }),
            fill_value: "".into(),
            codecs: vec![json!({ "name": "vlen-utf8" })],
            attributes,
            dimension_names: dimensions,
            storage_transformers: [],
        }
    }
}

impl<'a> Group<'a> {
    pub fn new(attributes: &Attributes, arrays: &'a Pairs<Array>) -> Self {
        Group {
            zarr_format: 3,
            node_type: "group",
            attributes: pairs(attributes),
            consolidated_metadata: Consolidated { kind: "inline", must_understand: false, metadata: arrays },
        }
    }
}

/// Attributes as an object.
pub(super) fn pairs(attributes: &Attributes) -> Pairs<Value> {
    let pair = |(name, value): &(String, AttributeValue)| (name.clone(), json::value(value.clone()));
    Pairs(attributes.iter().map(pair).collect())
}

/// What stands for a missing value, as Zarr's metadata have it, and as xarray wants it among attributes: floats as the bytes of a double.
pub(super) fn fill(element: Element) -> (Value, Value) {
    let fill = element.fill();
    let [a, b, c, d, ..] = fill;
    let float = |value: f64| (value.into(), BASE64_STANDARD.encode(value.to_le_bytes()).into());
    let whole = |value: Value| (value.clone(), value);
    match element {
        Element::Float32 => float(f32::from_le_bytes([a, b, c, d]).into()),
        Element::Float64 => float(f64::from_le_bytes(fill)),
        Element::Int8 => whole(i8::from_le_bytes([a]).into()),
        Element::Int16 => whole(i16::from_le_bytes([a, b]).into()),
        Element::Int32 => whole(i32::from_le_bytes([a, b, c, d]).into()),
        Element::Int64 => whole(i64::from_le_bytes(fill).into()),
        Element::UInt8 => whole(a.into()),
        Element::UInt16 => whole(u16::from_le_bytes([a, b]).into()),
        Element::UInt32 => whole(u32::from_le_bytes([a, b, c, d]).into()),
        Element::UInt64 => whole(u64::from_le_bytes(fill).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fill_values_are_as_xarray_reads_them() {
        assert_eq!(fill(Element::Float32), (f64::from(1e20f32).into(), "AAAAgB2vFUQ=".into()));
        assert_eq!(fill(Element::Float64).1, "QIy1eB2vFUQ=");
        assert_eq!(fill(Element::UInt64).0, 18_446_744_073_709_551_614u64);
    }
}
