//! What a pickle holds, as plain values.
//!
//! A pickle is a graph: values are shared, and may even contain themselves. It is kept as a flat list of nodes that
//! name each other by index, so that neither deep nesting nor cycles can overflow a stack. Texts and array data stay
//! where they are in the decompressed stream; nodes remember only their place.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::array::Array;
use super::dtype::DType;
use crate::model::series::NotSeries;

/// The index of a node.
pub(super) type Id = u32;

/// A place in the decompressed stream, or bytes that had to be made (`_codecs.encode`).
#[derive(Debug, Clone)]
pub(super) enum Bytes {
    Place(Range<usize>),
    Own(Arc<[u8]>),
}

impl Bytes {
    pub(super) fn get<'a>(&'a self, stream: &'a [u8]) -> &'a [u8] {
        match self {
            // A place is checked against the stream when it is made, and the stream does not change.
            Bytes::Place(range) => stream.get(range.clone()).unwrap_or_default(),
            Bytes::Own(bytes) => bytes,
        }
    }
}

#[derive(Debug)]
pub(super) enum Node {
    None,
    Bool(bool),
    Int(i64),
    /// A whole number beyond 64 bits, little endian two's complement.
    BigInt(Range<usize>),
    Float(f64),
    Text(Range<usize>),
    Bytes(Bytes),
    List(Vec<Id>),
    Tuple(Box<[Id]>),
    Set(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A class or function by name; it is never looked up.
    Global(Box<Global>),
    DType(Arc<DType>),
    Array(Box<ArrayNode>),
    ObjectArray(Box<ObjectArray>),
    Object(Box<Object>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    C,
    Fortran,
}

#[derive(Debug)]
pub(super) struct Global {
    pub module: Range<usize>,
    pub name: Range<usize>,
}

#[derive(Debug)]
pub(super) struct ArrayNode {
    pub dtype: Arc<DType>,
    pub shape: Box<[usize]>,
    pub order: Order,
    pub data: Bytes,
    /// A byte an element, not 0 where it is masked.
    pub mask: Option<Bytes>,
}

#[derive(Debug)]
pub(super) struct ObjectArray {
    pub shape: Box<[usize]>,
    pub order: Order,
    pub items: Box<[Id]>,
}

/// An instance of any other class: a record of what the pickle says of it.
#[derive(Debug)]
pub(super) struct Object {
    pub class: Id,
    pub arguments: Id,
    pub state: Option<Id>,
    pub items: Vec<Id>,
    pub entries: Vec<(Id, Id)>,
}

/// A pickle that was read: plain values over the decompressed stream.
#[derive(Debug)]
pub struct Document {
    pub(super) nodes: Vec<Node>,
    pub(super) root: Id,
    /// Values that arrays made of lists may have in all.
    pub(super) limit: usize,
    /// The root's lists as arrays, once they are asked for.
    pub(super) lists: OnceLock<Lists>,
}

/// The lists and tuples among a dict's values, as arrays.
#[derive(Debug)]
pub(super) struct Lists(pub(super) HashMap<Id, Result<ArrayNode, NotSeries>>);

impl Document {
    /// The top value. `stream` is the decompressed stream that the document was read from.
    pub fn root<'a>(&'a self, stream: &'a [u8]) -> Value<'a> {
        Value { document: self, stream, id: self.root }
    }
}

/// One value of a pickle, borrowed from the document and its stream.
#[derive(Debug, Clone, Copy)]
pub struct Value<'a> {
    pub(super) document: &'a Document,
    pub(super) stream: &'a [u8],
    pub(super) id: Id,
}

/// What a [`Value`] is, as far as it can be shown without knowing its meaning.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ValueKind<'a> {
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number of 64 bits.
    Int(i64),
    /// A larger whole number: little endian two's complement.
    BigInt(&'a [u8]),
    /// A float.
    Float(f64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A list of so many values.
    List(usize),
    /// A tuple of so many values.
    Tuple(usize),
    /// A set of so many values.
    Set(usize),
    /// A dict of so many entries.
    Dict(usize),
    /// An array or numpy scalar (an array without dimensions).
    Array(Array<'a>),
    /// An array of Python objects of this shape; its items are in [`Value::items`].
    ObjectArray(&'a [usize]),
    /// A numpy data type.
    DType(&'a DType),
    /// A class or function that is only named: module and name.
    Global(&'a str, &'a str),
    /// An instance of a class that is not read: module and name. What it was built from is in [`Value::parts`].
    Object(&'a str, &'a str),
}

impl<'a> Value<'a> {
    fn with(self, id: Id) -> Self {
        Value { id, ..self }
    }

    pub(super) fn node(self) -> &'a Node {
        // Ids come from the pickle machine alone, which never makes one that is not there.
        self.document.nodes.get(self.id as usize).unwrap_or(&Node::None)
    }

    fn text(self, range: &Range<usize>) -> &'a str {
        self.stream.get(range.clone()).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    fn global(self, id: Id) -> (&'a str, &'a str) {
        match self.with(id).node() {
            Node::Global(global) => (self.text(&global.module), self.text(&global.name)),
            _ => ("", ""),
        }
    }

    /// What the value is.
    pub fn kind(self) -> ValueKind<'a> {
        match self.node() {
            Node::None => ValueKind::None,
            Node::Bool(value) => ValueKind::Bool(*value),
            Node::Int(value) => ValueKind::Int(*value),
            Node::BigInt(range) => ValueKind::BigInt(self.stream.get(range.clone()).unwrap_or_default()),
            Node::Float(value) => ValueKind::Float(*value),
            Node::Text(range) => ValueKind::Text(self.text(range)),
            Node::Bytes(bytes) => ValueKind::Bytes(bytes.get(self.stream)),
            Node::List(items) => ValueKind::List(items.len()),
            Node::Tuple(items) => ValueKind::Tuple(items.len()),
            Node::Set(items) => ValueKind::Set(items.len()),
            Node::Dict(entries) => ValueKind::Dict(entries.len()),
            Node::Array(array) => ValueKind::Array(self.view(array)),
            Node::ObjectArray(array) => ValueKind::ObjectArray(&array.shape),
            Node::DType(dtype) => ValueKind::DType(dtype),
            Node::Global(_) => {
                let (module, name) = self.global(self.id);
                ValueKind::Global(module, name)
            }
            Node::Object(object) => {
                let (module, name) = self.global(object.class);
                ValueKind::Object(module, name)
            }
        }
    }

    pub(super) fn view(self, array: &'a ArrayNode) -> Array<'a> {
        let mask = array.mask.as_ref().map(|mask| mask.get(self.stream));
        Array::new(
            &array.dtype,
            &array.shape,
            array.order == Order::Fortran,
            array.data.get(self.stream),
            mask,
        )
    }

    /// The text, if it is one.
    pub fn as_str(self) -> Option<&'a str> {
        match self.node() {
            Node::Text(range) => Some(self.text(range)),
            _ => None,
        }
    }

    /// The whole number, if it is one: a Python `int`, or a numpy scalar of a whole-number type.
    pub fn as_i64(self) -> Option<i64> {
        match self.node() {
            Node::Int(value) => Some(*value),
            Node::Bool(value) => Some(i64::from(*value)),
            Node::Array(array) => self.view(array).scalar_i64(),
            _ => None,
        }
    }

    /// The number, if it is one; 64-bit whole numbers may round.
    pub fn as_f64(self) -> Option<f64> {
        match self.node() {
            Node::Float(value) => Some(*value),
            Node::Int(value) => Some(*value as f64),
            Node::Array(array) => self.view(array).scalar_f64(),
            _ => None,
        }
    }

    /// The array, if it is one of numbers.
    pub fn as_array(self) -> Option<Array<'a>> {
        match self.node() {
            Node::Array(array) => Some(self.view(array)),
            _ => None,
        }
    }

    /// The values of a list, tuple, set or object array (there in memory order), and the list part of an object.
    pub fn items(self) -> impl ExactSizeIterator<Item = Value<'a>> + 'a {
        let ids: &[Id] = match self.node() {
            Node::List(items) | Node::Set(items) => items,
            Node::Tuple(items) => items,
            Node::ObjectArray(array) => &array.items,
            Node::Object(object) => &object.items,
            _ => &[],
        };
        ids.iter().map(move |&id| self.with(id))
    }

    /// Whether an object array's items are in Fortran order.
    pub fn is_fortran(self) -> bool {
        match self.node() {
            Node::ObjectArray(array) => array.order == Order::Fortran,
            Node::Array(array) => array.order == Order::Fortran,
            _ => false,
        }
    }

    /// The entries of a dict, in their order, and those set on an object.
    pub fn entries(self) -> impl ExactSizeIterator<Item = (Value<'a>, Value<'a>)> + 'a {
        let entries: &[(Id, Id)] = match self.node() {
            Node::Dict(entries) => entries,
            Node::Object(object) => &object.entries,
            _ => &[],
        };
        entries.iter().map(move |&(key, value)| (self.with(key), self.with(value)))
    }

    /// The value that a dict holds under a text; the last one counts, as in Python.
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        let entries: &'a [(Id, Id)] = match self.node() {
            Node::Dict(entries) => entries,
            _ => return None,
        };
        let is_key = |name: Id| match self.with(name).node() {
            Node::Text(range) => self.stream.get(range.clone()) == Some(key.as_bytes()),
            _ => false,
        };
        entries.iter().rev().find(|&&(name, _)| is_key(name)).map(|&(_, value)| self.with(value))
    }

    /// What an object was built from: its constructor's arguments, and its state if it was given one.
    pub fn parts(self) -> Option<(Value<'a>, Option<Value<'a>>)> {
        match self.node() {
            Node::Object(object) => {
                Some((self.with(object.arguments), object.state.map(|state| self.with(state))))
            }
            _ => None,
        }
    }

    /// A number that tells values of one document apart, for walks that must not go in circles.
    pub fn identity(self) -> u32 {
        self.id
    }
}
