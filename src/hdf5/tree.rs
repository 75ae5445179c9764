//! The index of chunks: a version 2 B-tree (§III.A.2), written anew only where it changed.
//!
//! A tree's shape depends on nothing but the number of its chunks: children are filled from the left, and between two of them stands a
//! chunk of the node above. So a node is known by what it covers, and one whose chunks did not change is referred to where it is.

use std::collections::HashMap;
use std::ops::Range;

use super::chunks::{Chunk, Form};
use super::{Fields, NONE, Problem, Result, checked, seal};

/// Bytes of a tree's head.
pub(crate) const HEAD: usize = 38;
/// Bytes of a node's signature, version, type and checksum.
const FRAME: usize = 10;
/// Bytes of each node of a tree that has more than one.
const NODE: usize = 2048;
/// Levels above the leaves; more than can be needed.
const DEEPEST: u16 = 8;

/// Where the nodes of a tree are that was read or written before: by level and first chunk, how many chunks there are in a node and below it,
/// and its address.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Nodes(HashMap<(u16, u64), (u64, u64)>);

/// How a tree's nodes are laid out.
struct Shape {
    form: Form,
    node: usize,
    depth: u16,
    /// By level: records of a full node, and chunks of a full node and all below it.
    full: Vec<(u64, u64)>,
}

/// Bytes that numbers up to this one take.
fn width(most: u64) -> usize {
    most.max(1).ilog2() as usize / 8 + 1
}

impl Shape {
    fn new(form: Form, node: usize, depth: u16) -> Result<Self> {
        let small = || Problem::new("the index of chunks has nodes that hold nothing");
        let room = node.checked_sub(FRAME).ok_or_else(small)? / form.record();
        let mut shape = Shape { form, node, depth, full: vec![(room as u64, room as u64)] };
        for level in 1..=depth {
            let pointer = shape.pointer(level);
            let room = node.checked_sub(FRAME + pointer).ok_or_else(small)? / (form.record() + pointer);
            let below = shape.full.last().map_or(0, |full| full.1);
            let room = room as u64;
            let all = below.saturating_mul(room + 1).saturating_add(room);
            shape.full.push((room, all));
        }
        match shape.full.iter().any(|&(room, _)| room == 0) {
            true => Err(small()),
            false => Ok(shape),
        }
    }

    /// The shape of a tree of so many chunks.
    fn of(form: Form, count: u64) -> Result<Self> {
        let one = FRAME + usize::try_from(count.max(1)).unwrap_or(usize::MAX).saturating_mul(form.record());
        if one <= NODE {
            return Shape::new(form, one, 0);
        }
        for depth in 1..=DEEPEST {
            let shape = Shape::new(form, NODE, depth)?;
            if shape.full(depth).1 >= count {
                return Ok(shape);
            }
        }
        Err(Problem::new(format!("{count} chunks are more than an index can hold; make them larger")))
    }

    fn full(&self, level: u16) -> (u64, u64) {
        self.full.get(usize::from(level)).copied().unwrap_or((0, 0))
    }

    /// Bytes of a pointer in a node of a level: address, records of the child, and all of those below where there are some.
    fn pointer(&self, level: u16) -> usize {
        8 + width(self.full(0).0) + self.total(level)
    }

    fn total(&self, level: u16) -> usize {
        if level > 1 { width(self.full(level - 1).1) } else { 0 }
    }

    /// Chunks that a node has at least, with all below it.
    fn least(level: u16) -> u64 {
        (1 << (level + 1)) - 1
    }

    /// What the children of a node cover. Between two of them is one chunk.
    fn children(&self, level: u16, covered: Range<u64>) -> Vec<Range<u64>> {
        let (_, full) = self.full(level - 1);
        let least = Self::least(level - 1);
        let mut children = Vec::new();
        let mut start = covered.start;
        // There are two children at least, and the last must not be too small.
        while covered.end - start > full || children.is_empty() {
            let take = full.min((covered.end - start).saturating_sub(1 + least));
            children.push(start..start + take);
            start += take + 1;
        }
        children.push(start..covered.end);
        children
    }
}

