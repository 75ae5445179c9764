//! The pickle machine: protocols 2 to 5, values only.
//!
//! Follows CPython's `Lib/pickletools.py` for what each operation means. Nothing is imported or called: a class or
//! function is a name, and applying it makes a plain value where the name is on the allow-list of
//! `construct.rs`, and an inert record everywhere else. Arrays of joblib, whose bytes stand in the
//! stream right behind their description, are taken where they stand.

use super::error::{DumpError, PickleProblem};
use super::limits::Limits;
use super::machine::Machine;
use super::stack::Frame;
use super::stream::{LONGEST_NAME, Stream};
use super::value::{Bytes, Document, Global, Id, Node, Object};

/// Reads one pickle that fills the whole stream.
///
/// # Errors
/// Every [`DumpError`] but those of containers and of content.
pub fn read(stream: &[u8], limits: &Limits) -> Result<Document, DumpError> {
    let mut machine = Machine {
        stream: Stream::new(stream),
        nodes: vec![Node::None, Node::Bool(false), Node::Bool(true)],
        budget: limits.decoded_bytes,
        mentions: 0,
        limits: *limits,
    };
    let root = machine.run(0)?;
    if !machine.stream.is_at_end() {
        return Err(machine.stream.problem(PickleProblem::LeftOver));
    }
    Ok(Document { nodes: machine.nodes, root, limit: limits.values, lists: Default::default() })
}

const NONE: Id = 0;
const FALSE: Id = 1;
const TRUE: Id = 2;

impl<'a> Machine<'a> {
    /// Runs one pickle to its end and returns its value. `depth` counts the pickles around it.
    pub(super) fn run(&mut self, depth: u32) -> Result<Id, DumpError> {
        if depth >= Limits::NESTED_PICKLES {
            return Err(self.problem(PickleProblem::Nested));
        }
        let mut frame = Frame::default();
        loop {
            let operation = self.stream.u8()?;
            if operation == b'.' {
                return self.pop(&mut frame).map_err(|_| self.problem(PickleProblem::NoValue));
            }
            if let Some(id) = self.literal(operation)? {
                self.push(&mut frame, id)?;
            } else {
                self.step(operation, &mut frame, depth)?;
            }
        }
    }

    /// Operations that only push a value of their own.
    fn literal(&mut self, operation: u8) -> Result<Option<Id>, DumpError> {
        let node = match operation {
            b'N' => return Ok(Some(NONE)),
            0x88 => return Ok(Some(TRUE)),
            0x89 => return Ok(Some(FALSE)),
            b'J' => Node::Int(i64::from(i32::from_le_bytes(self.stream.array()?))),
            b'K' => Node::Int(i64::from(self.stream.u8()?)),
            b'M' => Node::Int(i64::from(u16::from_le_bytes(self.stream.array()?))),
            0x8a => {
                let count = self.stream.u8()?;
                self.long(u64::from(count))?
            }
            0x8b => {
                let count = self.stream.u32()?;
                self.long(u64::from(count))?
            }
            b'G' => Node::Float(f64::from_be_bytes(self.stream.array()?)),
            0x8c => {
                let count = self.stream.u8()?;
                Node::Text(self.stream.text(u64::from(count))?)
            }
            b'X' => {
                let count = self.stream.u32()?;
                Node::Text(self.stream.text(u64::from(count))?)
            }
            0x8d => {
                let count = self.stream.u64()?;
                Node::Text(self.stream.text(count)?)
            }
            b'C' | b'U' => {
                let count = self.stream.u8()?;
                Node::Bytes(Bytes::Place(self.stream.take(u64::from(count))?))
            }
            b'B' | b'T' => {
                let count = self.stream.u32()?;
                Node::Bytes(Bytes::Place(self.stream.take(u64::from(count))?))
            }
            0x8e | 0x96 => {
                let count = self.stream.u64()?;
                Node::Bytes(Bytes::Place(self.stream.take(count)?))
            }
            b']' => Node::List(Vec::new()),
            b')' => Node::Tuple(Box::default()),
            b'}' => Node::Dict(Vec::new()),
            0x8f => Node::Set(Vec::new()),
            b'c' => {
                let module = self.stream.line()?;
                let name = self.stream.line()?;
                Node::Global(Box::new(Global { module, name }))
            }
            _ => return Ok(None),
        };
        self.add(node).map(Some)
    }

    fn long(&mut self, count: u64) -> Result<Node, DumpError> {
        let range = self.stream.take(count)?;
        let bytes = self.stream.bytes().get(range.clone()).unwrap_or_default();
        let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
        let mut wide = [fill; 8];
        Ok(match wide.get_mut(..bytes.len()) {
            Some(target) => {
                target.copy_from_slice(bytes);
                Node::Int(i64::from_le_bytes(wide))
            }
            None => Node::BigInt(range),
        })
    }

