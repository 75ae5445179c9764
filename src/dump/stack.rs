//! The stack of a pickle, its marks and its memo.

use std::collections::HashMap;

use super::error::{DumpError, PickleProblem};
use super::machine::Machine;
use super::value::{Id, Node};

/// What one pickle has in hand.
#[derive(Default)]
pub(super) struct Frame {
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: Memo,
}

/// Values stored by number: densely as pickle writes them, any other number in a map.
#[derive(Default)]
struct Memo {
    dense: Vec<Id>,
    sparse: HashMap<u32, Id>,
}

impl Memo {
    fn put(&mut self, index: u32, id: Id) {
        let next = self.dense.len();
        match self.dense.get_mut(index as usize) {
            Some(slot) => *slot = id,
            None if index as usize == next => {
                self.sparse.remove(&index);
                self.dense.push(id);
            }
            None => {
                self.sparse.insert(index, id);
            }
        }
    }

    fn next(&self) -> u32 {
        u32::try_from(self.dense.len() + self.sparse.len()).unwrap_or(u32::MAX)
    }

    fn get(&self, index: u32) -> Option<Id> {
        self.dense.get(index as usize).or_else(|| self.sparse.get(&index)).copied()
    }
}

// Everything that makes one of the three longer is counted: a byte of a pickle can push eight bytes of memory.
impl Machine<'_> {
    pub(super) fn push(&mut self, frame: &mut Frame, id: Id) -> Result<(), DumpError> {
        self.count()?;
        frame.stack.push(id);
        Ok(())
    }

    pub(super) fn top(&self, frame: &Frame) -> Result<Id, DumpError> {
        let floor = frame.marks.last().copied().unwrap_or(0);
        match frame.stack.last() {
            Some(&id) if frame.stack.len() > floor => Ok(id),
            _ => Err(self.problem(PickleProblem::StackUnderflow)),
        }
    }

    pub(super) fn pop(&self, frame: &mut Frame) -> Result<Id, DumpError> {
        let id = self.top(frame)?;
        frame.stack.pop();
        Ok(id)
    }

    /// Takes the topmost values, which must stand above the last mark.
    pub(super) fn pop_some(&self, frame: &mut Frame, count: usize) -> Result<Vec<Id>, DumpError> {
        let floor = frame.marks.last().copied().unwrap_or(0);
        let start = frame.stack.len().checked_sub(count).filter(|&start| start >= floor);
        let start = start.ok_or_else(|| self.problem(PickleProblem::StackUnderflow))?;
        Ok(frame.stack.split_off(start))
    }

    pub(super) fn mark(&mut self, frame: &mut Frame) -> Result<(), DumpError> {
        self.count()?;
        frame.marks.push(frame.stack.len());
        Ok(())
    }

    pub(super) fn pop_mark(&self, frame: &mut Frame) -> Result<Vec<Id>, DumpError> {
        let mark = frame.marks.pop().ok_or_else(|| self.problem(PickleProblem::NoMark))?;
        if mark > frame.stack.len() {
            return Err(self.problem(PickleProblem::StackUnderflow));
        }
        Ok(frame.stack.split_off(mark))
    }

    /// Stores the topmost value under a number, or under the next one.
    pub(super) fn store(&mut self, frame: &mut Frame, index: Option<u32>) -> Result<(), DumpError> {
        self.count()?;
        let top = self.top(frame)?;
        frame.memo.put(index.unwrap_or_else(|| frame.memo.next()), top);
        Ok(())
    }

    pub(super) fn fetch(&mut self, frame: &mut Frame, index: u32) -> Result<(), DumpError> {
        let id = frame.memo.get(index).ok_or_else(|| self.problem(PickleProblem::Memo(index)))?;
        self.push_again(frame, id)
    }

    /// Pushes a value that is already there.
    pub(super) fn push_again(&mut self, frame: &mut Frame, id: Id) -> Result<(), DumpError> {
        // Whoever looks at a text pays for its length, and a pickle can name one text a million times.
        if let Node::Text(text) = self.node(id) {
            self.charge(text.len())?;
        }
        self.push(frame, id)
    }
}