/// A tree that is being written.
struct Writer<'a> {
    shape: Shape,
    chunks: &'a [Chunk],
    known: &'a mut Nodes,
    changed: &'a dyn Fn(Range<u64>) -> bool,
    address: u64,
    bytes: Vec<u8>,
}

impl Writer<'_> {
    /// Writes a node unless it is there; says where it is, and how many records it has.
    fn node(&mut self, level: u16, covered: Range<u64>) -> Result<(u64, u64)> {
        let (key, count) = ((level, covered.start), covered.end - covered.start);
        let children = if level > 0 { self.shape.children(level, covered.clone()) } else { Vec::new() };
        let records = if level > 0 { children.len() as u64 - 1 } else { count };
        match self.known.0.get(&key) {
            Some(&(known, address)) if known == count && !(self.changed)(covered.clone()) => {
                return Ok((address, records));
            }
            _ => {}
        }
        let form = self.shape.form;
        let mut bytes = if level > 0 { b"BTIN\x00".to_vec() } else { b"BTLF\x00".to_vec() };
        bytes.push(form.kind());
        if level == 0 {
            let range = covered.start as usize..covered.end as usize;
            for chunk in self.chunks.get(range).unwrap_or_default() {
                form.encode(chunk, &mut bytes);
            }
        } else {
            for child in children.iter().rev().skip(1).rev() {
                if let Some(chunk) = self.chunks.get(child.end as usize) {
                    form.encode(chunk, &mut bytes);
                }
            }
            for child in &children {
                let (address, records) = self.node(level - 1, child.clone())?;
                bytes.extend_from_slice(&address.to_le_bytes());
                let counted = width(self.shape.full(0).0);
                bytes.extend_from_slice(records.to_le_bytes().get(..counted).unwrap_or_default());
                let all = (child.end - child.start).to_le_bytes();
                bytes.extend_from_slice(all.get(..self.shape.total(level)).unwrap_or_default());
            }
        }
        let mut bytes = seal(bytes);
        // A reader takes the whole node, whatever is in it.
        bytes.resize(self.shape.node, 0);
        let at = self.address + self.bytes.len() as u64;
        self.bytes.extend(bytes);
        self.known.0.insert(key, (count, at));
        Ok((at, records))
    }
}

/// A tree of chunks, in their order: its nodes to stand at `address` and its head behind them; and where the head is.
/// Nodes that are known, and whose chunks have not changed, are not written again. Chunks may have become more, not fewer.
pub(crate) fn encode(
    address: u64,
    form: Form,
    chunks: &[Chunk],
    known: &mut Nodes,
    changed: &dyn Fn(Range<u64>) -> bool,
) -> Result<(Vec<u8>, u64)> {
    let count = chunks.len() as u64;
    let shape = Shape::of(form, count)?;
    let (node, depth) = (shape.node, shape.depth);
    let mut writer = Writer { shape, chunks, known, changed, address, bytes: Vec::new() };
    let (root, records) = if count == 0 { (NONE, 0) } else { writer.node(depth, 0..count)? };
    let Writer { mut bytes, known, .. } = writer;
    let at = address + bytes.len() as u64;
    let mut head = b"BTHD\x00".to_vec();
    head.push(form.kind());
    head.extend_from_slice(&(node as u32).to_le_bytes());
    head.extend_from_slice(&(form.record() as u16).to_le_bytes());
    head.extend_from_slice(&depth.to_le_bytes());
    head.extend_from_slice(&[100, 40]);
    head.extend_from_slice(&root.to_le_bytes());
    head.extend_from_slice(&(records as u16).to_le_bytes());
    head.extend_from_slice(&count.to_le_bytes());
    bytes.extend(seal(head));
    // A node of its own size cannot become one of many.
    if node != NODE {
        known.0.clear();
    }
    Ok((bytes, at))
}