    /// Operations that work on the stack, the marks or the memo.
    fn step(&mut self, operation: u8, frame: &mut Frame, depth: u32) -> Result<(), DumpError> {
        match operation {
            0x80 => match self.stream.u8()? {
                2..=5 => {}
                other => return Err(self.problem(PickleProblem::Protocol(other))),
            },
            // A frame only says how much to read ahead.
            0x95 => {
                self.stream.u64()?;
            }
            b'(' => self.mark(frame)?,
            b'0' => {
                self.pop(frame)?;
            }
            b'1' => {
                self.pop_mark(frame)?;
            }
            b'2' => {
                let top = self.top(frame)?;
                self.push_again(frame, top)?;
            }
            b'q' => {
                let index = self.stream.u8()?;
                self.store(frame, Some(u32::from(index)))?;
            }
            b'r' => {
                let index = self.stream.u32()?;
                self.store(frame, Some(index))?;
            }
            0x94 => self.store(frame, None)?,
            b'h' => {
                let index = self.stream.u8()?;
                self.fetch(frame, u32::from(index))?;
            }
            b'j' => {
                let index = self.stream.u32()?;
                self.fetch(frame, index)?;
            }
            b'l' => {
                let items = self.pop_mark(frame)?;
                self.push_new(frame, Node::List(items))?;
            }
            b't' => {
                let items = self.pop_mark(frame)?;
                self.push_new(frame, Node::Tuple(items.into()))?;
            }
            0x91 => {
                let items = self.pop_mark(frame)?;
                self.push_new(frame, Node::Set(items))?;
            }
            b'd' => {
                let items = self.pop_mark(frame)?;
                let entries = self.entries(&items)?;
                self.push_new(frame, Node::Dict(entries))?;
            }
            0x85..=0x87 => {
                let items = self.pop_some(frame, usize::from(operation - 0x84))?;
                self.push_new(frame, Node::Tuple(items.into()))?;
            }
            b'a' => {
                let item = self.pop(frame)?;
                let target = self.top(frame)?;
                self.extend(target, &[item])?;
            }
            b'e' | 0x90 => {
                let items = self.pop_mark(frame)?;
                let target = self.top(frame)?;
                self.extend(target, &items)?;
            }
            b's' => {
                let value = self.pop(frame)?;
                let key = self.pop(frame)?;
                let target = self.top(frame)?;
                self.set_entries(target, vec![(key, value)])?;
            }
            b'u' => {
                let items = self.pop_mark(frame)?;
                let entries = self.entries(&items)?;
                let target = self.top(frame)?;
                self.set_entries(target, entries)?;
            }
            0x93 => {
                let (name, module) = (self.pop(frame)?, self.pop(frame)?);
                match (self.node(module), self.node(name)) {
                    (Node::Text(module), Node::Text(name))
                        if module.len().max(name.len()) <= LONGEST_NAME =>
                    {
                        let global = Global { module: module.clone(), name: name.clone() };
                        self.push_new(frame, Node::Global(Box::new(global)))?;
                    }
                    _ => return Err(self.problem(PickleProblem::Operand("STACK_GLOBAL"))),
                }
            }
            b'R' | 0x81 => {
                let arguments = self.pop(frame)?;
                let callable = self.pop(frame)?;
                let id = self.construct(callable, arguments)?;
                self.push(frame, id)?;
            }
            0x92 => {
                let keywords = self.pop(frame)?;
                let arguments = self.pop(frame)?;
                let class = self.pop(frame)?;
                let object = Object {
                    class,
                    arguments,
                    state: Some(keywords),
                    items: Vec::new(),
                    entries: Vec::new(),
                };
                self.push_new(frame, Node::Object(Box::new(object)))?;
            }
            b'b' => {
                let state = self.pop(frame)?;
                let target = self.top(frame)?;
                self.build(target, state, depth)?;
            }
            // Arrays outside of the stream (0x97) and read-only marks for them (0x98), persistent ids and extension
            // codes need a live Python; protocols 0 and 1 are not written by anyone who writes dumps.
            other => return Err(self.problem(PickleProblem::Opcode(other))),
        }
        Ok(())
    }

    fn push_new(&mut self, frame: &mut Frame, node: Node) -> Result<(), DumpError> {
        let id = self.add(node)?;
        self.push(frame, id)
    }

    fn entries(&self, items: &[Id]) -> Result<Vec<(Id, Id)>, DumpError> {
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(self.problem(PickleProblem::Operand("SETITEMS")));
        }
        Ok(pairs.iter().map(|&[key, value]| (key, value)).collect())
    }

    fn extend(&mut self, target: Id, items: &[Id]) -> Result<(), DumpError> {
        match self.node_mut(target) {
            Some(Node::List(list) | Node::Set(list)) => list.extend_from_slice(items),
            Some(Node::Object(object)) => object.items.extend_from_slice(items),
            _ => return Err(self.problem(PickleProblem::Operand("APPENDS"))),
        }
        Ok(())
    }

    fn set_entries(&mut self, target: Id, entries: Vec<(Id, Id)>) -> Result<(), DumpError> {
        match self.node_mut(target) {
            Some(Node::Dict(dict)) => dict.extend(entries),
            Some(Node::Object(object)) => object.entries.extend(entries),
            _ => return Err(self.problem(PickleProblem::Operand("SETITEMS"))),
        }
        Ok(())
    }

    /// Gives a value its state, in its place: the memo already names it.
    fn build(&mut self, target: Id, state: Id, depth: u32) -> Result<(), DumpError> {
        if let Some(node) = self.built(target, state, depth)? {
            if let Some(slot) = self.node_mut(target) {
                *slot = node;
            }
            return Ok(());
        }
        match self.node_mut(target) {
            Some(Node::Object(object)) => object.state = Some(state),
            _ => return Err(self.problem(PickleProblem::Operand("BUILD"))),
        }
        Ok(())
    }
}
