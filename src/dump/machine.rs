//! What a pickle has made so far, and what it may still make.

use std::ops::Range;

use super::error::{DumpError, PickleProblem};
use super::limits::Limits;
use super::stream::Stream;
use super::value::{Id, Node};

/// The values of a pickle that is being read.
pub(super) struct Machine<'a> {
    pub(super) stream: Stream<'a>,
    pub(super) nodes: Vec<Node>,
    /// Bytes that may still be copied; bounds what a small pickle can make by naming one value many times.
    pub(super) budget: usize,
    /// What was pushed, marked and stored; bounds the rest of what a pickle can make.
    pub(super) mentions: usize,
    pub(super) limits: Limits,
}

impl<'a> Machine<'a> {
    /// Adds a value.
    pub(super) fn add(&mut self, node: Node) -> Result<Id, DumpError> {
        if self.nodes.len() >= self.limits.values {
            return Err(DumpError::TooManyValues { limit: self.limits.values });
        }
        let id = Id::try_from(self.nodes.len())
            .map_err(|_| DumpError::TooManyValues { limit: self.limits.values })?;
        self.nodes.push(node);
        Ok(id)
    }

    /// Pays for bytes that are copied out of values that are already there.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), DumpError> {
        self.budget =
            self.budget.checked_sub(bytes).ok_or(DumpError::TooLarge { limit: self.limits.decoded_bytes })?;
        Ok(())
    }

    /// Counts a value, or a mention of one.
    pub(super) fn count(&mut self) -> Result<(), DumpError> {
        self.mentions += 1;
        if self.mentions > self.limits.values {
            return Err(DumpError::TooManyValues { limit: self.limits.values });
        }
        Ok(())
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        self.nodes.get(id as usize).unwrap_or(&Node::None)
    }

    pub(super) fn node_mut(&mut self, id: Id) -> Option<&mut Node> {
        self.nodes.get_mut(id as usize)
    }

    pub(super) fn text_of(&self, id: Id) -> Option<&'a str> {
        match self.node(id) {
            Node::Text(range) => self.text_at(range),
            _ => None,
        }
    }

    pub(super) fn text_at(&self, range: &Range<usize>) -> Option<&'a str> {
        std::str::from_utf8(self.stream.bytes().get(range.clone())?).ok()
    }

    pub(super) fn problem(&self, reason: PickleProblem) -> DumpError {
        self.stream.problem(reason)
    }
}