/// Bytes of a node of a tree of so many chunks.
pub(super) fn node_bytes(form: Form, count: usize) -> Result<usize> {
    Ok(Shape::of(form, count as u64)?.node)
}

/// Reads a tree whose head is at an address; `read` fetches bytes, of which there are `most`. Nothing is given memory before the
/// file bears it out.
pub(crate) fn decode(
    address: u64,
    form: Form,
    most: u64,
    read: &dyn Fn(u64, usize) -> Result<Vec<u8>>,
) -> Result<(Vec<Chunk>, Nodes)> {
    const WHAT: &str = "the index of chunks";
    let head = read(address, HEAD)?;
    let mut fields = Fields(checked(&head, WHAT)?);
    fields.require(b"BTHD\x00", WHAT)?;
    fields.require(&[form.kind()], WHAT)?;
    let node = fields.number(4)? as usize;
    let record = fields.number(2)? as usize;
    let depth = fields.number(2)? as u16;
    fields.take(2)?;
    let root = fields.number(8)?;
    let (records, count) = (fields.number(2)?, fields.number(8)?);
    if depth > DEEPEST || record != form.record() {
        return Err(Problem::new("the index of chunks was changed by another program"));
    }
    let shape = Shape::new(form, node, depth)?;
    // Each record has its bytes in the file, unless nodes are children of several.
    if count > most / form.record().max(1) as u64 {
        return Err(Problem::new(format!("an index of {count} chunks does not fit into the file")));
    }
    let mut reader = Reader { shape, count, read, chunks: Vec::new(), nodes: Nodes::default() };
    if root != NONE {
        reader.node(depth, root, records)?;
    }
    let is_ordered = reader.chunks.is_sorted_by(|one, next| one.index < next.index);
    if !is_ordered || reader.chunks.len() as u64 != count {
        return Err(Problem::new("the index of chunks is damaged: chunks are missing or twice there"));
    }
    Ok((reader.chunks, reader.nodes))
}

struct Reader<'a> {
    shape: Shape,
    /// Chunks that there are to be.
    count: u64,
    read: &'a dyn Fn(u64, usize) -> Result<Vec<u8>>,
    chunks: Vec<Chunk>,
    nodes: Nodes,
}

impl Reader<'_> {
    fn node(&mut self, level: u16, address: u64, records: u64) -> Result<()> {
        const WHAT: &str = "a node of the index of chunks";
        let (form, first) = (self.shape.form, self.chunks.len() as u64);
        if first + records > self.count {
            return Err(Problem::new("the index of chunks is damaged: chunks are twice there"));
        }
        if records > self.shape.full(level).0 || records == 0 {
            return Err(Problem::new("a node of the index of chunks has more records than room"));
        }
        let pointers = if level > 0 { (records as usize + 1) * self.shape.pointer(level) } else { 0 };
        let bytes = (self.read)(address, FRAME + records as usize * form.record() + pointers)?;
        let mut fields = Fields(checked(&bytes, WHAT)?);
        fields.require(if level > 0 { b"BTIN\x00" } else { b"BTLF\x00" }, WHAT)?;
        fields.require(&[form.kind()], WHAT)?;
        let mut own = (0..records).map(|_| form.decode(&mut fields)).collect::<Result<Vec<_>>>()?.into_iter();
        if level == 0 {
            self.chunks.extend(own);
        } else {
            for _ in 0..=records {
                let address = fields.number(8)?;
                let below = fields.number(width(self.shape.full(0).0))?;
                fields.take(self.shape.total(level))?;
                self.node(level - 1, address, below)?;
                self.chunks.extend(own.next());
            }
        }
        // A node of the size that it would be written with now can stay.
        if self.shape.node == NODE {
            self.nodes.0.insert((level, first), (self.chunks.len() as u64 - first, address));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
