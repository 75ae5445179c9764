//! Lists and tuples of numbers as series, and why something else is none.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::series::NotSeries;

use super::array::Array;
use super::dtype::{DType, Scalar};
use super::value::{ArrayNode, Bytes, Document, Id, Lists, Node, Order, Value, ValueKind};

/// Whole numbers beyond this have no double of their own.
const EXACT: u64 = 1 << 53;
/// Of a class's name, so much is shown.
const SHOWN: usize = 80;

impl NotSeries {
    /// Why a value is none.
    pub(super) fn of(value: Value<'_>) -> Self {
        match value.kind() {
            ValueKind::None
            | ValueKind::Bool(_)
            | ValueKind::Int(_)
            | ValueKind::BigInt(_)
            | ValueKind::Float(_)
            | ValueKind::Text(_) => Self::Single,
            ValueKind::Bytes(_) | ValueKind::DType(_) | ValueKind::Global(..) => Self::Single,
            ValueKind::Array(array) => Self::Dimensions(array.shape().len()),
            _ => Self::Kind(name(value)),
        }
    }
}

/// What a value is, in words.
fn name(value: Value<'_>) -> String {
    match value.kind() {
        ValueKind::None => "None".to_owned(),
        ValueKind::Bool(_) => "a truth value".to_owned(),
        ValueKind::Int(_) => "a whole number".to_owned(),
        ValueKind::BigInt(_) => "a whole number of more than 64 bits".to_owned(),
        ValueKind::Float(_) => "a float".to_owned(),
        ValueKind::Text(_) => "a text".to_owned(),
        ValueKind::Bytes(_) => "bytes".to_owned(),
        ValueKind::List(_) => "a list".to_owned(),
        ValueKind::Tuple(_) => "a tuple".to_owned(),
        ValueKind::Set(_) => "a set".to_owned(),
        ValueKind::Dict(_) => "a dict".to_owned(),
        ValueKind::Array(array) if array.shape().is_empty() => format!("a value of type {}", array.dtype()),
        ValueKind::Array(array) => format!("an array of type {}", array.dtype()),
        ValueKind::ObjectArray(_) => "an array of Python objects".to_owned(),
        ValueKind::DType(_) => "a data type".to_owned(),
        ValueKind::Global(..) => "a class or function".to_owned(),
        ValueKind::Object(module, class) => {
            let class: String = class.chars().filter(|letter| !letter.is_control()).take(SHOWN).collect();
            let module: String = module.chars().filter(|letter| !letter.is_control()).take(SHOWN).collect();
            format!("an object of {module}.{class}")
        }
    }
}

impl<'a> Value<'a> {
    /// The array of numbers that it is, or that a list or tuple of numbers among the root's entries makes.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn numbers(self) -> Result<Array<'a>, NotSeries> {
        match self.node() {
            Node::Array(array) if array.shape.is_empty() => Err(NotSeries::Single),
            Node::Array(array) => Ok(self.view(array)),
            Node::List(_) | Node::Tuple(_) => {
                let document = self.document;
                let lists = document.lists.get_or_init(|| Lists::of(document, self.stream));
                match lists.get(self.id) {
                    Some(Ok(array)) => Ok(self.view(array)),
                    Some(Err(problem)) => Err(problem.clone()),
                    None => Err(NotSeries::Kind("a list inside of something else".to_owned())),
                }
            }
            _ => Err(NotSeries::of(self)),
        }
    }
}

impl Lists {
    /// Those of the root. A list that several keys name is made once; what all of them take is bounded by the limit of
    /// values.
    pub fn of(document: &Document, stream: &[u8]) -> Self {
        let mut lists = HashMap::new();
        let mut left = document.limit;
        for (_, value) in document.root(stream).entries() {
            let id = value.identity();
            if matches!(value.kind(), ValueKind::List(_) | ValueKind::Tuple(_)) && !lists.contains_key(&id) {
                let made = array(document, value, &mut left);
                lists.insert(
                    id,
                    made.map_err(|problem| NotSeries::List { count: value.items().len(), problem }),
                );
            }
        }
        Lists(lists)
    }

    pub fn get(&self, id: Id) -> Option<&Result<ArrayNode, NotSeries>> {
        self.0.get(&id)
    }
}

