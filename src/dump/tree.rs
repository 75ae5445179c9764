//! Trees of values that are put together piece by piece, by readers of other formats than pickles.

use std::sync::{Arc, OnceLock};

use super::dtype::DType;
use super::value::{ArrayNode, Bytes, Document, Id, Node, Order, Value};
use crate::model::element::Element;

/// A piece of a tree that is being built.
#[derive(Debug, Clone, Copy)]
pub struct Piece(Id);

/// A tree that is being built.
#[derive(Debug, Default)]
pub struct TreeBuilder {
    nodes: Vec<Node>,
    stream: Vec<u8>,
}

/// A tree of values and the bytes that they are in.
#[derive(Debug)]
pub struct Tree {
    document: Document,
    stream: Vec<u8>,
}

impl TreeBuilder {
    fn add(&mut self, node: Node) -> Piece {
        self.nodes.push(node);
        Piece((self.nodes.len() - 1) as Id)
    }

    fn bytes(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.stream.len();
        self.stream.extend_from_slice(bytes);
        start..self.stream.len()
    }

    /// A whole number.
    pub fn whole(&mut self, number: i64) -> Piece {
        self.add(Node::Int(number))
    }

    /// A float.
    pub fn float(&mut self, number: f64) -> Piece {
        self.add(Node::Float(number))
    }

    /// A text.
    pub fn text(&mut self, text: &str) -> Piece {
        let range = self.bytes(text.as_bytes());
        self.add(Node::Text(range))
    }

    /// An array of one dimension, of little-endian values.
    pub fn array(&mut self, element: Element, values: &[u8]) -> Piece {
        let shape = Box::new([values.len() / element.size()]);
        let data = Bytes::Place(self.bytes(values));
        let dtype = Arc::new(DType::of(element));
        self.add(Node::Array(Box::new(ArrayNode { dtype, shape, order: Order::C, data, mask: None })))
    }

    /// A tuple.
    pub fn tuple(&mut self, items: Vec<Piece>) -> Piece {
        self.add(Node::Tuple(items.into_iter().map(|Piece(id)| id).collect()))
    }

    /// A dict.
    pub fn dict(&mut self, entries: Vec<(Piece, Piece)>) -> Piece {
        self.add(Node::Dict(entries.into_iter().map(|(Piece(key), Piece(value))| (key, value)).collect()))
    }

    /// The tree under a piece.
    pub fn finish(self, Piece(root): Piece) -> Tree {
        let limit = self.nodes.len();
        let document = Document { nodes: self.nodes, root, limit, lists: OnceLock::new() };
        Tree { document, stream: self.stream }
    }
}

impl Tree {
    /// The top value.
    pub fn root(&self) -> Value<'_> {
        self.document.root(&self.stream)
    }
}
