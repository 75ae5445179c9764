//! Proof of tables of several runs: that they hold what the runs' own files do, and say what these say.

use crate::error::{ErrorKind, Result};
use crate::plan::Resources;
use crate::probe::tables;
use crate::scenarios::Scenarios;
use crate::shared::Inside;
use crate::table::read::{Heading, Reader, Rows};
use crate::table::{RUN, Together};

use super::table::columns;
use super::{Unseen, Verification};

/// Lays tables of several runs beside the runs' own files, which are proved each by itself.
///
/// Memory: a batch of rows of each file.
///
/// # Errors
/// Those of [`Scenarios::note_begun`]; where a checkpoint is gone, the tables are not looked at.
pub(super) fn verify(all: &mut Scenarios, resources: Resources) -> Result<Verification> {
    let mut result = Verification::default();
    let made: Vec<Inside> = all.files().iter().map(|joined| joined.file.clone()).collect();
    let mut unseen = |files: &[Inside], reason: &str| {
        let of = |file: &Inside| Unseen { file: file.as_str().to_owned(), reason: reason.to_owned() };
        result.not_looked_at.extend(files.iter().map(of));
    };
    match all.note_begun(resources) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NoCheckpoint => {
            unseen(&made, "a run's checkpoint is gone");
            return Ok(result);
        }
        Err(error) => return Err(error),
    }
    let mut wanted = all.joint_files();
    if all.is_joined() {
        let left: Vec<Inside> = wanted.iter().filter(|file| !made.contains(file)).cloned().collect();
        unseen(&left, "it is not made yet");
    }
    wanted.retain(|file| made.contains(file));
    let mut proved = Vec::new();
    for file in wanted {
        match all.together(&file, |_| true) {
            Ok(together) => {
                result.files += 1;
                compare(all, &file, &together, &mut result);
                proved.push((file, together));
            }
            Err(error) => result.differ_in(file.as_str(), "a table of all runs", &error.in_full()),
        }
    }
    if let Some(text) = all.metadata_of(&proved)? {
        let file = "metadata.csv";
        result.files += 1;
        match crate::shared::read_input(&all.output().join(file)) {
            Ok(found) if found == text.as_bytes() => {}
            Ok(_) => result.differ_in(file, "the columns of the tables of all runs", "another text"),
            Err(error) => result.differ_in(file, "a text that can be read", &error.to_string()),
        }
    }
    Ok(result)
}

/// Compares a table with the files of the runs.
fn compare(all: &Scenarios, file: &Inside, together: &Together, result: &mut Verification) {
    let path = file.below(all.output());
    let own = all.runs().iter().map(|member| file.below(&all.folder(member)));
    let described = own.map(|path| tables::describe(together.form, &path));
    let found = tables::describe(together.form, &path);
    match described.collect::<std::result::Result<Vec<_>, _>>().and_then(|own| Ok((own, found?))) {
        Ok((own, found)) => {
            let expected =
                together.form.expected(&together.table, together.about(&own).into_iter().collect());
            let heading = together.heading_of_all();
            if !columns::compare(file.as_str(), heading, expected, found, result) {
                return;
            }
        }
        Err(reason) => {
            result.differ_in(file.as_str(), "tables that can be read", &reason);
            return;
        }
    }
    if let Err((expected, found)) = rows(all, file, together, &mut result.rows) {
        result.differ_in(file.as_str(), &expected, &found);
    }
}

/// Compares rows; the error is what is expected, and what is there.
fn rows(
    all: &Scenarios,
    file: &Inside,
    together: &Together,
    count: &mut u64,
) -> std::result::Result<(), (String, String)> {
    let readable = |reason: String| ("a table that can be read".to_owned(), reason);
    let open = |path: &std::path::Path, heading: &Heading| {
        tables::open(together.form, path, heading, 0).map(|reader| Stream::new(reader, heading))
    };
    let heading = together.heading_of_all();
    let mut joint = open(&file.below(all.output()), heading).map_err(readable)?;
    for (run, member) in all.runs().iter().enumerate() {
        let readable = |reason: String| (format!("a table of {} that can be read", member.name), reason);
        let own = together.heading(run).map_err(|error| readable(error.in_full()))?;
        // Where each column of the table is in the run's own file.
        let places: Vec<Option<usize>> =
            heading.columns.iter().map(|column| own.place_of(&column.name)).collect();
        let mut stream = open(&file.below(&all.folder(member)), own).map_err(readable)?;
        let mut row = 0_u64;
        while stream.advance().map_err(readable)? {
            let at = |column: &str| format!("row {row} of {}{column}", member.name);
            if !joint.advance().map_err(|reason| (at(""), reason))? {
                return Err((at(""), "no more rows".to_owned()));
            }
            for (index, (column, place)) in heading.columns.iter().zip(&places).enumerate() {
                let wanted = match column.name.as_str() {
                    RUN => Some(run as u64),
                    _ => place.and_then(|place| stream.value(place)),
                };
                let there = joint.value(index);
                if there != wanted {
                    let [wanted, there] = [wanted, there].map(|value| heading.show(index, value));
                    return Err((format!("{}: {wanted}", at(&format!(", {}", column.name))), there));
                }
            }
            row += 1;
            *count += 1;
        }
    }
    match joint.advance().map_err(readable)? {
        false => Ok(()),
        true => Err((format!("{count} rows, as the runs have"), "more rows".to_owned())),
    }
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
    fn new(reader: Box<dyn Reader>, heading: &Heading) -> Self {
        Stream { reader, heading: heading.clone(), rows: heading.rows(), next: 0, is_ended: false }
    }

    /// Goes to the next row; false behind the last.
    fn advance(&mut self) -> std::result::Result<bool, String> {
        while self.next >= self.rows.len() {
            if self.is_ended {
                return Ok(false);
            }
            (self.rows, self.next) = (self.heading.rows(), 0);
            self.is_ended = !self.reader.read(&mut self.rows)?;
            if let Some(problem) = self.rows.problems.first() {
                return Err(problem.clone());
            }
        }
        self.next += 1;
        Ok(true)
    }

    /// A value of the row.
    fn value(&self, place: usize) -> Option<u64> {
        self.rows.row(self.next.checked_sub(1)?)?.get(place).copied().flatten()
    }
}
