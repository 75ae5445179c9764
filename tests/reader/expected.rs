//! Compares values with the JSON that `tests/python/make_containers.py` writes beside its dumps; its head explains it.
//! Elements are taken from the bytes here, without the help of the crate.

use gridloom::dump::{Array, DType, Scalar, Value, ValueKind};
use serde_json::{Value as Json, json};

/// A value in the notation of `make_containers.py`.
pub fn as_json(value: Value<'_>) -> Json {
    match value.kind() {
        ValueKind::None => Json::Null,
        ValueKind::Bool(value) => json!(value),
        ValueKind::Int(value) => json!(value),
        ValueKind::BigInt(bytes) => big_int(bytes),
        ValueKind::Float(value) => json!({ "float": format!("{:016x}", value.to_bits()) }),
        ValueKind::Text(text) => json!(text),
        ValueKind::Bytes(bytes) => json!({ "bytes": hex(bytes) }),
        ValueKind::List(_) => Json::Array(value.items().map(as_json).collect()),
        ValueKind::Tuple(_) => json!({ "tuple": value.items().map(as_json).collect::<Vec<_>>() }),
        ValueKind::Dict(_) => {
            let entries = value.entries().map(|(key, value)| json!([as_json(key), as_json(value)]));
            json!({ "dict": entries.collect::<Vec<_>>() })
        }
        ValueKind::Array(array) => {
            let elements: Vec<Json> = (0..array.len()).map(|index| element(&array, index)).collect();
            array_json(type_name(array.dtype()), array.shape(), array.is_fortran(), &elements)
        }
        ValueKind::ObjectArray(shape) => {
            let items: Vec<Json> = value.items().map(as_json).collect();
            array_json(json!("|O"), shape, value.is_fortran(), &items)
        }
        other => json!({ "not expected": format!("{other:?}") }),
    }
}

/// Makes expectations comparable: what the reader does not tell apart is written alike.
pub fn normal(json: &Json) -> Json {
    match json {
        // The unit of times is not read, nor whether they are dates or durations.
        Json::String(text) if is_time(text) => json!("time"),
        Json::Array(items) => Json::Array(items.iter().map(normal).collect()),
        Json::Object(entries) => match entries.get("scalar") {
            // A numpy scalar is an array without dimensions.
            Some(scalar) => json!({ "array": {
                "dtype": normal(&scalar["dtype"]), "shape": [], "fortran": false, "values": normal(&scalar["value"]),
            } }),
            None => Json::Object(entries.iter().map(|(key, value)| (key.clone(), normal(value))).collect()),
        },
        other => other.clone(),
    }
}

fn is_time(text: &str) -> bool {
    ["<M8[", "<m8["].iter().any(|start| text.starts_with(start))
}

fn array_json(dtype: Json, shape: &[usize], fortran: bool, elements: &[Json]) -> Json {
    let strides = strides(shape, fortran);
    let values = nested(shape, &strides, 0, elements);
    json!({ "array": { "dtype": dtype, "shape": shape, "fortran": fortran, "values": values } })
}

fn strides(shape: &[usize], fortran: bool) -> Vec<usize> {
    let before = |index: usize| if fortran { &shape[..index] } else { &shape[index + 1..] };
    (0..shape.len()).map(|index| before(index).iter().product()).collect()
}

fn nested(shape: &[usize], strides: &[usize], at: usize, elements: &[Json]) -> Json {
    match (shape, strides) {
        ([length, shape @ ..], [stride, strides @ ..]) => {
            (0..*length).map(|index| nested(shape, strides, at + index * stride, elements)).collect()
        }
        _ => elements[at].clone(),
    }
}

fn type_name(dtype: &DType) -> Json {
    let letter = match &dtype.scalar {
        Scalar::Time => return json!("time"),
        Scalar::Record(fields) => {
            return fields.iter().map(|field| json!([field.name, type_name(&field.dtype)])).collect();
        }
        Scalar::Float => "f",
        Scalar::Int => "i",
        Scalar::UInt => "u",
        Scalar::Bool => "b",
        Scalar::Complex => "c",
        Scalar::Bytes => "S",
        Scalar::Text => "U",
        _ => "?",
    };
    let size = if dtype.scalar == Scalar::Text { dtype.size / 4 } else { dtype.size };
    let order = match (dtype.size, &dtype.scalar) {
        (1, _) | (_, Scalar::Bytes) => "|",
        _ if dtype.big_endian => ">",
        _ => "<",
    };
    json!(format!("{order}{letter}{size}"))
}

fn element(array: &Array<'_>, index: usize) -> Json {
    let size = array.dtype().size;
    one(array.dtype(), &array.data()[index * size..(index + 1) * size])
}

fn one(dtype: &DType, bytes: &[u8]) -> Json {
    let most_first = |bytes: &[u8]| match dtype.big_endian {
        true => bytes.to_vec(),
        false => bytes.iter().rev().copied().collect(),
    };
    let unsigned = || most_first(bytes).iter().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
    match &dtype.scalar {
        Scalar::Float => json!(hex(&most_first(bytes))),
        Scalar::Complex => bytes.chunks(dtype.size / 2).map(|half| json!(hex(&most_first(half)))).collect(),
        Scalar::Bool => json!(bytes[0] != 0),
        Scalar::UInt => json!(unsigned()),
        Scalar::Int | Scalar::Time => {
            let unused = 64 - 8 * bytes.len() as u32;
            json!((unsigned() << unused) as i64 >> unused)
        }
        Scalar::Bytes => {
            let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            json!({ "bytes": hex(&bytes[..end]) })
        }
        Scalar::Text => {
            let points = bytes.chunks(4).map(|bytes| u32::from_le_bytes(bytes.try_into().expect("four")));
            json!(points.filter(|&point| point != 0).filter_map(char::from_u32).collect::<String>())
        }
        Scalar::Record(fields) => fields
            .iter()
            .map(|field| one(&field.dtype, &bytes[field.offset..field.offset + field.dtype.size]))
            .collect(),
        _ => Json::Null,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Two's complement of any length, least significant byte first.
fn big_int(bytes: &[u8]) -> Json {
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut carry = negative;
    let mut magnitude: Vec<u8> = bytes
        .iter()
        .map(|&byte| {
            let (value, over) =
                if negative { (!byte).overflowing_add(u8::from(carry)) } else { (byte, false) };
            carry = over;
            value
        })
        .collect();
    let mut digits = String::new();
    while magnitude.iter().any(|&byte| byte != 0) {
        let mut rest = 0u32;
        for byte in magnitude.iter_mut().rev() {
            let value = rest << 8 | u32::from(*byte);
            (*byte, rest) = ((value / 10) as u8, value % 10);
        }
        digits.insert(0, char::from(b'0' + rest as u8));
    }
    match digits.parse::<u64>() {
        Ok(value) if !negative => json!(value),
        _ => json!({ "long": format!("{}{digits}", if negative { "-" } else { "" }) }),
    }
}
