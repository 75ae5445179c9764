//! What NetCDF files of one cell say of themselves, so that it need not be found out.

use super::Work;
use super::sample;
use crate::error::Result;
use crate::records::about::{self, About};
use crate::records::description::{FileFormat, Stamp};
use crate::records::head;

impl Work {
    /// Fills in what such files tell: how their lines are made, times and calendar.
    pub(super) fn netcdf(&mut self) -> Result<()> {
        if self.description.format != Some(FileFormat::Netcdf) {
            return Ok(());
        }
        if self.description.values.along.is_some() || self.description.values.numbered == Some(true) {
            let text = "NetCDF files name the dimensions of their variables; leave source.values.along and numbered out";
            return Err(self.ask(self.files.files.first(), text));
        }
        let own = about::dialect();
        let text = &self.description.text;
        let is_other = |given: bool, same: bool| given && !same;
        if is_other(text.separator.is_some(), text.separator == own.separator)
            || is_other(text.header.is_some(), text.header == own.header)
            || is_other(text.comment.is_some(), text.comment == own.comment)
        {
            let text = "NetCDF files have no lines of text; leave source.text out, but for missing and bad";
            return Err(self.ask(self.files.files.first(), text));
        }
        let missing = self.description.text.missing.take();
        self.description.text = crate::records::description::Text {
            missing: missing.or(own.missing.clone()),
            bad: self.description.text.bad,
            ..own
        };
        let time = &mut self.description.time;
        if time.stamp.is_none() && time.start.is_none() && time.parts().next().is_none() {
            let (column, format) = about::TIME;
            time.stamp =
                Some(Stamp { column: column.to_owned(), units: None, format: Some(format.to_owned()) });
            self.tell("time.stamp", "its times become dates of its own calendar", None);
        }
        if self.description.time.calendar.is_some() {
            return Ok(());
        }
        let files = self.files.clone();
        let of = |file| About::of(&head::read_text(&files.path(file), &self.description.text).ok()?);
        let found = sample::spread(&files.files, sample::MOST_FILES)
            .into_iter()
            .find_map(|file| Some((of(file)?, file)));
        if let Some((about, file)) = found {
            self.tell("time.calendar", "its time is in this calendar", Some((&file.name(), None)));
            self.description.time.calendar = Some(about.calendar);
        }
        Ok(())
    }
}
