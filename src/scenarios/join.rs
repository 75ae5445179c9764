//! The tables of all runs, made of the files of each.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::observer::{Counted, Observer};
use crate::probe::tables;
use crate::shared::{self, Draft, Inside, Standing};
use crate::spool::lock::Lock;
use crate::spool::{self, Task};
use crate::table::{Together, columns_of};

use super::{Joined, Listed, Scenarios};

/// What says what columns are, beside tables that cannot.
const METADATA: &str = "metadata.csv";

impl Scenarios {
    /// Makes the tables of all runs that are not there as they should be, of the files that each has published, and removes those that are
    /// not made any more. Returns what is to be told.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where tables of the runs cannot be one; [`Busy`](crate::ErrorKind::Busy) where another process does the
    /// same; [`Damaged`](crate::ErrorKind::Damaged) where a run's own file is damaged; [`Stopped`](crate::ErrorKind::Stopped),
    /// [`Io`](crate::ErrorKind::Io), [`Library`](crate::ErrorKind::Library).
    pub fn join(&mut self, observer: &dyn Observer) -> Result<Vec<String>> {
        let spool = self.output.join(spool::FOLDER);
        shared::refuse_strange_folder(&spool)?;
        std::fs::create_dir_all(&spool).map_err(|source| Error::io("make the folder", &spool, source))?;
        let lock = Lock::take(&spool, Task::PUBLISHER, None, observer)?;
        let done = self.join_all(observer);
        drop(lock);
        // It holds nothing else.
        let _ = std::fs::remove_dir(&spool);
        done
    }

    fn join_all(&mut self, observer: &dyn Observer) -> Result<Vec<String>> {
        let (mut files, mut remarks) = (Vec::new(), Vec::new());
        let wanted = if self.is_joined() { self.joint_files() } else { Vec::new() };
        let all = wanted.into_iter().map(|file| {
            let together = self.together(&file, |_| true)?;
            Ok((file, together))
        });
        let all: Vec<(Inside, Together)> = all.collect::<Result<_>>()?;
        observer.started(Counted::Files, all.len() as u64, 0);
        for (file, together) in &all {
            remarks.extend(together.remarks.iter().cloned());
            let made = self.file(file, together, observer)?;
            // What is made is known, whatever becomes of the others.
            self.listed.files.retain(|known| known.file != *file);
            self.listed.files.push(made.clone());
            self.write(&self.listed)?;
            files.push(made);
            observer.advanced(Counted::Files, 1);
        }
        files.extend(self.metadata_of(&all)?.map(|text| self.text(METADATA, &text)).transpose()?);
        for old in self.listed.files.iter().filter(|old| !files.iter().any(|new| new.file == old.file)) {
            // What somebody has put in its place is theirs.
            if Standing::of(&self.output, &old.file).is_ok_and(|there| old.is(&there)) {
                shared::remove(&old.file.below(&self.output))?;
            }
        }
        let listed = Listed { files, ..self.listed.clone() };
        self.write(&listed)?;
        self.listed = listed;
        Ok(remarks)
    }

    /// The text that says what the columns of tables of all runs are; nothing where it is not wanted.
    pub(crate) fn metadata_of(&self, all: &[(Inside, Together)]) -> Result<Option<String>> {
        let is_wanted = !all.is_empty() && self.noted.values().any(|noted| noted.has_metadata);
        Ok(is_wanted.then(|| columns_of(all.iter().map(|(_, together)| &together.table))))
    }

    /// Makes a table of all runs, unless it is there.
    fn file(&mut self, file: &Inside, together: &Together, observer: &dyn Observer) -> Result<Joined> {
        let made_of = self.made_of(file)?;
        let known = self.listed.files.iter().find(|known| known.file == *file && known.made_of == made_of);
        if let Some(known) = known
            && Standing::of(&self.output, file).is_ok_and(|there| known.is(&there))
        {
            return Ok(known.clone());
        }
        self.check_published(file, observer)?;
        shared::remove_left(&self.output, file.as_str());
        let draft = Draft::marked(&self.output, &shared::unique(), file.as_str())?;
        let sources: Vec<PathBuf> =
            self.listed.runs.iter().map(|member| file.below(&self.folder(member))).collect();
        let describe = |source: &PathBuf| {
            tables::describe(together.form, source).map_err(|it| Error::published(source, it))
        };
        let about = together.about(&sources.iter().map(describe).collect::<Result<Vec<_>>>()?);
        let open = |source: &Path, heading: &_| {
            tables::open(together.form, source, heading, 0).map_err(|it| Error::published(source, it))
        };
        let go_on = || match observer.is_stopped() {
            true => Err(Error::stopped(0, 0)),
            false => Ok(()),
        };
        let rows = together.write(draft.path(), &about, &sources, open, go_on)?;
        self.joined(draft, file, rows, made_of)
    }

    fn joined(
        &self,
        draft: Draft,
        file: &Inside,
        rows: u64,
        made_of: Vec<(String, u64, u64)>,
    ) -> Result<Joined> {
        let there = draft.publish_inside(&self.output, file)?;
        shared::sync_folder(shared::folder_of(&file.below(&self.output)))?;
        let Standing { bytes, modified, seal, .. } = there;
        Ok(Joined { file: file.clone(), rows, bytes, modified, seal, made_of })
    }

    /// Makes a file of text, unless it is there.
    fn text(&self, name: &str, text: &str) -> Result<Joined> {
        let file = Inside::new(name).ok_or_else(|| Error::bug(format!("a text in the file {name:?}")))?;
        let path = file.below(&self.output);
        let known = self.listed.files.iter().find(|known| known.file == file);
        if let Some(known) = known
            && Standing::of(&self.output, &file).is_ok_and(|there| known.is(&there))
            && shared::read_input(&path).is_ok_and(|found| found == text.as_bytes())
        {
            return Ok(known.clone());
        }
        shared::remove_left(&self.output, name);
        let draft = Draft::marked(&self.output, &shared::unique(), name)?;
        std::fs::write(draft.path(), text).map_err(|source| Error::io("write", &path, source))?;
        self.joined(draft, &file, text.lines().skip(1).count() as u64, Vec::new())
    }
}