/// A list of numbers, or of lists of numbers of the same length, as an array.
fn array(document: &Document, list: Value<'_>, left: &mut usize) -> Result<ArrayNode, String> {
    let rows = list.items().all(|item| matches!(item.kind(), ValueKind::List(_) | ValueKind::Tuple(_)));
    let (shape, items): (Vec<usize>, Vec<Value<'_>>) = if rows && list.items().len() > 0 {
        let days = list.items().next().map_or(0, |row| row.items().len());
        if let Some((index, row)) = list.items().enumerate().find(|(_, row)| row.items().len() != days) {
            let other = row.items().len();
            return Err(format!(
                "and as lists they are of different lengths: {days} values, but {other} at {index}"
            ));
        }
        let count = list.items().len();
        take(left, count.saturating_mul(days))?;
        (vec![count, days], list.items().flat_map(Value::items).collect())
    } else {
        take(left, list.items().len())?;
        (vec![list.items().len()], list.items().collect())
    };
    let dtype = common_type(document, &items)?;
    let mut data = Vec::with_capacity(items.len() * dtype.size);
    for (index, item) in items.iter().enumerate() {
        push(*item, &dtype, &mut data)
            .ok_or_else(|| format!("and the one at {index} has no exact counterpart among doubles"))?;
    }
    let (dtype, data) = (Arc::new(dtype), Bytes::Own(data.into()));
    Ok(ArrayNode { dtype, shape: shape.into(), order: Order::C, data, mask: None })
}

fn take(left: &mut usize, count: usize) -> Result<(), String> {
    *left = left.checked_sub(count).ok_or("more than the limit of values")?;
    Ok(())
}

/// The type that holds all numbers of a list exactly: their own if they have one, else doubles.
fn common_type(document: &Document, items: &[Value<'_>]) -> Result<DType, String> {
    let plain = |scalar, size| DType { scalar, size, big_endian: false };
    let mut common: Option<DType> = None;
    let mut differ = false;
    let mut truth = None;
    for (index, item) in items.iter().enumerate() {
        let own = match document.nodes.get(item.identity() as usize) {
            Some(Node::Int(_)) => plain(Scalar::Int, 8),
            Some(Node::Float(_)) => plain(Scalar::Float, 8),
            Some(Node::Bool(_)) => plain(Scalar::Bool, 1),
            Some(Node::Array(array))
                if array.shape.is_empty()
                    && matches!(
                        array.dtype.scalar,
                        Scalar::Float | Scalar::Int | Scalar::UInt | Scalar::Bool
                    ) =>
            {
                (*array.dtype).clone()
            }
            _ => return Err(format!("and the one at {index} is {}, not a number", name(*item))),
        };
        let is_truth = own.scalar == Scalar::Bool;
        if *truth.get_or_insert(is_truth) != is_truth {
            return Err(format!("which mix numbers and truth values, first at {index}"));
        }
        match &common {
            None => common = Some(own),
            Some(common) => differ |= *common != own,
        }
    }
    Ok(match common {
        Some(common) if !differ => common,
        _ => plain(Scalar::Float, 8),
    })
}

/// Adds a number as a type that all of its list share; `None` where that would round it.
fn push(item: Value<'_>, dtype: &DType, data: &mut Vec<u8>) -> Option<()> {
    match item.kind() {
        ValueKind::Array(array) if array.dtype() == dtype => data.extend_from_slice(array.data()),
        ValueKind::Bool(value) if dtype.scalar == Scalar::Bool => data.push(u8::from(value)),
        ValueKind::Int(value) if dtype.scalar == Scalar::Int => data.extend_from_slice(&value.to_le_bytes()),
        ValueKind::Float(value) => data.extend_from_slice(&value.to_le_bytes()),
        _ => {
            if item.as_i64().is_some_and(|whole| whole.unsigned_abs() > EXACT) {
                return None;
            }
            let value = item.as_f64()?;
            let is_whole =
                matches!(item.kind(), ValueKind::Array(array) if array.dtype().scalar == Scalar::UInt);
            if is_whole && value > EXACT as f64 {
                return None;
            }
            data.extend_from_slice(&value.to_le_bytes());
        }
    }
    Some(())
}
