//! What was heard of dumps that were read: the last days on which they have values.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::inputs::{Input, Inputs};

/// The last day on which something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Last {
    /// The dump does not tell.
    Absent,
    Never,
    On(i64),
}

/// A dump's days on the axis, both ends included, and the last of them on which its fields have values. A yearly file has one day,
/// its year.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Heard {
    pub first: i64,
    pub last: i64,
    pub fields: Vec<Last>,
    /// On which anything lives.
    pub life: Last,
}

impl Heard {
    /// Whether there is nothing to be said of it.
    fn is_plain(&self) -> bool {
        let is_heard = |last: &Last| *last == Last::On(self.last);
        self.fields.iter().all(is_heard) && (self.life == Last::Absent || is_heard(&self.life))
    }
}

/// What was heard of dumps that were read; those of which nothing is to be said are left out.
#[derive(Debug, Default)]
pub(super) struct Silences {
    /// Most are alike.
    known: HashSet<Arc<Heard>>,
    /// `None` of a dump that could not be used.
    pub dumps: BTreeMap<Input, Option<Arc<Heard>>>,
}

impl Silences {
    pub fn add(&mut self, input: Input, heard: Option<Heard>) {
        let Some(heard) = heard else {
            self.dumps.insert(input, None);
            return;
        };
        if heard.is_plain() {
            return;
        }
        let heard = match self.known.get(&heard) {
            Some(known) => known.clone(),
            None => Arc::new(heard),
        };
        self.known.insert(heard.clone());
        self.dumps.insert(input, Some(heard));
    }

    /// Those of dumps of which none can be used.
    pub fn unused(inputs: &Inputs) -> Self {
        Silences { known: HashSet::new(), dumps: inputs.keys().map(|&input| (input, None)).collect() }
    }

    pub fn extend(&mut self, other: Silences) {
        for (input, heard) in other.dumps {
            self.add(input, heard.map(Arc::unwrap_or_clone));
        }
    }
}
