//! Whether tables of all runs hold what the runs' own files do.

use crate::error::Result;
use crate::table::read::{Heading, Reader, Rows};
use crate::table::{RUN, Together};

use super::{Scenarios, open};

/// What came of laying the rows of runs beside those of tables of all.
#[derive(Debug, Default, Clone)]
pub struct Proof {
    /// Tables of all runs.
    pub files: u64,
    /// Rows that were laid side by side.
    pub rows: u64,
    /// What differs, in words, with the file of the table; the first of each.
    pub differences: Vec<(String, String)>,
}

/// Rows of a file, one after another.
struct Stream {
    reader: Box<dyn Reader>,
    heading: Heading,
    rows: Rows,
    next: usize,
    is_ended: bool,
}

impl Stream {
    fn new(reader: Box<dyn Reader>, heading: Heading) -> Self {
        let rows = heading.rows();
        Stream { reader, heading, rows, next: 0, is_ended: false }
    }

    /// The next row; nothing behind the last.
    fn row(&mut self) -> std::result::Result<Option<Vec<Option<u64>>>, String> {
        loop {
            if let Some(row) = self.rows.row(self.next) {
                self.next += 1;
                return Ok(Some(row.to_vec()));
            }
            if self.is_ended {
                return Ok(None);
            }
            (self.rows, self.next) = (self.heading.rows(), 0);
            self.is_ended = !self.reader.read(&mut self.rows)?;
            if let Some(problem) = self.rows.problems.first() {
                return Err(problem.clone());
            }
        }
    }
}

impl Scenarios {
    /// Lays the rows of all runs' own files beside those of the tables of all. Of each run the plan must be noted.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where a file cannot be opened; what is damaged differs.
    pub fn prove(&self) -> Result<Proof> {
        let mut proof = Proof::default();
        let tables = if self.listed.separate { Vec::new() } else { self.together()? };
        for (file, together) in &tables {
            proof.files += 1;
            let found = self.prove_file(file.as_str(), together, &mut proof.rows);
            proof.differences.extend(found.err().map(|reason| (file.as_str().to_owned(), reason)));
        }
        Ok(proof)
    }

    fn prove_file(&self, file: &str, together: &Together, rows: &mut u64) -> std::result::Result<(), String> {
        let heading = together.heading_of_all();
        let said = |error: crate::error::Error| error.to_string();
        let reader = open(together.form, &self.output.join(file), &heading).map_err(said)?;
        let mut all = Stream::new(reader, heading.clone());
        for (run, member) in self.listed.runs.iter().enumerate() {
            let own = together.heading(run).map_err(said)?.clone();
            let path = self.folder(member).join(file);
            let reader = open(together.form, &path, &own).map_err(said)?;
            let mut stream = Stream::new(reader, own.clone());
            let mut count = 0;
            while let Some(row) = stream.row()? {
                let found = all.row()?;
                let found = found.ok_or_else(|| format!("row {count} of {} is missing", member.name))?;
                for (place, column) in heading.columns.iter().enumerate() {
                    let wanted = match column.name.as_str() {
                        RUN => Some(run as u64),
                        name => own.value(&row, name),
                    };
                    let there = found.get(place).copied().flatten();
                    if there != wanted {
                        return Err(format!(
                            "row {count} of {}: {} is {}, its own file has {}",
                            member.name,
                            column.name,
                            heading.show(place, there),
                            heading.show(place, wanted)
                        ));
                    }
                }
                count += 1;
                *rows += 1;
            }
        }
        match all.row()? {
            None => Ok(()),
            Some(_) => Err("it has more rows than the runs".to_owned()),
        }
    }
}
