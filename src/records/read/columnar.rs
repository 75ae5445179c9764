//! Reading a file of columns, by them or, as a proof, as lines.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::error::Result;
use crate::records::columnar::{self, Opened};
use crate::records::files::RecordFile;
use crate::records::gather;
use crate::records::input::{Input, InputFault};
use crate::records::rows::{RecordFault, Rows};
use crate::records::schema::Role;
use crate::records::store::batch::Batch;
use crate::records::text::{Dialect, Outcome, TextFile, TextLimits};
use crate::sync::lock;

use super::{FileReader, again};

impl FileReader<'_> {
    /// A columnar file, opened; `None` of one that is something else.
    pub(super) fn opened(
        &self,
        number: u32,
        file: &RecordFile,
    ) -> std::result::Result<Option<Arc<Opened>>, RecordFault> {
        if let Some((known, opened)) = &*lock(&self.opened)
            && *known == number
        {
            return Ok(Some(opened.clone()));
        }
        let opened = Opened::of(&self.path(file)).map_err(|fault| {
            let InputFault { kind, message, .. } = fault;
            RecordFault { file: file.name(), line: None, kind, message }
        })?;
        let opened = opened.map(Arc::new);
        *lock(&self.opened) =
            opened.as_ref().filter(|opened| opened.is_divisible()).map(|opened| (number, opened.clone()));
        Ok(opened)
    }

    /// Reads the groups of a columnar file that begin in a range of its bytes.
    pub(super) fn columnar(
        &self,
        opened: &Opened,
        file: &RecordFile,
        range: Option<Range<u64>>,
        rows: &mut Rows,
        batch: &mut Batch,
        give: &mut dyn FnMut(&mut Rows) -> Result<()>,
    ) -> Result<bool> {
        let is_first = range.as_ref().is_none_or(|range| range.start == 0);
        let table = self.schema.table(file, &opened.head());
        let Some(table) = self.usable(table, file, is_first, batch)? else { return Ok(true) };
        if !rows.is_empty() && (rows.fields != table.fields || gather::is_full(rows)) {
            give(rows)?;
        }
        batch.bytes += range.as_ref().map_or(file.bytes, |range| range.end - range.start);
        let name = file.name();
        // Nothing of a text's lines is in such a file.
        let dialect = Dialect { comment: Vec::new(), decimal: b'.', ..self.dialect.clone() };
        let of = TextFile { name: &name, table: &table, dialect: &dialect, time: &self.schema.time };
        let outcome = match (self.is_proof, opened.strange(&table)) {
            (true, None) => self.columnar_again(&of, &self.path(file), rows, give)?,
            _ => columnar::read(opened, &of, range, rows, give)?,
        };
        self.add(outcome, batch)
    }

    /// Reads a columnar file as text, by the simple reader.
    fn columnar_again(
        &self,
        of: &TextFile<'_>,
        path: &Path,
        rows: &mut Rows,
        give: &mut dyn FnMut(&mut Rows) -> Result<()>,
    ) -> Result<Outcome> {
        let limits = TextLimits::default().rows(gather::MOST_ROWS);
        let mut table = of.table.clone();
        // A row of words is no header here.
        table.head.names = None;
        let roles = table.roles.clone();
        let wanted = |index: usize| roles.get(index).is_some_and(|role| *role != Role::Ignored);
        let of = TextFile { table: &table, ..*of };
        again(Input::open_columns(path, &wanted), &of, &limits, rows, give)
    }
}
